//! The sampler against its own theory, not loosely against the target: each expected number follows from the step that is taken.

use langevin::density::{Bound, Boundary, Declaration, Evaluate, FromFn, LogDensity, Meaning, Model};
use langevin::diagnostics::{boundary_atoms, kolmogorov_smirnov};
use langevin::math::{LANES, Lanes, Level};
use langevin::quadrature::{Reference, Tolerance, reference};
use langevin::random::{BlockRng, Purpose, fill_normal, fill_uniform};
use langevin::run::{Init, Run, Sampler, Sampling, Trust, sample};
use langevin::sampler::{
    Annealing, Control, Guard, Kernel, Lm, Parameters, Population, Psgld, Schedule, Sgld, Shape, Start, StepInfo, Underdamped, anneal,
};

const CLASSIC: &str = "(x-0.4)^4 - (x-0.2)^2 + 0.6";

/// The draws of a run of `kernel`.
fn draws<K: Kernel>(density: &dyn LogDensity, kernel: &K, settings: &Annealing) -> Population {
    anneal(density, kernel, settings, None, &Control::default()).unwrap().draws
}

fn constant(chains: usize, steps: usize, step_size: f64, temperature: f64, start: Vec<Start>) -> Annealing {
    Annealing {
        chains,
        steps,
        step_size: Schedule::constant(step_size),
        temperature: Schedule::constant(temperature),
        starts: start,
        seed: 20_240_501,
        threads: 0,
    }
}

/// log p = −|x|²/2 in any dimension, its gradient times `slope` (1 is right).
fn normal(dimension: usize, slope: f64) -> impl LogDensity {
    let bounds = (0..dimension).map(|i| Bound::new(format!("x[{}]", i + 1), f64::NEG_INFINITY, f64::INFINITY)).collect();
    FromFn::new(bounds, move |x, gradient| {
        for (g, x) in gradient.iter_mut().zip(x) {
            *g = -slope * x;
        }
        -x.iter().map(|x| x * x).sum::<f64>() / 2.0
    })
}

fn variance(column: &[f64]) -> f64 {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)
}

/// How many standard errors the variance of Gaussian draws is from `expected`: the error of a variance is σ²·√(2/(n−1)).
fn variance_z(column: &[f64], expected: f64) -> f64 {
    (variance(column) - expected) / (expected * (2.0 / (column.len() as f64 - 1.0)).sqrt())
}

/// The stationary variance of x ← (1 − ε)x + √(2εT)ξ: V = (1 − ε)²V + 2εT, so V = T/(1 − ε/2).
fn stationary(step_size: f64, temperature: f64) -> f64 {
    temperature / (1.0 - step_size / 2.0)
}

#[track_caller]
fn check_stationary_variance(dimension: usize, chains: usize, step_size: f64, temperature: f64) {
    let density = normal(dimension, 1.0);
    // The memory of the start is (1 − ε)^(2·steps) of the variance: below 1e-12 after 60 steps of 0.2 or more.
    let settings = constant(chains, 80, step_size, temperature, vec![Start::Normal { mean: 0.0, sd: 1.0 }; dimension]);
    let found = draws(&density, &Sgld::new(density.bounds(), Guard::None), &settings);
    for column in found.columns() {
        let z = variance_z(column, stationary(step_size, temperature));
        assert!(z.abs() < 4.0, "ε = {step_size}, T = {temperature}: z = {z:.1}");
    }
}

#[test]
fn unadjusted_langevin_has_its_own_stationary_variance_in_one_dimension() {
    check_stationary_variance(1, 200_000, 0.5, 1.0);
    check_stationary_variance(1, 200_000, 0.5, 0.5);
    check_stationary_variance(1, 200_000, 1.2, 1.0);
    check_stationary_variance(1, 200_000, 0.2, 2.0);
}

