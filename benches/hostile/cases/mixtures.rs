//! Mixtures of all scales and weights, spelled in the ways that people spell them.

use rand_distr::{Distribution, StudentT};

use super::free;
use crate::case::{Case, Dice, exponential, many, normal, pick, uniform};

/// A part: its weight, its middle and its standard deviation.
type Part = (f64, Vec<f64>, f64);

fn part(weight: f64, middle: &[f64], sd: f64) -> Part {
    (weight, middle.to_vec(), sd)
}

/// A part whose middle has the same entry everywhere.
fn even(weight: f64, middle: f64, sd: f64, dimension: usize) -> Part {
    (weight, vec![middle; dimension], sd)
}

/// Σ (xᵢ − mᵢ)², short where all of mᵢ are the same.
fn square(middle: &[f64]) -> String {
    if middle.iter().all(|m| *m == middle[0]) {
        return format!("sum((x - {})^2)", bracketed(middle[0]));
    }
    middle.iter().enumerate().map(|(at, m)| format!("(x[{}] - {})^2", at + 1, bracketed(*m))).collect::<Vec<_>>().join(" + ")
}

fn bracketed(number: f64) -> String {
    if number < 0.0 { format!("({number})") } else { number.to_string() }
}

/// log of a part's share at x, without the constant that all parts have.
fn log_share((weight, middle, sd): &Part, x: &[f64]) -> f64 {
    let square: f64 = x.iter().zip(middle).map(|(x, m)| ((x - m) / sd).powi(2)).sum();
    weight.ln() - x.len() as f64 * sd.ln() - square / 2.0
}

/// The shares of the parts as events.
fn with_shares(mut case: Case, parts: &[Part]) -> Case {
    for at in 0..parts.len() {
        let parts = parts.to_vec();
        case = case.event(format!("part {}", at + 1), move |x| {
            let mine = log_share(&parts[at], x);
            parts.iter().enumerate().all(|(other, part)| other == at || log_share(part, x) < mine)
        });
    }
    case
}

fn draw(parts: &[Part]) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send + use<> {
    let parts = parts.to_vec();
    let weights: Vec<f64> = parts.iter().map(|(weight, ..)| *weight).collect();
    move |dice| {
        let (_, middle, sd) = &parts[pick(dice, &weights)];
        middle.iter().map(|m| m + sd * normal(dice)).collect()
    }
}

/// As a sum of exponentials with their constants written out.
fn summed(name: &str, parts: &[Part]) -> Case {
    let dimension = parts[0].1.len();
    let term = |(weight, middle, sd): &Part| format!("{weight}*exp(-({})/(2*{sd}^2))/{sd}^{dimension}", square(middle));
    let text = format!("{}; density = {}", free(dimension), parts.iter().map(term).collect::<Vec<_>>().join(" + "));
    with_shares(Case::new(format!("mixture {name}"), text, draw(parts)), parts)
}

/// As a logsumexp of log densities.
fn logged(name: &str, parts: &[Part]) -> Case {
    let dimension = parts[0].1.len();
    let term = |(weight, middle, sd): &Part| {
        let law = if middle.iter().all(|m| *m == middle[0]) {
            format!("sum(normal_lpdf(x | {}, {sd}))", middle[0])
        } else {
            let each = |(at, m): (usize, &f64)| format!("normal_lpdf(x[{}] | {m}, {sd})", at + 1);
            middle.iter().enumerate().map(each).collect::<Vec<_>>().join(" + ")
        };
        format!("log({weight}) + {law}")
    };
    let text = format!("{}; log_density = logsumexp({})", free(dimension), parts.iter().map(term).collect::<Vec<_>>().join(", "));
    with_shares(Case::new(format!("mixture {name}"), text, draw(parts)), parts)
}

