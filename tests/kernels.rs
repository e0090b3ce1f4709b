//! Exact kernels against the laws they must have, with planted bugs that must be caught.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use langevin::density::{Declaration, LogDensity, Meaning, Model};
use langevin::diagnostics::kolmogorov_smirnov;
use langevin::math::{LANES, Level, normal_cdf};
use langevin::sampler::{Barker, Chained, Chaining, Control, Hmc, Kernel, Mala, Nuts, Rwm, Start, population, sample_chains};

/// p-values of a correct run are below this once in ten thousand.
const LEVEL: f64 = 1e-4;

/// A law with the distribution functions of some numbers computed from its positions, `probes(position)`, each uniform for exact draws.
struct Law {
    model: Model,
    starts: Vec<Start>,
    probes: fn(&[f64]) -> Vec<f64>,
}

fn law(formula: &str, ranges: &[&str], starts: Vec<Start>, probes: fn(&[f64]) -> Vec<f64>) -> Law {
    let ranges: Vec<Declaration> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    Law { model: Model::new(formula, Meaning::LogDensity, &ranges).unwrap(), starts, probes }
}

const WIDE: Start = Start::Uniform { low: -2.0, high: 2.0 };

fn standard_normal() -> Law {
    law("-x^2/2", &[], vec![WIDE], |x| vec![normal_cdf(x[0])])
}

/// N(0, 1) on [0.5, 2]: the density vanishes at neither end.
fn truncated_normal() -> Law {
    law("-x^2/2", &["0.5,2"], vec![Start::Uniform { low: 0.6, high: 1.9 }], |x| {
        let (low, high) = (normal_cdf(0.5), normal_cdf(2.0));
        vec![(normal_cdf(x[0]) - low) / (high - low)]
    })
}

/// Beta(1/2, 2), with a pole at 0: F = (3√x − x√x)/2.
fn beta() -> Law {
    law("-0.5*log(x) + log(1-x)", &["0,1"], vec![Start::Uniform { low: 0.1, high: 0.9 }], |x| {
        vec![(3.0 * x[0].sqrt() - x[0] * x[0].sqrt()) / 2.0]
    })
}

/// x normal, y normal about x²: the marginals of x and of y − x², and of their sum over √2.
fn banana() -> Law {
    law("-x^2/2 - (y - x^2)^2/2", &[], vec![WIDE; 2], |p| {
        let (a, b) = (p[0], p[1] - p[0] * p[0]);
        vec![normal_cdf(a), normal_cdf(b), normal_cdf((a + b) / 2.0_f64.sqrt())]
    })
}

/// x₁ = z₁, xᵢ = 0.8·xᵢ₋₁ + 0.6·zᵢ: unit variances, correlations 0.8^|i−j|; the last marginal, a middle one, one innovation.
fn correlated() -> Law {
    law("-x[1]^2/2 - sum(i in 2..10, (x[i] - 0.8*x[i-1])^2/0.72)", &[], vec![WIDE; 10], |x| {
        vec![normal_cdf(x[9]), normal_cdf(x[4]), normal_cdf((x[6] - 0.8 * x[5]) / 0.6)]
    })
}

fn laws() -> Vec<(&'static str, Law)> {
    vec![
        ("normal", standard_normal()),
        ("truncated normal", truncated_normal()),
        ("Beta(1/2, 2)", beta()),
        ("banana", banana()),
        ("correlated", correlated()),
    ]
}

fn run<K: Kernel>(density: &dyn LogDensity, kernel: &K, starts: &[Start], settings: &Chaining, chains: usize) -> Chained {
    let starts = population(starts, density, settings.seed, chains);
    sample_chains(density, kernel, settings, &starts, &Control::default()).unwrap()
}

/// The p-value of each probe over the last draws of `chains` independent chains.
fn p_values(law: &Law, found: &Chained) -> Vec<f64> {
    let draws = &found.draws;
    let last = draws.draws() - 1;
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for chain in 0..draws.chains() {
        let position: Vec<f64> = (0..draws.dimension()).map(|variable| draws.by_chain(variable)[chain][last]).collect();
        let probes = (law.probes)(&position);
        columns.resize(probes.len(), Vec::new());
        columns.iter_mut().zip(probes).for_each(|(column, probe)| column.push(probe));
    }
    columns
        .into_iter()
        .map(|mut column| {
            column.sort_by(f64::total_cmp);
            kolmogorov_smirnov(&column).p_value
        })
        .collect()
}

/// Chains are independent given the warm-up, so their last draws are as many independent draws: a KS test of all of them, and another of
/// the p-values of 16-chain pieces, which must be uniform.
#[track_caller]
fn check<K: Kernel>(kernel: &K, draws: usize) {
    for (name, law) in laws() {
        let settings = Chaining { seed: 11, warmup: 200, draws: 1, thin: draws, ..Chaining::default() };
        let found = run(&law.model, kernel, &law.starts, &settings, 8 * LANES);
        for p in p_values(&law, &found) {
            assert!(p > LEVEL, "{name}: p = {p:.1e}, step {:.3}", found.step_size);
        }
    }
}

#[test]
fn random_walk_metropolis_is_exact() {
    check(&Rwm { level: Level::detect() }, 300);
}

#[test]
fn mala_is_exact() {
    check(&Mala { level: Level::detect() }, 60);
}

#[test]
fn barker_is_exact() {
    check(&Barker { level: Level::detect() }, 100);
}

#[test]
fn hmc_is_exact() {
    check(&Hmc { level: Level::detect() }, 20);
}

#[test]
fn nuts_is_exact() {
    check(&Nuts::new(Level::detect()), 20);
}