#[test]
fn unadjusted_langevin_has_its_own_stationary_variance_in_each_of_ten_dimensions() {
    check_stationary_variance(10, 50_000, 0.5, 1.0);
    check_stationary_variance(10, 50_000, 0.5, 0.5);
}

/// Leimkuhler–Matthews and BAOAB have variance T at every stable step; Euler's, above, is a third too large at the first of these.
#[test]
fn second_order_schemes_have_the_exact_variance_of_a_normal() {
    let density = normal(2, 1.0);
    for (step_size, temperature) in [(0.5, 1.0), (1.2, 1.0), (0.2, 2.0)] {
        // The slowest forgets like 0.8 a step.
        let settings = constant(200_000, 80, step_size, temperature, vec![Start::Normal { mean: 0.0, sd: 1.0 }; 2]);
        let lm = draws(&density, &Lm::new(density.bounds(), Guard::None), &settings);
        let baoab = draws(&density, &Underdamped::new(density.bounds(), Guard::None, 1.0), &settings);
        for column in lm.columns().iter().chain(baoab.columns()) {
            let z = variance_z(column, temperature);
            assert!(z.abs() < 4.0, "ε = {step_size}, T = {temperature}: z = {z:.1}");
        }
    }
}

/// Two variables of scales 1 and 20: under the preconditioner 1/√E[g²], the standard deviation σ, a step of ε is one of ε/σ in units
/// of σ, and the variance is σ²/(1 − ε/2σ).
#[test]
fn psgld_has_the_variance_of_its_preconditioned_step() {
    let model = Model::new("-x^2/2 - (y/20)^2/2", Meaning::LogDensity, &[]).unwrap();
    let psgld = Psgld::new(model.bounds(), Guard::None, 5.0);
    let starts = vec![Start::Normal { mean: 0.0, sd: 1.0 }, Start::Normal { mean: 0.0, sd: 20.0 }];
    // Relaxation times 1 and 20, or 2.5 and 50 steps.
    let settings = constant(200_000, 500, 0.4, 1.0, starts);
    let found = draws(&model, &psgld, &settings);
    for (variable, sd) in [1.0, 20.0].into_iter().enumerate() {
        // The stationary gradient has the mean square V/σ⁴, so that G = σ²/√V: V = σ²/(1 − εσ²/√V·σ⁻²/2).
        let mut expected: f64 = sd * sd;
        for _ in 0..50 {
            expected = sd * sd / (1.0 - 0.2 / expected.sqrt());
        }
        let z = variance_z(found.column(variable), expected);
        // A chain's own share of its block's mean widens its law by up to 1/256, which is 1.2 standard errors of 200,000 draws.
        assert!((-4.0..5.2).contains(&z), "σ = {sd}: z = {z:.1}");
    }
}

/// Basins of different steepness, joined by a neck: a preconditioner of each chain's own would slow it down in the steep one, and hold
/// three times the mass there.
#[test]
fn psgld_keeps_the_masses_of_basins() {
    let settings = Sampling { sampler: Sampler::Psgld, seed: 1, ..Sampling::default() };
    let run = run_default(CLASSIC, Some("-0.7,1.5"), settings);
    assert_eq!(run.verdict.trust, Trust::Yes, "{:?}", run.verdict);
}

/// Distances of the stationary laws on the classic density at ε = 0.01, from transition matrices on a grid: Euler with reflection
/// 0.0206, Leimkuhler–Matthews 0.0034 if the carried noise is mirrored with the position, 0.065 if not.
#[test]
fn the_carried_noise_is_mirrored_at_a_wall() {
    let model = classic(Boundary::Reflect);
    // Sixteen relaxation times of 0.62: the start is forgotten.
    let settings = constant(100_000, 1000, 0.01, 1.0, vec![Start::Uniform { low: -0.7, high: 1.5 }]);
    let found = distance(&exact(&model), draws(&model, &Lm::new(model.bounds(), Guard::None), &settings).column(0));
    // The distance of 100,000 independent draws is below 0.0062 in all but one of a thousand runs.
    assert!(found < 0.0096, "{found}");
    let euler = distance(&exact(&model), draws(&model, &Sgld::new(model.bounds(), Guard::None), &settings).column(0));
    assert!((euler - 0.0206).abs() < 0.006, "{euler}");
}

