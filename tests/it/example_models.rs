//! examples/models: each model compiles with its data, and the gradient that its program computes is that of its log density.
#![allow(clippy::disallowed_methods, reason = "a test reads files")]

use std::path::{Path, PathBuf};

use langevin::data::{Data, Table};
use langevin::density::{LogDensity, Model};
use langevin::math::Lanes;
use langevin::run::{Sampler, Sampling, Trust, sample};

fn models() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    let mut models: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "lgv"))
        .collect();
    models.sort();
    models
}

/// The model, by the command in its second line.
fn model(path: &Path) -> Model {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let command = text.lines().nth(1).unwrap();
    let name = path.strip_prefix(root).unwrap().display().to_string();
    assert!(command.starts_with(&format!("# langevin sample --model {name}")), "{name}: {command}");
    let tables = command.split("--data ").skip(1).map(|file| {
        let file = file.split_whitespace().next().unwrap();
        Table::from_csv(file, std::fs::File::open(root.join(file)).unwrap()).unwrap()
    });
    let data = Data::new(tables.collect());
    Model::with_data(text.parse().unwrap(), None, &[], &data).unwrap_or_else(|error| panic!("{name}: {}", error.render(&text)))
}

#[test]
fn there_are_ten_and_more() {
    assert!(models().len() >= 10);
}

#[test]
fn gradients_are_those_of_the_log_densities() {
    for path in models() {
        let model = model(&path);
        let dimension = model.dimension();
        // Inside every interval, apart from each other.
        let at: Vec<f64> = (0..dimension)
            .zip(model.bounds())
            .map(|(variable, bound)| {
                let place = 0.3 + 0.05 * (variable % 7) as f64;
                match (bound.low.is_finite(), bound.high.is_finite()) {
                    (true, true) => bound.low + place * (bound.high - bound.low),
                    (true, false) => bound.low + 0.5 + place,
                    _ => place,
                }
            })
            .collect();
        // Lane 2v is a step up in variable v, lane 2v + 1 a step down.
        let step = 1e-5;
        let mut block = vec![Lanes::default(); dimension];
        for (variable, row) in block.iter_mut().enumerate() {
            *row = Lanes::splat(at[variable]);
            row[2 * variable] += step;
            row[2 * variable + 1] -= step;
        }
        let (mut value, mut gradient) = (Lanes::default(), vec![Lanes::default(); dimension]);
        let mut evaluator = model.evaluator();
        evaluator.log_density(&block, &mut value);
        evaluator.gradient(&block, &mut gradient);
        let middle = 2 * dimension;
        for variable in 0..dimension {
            let slope = (value[2 * variable] - value[2 * variable + 1]) / (2.0 * step);
            let found = gradient[variable][middle];
            // Of a central difference: step² times the third derivative, and rounding over the step.
            let allowed = 1e-6 * (1.0 + slope.abs() + value[middle].abs() * 1e-3);
            assert!((found - slope).abs() <= allowed, "{}, {}: {found} and {slope}", path.display(), model.names()[variable]);
        }
    }
}

#[test]
fn few_chains_draw_until_they_are_trusted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/hierarchical.lgv");
    let run = sample(&model(&path), &Sampling { sampler: Sampler::Auto, chains: Some(16), seed: 1, ..Sampling::default() }).unwrap();
    // Of twenty-four variables the largest R-hat of thirty-two halves is below its limit at twice the ESS that is asked for.
    assert_eq!(run.verdict.trust, Trust::Yes, "{:?}", run.verdict);
    assert!(run.draws.chains() < 32 && run.draws.chains() * run.draws.draws() > 4000, "{}", run.draws.draws());
}

#[test]
fn a_sum_over_rows_whose_gradient_has_none_is_a_model_of_rows() {
    let text = "p in (0, 1); l in (0, inf)\nlog_density = gamma_lpdf(l | 1, 0.1) + sum(if(k == 0, logsumexp(log(p), log1p(-p) - l), log1p(-p) + poisson_lpmf(k | l)))";
    let model = Model::with_data(text.parse().unwrap(), None, &[], &crate::common::tables()).unwrap();
    assert!(langevin::density::LogDensity::rows(&model) > 0);
    sample(&model, &Sampling { sampler: Sampler::Auto, seed: 1, ..Sampling::default() }).unwrap();
}
