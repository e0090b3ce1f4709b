//! Normal and uniform noise: the block generator at each SIMD level, beside rand's.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use langevin::math::{LANES, Lanes, Level};
use langevin::random::{BlockRng, Purpose, fill_normal, fill_uniform};
use rand::{SeedableRng, rngs::SmallRng};
use rand_distr::{Distribution, StandardNormal};

fn normal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("noise/normal");
    group.throughput(Throughput::Elements(LANES as u64));
    for level in Level::available() {
        group.bench_function(BenchmarkId::from_parameter(level), |bencher| {
            let (mut rng, mut out) = (BlockRng::new(1, 0, Purpose::Noise), Lanes::default());
            bencher.iter(|| fill_normal(level, &mut rng, black_box(&mut out)));
        });
    }
    group.bench_function("SmallRng", |bencher| {
        let (mut rng, mut out) = (SmallRng::seed_from_u64(1), Lanes::default());
        bencher.iter(|| black_box(&mut out).iter_mut().for_each(|x| *x = StandardNormal.sample(&mut rng)));
    });
    group.finish();
}

fn uniform(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("noise/uniform");
    group.throughput(Throughput::Elements(LANES as u64));
    for level in Level::available() {
        group.bench_function(BenchmarkId::from_parameter(level), |bencher| {
            let (mut rng, mut out) = (BlockRng::new(1, 0, Purpose::Noise), Lanes::default());
            bencher.iter(|| fill_uniform(level, &mut rng, black_box(&mut out)));
        });
    }
    group.finish();
}

criterion_group!(benches, normal, uniform);
criterion_main!(benches);