#[test]
fn underdamped_keeps_a_uniform_density_uniform_at_its_walls() {
    for boundary in [Boundary::Reflect, Boundary::Wrap, Boundary::Reject] {
        let density = uniform(boundary);
        let settings = constant(100_000, 200, 0.28, 1.0, vec![Start::Uniform { low: -0.5, high: 2.0 }]);
        let found = draws(&density, &Underdamped::new(density.bounds(), Guard::None, 1.0), &settings);
        let mut cdf: Vec<f64> = found.column(0).iter().map(|x| (x + 0.5) / 2.5).collect();
        cdf.sort_by(f64::total_cmp);
        let p = kolmogorov_smirnov(&cdf).p_value;
        assert!(p > 1e-3, "{boundary}: p = {p:.1e}");
    }
}

/// The same through the compiled formula, so that text, gradient, tape and kernel are one chain of evidence.
#[test]
fn a_typed_normal_has_the_same_stationary_variance() {
    let model = Model::new("exp(-sum(i in 1..10, x[i]^2)/2)", Meaning::Density, &[]).unwrap();
    let settings = constant(50_000, 80, 0.5, 1.0, vec![Start::Point(0.0); 10]);
    for column in draws(&model, &Sgld::new(model.bounds(), Guard::None), &settings).columns() {
        let z = variance_z(column, stationary(0.5, 1.0));
        assert!(z.abs() < 4.0, "z = {z:.1}");
    }
}

/// Coordinates of a ten-dimensional normal stay independent: noise shared between variables would correlate them.
#[test]
fn coordinates_stay_uncorrelated() {
    let density = normal(10, 1.0);
    let settings = constant(50_000, 80, 0.5, 1.0, vec![Start::Point(0.0); 10]);
    let found = draws(&density, &Sgld::new(density.bounds(), Guard::None), &settings);
    let n = found.chains() as f64;
    for i in 0..10 {
        for j in 0..i {
            let product: f64 = found.column(i).iter().zip(found.column(j)).map(|(a, b)| a * b).sum::<f64>() / n;
            let z = product / stationary(0.5, 1.0) * n.sqrt();
            assert!(z.abs() < 5.0, "{i} and {j}: z = {z:.1}");
        }
    }
}

#[test]
fn planted_bugs_are_caught() {
    let chains = 20_000;
    let settings = |step_size| constant(chains, 80, step_size, 1.0, vec![Start::Normal { mean: 0.0, sd: 1.0 }]);
    let off = |density: &dyn LogDensity, temperature: f64| {
        let settings = Annealing { temperature: Schedule::constant(temperature), ..settings(0.2) };
        variance_z(draws(density, &Sgld::new(density.bounds(), Guard::None), &settings).column(0), stationary(0.2, 1.0)).abs()
    };
    assert!(off(&normal(1, 1.0), 1.0) < 4.0, "the right kernel is caught too");
    assert!(off(&normal(1, 1.0), 0.25) > 20.0, "half the noise is not caught");
    assert!(off(&normal(1, 1.0), 0.5) > 20.0, "noise √ε instead of √(2ε) is not caught");
    assert!(off(&normal(1, 0.5), 1.0) > 20.0, "half the gradient is not caught");
    assert!(off(&normal(1, -1.0), 1.0) > 20.0, "the wrong sign is not caught");
}

/// A flat density: every step is noise alone, so whatever the boundary does shows undisturbed.
fn uniform(boundary: Boundary) -> impl LogDensity {
    FromFn::new(vec![Bound { boundary, ..Bound::new("x", -0.5, 2.0) }], |_, gradient| {
        gradient[0] = 0.0;
        0.0
    })
}

