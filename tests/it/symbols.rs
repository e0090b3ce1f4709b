//! What only the formula can say: non-centred forms, blame, inferred supports; and the kernel Stein discrepancy.
#![allow(clippy::disallowed_methods, reason = "a test reads the examples")]

use langevin::data::{Data, Table};
use langevin::density::{LogDensity, Meaning, Model};
use langevin::diagnostics::{SteinDiscrepancy, stein_discrepancy};
use langevin::graph::NodeId;
use langevin::math::{LANES, Lanes};
use langevin::proof::{blame, inferred};
use langevin::random::{BlockRng, Purpose};
use langevin::run::{Sampler, Sampling, Trust, derive, reported, sample};

fn model(text: &str) -> Model {
    let formula: langevin::syntax::Formula = text.parse().unwrap();
    let meaning = formula.ast().meaning().is_none().then_some(Meaning::LogDensity);
    Model::with_data(formula, meaning, &[], &Data::default()).unwrap_or_else(|error| panic!("{text}: {}", error.render(text)))
}

/// Statements of declared models are joined by line ends.
fn rewritten(text: &str) -> Option<String> {
    let model = model(text).noncentered(&Data::default()).ok()?;
    Some(model.formula().source().replace('\n', "; "))
}

#[test]
fn hierarchies_are_rewritten() {
    let cases = [
        ("normal_lpdf(v | 0, 3) + normal_lpdf(x | 0, exp(v/2))", "x = exp(v/2)*eta; normal_lpdf(v | 0, 3) + normal_lpdf(eta | 0, 1)"),
        // Used before it stands in its term; the order of the variables is kept by the model.
        ("-(x - 1)^2 + normal_lpdf(x | m, s^2) - m^2 - s^2", "x = m + s^2*eta; -(x - 1)^2 + normal_lpdf(eta | 0, 1) - m^2 - s^2"),
        (
            "mu in (-inf, inf); tau in (0, inf); theta[8] in (-inf, inf); log_density = -mu^2 - tau + sum(normal_lpdf(theta | mu, tau))",
            "mu in (-inf, inf); tau in (0, inf); eta[8] in (-inf, inf); theta[j in 1..8] = mu + tau*eta[j]; log_density = -mu^2 - tau + sum(normal_lpdf(eta | 0, 1))",
        ),
        // The definition goes before the first use.
        (
            "theta[3] in (-inf, inf); tau in (0, inf); s = sum(theta); energy = tau + s^2 - sum(student_t_lpdf(theta | 4, 1, 2*tau))",
            "eta[3] in (-inf, inf); tau in (0, inf); theta[j in 1..3] = 1 + 2*tau*eta[j]; s = sum(theta); energy = tau + s^2 - sum(student_t_lpdf(eta | 4, 0, 1))",
        ),
        // A vector of locations.
        (
            "m[2] in (-inf, inf); tau in (0, inf); b[2] in (-inf, inf); log_density = -tau - sum(m^2) + sum(laplace_lpdf(b | m, tau))",
            "m[2] in (-inf, inf); tau in (0, inf); eta[2] in (-inf, inf); b = m + tau*eta; log_density = -tau - sum(m^2) + sum(laplace_lpdf(eta | 0, 1))",
        ),
        (
            "v in (-9, 9); x[3] in (-inf, inf); log_density = sum(i in 1..3, cauchy_lpdf(x[i] | 0, exp(v + i)))",
            "v in (-9, 9); eta[3] in (-inf, inf); x[i in 1..3] = exp(v + i)*eta[i]; log_density = sum(i in 1..3, cauchy_lpdf(eta[i] | 0, 1))",
        ),
        (
            "s in (0, inf); z in (0, inf); w in (0, inf); density = exp(-s)*exp(lognormal_lpdf(z | 1, s))*exp(half_normal_lpdf(w | s))",
            "s in (0, inf); eta_z in (-inf, inf); eta_w in (0, inf); z = exp(1 + s*eta_z); w = s*eta_w; density = exp(-s)*exp(normal_lpdf(eta_z | 0, 1))*exp(half_normal_lpdf(eta_w | 1))",
        ),
        // One level below another.
        (
            "s in (0, inf); m in (-inf, inf); x in (-inf, inf); log_density = -s + logistic_lpdf(m | 0, s) + normal_lpdf(x | m, s)",
            "s in (0, inf); eta_m in (-inf, inf); eta_x in (-inf, inf); m = s*eta_m; x = m + s*eta_x; log_density = -s + logistic_lpdf(eta_m | 0, 1) + normal_lpdf(eta_x | 0, 1)",
        ),
        // A series about the element before, whose first has a term of its own, and one whose first has none.
        (
            "m in (-1, 1); s in (0, 2); h[4] in (-inf, inf); log_density = normal_lpdf(h[1] | m, 2*s) + sum(t in 2..4, normal_lpdf(h[t] | m*h[t - 1], s))",
            "m in (-1, 1); s in (0, 2); eta[4] in (-inf, inf); h[t in 1..4] = if(t == 1, m + 2*s*eta[1], m*h[t - 1] + s*eta[t]); log_density = normal_lpdf(eta[1] | 0, 1) + sum(t in 2..4, normal_lpdf(eta[t] | 0, 1))",
        ),
        (
            "s in (0, 2); h[4] in (-inf, inf); log_density = -h[1]^2 + sum(t in 2..4, student_t_lpdf(h[t] | 4, h[t - 1], s))",
            "s in (0, 2); eta[4] in (-inf, inf); h[t in 1..4] = if(t == 1, eta[1], h[t - 1] + s*eta[t]); log_density = -h[1]^2 + sum(t in 2..4, student_t_lpdf(eta[t] | 4, 0, 1))",
        ),
        // The name is taken, and the term stands in a definition.
        ("prior = normal_lpdf(x | 0, exp(eta)); prior - eta^2", "x = exp(eta)*eta_x; prior = normal_lpdf(eta_x | 0, 1); prior - eta^2"),
    ];
    for (text, expected) in cases {
        assert_eq!(rewritten(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_hierarchy_is_left_alone() {
    for text in [
        "normal_lpdf(x | y, 2) - y^2",
        "normal_lpdf(x | 0, exp(x))",
        "normal_lpdf(x + 1 | 0, exp(v)) - v^2",
        "-normal_lpdf(x | 0, exp(v)) - v^2 - x^4",
        "2*normal_lpdf(x | 0, exp(v)) - v^2",
        "sum(i in 1..3, normal_lpdf(x | 0, exp(v))) - v^2",
        "sum(i in 1..3, sum(j in 1..2, normal_lpdf(x[j] | 0, exp(v)))) - v^2",
        "gamma_lpdf(x | 2, exp(v)) - v^2",
        "logsumexp(normal_lpdf(x | 0, exp(v)), -x^2) - v^2",
        "x in (0, inf); v in (-1, 1); log_density = normal_lpdf(x | 0, exp(v))",
        "v in (-1, 1); x[3] in (-inf, inf); log_density = sum(i in 1..2, normal_lpdf(x[i] | 0, exp(v))) - x[3]^2",
        // A series that uses itself otherwise than by the element before.
        "v in (-1, 1); x[3] in (-inf, inf); log_density = -x[1]^2 + sum(i in 2..3, normal_lpdf(x[i] | mean(x), exp(v)))",
        "v in (-1, 1); x[3] in (-inf, inf); log_density = -x[1]^2 + sum(i in 2..3, normal_lpdf(x[i] | x[1], exp(v)))",
        "v in (-1, 1); x[3] in (-inf, inf); m = mean(x); log_density = -x[1]^2 + sum(i in 2..3, normal_lpdf(x[i] | m + x[i - 1], exp(v)))",
        "v in (-1, 1); x[3] in (-inf, inf); log_density = -x[1]^2 + sum(i in 2..3, normal_lpdf(x[i] | x[i - 1], exp(v + x[i - 1])))",
        "v in (-1, 1); x[4] in (-inf, inf); log_density = -x[1]^2 - x[4]^2 + sum(i in 2..3, normal_lpdf(x[i] | x[i - 1], exp(v)))",
    ] {
        assert_eq!(rewritten(text), None, "{text}");
        assert!(model(text).hierarchies().is_empty(), "{text}");
    }
}

/// log p of the rewritten model at η is that of the first at θ(η), plus log |dθ/dη|, the logarithm of the derivative of each θᵢ by its
/// own ηᵢ: the others enter in an order that leaves the Jacobian triangular.
#[track_caller]
fn check_jacobian(text: &str, data: &Data) {
    let formula: langevin::syntax::Formula = text.parse().unwrap();
    let meaning = formula.ast().meaning().is_none().then_some(Meaning::LogDensity);
    let first = Model::with_data(formula, meaning, &[], data).unwrap();
    let second = first.noncentered(data).unwrap();
    assert_eq!(first.dimension(), second.dimension());
    let mut noise = normals(5, 0, 64 * first.dimension()).into_iter();
    for _ in 0..20 {
        let eta: Vec<f64> = second
            .bounds()
            .iter()
            .map(|bound| {
                let z = noise.next().unwrap();
                let above = if bound.high.is_finite() { 0.5 * (bound.low + bound.high) + 0.1 * z } else { bound.low + z.exp() };
                if bound.low.is_finite() { above } else { z }
            })
            .collect();
        let at = |node: NodeId, eta: &[f64]| second.graph().eval(&[node], eta)[0];
        let (mut theta, mut log_jacobian) = (eta.clone(), 0.0);
        for (standard, name) in second.replaced() {
            for (variable, node) in second.defined().iter().filter(|(variable, _)| variable.name == *name) {
                let place = first.names().iter().position(|known| *known == variable.to_string()).unwrap();
                let own = variable.to_string().replacen(name.as_str(), standard, 1);
                assert_eq!(second.names()[place], own, "{text}: variables keep their order");
                theta[place] = at(*node, &eta);
                let (graph, slopes) = second.gradient_of(*node).unwrap();
                log_jacobian += graph.eval(&[slopes[place]], &eta)[0].abs().ln();
            }
        }
        let (a, b) = (first.graph().eval(&[first.log_density_node()], &theta)[0] + log_jacobian, at(second.log_density_node(), &eta));
        assert!((a - b).abs() < 1e-12 * (1.0 + a.abs()), "{text} at {eta:?}: {a} {b}");
    }
}

fn schools() -> Data {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/eight_schools.csv");
    Data::new(vec![Table::from_csv("eight_schools.csv", std::fs::File::open(root).unwrap()).unwrap()])
}

fn centred() -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/eight_schools_centred.lgv")).unwrap()
}

#[test]
fn the_rewritten_density_is_the_first_one_and_the_jacobian() {
    let nothing = Data::default();
    check_jacobian("-(x - 1)^2 + normal_lpdf(x | m, exp(s)) - m^2 - s^2", &nothing);
    check_jacobian(
        "theta[3] in (-inf, inf); tau in (0, inf); s = sum(theta); energy = tau + s^2 - sum(student_t_lpdf(theta | 4, 1, 2*tau))",
        &nothing,
    );
    check_jacobian(
        "s in (0, inf); z in (0, inf); w in (0, inf); log_density = -s + lognormal_lpdf(z | 1, s) + half_cauchy_lpdf(w | s)",
        &nothing,
    );
    check_jacobian(
        "s in (0, inf); m in (-inf, inf); x in (-inf, inf); log_density = -s + logistic_lpdf(m | 0, s) + gumbel_lpdf(x | m, s)",
        &nothing,
    );
    check_jacobian("s in (0, 2); x in (-inf, inf); log_density = skew_normal_lpdf(x | 1, s, 3) + laplace_lpdf(x | 0, 1)", &nothing);
    check_jacobian("normal_lpdf(v | 0, 3) + sum(i in 1..9, cauchy_lpdf(x[i] | 0, exp(v/2)))", &nothing);
    check_jacobian(
        "m in (-1, 1); s in (0, 2); h[4] in (-inf, inf); log_density = normal_lpdf(h[1] | m, 2*s) + sum(t in 2..4, normal_lpdf(h[t] | m*h[t-1]^2, s))",
        &nothing,
    );
    // Two series, one of which is the slope of the other.
    check_jacobian(
        "s in (0, 2); r in (0, 2); a[4] in (-inf, inf); b[4] in (-inf, inf); log_density = -a[1]^2 + normal_lpdf(b[1] | 0, r) \
         + sum(t in 2..4, cauchy_lpdf(a[t] | a[t-1] + b[t-1], s) + normal_lpdf(b[t] | 0.5*b[t-1], r)) - s - r",
        &nothing,
    );
    check_jacobian(&centred(), &schools());
}

#[test]
fn the_non_centred_forms_are_sampled_and_reported_as_before() {
    let funnel = model("normal_lpdf(v | 0, 3) + sum(i in 1..9, normal_lpdf(x[i] | 0, exp(v/2)))").noncentered(&Data::default()).unwrap();
    let formula = centred().parse().unwrap();
    let schools_model = Model::with_data(formula, None, &[], &schools()).unwrap();
    for (model, theta) in [(funnel, "x[9]"), (schools_model.noncentered(&schools()).unwrap(), "theta[8]")] {
        let settings = Sampling { sampler: Sampler::Nuts, seed: 1, target_acceptance: Some(0.9), ..Sampling::default() };
        let run = sample(&model, &settings).unwrap();
        assert_eq!(run.verdict.trust, Trust::Yes, "{:?}", run.verdict);
        let derived = derive(&model, &run, &reported(&model, &[]).unwrap()).unwrap();
        assert_eq!(derived.names.len(), 10);
        assert!(
            derived.names.contains(&theta.to_string()) && !derived.names.iter().any(|name| name.starts_with("eta")),
            "{:?}",
            derived.names
        );
        for variable in &derived.variables {
            assert!(variable.ess_bulk >= 1000.0 && variable.ess_tail >= 1000.0, "{}", variable.bound.name);
        }
        let extra = derive(&model, &run, &reported(&model, &["eta".into()]).unwrap()).unwrap();
        assert!(extra.names.contains(&"eta[1]".to_string()), "{:?}", extra.names);
    }
}

#[test]
fn the_centred_funnel_is_not_believed_and_the_way_out_is_named() {
    let funnel = model("normal_lpdf(v | 0, 3) + sum(i in 1..9, normal_lpdf(x[i] | 0, exp(v/2)))");
    let settings =
        Sampling { sampler: Sampler::Nuts, seed: 1, chains: Some(32), draws: Some(60), warmup: Some(200), ..Sampling::default() };
    let run = sample(&funnel, &settings).unwrap();
    assert_ne!(run.verdict.trust, Trust::Yes);
    assert!(run.verdict.warnings.iter().any(|warning| warning.kind() == "centred" && warning.text().contains("`x`")));
}

/// What is blamed at a point, its inputs, and words of the way out.
#[track_caller]
fn check_blame(text: &str, position: &[f64], expression: &str, inputs: &[(&str, f64)], words: &str) {
    let found = blame(&model(text), position).unwrap_or_else(|| panic!("{text}: nothing is blamed"));
    assert_eq!(found.expression, expression, "{text}: {found:?}");
    let expected: Vec<(String, f64)> = inputs.iter().map(|(text, value)| ((*text).to_string(), *value)).collect();
    assert_eq!(found.inputs, expected, "{text}");
    assert!(found.fix.contains(words), "{text}: {}", found.fix);
    if let Some(span) = found.span {
        assert_eq!(&text[span.start..span.end], expression, "{text}");
    }
}

#[test]
fn blame_names_the_first_part_that_is_not_finite() {
    check_blame("y^2 + log(x - 1)*3", &[2.0, 0.5], "log(x - 1)", &[("x - 1", -0.5)], "where x - 1 > 0");
    check_blame("sqrt(x)*2 + exp(y)", &[-1.0, 2.0], "sqrt(x)", &[("x", -1.0)], "--range x=0,inf");
    check_blame("exp(x/(y - 2))", &[1.0, 2.0], "x/(y - 2)", &[("x", 1.0), ("y - 2", 0.0)], "division by zero");
    check_blame("x - exp(y*9)", &[1.0, 100.0], "exp(y*9)", &[("y*9", 900.0)], "too large");
    check_blame("(x - 2)^0.5 + 1", &[1.5], "(x - 2)^0.5", &[("x - 2", -0.5)], "square root");
    check_blame("a = log(x); if(y > 0, a, y^2)", &[-1.0, 1.0], "log(x)", &[("x", -1.0)], "--range x=0,inf");
    check_blame("-x^2 + gamma_lpdf(x | 2, 1)", &[-1.0], "gamma_lpdf(x | 2, 1)", &[("x", -1.0)], "outside the support");
    check_blame("normal_lpdf(x | 0, log(s))", &[1.0, -3.0], "log(s)", &[("s", -3.0)], "--range s=0,inf");
    check_blame("sum(i in 1..3, log(t[i]))", &[1.0, -2.0, 1.0], "log(t[i])", &[("t[2]", -2.0)], "--range t[2]=0,inf");
    // The arm that is not taken is not to blame.
    assert_eq!(blame(&model("if(y > 0, log(x), y^2)"), &[-1.0, -1.0]), None);
    assert_eq!(blame(&model("exp(-x^2)"), &[3.0]), None);
}

#[test]
fn refusals_and_failed_searches_say_where() {
    let text = "log(-1 - x^2) - x";
    let error = sample(&model(text), &Sampling::default()).unwrap_err();
    let span = error.span.unwrap();
    assert_eq!(&text[span.start..span.end], "log(-1 - x^2)");
}

#[test]
fn supports_are_inferred_but_not_applied() {
    type Supports = &'static [(&'static str, f64, f64)];
    let cases: [(&str, Supports); 10] = [
        ("log(x) - x", &[("x", 0.0, f64::INFINITY)]),
        ("sqrt(1 - x^2)", &[("x", -1.0, 1.0)]),
        ("beta_lpdf(x | 2, 3) + normal_lpdf(y | x, 1)", &[("x", 0.0, 1.0)]),
        ("lognormal_lpdf(x - 3 | 0, 1) - y^2", &[("x", 3.0, f64::INFINITY)]),
        ("log(x - 100) + log(200 - x) + acosh(-y) - y^2", &[("x", 100.0, 200.0), ("y", f64::NEG_INFINITY, -1.0)]),
        ("if(x > 2, -x, -inf)", &[("x", 2.0, f64::INFINITY)]),
        ("x in (-1, 5); log_density = log(x)", &[("x", 0.0, 5.0)]),
        ("-x^2 - exp(x)", &[]),
        ("x in (0, inf); log_density = log(x) - x", &[]),
        // Undefined somewhere for every y, and for every x: no end of either.
        ("log(x - y) - x^2 - y^2", &[]),
    ];
    for (text, expected) in cases {
        let model = model(text);
        let found: Vec<(String, f64, f64)> = inferred(&model).into_iter().map(|range| (range.name, range.low, range.high)).collect();
        let expected: Vec<(String, f64, f64)> = expected.iter().map(|(name, low, high)| ((*name).to_string(), *low, *high)).collect();
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(model("beta_lpdf(x | 2, 3)").bounds()[0].low, f64::NEG_INFINITY);
    // Undefined everywhere: what enclosures leave over is rounding.
    assert_eq!(inferred(&model("log(-exp(x) - y^2)")), []);
}

/// `n` normal numbers.
fn normals(seed: u64, stream: u64, n: usize) -> Vec<f64> {
    let mut rng = BlockRng::new(seed, stream, Purpose::Noise);
    let mut values = Vec::new();
    while values.len() < n {
        let mut row = Lanes::default();
        rng.fill_normal(&mut row);
        values.extend_from_slice(&row[..LANES.min(n - values.len())]);
    }
    values
}

/// Of two independent normals with this scale, against a law of two unit ones.
fn of_normals(seed: u64, n: usize, scale: f64) -> SteinDiscrepancy {
    let columns: Vec<Vec<f64>> = (0..2).map(|k| normals(seed, k, n).into_iter().map(|x| scale * x).collect()).collect();
    let scores: Vec<Vec<f64>> = columns.iter().map(|column| column.iter().map(|x| -x).collect()).collect();
    stein_discrepancy(&columns, &scores).unwrap()
}

#[test]
fn discrepancies_of_exact_draws_have_uniform_p_values_and_wrong_scales_are_found() {
    let mut p: Vec<f64> = (0..80).map(|seed| of_normals(seed, 250, 1.0).p_value).collect();
    p.sort_by(f64::total_cmp);
    let count = p.len() as f64;
    let distance = p.iter().enumerate().map(|(at, p)| (p - (at as f64 + 0.5) / count).abs()).fold(0.0, f64::max);
    // Kolmogorov–Smirnov: 1.63/√80 at one in a hundred; seeds are fixed.
    assert!(distance < 0.182, "{distance} {p:?}");
    for seed in 0..6 {
        for scale in [0.8, 1.25] {
            let found = of_normals(seed, 600, scale);
            assert!(found.p_value < 1e-3, "seed {seed}, scale {scale}: {found:?}");
        }
    }
}

#[test]
fn a_missing_mode_is_found_by_the_discrepancy_and_both_modes_pass() {
    // Two unit normals at ±1.7 of equal weight; the score is −x + 1.7·tanh(1.7·x).
    let discrepancy = |draws: Vec<f64>| {
        let scores = draws.iter().map(|&x| -x + 1.7 * (1.7 * x).tanh()).collect();
        stein_discrepancy(&[draws], &[scores]).unwrap().p_value
    };
    let mut below = 0;
    for seed in 0..6 {
        let (noise, side) = (normals(seed, 0, 600), normals(seed, 1, 600));
        let both = noise.iter().zip(&side).map(|(x, s)| x + if *s > 0.0 { 1.7 } else { -1.7 }).collect();
        below += usize::from(discrepancy(both) < 0.01);
        let one = discrepancy(noise.iter().map(|x| x + 1.7).collect());
        assert!(one < 1e-3, "seed {seed}: {one}");
    }
    assert!(below <= 1, "{below} of 6 below one in a hundred");
}

#[test]
fn scales_and_correlations_do_not_change_the_discrepancy() {
    let [a, b] = [0, 1].map(|stream| normals(3, stream, 400));
    let plain = stein_discrepancy(&[a.clone(), b.clone()], &[a.iter().map(|x| -x).collect(), b.iter().map(|x| -x).collect()]).unwrap();
    // u = 1000·a, v = a + b/100: log p = −a²/2 − b²/2 with a = u/1000 and b = 100·v − u/10.
    let u: Vec<f64> = a.iter().map(|a| 1000.0 * a).collect();
    let v: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b / 100.0).collect();
    let by_u = a.iter().zip(&b).map(|(a, b)| -a / 1000.0 + 0.1 * b).collect();
    let by_v = b.iter().map(|b| -100.0 * b).collect();
    let skewed = stein_discrepancy(&[u, v], &[by_u, by_v]).unwrap();
    assert!((plain.value - skewed.value).abs() < 1e-5 * plain.value, "{plain:?} {skewed:?}");
    assert_eq!(stein_discrepancy(&[vec![0.5; 20]], &[vec![0.5; 20]]), None);
    assert_eq!(stein_discrepancy(&[vec![0.5; 100]], &[vec![0.5; 100]]), None);
}
