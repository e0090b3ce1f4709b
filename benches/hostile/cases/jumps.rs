//! Densities that jump, in coupled variables and by themselves.

use crate::case::{Case, Dice, many, normal, rejected, tabled, uniform};

/// Draws of a normal density times a factor of at most `most`.
fn tilted(
    dimension: usize,
    most: f64,
    factor: impl Fn(&[f64]) -> f64 + Sync + Send + 'static,
) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send {
    move |dice| loop {
        let x: Vec<f64> = (0..dimension).map(|_| normal(dice)).collect();
        if uniform(dice) * most < factor(&x) {
            return x;
        }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let plane = "x in (-inf, inf); y in (-inf, inf)";
    let square = |low: f64, high: f64| format!("x in ({low}, {high}); y in ({low}, {high})");
    let side = |case: Case| case.event("x > y", |x| x[0] > x[1]).event("product > 0", |x| x[0] * x[1] > 0.0);
    let mut cases = vec![
        side(Case::new(
            "jump across the diagonal",
            format!("{plane}; log_density = if(x > y, log(4), 0) - x^2/2 - y^2/2"),
            tilted(2, 4.0, |x| if x[0] > x[1] { 4.0 } else { 1.0 }),
        )),
        side(Case::new(
            "jump of quadrants in a box",
            format!("{}; log_density = if(x*y > 0, log(3), 0)", square(-2.0, 2.0)),
            rejected(vec![-2.0; 2], vec![2.0; 2], 3.0, |x| if x[0] * x[1] > 0.0 { 3.0 } else { 1.0 }),
        )),
        side(Case::new(
            "jump by sign",
            format!("{plane}; log_density = sign(x - 1)*sign(y) - x^2/2 - y^2/2"),
            tilted(2, 1.0_f64.exp(), |x| ((x[0] - 1.0).signum() * x[1].signum()).exp()),
        )),
        side(Case::new(
            "jump by floors",
            format!("{}; log_density = 0.7*mod(floor(x) + floor(y), 2)", square(0.0, 6.0)),
            rejected(vec![0.0; 2], vec![6.0; 2], 0.7_f64.exp(), |x| (0.7 * (x[0].floor() + x[1].floor()).rem_euclid(2.0)).exp()),
        )),
        side(Case::new("jump by rounding", format!("{plane}; log_density = -round(x)^2/2 - (y - round(x))^2/2"), {
            let cells: Vec<f64> = (-30..=30).map(|k| (-(k * k) as f64 / 2.0).exp()).collect();
            move |dice| {
                let k = crate::case::pick(dice, &cells) as f64 - 30.0;
                vec![k + uniform(dice) - 0.5, k + normal(dice)]
            }
        })),
        side(Case::new(
            "jump of a product with floor",
            format!("{plane}; density = exp(-x^2/2 - y^2/2)*(1 + 4*(floor(x + y) >= 1))"),
            tilted(2, 5.0, |x| if x[0] + x[1] >= 1.0 { 5.0 } else { 1.0 }),
        )),
        side(Case::new(
            "jump of a disc",
            format!("{}; density = if(x^2 + y^2 < 1, 5, 1)", square(-2.0, 2.0)),
            rejected(vec![-2.0; 2], vec![2.0; 2], 5.0, |x| if x[0] * x[0] + x[1] * x[1] < 1.0 { 5.0 } else { 1.0 }),
        )),
        side(Case::new(
            "jump to a disc",
            format!("{}; density = if(x^2 + y^2 < 1, 1, 0)", square(-2.0, 2.0)),
            rejected(vec![-2.0; 2], vec![2.0; 2], 1.0, |x| if x[0] * x[0] + x[1] * x[1] < 1.0 { 1.0 } else { 0.0 }),
        )),
        side(Case::new(
            "jump around a hole",
            format!("{plane}; log_density = if(x^2 + y^2 < 1, -inf, -(x^2 + y^2)/2)"),
            tilted(2, 1.0, |x| if x[0] * x[0] + x[1] * x[1] < 1.0 { 0.0 } else { 1.0 }),
        )),
        side(Case::new(
            "jump of two islands",
            format!("{}; density = if(x^2 + y^2 < 1, 1, if((x - 3)^2 + (y - 3)^2 < 0.25, 4, 0))", square(-4.0, 4.0)),
            rejected(vec![-4.0; 2], vec![4.0; 2], 4.0, |x| {
                if x[0] * x[0] + x[1] * x[1] < 1.0 {
                    1.0
                } else if (x[0] - 3.0).powi(2) + (x[1] - 3.0).powi(2) < 0.25 {
                    4.0
                } else {
                    0.0
                }
            }),
        )),
        side(Case::new(
            "jump of a step and a slope",
            format!("{plane}; log_density = -x^2/2 - (y - if(x > 0, 3, -3))^2/2"),
            |dice: &mut Dice| {
                let x = normal(dice);
                vec![x, if x > 0.0 { 3.0 } else { -3.0 } + normal(dice)]
            },
        )),
        side(Case::new(
            "jump of widths",
            format!("{plane}; log_density = -x^2/2 + normal_lpdf(y | 0, if(x > 1, 5, 0.5))"),
            |dice: &mut Dice| {
                let x = normal(dice);
                vec![x, if x > 1.0 { 5.0 } else { 0.5 } * normal(dice)]
            },
        )),
    ];
    for dimension in [3, 5, 10] {
        let text = format!("x[{dimension}] in (-inf, inf); log_density = if(sum(x) > 0, log(6), 0) - sum(x^2)/2");
        let draw = tilted(dimension, 6.0, |x| if x.iter().sum::<f64>() > 0.0 { 6.0 } else { 1.0 });
        cases.push(Case::new(format!("jump of a half space in {dimension}"), text, draw).event("sum > 0", |x| x.iter().sum::<f64>() > 0.0));
    }
    let text = "x[4] in (-inf, inf); log_density = if(x[1]*x[2]*x[3]*x[4] > 0, log(5), 0) - sum(x^2)/2";
    cases.push(
        Case::new("jump of orthants in 4", text, tilted(4, 5.0, |x| if x.iter().product::<f64>() > 0.0 { 5.0 } else { 1.0 }))
            .event("product > 0", |x| x.iter().product::<f64>() > 0.0),
    );
    let stairs = tabled(-8.0, 8.0, 1, |x| (-x * x / 8.0 + 1.5 * (x.floor().rem_euclid(2.0))).exp());
    cases.push(Case::new(
        "jump of stairs in each of 6",
        "x[6] in (-8, 8); log_density = sum(-x^2/8 + 1.5*mod(floor(x), 2))",
        many(6, stairs),
    ));
    cases.push(
        Case::new(
            "jump of one variable in four",
            "x[4] in (-inf, inf); log_density = if(x[1] > 0.5, log(10), 0) - sum(x^2)/2 - (x[2] - x[1])^2",
            |dice| loop {
                // Given x1, x2 is normal: precision 3, mean 2·x1/3; x1 alone has precision 1 + 2 − 4/3.
                let x = normal(dice) * (3.0_f64 / 5.0).sqrt();
                if uniform(dice) * 10.0 < if x > 0.5 { 10.0 } else { 1.0 } {
                    return vec![x, 2.0 * x / 3.0 + normal(dice) / 3.0_f64.sqrt(), normal(dice), normal(dice)];
                }
            },
        )
        .event("x1 > 0.5", |x| x[0] > 0.5),
    );
    cases
}
