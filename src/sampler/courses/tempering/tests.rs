//! The path's density, the reference, and planted bugs that must be caught.

use super::reference::{ReferenceLaw, Scratch, fit};
use super::systems::{RULES, Rules, exchange};
use super::*;
use crate::density::{Meaning, Model};
use crate::math::{LANES, Level, exp, log};
use crate::random::{BlockRng, Purpose};
use crate::sampler::ensemble::coordinates::InCoordinates;
use crate::sampler::ensemble::initial_positions;
use crate::sampler::ensemble::metric::Metric;

fn model(formula: &str) -> Model {
    Model::new(formula, Meaning::LogDensity, &[]).unwrap()
}

/// Weights 0.2 at −8 and 0.8 at 8, each of mass 1.
fn two_modes() -> Model {
    model("logsumexp(log(0.2) - (x+8)^2/2, log(0.8) - (x-8)^2/2) - y^2/2 - log(2*pi)")
}

/// The share of the draws above 0, its standard error by the systems, and log Z with its own.
fn run(rules: &Rules, density: &Model) -> ((f64, f64), (f64, f64)) {
    let settings = Chaining { seed: 7, warmup: 200, draws: 60, ..Chaining::default() };
    let starts = initial_positions(density, 7, LANES).unwrap();
    let found = sample_by(rules, density, &settings, None, &starts, None, &Control::default()).unwrap();
    let share = |chain: &[f64]| chain.iter().filter(|x| **x > 0.0).count() as f64 / chain.len() as f64;
    let shares: Vec<f64> = found.chained.draws.by_chain(0).into_iter().map(share).collect();
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let spread = shares.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>();
    ((mean, (spread / n / (n - 1.0)).sqrt()), (found.ladder.log_normalizer, found.ladder.log_error))
}

#[test]
fn shares_of_far_modes_and_z_are_right() {
    let ((share, error), (log_z, log_error)) = run(&RULES, &two_modes());
    assert!((share - 0.8).abs() < 4.0 * error && error < 0.02, "{share} ± {error}");
    assert!(log_z.abs() < 4.0 * log_error && log_error < 0.02, "{log_z} ± {log_error}");
}

/// Each mistake must be far outside what `shares_of_far_modes_and_z_are_right` allows.
#[test]
fn a_swap_of_the_wrong_sign_is_caught() {
    let wrong = |level, step: f64, lower: &Lanes, upper: &Lanes, out: &mut Lanes| (RULES.acceptance)(level, step, upper, lower, out);
    let ((share, error), (log_z, log_error)) = run(&Rules { acceptance: wrong, ..RULES }, &two_modes());
    assert!((share - 0.8).abs() > 4.0 * error.max(0.02) || log_z.abs() > 4.0 * log_error.max(0.02), "{share} {log_z}");
}

#[test]
fn a_swap_that_exchanges_nothing_is_caught() {
    let ((share, error), _) = run(&Rules { exchange: |_, _, _, _| (), ..RULES }, &two_modes());
    assert!((share - 0.8).abs() > 4.0 * error.max(0.02), "{share} ± {error}");
}

#[test]
fn a_swap_of_one_side_only_is_caught() {
    let half: fn(Level, &Lanes, &mut Lanes, &mut Lanes) = |level, mask, a, b| exchange(level, mask, a, &mut b.clone());
    let ((share, error), (log_z, log_error)) = run(&Rules { exchange: half, ..RULES }, &two_modes());
    assert!((share - 0.8).abs() > 4.0 * error.max(0.02) || log_z.abs() > 4.0 * log_error.max(0.02), "{share} {log_z}");
}

#[test]
fn a_reference_that_is_not_normalised_is_caught() {
    let (_, (log_z, log_error)) = run(&Rules { log_mass: 0.1, ..RULES }, &two_modes());
    assert!(log_z.abs() > 4.0 * log_error.max(0.02), "{log_z} ± {log_error}");
}

fn lower_triangle() -> Metric {
    Metric::triangular(vec![0.5, -1.0, 2.0], vec![vec![2.0], vec![0.7, 0.4], vec![-0.3, 0.2, 1.5]])
}

