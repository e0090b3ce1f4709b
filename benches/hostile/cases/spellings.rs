//! Mixtures spelled in unusual ways: nested, multiplied, as powers, in variables of their own, of parts that are not round.

use rand_distr::{ChiSquared, Distribution};

use super::free;
use crate::case::{Case, Dice, exponential, many, normal, pick, rejected, tabled, uniform};

/// Draws of parts that have each a weight, a middle and a standard deviation, the same in every variable.
fn round(parts: &[(f64, f64, f64)], dimension: usize) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send + use<> {
    let parts = parts.to_vec();
    let weights: Vec<f64> = parts.iter().map(|part| part.0).collect();
    move |dice| {
        let (_, middle, sd) = parts[pick(dice, &weights)];
        (0..dimension).map(|_| middle + sd * normal(dice)).collect()
    }
}

/// A multivariate Student t of that scale.
fn student(dice: &mut Dice, nu: f64, middle: f64, scale: f64, dimension: usize) -> Vec<f64> {
    let chi: f64 = ChiSquared::new(nu).expect("positive").sample(dice);
    let size = scale * (nu / chi).sqrt();
    (0..dimension).map(|_| middle + size * normal(dice)).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let plane = "x in (-inf, inf); y in (-inf, inf)";
    let first = |case: Case, edge: f64| case.event("first variable beyond the middle", move |x| x[0] > edge);
    let mut cases = Vec::new();
    for dimension in [3, 12] {
        let part = |middle: f64, sd: f64| format!("sum(normal_lpdf(x | {middle}, {sd}))");
        let text = format!(
            "{}; log_density = log_mix(0.2, {}, log_mix(0.5, {}, {}))",
            free(dimension),
            part(-4.0, 0.5),
            part(0.0, 1.0),
            part(5.0, 0.2)
        );
        let draw = round(&[(0.2, -4.0, 0.5), (0.4, 0.0, 1.0), (0.4, 5.0, 0.2)], dimension);
        cases.push(first(Case::new(format!("spelling log_mix of log_mix in {dimension}"), text, draw), 2.5));
    }
    cases.push(first(
        Case::new(
            "spelling softplus of a difference",
            format!("{}; a = sum(normal_lpdf(x | -3, 1)); b = sum(normal_lpdf(x | 3, 0.3)); log_density = b + softplus(a - b)", free(6)),
            round(&[(0.5, -3.0, 1.0), (0.5, 3.0, 0.3)], 6),
        ),
        1.0,
    ));
    cases.push(first(
        Case::new(
            "spelling log1p of a ratio",
            format!("{plane}; a = -(x^2 + y^2)/2; b = -((x - 9)^2 + (y - 9)^2)*50; log_density = a + log1p(exp(b - a)*100)"),
            round(&[(0.5, 0.0, 1.0), (0.5, 9.0, 0.1)], 2),
        ),
        5.0,
    ));
    cases.push(first(
        Case::new(
            "spelling an outer factor",
            format!("{plane}; density = 3*(0.5*exp(-(x + 5)^2/2) + exp(-(x - 5)^2*2))*exp(-y^2/2)"),
            |dice: &mut Dice| {
                // Masses 0.5·√(2π) and √(π/2): the same.
                let x = if uniform(dice) < 0.5 { -5.0 + normal(dice) } else { 5.0 + 0.5 * normal(dice) };
                vec![x, normal(dice)]
            },
        ),
        0.0,
    ));
    cases.push(first(
        Case::new(
            "spelling a square of a sum",
            format!("{plane}; density = (exp(-((x + 4)^2 + y^2)/4) + exp(-((x - 4)^2 + y^2)))^2"),
            // Squares have the masses 2π and π/2; the cross term 2·exp(−(q₁/4 + q₂)) is below 1e-5 of them.
            |dice: &mut Dice| match uniform(dice) < 0.8 {
                true => vec![-4.0 + normal(dice), normal(dice)],
                false => vec![4.0 + 0.5 * normal(dice), 0.5 * normal(dice)],
            },
        ),
        0.0,
    ));
    cases.push(first(
        Case::new(
            "spelling a quotient",
            format!("{plane}; density = (exp(-(x - 6)^2/2) + exp(-(x + 6)^2/2))*exp(-y^2)/(1 + 0.0*x)"),
            |dice: &mut Dice| {
                let side = if uniform(dice) < 0.5 { 6.0 } else { -6.0 };
                vec![side + normal(dice), 0.5_f64.sqrt() * normal(dice)]
            },
        ),
        0.0,
    ));
    cases.push(first(
        Case::new("spelling cosh", format!("{plane}; log_density = log(cosh(5*x)) - x^2/2 - y^2/2"), |dice: &mut Dice| {
            let side = if uniform(dice) < 0.5 { 5.0 } else { -5.0 };
            vec![side + normal(dice), normal(dice)]
        }),
        0.0,
    ));
    cases.push(first(
        Case::new("spelling cosh of a slant", format!("{plane}; density = cosh(3*(x + y))*exp(-(x^2 + y^2)/2)"), |dice: &mut Dice| {
            let side = if uniform(dice) < 0.5 { 3.0 } else { -3.0 };
            vec![side + normal(dice), side + normal(dice)]
        }),
        0.0,
    ));
    cases.push(first(
        Case::new(
            "spelling a loop of parts",
            format!("{plane}; density = sum(k in 1..5, 2^(-k)*exp(-((x - 4*k)^2 + (y + 3*k)^2)/(2*0.2^2*k^2))/k^2)"),
            |dice: &mut Dice| {
                let k = pick(dice, &[0.5, 0.25, 0.125, 0.0625, 0.03125]) as f64 + 1.0;
                vec![4.0 * k + 0.2 * k * normal(dice), -3.0 * k + 0.2 * k * normal(dice)]
            },
        ),
        6.0,
    ));
    for dimension in [2, 6] {
        // Every pair of signs: 2^d modes, unequal ones, in a density that factors.
        let text =
            format!("{}; density = prod(i in 1..{dimension}, 0.7*exp(-(x[i] + 3)^2/2) + 0.3*10*exp(-50*(x[i] - 3)^2))", free(dimension));
        let draw = many(dimension, |dice: &mut Dice| if uniform(dice) < 0.7 { -3.0 + normal(dice) } else { 3.0 + 0.1 * normal(dice) });
        cases.push(first(Case::new(format!("spelling a product of mixtures in {dimension}"), text, draw), 1.0));
    }
    cases.push(first(
        Case::new(
            "spelling a product of mixtures of the same",
            // N(±5, 1) times N(±5, 1) leaves N(±5, 1/2); the cross terms are e^−25 of it.
            format!(
                "{plane}; log_density = logsumexp(-(x - 5)^2/2 - y^2/2, -(x + 5)^2/2 - y^2/2) \
                 + logsumexp(log(3) - (x - 5)^2/2, -(x + 5)^2/2)"
            ),
            |dice: &mut Dice| {
                let side = if uniform(dice) < 0.75 { 5.0 } else { -5.0 };
                vec![side + 0.5_f64.sqrt() * normal(dice), normal(dice)]
            },
        ),
        0.0,
    ));
    for (nu, dimension) in [(3.0, 2), (3.0, 10), (1.0, 3)] {
        let part = |middle: f64, scale: f64| {
            let power = 0.5 * (nu + dimension as f64);
            format!("-{power}*log1p(sum((x - {middle})^2)/({nu}*{scale}^2)) - {dimension}*log({scale})")
        };
        let text = format!("{}; log_density = logsumexp(log(0.3) + {}, log(0.7) + {})", free(dimension), part(10.0, 0.1), part(0.0, 1.0));
        let draw = move |dice: &mut Dice| match uniform(dice) < 0.3 {
            true => student(dice, nu, 10.0, 0.1, dimension),
            false => student(dice, nu, 0.0, 1.0, dimension),
        };
        cases.push(first(Case::new(format!("spelling a mixture of multivariate Student {nu} in {dimension}"), text, draw), 8.0));
    }
    cases.push(
        Case::new(
            "spelling a needle in the bulk of 5",
            format!("{}; log_density = log_mix(0.1, sum(normal_lpdf(x | 0.2, 0.001)), sum(normal_lpdf(x | 0, 1)))", free(5)),
            round(&[(0.1, 0.2, 0.001), (0.9, 0.0, 1.0)], 5),
        )
        .event("needle", |x| x.iter().all(|x| (x - 0.2).abs() < 0.01)),
    );
    cases.push(
        Case::new(
            "spelling an evenly lit box with a needle",
            "x[3] in (-10, 10); density = 0.6/20^3 + 0.4*exp(-sum((x - 1)^2)/(2*0.05^2))/(2*pi*0.05^2)^1.5",
            |dice: &mut Dice| match uniform(dice) < 0.4 {
                true => (0..3).map(|_| 1.0 + 0.05 * normal(dice)).collect(),
                false => (0..3).map(|_| 20.0 * uniform(dice) - 10.0).collect(),
            },
        )
        .event("needle", |x| x.iter().all(|x| (x - 1.0).abs() < 0.3)),
    );
    cases.push(first(
        Case::new(
            "spelling correlated parts by matrices",
            "v[2] in (-inf, inf); log_density = log_mix(0.4, multi_normal_lpdf(v | [0, 0], [[1, 0.95], [0.95, 1]]), \
             multi_normal_lpdf(v | [12, 0], [[0.01, 0], [0, 9]]))",
            |dice: &mut Dice| {
                let (a, b) = (normal(dice), normal(dice));
                if uniform(dice) < 0.4 { vec![a, 0.95 * a + (1.0_f64 - 0.9025).sqrt() * b] } else { vec![12.0 + 0.1 * a, 3.0 * b] }
            },
        ),
        6.0,
    ));
    cases.push(first(
        Case::new(
            "spelling a mixture of a shell and a ball",
            format!("{}; log_density = logsumexp(-(sqrt(sum(x^2)) - 8)^2*50, log(40000) - sum(x^2)*5)", free(3)),
            {
                // Masses: ∫4πr²·exp(−50(r − 8)²) dr = 4π(64 + 1/100)·√(π/50), and 40000·(π/5)^1.5.
                let shell = 4.0 * std::f64::consts::PI * 64.01 * (std::f64::consts::PI / 50.0).sqrt();
                let ball = 40000.0 * (std::f64::consts::PI / 5.0).powf(1.5);
                let radius = tabled(7.0, 9.0, 1, |r| r * r * (-50.0 * (r - 8.0).powi(2)).exp());
                move |dice: &mut Dice| {
                    if uniform(dice) * (shell + ball) < ball {
                        return (0..3).map(|_| normal(dice) / 10.0_f64.sqrt()).collect();
                    }
                    let size = radius(dice);
                    crate::case::direction(dice, 3).into_iter().map(|x| size * x).collect()
                }
            },
        )
        .event("ball", |x| x.iter().map(|x| x * x).sum::<f64>() < 16.0),
        0.0,
    ));
    cases.push(first(
        Case::new(
            "spelling a mixture of gammas in 4",
            "x[4] in (0, inf); log_density = log_mix(0.5, sum(gamma_lpdf(x | 2, 1)), sum(gamma_lpdf(x | 400, 10)))",
            |dice: &mut Dice| {
                let (shape, rate) = if uniform(dice) < 0.5 { (2.0, 1.0) } else { (400.0, 10.0) };
                let law = rand_distr::Gamma::new(shape, 1.0 / rate).expect("positive");
                (0..4).map(|_| law.sample(dice)).collect()
            },
        ),
        20.0,
    ));
    cases.push(first(
        Case::new(
            "spelling a mixture of exponentials",
            "x in (0, inf); y in (0, inf); density = exp(-x - y) + 10000*exp(-100*x - 100*y)",
            |dice: &mut Dice| {
                let rate = if uniform(dice) < 0.5 { 1.0 } else { 100.0 };
                vec![exponential(dice) / rate, exponential(dice) / rate]
            },
        ),
        0.1,
    ));
    // What a mixture model says of its middles: each swap of the labels is a mode.
    let data = [-2.1, -1.9, -2.4, 1.8, 2.2, 2.0, 2.5];
    let likelihood = move |a: f64, b: f64| {
        let term = |y: f64| (0.5 * (-(y - a).powi(2) / 2.0).exp() + 0.5 * (-(y - b).powi(2) / 2.0).exp()).ln();
        data.iter().map(|y| term(*y)).sum::<f64>()
    };
    let terms: Vec<String> = data.iter().map(|y| format!("log(0.5*exp(-({y} - a)^2/2) + 0.5*exp(-({y} - b)^2/2))")).collect();
    let most = {
        let grid = || (-400..=400).map(|k| k as f64 / 100.0);
        grid().flat_map(|a| grid().map(move |b| likelihood(a, b) - (a * a + b * b) / 50.0)).fold(f64::NEG_INFINITY, f64::max) + 0.01
    };
    cases.push(first(
        Case::new(
            "spelling labels that switch",
            format!("a in (-inf, inf); b in (-inf, inf); log_density = {} - (a^2 + b^2)/50", terms.join(" + ")),
            rejected(vec![-8.0; 2], vec![8.0; 2], 1.0, move |x| (likelihood(x[0], x[1]) - (x[0] * x[0] + x[1] * x[1]) / 50.0 - most).exp()),
        ),
        0.0,
    ));
    cases
}
