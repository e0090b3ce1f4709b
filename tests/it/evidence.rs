//! Z in several dimensions: by factors, Gaussian blocks, iterated integrals and cubature, each with an honest error.

use std::f64::consts::{LN_2, PI, TAU};

use crate::common::{data, number};
use langevin::density::{Declaration, Meaning, Model};
use langevin::error::ErrorKind;
use langevin::math::lgamma;
use langevin::quadrature::{CERTIFY, Evidence, Tolerance, evidence};

fn solve(formula: &str, ranges: &[&str]) -> langevin::Result<Evidence> {
    let declarations: Vec<Declaration> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    evidence(&Model::new(formula, Meaning::Density, &declarations)?, Tolerance::default(), CERTIFY)
}

/// `wanted` is the relative error that this kind of density must reach.
#[track_caller]
fn check(formula: &str, ranges: &[&str], exact: f64, wanted: f64, method: &str) -> Evidence {
    let found = solve(formula, ranges).unwrap_or_else(|error| panic!("{formula}: {error}"));
    let (miss, claimed) = ((found.integral.log_value - exact).abs(), found.integral.relative_error);
    assert!(miss <= wanted && miss <= claimed.max(1e-13), "{formula}: off by {miss:.1e}, claimed {claimed:.1e}");
    assert_eq!(found.integral.method, method, "{formula}");
    found
}

const RULE: &str = "adaptive Gauss-Kronrod";
const ITERATED: &str = "iterated adaptive Gauss-Kronrod";
const RADIUS: &str = "radius of a quadratic form";
const PARTS: &str = "part by part";
const CUBATURE: &str = "adaptive Genz-Malik";