/// The p-value of the KS test of draws from a uniform start, after 200 steps with noise 0.3 of the width.
fn uniform_p_value(boundary: Boundary, step_size: f64) -> f64 {
    let density = uniform(boundary);
    let settings = constant(100_000, 200, step_size, 1.0, vec![Start::Uniform { low: -0.5, high: 2.0 }]);
    let found = draws(&density, &Sgld::new(density.bounds(), Guard::None), &settings);
    let mut cdf: Vec<f64> = found.column(0).iter().map(|x| (x + 0.5) / 2.5).collect();
    assert!(cdf.iter().all(|p| (0.0..=1.0).contains(p)), "{boundary} leaves the range");
    cdf.sort_by(f64::total_cmp);
    kolmogorov_smirnov(&cdf).p_value
}

#[test]
fn reflection_wrapping_and_rejection_keep_a_uniform_density_uniform() {
    for boundary in [Boundary::Reflect, Boundary::Wrap, Boundary::Reject] {
        // The second step is longer than the range, so that mirrors fold more than once.
        for step_size in [0.28, 8.0] {
            let p = uniform_p_value(boundary, step_size);
            assert!(p > 1e-3, "{boundary} at ε = {step_size}: p = {p:.1e}");
        }
    }
}

#[test]
fn clamping_does_not() {
    assert!(uniform_p_value(Boundary::Clamp, 0.28) < 1e-9);
}

fn classic(boundary: Boundary) -> Model {
    Model::new(CLASSIC, Meaning::Density, &["-0.7,1.5".parse::<Declaration>().unwrap()]).unwrap().with_boundary(None, boundary).unwrap()
}

/// The schedule that every tutorial shows, with enough chains to see what it does.
fn classic_run(model: &Model, chains: usize) -> Population {
    let settings = Annealing {
        chains,
        steps: 500,
        step_size: Schedule::geometric(0.01, 1e-5),
        temperature: Schedule::constant(1.0),
        starts: vec![Start::Point(0.4)],
        seed: 7,
        threads: 0,
    };
    draws(model, &Sgld::new(model.bounds(), Guard::None), &settings)
}

fn exact(model: &Model) -> Reference {
    reference(model, Tolerance::default()).unwrap()
}

/// The Kolmogorov distance of draws from the exact law.
fn distance(reference: &Reference, column: &[f64]) -> f64 {
    let mut ordered = column.to_vec();
    ordered.sort_by(f64::total_cmp);
    let mut cdf = vec![0.0; ordered.len()];
    reference.cdf_batch(&ordered, &mut cdf);
    kolmogorov_smirnov(&cdf).distance
}

/// 0.45 % and 0.13 % at the ends and a distance of 0.010 are what the law of the clamped chain, propagated exactly, has.
#[test]
fn the_classic_settings_pile_up_the_mass_that_theory_says() {
    let model = classic(Boundary::Clamp);
    let chains = 200_000;
    let found = classic_run(&model, chains);
    let (low, high) = boundary_atoms(found.column(0), -0.7, 1.5);
    for (share, expected, digit) in [(low, 0.0045, 0.00005), (high, 0.0013, 0.00005)] {
        // The expected share is known to two digits.
        let error = (expected * (1.0 - expected) / chains as f64).sqrt();
        assert!((share - expected).abs() < 4.0 * error + digit, "{share} instead of {expected}");
    }
    let distance = distance(&exact(&model), found.column(0));
    assert!((distance - 0.010).abs() < 0.002, "{distance}");
}

