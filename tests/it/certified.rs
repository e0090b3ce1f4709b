//! Proved bounds on Z: they hold the known value, they are close, and divergence is proved where there is any.

use std::f64::consts::{FRAC_PI_2, LN_2, PI};

use crate::common::{data, number};
use langevin::density::{LogDensity, Meaning, Model};
use langevin::error::ErrorKind;
use langevin::quadrature::{CERTIFY, Certificate, Tolerance, certified, certify, reference};
use langevin::random::{Purpose, Stream};
use rand::RngExt as _;

fn prove(formula: &str, range: &str, relative: f64) -> langevin::Result<Certificate> {
    let model = Model::new(formula, Meaning::Density, &[range.parse()?])?;
    let estimate = reference(&model, Tolerance::default()).ok();
    certify(&model, estimate.as_ref(), relative)
}

#[track_caller]
fn check(formula: &str, range: &str, exact: f64) {
    let proof = prove(formula, range, CERTIFY).unwrap_or_else(|error| panic!("{formula}: {error}"));
    let (low, high) = proof.value_bounds();
    // `exact` is a rounded double itself.
    assert!(low.next_down() <= exact && exact <= high.next_up(), "{formula}: {exact} is not in {:?}", proof.bounds);
    assert!(proof.reason.is_none() && proof.relative_width() <= CERTIFY, "{formula}: {:?}", proof);
}

#[test]
fn every_known_density_is_proved_to_a_billionth() {
    for entry in data("densities")["densities"].as_array().unwrap() {
        let text = |key: &str| entry[key].as_str().unwrap();
        let range = format!("{},{}", text("low"), text("high"));
        let proof = prove(text("formula"), &range, CERTIFY).unwrap();
        let (low, high) = proof.log_bounds();
        let exact = number(&entry["log_Z"]);
        let id = text("id");
        // log Z has no more digits than a double of its size.
        assert!(low <= exact + 2e-16 * exact.abs() && exact - 2e-16 * exact.abs() <= high, "{id}: {exact} is not in {low} to {high}");
        assert!(proof.reason.is_none() && proof.relative_width() <= CERTIFY, "{id}: {proof:?}");
    }
}

#[test]
fn classic_integrands_are_proved() {
    let root = PI.sqrt();
    check("exp(x)", "0,1", 1.718_281_828_459_045);
    check("4/(1+x^2)", "0,1", PI);
    check("1/(1+25*x^2)", "-1,1", 0.4 * 5_f64.atan());
    check("sqrt(x)", "0,1", 2.0 / 3.0);
    check("1/sqrt(x)", "0,1", 2.0);
    check("x^(-0.9)", "0,1", 10.0);
    check("x^(-0.99)", "0,1", 100.0);
    check("-log(x)", "0,1", 1.0);
    check("-log(x)/sqrt(x)", "0,1", 4.0);
    check("abs(x-1/3)", "0,1", 5.0 / 18.0);
    check("abs(x-1/3)^(-1/2)", "0,1", 2.0 * ((1.0 / 3.0_f64).sqrt() + (2.0 / 3.0_f64).sqrt()));
    check("if(x<0.3,0,1)", "0,1", 0.7);
    // Kahaner's integrand 21, which quad-like rules miss by half a per cent.
    check("1/cosh(10*(x-0.2))^2+1/cosh(100*(x-0.4))^4+1/cosh(1000*(x-0.6))^6", "0,1", 0.210_802_735_500_549_27);
    check("exp(-x^2)", "-inf,inf", root);
    check("1/(1+x^2)", "-inf,inf", PI);
    check("exp(-x)/sqrt(x)", "0,inf", root);
    check("exp(-(x-1000)^2)", "-inf,inf", root);
    check("1/sqrt(1-x^2)", "-1,1", PI);
    check("(x*(1-x))^(-3/4)", "0,1", 7.416_298_709_205_487);
    check("x^(-1/3)", "0,1", 1.5);
    check("1/cosh(x)", "-inf,inf", PI);
    check("exp(-exp(x)+x)", "-inf,inf", 1.0);
    check("exp(-sqrt(x))", "0,inf", 2.0);
    check("exp(-log(x)^2/2)/x", "0,inf", (2.0 * PI).sqrt());
    check("erfc(x)", "0,inf", 1.0 / root);
    check("x^x", "0,1", 0.783_430_510_712_134_4);
    check("sin(x)/x", "0,1", 0.946_083_070_367_183);
    check("mod(x,1)", "0,3", 1.5);
    check("floor(x)+1", "0,5", 15.0);
    check("sqrt(1-x^2)", "-1,1", FRAC_PI_2);
    check("1/(x*log(x)^2)", "2,inf", 1.0 / LN_2);
    check("exp(-1/x)", "0,1", 0.148_495_506_775_922_04);
}

#[test]
fn parts_of_unknown_behaviour_at_a_singular_end_are_bounded_over_the_stub_alone() {
    check("2+sin(lgamma(x))", "0,1", 2.451_202_865_572_966_5);
}

