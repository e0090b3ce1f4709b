//! Elementary functions over one block of lanes, at each SIMD level.

#[path = "../tests/it/common/map.rs"]
mod map;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use langevin::math::{self, LANES, Lanes, Level};
use map::map;

/// Name, function, and an interval inside its domain.
macro_rules! functions {
    ($($name:ident $low:literal $high:literal;)*) => {
        fn functions(criterion: &mut Criterion) {
            $({
                let mut group = criterion.benchmark_group(concat!("math/", stringify!($name)));
                group.throughput(Throughput::Elements(LANES as u64));
                let mut x = Lanes::default();
                for (lane, x) in x.iter_mut().enumerate() {
                    *x = $low + ($high - $low) * lane as f64 / (LANES - 1) as f64;
                }
                for level in Level::available() {
                    group.bench_function(BenchmarkId::from_parameter(level), |bencher| {
                        let mut out = Lanes::default();
                        bencher.iter(|| map(level, math::$name, &black_box(&x)[..], &mut black_box(&mut out)[..]));
                    });
                }
            })*
        }
    };
}

functions! {
    exp -20.0 20.0;
    log 0.01 100.0;
    log1p -0.9 100.0;
    expm1 -5.0 5.0;
    sin -10.0 10.0;
    cos -10.0 10.0;
    tanh -3.0 3.0;
    sigmoid -20.0 20.0;
    softplus -20.0 20.0;
    erf -3.0 3.0;
    lgamma 0.1 20.0;
    digamma 0.1 20.0;
}

criterion_group!(benches, functions);
criterion_main!(benches);