#[test]
fn reflection_with_the_classic_schedule_leaves_the_right_basin_short() {
    let model = classic(Boundary::Reflect);
    let found = classic_run(&model, 200_000);
    let column = found.column(0);
    let share = column.iter().filter(|x| **x > 1.19).count() as f64 / column.len() as f64;
    let exact = exact(&model).mass(1.19, 1.5);
    assert!((exact - 0.038).abs() < 0.0005, "{exact}");
    let error = (0.031 * 0.969 / column.len() as f64).sqrt();
    assert!((share - 0.031).abs() < 4.0 * error + 0.0005, "{share}");
    assert_eq!(boundary_atoms(column, -0.7, 1.5), (0.0, 0.0));
}

fn run_default(formula: &str, range: Option<&str>, settings: Sampling) -> Run {
    let ranges: Vec<Declaration> = range.iter().map(|range| range.parse().unwrap()).collect();
    sample(&Model::new(formula, Meaning::Density, &ranges).unwrap(), &settings).unwrap()
}

#[test]
fn p_values_of_the_default_run_are_uniform_over_seeds() {
    let mut p_values: Vec<f64> = (0..40)
        .map(|seed| run_default(CLASSIC, Some("-0.7,1.5"), Sampling { seed: 1000 + seed, chains: Some(2048), ..Sampling::default() }))
        .map(|run| run.fits[0].ks_p)
        .collect();
    p_values.sort_by(f64::total_cmp);
    let test = kolmogorov_smirnov(&p_values);
    assert!(test.p_value > 1e-3, "p-values {p_values:.3?}");
}

fn kinds(run: &Run) -> Vec<&'static str> {
    run.verdict.warnings.iter().map(|warning| warning.kind()).collect()
}

#[test]
fn the_classic_settings_are_not_trusted() {
    let settings = Sampling {
        chains: Some(5000),
        steps: Some(500),
        schedule: Some(Shape::Geometric),
        step_size: Some(0.01),
        final_step_size: Some(1e-5),
        init: Init::Point(vec![0.4]),
        seed: 3,
        ..Sampling::default()
    };
    let clamped = sample(&classic(Boundary::Clamp), &settings).unwrap();
    assert_eq!(clamped.verdict.trust, Trust::No);
    for kind in ["boundary_atoms", "not_mixed"] {
        assert!(kinds(&clamped).contains(&kind), "{kind} is not among {:?}", kinds(&clamped));
    }
    let reflected = sample(&classic(Boundary::Reflect), &settings).unwrap();
    assert_eq!(reflected.verdict.trust, Trust::No);
    assert!(kinds(&reflected).contains(&"not_mixed"), "{:?}", kinds(&reflected));
    assert!(!kinds(&reflected).contains(&"boundary_atoms"), "{:?}", kinds(&reflected));
}

#[test]
fn chains_that_know_one_of_two_modes_are_not_trusted() {
    let two = "exp(-(x-12)^2/2) + exp(-(x+12)^2/2)";
    let run = run_default(two, None, Sampling { init: Init::Point(vec![12.0]), seed: 5, ..Sampling::default() });
    assert_eq!(run.verdict.trust, Trust::No, "{:?}", kinds(&run));
}

#[test]
fn the_default_run_of_a_normal_is_trusted() {
    for seed in [1, 2, 3] {
        let run = run_default("exp(-x^2/2)", None, Sampling { seed, ..Sampling::default() });
        assert_eq!(run.verdict.trust, Trust::Yes, "{:?}", run.verdict);
    }
}

