//! Exact kernels against the laws they must have, with planted bugs that must be caught.

use langevin::density::{Bound, Boundary, Declaration, FromFn, LogDensity, Meaning, Model};
use langevin::diagnostics::kolmogorov_smirnov;
use langevin::math::{LANES, Lanes, Level, normal_cdf};
use langevin::random::{BlockRng, Purpose};
use langevin::sampler::{
    Barker, Chained, Chaining, Control, Hmc, InCoordinates, Kernel, Mala, Mams, Mclmc, MetricKind, Nuts, Parameters, Pcn, Rwm, Start,
    StepInfo, population, sample_chains,
};

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

/// Chains are independent given the warm-up, so their last draws are as many independent draws.
#[track_caller]
fn check<K: Kernel>(kernel: &K, draws: usize, fewest_variables: usize) {
    check_by(kernel, fewest_variables, Chaining { seed: 12, warmup: 200, draws: 1, thin: draws, ..Chaining::default() });
}

#[track_caller]
fn check_by<K: Kernel>(kernel: &K, fewest_variables: usize, settings: Chaining) {
    for (name, law) in laws().into_iter().filter(|(_, law)| law.model.dimension() >= fewest_variables) {
        let found = run(&law.model, kernel, &law.starts, &settings, 8 * LANES);
        for p in p_values(&law, &found) {
            assert!(p > LEVEL, "{name}: p = {p:.1e}, step {:.3}", found.step_size);
        }
    }
}

#[test]
fn random_walk_metropolis_is_exact() {
    check(&Rwm { level: Level::detect() }, 300, 1);
}

#[test]
fn preconditioned_crank_nicolson_is_exact() {
    check(&Pcn { level: Level::detect() }, 100, 1);
}

#[test]
fn steps_of_many_lengths_are_exact() {
    let settings = Chaining { seed: 12, warmup: 200, draws: 1, thin: 40, varied: true, ..Chaining::default() };
    check_by(&Mams { level: Level::detect() }, 2, settings);
}

#[test]
fn a_step_that_all_proposals_are_accepted_at_does_not_grow_for_ever() {
    let law = standard_normal();
    let settings = Chaining { warmup: 20_000, draws: 10, seed: 5, ..Chaining::default() };
    let found = run(&law.model, &Pcn { level: Level::detect() }, &law.starts, &settings, 8);
    assert!(found.step_size <= 100.0 && found.draws.column(0).iter().all(|x| x.is_finite()), "{}", found.step_size);
}

#[test]
fn mala_is_exact() {
    check(&Mala { level: Level::detect() }, 60, 1);
}

#[test]
fn barker_is_exact() {
    check(&Barker { level: Level::detect() }, 100, 1);
}

#[test]
fn hmc_is_exact() {
    check(&Hmc { level: Level::detect() }, 20, 1);
}

#[test]
fn nuts_is_exact() {
    check(&Nuts::new(Level::detect()), 20, 1);
}

#[test]
fn mams_is_exact() {
    check(&Mams { level: Level::detect() }, 20, 2);
}

/// The variance that microcanonical Langevin steps of ε = h√d give a unit Gaussian in many dimensions: s·tanh s = h²/4, s = h√V/2, by
/// s ← s·√(h²/4/(s·tanh s)).
fn microcanonical_variance(h: f64) -> f64 {
    let mut s = h / 2.0;
    for _ in 0..100 {
        s *= (h * h / 4.0 / (s * s.tanh())).sqrt();
    }
    4.0 * s * s / (h * h)
}

#[test]
fn mclmc_has_the_variance_of_its_theory() {
    const DIMENSION: usize = 200;
    let normal = Model::new("-sum(i in 1..200, x[i]^2)/2", Meaning::LogDensity, &[]).unwrap();
    for h in [0.6, 1.2] {
        let settings = Chaining {
            seed: 3,
            warmup: 0,
            draws: 30,
            thin: 20,
            step_size: h,
            fixed_step_size: true,
            metric: MetricKind::Identity,
            ..Chaining::default()
        };
        let starts = [Start::Normal { mean: 0.0, sd: 1.0 }; DIMENSION];
        let found = run(&normal, &Mclmc { level: Level::detect() }, &starts, &settings, LANES);
        let (mut sum, mut count) = (0.0, 0.0);
        for variable in 0..DIMENSION {
            for chain in found.draws.by_chain(variable) {
                // The first ten draws, 200 steps, forget the start.
                sum += chain[10..].iter().map(|x| x * x).sum::<f64>();
                count += chain[10..].len() as f64;
            }
        }
        let (variance, expected) = (sum / count, microcanonical_variance(h));
        // Twenty steps forget |x|² all but entirely: the error is √(2/count); what a finite dimension changes is of order h²/(12d).
        let error = expected * (2.0 / count).sqrt() + h * h / (12.0 * DIMENSION as f64);
        assert!((variance - expected).abs() < 4.0 * error, "h = {h}: {variance} instead of {expected}, {error}");
    }
}