/// log r at `z`, and r's gradient there by the path at β = 0.
fn reference_at(law: &ReferenceLaw, metric: &Metric, z: &[f64]) -> (f64, Vec<f64>) {
    let level = Level::detect();
    let z: Vec<Lanes> = z.iter().map(|z| Lanes::splat(*z)).collect();
    let (mut u, mut gradient) = (z.clone(), vec![Lanes::default(); z.len()]);
    metric.forward(level, &z, &mut u);
    let (mut scratch, mut value) = (Scratch::new(z.len()), Lanes::default());
    law.temper(level, 0.0, metric, (&z, &u), &mut scratch, &mut value, Some(&mut gradient));
    (value[0], gradient.iter().map(|row| row[0]).collect())
}

#[test]
fn the_gradient_of_the_reference_agrees_with_differences() {
    let metric = lower_triangle();
    let mut law = ReferenceLaw::new(&Metric::diagonal(vec![3.0, 0.0, -1.0], &[1.0, 3.0, 0.5]), 0.0);
    law.follow(&metric);
    let at = [0.3, -1.2, 2.0];
    let (_, gradient) = reference_at(&law, &metric, &at);
    for (variable, slope) in gradient.into_iter().enumerate() {
        let value = |h: f64| {
            let mut z = at;
            z[variable] += h;
            reference_at(&law, &metric, &z).0
        };
        let difference = (value(1e-5) - value(-1e-5)) / 2e-5;
        assert!((slope - difference).abs() < 1e-7 * (1.0 + slope.abs()), "{variable}: {slope} {difference}");
    }
}

/// ∫ r du by the trapezoidal rule in u = sinh t: exponentially convergent for such tails.
#[test]
fn the_reference_has_mass_one() {
    let metric = Metric::diagonal(vec![1.0], &[0.5]);
    let mut law = ReferenceLaw::new(&Metric::diagonal(vec![-3.0], &[2.0]), 0.0);
    law.follow(&metric);
    let (h, reach) = (0.02, 12.0);
    let mass: f64 = (0..=(2.0 * reach / h) as usize)
        .map(|i| -reach + h * i as f64)
        .map(|t| exp(reference_at(&law, &metric, &[(t.sinh() - 1.0) / 0.5]).0) * t.cosh() * h)
        .sum();
    assert!((mass - 1.0).abs() < 1e-9, "{mass}");
}

/// Draws of the reference against its parts: the mean of r(z)'s own log density, and shares within a distance.
#[test]
fn draws_of_the_reference_have_its_law() {
    let level = Level::detect();
    let metric = Metric::diagonal(vec![0.0], &[1.0]);
    let law = ReferenceLaw::new(&Metric::diagonal(vec![0.0], &[1.0]), 0.0);
    let mut noise = BlockRng::new(3, 0, Purpose::Noise);
    let (mut z, mut u, mut scratch) = (vec![Lanes::default()], vec![Lanes::default()], Scratch::new(1));
    let mut within = 0.0;
    for _ in 0..400 {
        law.draw(level, &metric, &mut noise, (&mut z, &mut u), &mut scratch);
        within += u[0].iter().filter(|u| u.abs() < 1.0).count() as f64;
        assert_eq!(z[0][..], u[0][..]);
    }
    // P(|t₅| < 1) = 0.63678, P(|t₅| < 1/2) = 0.36174 (Student's distribution function), in shares of 0.9 and 0.1.
    let (share, n) = (within / (400 * LANES) as f64, (400 * LANES) as f64);
    let exact = 0.9 * 0.636_783 + 0.1 * 0.361_738;
    assert!((share - exact).abs() < 4.0 * (exact * (1.0 - exact) / n).sqrt(), "{share} instead of {exact}");
}

