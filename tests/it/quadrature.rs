//! The quadrature engine against 35 densities with known answers (`tests/data/densities.json`, 25 digits from mpmath and Arb).

use langevin::quadrature::{End, Line, NearEnd, Reference, Tolerance, integrate};

/// A density by hand: its log, landmarks, frequency, and log-distance form where it has a singular end.
struct Case {
    id: &'static str,
    log_density: fn(f64) -> f64,
    landmarks: &'static [f64],
    frequency: f64,
    near_end: Option<fn(End, f64) -> f64>,
}

const fn case(id: &'static str, log_density: fn(f64) -> f64, landmarks: &'static [f64]) -> Case {
    Case { id, log_density, landmarks, frequency: 0.0, near_end: None }
}

/// log(exp(a) + exp(b)).
fn log_sum(a: f64, b: f64) -> f64 {
    let high = a.max(b);
    high + (-(a - b).abs()).exp().ln_1p()
}

/// An approximation of erf good to 1e-15 where the tests need it: a Taylor series inside, 1 outside.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    // Abramowitz & Stegun 7.1.6: all terms positive.
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > 1e-18 * sum.abs() {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum
}

fn cases() -> Vec<Case> {
    vec![
        case("poly_quartic_shallow", |x| ((x - 0.4f64).powi(4) - (x - 0.2).powi(2) + 0.6).ln(), &[0.4, 0.2]),
        case("rat_lorentz_1e-3", |x| -((x - 0.3f64).powi(2) + 1e-6).ln(), &[0.3]),
        case("rat_cauchy_R", |x| -(x * x).ln_1p(), &[0.0]),
        case("par_1.5", |x| -2.5 * x.ln(), &[]),
        case("gau_std", |x| -x * x / 2.0, &[0.0]),
        case("exp_double_well_tilted", |x| -10.0 * (x * x - 1.0).powi(2) + 0.7 * x, &[-1.0, 0.0, 1.0]),
        case("exp_far_1e3", |x| -(x - 1000.0).powi(2) / 2.0, &[1000.0]),
        case("log_neg", |x| (-x.ln()).ln(), &[0.0]),
        case("sing_x-0.5", |x| -0.5 * x.ln(), &[0.0]),
        Case { frequency: 100.0, ..case("osc_100_gauss", |x| (100.0 * x).sin().ln_1p() - x * x / 2.0, &[0.0]) },
        case("pw_triangle", |x| (1.0 - x.abs()).max(0.0).ln(), &[-1.0, 0.0, 1.0]),
        case("pw_needle_1e-4", |x| (1.0 - (x - 0.123456).abs() * 10000.0).max(0.0).ln(), &[0.123356, 0.123456, 0.123556]),
        case("erf_skew_normal", |x| erf(4.0 * x).ln_1p() - x * x / 2.0, &[0.0]),
        case("mix_sep_100", |x| log_sum(-(x - 100.0).powi(2) / 2.0, -(x + 100.0).powi(2) / 2.0), &[-100.0, 100.0]),
        case("spk_gauss_1e-5", |x| -((x - 0.36788) / 1e-5).powi(2) / 2.0, &[0.36788]),
        case("scl_exp-1000", |x| -1000.0 - x * x / 2.0, &[0.0]),
        case("scl_1e-200", |x| 1e-200f64.ln() - x * x / 2.0, &[0.0]),
        case("mix_spike_1e-3", |x| log_sum(-x * x / 2.0, 1000f64.ln() - (x - 1.234567).powi(2) / 0.000002), &[0.0, 1.234567]),
        case("pw_tent_min", |x| x.min(1.0 - x).ln(), &[0.0, 0.5, 1.0]),
        case("scl_log_space_mix", |x| log_sum(-1200.0 - (x + 2.0).powi(2) / 2.0, -1201.0 - (x - 2.0).powi(2)), &[-2.0, 2.0]),
        case("pw_gap", |x| ((0.5 - x).max(0.0) + 2.0 * (x - 0.7).max(0.0)).ln(), &[0.5, 0.7]),
        Case { frequency: 1e4, ..case("osc_cos10000_sq", |x| 2.0 * (1e4 * x).cos().abs().ln(), &[]) },
        case("rat_half_cauchy", |x| -(x * x).ln_1p(), &[0.0]),
        case("rat_cauchy_trunc_1e6", |x| -(x * x).ln_1p(), &[0.0]),
        case("spk_on_floor_1e-6", |x| log_sum(0.0, 1e6f64.ln() - ((x - 0.314159) / 1e-6).powi(2)), &[0.314159]),
        Case { frequency: 1.0, ..case("osc_comb10", |x| -50.0 * x.sin().powi(2), &[]) },
        case("rat_lorentz_1e-6", |x| -((x - 0.3f64).powi(2) + 1e-12).ln(), &[0.3]),
        Case { frequency: 1.0, ..case("osc_sinc2_finite", |x| 2.0 * (x.sin() / x).abs().ln(), &[0.0]) },
        case("scl_exp-1e5", |x| -100000.0 + x.ln() - x, &[0.0]),
        case("log_interior", |x| (-(x - 0.7).abs().ln()).ln(), &[0.7]),
        Case {
            near_end: Some(|end, t| match end {
                End::Low => t - 2.0 * t.ln(),
                End::High => {
                    let x = 0.5 - (-t).exp();
                    -x.ln() - 2.0 * (-x.ln()).ln()
                }
            }),
            ..case("log_slow", |x| -x.ln() - 2.0 * (-x.ln()).ln(), &[0.0])
        },
        case("mix_sep_asym", |x| log_sum(-(x - 60.0).powi(2) / 2.0, 3f64.ln() - (x + 25.0).powi(2) / 8.0), &[60.0, -25.0]),
        case("rat_removable", |x| ((x.powi(3) - 1.0) / (x - 1.0)).ln(), &[1.0]),
        case("poly_four_touch", |x| 2.0 * ((x * x - 1.0) * (x * x - 4.0)).abs().ln(), &[-2.0, -1.0, 0.0, 1.0, 2.0]),
        case("poly_expanded_square", |x| (x.powi(4) - 4.0 * x.powi(3) + 6.0 * x * x - 4.0 * x + 1.0).ln(), &[]),
    ]
}