/// The warm-up ends at the step whose energy errors have the variance that was asked for, 5e-4 a dimension.
#[test]
fn mclmc_is_tuned_to_its_energy_variance() {
    let law = correlated();
    let kernel = Mclmc { level: Level::detect() };
    let settings = Chaining { seed: 3, warmup: 300, draws: 1, ..Chaining::default() };
    let found = run(&law.model, &kernel, &law.starts, &settings, LANES);
    // The variance in the coordinates that were learned, whatever is left of their error.
    let mut inner = law.model.evaluator();
    let mut scratch = vec![Lanes::default(); 20];
    let mut evaluate = InCoordinates { inner: &mut *inner, coordinates: &found.coordinates, scratch: &mut scratch, active: LANES };
    let mut starts = found.draws.pooled().block(0);
    let u = starts.clone();
    found.coordinates.whitened(&u, &mut starts);
    let mut state = kernel.init(starts, &mut evaluate);
    let (mut noise, mut info) = (BlockRng::new(4, 0, Purpose::Noise), StepInfo::default());
    let mut sum = 0.0;
    for _ in 0..400 {
        kernel.step(&mut state, &mut evaluate, &mut noise, Parameters::new(found.step_size), &mut info);
        sum += info.energy_error.iter().map(|error| error * error).sum::<f64>();
    }
    let variance = sum / (400 * LANES * 10) as f64;
    // The variance goes by the sixth power of the step, which the last steps of 256 chains know to a hundredth.
    assert!((variance / 5e-4 - 1.0).abs() < 0.15, "{variance:e}");
}

/// Where the density ends, at a wall without a transform, a step is refused, and the chain goes on in another direction.
#[test]
fn mclmc_stays_where_the_density_is_positive() {
    let disc =
        Model::new("x^2 + y^2 < 1 ? 0 : -inf", Meaning::LogDensity, &["x=-1,1".parse().unwrap(), "y=-1,1".parse().unwrap()]).unwrap();
    let settings = Chaining { seed: 3, warmup: 40, draws: 50, step_size: 0.05, fixed_step_size: true, ..Chaining::default() };
    let found = run(&disc, &Mclmc { level: Level::detect() }, &[Start::Uniform { low: -0.5, high: 0.5 }; 2], &settings, LANES);
    let inside = found.draws.column(0).iter().zip(found.draws.column(1)).all(|(x, y)| x * x + y * y < 1.0);
    assert!(inside && found.statistics.divergent.contains(&1.0));
    // Nobody stands still: the last draws are elsewhere than the first.
    assert!(found.draws.by_chain(0).iter().all(|chain| chain[0] != chain[49]));
}

/// A refused move and a full turn are exact too: a truncated normal, and a von Mises law on a circle by its mean cosine.
#[test]
fn rejecting_and_wrapping_are_exact() {
    let level = Level::detect();
    let settings = Chaining { seed: 13, warmup: 200, draws: 1, thin: 40, ..Chaining::default() };
    let mut law = truncated_normal();
    law.model = law.model.with_boundary(None, Boundary::Reject).unwrap();
    assert!(p_values(&law, &run(&law.model, &Mala { level }, &law.starts, &settings, 8 * LANES))[0] > LEVEL);
    let circle = Model::new("cos(x - 3)", Meaning::LogDensity, &["0,2*pi".parse().unwrap()]).unwrap();
    let circle = circle.with_boundary(None, Boundary::Wrap).unwrap();
    let found = run(&circle, &Nuts::new(level), &[Start::Uniform { low: 0.0, high: 6.0 }], &settings, 8 * LANES);
    let column = found.draws.column(0);
    assert!(column.iter().all(|x| (0.0..=std::f64::consts::TAU).contains(x)));
    let mean = column.iter().map(|x| (x - 3.0).cos()).sum::<f64>() / column.len() as f64;
    // I₁(1)/I₀(1) = 0.44639; the sd of a cosine here is 0.6, so four standard errors are 0.053.
    assert!((mean - 0.44639).abs() < 0.053, "{mean}");
}

/// Over 200 seeds the p-values of a truncated normal are themselves uniform. Each seed warms up and runs 64 chains of its own.
#[test]
fn p_values_are_uniform_over_seeds() {
    let law = truncated_normal();
    let mut found: Vec<f64> = (10_000..10_200)
        .map(|seed| {
            let settings = Chaining { seed, warmup: 60, draws: 1, thin: 10, ..Chaining::default() };
            p_values(&law, &run(&law.model, &Nuts::new(Level::detect()), &law.starts, &settings, 64))[0]
        })
        .collect();
    found.sort_by(f64::total_cmp);
    let test = kolmogorov_smirnov(&found);
    assert!(test.p_value > 1e-3, "{test:?}");
}

/// log p = −x²/2 with its gradient times `slope`, on [0.5, 2] or everywhere.
fn wrong_normal(slope: f64, low: f64, high: f64) -> impl LogDensity {
    FromFn::new(vec![Bound::new("x", low, high)], move |x, gradient| {
        gradient[0] = -slope * x[0];
        -x[0] * x[0] / 2.0
    })
}

