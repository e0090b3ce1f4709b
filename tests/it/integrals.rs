//! Integrals in one variable, by kind: families of the literature with their closed forms, and kinds that once were lost, refused or answered.

use std::f64::consts::{E, FRAC_PI_4, PI};

use langevin::density::{Meaning, Model};
use langevin::error::ErrorKind;
use langevin::quadrature::{CERTIFY, Reference, Tolerance, certified, evidence};

use crate::common::sized;

fn integrate(formula: &str, range: &str) -> langevin::Result<Reference> {
    let model = Model::new(formula, Meaning::Density, &[range.parse()?])?;
    certified(&model, Tolerance::default(), CERTIFY)
}

/// The exact values are rounded, as are the numbers in the formulas.
const ROUNDED: f64 = 1e-14;

/// The value within its error, and the error no larger than `relative` of it.
#[track_caller]
fn check(formula: &str, range: &str, exact: f64, relative: f64) -> Reference {
    let found = integrate(formula, range).unwrap_or_else(|error| panic!("{formula} on {range}: {error}"));
    let integral = &found.integral;
    let miss = (integral.value / exact - 1.0).abs();
    assert!(miss <= integral.relative_error + ROUNDED, "{formula} on {range}: off by {miss:e} of {exact:e}, {integral:?}");
    assert!(integral.relative_error <= relative, "{formula} on {range}: {integral:?}");
    if let Some(proof) = &integral.proof {
        let (low, high) = proof.value_bounds();
        let slack = 1e-13 * exact;
        assert!(low - slack <= exact && exact <= high + slack, "{formula} on {range}: {exact} is not in {low} to {high}");
    }
    found
}

/// Rows of tests/data/integrals.tsv, which `integrals.py` beside it writes: family, formula, ranges, integral.
#[test]
fn integrals_of_the_literature_are_within_their_errors_and_their_proved_bounds() {
    let mut faults = Vec::new();
    for row in include_str!("../data/integrals.tsv").lines().step_by(sized(6, 1)) {
        let [_, formula, ranges, exact] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let bounds: Vec<_> = ranges.split(' ').map(|range| range.parse().unwrap()).collect();
        let exact: f64 = exact.parse().unwrap();
        let model = Model::new(formula, Meaning::Density, &bounds).unwrap_or_else(|error| panic!("{row}: {error}"));
        match evidence(&model, Tolerance::default(), CERTIFY).map(|found| found.integral) {
            Err(error) => faults.push(format!("refused: {row}: {error}")),
            Ok(found) => {
                let miss = (found.value / exact - 1.0).abs();
                if miss > found.relative_error + ROUNDED {
                    faults.push(format!("off by {miss:e}, not {:e}: {row}", found.relative_error));
                }
                let bounds = found.proof.map(|proof| proof.value_bounds());
                if bounds.is_some_and(|(low, high)| exact < low * (1.0 - ROUNDED) || exact > high * (1.0 + ROUNDED)) {
                    faults.push(format!("proved {bounds:?}: {row}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn scales_from_the_smallest_to_the_largest_doubles() {
    for scale in [1e-300, 1e-200, 1e-30, 1e50, 1e120, 1e300] {
        let found = check(&format!("exp(-(x/{scale})^2/2)"), "-inf,inf", scale * (2.0 * PI).sqrt(), 1e-8);
        assert!((found.sd.unwrap() / scale - 1.0).abs() < 1e-8, "{scale}: {:?}", found.sd);
        let found = check(&format!("exp(-x/{scale})"), "0,inf", scale, 1e-8);
        assert!((found.mean.unwrap() / scale - 1.0).abs() < 1e-8, "{scale}: {:?}", found.mean);
    }
    check("exp(-x/1e-200)", "0,1", 1e-200, 1e-8);
    check("x*exp(-x/1e80)", "0,inf", 1e160, 1e-8);
}

#[test]
fn what_cancels_far_out_is_followed_as_far_as_it_has_digits() {
    check("1-x/sqrt(1+x^2)", "0,inf", 1.0, 1e-3);
    check("1-x*atan(1/x)", "0,inf", FRAC_PI_4, 1e-3);
    check("1-x^2*log(1+1/x^2)", "0,inf", PI / 3.0, 1e-3);
}

#[test]
fn needles_that_points_miss_are_found() {
    let root = PI.sqrt();
    for count in [60, 100] {
        let formula = format!("sum(i in 1..{count}, exp(-((x-i*0.37)/1e-3)^2))");
        check(&formula, "0,100", f64::from(count) * 1e-3 * root, 1.0);
    }
    check("exp(-((mod(x,1)-0.5)/1e-3)^2)", "0,100", 0.1 * root, 1e-8);
    check("1e-12/((x-0.3)^2+1e-24)", "0,1", PI - 1e-12 * (1.0 / 0.3 + 1.0 / 0.7), 1e-2);
    check("1+if(abs(x-0.4)<1e-9,1e9,0)", "0,1", 3.0, 1e-6);
}

#[test]
fn logarithms_of_products_of_known_functions_do_not_overflow() {
    check("exp(-x^2)*cosh(x)", "-inf,inf", PI.sqrt() * 0.25_f64.exp(), 1e-9);
    check("exp(-x^2)*sinh(x)^2", "-inf,inf", PI.sqrt() * (E - 1.0) / 2.0, 1e-8);
    check("cosh(x)/cosh(2*x)", "-inf,inf", PI / 2_f64.sqrt(), 1e-9);
    check("x*sinh(x)*exp(-2*x^2)", "0,inf", (PI / 2.0).sqrt() * 0.125_f64.exp() / 8.0, 1e-8);
    check("sinh(x)/sinh(3*x)", "0,inf", PI / 6.0 * (PI / 6.0).tan(), 1e-8);
}

#[test]
fn steps_in_a_tail_are_known() {
    check("floor(x)*exp(-x)", "0,inf", 1.0 / (E - 1.0), 1e-8);
    check("exp(-floor(x))", "0,inf", E / (E - 1.0), 1e-8);
    check("exp(-2*ceil(x/3))", "0,inf", 3.0 / (E * E - 1.0), 1e-8);
    check("exp(-round(x))", "0,inf", 0.5 + 1.0 / (E - 1.0), 1e-8);
}

#[test]
fn divergence_is_only_claimed_with_a_proof_and_never_answered() {
    for (formula, range, kind) in [
        ("1/x", "0,1", ErrorKind::InfiniteZ),
        ("1/(1+sqrt(x))", "0,inf", ErrorKind::InfiniteZ),
        ("sin(x)^2/x", "1,inf", ErrorKind::NotIntegrated),
        ("abs(sin(x))/x", "1,inf", ErrorKind::NotIntegrated),
        ("1/(1+x*sin(x)^2)", "0,inf", ErrorKind::NotIntegrated),
        ("cos(x)^2/(1+x)", "0,inf", ErrorKind::NotIntegrated),
    ] {
        let error = integrate(formula, range).map(|found| found.integral.value).unwrap_err();
        assert_eq!(error.kind, kind, "{formula}: {error}");
        assert_eq!(error.message.contains("diverges"), kind == ErrorKind::InfiniteZ, "{formula}: {error}");
    }
}
