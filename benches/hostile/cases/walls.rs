//! Ends of ranges where the mass is: steep walls, poles, cut Gaussians, simplices, copulas.

use rand_distr::{Beta, Distribution, Gamma};

use super::free;
use crate::case::{Case, Dice, exponential, many, normal, rejected, tabled, uniform};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (dimension, rate) in [(2, 1.0), (5, 50.0), (20, 1.0), (100, 3.0)] {
        let text = format!("x[{dimension}] in (0, inf); log_density = -{rate}*sum(x)");
        cases.push(Case::new(
            format!("wall of exponentials {rate} in {dimension}"),
            text,
            many(dimension, move |dice| exponential(dice) / rate),
        ));
    }
    for (dimension, shape) in [(2, 0.5), (10, 2.0), (30, 0.3)] {
        let text = format!("{}; log_density = sum({shape}*x - exp(x))", free(dimension));
        cases.push(Case::new(
            format!("wall of log-gammas {shape} in {dimension}"),
            text,
            many(dimension, move |dice| {
                // Γ(a) = Γ(a + 1)·U^(1/a), which does not underflow in its logarithm.
                let gamma: f64 = Gamma::new(shape + 1.0, 1.0).expect("positive").sample(dice);
                gamma.ln() + uniform(dice).max(f64::MIN_POSITIVE).ln() / shape
            }),
        ));
    }
    for (a, b, dimension) in [(0.5, 0.5, 2), (0.2, 3.0, 3), (2.0, 2.0, 10), (0.7, 0.3, 20)] {
        let text = format!("x[{dimension}] in (0, 1); log_density = sum(beta_lpdf(x | {a}, {b}))");
        cases.push(Case::new(
            format!("wall of betas {a} {b} in {dimension}"),
            text,
            many(dimension, move |dice| Beta::new(a, b).expect("positive").sample(dice)),
        ));
    }
    for (dimension, low, high) in [(2, 0.0, 1.0), (5, 1.0, 4.0), (20, -0.5, 3.0)] {
        let text = format!("x[{dimension}] in ({low}, {high}); log_density = -sum(x^2)/2");
        let cut = tabled(low, high, 1, |x| (-x * x / 2.0).exp());
        cases.push(Case::new(format!("wall of a Gaussian cut to {low} {high} in {dimension}"), text, many(dimension, cut)));
    }
    cases.push(Case::new(
        "wall of a slanted Gaussian cut",
        "x in (0, inf); y in (0, inf); log_density = -(x^2 - 1.6*x*y + y^2)/0.72",
        |dice| loop {
            let a = normal(dice);
            let b = 0.8 * a + 0.6 * normal(dice);
            if a > 0.0 && b > 0.0 {
                return vec![a, b];
            }
        },
    ));
    cases.push(Case::new(
        "wall of a walk above 0",
        "x[5] in (0, inf); log_density = -x[1]^2/2 - sum(i in 2..5, (x[i] - x[i - 1])^2)/2",
        |dice| 'again: loop {
            let mut x: Vec<f64> = vec![];
            let mut last = 0.0;
            for _ in 0..5 {
                last += normal(dice);
                if last <= 0.0 {
                    continue 'again;
                }
                x.push(last);
            }
            return x;
        },
    ));
    for (name, alpha) in [("even", vec![1.0, 1.0, 1.0]), ("sparse", vec![0.3, 0.3, 0.3, 0.3]), ("uneven", vec![5.0, 1.0, 0.5, 2.0, 8.0])] {
        let entries = alpha.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        // Coordinates below the simplex: the last entry is what the others leave.
        let size = alpha.len() - 1;
        let terms: Vec<String> = (0..size).map(|at| format!("({} - 1)*log(x[{}])", alpha[at], at + 1)).collect();
        let text = format!(
            "x[{size}] in (0, 1); log_density = if(sum(x) < 1, {} + ({} - 1)*log(1 - sum(x)), -inf)",
            terms.join(" + "),
            alpha[size]
        );
        let draw = move |dice: &mut Dice| {
            let gammas: Vec<f64> = alpha.iter().map(|a| Gamma::new(*a, 1.0).expect("positive").sample(dice)).collect();
            let total: f64 = gammas.iter().sum();
            gammas[..size].iter().map(|gamma| gamma / total).collect()
        };
        cases.push(Case::new(format!("wall of a Dirichlet {entries} {name}"), text, draw));
    }
    cases.push(Case::new(
        "wall of a triangle",
        "x in (0, 1); y in (0, 1); log_density = if(x + y < 1, 2*x, -inf)",
        rejected(vec![0.0; 2], vec![1.0; 2], 2.0_f64.exp(), |x| if x[0] + x[1] < 1.0 { (2.0 * x[0]).exp() } else { 0.0 }),
    ));
    cases.push(Case::new("wall order in 2", "x in (0, 1); y in (0, 1); density = if(x < y, y, 0)", |dice| {
        // The density of y is 3y², and x given y is uniform below it.
        let y = uniform(dice).cbrt();
        vec![y * uniform(dice), y]
    }));
    // Clayton: u2 = ((w^(−θ/(1+θ)) − 1)·u1^(−θ) + 1)^(−1/θ).
    for theta in [0.5, 2.0, 8.0] {
        let text = format!(
            "u in (0, 1); v in (0, 1); log_density = -(1 + {theta})*(log(u) + log(v)) - (2 + 1/{theta})*log(u^(-{theta}) + v^(-{theta}) - 1)"
        );
        let draw = move |dice: &mut Dice| {
            let (u, w) = (uniform(dice), uniform(dice));
            let v = ((w.powf(-theta / (1.0 + theta)) - 1.0) * u.powf(-theta) + 1.0).powf(-1.0 / theta);
            vec![u, v]
        };
        cases.push(Case::new(format!("copula of Clayton {theta}"), text, draw));
    }
    // Farlie, Gumbel and Morgenstern: density 1 + θ(1 − 2u)(1 − 2v).
    for theta in [1.0, -1.0] {
        let text = format!("u in (0, 1); v in (0, 1); density = 1 + ({theta})*(1 - 2*u)*(1 - 2*v)");
        let density = move |x: &[f64]| 1.0 + theta * (1.0 - 2.0 * x[0]) * (1.0 - 2.0 * x[1]);
        cases.push(Case::new(format!("copula of Morgenstern {theta}"), text, rejected(vec![0.0; 2], vec![1.0; 2], 2.0, density)));
    }
    for dimension in [2, 4] {
        // Exponentials of a shared rate: x_i | r exponential(r), r gamma: the copula of a multivariate Lomax law.
        let text = format!("x[{dimension}] in (0, inf); log_density = -(3 + {dimension})*log1p(sum(x))");
        let draw = move |dice: &mut Dice| {
            let rate: f64 = Gamma::new(3.0, 1.0).expect("positive").sample(dice);
            (0..dimension).map(|_| exponential(dice) / rate).collect()
        };
        cases.push(Case::new(format!("copula of Lomax in {dimension}"), text, draw));
    }
    cases
}