/// A Metropolis test makes a wrong gradient slow, not wrong: what it must keep is the law.
#[test]
fn a_wrong_gradient_leaves_the_law_of_a_metropolis_kernel() {
    let density = wrong_normal(0.5, f64::NEG_INFINITY, f64::INFINITY);
    let settings = Chaining { seed: 5, warmup: 200, draws: 1, thin: 100, ..Chaining::default() };
    let found = run(&density, &Mala { level: Level::detect() }, &[WIDE], &settings, 8 * LANES);
    assert!(p_values(&standard_normal(), &found)[0] > LEVEL);
}

/// A kernel with a bug planted in the evaluator it is given: the draws must fail the test that the right ones pass.
#[test]
fn planted_bugs_are_caught() {
    let settings = Chaining { seed: 5, warmup: 200, draws: 1, thin: 60, ..Chaining::default() };
    let nuts = Nuts::new(Level::detect());
    let law = truncated_normal();
    // Without the Jacobian of the transform: log p less log |dx/du| = log x′(u), u = logit((x − 0.5)/1.5).
    let missing = FromFn::new(vec![Bound::new("x", 0.5, 2.0)], |x, gradient| {
        let (a, b) = (x[0] - 0.5, 2.0 - x[0]);
        gradient[0] = -x[0] - 1.0 / a + 1.0 / b;
        -x[0] * x[0] / 2.0 - (a * b).ln()
    });
    let p = |density: &dyn LogDensity| p_values(&law, &run(density, &nuts, &law.starts, &settings, 8 * LANES))[0];
    assert!(p(&wrong_normal(1.0, 0.5, 2.0)) > LEVEL, "the right density is caught too");
    assert!(p(&missing) < 1e-9, "a missing Jacobian is not caught");
    assert!(
        p(&FromFn::new(vec![Bound::new("x", 0.5, 2.0)], |x, g| {
            g[0] = x[0];
            x[0] * x[0] / 2.0
        })) < 1e-9,
        "the wrong sign is not caught"
    );
}

/// MALA at a step far too long for its Metropolis test to accept much: without the test the variance would be 1/(1 − ε/2).
#[test]
fn the_metropolis_test_is_what_makes_mala_exact() {
    let density = standard_normal();
    let settings = Chaining { seed: 9, warmup: 0, draws: 1, thin: 300, step_size: 1.2, fixed_step_size: true, ..Chaining::default() };
    let found = run(&density.model, &Mala { level: Level::detect() }, &density.starts, &settings, 64 * LANES);
    let column = found.draws.column(0);
    let variance = column.iter().map(|x| x * x).sum::<f64>() / column.len() as f64;
    // Standard error √(2/n) = 0.011; without the test 2.5.
    assert!((variance - 1.0).abs() < 0.045, "{variance}");
}

/// The same bits for any number of threads.
#[test]
fn threads_do_not_change_the_draws() {
    fn check(kernel: &impl Kernel) {
        let law = banana();
        let bits = |threads: usize| {
            let settings = Chaining { seed: 3, warmup: 60, draws: 5, threads, ..Chaining::default() };
            let found = run(&law.model, kernel, &law.starts, &settings, 2 * LANES + 17);
            (found.step_size.to_bits(), found.draws.columns().iter().flatten().map(|x| x.to_bits()).collect::<Vec<u64>>())
        };
        let one = bits(1);
        assert!(one == bits(2) && one == bits(3));
    }
    check(&Nuts::new(Level::detect()));
    check(&Mclmc { level: Level::detect() });
}

/// The same bits at every SIMD level: transforms, a dense metric, trees, the gradient.
#[test]
fn vector_widths_do_not_change_the_draws() {
    let law = law("-x^2/2 - (y - x^2)^2/2", &["x=-2,3", "y=0,inf"], vec![Start::Uniform { low: 0.5, high: 1.5 }; 2], |_| Vec::new());
    let bits = |level: Level| {
        let model = law.model.clone().with_level(level);
        let settings = Chaining { seed: 3, warmup: 24, draws: 3, ..Chaining::default() };
        let nuts = run(&model, &Nuts::new(level), &law.starts, &settings, 20);
        let mams = run(&model, &Mams { level }, &law.starts, &settings, 20);
        let mclmc = run(&model, &Mclmc { level }, &law.starts, &settings, 20);
        let columns = nuts.draws.columns().iter().chain(mams.draws.columns()).chain(mclmc.draws.columns());
        columns.flatten().map(|x| x.to_bits()).collect::<Vec<u64>>()
    };
    let widest = bits(Level::detect());
    for level in Level::available() {
        assert!(bits(level) == widest, "{level}");
    }
}

/// A handful of chains in a block of lanes: idle lanes move nothing and count for nothing.
#[test]
fn four_chains_are_four_chains() {
    let law = correlated();
    let settings = Chaining { seed: 3, warmup: 400, draws: 500, ..Chaining::default() };
    let found = run(&law.model, &Nuts::new(Level::detect()), &law.starts, &settings, 4);
    assert_eq!((found.draws.chains(), found.draws.draws()), (4, 500));
    let sd = langevin::diagnostics::mean_and_sd(found.draws.column(9)).1;
    // 2000 draws, ESS above 1000: the error of the sd is below 0.023.
    assert!((sd - 1.0).abs() < 0.1, "{sd}");
}
