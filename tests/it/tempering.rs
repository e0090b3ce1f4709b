//! Parallel tempering: the shares of far modes, Z in any dimension, and a verdict that is not yes where the draws are wrong.

use std::sync::atomic::Ordering;

use crate::common::{data, number};
use langevin::density::{Boundary, Declaration, Meaning, Model};
use langevin::math::{LANES, Level};
use langevin::run::{Run, Sampler, Sampling, Trust, sample, sample_watched};
use langevin::sampler::{Chaining, Control, Ladder, MetricKind, initial_positions, sample_tempered};

fn model(formula: &str, ranges: &[&str]) -> Model {
    let ranges: Vec<Declaration> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    Model::new(formula, Meaning::Density, &ranges).unwrap()
}

fn tempering(seed: u64) -> Sampling {
    Sampling { sampler: Sampler::Tempering, seed, ..Sampling::default() }
}

fn run(formula: &str, ranges: &[&str], settings: &Sampling) -> Run {
    sample(&model(formula, ranges), settings).unwrap()
}

fn ladder(run: &Run) -> &Ladder {
    run.chains().unwrap().ladder.as_ref().unwrap()
}

fn kinds(run: &Run) -> Vec<&'static str> {
    run.verdict.warnings.iter().map(|warning| warning.kind()).collect()
}

/// The share of the draws of which `is_there` holds, and its standard error: systems are independent, so that of the mean of theirs.
fn share(run: &Run, variable: usize, is_there: fn(f64) -> bool) -> (f64, f64) {
    let chain = |chain: &[f64]| chain.iter().filter(|x| is_there(**x)).count() as f64 / chain.len() as f64;
    let shares: Vec<f64> = run.draws.by_chain(variable).into_iter().map(chain).collect();
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    (mean, (shares.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n / (n - 1.0)).sqrt())
}

#[track_caller]
fn check_share(run: &Run, is_there: fn(f64) -> bool, exact: f64) {
    let (found, error) = share(run, 0, is_there);
    assert!((found - exact).abs() < 4.0 * error && error < 0.02, "{found} ± {error} instead of {exact}");
}

/// Within four of its errors, which is at most `largest`.
#[track_caller]
fn check_log_z(run: &Run, exact: f64, largest: f64) {
    let Ladder { log_normalizer, log_error, .. } = *ladder(run);
    assert!((log_normalizer - exact).abs() < 4.0 * log_error && log_error < largest, "{log_normalizer} ± {log_error} instead of {exact}");
}

#[test]
fn far_modes_have_their_shares() {
    let tau = std::f64::consts::TAU;
    // Equal; of weights 0.2 and 0.8; of widths 1 and 0.5, so of masses 1 and 0.25.
    for (formula, right, z) in [
        ("exp(-((x-8)^2 + y^2)/2) + exp(-((x+8)^2 + y^2)/2)", 0.5, 2.0 * tau),
        ("0.8*exp(-((x-8)^2 + y^2)/2) + 0.2*exp(-((x+8)^2 + y^2)/2)", 0.8, tau),
        ("exp(-((x-8)^2 + y^2)/2) + exp(-((x+8)^2 + y^2)/0.5)", 0.8, 1.25 * tau),
    ] {
        let found = run(formula, &[], &tempering(4));
        assert_eq!(found.verdict.trust, Trust::Yes, "{formula}: {:?}", found.verdict);
        check_share(&found, |x| x > 0.0, right);
        check_log_z(&found, z.ln(), 0.015);
        assert!(ladder(&found).round_trips > 5.0, "{:?}", ladder(&found));
        let normalizer = found.normalizer().unwrap();
        // Where quadrature has Z at a glance, it says it in place of the ladder.
        assert!((normalizer.value - z).abs() < 4.0 * normalizer.error, "{normalizer:?}");
    }
}

#[test]
fn a_mixture_in_ten_dimensions_has_its_shares_and_its_z() {
    // Weights 0.3 and 0.7 at ±5 on the first axis, of widths 1 and 0.7; 10.2 standard deviations of either apart.
    let formula = "0.3*exp(-((x[1]-5)^2 + sum(i in 2..10, x[i]^2))/2) + 0.7*0.7^-10*exp(-((x[1]+5)^2 + sum(i in 2..10, x[i]^2))/0.98)";
    let found = run(formula, &[], &tempering(5));
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    check_share(&found, |x| x > 0.0, 0.3);
    check_log_z(&found, 5.0 * std::f64::consts::TAU.ln(), 0.02);
    let normalizer = found.normalizer().unwrap();
    assert_eq!((normalizer.method, normalizer.certified, normalizer.converged), ("part by part", false, true));
}