#[test]
fn every_known_density_of_several_variables_is_right() {
    for entry in data("densities_nd")["densities"].as_array().unwrap() {
        let list = |key: &str| entry[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect::<Vec<_>>();
        let (names, low, high) = (list("vars"), list("low"), list("high"));
        let ranges: Vec<String> = (0..names.len()).map(|i| format!("{}={},{}", names[i], low[i], high[i])).collect();
        let ranges: Vec<&str> = ranges.iter().map(String::as_str).collect();
        let (id, formula) = (entry["id"].as_str().unwrap(), entry["formula"].as_str().unwrap());
        let found = solve(formula, &ranges).unwrap_or_else(|error| panic!("{id}: {error}"));
        let miss = (found.integral.log_value - number(&entry["log_Z"])).abs();
        // Products, Gaussians and what two variables couple: ten digits.
        assert!(miss <= 1e-10 && miss <= found.integral.relative_error && found.integral.converged, "{id}: off by {miss:.1e}");
    }
}

#[test]
fn gaussian_variables_are_integrated_exactly() {
    let plane = ["x=-inf,inf", "y=-inf,inf"];
    let found = check("exp(-0.5*(x^2 - 1.8*x*y + y^2)/0.19 + x)", &plane, TAU.ln() + 0.5 * 0.19_f64.ln() + 0.5, 1e-13, "Gaussian, exactly");
    // N(Σ(1, 0), Σ): the mean is the first column of the covariance.
    let (mean, sd) = (found.marginals[1].mean().unwrap(), found.marginals[1].sd().unwrap());
    assert!((mean - 0.9).abs() < 1e-12 && (sd - 1.0).abs() < 1e-12, "{mean} {sd}");
    assert!((found.marginals[0].quantile(0.975).unwrap() - 2.959_963_984_540_054).abs() < 1e-11);
    check("exp(-(1-x)^2/20 - 5*(y-x^2)^2)", &plane, (20.0 * PI).sqrt().ln() + (PI / 5.0).sqrt().ln(), 1e-12, "by factors");
    // A hyperparameter: s scales y, z depends on both.
    check(
        "exp(-s^2/2 - y^2*exp(-s)/2 - s/2 - (z - s*y)^2/2)",
        &["s=-inf,inf", "y=-inf,inf", "z=-inf,inf"],
        1.5 * TAU.ln(),
        1e-10,
        "by factors",
    );
}

#[test]
fn what_is_integrated_out_keeps_its_law() {
    let plane = ["x=-inf,inf", "y=-inf,inf"];
    // y given x is N(3 − 0.03x², 1), x is N(0, 10²): E y = 0, Var y = 1 + 0.03²·2·10⁴.
    let banana = solve("exp(-x^2/200 - 0.5*(y + 0.03*x^2 - 3)^2)", &plane).unwrap();
    let y = &banana.marginals[1];
    assert!(y.mean().unwrap().abs() < 1e-7 && (y.sd().unwrap() - 19_f64.sqrt()).abs() < 1e-7, "{:?} {:?}", y.mean(), y.sd());
    // A thin one, whose law no coarse sum over x gives: y = x² + N(0, 0.01²), so P(y < 1) is P(χ²₁ < 1) up to 1e-4·p″/2.
    let thin = solve("exp(-x^2/2 - 5000*(y - x^2)^2)", &plane).unwrap();
    assert!((thin.marginals[1].cdf(&[1.0]).unwrap()[0] - 0.682_689_492_137_086).abs() < 3e-5);
    // Neal's funnel: Var x = E exp(v) = exp(9/2), and x is as likely positive as not.
    let funnel = solve("exp(-v^2/18 - x^2*exp(-v)/2 - v/2)", &["v=-inf,inf", "x=-inf,inf"]).unwrap();
    let x = &funnel.marginals[1];
    assert!((x.sd().unwrap() / (2.25_f64).exp() - 1.0).abs() < 1e-6, "{:?}", x.sd());
    assert!((x.cdf(&[0.0]).unwrap()[0] - 0.5).abs() < 1e-8);
    // One inside the other: z given s and y, y given s. Var z = 1 + E s²exp(s) = 1 + 2√e.
    let chain = solve("exp(-s^2/2 - y^2*exp(-s)/2 - s/2 - (z - s*y)^2/2)", &["s=-inf,inf", "y=-inf,inf", "z=-inf,inf"]).unwrap();
    assert!((chain.marginals[2].sd().unwrap() - (1.0 + 2.0 * 0.5_f64.exp()).sqrt()).abs() < 1e-6, "{:?}", chain.marginals[2].sd());
    // E y given x is x, and x is Cauchy: neither has a mean.
    let heavy = solve("exp(-(y-x)^2/2)/(1+x^2)", &plane).unwrap();
    assert!(heavy.marginals[1].mean().is_none() && heavy.marginals[1].sd().is_none(), "{:?}", heavy.marginals[1].sd());
}

#[test]
fn factors_that_share_nothing_are_proved() {
    let found = check("x^2*exp(-abs(y))/(1+z^2)", &["x=0,1", "y=-inf,inf", "z=-inf,inf"], (2.0 * PI / 3.0).ln(), 1e-11, RULE);
    assert!(found.integral.certified && found.parts.len() == 3);
    let free = solve("x", &["x=0,1", "y=2,5"]).unwrap();
    assert!((free.integral.value - 1.5).abs() < 1e-12 && free.marginals[1].mean() == Some(3.5));
}

#[test]
fn two_variables_are_integrated_one_inside_the_other() {
    let (plane, unit) = (["x=-inf,inf", "y=-inf,inf"], ["x=0,1", "y=0,1"]);
    let dirichlet = lgamma(2.0) + lgamma(3.0) + lgamma(2.5) - lgamma(7.5);
    check("if(x+y<1, x*y^2*(1-x-y)^1.5, 0)", &unit, dirichlet, 1e-10, ITERATED);
    check("if(x^2+y^2<1, sqrt(1-x^2-y^2), 0)", &["x=-1,1", "y=-1,1"], (TAU / 3.0).ln(), 1e-10, ITERATED);
    check("1/sqrt(x^2+y^2)", &unit, (2.0 * 1_f64.asinh()).ln(), 1e-10, ITERATED);
    check("exp(-abs(x)-abs(y)-abs(x-y))", &plane, 1.5_f64.ln(), 1e-10, ITERATED);
}

#[test]
fn structure_leaves_one_radius_or_parts() {
    let (plane, unit) = (["x=-inf,inf", "y=-inf,inf"], ["x=0,1", "y=0,1"]);
    let space = ["x=-inf,inf", "y=-inf,inf", "z=-inf,inf"];
    check("(1+(x^2+y^2)/5)^(-3.5)", &plane, TAU.ln(), 1e-10, RADIUS);
    let student = 1.5 * (5.0 * PI).ln() + lgamma(2.5) - lgamma(4.0);
    check("(1+(x^2+y^2+z^2)/5)^(-4)", &space, student, 1e-10, RADIUS);
    check("1+1e6*exp(-((x-0.31)^2+(y-0.77)^2)/2e-6)", &unit, (1.0 + TAU).ln(), 1e-10, PARTS);
    let modes = "exp(-((x-3)^2+(y-3)^2+(z-3)^2)/2)+exp(-((x+3)^2+(y+3)^2+(z+3)^2)/2)";
    let found = check(modes, &space, LN_2 + 1.5 * TAU.ln(), 1e-10, PARTS);
    assert!((found.marginals[2].sd().unwrap() - 10_f64.sqrt()).abs() < 1e-9);
    // A thin ring of radius 5: Z = 2π∫r exp(−(r−5)²/0.02)dr = 2π·5·√(0.02π) to twenty digits.
    let ring = check("exp(-(sqrt(x^2+y^2)-5)^2/0.02)", &plane, (TAU * 5.0 * (0.02 * PI).sqrt()).ln(), 1e-9, RADIUS);
    assert!((ring.marginals[0].sd().unwrap() - (0.5 * (25.0_f64 + 3.0 * 0.01)).sqrt()).abs() < 1e-7);
}

#[test]
fn three_variables_are_left_to_cubature() {
    // An eighth of a Student t: the walls hide its radius.
    let student = 1.5 * (5.0 * PI).ln() + lgamma(2.5) - lgamma(4.0);
    check("(1+(x^2+y^2+z^2)/5)^(-4)", &["x=0,inf", "y=0,inf", "z=0,inf"], student - 3.0 * LN_2, 1e-6, CUBATURE);
    // A jump on a sphere is hard for it, and it says so.
    let ball = solve("if(x^2+y^2+z^2<1, 1, 0)", &["x=-1,1", "y=-1,1", "z=-1,1"]).unwrap();
    let miss = (ball.integral.value - 4.0 * PI / 3.0).abs();
    assert!(!ball.integral.converged && miss <= ball.integral.error && miss < 1e-3, "{:?}", ball.integral);
}

#[test]
fn what_has_no_integral_is_refused() {
    let plane = ["x=-inf,inf", "y=-inf,inf"];
    for (formula, ranges) in [
        ("exp(-0.5*(x^2-2*x*y+y^2))", plane),
        ("exp(-x^2) + 0*y", plane),
        ("exp(-x^2-y)", plane),
        ("exp(-x^2*y^2)", plane),
        ("1/(x*(1+y^2))", ["x=0,1", "y=-inf,inf"]),
        ("1/(x+y)^2", ["x=0,1", "y=0,1"]),
    ] {
        let error = solve(formula, &ranges).unwrap_err();
        // Iterated integrals prove nothing.
        let kind = if formula == "1/(x+y)^2" { ErrorKind::NotIntegrated } else { ErrorKind::InfiniteZ };
        assert_eq!(error.kind, kind, "{formula}: {error}");
    }
    let names: Vec<String> = (1..=7).map(|i| format!("x{i}=-1,1")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(solve("1 + sin(x1+x2+x3+x4+x5+x6+x7)", &names).unwrap_err().kind, ErrorKind::Unsupported);
}

#[test]
fn boxes_of_two_and_three_variables_are_proved() {
    // Odd figures of Apéry's kind: ∫1/(1 + xy) = π²/12, ∫1/(1 + xyz) = ¾ζ(3).
    let cases: [(&str, &[&str], f64, f64); 6] = [
        ("1/(1+x*y)", &["x=0,1", "y=0,1"], PI * PI / 12.0, 1e-4),
        ("abs(x-y)", &["x=0,1", "y=0,2"], 4.0 / 3.0, 1e-4),
        ("x^2+y^2 < 1 ? 1 : 0", &["x=-2,2", "y=-2,2"], PI, 1e-4),
        ("exp(-(sqrt(x^2+y^2)-2)^2*10)", &["x=-4,4", "y=-4,4"], 4.0 * PI * (PI / 10.0).sqrt(), 1e-4),
        ("1/(1+x*y*z)", &["x=0,1", "y=0,1", "z=0,1"], 0.75 * 1.202_056_903_159_594, 1e-2),
        ("sqrt(x+y)*z", &["x=0,1", "y=0,1", "z=0,1"], (4.0 / 15.0) * (2.0_f64.powf(2.5) - 2.0) / 2.0, 1e-4),
    ];
    for (formula, ranges, exact, apart) in cases {
        let integral = solve(formula, ranges).unwrap().integral;
        assert!(integral.certified, "{formula}: {:?}", integral.notes);
        let (low, high) = integral.proof.as_ref().unwrap().value_bounds();
        assert!(low <= exact && exact <= high, "{formula}: {exact} is not in {low} to {high}");
        assert!(high - low <= 2.0 * apart * low, "{formula}: {low} to {high}");
    }
}
