//! Vectors, matrices, functions of the text, states and differential equations, each against the same written out in numbers.

use langevin::density::{LogDensity, Meaning, Model};
use langevin::math::Lanes;

use crate::common::tables;

/// The log density and its gradient at a place.
#[track_caller]
fn at(text: &str, place: &[f64]) -> Vec<f64> {
    let made = text.parse().and_then(|formula| Model::with_data(formula, Some(Meaning::LogDensity), &[], &tables()));
    let model = made.unwrap_or_else(|error| panic!("{}", error.render(text)));
    assert_eq!(model.dimension(), place.len(), "{text}");
    let position: Vec<Lanes> = place.iter().map(|&x| Lanes::splat(x)).collect();
    let (mut value, mut gradient) = (Lanes::default(), vec![Lanes::default(); place.len()]);
    let mut evaluator = model.evaluator();
    evaluator.log_density(&position, &mut value);
    evaluator.gradient(&position, &mut gradient);
    std::iter::once(&value).chain(&gradient).map(|lanes| lanes[0]).collect()
}

const PLACES: [[f64; 3]; 3] = [[0.3, -0.7, 0.45], [-0.2, 0.9, 0.8], [0.85, 0.1, -0.6]];

/// Two texts in x, y1 and z say the same, derivatives included.
#[track_caller]
fn same(text: &str, plain: &str) {
    for place in PLACES {
        let head = "x in (-1, 1); y1 in (-1, 1); z in (-1, 1); ";
        let [found, expected] = [text, plain].map(|text| at(&format!("{head}{text}"), &place));
        for (found, expected) in found.iter().zip(&expected) {
            // A few dozen operations on numbers of a size near 1, or near `expected`.
            assert!(
                found == expected || (found - expected).abs() <= 1e-12 * (1.0 + expected.abs()),
                "{text} at {place:?}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn functions_are_their_bodies() {
    same("f(a, b) = a^2*b; f(x, f(y1, 2)) + z", "x^2*(y1^2*2) + z");
    same("norm2(v) = dot(v, v); f(v) = norm2(v + 1); f([x, y1, z])", "(x + 1)^2 + (y1 + 1)^2 + (z + 1)^2");
    // A parameter hides what else has its name, an index of the call too.
    same("f(x, z) = x - z; f(y1, x)", "y1 - x + 0*z");
    same("f(i) = i^2; sum(i in 1..3, x*f(i + y1)) + z", "x*((1 + y1)^2 + (2 + y1)^2 + (3 + y1)^2) + z");
    same("part(v, i) = v[i] + sum(v[1..2]); part([x, y1, z], 3)", "z + x + y1");
    same("mu(a) = a*x1; sum(y*mu(x)) + y1 + z", "x*sum(y*x1) + y1 + z");
}

#[test]
fn definitions_with_two_indices_are_matrices_by_rows() {
    same("K[i in 1..2, j in 1..3] = i*x + j*y1*z; K[2, 3] + K[1, 2] + sum(K[1])", "(2*x + 3*y1*z) + (x + 2*y1*z) + (3*x + 6*y1*z)");
    // An element may use the rows above and what is left of it.
    same("K[i in 1..2, j in 1..2] = if(i == 1, if(j == 1, x, y1), if(j == 1, K[i-1, 2]*z, K[i, 1] + K[1, 1])); K[2, 2]", "y1*z + x");
    same("K[i in 0..1, j in 1..2] = if(i == 0, x*j, K[0, j] + sum(K[i-1])*z); K[1, 2] + y1", "2*x + 3*x*z + y1");
}

#[test]
fn states_of_several_numbers_are_carried_along() {
    same(
        "move(s) = [s[1] + 0.5*s[2], s[2] - 0.5*s[1]*z]; s[t in 0..2] = if(t == 0, [x, y1], move(s[t-1])); s[2, 1] + 2*s[2, 2]",
        "a = x + 0.5*y1; b = y1 - 0.5*x*z; a + 0.5*b + 2*(b - 0.5*a*z)",
    );
    // The forward recursion of a hidden Markov model, against the sum over all paths.
    same(
        "p = sigmoid(x); G = [[p, 1 - p], [0.3, 0.7]]; l[t in 1..3, k in 1..2] = normal_lpdf(y[t] | y1*k, exp(z))
         f[t in 1..3, k in 1..2] = l[t, k] + if(t == 1, log(0.5), logsumexp(f[t-1] + log(G[1..2, k]))); logsumexp(f[3])",
        "p = sigmoid(x); G = [[p, 1 - p], [0.3, 0.7]]
         log(sum(a in 1..2, sum(b in 1..2, sum(c in 1..2, 0.5*G[a, b]*G[b, c]*exp(normal_lpdf(y[1] | y1*a, exp(z))
          + normal_lpdf(y[2] | y1*b, exp(z)) + normal_lpdf(y[3] | y1*c, exp(z)))))))",
    );
}

#[test]
fn matrices_are_factored_solved_and_inverted() {
    let symmetric = "A = [[2 + x^2, x*y1, 0.3], [x*y1, 2, z], [0.3, z, 3]]; ";
    let det = "a = 2 + x^2; b = x*y1; c = 0.3; d = 2; f = z; g = 3; det = a*(d*g - f*f) - b*(b*g - f*c) + c*(b*f - d*c); ";
    same(&format!("{symmetric}log_det(A)"), &format!("{det}log(det)"));
    same(&format!("{symmetric}L = cholesky(A); sum((dot(L, transpose(L)) - A)^2) + L[2, 1]"), "x*y1/sqrt(2 + x^2) + 0*z");
    same(&format!("{symmetric}I = inverse(A); I[1, 1]"), &format!("{det}(d*g - f*f)/det"));
    same(
        &format!("{symmetric}v = solve(A, [1, x, 2]); sum((dot(A, v) - [1, x, 2])^2) + v[1]"),
        &format!("{det}((d*g - f*f) + x*(c*f - b*g) + 2*(b*f - c*d))/det"),
    );
    // Not symmetric: by elimination; triangles by substitution.
    same("v = solve([[2, x], [y1, 3]], [z, 1]); v[1] + 2*v[2]", "((3*z - x) + 2*(2 - y1*z))/(6 - x*y1)");
    same("v = solve([[0, 1], [2 + x, y1]], [z, 1]); v[1] + v[2]", "(1 - y1*z)/(2 + x) + z");
    same("log_det([[2, x], [y1, -3]]) + z", "log(6 + x*y1) + z");
    same("v = solve([[2, 0], [x, 3]], [z, y1]); v[2]", "(y1 - x*z/2)/3");
    same("v = solve([[2, x], [0, 3]], [z, y1]); v[1]", "(z - x*y1/3)/2");
    same("V = solve([[2, x], [y1, 3]], [[1, 0], [0, 1]]); V[1, 2]*z", "-x*z/(6 - x*y1)");
}

#[test]
fn parts_of_vectors_are_theirs() {
    same("v = [x, y1, z]; sum(head(v, 2)) - sum(tail(v, 1))", "x + y1 - z");
    same("c = cumsum([x, y1, z]); c[2]*c[3]", "(x + y1)*(x + y1 + z)");
    same("v = append(x, [y1, z]); length(v)*v[3] + v[1]*v[2]", "3*z + x*y1");
    same("D = diag([x, y1]); D[1, 1]*D[2, 2] + D[1, 2] + sum(diag([[z, 1], [2, z]]))", "x*y1 + 2*z");
    same("v = rep(x, 3); sum(v) + sum(rep(y1, 2, 2)) + z", "3*x + 4*y1 + z");
    same("T = transpose([[x, y1], [z, 1]]); T[1, 2] - T[2, 1] + 0*x", "z - y1 + 0*x");
    // A column is the vector of its rows.
    same("c = cumsum(x*y); c[4] + length(k)*z + y1", "x*(y[1] + y[2] + y[3] + y[4]) + 20*z + y1");
}

#[test]
fn covariances_of_processes_are_their_formula() {
    same("K = gp_exp_quad_cov([0, 1, 2.5], x, 1 + y1^2); K[3, 1] + K[2, 2]*z", "x^2*exp(-2.5^2/(2*(1 + y1^2)^2)) + x^2*z");
    same("K = gp_exp_quad_cov([[0, 1], [1, 3]], x, 1 + y1^2); K[1, 2] + z", "x^2*exp(-5/(2*(1 + y1^2)^2)) + z");
    same(
        "multi_normal_lpdf(head(y, 2) | 0, [[2, x], [x, 3]]) + y1 + z",
        "multi_normal_lpdf([y[1], y[2]] | [0, 0], [[2, x], [x, 3]]) + y1 + z",
    );
}

#[test]
fn differential_equations_are_solved_to_fourth_order() {
    // z' = a z: one step is the Taylor polynomial of degree four.
    same("f(t, s) = x*s; s = ode(f, y1, 0, [0.5, 1], 1); s[2] + z", "g = 1 + x/2 + (x/2)^2/2 + (x/2)^3/6 + (x/2)^4/24; y1*g^2 + z");
    let solved = |steps: usize| {
        let text = format!("x in (-1, 1); f(t, s) = [s[2], -s[1] + 0*t]; s = ode(f, [x, 1], 0, [1, 2], {steps}); s[2, 1]");
        at(&text, &[0.3])[0]
    };
    let exact = 0.3 * 2f64.cos() + 2f64.sin();
    let [coarse, fine] = [8, 16].map(|steps| (solved(steps) - exact).abs());
    assert!(coarse < 1e-5 && (coarse / fine - 16.0).abs() < 2.0, "{coarse} and {fine}");
    // A rate that hangs on time: the integral of t³ is exact.
    same("f(t, s) = t^3; s = ode(f, x, 1, [3], 2); s[1] + y1 + z", "x + 20 + y1 + z");
}

#[test]
fn lags_of_what_is_made_of_columns_are_those_of_its_rows() {
    same("m = x*x1 + y1; sum(t in 2..rows, (y[t] - m[t-1])^2) + z", "sum(t in 2..rows, (y[t] - (x*x1[t-1] + y1))^2) + z");
    same("v = [x, y1, z]; u = v[school]*x1; u[2] + sum(t in 3..5, u[t-1]*t)", "y1*x1[2] + 3*y1*x1[2] + 4*z*x1[3] + 5*x*x1[4]");
    // Sums over rows inside are what they were, over another table too.
    same("m = x*x1 - sum(g.size)*y1; m[3] + z", "x*x1[3] - 60*y1 + z");
}

#[test]
fn vectors_with_an_element_a_row_go_with_the_rows() {
    let text = "th[rows] in (-inf, inf); th ~ normal(0, 1); y ~ normal(th + x1, 2)";
    let plain = "th[20] in (-inf, inf); log_density = sum(normal_lpdf(th | 0, 1)) + sum(i in 1..20, normal_lpdf(y[i] | th[i] + x1[i], 2))";
    let place: Vec<f64> = (0..20).map(|i| 0.1 * f64::from(i) - 1.0).collect();
    for (found, expected) in at(text, &place).iter().zip(at(plain, &place)) {
        assert!((found - expected).abs() <= 1e-11 * (1.0 + expected.abs()), "{found}, not {expected}");
    }
}

#[test]
fn outcomes_add_their_log_densities() {
    same(
        "x ~ normal(0, 2); [y1, z] ~ normal(x, 1); y ~ normal(x, 3); log_density = y1",
        "normal_lpdf(x | 0, 2) + normal_lpdf(y1 | x, 1) + normal_lpdf(z | x, 1) + sum(normal_lpdf(y | x, 3)) + y1",
    );
    same("x ~ normal(0, 2) T[0, ]; y1 + z", "if(x < 0, -inf, normal_lpdf(x | 0, 2) - normal_lccdf(0 | 0, 2)) + y1 + z");
    same(
        "y ~ normal(x, 3) T[-1, 7]; y1 + z",
        "sum(normal_lpdf(y | x, 3) - log_diff_exp(normal_lcdf(7 | x, 3), normal_lcdf(-1 | x, 3))) + y1 + z",
    );
    same("y ~ normal(x, 3) T[, 7]; y1 + z", "sum(normal_lpdf(y | x, 3) - normal_lcdf(7 | x, 3)) + y1 + z");
}

/// The density of a parameter between ends that others set is uniform there, whatever they are: ∫ exp(log density) over its free variable is
/// the width of the interval.
#[test]
fn limits_that_depend_on_parameters_leave_a_uniform_law() {
    let mass = |text: &str, first: f64| {
        let step = 0.02;
        (-2000..2000).map(|i| at(text, &[first, (f64::from(i) + 0.5) * step])[0].exp() * step).sum::<f64>()
    };
    let both = mass("a in (0, 1); b in (0, 1 - a); log_density = 0*b", 0.3);
    assert!((both - 0.7).abs() < 1e-8, "{both}");
    let above = mass("a in (0, 1); b in (a, inf); log_density = exponential_lpdf(b - a | 2)", 0.3);
    assert!((above - 1.0).abs() < 1e-8, "{above}");
    let below = mass("a in (0, 1); b in (-inf, a); log_density = exponential_lpdf(a - b | 2)", 0.3);
    assert!((below - 1.0).abs() < 1e-8, "{below}");
}

#[test]
fn vectors_that_add_up_to_zero_are_an_orthonormal_image_of_their_free_variables() {
    let free = [0.3, -1.2, 0.8];
    // Lengths are kept, and the sum is 0.
    let found = at("o[4] in sum_to_zero; log_density = -sum(o^2) + 100*sum(o)", &free);
    let length: f64 = free.iter().map(|x| x * x).sum();
    assert!((found[0] + length).abs() < 1e-12, "{found:?}");
    for (slope, x) in found[1..].iter().zip(free) {
        assert!((slope + 2.0 * x).abs() < 1e-12, "{found:?}");
    }
}
