//! Funnels, shells, bananas, egg boxes, wells, narrow Gaussians.

use rand_distr::{Distribution, Gamma};

use super::free;
use crate::case::{Case, Dice, direction, many, normal, rejected, tabled, uniform};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (others, sd) in [(1, 3.0), (4, 3.0), (9, 3.0), (19, 3.0), (9, 1.0), (2, 5.0)] {
        let text =
            format!("v in (-inf, inf); {}; log_density = normal_lpdf(v | 0, {sd}) + sum(normal_lpdf(x | 0, exp(v/2)))", free(others));
        let draw = move |dice: &mut Dice| {
            let v = sd * normal(dice);
            let mut x = vec![v];
            x.extend((0..others).map(|_| (v / 2.0).exp() * normal(dice)));
            x
        };
        cases.push(Case::new(format!("funnel of {} with sd {sd}", others + 1), text, draw));
    }
    for (dimension, radius, width) in
        [(2, 10.0, 0.1), (2, 3.0, 0.5), (3, 5.0, 0.2), (5, 10.0, 0.05), (10, 10.0, 0.5), (30, 20.0, 0.1), (100, 5.0, 1.0)]
    {
        let text = format!("{}; log_density = -(sqrt(sum(x^2)) - {radius})^2/(2*{width}^2)", free(dimension));
        let density = move |r: f64| (-((r - radius) / width).powi(2) / 2.0 + (dimension - 1) as f64 * (r / radius).max(1e-300).ln()).exp();
        let (low, high) = ((radius - 12.0 * width).max(0.0), radius + 12.0 * width + 15.0 * width * (dimension as f64).sqrt());
        let r = tabled(low, high, 1, density);
        let draw = move |dice: &mut Dice| {
            let size = r(dice);
            direction(dice, dimension).into_iter().map(|x| size * x).collect()
        };
        cases.push(Case::new(format!("shell in {dimension} of radius {radius} and width {width}"), text, draw));
    }
    let two = tabled(0.0, 20.0, 1, |r| r * ((-(r - 3.0).powi(2) / 0.02).exp() + (-(r - 12.0).powi(2) / 0.5).exp()));
    cases.push(Case::new(
        "shell in a shell",
        "x in (-inf, inf); y in (-inf, inf); density = exp(-(hypot(x, y) - 3)^2/0.02) + exp(-(hypot(x, y) - 12)^2/0.5)",
        move |dice| {
            let (size, angle) = (two(dice), std::f64::consts::TAU * uniform(dice));
            vec![size * angle.cos(), size * angle.sin()]
        },
    ));
    for (sd, bend) in [(10.0, 0.03), (10.0, 0.1), (3.0, 1.0), (1.0, 5.0), (0.7, 10.0)] {
        let text = format!("x in (-inf, inf); y in (-inf, inf); log_density = -x^2/(2*{sd}^2) - (y - {bend}*x^2)^2/2");
        let draw = move |dice: &mut Dice| {
            let x = sd * normal(dice);
            vec![x, bend * x * x + normal(dice)]
        };
        cases.push(Case::new(format!("banana of sd {sd} bent by {bend}"), text, draw));
    }
    // (1 − x)² + 100(y − x²)²: x is N(1, 1/2) and y given x is N(x², 1/200).
    let rosenbrock = |dice: &mut Dice| {
        let x = 1.0 + 0.5_f64.sqrt() * normal(dice);
        [x, x * x + 0.005_f64.sqrt() * normal(dice)]
    };
    for pairs in [1, 2, 5] {
        let text = format!("{}; log_density = -sum(i in 1..{pairs}, (1 - x[2*i - 1])^2 + 100*(x[2*i] - x[2*i - 1]^2)^2)", free(2 * pairs));
        cases
            .push(Case::new(format!("Rosenbrock in {pairs} pairs"), text, move |dice| (0..pairs).flat_map(|_| rosenbrock(dice)).collect()));
    }
    let text = format!("{}; log_density = -(1 - x[1])^2 - 10*sum(i in 1..4, (x[i + 1] - x[i]^2)^2)", free(5));
    cases.push(Case::new("Rosenbrock chain of 5", text, |dice| {
        let mut x = vec![1.0 + 0.5_f64.sqrt() * normal(dice)];
        for at in 0..4 {
            x.push(x[at] * x[at] + 0.05_f64.sqrt() * normal(dice));
        }
        x
    }));
    for dimension in [1, 2, 4, 10, 40] {
        let text = format!("{}; log_density = -sum((x^2 - 4)^2)", free(dimension));
        let well = tabled(-5.0, 5.0, 1, |x| (-(x * x - 4.0).powi(2)).exp());
        cases.push(Case::new(format!("wells in {dimension}"), text, many(dimension, well)));
    }
    let tilted = tabled(-4.0, 4.0, 1, |x| (-(x * x - 1.0).powi(2) * 8.0 + 0.3 * x).exp());
    cases.push(Case::new("wells tilted in 6", format!("{}; log_density = sum(-8*(x^2 - 1)^2 + 0.3*x)", free(6)), many(6, tilted)));
    cases.push(Case::new(
        "eggs in 2",
        "x in (0, 12); y in (0, 12); log_density = 3*cos(2*x)*cos(2*y)",
        rejected(vec![0.0; 2], vec![12.0; 2], 3.0_f64.exp(), |x| (3.0 * (2.0 * x[0]).cos() * (2.0 * x[1]).cos()).exp()),
    ));
    let egg = tabled(-3.0, 3.0, 1, |x| (4.0 * (5.0 * x).cos()).exp());
    cases.push(Case::new("eggs in 4", "x[4] in (-3, 3); log_density = 4*sum(cos(5*x))", many(4, egg)));
    for (dimension, condition) in [(2, 1e8), (10, 1e6), (50, 1e4)] {
        let scale = move |at: usize| condition_root(condition, at, dimension);
        let text =
            format!("{}; log_density = -0.5*sum(i in 1..{dimension}, (x[i]/{condition}^((i - 1)/{}/2))^2)", free(dimension), dimension - 1);
        cases.push(Case::new(format!("Gaussian of condition {condition:e} in {dimension}"), text, move |dice| {
            (0..dimension).map(|at| scale(at) * normal(dice)).collect()
        }));
    }
    cases.push(Case::new("Gaussian ridge", "x in (-inf, inf); y in (-inf, inf); log_density = -(x + y)^2/2 - (x - y)^2*5e7", |dice| {
        let (sum, difference) = (normal(dice), 1e-4 * normal(dice));
        vec![0.5 * (sum + difference), 0.5 * (sum - difference)]
    }));
    let text = format!("{}; log_density = -0.5*x[1]^2 - 0.5*sum(i in 2..30, (x[i] - 0.99*x[i - 1])^2)/0.0199", free(30));
    cases.push(Case::new("Gaussian walk of 30", text, |dice| {
        let mut x = vec![normal(dice)];
        for at in 0..29 {
            x.push(0.99 * x[at] + 0.0199_f64.sqrt() * normal(dice));
        }
        x
    }));
    cases.push(Case::new(
        "hemisphere in 2",
        "x in (-1, 1); y in (-1, 1); density = sqrt(max(1 - x^2 - y^2, 0))",
        rejected(vec![-1.0; 2], vec![1.0; 2], 1.0, |x| (1.0 - x[0] * x[0] - x[1] * x[1]).max(0.0).sqrt()),
    ));
    cases.push(Case::new(
        "ripples on a ball",
        "x in (-inf, inf); y in (-inf, inf); density = exp(-(x^2 + y^2)/2)*(1 + cos(6*x*y))",
        |dice| loop {
            let x = [normal(dice), normal(dice)];
            if 2.0 * uniform(dice) < 1.0 + (6.0 * x[0] * x[1]).cos() {
                return x.to_vec();
            }
        },
    ));
    cases.push(Case::new(
        "cross",
        "x in (-inf, inf); y in (-inf, inf); density = exp(-x^2/200 - 50*y^2) + exp(-y^2/200 - 50*x^2)",
        |dice| {
            let (long, short) = (10.0 * normal(dice), 0.1 * normal(dice));
            if uniform(dice) < 0.5 { vec![long, short] } else { vec![short, long] }
        },
    ));
    // Powers of |x|: (|x|^k) is a gamma variable of shape 1/k.
    for (power, dimension) in [(4.0, 20), (1.0, 20), (8.0, 3)] {
        let text = format!("{}; log_density = -sum(abs(x)^{power})", free(dimension));
        cases.push(Case::new(
            format!("powers |x|^{power} in {dimension}"),
            text,
            many(dimension, move |dice| {
                let gamma: f64 = Gamma::new(1.0 / power, 1.0).expect("positive").sample(dice);
                gamma.powf(1.0 / power) * if uniform(dice) < 0.5 { -1.0 } else { 1.0 }
            }),
        ));
    }
    cases
}

/// The standard deviation of a direction in a Gaussian of that condition number.
fn condition_root(condition: f64, at: usize, dimension: usize) -> f64 {
    condition.powf(at as f64 / (dimension - 1) as f64 / 2.0)
}