/// Means, scales and a correlation are found again; a mode of few draws is covered; a Cauchy law spoils no scale.
#[test]
fn a_fit_covers_its_draws() {
    let metric = Metric::triangular(vec![3.0, -2.0], vec![vec![2.0], vec![0.6, 0.8]]);
    let mut noise = BlockRng::new(5, 0, Purpose::Noise);
    let mut columns = vec![Vec::new(); 2];
    let (mut z, mut u) = (vec![Lanes::default(); 2], vec![Lanes::default(); 2]);
    for _ in 0..16 {
        z.iter_mut().for_each(|row| noise.fill_normal(row));
        metric.forward(Level::detect(), &z, &mut u);
        columns.iter_mut().zip(&u).for_each(|(column, row)| column.extend_from_slice(&row[..]));
    }
    // 4096 draws: a standard error is a 64th of a scale, four of them 0.13 at most.
    let found = fit(&columns, true).unwrap();
    // √(0.6² + 0.8²) = 1 and det L = 1.6.
    let figures = [found.scales(), found.centre.clone(), vec![found.log_volume().exp()]].concat();
    for (found, exact) in figures.into_iter().zip([2.0, 1.0, 3.0, -2.0, 1.6]) {
        assert!((found - exact).abs() < 0.13, "{found} {exact}");
    }
    // One draw in twenty at −20: a standard deviation of 20·√(0.05·0.95) = 4.4.
    columns.truncate(1);
    columns[0].iter_mut().step_by(20).for_each(|x| *x = -20.0);
    assert!(fit(&columns, true).unwrap().scales()[0] > 4.4);
    let cauchy = vec![(1..4000).map(|i| (std::f64::consts::PI * (f64::from(i) / 4000.0 - 0.5)).tan()).collect::<Vec<f64>>()];
    // Cut at 38.5, sixteen times 6.16/2.56, its second moment is (2·38.5 − π + 2·38.5)/π = 48, its root 6.9.
    assert!((6.0..8.0).contains(&fit(&cauchy, true).unwrap().scales()[0]));
    assert!(fit(&[vec![1.0; 100]], true).is_none());
}

/// The path's density at β is what its definition says, transform and metric included.
#[test]
fn the_path_is_a_geometric_mean() {
    let density = Model::new("-x^2/2", Meaning::LogDensity, &["0,inf".parse().unwrap()]).unwrap();
    let mut coordinates = Coordinates::new(density.bounds(), density.level());
    coordinates.metric = Metric::diagonal(vec![0.2], &[0.7]);
    let law = ReferenceLaw::new(&coordinates.metric, 0.0);
    let mut evaluator = density.evaluator();
    let mut rows = vec![Lanes::default(); 2];
    let z = vec![Lanes::splat(0.4)];
    let (mut value, mut reference, mut scratch) = (Lanes::default(), Lanes::default(), Scratch::new(1));
    let mut target = InCoordinates { inner: &mut *evaluator, coordinates: &coordinates, scratch: &mut rows, active: LANES };
    crate::density::Evaluate::log_density(&mut target, &z, &mut value);
    let u: f64 = 0.2 + 0.7 * 0.4;
    assert!((value[0] - (-(2.0 * u).exp() / 2.0 + u)).abs() < 1e-12);
    let level = density.level();
    law.log_density(level, &z, &[Lanes::splat(u)], &mut scratch, &mut reference);
    law.temper(level, 0.3, &coordinates.metric, (&z, &[Lanes::splat(u)]), &mut scratch, &mut value, None);
    let expected = 0.3 * (-(2.0 * u).exp() / 2.0 + u) + 0.7 * reference[0];
    assert!((value[0] - expected).abs() < 1e-12);
}

/// The stones of two laws whose ratio is known, N(0, 1) and 3·N(0, 1/2) unnormalised, from independent draws; and an error that is one.
#[test]
fn stones_give_the_ratio_and_its_error() {
    let level = Level::detect();
    let mut errors = Vec::new();
    for seed in 0..40 {
        let mut noise = BlockRng::new(seed, 0, Purpose::Noise);
        let mut stones = stones::Stones::new(vec![0.3], LANES, 20);
        for draw in 0..20 {
            let (mut lower, mut upper) = (Lanes::default(), Lanes::default());
            noise.fill_normal(&mut lower);
            noise.fill_normal(&mut upper);
            // log of e^(−x²)·3 over e^(−x²/2), at draws of either.
            lower.iter_mut().for_each(|x| *x = log(3.0) - 0.5 * *x * *x);
            upper.iter_mut().for_each(|x| *x = log(3.0) - 0.25 * *x * *x);
            stones.add(level, 0, 1.0, (&lower, &upper), (draw, 20));
        }
        let (value, error) = stones::log_ratio(&[stones], |_| LANES);
        errors.push((value - log(3.0 / 2.0_f64.sqrt())) / error);
    }
    let square: f64 = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
    // χ² of 40 degrees over 40: 0.22 is its standard deviation.
    assert!((square - 1.0).abs() < 0.9 && errors.iter().all(|e| e.abs() < 4.0), "{errors:?}");
}