fn solve(case: &Case, low: f64, high: f64) -> langevin::Result<Reference> {
    let mut log_density = |xs: &[f64], out: &mut [f64]| xs.iter().zip(out).for_each(|(&x, out)| *out = (case.log_density)(x));
    let mut near =
        case.near_end.map(|near| move |end: End, ts: &[f64], out: &mut [f64]| ts.iter().zip(out).for_each(|(&t, out)| *out = near(end, t)));
    let near_end = near.as_mut().map(|near| near as &mut NearEnd);
    let line = Line { low, high, log_density: &mut log_density, landmarks: case.landmarks, frequency: case.frequency, near_end };
    integrate(line, Tolerance::default())
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// Relative error demanded of Z and the mean and sd: what the singular ends without a log-distance form allow, and all others exceed.
const WANTED: f64 = 1e-10;

#[test]
fn every_reference_density_is_right_and_says_so() {
    let text = std::fs::read_to_string("tests/data/densities.json").unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = cases();
    let entries = json["densities"].as_array().unwrap();
    assert_eq!(entries.len(), cases.len());
    for entry in entries {
        let id = entry["id"].as_str().unwrap();
        let case = cases.iter().find(|case| case.id == id).unwrap_or_else(|| panic!("{id} has no case"));
        let reference = solve(case, number(&entry["low"]), number(&entry["high"])).unwrap_or_else(|error| panic!("{id}: {error}"));
        let integral = &reference.integral;
        let miss = (integral.log_value - number(&entry["log_Z"])).abs();
        assert!(integral.converged && !integral.certified, "{id}: {integral:?}");
        assert!(miss <= WANTED && miss <= integral.relative_error, "{id}: off by {miss:.1e}, claims {:.1e}", integral.relative_error);
        assert!(integral.evaluations <= 100_000, "{id}: {} evaluations", integral.evaluations);

        let (mean, sd) = (number(&entry["mean"]), number(&entry["sd"]));
        let moment = |name: &str, exact: f64, got: Option<f64>, unit: f64| match got {
            Some(got) => assert!(got == exact || (got - exact).abs() <= 10.0 * WANTED * unit, "{id}: {name} {got}, not {exact}"),
            None => assert!(exact.is_nan(), "{id}: no {name}, but it is {exact}"),
        };
        moment("mean", mean, reference.mean, if sd.is_finite() { sd } else { mean.abs() });
        moment("sd", sd, reference.sd, sd);

        for (p, q) in entry["quantiles"].as_object().unwrap() {
            let (p, q): (f64, f64) = (p.parse().unwrap(), number(q));
            // The file's q is rounded to a double, which moves p by at most the density times half a unit in the last place.
            let rounding = reference.pdf(q) * q.abs() * f64::EPSILON;
            assert!((reference.cdf(q) - p).abs() <= WANTED + rounding, "{id}: F({q}) = {}, not {p}", reference.cdf(q));
            let own = reference.quantile(p);
            assert!((reference.cdf(own) - p).abs() <= WANTED + rounding, "{id}: F({own}) = {}, not {p}", reference.cdf(own));
        }
    }
}
