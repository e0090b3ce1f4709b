//! Joint laws against what is known of them by hand: shares of parts, laws of radii, probabilities of events.

use std::f64::consts::{LN_2, PI, TAU};

use super::{Evidence, evidence_at_a_glance};
use crate::density::Model;

const DRAWS: usize = 20_000;
/// Standard errors that a share may be off: fixed seeds, so nothing is left to chance but the choice of the seed.
const ERRORS: f64 = 4.0;

fn solve(text: &str) -> Evidence {
    let model = Model::with_data(text.parse().unwrap(), None, &[], &crate::data::Data::default()).unwrap();
    evidence_at_a_glance(&model).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The share of draws for which `event` holds is `exact`.
#[track_caller]
fn check_share(text: &str, exact: f64, event: impl Fn(&[f64]) -> bool) {
    let found = solve(text);
    let draws = found.joint.unwrap_or_else(|| panic!("{text}: no recipe")).draws(DRAWS, 3);
    let share = (0..DRAWS).filter(|&draw| event(&draws.position(draw))).count() as f64 / DRAWS as f64;
    let error = (exact * (1.0 - exact) / DRAWS as f64).sqrt();
    assert!((share - exact).abs() < ERRORS * error, "{text}: {share} for {exact}");
}

#[track_caller]
fn check_log_z(text: &str, exact: f64) {
    let found = solve(text).integral;
    let allowed = 4.0 * found.relative_error.max(1e-9);
    assert!((found.log_value - exact).abs() < allowed, "{text}: log Z {} for {exact}, {allowed:.1e} allowed", found.log_value);
}

const PLANE: &str = "x in (-inf, inf); y in (-inf, inf); ";

#[test]
fn a_mixture_is_taken_part_by_part_whatever_its_scales() {
    let needle = format!("{PLANE} density = 0.9*exp(-(x^2 + y^2)/2) + 0.1*1e6*exp(-5e5*((x - 3)^2 + (y - 3)^2))");
    check_log_z(&needle, TAU.ln());
    check_share(&needle, 0.1, |x| (x[0] - 3.0).hypot(x[1] - 3.0) < 0.01);
    // As an energy, in many dimensions, and beside variables that have no part in it.
    let wide = "x[8] in (-inf, inf); energy = -log(0.25*exp(-sum((x - 2)^2)/2) + 0.75*0.1^-8*exp(-sum((x + 2)^2)*50))";
    check_log_z(wide, 4.0 * TAU.ln());
    check_share(wide, 0.25, |x| x.iter().sum::<f64>() > 0.0);
    let beside = format!("{PLANE} z in (0, inf); log_density = logsumexp(-x^2/2 - y^2/2, LN_TWO - (x - 50)^2/2 - y^2/2) - z");
    check_share(&beside.replace("LN_TWO", "log(2)"), 2.0 / 3.0, |x| x[0] > 25.0);
    let known = solve(&needle).marginals[0].cdf(&[2.9, 3.1]).unwrap();
    // 0.1 and what the broad part has there.
    assert!((known[1] - known[0] - 0.1 - 0.9 * 0.000_898_2).abs() < 1e-6, "{known:?}");
}

#[test]
fn mixtures_in_mixtures_are_multiplied_out() {
    // Two spikes and slabs that a coupling ties: all four parts are normal.
    let text = format!(
        "{PLANE} log_density = logsumexp(normal_lpdf(x | 0, 0.1), normal_lpdf(x | 0, 3)) + logsumexp(normal_lpdf(y | 0, 0.1), \
         normal_lpdf(y | 0, 3)) - (x - y)^2/2"
    );
    let found = solve(&text);
    assert!(found.integral.converged && found.joint.is_some());
    // ∫∫ of each pair: 1/√(1 + s² + t²).
    let pair = |s: f64, t: f64| 1.0 / (1.0 + s * s + t * t).sqrt();
    check_log_z(&text, (pair(0.1, 0.1) + 2.0 * pair(0.1, 3.0) + pair(3.0, 3.0)).ln());
}

#[test]
fn a_density_of_a_quadratic_form_has_one_radius() {
    // ∫(1 + r²)^(−2) dx over three dimensions is π².
    let cauchy = "x[3] in (-inf, inf); log_density = -2*log1p(sum(x^2))";
    check_log_z(cauchy, 2.0 * PI.ln());
    check_share(cauchy, 0.5, |x| x[1] > 0.0);
    // x₁ of a Cauchy vector is Cauchy: its quartiles are ±1.
    check_share(cauchy, 0.25, |x| x[0] > 1.0);
    let slanted = format!("{PLANE} log_density = -1.5*log1p((x^2 - 1.6*x*y + y^2)/0.36 - 2*x + 10)");
    assert!(solve(&slanted).joint.is_some());
    // A shell, by hypot: all the mass at 10 ± 1.
    let shell = format!("{PLANE} log_density = -(hypot(x - 1, y) - 10)^2*50");
    check_log_z(&shell, (TAU * 10.0 * (TAU / 100.0).sqrt()).ln());
    check_share(&shell, 0.25, |x| x[0] > 1.0 && x[1] > 0.0);
    // Not a function of the form: |x| is beside it.
    let beside = format!("{PLANE} log_density = -sqrt(x^2 + y^2) - abs(x)");
    assert!(!solve(&beside).parts.iter().any(|part| part.method.starts_with("radius")));
}

#[test]
fn what_is_bounded_is_left_to_rejection() {
    let jump = format!("{PLANE} log_density = if(x > y, log(4), 0) - x^2/2 - y^2/2");
    check_share(&jump, 0.8, |x| x[0] > x[1]);
    check_log_z(&jump, (5.0 * PI).ln());
    let quadrants = "x in (-2, 2); y in (-2, 2); log_density = if(x*y > 0, log(3), 0)";
    check_share(quadrants, 0.75, |x| x[0] * x[1] > 0.0);
    // A Gaussian of correlation 0.8 that is cut to a quadrant: P(x < y) is 1/2, Z the whole times 1/4 + asin(0.8)/2π.
    let cut = "x in (0, inf); y in (0, inf); log_density = -(x^2 - 1.6*x*y + y^2)/0.72";
    check_log_z(cut, (TAU * 0.6 * (0.25 + 0.8_f64.asin() / TAU)).ln());
    check_share(cut, 0.5, |x| x[0] < x[1]);
    let hole = format!("{PLANE} log_density = if(x^2 + y^2 < 1, -inf, -(x^2 + y^2)/2)");
    check_log_z(&hole, TAU.ln() - 0.5);
    check_share(&hole, (-1.5_f64).exp(), |x| x[0].hypot(x[1]) > 2.0);
    let half = "x[5] in (-inf, inf); log_density = if(sum(x) > 0, log(6), 0) - sum(x^2)/2";
    check_share(half, 6.0 / 7.0, |x| x.iter().sum::<f64>() > 0.0);
    check_log_z(half, 2.5 * TAU.ln() + 7.0_f64.ln() - LN_2);
}

#[test]
fn normal_variables_are_drawn_given_those_they_depend_on() {
    let funnel = "v in (-inf, inf); x[3] in (-inf, inf); log_density = normal_lpdf(v | 0, 3) + sum(normal_lpdf(x | 0, exp(v/2)))";
    check_share(funnel, 0.5, |x| x[0] > 0.0);
    // |x| < exp(v/2) is |N(0, 1)| < 1.
    check_share(funnel, 0.682_689_492_137_086, |x| x[2].abs() < (x[0] / 2.0).exp());
    let rosenbrock = format!("{PLANE} log_density = -(1 - x)^2 - 100*(y - x^2)^2");
    check_share(&rosenbrock, 0.5, |x| x[1] > x[0] * x[0]);
    check_share(&rosenbrock, 0.5, |x| x[0] > 1.0);
    let correlated = format!("{PLANE} log_density = -(x^2 - 1.6*x*y + y^2)/0.72 + x");
    // P(both above their means) is 1/4 + asin(0.8)/2π; the means are (1, 0.8).
    check_share(&correlated, 0.25 + 0.8_f64.asin() / TAU, |x| x[0] > 1.0 && x[1] > 0.8);
}

#[test]
fn a_power_of_a_mixture_is_multiplied_out() {
    // Squares of the masses 2π and π/2, and twice the product: exp(−64·ab/(a + b))·π/(a + b) with a = 1/4 and b = 1.
    let square = format!("{PLANE} density = (exp(-((x + 4)^2 + y^2)/4) + exp(-((x - 4)^2 + y^2)))^2");
    check_log_z(&square, (TAU + 0.5 * PI + 2.0 * (-12.8_f64).exp() * PI / 1.25).ln());
    check_share(&square, 0.2, |x| x[0] > 0.0);
    let cosh = format!("{PLANE} log_density = log(cosh(3*(x + y))*exp(-(x^2 + y^2)/2))");
    check_log_z(&cosh, TAU.ln() + 9.0);
    check_share(&cosh, 0.5, |x| x[0] + x[1] > 0.0);
    let switched = format!("{PLANE} log_density = -(x^2 + y^2)/2 + log1p(100*exp((x^2 + y^2)/2 - 50*((x - 9)^2 + (y - 9)^2)))");
    check_share(&switched, 0.5, |x| x[0] > 5.0);
}

#[test]
fn shifted_and_scaled_variables_are_drawn_as_what_is_shifted() {
    let walk = "x[4] in (-inf, inf); log_density = -abs(x[1]) - sum(i in 2..4, abs(x[i] - x[i - 1]))";
    check_log_z(walk, 4.0 * LN_2);
    check_share(walk, 0.5, |x| (x[3] - x[2]).abs() < LN_2);
    let cauchy = format!("{PLANE} log_density = cauchy_lpdf(x | 0, 1) + cauchy_lpdf(y | 2 - x, 3)");
    check_log_z(&cauchy, 0.0);
    check_share(&cauchy, 0.25, |x| x[1] + x[0] - 2.0 > 3.0);
    let logistic = "x[3] in (-inf, inf); log_density = logistic_lpdf(x[1] | 0, 1) + sum(i in 2..3, logistic_lpdf(x[i] | x[i - 1], 1))";
    check_log_z(logistic, 0.0);
    check_share(logistic, 0.75, |x| x[2] - x[1] < 3.0_f64.ln());
    let rates = "a in (0, inf); b in (0, inf); log_density = exponential_lpdf(a | 1) + exponential_lpdf(b | a)";
    check_log_z(rates, 0.0);
    check_share(rates, 0.5, |x| x[0] * x[1] < LN_2);
    let shared = "z in (-inf, inf); x[4] in (-inf, inf); log_density = -z^2/2 - sum(abs(x - z))";
    check_log_z(shared, 0.5 * TAU.ln() + 4.0 * LN_2);
    check_share(shared, 0.5, |x| (x[3] - x[0]).abs() < LN_2);
    // Nothing is shifted: the product couples all.
    assert!(solve("x[3] in (-inf, inf); log_density = -sum(x^4) + x[1]*x[2]*x[3]").joint.is_none());
}

#[test]
fn two_coupled_variables_are_drawn_by_their_lines() {
    // Farlie, Gumbel and Morgenstern's copula: uv(1 + (1 − u)(1 − v)) of the mass is below u and v.
    let copula = "u in (0, 1); v in (0, 1); density = 1 + (1 - 2*u)*(1 - 2*v)";
    check_log_z(copula, 0.0);
    check_share(copula, 0.3125, |x| x[0] < 0.5 && x[1] < 0.5);
    // (x − y)/√2 has the density |d|·exp(−d²/2)/2.
    let apart = format!("{PLANE} density = exp(-(x^2 + y^2)/2)*abs(x - y)");
    check_log_z(&apart, (2.0 * 2.0_f64.sqrt() * TAU.sqrt()).ln());
    check_share(&apart, 1.0 - (-0.5_f64).exp(), |x| (x[0] - x[1]).abs() < 2.0_f64.sqrt());
    // Lines that no double reaches the mass of, where a is next to 0, have none of the law.
    check_log_z("a in (0, inf); b in (0, inf); log_density = gamma_lpdf(a | 3, 1) + gamma_lpdf(b | a, 2)", 0.0);
}

#[test]
fn chains_of_normal_variables_come_apart_to_the_last_digit() {
    let chain = "x[5] in (-inf, inf); log_density = -(1 - x[1])^2 - 10*sum(i in 1..4, (x[i + 1] - x[i]^2)^2)";
    check_log_z(chain, 0.5 * PI.ln() + 2.0 * (PI / 10.0).ln());
    check_share(chain, 0.5, |x| x[0] > 1.0);
    check_share(chain, 0.5, |x| x[4] > x[3] * x[3]);
    // Multiplied out, its squares cancel but for roundings.
    let banana = format!("{PLANE} log_density = -x^2/200 - y^2/2 - 0.03*x^2*y - (0.03*x^2)^2/2");
    check_log_z(&banana, (10.0 * TAU).ln());
    check_share(&banana, 0.5, |x| x[1] > -0.03 * x[0] * x[0]);
}

#[test]
fn the_size_of_a_product_is_the_product_of_the_sizes() {
    let product = "x[3] in (-inf, inf); density = exp(-sum(x^2)/2)*(x[1]*x[2]/x[3]^-1)^2";
    check_log_z(product, 1.5 * TAU.ln());
    // x²·φ(x) has 0.198748 within 1.
    check_share(product, 0.198_748_043_098_799, |x| x[1].abs() < 1.0);
}

#[test]
fn a_cubature_that_overflows_ends() {
    let model =
        "a in (0, inf); b in (0, inf); c in (0, inf); log_density = gamma_lpdf(a | 2, 1) + gamma_lpdf(b | a, 1) + gamma_lpdf(c | b, 1)";
    let model = Model::with_data(model.parse().unwrap(), None, &[], &crate::data::Data::default()).unwrap();
    assert_eq!(evidence_at_a_glance(&model).err().unwrap().kind, crate::error::ErrorKind::Unsupported);
}

#[test]
fn a_radius_that_does_not_fall_off_diverges() {
    // r⁴/(1 + r²)²: its squares overflow long before it would matter.
    let model = "x[5] in (-inf, inf); log_density = -2*log1p(sum(x^2))".parse().unwrap();
    let model = Model::with_data(model, None, &[], &crate::data::Data::default()).unwrap();
    assert_eq!(evidence_at_a_glance(&model).err().unwrap().kind, crate::error::ErrorKind::NotIntegrated);
}

#[test]
fn a_scale_that_is_positive_is_no_condition() {
    let funnel = "v in (-inf, inf); x in (-inf, inf); y in (-inf, inf); log_density = normal_lpdf(v | 0, 5) + normal_lpdf(x | 0, exp(v/2)) \
                  + normal_lpdf(y | 0, exp(v)*exp(-v/2))";
    let model = Model::with_data(funnel.parse().unwrap(), None, &[], &crate::data::Data::default()).unwrap();
    let found = super::evidence(&model, crate::quadrature::Tolerance::default(), crate::quadrature::CERTIFY).unwrap();
    assert!(found.integral.log_value.abs() < 1e-9, "{:?}", found.integral);
}

#[test]
fn two_charts_of_a_cubature_show_a_tail_that_one_does_not_see() {
    // A funnel whose scale is no exponential: nothing is integrated out, and most of the mass is where x is far out.
    let funnel = "v in (-inf, inf); x in (-inf, inf); y in (-inf, inf); log_density = -v^2/50 - (x^4 + y^4)*exp(-2*v) - v";
    let model = Model::with_data(funnel.parse().unwrap(), None, &[], &crate::data::Data::default()).unwrap();
    // ∫exp(−x⁴e^(−2v))dx = 2Γ(5/4)·e^(v/2), twice.
    let exact = 2.0 * LN_2 + 2.0 * crate::math::lgamma(1.25) + 0.5 * (50.0 * PI).ln();
    match super::evidence(&model, crate::quadrature::Tolerance::default(), crate::quadrature::CERTIFY) {
        Err(error) => assert_eq!(error.kind, crate::error::ErrorKind::Unsupported),
        Ok(found) => {
            let miss = (found.integral.log_value - exact).exp_m1().abs();
            assert!(miss <= found.integral.relative_error, "off by {miss:.1e}, {:?}", found.integral);
        }
    }
}
