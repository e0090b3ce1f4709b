//! Variables that lean on each other in ways that no Gaussian has: heavy increments, posteriors, copulas, angles, skewed and waved laws.

use rand_distr::{Cauchy, ChiSquared, Distribution, Gamma, Poisson, StudentT};

use super::free;
use crate::case::{Case, Dice, exponential, normal, rejected, tabled, uniform};

fn laplace(dice: &mut Dice) -> f64 {
    exponential(dice) * if uniform(dice) < 0.5 { -1.0 } else { 1.0 }
}

fn gamma(dice: &mut Dice, shape: f64) -> f64 {
    Gamma::new(shape, 1.0).expect("positive").sample(dice)
}

/// A walk whose increments have that law.
fn walk(dimension: usize, increment: impl Fn(&mut Dice) -> f64 + Sync + Send + 'static) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send {
    move |dice| {
        let mut at = 0.0;
        (0..dimension)
            .map(|_| {
                at += increment(dice);
                at
            })
            .collect()
    }
}

/// Draws of a standard normal law times a factor of at most 1.
fn weighed(dimension: usize, factor: impl Fn(&[f64]) -> f64 + Sync + Send + 'static) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send {
    move |dice| loop {
        let x: Vec<f64> = (0..dimension).map(|_| normal(dice)).collect();
        if uniform(dice) < factor(&x) {
            return x;
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub(crate) fn cases() -> Vec<Case> {
    let plane = "x in (-inf, inf); y in (-inf, inf)";
    let mut cases = vec![
        Case::new("coupled Laplace", format!("{plane}; log_density = -abs(x) - abs(y - x)"), walk(2, laplace)),
        Case::new(
            "coupled Laplace in 5",
            format!("{}; log_density = -abs(x[1]) - sum(i in 2..5, abs(x[i] - x[i - 1]))", free(5)),
            walk(5, laplace),
        ),
        Case::new(
            "coupled Student 4 in 6",
            format!("{}; log_density = student_t_lpdf(x[1] | 4, 0, 1) + sum(i in 2..6, student_t_lpdf(x[i] | 4, x[i - 1], 1))", free(6)),
            walk(6, |dice| StudentT::new(4.0).expect("positive").sample(dice)),
        ),
        Case::new(
            "coupled Cauchy",
            format!("{plane}; log_density = cauchy_lpdf(x | 0, 1) + cauchy_lpdf(y | x, 1)"),
            walk(2, |dice| Cauchy::new(0.0, 1.0).expect("positive").sample(dice)),
        ),
        Case::new(
            "coupled logistic walk in 20",
            format!("{}; log_density = logistic_lpdf(x[1] | 0, 1) + sum(i in 2..20, logistic_lpdf(x[i] | x[i - 1], 1))", free(20)),
            walk(20, |dice| {
                let u = uniform(dice);
                (u / (1.0 - u)).ln()
            }),
        ),
        Case::new(
            "coupled logit posterior",
            format!("{plane}; log_density = -(x^2 + y^2)/2 - softplus(-(x + y)) - softplus(-(x - 2*y)) - softplus(0.5*x + 3*y)"),
            weighed(2, |x| sigmoid(x[0] + x[1]) * sigmoid(x[0] - 2.0 * x[1]) * sigmoid(-0.5 * x[0] - 3.0 * x[1])),
        ),
        Case::new(
            "coupled logit posterior in 6",
            format!(
                "{}; log_density = -sum(x^2)/2 + log(sigmoid(x[1] - x[2] + x[3])) + log(sigmoid(-x[4] + x[5]*2)) \
                 + 3*log(sigmoid(x[1] + x[6])) + log(sigmoid(sum(x)))",
                free(6)
            ),
            weighed(6, |x| {
                sigmoid(x[0] - x[1] + x[2]) * sigmoid(-x[3] + 2.0 * x[4]) * sigmoid(x[0] + x[5]).powi(3) * sigmoid(x.iter().sum::<f64>())
            }),
        ),
        Case::new(
            "coupled skew normal in 4",
            format!("{}; log_density = -sum(x^2)/2 + log(normal_cdf(4*sum(x), 0, 1))", free(4)),
            // x with a normal z below 4·Σx is x given that.
            |dice: &mut Dice| loop {
                let x: Vec<f64> = (0..4).map(|_| normal(dice)).collect();
                if normal(dice) < 4.0 * x.iter().sum::<f64>() {
                    return x;
                }
            },
        ),
        Case::new(
            "coupled gamma and Poisson rates",
            "a in (0, inf); b in (0, inf); log_density = gamma_lpdf(a | 3, 1) + gamma_lpdf(b | a, 2)",
            |dice: &mut Dice| {
                let a = gamma(dice, 3.0);
                vec![a, gamma(dice, a) / 2.0]
            },
        ),
        Case::new(
            "coupled exponential of an exponential",
            "a in (0, inf); b in (0, inf); log_density = exponential_lpdf(a | 1) + exponential_lpdf(b | a)",
            |dice: &mut Dice| {
                let a = exponential(dice);
                vec![a, exponential(dice) / a]
            },
        ),
        Case::new(
            "coupled gammas in a line of 4",
            "x[4] in (0, inf); log_density = gamma_lpdf(x[1] | 5, 5) + sum(i in 2..4, gamma_lpdf(x[i] | 5, 5/x[i - 1]))",
            |dice: &mut Dice| {
                let mut x = vec![gamma(dice, 5.0) / 5.0];
                for at in 0..3 {
                    x.push(gamma(dice, 5.0) * x[at] / 5.0);
                }
                x
            },
        ),
        Case::new(
            "coupled mean and precision",
            "mu in (-inf, inf); t in (0, inf); log_density = gamma_lpdf(t | 2, 2) + 0.5*log(t) - t*(mu - 1)^2/2",
            |dice: &mut Dice| {
                let t = gamma(dice, 2.0) / 2.0;
                vec![1.0 + normal(dice) / t.sqrt(), t]
            },
        ),
        Case::new(
            "coupled Weibull of a scale",
            "s in (0, inf); w[3] in (0, inf); log_density = lognormal_lpdf(s | 0, 0.5) + sum(weibull_lpdf(w | 1.5, s))",
            |dice: &mut Dice| {
                let s = (0.5 * normal(dice)).exp();
                let mut x = vec![s];
                x.extend((0..3).map(|_| s * exponential(dice).powf(1.0 / 1.5)));
                x
            },
        ),
        Case::new(
            "coupled angles",
            "a in (0, 2*pi); b in (0, 2*pi); log_density = 2*cos(a) + cos(b - 1) + 3*cos(a - b)",
            rejected(vec![0.0; 2], vec![std::f64::consts::TAU; 2], 6.0_f64.exp(), |x| {
                (2.0 * x[0].cos() + (x[1] - 1.0).cos() + 3.0 * (x[0] - x[1]).cos()).exp()
            }),
        ),
        Case::new(
            "coupled waves",
            format!("{plane}; log_density = -(x^2 + y^2)/2 + sin(3*x + 2*y)"),
            weighed(2, |x| ((3.0 * x[0] + 2.0 * x[1]).sin() - 1.0).exp()),
        ),
        Case::new(
            "coupled heart",
            "x in (-2, 2); y in (-2, 2); log_density = -8*(x^2 + y^2 - 1)^2 + 6*x^2*y^3",
            rejected(vec![-2.0; 2], vec![2.0; 2], 5.0, |x| {
                (-8.0 * (x[0] * x[0] + x[1] * x[1] - 1.0).powi(2) + 6.0 * x[0] * x[0] * x[1].powi(3)).exp()
            }),
        ),
        Case::new(
            "coupled quartics",
            format!("{plane}; log_density = -(x^4 + y^4) + 2*x*y"),
            rejected(vec![-3.0; 2], vec![3.0; 2], 2.0, |x| (-x[0].powi(4) - x[1].powi(4) + 2.0 * x[0] * x[1]).exp()),
        ),
        Case::new(
            "coupled quartics in a chain of 4",
            format!("{}; log_density = -sum(x^4)/4 - sum(i in 1..3, (x[i + 1] - x[i])^2)", free(4)),
            |dice: &mut Dice| loop {
                // (x⁴)/4 is a gamma variable of shape 1/4.
                let x: Vec<f64> =
                    (0..4).map(|_| (4.0 * gamma(dice, 0.25)).powf(0.25) * if uniform(dice) < 0.5 { -1.0 } else { 1.0 }).collect();
                if uniform(dice) < (-x.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum::<f64>()).exp() {
                    return x;
                }
            },
        ),
        Case::new("coupled twist", format!("{plane}; log_density = -x^2/2 - (y - 2*sin(2*x))^2*8"), |dice: &mut Dice| {
            let x = normal(dice);
            vec![x, 2.0 * (2.0 * x).sin() + 0.25 * normal(dice)]
        }),
        Case::new(
            "coupled spiral of widths",
            format!("{plane}; log_density = -x^2/2 - y^2/(2*(0.1 + x^2)) - 0.5*log(0.1 + x^2)"),
            |dice: &mut Dice| {
                let x = normal(dice);
                vec![x, (0.1 + x * x).sqrt() * normal(dice)]
            },
        ),
        Case::new(
            "coupled bananas in 10",
            format!("{}; log_density = -x[1]^2/200 - sum(i in 2..10, x[i]^2)/2 + 0*x[2] - 0.03*x[1]^2*x[2] - (0.03*x[1]^2)^2/2", free(10)),
            |dice: &mut Dice| {
                let x = 10.0 * normal(dice);
                let mut all = vec![x, normal(dice) - 0.03 * x * x];
                all.extend((0..8).map(|_| normal(dice)));
                all
            },
        ),
        Case::new("coupled long banana", format!("{plane}; log_density = -x^2/200 - 20*(y - 0.1*x^2)^2"), |dice: &mut Dice| {
            let x = 10.0 * normal(dice);
            vec![x, 0.1 * x * x + normal(dice) / 40.0_f64.sqrt()]
        }),
        Case::new("coupled cubic", format!("{plane}; log_density = -x^2/2 - 10*(y - x^3)^2"), |dice: &mut Dice| {
            let x = normal(dice);
            vec![x, x * x * x + normal(dice) / 20.0_f64.sqrt()]
        }),
        Case::new("coupled polar lobes", format!("{plane}; log_density = -(hypot(x, y) - 5)^2*2 + cos(3*atan2(y, x))"), {
            let radius = tabled(0.0, 10.0, 1, |r| r * (-2.0 * (r - 5.0).powi(2)).exp());
            let angle = tabled(-std::f64::consts::PI, std::f64::consts::PI, 1, |a| (3.0 * a).cos().exp());
            move |dice: &mut Dice| {
                let (r, a) = (radius(dice), angle(dice));
                vec![r * a.cos(), r * a.sin()]
            }
        })
        .event("right", |x| x[0] > 2.5),
        Case::new(
            "copula of Frank 5",
            "u in (0, 1); v in (0, 1); log_density = -5*(u + v) - 2*log(-expm1(-5) - expm1(-5*u)*expm1(-5*v))",
            |dice: &mut Dice| {
                let (u, w) = (uniform(dice), uniform(dice));
                // The inverse of the conditional distribution function (Nelsen 2006, exercise 4.17).
                let e = |x: f64| (-5.0 * x).exp();
                let v = -(1.0 + w * (e(1.0) - 1.0) / (w + (1.0 - w) * e(u))).ln() / 5.0;
                vec![u, v]
            },
        ),
        Case::new(
            "coupled uniforms below each other in 4",
            "x[4] in (0, 1); density = if(x[1] < x[2] and x[2] < x[3] and x[3] < x[4], 1, 0)",
            |dice: &mut Dice| {
                let mut x: Vec<f64> = (0..4).map(|_| uniform(dice)).collect();
                x.sort_by(f64::total_cmp);
                x
            },
        ),
        Case::new(
            "coupled rates and a count",
            "a in (0, inf); b in (0, inf); log_density = gamma_lpdf(a | 2, 1) + gamma_lpdf(b | 2, 1) + poisson_lpmf(7 | a + b)",
            |dice: &mut Dice| loop {
                let (a, b) = (gamma(dice, 2.0), gamma(dice, 2.0));
                let count: f64 = Poisson::new(a + b).expect("positive").sample(dice);
                if count == 7.0 {
                    return vec![a, b];
                }
            },
        ),
        Case::new(
            "coupled odds",
            "p in (0, 1); q in (0, 1); log_density = binomial_lpmf(9 | 12, p) + binomial_lpmf(3 | 10, q) - 2*abs(p - q)",
            |dice: &mut Dice| loop {
                let p: f64 = rand_distr::Beta::new(10.0, 4.0).expect("positive").sample(dice);
                let q: f64 = rand_distr::Beta::new(4.0, 8.0).expect("positive").sample(dice);
                if uniform(dice) < (-2.0 * (p - q).abs()).exp() {
                    return vec![p, q];
                }
            },
        ),
        Case::new(
            "coupled softmax of three",
            "a in (-inf, inf); b in (-inf, inf); log_density = 2*a + 4*b - 9*logsumexp(a, b, 0)",
            |dice: &mut Dice| {
                // Logarithms of ratios of gamma variables of shapes 2, 4 and 3.
                let (a, b, c) = (gamma(dice, 2.0), gamma(dice, 4.0), gamma(dice, 3.0));
                vec![(a / c).ln(), (b / c).ln()]
            },
        ),
        Case::new(
            "coupled funnel of Student tails",
            "v in (-inf, inf); x[3] in (-inf, inf); log_density = normal_lpdf(v | 0, 1) + sum(student_t_lpdf(x | 5, 0, exp(v)))",
            |dice: &mut Dice| {
                let v = normal(dice);
                let law = StudentT::new(5.0).expect("positive");
                let mut x = vec![v];
                x.extend((0..3).map(|_| v.exp() * law.sample(dice)));
                x
            },
        ),
        Case::new(
            "coupled scale of two",
            "s in (0, inf); x in (-inf, inf); log_density = exponential_lpdf(s | 1) + laplace_lpdf(x | 0, s)",
            |dice: &mut Dice| {
                let s = exponential(dice);
                vec![s, s * laplace(dice)]
            },
        ),
    ];
    for dimension in [3, 10] {
        // Students over a shared chi-squared variable, with correlation 1/2 between neighbours.
        let text = format!(
            "{}; q = x[1]^2 + sum(i in 2..{dimension}, (x[i] - 0.5*x[i - 1])^2/0.75); log_density = -(4 + {dimension})/2*log1p(q/4)",
            free(dimension)
        );
        let draw = move |dice: &mut Dice| {
            let chi: f64 = ChiSquared::new(4.0).expect("positive").sample(dice);
            let scale = (4.0 / chi).sqrt();
            let mut x = vec![normal(dice)];
            for at in 1..dimension {
                x.push(0.5 * x[at - 1] + 0.75_f64.sqrt() * normal(dice));
            }
            x.into_iter().map(|x| scale * x).collect()
        };
        cases.push(Case::new(format!("coupled Student 4 of correlated in {dimension}"), text, draw));
    }
    for blocks in [5, 25] {
        // Pairs with correlation 0.99 beside each other.
        let size = 2 * blocks;
        let text =
            format!("{}; log_density = -sum(i in 1..{blocks}, x[2*i - 1]^2 - 1.98*x[2*i - 1]*x[2*i] + x[2*i]^2)/(2*0.0199)", free(size));
        let draw = move |dice: &mut Dice| {
            let pair = |dice: &mut Dice| {
                let a = normal(dice);
                [a, 0.99 * a + 0.0199_f64.sqrt() * normal(dice)]
            };
            (0..blocks).flat_map(|_| pair(dice)).collect()
        };
        cases.push(Case::new(format!("coupled pairs, {blocks} of them"), text, draw));
    }
    for dimension in [4, 40] {
        // All lean on one: x_i = z + e_i, with Laplace e.
        let text = format!("z in (-inf, inf); {}; log_density = -z^2/2 - sum(abs(x - z))", free(dimension));
        let draw = move |dice: &mut Dice| {
            let z = normal(dice);
            let mut x = vec![z];
            x.extend((0..dimension).map(|_| z + laplace(dice)));
            x
        };
        cases.push(Case::new(format!("coupled Laplace around one, {dimension} of them"), text, draw));
    }
    cases
}
