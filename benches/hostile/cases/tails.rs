//! Heavy tails.

use rand_distr::{Cauchy, ChiSquared, Distribution, Gamma, StudentT};

use super::free;
use crate::case::{Case, Dice, exponential, many, normal, uniform};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    // Multivariate Student t: a normal over the root of a chi-squared variable's share.
    for (nu, dimension) in [(1.0, 2), (1.0, 3), (1.0, 10), (2.0, 2), (2.0, 5), (3.0, 20), (5.0, 4), (4.0, 50), (1.0, 100)] {
        let text = format!("{}; log_density = -({nu} + {dimension})/2*log1p(sum(x^2)/{nu})", free(dimension));
        let draw = move |dice: &mut Dice| {
            let chi: f64 = ChiSquared::new(nu).expect("positive").sample(dice);
            let scale = (nu / chi).sqrt();
            (0..dimension).map(|_| scale * normal(dice)).collect()
        };
        cases.push(Case::new(format!("tails of Student {nu} in {dimension}"), text, draw));
    }
    cases.push(Case::new(
        "tails of Student 3 slanted",
        "x in (-inf, inf); y in (-inf, inf); log_density = -2.5*log1p((x^2 - 1.6*x*y + y^2)/0.36/3)",
        |dice| {
            let chi: f64 = ChiSquared::new(3.0).expect("positive").sample(dice);
            let (scale, a) = ((3.0 / chi).sqrt(), normal(dice));
            vec![scale * a, scale * (0.8 * a + 0.6 * normal(dice))]
        },
    ));
    for (nu, dimension) in [(1.0, 2), (2.0, 10), (3.0, 30)] {
        let text = format!("{}; log_density = sum(student_t_lpdf(x | {nu}, 0, 1))", free(dimension));
        cases.push(Case::new(
            format!("tails of Student {nu} in each of {dimension}"),
            text,
            many(dimension, move |dice| StudentT::new(nu).expect("positive").sample(dice)),
        ));
    }
    cases.push(Case::new(
        "tails of Cauchy and a normal",
        "x in (-inf, inf); y in (-inf, inf); log_density = cauchy_lpdf(x | 0, 1) + normal_lpdf(y | x/10, 1)",
        |dice| {
            let x: f64 = Cauchy::new(0.0, 1.0).expect("positive").sample(dice);
            vec![x, x / 10.0 + normal(dice)]
        },
    ));
    cases.push(Case::new(
        "tails of Pareto in 3",
        "x[3] in (1, inf); log_density = -2.5*sum(log(x))",
        many(3, |dice| uniform(dice).powf(-1.0 / 1.5)),
    ));
    cases.push(Case::new(
        "tails of lognormals in 8",
        "x[8] in (0, inf); log_density = sum(lognormal_lpdf(x | 1, 2))",
        many(8, |dice| (1.0 + 2.0 * normal(dice)).exp()),
    ));
    cases.push(Case::new(
        "tails of inverse gammas in 5",
        "x[5] in (0, inf); log_density = sum(inv_gamma_lpdf(x | 1.5, 2))",
        many(5, |dice| {
            let gamma: f64 = Gamma::new(1.5, 0.5).expect("positive").sample(dice);
            1.0 / gamma
        }),
    ));
    for dimension in [2, 6, 15] {
        let text = format!(
            "z[{dimension}] in (0, inf); x[{dimension}] in (-inf, inf); \
             log_density = sum(half_cauchy_lpdf(z | 1)) + sum(normal_lpdf(x | 0, z))"
        );
        let draw = move |dice: &mut Dice| {
            let z: Vec<f64> = (0..dimension).map(|_| (std::f64::consts::FRAC_PI_2 * uniform(dice)).tan()).collect();
            let x: Vec<f64> = z.iter().map(|z| z * normal(dice)).collect();
            z.into_iter().chain(x).collect()
        };
        cases.push(Case::new(format!("tails of a horseshoe in {}", 2 * dimension), text, draw));
    }
    cases.push(Case::new(
        "tails e^-sqrt in 4",
        format!("{}; log_density = -sum(sqrt(abs(x)))", free(4)),
        many(4, |dice| {
            let gamma: f64 = Gamma::new(2.0, 1.0).expect("positive").sample(dice);
            gamma * gamma * if uniform(dice) < 0.5 { -1.0 } else { 1.0 }
        }),
    ));
    cases.push(Case::new(
        "tails of a product",
        "x in (0, inf); y in (0, inf); log_density = -x*(1 + y) - 0.5*y",
        // ∫dx gives e^(−y/2)/(1 + y): by rejection from the exponential.
        |dice| loop {
            let y = 2.0 * exponential(dice);
            if uniform(dice) < 1.0 / (1.0 + y) {
                return vec![exponential(dice) / (1.0 + y), y];
            }
        },
    ));
    cases
}
