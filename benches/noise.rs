//! Normal and uniform noise: the block generator at each SIMD level, beside rand's.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use langevin::math::{LANES, Lanes, Level, Work, dispatch};
use langevin::random::{BlockRng, Purpose};
use rand::{SeedableRng, rngs::SmallRng};
use rand_distr::{Distribution, StandardNormal};

fn normal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("noise/normal");
    group.throughput(Throughput::Elements(LANES as u64));
    for level in Level::available() {
        group.bench_function(BenchmarkId::from_parameter(level), |bencher| {
            let (mut rng, mut out) = (BlockRng::new(1, 0, Purpose::Noise), Lanes::default());
            bencher.iter(|| dispatch(level, Normal(&mut rng, black_box(&mut out))));
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
            bencher.iter(|| dispatch(level, Uniform(&mut rng, black_box(&mut out))));
        });
    }
    group.finish();
}

struct Normal<'a>(&'a mut BlockRng, &'a mut Lanes);

impl Work for Normal<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.fill_normal(self.1);
    }
}

struct Uniform<'a>(&'a mut BlockRng, &'a mut Lanes);

impl Work for Uniform<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.fill_uniform(self.1);
    }
}

criterion_group!(benches, normal, uniform);
criterion_main!(benches);