#[test]
fn bounds_can_be_asked_closer() {
    for (formula, range) in [("exp(-x^2/2)*(1+erf(4*x))", "-inf,inf"), ("1/(1+25*x^2)", "-1,1"), ("-log(x)", "0,1")] {
        let proof = prove(formula, range, 1e-12).unwrap();
        assert!(proof.relative_width() <= 1e-12 && proof.reason.is_none(), "{formula}: {proof:?}");
    }
}

#[test]
fn divergence_is_proved_with_its_place() {
    for (formula, range, says) in [
        ("1/x", "0,1", "at x = 0"),
        ("1/(exp(x)-1)", "0,1", "at x = 0"),
        ("1/(1-cos(x))", "0,1", "1/|x|^2 at x = 0"),
        ("1/log(x)", "1,2", "at x = 1"),
        ("1/abs(x-0.25)", "0,1", "at x = 0.25"),
        ("x^2", "0,inf", "toward infinity"),
        ("1", "-inf,inf", "toward -infinity"),
        ("1/(x*log(x))", "2,inf", "toward infinity"),
        ("1/(1+sqrt(x))", "0,inf", "toward infinity"),
        ("exp(x)/(1+x^2)", "0,inf", "toward infinity"),
        ("2+sin(x)", "0,inf", "toward infinity"),
    ] {
        let model = Model::new(formula, Meaning::Density, &[range.parse().unwrap()]).unwrap();
        let error = certify(&model, None, CERTIFY).unwrap_err();
        assert!(error.kind == ErrorKind::InfiniteZ && error.message.contains(says), "{formula}: {}", error.message);
    }
}

#[test]
fn what_no_point_hits_is_found_by_the_proof() {
    // A needle between the nodes, where no landmark stands: sin(π·(…)) hides its centre.
    let model = Model::new("exp(-((sin(x)-0.123456789)/1e-7)^2)", Meaning::Density, &["0,1".parse().unwrap()]).unwrap();
    let found = certified(&model, Tolerance::default(), CERTIFY).unwrap();
    let exact = 1e-7 * PI.sqrt() / (1.0 - 0.123_456_789_f64.powi(2)).sqrt();
    assert!((found.integral.value / exact - 1.0).abs() < 1e-9, "{:?} beside {exact}", found.integral);
    assert!(found.integral.certified);
}

/// Oscillating, bounded and falling densities of random functions of x toward a singular point and toward infinity: whole certificates
/// hold what composite quadrature in the logarithm of the distance gives, where that has settled.
#[test]
fn certificates_of_random_formulas_at_singular_ends_hold_their_integrals() {
    const FUNCTIONS: [&str; 18] = [
        "log", "sqrt", "exp", "lgamma", "digamma", "gamma", "sinh", "tanh", "atan", "cbrt", "log1p", "erf", "erfc", "floor", "sin", "abs",
        "softplus", "expm1",
    ];
    const DENSITIES: [&str; 5] = ["2+sin(F)", "2+cos(F)", "1/(1+F^2)", "exp(-abs(F))", "2+tanh(F)"];
    let formulas = std::env::var("SOUNDNESS").map_or(60, |number| number.parse().unwrap());
    let mut rng = Stream::new(26, formulas, Purpose::Noise);
    let mut compared = 0;
    for _ in 0..formulas {
        let mut function = ["x", "1/x", "x^2", "log(x)", "x^(-0.5)", "lbeta(x,2)"][rng.random_range(0..6)].to_string();
        for _ in 0..rng.random_range(1..3) {
            function = format!("{}({function})", FUNCTIONS[rng.random_range(0..FUNCTIONS.len())]);
        }
        let density = DENSITIES[rng.random_range(0..5)].replace('F', &function);
        let (formula, range, sign) =
            if rng.random_bool(0.6) { (density, "0,1", -1.0) } else { (format!("({density})*exp(-x/3)"), "1,inf", 1.0) };
        let model = Model::new(&formula, Meaning::Density, &[range.parse().unwrap()]).unwrap();
        let Ok(proof) = certify(&model, None, 1e-3) else { continue };
        let Some((value, doubt)) = by_midpoints(&model, sign) else { continue };
        compared += 1;
        let (low, high) = proof.value_bounds();
        let slack = 10.0 * doubt + 1e-6 * value;
        assert!(low - slack <= value && value <= high + slack, "{formula} on {range}: {value} ± {doubt} is not in {low} to {high}");
    }
    assert!(compared > formulas / 3, "only {compared} of {formulas} integrals settled");
}

/// ∫ p over t of x = exp(±t), by midpoints at two widths; `None` where p has no value, or the two are far apart.
fn by_midpoints(model: &Model, sign: f64) -> Option<(f64, f64)> {
    const FARTHEST: f64 = 30.0;
    let mut evaluator = model.evaluator();
    let mut sum = |count: usize| {
        let step = FARTHEST / count as f64;
        let x: Vec<f64> = (0..count).map(|k| (sign * step * (k as f64 + 0.5)).exp()).collect();
        let mut log_density = vec![0.0; count];
        evaluator.line(&x, &mut log_density);
        step * log_density.iter().zip(&x).map(|(log_density, x)| log_density.exp() * x).sum::<f64>()
    };
    let (coarse, fine) = (sum(15_000), sum(50_000));
    let doubt = (fine - coarse).abs();
    (doubt < 1e-3 * fine).then_some((fine, doubt))
}