/// As an energy: −log of a sum of normal densities.
fn energy(name: &str, parts: &[Part]) -> Case {
    let dimension = parts[0].1.len();
    let term = |(weight, middle, sd): &Part| format!("{weight}/{sd}^{dimension}*exp(-0.5*({})/{sd}^2)", square(middle));
    let text = format!("{}; energy = -log({})", free(dimension), parts.iter().map(term).collect::<Vec<_>>().join(" + "));
    with_shares(Case::new(format!("mixture {name}"), text, draw(parts)), parts)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        summed("far and light", &[part(0.8, &[0.0, 0.0], 1.0), part(0.2, &[100.0, 100.0], 1.0)]),
        summed("of three scales", &[part(0.6, &[0.0, 0.0], 1.0), part(0.3, &[5.0, 0.0], 0.3), part(0.1, &[0.0, 25.0], 2.0)]),
        summed("narrow and broad", &[part(0.5, &[0.0, 0.0], 0.05), part(0.5, &[6.0, 6.0], 1.5)]),
        logged("very narrow and broad", &[part(0.5, &[0.0, 0.0], 0.02), part(0.5, &[30.0, 0.0], 4.0)]),
        summed("needle off the bulk", &[part(0.9, &[0.0, 0.0], 1.0), part(0.1, &[3.0, 3.0], 0.01)]),
        summed("needle in the bulk", &[part(0.9, &[0.0, 0.0], 1.0), part(0.1, &[0.3, -0.2], 0.001)]),
        logged("needle of half in 5", &[even(0.5, 0.0, 1.0, 5), even(0.5, 2.0, 0.02, 5)]),
        logged("needle of a fifth in 5", &[even(0.8, 0.0, 1.0, 5), even(0.2, 0.5, 0.005, 5)]),
        logged("two widths in 6", &[even(0.5, 0.0, 0.1, 6), even(0.5, 1.0, 1.0, 6)]),
        logged("two widths in 8", &[even(0.5, -3.0, 0.3, 8), even(0.5, 3.0, 1.5, 8)]),
        logged("three in 20", &[even(0.5, 0.0, 1.0, 20), even(0.3, 2.5, 1.0, 20), even(0.2, -2.5, 1.0, 20)]),
        energy("two widths in 10", &[even(0.5, 0.0, 0.2, 10), even(0.5, 0.0, 1.0, 10)]),
        summed("of light neighbours", &[part(0.95, &[0.0, 0.0], 1.0), part(0.05, &[7.0, 0.0], 0.5)]),
        summed("of one percent far away", &[part(0.99, &[0.0, 0.0], 1.0), part(0.01, &[-40.0, 10.0], 1.0)]),
        energy(
            "of five on a ring",
            &(0..5)
                .map(|k| {
                    let angle = std::f64::consts::TAU * k as f64 / 5.0;
                    part(0.2, &[(8.0 * angle.cos()).round(), (8.0 * angle.sin()).round()], 0.4)
                })
                .collect::<Vec<_>>(),
        ),
        logged(
            "of sixteen on a grid",
            &(0..16).map(|k| part(0.0625, &[4.0 * (k % 4) as f64, 4.0 * (k / 4) as f64], 0.5)).collect::<Vec<_>>(),
        ),
        summed("concentric", &[part(0.5, &[0.0, 0.0], 0.1), part(0.5, &[0.0, 0.0], 3.0)]),
        summed("concentric of three", &[part(0.3, &[1.0, 1.0], 0.01), part(0.3, &[1.0, 1.0], 0.3), part(0.4, &[1.0, 1.0], 10.0)]),
        logged("concentric in 3", &[even(0.5, 0.0, 0.05, 3), even(0.5, 0.0, 2.0, 3)]),
        logged("two equal in 3", &[even(0.5, -4.0, 1.0, 3), even(0.5, 4.0, 1.0, 3)]),
        logged("two unequal in 3", &[even(0.7, -6.0, 2.0, 3), even(0.3, 6.0, 0.2, 3)]),
        logged("far and light in 4", &[even(0.9, 0.0, 1.0, 4), even(0.1, 50.0, 1.0, 4)]),
        logged("close in 30", &[even(0.6, 0.0, 1.0, 30), even(0.4, 1.0, 1.0, 30)]),
        logged("needle in 30", &[even(0.75, 0.0, 1.0, 30), even(0.25, 1.0, 0.1, 30)]),
        logged("two in 50", &[even(0.5, -1.0, 1.0, 50), even(0.5, 1.5, 0.5, 50)]),
        logged("two in 100", &[even(0.3, 0.0, 1.0, 100), even(0.7, 3.0, 1.0, 100)]),
        summed("of huge scales", &[part(0.5, &[0.0, 0.0], 1.0), part(0.5, &[1e4, 1e4], 1e3)]),
        summed("of tiny scales", &[part(0.5, &[0.0, 0.0], 1e-4), part(0.5, &[1e-2, 1e-2], 1e-3)]),
        energy(
            "of four weights",
            &[part(0.4, &[0.0, 0.0], 1.0), part(0.3, &[10.0, 0.0], 1.0), part(0.2, &[0.0, 10.0], 1.0), part(0.1, &[10.0, 10.0], 1.0)],
        ),
    ];
    // Without their constants: the heavier part is the broader one.
    let spelled = [part(1.0 / 5.0, &[0.0, 0.0], 0.5), part(4.0 / 5.0, &[6.0, 0.0], 1.0)];
    let text = "exp(-2*(x^2 + y^2)) + exp(-((x - 6)^2 + y^2)/2)";
    cases.push(with_shares(
        Case::new("mixture without constants", format!("x in (-inf, inf); y in (-inf, inf); density = {text}"), draw(&spelled)),
        &spelled,
    ));
    let narrow = [part(0.5, &[0.0, 0.0], 1.0), part(0.5, &[40.0, 28.0], 0.05)];
    let text = "x in (-60, 60); y in (-60, 60); log_density = logsumexp(normal_lpdf(x | 0, 1) + normal_lpdf(y | x/5, 1), \
                normal_lpdf(x | 40, 0.05) + normal_lpdf(y | 20 + x/5, 0.05))";
    cases.push(
        Case::new("mixture of slanted parts", text, |dice| {
            let (x, sd, low) = if uniform(dice) < 0.5 { (normal(dice), 1.0, 0.0) } else { (40.0 + 0.05 * normal(dice), 0.05, 20.0) };
            vec![x, low + x / 5.0 + sd * normal(dice)]
        })
        .event("second part", move |x| log_share(&narrow[1], x) > log_share(&narrow[0], x)),
    );
    // A mixture in each coordinate: spikes and slabs.
    for (dimension, spike, slab) in [(2, 0.05, 2.0), (5, 0.01, 1.0), (5, 0.1, 3.0), (20, 0.02, 1.0)] {
        let text = format!(
            "{}; log_density = sum(i in 1..{dimension}, logsumexp(log(0.5) + normal_lpdf(x[i] | 0, {spike}), log(0.5) + normal_lpdf(x[i] | 0, {slab})))",
            free(dimension)
        );
        let draw = many(dimension, move |dice| normal(dice) * if uniform(dice) < 0.5 { spike } else { slab });
        cases.push(Case::new(format!("mixture spike and slab {spike} {slab} in {dimension}"), text, draw));
    }
    // Parts that are not normal.
    for (dimension, nu) in [(2, 3.0), (5, 4.0)] {
        let t = |middle: f64, scale: f64| format!("sum(student_t_lpdf(x | {nu}, {middle}, {scale}))");
        let text = format!("{}; log_density = logsumexp(log(0.6) + {}, log(0.4) + {})", free(dimension), t(-5.0, 1.0), t(8.0, 0.3));
        let draw = move |dice: &mut Dice| {
            let law = StudentT::new(nu).expect("positive");
            let (middle, scale) = if uniform(dice) < 0.6 { (-5.0, 1.0) } else { (8.0, 0.3) };
            (0..dimension).map(|_| middle + scale * law.sample(dice)).collect()
        };
        cases.push(Case::new(format!("mixture of Student t in {dimension}"), text, draw));
    }
    let laplace = |dice: &mut Dice| exponential(dice) * if uniform(dice) < 0.5 { -1.0 } else { 1.0 };
    cases.push(Case::new(
        "mixture of Laplace",
        "x in (-inf, inf); y in (-inf, inf); density = 0.75*exp(-abs(x) - abs(y)) + 0.25*100*exp(-10*abs(x - 9) - 10*abs(y + 3))",
        move |dice| match uniform(dice) < 0.75 {
            true => vec![laplace(dice), laplace(dice)],
            false => vec![9.0 + 0.1 * laplace(dice), -3.0 + 0.1 * laplace(dice)],
        },
    ));
    cases.push(Case::new(
        "mixture of correlated parts",
        "x in (-inf, inf); y in (-inf, inf); \
         density = exp(-(x^2 - 1.8*x*y + y^2)/0.38) + exp(-((x - 8)^2 + 1.8*(x - 8)*y + y^2)/0.38)",
        |dice| {
            let (a, b) = (normal(dice), normal(dice));
            let sign = if uniform(dice) < 0.5 { 1.0 } else { -1.0 };
            vec![a + if sign > 0.0 { 0.0 } else { 8.0 }, sign * 0.9 * a + 0.19_f64.sqrt() * b]
        },
    ));
    cases.push(Case::new(
        "mixture of a banana and a ball",
        "x in (-inf, inf); y in (-inf, inf); \
         density = 0.6*exp(-x^2/18 - (y - 0.5*x^2)^2/2)/3 + 0.4*100*exp(-50*((x - 2)^2 + (y + 20)^2))",
        |dice| match uniform(dice) < 0.6 {
            true => {
                let x = 3.0 * normal(dice);
                vec![x, 0.5 * x * x + normal(dice)]
            }
            false => vec![2.0 + 0.1 * normal(dice), -20.0 + 0.1 * normal(dice)],
        },
    ));
    // A mixture in two variables beside eight that have none.
    cases.push(Case::new(
        "mixture in two of ten",
        format!(
            "{}; log_density = logsumexp(log(0.7) + normal_lpdf(x[1] | 0, 1) + normal_lpdf(x[2] | 0, 1), \
             log(0.3) + normal_lpdf(x[1] | 12, 0.1) + normal_lpdf(x[2] | 12, 0.1)) - sum(i in 3..10, x[i]^4)",
            free(10)
        ),
        |dice| {
            let (middle, sd) = if uniform(dice) < 0.7 { (0.0, 1.0) } else { (12.0, 0.1) };
            let mut x = vec![middle + sd * normal(dice), middle + sd * normal(dice)];
            x.extend((0..8).map(|_| {
                // x⁴ is a gamma variable of shape 1/4.
                let gamma: f64 = rand_distr::Gamma::new(0.25, 1.0).expect("positive").sample(dice);
                gamma.powf(0.25) * if uniform(dice) < 0.5 { -1.0 } else { 1.0 }
            }));
            x
        },
    ));
    cases
}
