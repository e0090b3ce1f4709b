//! One variable, plain and awkward.

use rand_distr::{Beta, Cauchy, Distribution, Gamma, StudentT};

use crate::case::{Case, Dice, exponential, normal, pick, tabled, uniform};

/// One variable over the whole line.
fn whole(name: &str, density: &str, draw: impl Fn(&mut Dice) -> f64 + Sync + Send + 'static) -> Case {
    on("(-inf, inf)", name, density, draw)
}

/// One variable in a range.
fn on(range: &str, name: &str, density: &str, draw: impl Fn(&mut Dice) -> f64 + Sync + Send + 'static) -> Case {
    Case::new(format!("line {name}"), format!("x in {range}; density = {density}"), move |dice| vec![draw(dice)])
}

fn signed(dice: &mut Dice) -> f64 {
    if uniform(dice) < 0.5 { -1.0 } else { 1.0 }
}

fn gamma(dice: &mut Dice, shape: f64) -> f64 {
    Gamma::new(shape, 1.0).expect("positive").sample(dice)
}

pub(crate) fn cases() -> Vec<Case> {
    let parts = |weights: Vec<f64>, middles: Vec<f64>, sds: Vec<f64>| {
        move |dice: &mut Dice| {
            let at = pick(dice, &weights);
            middles[at] + sds[at] * normal(dice)
        }
    };
    vec![
        on("(-0.7, 1.5)", "quartic", "(x-0.4)^4 - (x-0.2)^2 + 0.6", tabled(-0.7, 1.5, 1, |x| (x - 0.4).powi(4) - (x - 0.2).powi(2) + 0.6)),
        whole("normal", "exp(-x^2/2)", normal),
        whole("Cauchy", "1/(1+x^2)", |dice| Cauchy::new(0.0, 1.0).expect("positive").sample(dice)),
        on("(0, inf)", "lognormal 10", "exp(lognormal_lpdf(x | 10, 1.5))", |dice| (10.0 + 1.5 * normal(dice)).exp()),
        on("(0, 1)", "pole of a half", "1/sqrt(x)", |dice| uniform(dice).powi(2)),
        on("(0, 1)", "arcsine", "x^-0.5*(1-x)^-0.5", |dice| Beta::new(0.5, 0.5).expect("positive").sample(dice)),
        on("(0, 1)", "pole of 0.9", "x^-0.9", |dice| uniform(dice).powi(10)),
        on("(0, 1)", "pole of 0.99", "x^-0.99", |dice| uniform(dice).powi(100)),
        whole("two humps", "x^2*exp(-x^2)", |dice| signed(dice) * gamma(dice, 1.5).sqrt()),
        on("(0, 1)", "x^100", "x^100", |dice| uniform(dice).powf(1.0 / 101.0)),
        whole("Laplace with waves", "exp(-abs(x))*(1+sin(5*x))", tabled(-40.0, 40.0, 1, |x| (-x.abs()).exp() * (1.0 + (5.0 * x).sin()))),
        whole(
            "three scales",
            "exp(-(x-1)^2/0.001)+exp(-(x+3)^2/0.1)+0.5*exp(-(x-9)^2)",
            parts(
                vec![0.001_f64.sqrt(), 0.1_f64.sqrt(), 0.5],
                vec![1.0, -3.0, 9.0],
                vec![0.0005_f64.sqrt(), 0.05_f64.sqrt(), 0.5_f64.sqrt()],
            ),
        ),
        whole("Student 2", "exp(student_t_lpdf(x | 2, 0, 1))", |dice| StudentT::new(2.0).expect("positive").sample(dice)),
        whole("Student 0.5", "(1 + x^2/0.5)^-0.75", |dice| StudentT::new(0.5).expect("positive").sample(dice)),
        on("(1, inf)", "Pareto", "x^-2.5", |dice| uniform(dice).powf(-1.0 / 1.5)),
        on("(1, inf)", "Pareto 1.1", "x^-1.1", |dice| uniform(dice).powi(-10)),
        on("(-3, 3)", "thousand waves", "1+cos(1000*x)", tabled(-3.0, 3.0, 1, |x| 1.0 + (1000.0 * x).cos())),
        on("(0, 1)", "steps", "if(x<0.3,1,if(x<0.6,0,3))", |dice| {
            if uniform(dice) < 0.2 { 0.3 * uniform(dice) } else { 0.6 + 0.4 * uniform(dice) }
        }),
        on("(0, 10)", "plateaus", "exp(floor(x)*(x<5)) + 1", tabled(0.0, 10.0, 1, |x| if x < 5.0 { x.floor().exp() } else { 1.0 } + 1.0)),
        on("(0, 10)", "stairs", "1 + floor(x)", tabled(0.0, 10.0, 1, |x| 1.0 + x.floor())),
        whole("tiny scale", "exp(-x^2/2e-200)", |dice| 1e-100 * normal(dice)),
        whole("huge scale", "exp(-x^2/2e200)", |dice| 1e100 * normal(dice)),
        whole("needle", "exp(-x^2/2) + 1e5*exp(-(x-2)^2*5e9)", parts(vec![1.0, 1.0], vec![0.0, 2.0], vec![1.0, 1e-5])),
        whole("far needle", "exp(-x^2/2) + 1000*exp(-(x-100)^2*5e5)", parts(vec![1.0, 1.0], vec![0.0, 100.0], vec![1.0, 1e-3])),
        whole("wide and narrow", "exp(-x^2/2e6)/1000 + exp(-x^2/2)", parts(vec![1.0, 1.0], vec![0.0, 0.0], vec![1000.0, 1.0])),
        whole("deep wells", "exp(-50*(x^2-1)^2)", tabled(-2.0, 2.0, 1, |x| (-50.0 * (x * x - 1.0).powi(2)).exp())),
        whole("e^-sqrt", "exp(-sqrt(abs(x)))", |dice| signed(dice) * gamma(dice, 2.0).powi(2)),
        whole("power 20", "exp(-x^20)", |dice| signed(dice) * gamma(dice, 0.05).powf(0.05)),
        on("(0, inf)", "gamma 0.1", "x^-0.9*exp(-x)", |dice| gamma(dice, 0.1)),
        on("(0, inf)", "gamma 100", "x^99*exp(-x)", |dice| gamma(dice, 100.0)),
        on("(0, inf)", "exponential", "exp(-x)", exponential),
        on("(0, inf)", "exponential 1e6", "exp(-1e6*x)", |dice| exponential(dice) / 1e6),
        whole("logistic", "exp(-x)/(1+exp(-x))^2", |dice| {
            let u = uniform(dice);
            (u / (1.0 - u)).ln()
        }),
        whole("Gumbel", "exp(-x-exp(-x))", |dice| -exponential(dice).ln()),
        on("(0, inf)", "inverse gamma", "x^-3*exp(-1/x)", |dice| 1.0 / gamma(dice, 2.0)),
        on("(-1, 1)", "semicircle", "sqrt(1-x^2)", |dice| 2.0 * Beta::new(1.5, 1.5).expect("positive").sample(dice) - 1.0),
        on(
            "(0, 6.283185307179586)",
            "von Mises",
            "exp(5*cos(x-0.3))",
            tabled(0.0, std::f64::consts::TAU, 1, |x| (5.0 * (x - 0.3).cos()).exp()),
        ),
        on("(0, 1)", "kink", "abs(x-0.3)", tabled(0.0, 1.0, 1, |x| (x - 0.3).abs())),
        on("(0, 1)", "inner pole", "abs(x-0.3)^-0.5", |dice| {
            let (left, right) = (0.3_f64.sqrt(), 0.7_f64.sqrt());
            if uniform(dice) * (left + right) < left { 0.3 - 0.3 * uniform(dice).powi(2) } else { 0.3 + 0.7 * uniform(dice).powi(2) }
        }),
        on("(0, 20)", "sinc", "if(x > 0, (sin(x)/x)^2, 1)", tabled(0.0, 20.0, 1, |x| (x.sin() / x).powi(2))),
        on("(0, 1)", "log", "-log(x)", |dice| uniform(dice) * uniform(dice)),
        on("(1000000, 1000001)", "offset", "exp(-(x - 1000000)*3)", tabled(1e6, 1e6 + 1.0, 1, |x| (-(x - 1e6) * 3.0).exp())),
    ]
}