/// Between walls, with mass against both: the exact law is known, and Z by quadrature stays the run's.
#[test]
fn a_bounded_variable_has_its_exact_law() {
    let found = run("exp(-40*x) + 2*exp(-60*(1-x)) + 1e-9", &["0,1"], &tempering(6));
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    assert!(found.fits[0].ks_p > 1e-3, "{:?}", found.fits);
    let exact = found.normalizer().unwrap();
    assert!(exact.certified);
    check_log_z(&found, exact.log_value, 0.01);
}

/// A range that is a circle is mapped to the real line: the modes of cos(2x) meet at its ends.
#[test]
fn a_circle_has_its_law_too() {
    let circle = model("exp(4*cos(2*x))", &["0,2*pi"]).with_boundary(None, Boundary::Wrap).unwrap();
    let found = sample(&circle, &tempering(6)).unwrap();
    assert!(found.fits[0].ks_p > 1e-3 && found.verdict.trust == Trust::Yes, "{:?}", found.verdict);
    check_log_z(&found, found.normalizer().unwrap().log_value, 0.01);
}

/// Densities whose Z is known to 18 digits: a chain of ten Gaussians, a funnel, shells, four modes, log-gammas, Cauchy tails, boxes, sixteen
/// wells. What is not within its errors must not be trusted.
#[test]
fn known_normalisers_are_within_their_errors() {
    let mut right = 0;
    for entry in data("densities_nd")["densities"].as_array().unwrap() {
        let list = |key: &str| entry[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect::<Vec<_>>();
        let (names, low, high) = (list("vars"), list("low"), list("high"));
        let ranges: Vec<String> = (0..names.len()).map(|i| format!("{}={},{}", names[i], low[i], high[i])).collect();
        let ranges: Vec<&str> = ranges.iter().map(String::as_str).collect();
        let (id, exact) = (entry["id"].as_str().unwrap(), number(&entry["log_Z"]));
        // Fifty independent variables take long and show nothing that ten do not.
        if id == "nd_gauss_50_scales" {
            continue;
        }
        let found = run(entry["formula"].as_str().unwrap(), &ranges, &Sampling { draws: Some(40), ..tempering(8) });
        let Ladder { log_normalizer, log_error, round_trips, barrier, .. } = *ladder(&found);
        println!(
            "{id}: {log_normalizer:.4} ± {log_error:.4}, exactly {exact:.4}; {:?} {:?}, {round_trips:.1} trips, barrier {barrier:.2}",
            found.verdict.trust,
            kinds(&found)
        );
        let holds = (log_normalizer - exact).abs() < 4.0 * log_error;
        assert!(holds || found.verdict.trust != Trust::Yes, "{id}: {log_normalizer} ± {log_error} instead of {exact}");
        right += usize::from(holds && log_error < 0.05);
    }
    assert!(right >= 10, "{right} of 11");
}

#[test]
fn a_gaussian_in_ten_dimensions_has_its_z() {
    let found = run("exp(-sum(i in 1..10, (x[i] - i)^2/(2*i)))", &[], &tempering(9));
    // Σ log √(2πi), i to 10.
    let exact: f64 = (1..=10).map(|i| 0.5 * (std::f64::consts::TAU * f64::from(i)).ln()).sum();
    check_log_z(&found, exact, 0.01);
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
}

/// Neither where the neck of a funnel is missed nor where tails are so heavy that no mean exists may a wrong figure be trusted.
#[test]
fn a_funnel_and_heavy_tails_get_no_silent_yes() {
    // v is N(0, 3²): its share below −6 is 0.02275.
    let funnel = run("exp(-v^2/18 - sum(i in 1..9, x[i]^2)*exp(-v)/2 - 4.5*v)", &[], &tempering(4));
    let (neck, error) = share(&funnel, 0, |v| v < -6.0);
    assert!(funnel.verdict.trust != Trust::Yes || (neck - 0.02275).abs() < 4.0 * error, "{neck} ± {error}: {:?}", funnel.verdict);
    // p ~ |x|^−1.2: beyond 10⁶ lies a share of 10^−1.2.
    let heavy = run("1/(1 + abs(x))^1.2/(1 + y^2)", &[], &tempering(4));
    let (far, error) = share(&heavy, 0, |x| x.abs() > 1e6);
    let exact = 1e6_f64.powf(-0.2);
    assert!(heavy.verdict.trust != Trust::Yes || (far - exact).abs() < 4.0 * error, "{far} ± {error}: {:?}", heavy.verdict);
}

#[test]
fn a_ladder_too_short_is_not_trusted() {
    // 256 wells: a normal reference is far from all of them.
    let settings = Sampling { rungs: Some(2), draws: Some(20), ..tempering(4) };
    let found = run("exp(-sum(i in 1..8, (x[i]^2 - 4)^2))", &[], &settings);
    assert_ne!(found.verdict.trust, Trust::Yes);
    let said = kinds(&found);
    assert!(said.contains(&"swap_acceptance") || said.contains(&"round_trips"), "{said:?} {:?}", ladder(&found));
    assert_eq!(ladder(&found).inverse_temperatures, [0.0, 1.0]);
}

#[test]
fn the_problem_decides_between_a_chain_and_a_ladder() {
    let auto = Sampling { sampler: Sampler::Auto, draws: Some(20), seed: 4, ..Sampling::default() };
    let found = run("exp(-(x^2-64)^2/128 - y^4/10 - z^4/10 + x*y*z/50)", &[], &auto);
    assert_eq!(found.sampler, Sampler::Tempering);
    assert!(found.why.as_ref().unwrap().contains("modes"));
    assert_eq!(run("exp(-x^4 - y^4 - z^4 + x*y*z)", &[], &auto).sampler, Sampler::Mams);
}

#[test]
fn settings_that_make_no_ladder_are_refused() {
    let plane = model("exp(-x^2-y^2)", &[]);
    for settings in [
        Sampling { rungs: Some(1), ..tempering(1) },
        Sampling { warmup: Some(10), ..tempering(1) },
        Sampling { rungs: Some(8), sampler: Sampler::Nuts, ..tempering(1) },
        Sampling { rungs: Some(8), sampler: Sampler::Psgld, ..tempering(1) },
        Sampling { temperature: Some(2.0), ..tempering(1) },
        Sampling { metric: MetricKind::LowRank, ..tempering(1) },
    ] {
        assert!(sample(&plane, &settings).is_err(), "{settings:?}");
    }
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_drew() {
    let plane = model("exp(-x^2-y^2)", &[]);
    let control = Control::default();
    let settings = Sampling { chains: Some(20), warmup: Some(60), draws: Some(1_000_000), ..tempering(1) };
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Past the warm-up: twenty systems of at most 64 rungs, 60 steps.
            while control.chain_steps.load(Ordering::Relaxed) < 20 * 64 * 60 {
                std::thread::yield_now();
            }
            control.stop.store(true, Ordering::Relaxed);
        });
        sample_watched(&plane, &settings, &control).unwrap()
    });
    assert!(!found.complete && (1..1_000_000).contains(&found.draws.draws()));
    assert!(kinds(&found).contains(&"incomplete"));
}

/// The same bits for any number of threads and at every SIMD level: swaps, learned references and ladders included.
#[test]
fn threads_and_vector_widths_do_not_change_the_draws() {
    let bits = |level: Level, threads: usize| {
        let density = model("exp(-((x-4)^2 + (y-1)^2)/2) + exp(-((x+4)^2 + y^2)/2)", &["y=0,inf", "x=-inf,inf"]).with_level(level);
        let settings = Chaining { seed: 3, warmup: 80, draws: 4, threads, ..Chaining::default() };
        let starts = initial_positions(&density, 3, LANES + 9).unwrap();
        let found = sample_tempered(&density, &settings, None, &starts, None, &Control::default()).unwrap();
        let draws: Vec<u64> = found.chained.draws.columns().iter().flatten().map(|x| x.to_bits()).collect();
        (draws, found.ladder.log_normalizer.to_bits(), found.ladder.inverse_temperatures)
    };
    let one = bits(Level::detect(), 1);
    assert!(one == bits(Level::detect(), 2) && one == bits(Level::detect(), 3));
    for level in Level::available() {
        assert!(one == bits(level, 2), "{level:?}");
    }
}
