//! Distributions against their definitions at 900 digits (tests/data/distributions.py), and as densities that integrate to one.

use langevin::density::{Declaration, LogDensity, Meaning, Model};
use langevin::quadrature::{Tolerance, reference};
use langevin::syntax::{Distribution, Form};

use crate::common::{data, number};

/// A call with its arguments from `first` on as the variables v1, v2, …, and where they are.
fn model(case: &serde_json::Value) -> (Model, Vec<f64>, String) {
    let arguments: Vec<&str> = case["arguments"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap()).collect();
    let first = case["first"].as_u64().unwrap() as usize;
    let written = |(place, argument): (usize, &&str)| if place < first { (*argument).to_string() } else { format!("v{place}") };
    let written: Vec<String> = arguments.iter().enumerate().map(written).collect();
    let text = format!("{}({} | {})", case["name"].as_str().unwrap(), written[0], written[1..].join(", "));
    let range = |place: usize| Declaration::named(format!("v{place}"), f64::NEG_INFINITY, f64::INFINITY);
    let ranges: Vec<Declaration> = (first..arguments.len()).map(range).collect();
    let at = arguments[first..].iter().map(|argument| argument.parse().unwrap()).collect();
    let model = Model::new(&text, Meaning::LogDensity, &ranges).unwrap_or_else(|error| panic!("{}", error.render(&text)));
    (model, at, format!("{} at {arguments:?}", case["name"].as_str().unwrap()))
}

