//! From text to a model, and the model's gradient over one block of lanes at each SIMD level.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use langevin::density::gallery::{Entry, GALLERY};
use langevin::density::{LogDensity, Model};
use langevin::math::{LANES, Lanes, Level};
use langevin::tape::Evaluator;

/// Positions in the gallery's ranges or, where these are infinite, within 2 of their finite end or of 0.
fn positions(model: &Model) -> Vec<Lanes> {
    let spread = |low: f64, high: f64| {
        let mut row = Lanes::default();
        for (lane, x) in row.iter_mut().enumerate() {
            *x = low + (high - low) * (lane as f64 + 0.5) / LANES as f64;
        }
        row
    };
    let ends = |low: f64, high: f64| match (low.is_finite(), high.is_finite()) {
        (true, true) => (low, high),
        (true, false) => (low, low + 2.0),
        (false, true) => (high - 2.0, high),
        (false, false) => (-2.0, 2.0),
    };
    model.bounds().iter().map(|bound| ends(bound.low, bound.high)).map(|(low, high)| spread(low, high)).collect()
}

fn model(entry: &Entry) -> Model {
    entry.model().expect("the gallery's entries are models")
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tape/compile");
    for entry in GALLERY {
        group.bench_function(entry.name, |bencher| bencher.iter(|| model(black_box(entry))));
    }
    group.finish();
}

fn gradient(criterion: &mut Criterion) {
    for entry in GALLERY {
        let model = model(entry);
        let positions = positions(&model);
        let mut group = criterion.benchmark_group(format!("tape/gradient/{}", entry.name));
        group.throughput(Throughput::Elements(LANES as u64));
        for level in Level::available() {
            group.bench_function(BenchmarkId::from_parameter(level), |bencher| {
                let tape = model.gradient_program().tape();
                let mut evaluator = Evaluator::with_level(tape, level);
                let mut gradient = positions.clone();
                bencher.iter(|| evaluator.run(tape, black_box(&positions), black_box(&mut gradient)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, compile, gradient);
criterion_main!(benches);