/// Wrong gradients must fail the exact comparison of the verdict's own test.
#[test]
fn a_wrong_sign_or_half_the_noise_fails_the_comparison_with_the_exact_law() {
    let model = classic(Boundary::Reflect);
    let reference = exact(&model);
    let run = |slope: f64, temperature: f64| {
        let wrong = FromFn::new(model.bounds().to_vec(), move |x, gradient| {
            let (a, b) = (x[0] - 0.4, x[0] - 0.2);
            let p = a * a * a * a - b * b + 0.6;
            gradient[0] = slope * (4.0 * a * a * a - 2.0 * b) / p;
            p.ln()
        });
        let settings = Annealing {
            chains: 4096,
            steps: 2000,
            step_size: Schedule::geometric(0.01, 1e-3),
            temperature: Schedule::constant(temperature),
            starts: vec![Start::Uniform { low: -0.7, high: 1.5 }],
            seed: 11,
            threads: 0,
        };
        let found = draws(&wrong, &Sgld::new(wrong.bounds(), Guard::None), &settings);
        distance(&reference, found.column(0))
    };
    // 1.95/√4096: the distance that one correct run in a thousand exceeds.
    let critical = 0.0305;
    assert!(run(1.0, 1.0) < critical);
    assert!(run(-1.0, 1.0) > 2.0 * critical, "the wrong sign is not caught");
    assert!(run(1.0, 0.25) > 2.0 * critical, "half the noise is not caught");
    assert!(run(0.5, 1.0) > 2.0 * critical, "half the gradient is not caught");
}

#[test]
fn one_seed_gives_the_same_bits_for_any_number_of_threads() {
    let model = Model::new("exp(-x^2/2 - (y - x^2)^2)", Meaning::Density, &[]).unwrap();
    let bits = |threads: usize| -> Vec<u64> {
        // Chains that do not fill the last block, so that idle lanes are covered.
        let settings = Sampling { seed: 42, chains: Some(5 * LANES + 17), steps: Some(300), threads, ..Sampling::default() };
        let run = sample(&model, &settings).unwrap();
        run.draws.columns().iter().flatten().map(|x| x.to_bits()).collect()
    };
    let one = bits(1);
    assert_eq!(one.len(), 2 * (5 * LANES + 17));
    assert!(one == bits(2) && one == bits(3));
    let other = Sampling { seed: 43, chains: Some(5 * LANES + 17), steps: Some(300), ..Sampling::default() };
    let other: Vec<u64> = sample(&model, &other).unwrap().draws.columns().iter().flatten().map(|x| x.to_bits()).collect();
    assert!(one != other, "the seed has no effect");
}

#[test]
fn noise_has_the_same_bits_at_every_vector_width() {
    let run = |level| -> Vec<u64> {
        let mut rng = BlockRng::new(9, 4, Purpose::Noise);
        let mut bits = Vec::new();
        for _ in 0..50 {
            let (mut normal, mut uniform) = (Lanes::default(), Lanes::default());
            fill_normal(level, &mut rng, &mut normal);
            fill_uniform(level, &mut rng, &mut uniform);
            bits.extend(normal.iter().chain(uniform.iter()).map(|x| x.to_bits()));
        }
        bits
    };
    let baseline = run(Level::Baseline);
    for level in Level::available() {
        assert!(run(level) == baseline, "{level}");
    }
}

/// One step by hand: position, gradient and noise go in as the formula says.
#[test]
fn a_step_is_the_formula() {
    let density = normal(2, 1.0);
    let mut evaluate: Box<dyn Evaluate + '_> = density.evaluator();
    let kernel = Sgld::new(density.bounds(), Guard::None);
    let start = vec![Lanes::splat(0.3), Lanes::splat(-1.1)];
    let mut state = kernel.init(start.clone(), &mut *evaluate);
    let (mut noise, mut copy) = (BlockRng::new(1, 0, Purpose::Noise), BlockRng::new(1, 0, Purpose::Noise));
    let parameters = Parameters { temperature: 1.7, ..Parameters::new(0.07) };
    kernel.step(&mut state, &mut *evaluate, &mut noise, parameters, &mut StepInfo::default());
    for (variable, row) in kernel.positions(&state).iter().enumerate() {
        let mut normal = Lanes::default();
        copy.fill_normal(&mut normal);
        for lane in 0..LANES {
            let x = start[variable][lane];
            let expected = x - 0.07 * x + (2.0_f64 * 0.07 * 1.7).sqrt() * normal[lane];
            assert!((row[lane] - expected).abs() < 1e-15, "{} instead of {expected}", row[lane]);
        }
    }
}