#[test]
fn values_and_derivatives_are_those_of_the_definitions() {
    let mut wrong = Vec::new();
    for case in data("distributions").as_array().unwrap() {
        let (model, at, label) = model(case);
        let mut roots = vec![model.log_density_node()];
        roots.extend(model.gradient_nodes());
        let found = model.graph().eval(&roots, &at);
        // The terms of a log density cancel: what rounding may do is a part of the largest, which is the size of log Γ of the arguments.
        let largest = at.iter().map(|x| x.abs()).fold(1.0, f64::max);
        let is_sum_of_gammas =
            ["student", "gamma", "beta", "binomial", "chi"].iter().any(|name| label.starts_with(name) || label.contains(name));
        let terms = if is_sum_of_gammas { largest.min(1e6) * (1.0 + largest.ln()) } else { 1.0 };
        let expected = number(&case["value"]);
        let is_close = |a: f64, b: f64, scale: f64| a == b || (a - b).abs() <= 2e-14 * (b.abs() + scale);
        // Distribution functions keep their relative accuracy in the tails.
        let is_density = label.contains("lpdf") || label.contains("lpmf");
        let scale = if is_density { terms + at.iter().map(|x| x.abs()).fold(0.0, f64::max).min(1e3) } else { 0.0 };
        if !is_close(found[0], expected, scale) {
            wrong.push(format!("{label}: {} instead of {expected}", found[0]));
        }
        for (place, (found, expected)) in found[1..].iter().zip(case["derivatives"].as_array().unwrap()).enumerate() {
            let expected = number(expected);
            let scale = if is_density { terms.min(1e3) } else { 0.0 };
            // Derivatives divide the cancelling terms by the argument.
            let scale = scale / at[place].abs().min(1.0);
            if !(is_close(*found, expected, scale) || (found - expected).abs() <= 1e-12 * expected.abs()) {
                wrong.push(format!("{label}, derivative {place}: {found} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn densities_integrate_to_one() {
    // Parameters of each, ordinary and extreme.
    let parameters: &[(Distribution, &[&str])] = &[
        (Distribution::Normal, &["0, 1", "-3, 0.01", "100, 50"]),
        (Distribution::StudentT, &["4, 0, 1", "1.5, 2, 0.3", "200, 0, 1"]),
        (Distribution::Cauchy, &["0, 1", "5, 0.1"]),
        (Distribution::Laplace, &["0, 1", "-2, 7"]),
        (Distribution::Logistic, &["0, 1", "3, 0.2"]),
        (Distribution::Gumbel, &["0, 1", "3, 0.2"]),
        (Distribution::SkewNormal, &["0, 1, 4", "1, 2, -0.5"]),
        (Distribution::VonMises, &["1, 0", "1, 3", "0.5, 100"]),
        (Distribution::Uniform, &["-1, 3"]),
        (Distribution::HalfNormal, &["1", "20"]),
        (Distribution::HalfCauchy, &["1", "5"]),
        (Distribution::Lognormal, &["0, 1", "2, 0.1"]),
        (Distribution::Exponential, &["1", "0.01"]),
        (Distribution::Gamma, &["2.5, 1", "0.5, 3", "80, 2"]),
        (Distribution::InvGamma, &["2.5, 1", "0.8, 3"]),
        (Distribution::ChiSquare, &["1", "7"]),
        (Distribution::Weibull, &["1.5, 1", "0.7, 3"]),
        (Distribution::Pareto, &["1, 2", "0.1, 0.7"]),
        (Distribution::Beta, &["2, 3", "0.5, 0.5", "40, 2"]),
        (Distribution::StdNormal, &[""]),
        (Distribution::HalfStudentT, &["4, 1", "1.5, 20"]),
        (Distribution::SkewDoubleExponential, &["0, 1, 0.3", "-2, 7, 0.9"]),
        (Distribution::ExpModNormal, &["0, 1, 2", "3, 0.2, 40", "1, 5, 0.1"]),
        (Distribution::Frechet, &["2, 1", "0.7, 3"]),
        (Distribution::Rayleigh, &["1", "20"]),
        (Distribution::LogLogistic, &["1, 2", "3, 0.7"]),
        (Distribution::ParetoType2, &["0, 1, 2", "0, 3, 0.7"]),
        (Distribution::InvGaussian, &["1, 2", "3, 0.5"]),
        (Distribution::InvChiSquare, &["3", "20"]),
        (Distribution::ScaledInvChiSquare, &["3, 2", "20, 0.5"]),
        (Distribution::BetaProportion, &["0.3, 5", "0.5, 100"]),
    ];
    for (distribution, all) in parameters {
        for parameters in *all {
            let bar = if parameters.is_empty() { "" } else { " | " };
            let text = format!("{}(x{bar}{parameters})", distribution.name(Form::LogDensity));
            let first: Vec<f64> = parameters.split(", ").filter_map(|number| number.parse().ok()).collect();
            let (low, high) = match distribution {
                Distribution::VonMises => (-std::f64::consts::PI, std::f64::consts::PI),
                Distribution::Uniform => (first[0], first[1]),
                Distribution::Pareto => (first[0], f64::INFINITY),
                Distribution::Beta | Distribution::BetaProportion => (0.0, 1.0),
                _ if distribution.about().ends_with("all x") => (f64::NEG_INFINITY, f64::INFINITY),
                _ => (0.0, f64::INFINITY),
            };
            let model = Model::new(&text, Meaning::LogDensity, &[Declaration::named("x", low, high)]).unwrap();
            let z = reference(&model, Tolerance::default()).unwrap_or_else(|error| panic!("{text}: {error}")).integral.value;
            assert!((z - 1.0).abs() <= 1e-9, "{text}: {z}");
        }
    }
    let on_the_line = Distribution::ALL.iter().filter(|distribution| !distribution.is_discrete() && distribution.shapes().is_none());
    assert_eq!(on_the_line.count(), parameters.len());
}

#[test]
fn probabilities_add_up_to_one() {
    for (call, last) in [
        ("bernoulli_lpmf(K | 0.3)", 1),
        ("bernoulli_logit_lpmf(K | -0.4)", 1),
        ("binomial_lpmf(K | 30, 0.3)", 30),
        ("binomial_logit_lpmf(K | 30, 1.5)", 30),
        ("beta_binomial_lpmf(K | 30, 0.7, 2)", 30),
        // Beyond the last one less than 1e-13 is left.
        ("poisson_lpmf(K | 4.5)", 60),
        ("poisson_log_lpmf(K | 1.5)", 60),
        ("neg_binomial_2_lpmf(K | 4.5, 3)", 200),
        ("neg_binomial_2_log_lpmf(K | 1.5, 3)", 200),
        ("neg_binomial_lpmf(K | 3, 0.7)", 200),
        ("geometric_lpmf(K | 0.2)", 200),
        // Categories count from 1.
        ("categorical_lpmf(1 + K | [0.2, 0.5, 0.3])", 2),
        ("categorical_logit_lpmf(1 + K | [0.2, -5, 3])", 2),
        ("ordered_logistic_lpmf(1 + K | 0.3, [-1, 0.5, 2])", 3),
        ("ordered_probit_lpmf(1 + K | -7, [-1, 0.5, 2])", 3),
    ] {
        let total: f64 = (0..=last).map(|k| langevin::graph::constant(&call.replace('K', &k.to_string())).unwrap().exp()).sum();
        assert!((total - 1.0).abs() < 1e-12, "{call}: {total}");
    }
}

#[test]
fn vectors_are_the_product_of_their_parts() {
    let value = |text: &str| langevin::graph::constant(text).unwrap_or_else(|error| panic!("{}", error.render(text)));
    // With a diagonal factor a normal vector is a product of normals.
    let parts = value("normal_lpdf(0.3 | 1, 2) + normal_lpdf(-1 | 0, 0.5)");
    for text in
        ["multi_normal_cholesky_lpdf([0.3, -1] | [1, 0], [[2, 0], [0, 0.5]])", "multi_normal_lpdf([0.3, -1] | [1, 0], [[4, 0], [0, 0.25]])"]
    {
        assert!((value(text) - parts).abs() < 1e-14, "{text}");
    }
    // A correlated pair is a marginal times a conditional: y | x is normal(rho x, √(1 − rho²)).
    let conditional = value("normal_lpdf(0.7 | 0, 1) + normal_lpdf(-0.4 | 0.6*0.7, 0.8)");
    assert!((value("multi_normal_lpdf([0.7, -0.4] | 0, [[1, 0.6], [0.6, 1]])") - conditional).abs() < 1e-14);
    let precise = "multi_normal_prec_lpdf([0.7, -0.4] | 0, [[1/0.64, -0.6/0.64], [-0.6/0.64, 1/0.64]])";
    assert!((value(precise) - conditional).abs() < 1e-13);
    // Known to 25 digits by mpmath, from the definitions: determinants, inverses, traces.
    for (text, known) in [
        ("wishart_lpdf([[2, 0.3], [0.3, 1]] | 5, [[1.5, 0.2], [0.2, 0.8]])", -5.33121324555518),
        ("inv_wishart_lpdf([[2, 0.3], [0.3, 1]] | 5, [[1.5, 0.2], [0.2, 0.8]])", -7.320251383677701),
        ("multi_student_t_lpdf([0.3, -1] | 5, [1, 0], [[1.5, 0.2], [0.2, 0.8]])", -2.770435437016071),
        ("lkj_corr_lpdf([[1, 0.3], [0.3, 1]] | 2)", -0.38199275192302223),
        ("multinomial_lpmf([1, 2, 3] | [0.2, 0.5, 0.3])", -2.513306124309698),
        ("lbeta(1e15, 2.5)", -86.06225811680379),
        ("beta(1.4993, -0.458987)", -3.2403689600441212),
        ("gamma_lpdf(3 | 3e15, 1e15)", 15.801143519916614),
        ("ordered_probit_lpmf(2 | -40, [-1, 0.5, 2])", -765.0831565643775),
        ("exp_mod_normal_lpdf(90 | 0.2, 0.7, 1.5)", -133.74328489189185),
    ] {
        assert!((value(text) - known).abs() < 1e-13 * (1.0 + known.abs()), "{text}: {} instead of {known}", value(text));
    }
    // Two dirichlet components are a beta.
    let beta = value("beta_lpdf(0.3 | 2, 5)");
    assert!((value("dirichlet_lpdf([0.3, 0.7] | [2, 5])") - beta).abs() < 1e-14);
}

#[test]
fn outside_the_support_there_is_no_density_and_no_nan() {
    let inside = |call: &str, x: f64| {
        let model = Model::new(call, Meaning::LogDensity, &[Declaration::named("x", -9.0, 9.0)]).unwrap();
        let mut evaluator = model.evaluator();
        let mut gradient = [langevin::math::Lanes::default()];
        let mut value = [0.0];
        evaluator.line(&[x], &mut value);
        evaluator.gradient(&[langevin::math::Lanes::splat(x)], &mut gradient);
        (value[0], gradient[0][0])
    };
    for (call, x) in [
        ("lognormal_lpdf(x | 0, 1)", -1.0),
        ("gamma_lpdf(x | 2, 1)", -1.0),
        ("beta_lpdf(x | 2, 3)", 1.5),
        ("uniform_lpdf(x | 0, 1)", 2.0),
        ("pareto_lpdf(x | 1, 2)", 0.5),
        ("exponential_lpdf(x | 1)", -0.1),
        ("normal_lpdf(0 | 0, x)", -2.0),
        ("exponential_lcdf(x | 1)", -0.1),
        ("uniform_lccdf(x | 0, 1)", 2.0),
    ] {
        let (value, slope) = inside(call, x);
        assert_eq!((value, slope), (f64::NEG_INFINITY, 0.0), "{call} at {x}");
    }
    // Parameters that underflowed or overflowed, and 0·log 0.
    for (call, value, slope) in [
        ("weibull_lpdf(2 | 0.6, exp(900*x))", f64::NEG_INFINITY, 0.0),
        ("weibull_lpdf(2 | 0.6, exp(-900*x))", f64::NEG_INFINITY, 0.0),
        ("normal_lcdf(1 | 0, exp(-900*x))", 0.0, 0.0),
        ("normal_lccdf(1 | 0, exp(-900*x))", f64::NEG_INFINITY, 0.0),
        ("lognormal_lcdf(0.5 | 0, exp(-900*x))", f64::NEG_INFINITY, 0.0),
        ("logistic_lccdf(-1 | 0, exp(-900*x))", 0.0, 0.0),
        ("gumbel_lcdf(1 | 0, exp(-900*x))", 0.0, 0.0),
        ("laplace_lccdf(0 | 0, exp(-900*x))", -std::f64::consts::LN_2, 0.0),
        ("cauchy_lcdf(1 | 0, exp(900*x))", -std::f64::consts::LN_2, 0.0),
        ("gamma_lpdf(2 | exp(900*x), 1)", f64::NEG_INFINITY, 0.0),
        ("gamma_lpdf(2 | 1, exp(900*x))", f64::NEG_INFINITY, 0.0),
        ("beta_lpdf(0.5 | exp(900*x), 2)", f64::NEG_INFINITY, 0.0),
        ("beta_lpdf(0.5 | exp(-900*x), 2)", f64::NEG_INFINITY, 0.0),
        ("poisson_lpmf(0 | exp(-900*x))", 0.0, 0.0),
        ("binomial_lpmf(0 | 9, exp(-900*x))", 0.0, 0.0),
        ("binomial_lpmf(9 | 9, 1 - exp(-900*x))", 0.0, 0.0),
        ("bernoulli_lpmf(1 | 1 - exp(-900*x))", 0.0, 0.0),
        ("bernoulli_lpmf(0 | exp(-900*x))", 0.0, 0.0),
        ("bernoulli_lpmf(1 | Phi(-900*x))", -0.5 * 810_000.0 - 900.0_f64.ln() - 0.918_938_533_204_672_8, -810_000.0),
        ("bernoulli_lpmf(0 | sigmoid(900*x))", -900.0, -900.0),
    ] {
        let found = inside(call, 1.0);
        let is_close = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-5 * b.abs();
        assert!(is_close(found.0, value) && is_close(found.1, slope), "{call}: {found:?}");
    }
    // Large parameters that are infinite to a double: the limits are other distributions.
    for (call, limit) in [
        ("neg_binomial_2_lpmf(3 | 2, exp(900*x))", "poisson_lpmf(3 | 2*x)"),
        ("student_t_lpdf(0.7 | exp(900*x), 0, 1)", "normal_lpdf(0.7 | 0, x)"),
    ] {
        assert!((inside(call, 1.0).0 - inside(limit, 1.0).0).abs() < 1e-14, "{call}");
    }
    assert_eq!(inside("uniform_cdf(x | 0, 1)", 2.0).0, 1.0);
    assert_eq!(inside("exponential_lccdf(x | 1)", -0.1).0, 0.0);
}
