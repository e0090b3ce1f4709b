//! One full SGLD step of one block of chains: gradient, drift, noise, bounds.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use langevin::density::gallery::GALLERY;
use langevin::density::{LogDensity, Model};
use langevin::math::LANES;
use langevin::random::{BlockRng, Purpose};
use langevin::sampler::{Guard, Kernel, Parameters, Sgld, Start, StepInfo, population};

fn start(model: &Model) -> Vec<Start> {
    let start = |low: f64, high: f64| match (low.is_finite(), high.is_finite()) {
        (true, true) => Start::Uniform { low, high },
        // Folded at the finite end, if there is one.
        _ => Start::Normal { mean: if low.is_finite() { low + 1.0 } else { 0.0 }, sd: 0.5 },
    };
    model.bounds().iter().map(|bound| start(bound.low, bound.high)).collect()
}

fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step/sgld");
    group.throughput(Throughput::Elements(LANES as u64));
    // Small, so that every entry stays near its start's scale however long it is timed.
    let parameters = Parameters::new(1e-4);
    for entry in GALLERY {
        let model = entry.model().expect("the gallery's entries are models");
        for (guard, suffix) in [(Guard::None, ""), (Guard::Refuse, "/guarded")] {
            group.bench_function(format!("{}{suffix}", entry.name), |bencher| {
                let kernel = Sgld::new(model.bounds(), guard);
                let mut evaluate = model.evaluator();
                let mut noise = BlockRng::new(1, 0, Purpose::Noise);
                let mut info = StepInfo::default();
                let starts = population(&start(&model), &model, 1, LANES);
                let mut state = kernel.init(starts.block(0), &mut *evaluate);
                bencher.iter(|| kernel.step(&mut state, &mut *evaluate, &mut noise, parameters, &mut info));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, step);
criterion_main!(benches);
