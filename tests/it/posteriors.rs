//! Posteriors of real models: the formula with its numbers written out and the formula over the rows of its data are one log density.
//!
//! tests/data/posteriors.json holds six posteriors of posteriordb (Magnusson et al. 2022, BSD licence) with their data.

use langevin::data::{Data, Table};
use langevin::density::{LogDensity, Meaning, Model};
use langevin::diagnostics::{Convergence, mean_and_sd};
use langevin::math::Lanes;
use langevin::run::{Batch, Init, Sampler, Sampling, Trust, sample};
use langevin::sampler::ControlVariates;
use serde_json::Value;

use crate::common::data;

struct Posterior {
    plain: Option<Model>,
    rows: Option<Model>,
    /// Points with the size that draws have there.
    points: Vec<Vec<f64>>,
}

fn posterior(file: &Value, model: &Value) -> Posterior {
    let symbols: Vec<&str> = model["params"].as_array().unwrap().iter().map(|param| param["symbol"].as_str().unwrap()).collect();
    let mut text = String::new();
    for param in model["params"].as_array().unwrap() {
        let domain = match param["support"].as_str().unwrap() {
            ">0" => "(0, inf)",
            "(0,1)" => "(0, 1)",
            // Where the means are ordered, the sum over rows is the same on either side.
            _ => "(-inf, inf)",
        };
        text += &format!("{} in {domain}\n", param["symbol"].as_str().unwrap());
    }
    let table = &file["datasets"][model["dataset"].as_str().unwrap()];
    let columns = table["columns"].as_object().unwrap().iter();
    let numbers = |values: &Value| values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect::<Vec<f64>>();
    let columns: Vec<(String, Vec<f64>)> = columns.map(|(name, values)| (name.clone(), numbers(values))).collect();
    let plain = model["plain_log_density"].as_str().map(|formula| {
        let text = format!("{text}log_density = {formula}");
        Model::with_data(text.parse().unwrap(), None, &[], &Data::default()).unwrap()
    });
    let rows = model["log_lik_per_row"].as_str().map(|row| {
        let mut text = text.clone();
        for (name, definition) in model["derived_columns"].as_object().unwrap() {
            text += &format!("{name} = {}\n", definition.as_str().unwrap());
        }
        text += &format!("log_density = {} + sum({row})", model["log_prior"].as_str().unwrap());
        let tables = Data::new(vec![Table::from_columns(columns).unwrap()]);
        Model::with_data(text.parse().unwrap(), None, &[], &tables).unwrap_or_else(|error| panic!("{}", error.render(&text)))
    });
    let reference = model["reference"].as_object().unwrap();
    let names: Vec<&str> = model["params"].as_array().unwrap().iter().map(|param| param["name"].as_str().unwrap()).collect();
    let points = (0..24)
        .map(|point| {
            names
                .iter()
                .zip(1..)
                .map(|(name, place)| {
                    let (mean, sd) = match reference.get(*name) {
                        Some(known) => (known["mean"].as_f64().unwrap(), known["sd"].as_f64().unwrap()),
                        None => (0.0, 1.0),
                    };
                    // Irrational turns: no two coordinates move together. The means of positive parameters are more than two sds up.
                    mean + 1.9 * sd * (f64::from(point * place) * 2.399_963 + f64::from(place)).sin()
                })
                .collect()
        })
        .collect();
    assert_eq!(symbols.len(), names.len());
    Posterior { plain, rows, points }
}

/// log p and its gradient at each point.
fn evaluate(model: &Model, points: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
    let dimension = model.dimension();
    let mut block = vec![Lanes::default(); dimension];
    for (variable, row) in block.iter_mut().enumerate() {
        for (lane, value) in row.iter_mut().enumerate() {
            *value = points[lane.min(points.len() - 1)][variable];
        }
    }
    let mut evaluator = model.evaluator();
    let (mut value, mut gradient) = (Lanes::default(), vec![Lanes::default(); dimension]);
    evaluator.ask_for(points.len());
    evaluator.log_density(&block, &mut value);
    evaluator.gradient(&block, &mut gradient);
    (0..points.len()).map(|lane| (value[lane], gradient.iter().map(|row| row[lane]).collect())).collect()
}

#[test]
fn plain_formulas_and_rows_are_one_log_density() {
    let file = data("posteriors");
    let mut both = 0;
    for model in file["models"].as_array().unwrap() {
        let name = model["name"].as_str().unwrap();
        let Posterior { plain: Some(plain), rows: Some(rows), points } = posterior(&file, model) else { continue };
        both += 1;
        let (plain, rows) = (evaluate(&plain, &points), evaluate(&rows, &points));
        let shift = rows[0].0 - plain[0].0;
        for ((p, p_gradient), (r, r_gradient)) in plain.iter().zip(&rows) {
            assert!((r - p - shift).abs() <= 1e-9, "{name}: {r} and {p} differ by {shift} elsewhere");
            // Where a derivative vanishes, by its size at the other points.
            for (variable, (a, b)) in p_gradient.iter().zip(r_gradient).enumerate() {
                let size = plain.iter().map(|(_, gradient)| gradient[variable].abs()).fold(0.0, f64::max);
                assert!((a - b).abs() <= 1e-10 * size, "{name}, derivative {variable}: {a} and {b}");
            }
        }
    }
    assert_eq!(both, 4);
}

#[test]
fn gaussian_regressions_keep_only_sums_over_their_rows() {
    let file = data("posteriors");
    for model in file["models"].as_array().unwrap() {
        let Some(rows) = posterior(&file, model).rows else { continue };
        let is_regression = model["kind"].as_str().unwrap().contains("regression");
        assert_eq!(rows.gradient_program().loops().is_empty(), is_regression, "{}", model["name"]);
        assert_eq!(rows.graph().sufficient_statistics() > 0, is_regression);
    }
}

#[test]
fn a_loop_over_rows_is_the_sum_of_its_rows() {
    let file = data("posteriors");
    for model in file["models"].as_array().unwrap() {
        let Posterior { rows: Some(rows), points, .. } = posterior(&file, model) else { continue };
        let roots: Vec<_> = std::iter::once(rows.log_density_node()).chain(rows.gradient_nodes().iter().copied()).collect();
        for (point, (value, gradient)) in points.iter().zip(evaluate(&rows, &points)).take(4) {
            let exact = rows.graph().eval(&roots, point);
            // A thousand terms summed in another order.
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-11 * (a.abs() + b.abs() + 1.0);
            assert!(close(value, exact[0]), "{}: {value} and {}", model["name"], exact[0]);
            assert!(gradient.iter().zip(&exact[1..]).all(|(a, b)| close(*a, *b)), "{}", model["name"]);
        }
    }
}

/// The pass rule of the references: ESS of 1000, means within four combined Monte Carlo errors, sds within a tenth. By the settings that are
/// the default, but for the order in which the components of the mixture begin.
#[test]
fn chains_have_the_moments_of_the_references() {
    let file = data("posteriors");
    let mut runs = 0;
    for (model, sampler) in file["models"].as_array().unwrap().iter().flat_map(|model| [(model, Sampler::Nuts), (model, Sampler::Mams)]) {
        let name = model["name"].as_str().unwrap();
        let posterior = posterior(&file, model);
        let is_mixture = posterior.plain.is_none();
        let init = if is_mixture { Init::Point(vec![-1.0, 1.0, 1.0, 1.0, 0.5]) } else { Init::Auto };
        let run =
            sample(&posterior.plain.or(posterior.rows).unwrap(), &Sampling { sampler, init, seed: 6, ..Sampling::default() }).unwrap();
        let params: Vec<&str> = model["params"].as_array().unwrap().iter().map(|param| param["name"].as_str().unwrap()).collect();
        let column = |name: &str| params.iter().position(|param| *param == name).map(|variable| run.draws.column(variable).to_vec());
        for (quantity, known) in model["reference"].as_object().unwrap() {
            // theta[j] = mu + tau*theta_trans[j].
            let values = column(quantity).unwrap_or_else(|| {
                let [mu, tau, z] = ["mu", "tau", &quantity.replace("theta", "theta_trans")].map(|name| column(name).unwrap());
                mu.iter().zip(&tau).zip(&z).map(|((mu, tau), z)| mu + tau * z).collect()
            });
            let chains: Vec<&[f64]> = values.chunks(run.draws.draws()).collect();
            let found = Convergence::new(&chains);
            let [right, sd, error] = ["mean", "sd", "mcse_mean"].map(|figure| known[figure].as_f64().unwrap());
            let (mean, spread) = mean_and_sd(&values);
            let wide = 4.0 * found.mcse_mean().hypot(error);
            assert!(found.ess_bulk() > 1000.0, "{name} by {sampler}, {quantity}: ESS {}", found.ess_bulk());
            assert!((mean - right).abs() < wide, "{name} by {sampler}, {quantity}: {mean} for {right}, ± {wide}");
            assert!((spread / sd - 1.0).abs() < 0.1, "{name} by {sampler}, {quantity}: sd {spread} for {sd}");
        }
        runs += 1;
    }
    assert_eq!(runs, 12);
}

/// Batches with control variates at the mode: means within a tenth of a posterior sd of the reference's, for each model as it is and, where
/// the sums over rows of a Gaussian become sums over the data alone, with its square written so that they do not.
#[test]
fn minibatches_have_the_means_of_the_references() {
    let file = data("posteriors");
    let mut runs = 0;
    for model in file["models"].as_array().unwrap() {
        let Some(row) = model["log_lik_per_row"].as_str() else { continue };
        // r² = hypot(r, 1)² − 1.
        let looped = row.replacen("- (", "- (hypot(", 1).replace(")^2/(2*s^2)", ", 1)^2 - 1)/(2*s^2)");
        let mut other = model.clone();
        if !row.contains("exp(") {
            other["log_lik_per_row"] = Value::String(looped);
        }
        let variants = if row.contains("exp(") { vec![model] } else { vec![model, &other] };
        let runs_of =
            [Sampler::Sgld, Sampler::Lm].map(|sampler| variants.iter().enumerate().map(move |(variant, model)| (sampler, variant, *model)));
        for (sampler, variant, model) in runs_of.into_iter().flatten() {
            let name = model["name"].as_str().unwrap();
            let found = posterior(&file, model).rows.unwrap();
            let settings = Sampling { sampler, batch: Some(Batch::of(64)), seed: 5, ..Sampling::default() };
            let run = sample(&found, &settings).unwrap();
            let figures = run.batches().unwrap();
            assert!(figures.is_mode, "{name}");
            // Whatever has more rows than a batch is estimated.
            let estimated = figures.tables.iter().any(|(rows, size)| rows > size);
            assert_eq!(estimated, found.rows() > 64 && (variant == 1 || row.contains("exp(")), "{name}, {variant}: {:?}", figures.tables);
            assert_eq!(figures.control_variates, if estimated { ControlVariates::Mode } else { ControlVariates::None });
            let mut means: Vec<f64> = run.variables.iter().map(|variable| variable.mean).collect();
            // The components of a mixture may be called the other way round.
            if let [m1, m2, s1, s2, p] = means[..]
                && row.contains("exp(")
                && m1 > m2
            {
                means = vec![m2, m1, s2, s1, 1.0 - p];
            }
            for (param, mean) in model["params"].as_array().unwrap().iter().zip(means) {
                let param = param["name"].as_str().unwrap();
                let known = &model["reference"][param];
                let (right, sd) = (known["mean"].as_f64().unwrap(), known["sd"].as_f64().unwrap());
                assert!((mean - right).abs() < 0.1 * sd, "{name} by {sampler}, {variant}, {param}: {mean} for {right} ± {sd}");
            }
            runs += 1;
        }
    }
    assert_eq!(runs, 18);
}

/// A logistic regression over rows enough that its posterior is nearly normal, and a mixture whose components may change names.
#[test]
fn many_rows_are_sampled_by_proposals_from_the_gaussian_at_the_mode() {
    let rows = 3000;
    let column = |f: fn(f64) -> f64| (0..rows).map(|row| f(f64::from(row))).collect::<Vec<f64>>();
    let columns = vec![
        ("x".to_string(), column(|row| (row * 0.7).sin())),
        ("w".to_string(), column(|row| (row * row * 0.37).cos())),
        // log(u/(1 − u)) of numbers that pass for uniform, against the linear part.
        (
            "y".to_string(),
            column(|row| {
                let u = (row * 0.618_033_988_749_894_9).fract();
                let linear = 0.4 + 0.9 * (row * 0.7).sin() - 0.6 * (row * row * 0.37).cos();
                f64::from(u8::from((u / (1.0 - u)).ln() < linear))
            }),
        ),
    ];
    let text = "a in (-inf, inf); b in (-inf, inf); c in (-inf, inf);
        log_density = normal_lpdf(a | 0, 5) + normal_lpdf(b | 0, 5) + normal_lpdf(c | 0, 5) + sum(bernoulli_logit_lpmf(y | a + b*x + c*w))";
    let model = Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![Table::from_columns(columns).unwrap()])).unwrap();
    let by = |sampler: Sampler| sample(&model, &Sampling { sampler, seed: 3, ..Sampling::default() }).unwrap();
    let (found, known) = (by(Sampler::Auto), by(Sampler::Nuts));
    assert_eq!((found.sampler, found.verdict.trust), (Sampler::Pcn, Trust::Yes), "{:?}", found.verdict);
    for (found, known) in found.variables.iter().zip(&known.variables) {
        let error = found.mcse_mean.hypot(known.mcse_mean);
        assert!((found.mean - known.mean).abs() < 4.0 * error, "{}: {} for {} ± {error}", found.bound.name, found.mean, known.mean);
        // Each sd is known to 1/√(2·ESS), 2.3 % at an ESS of 1000.
        assert!((found.sd / known.sd - 1.0).abs() < 0.1, "{}: sd {} for {}", found.bound.name, found.sd, known.sd);
    }
    // The components of a mixture may change names: no one mode.
    let file = data("posteriors");
    let mixture =
        file["models"].as_array().unwrap().iter().find(|model| model["log_lik_per_row"].as_str().is_some_and(|row| row.contains("exp(")));
    let mixture = posterior(&file, mixture.unwrap()).rows.unwrap();
    // Who draws is the question, not what: the least that a ladder takes.
    let short = Sampling { chains: Some(16), warmup: Some(60), draws: Some(20), ..Sampling::default() };
    let run = sample(&mixture, &Sampling { sampler: Sampler::Auto, seed: 3, ..short }).unwrap();
    assert_ne!(run.sampler, Sampler::Pcn);
}

/// The default for batches leaves less bias than sgld, and draws until its figures are enough.
#[test]
fn batches_are_left_to_a_scheme_without_a_bias_on_gaussians() {
    let file = data("posteriors");
    let linear = file["models"].as_array().unwrap().iter().find(|model| model["log_lik_per_row"].is_string()).unwrap();
    let model = posterior(&file, linear).rows.unwrap();
    let by = |sampler: Sampler| sample(&model, &Sampling { sampler, batch: Some(Batch::of(16)), seed: 2, ..Sampling::default() }).unwrap();
    let (auto, sgld) = (by(Sampler::Auto), by(Sampler::Sgld));
    assert_eq!(auto.sampler, Sampler::Lm);
    assert!(auto.batches().unwrap().sd_bias < 0.5 * sgld.batches().unwrap().sd_bias);
    for run in [auto, sgld] {
        assert!(run.variables.iter().all(|variable| variable.rhat < 1.01 && variable.ess_bulk > 900.0), "{}", run.sampler);
    }
}

#[test]
fn meaning_is_said_once() {
    let formula = || "x in (0, 1); energy = x".parse::<langevin::syntax::Formula>().unwrap();
    let none = Data::default();
    assert_eq!(Model::with_data(formula(), None, &[], &none).unwrap().meaning(), Meaning::Energy);
    assert!(Model::with_data(formula(), Some(Meaning::Energy), &[], &none).is_ok());
    assert!(Model::with_data(formula(), Some(Meaning::Density), &[], &none).is_err());
    assert!(Model::with_data("x".parse().unwrap(), None, &[], &none).is_err());
}

/// Loops over rows, groups and recurrences: the same bits at every SIMD level and on any number of threads.
#[test]
#[cfg(feature = "parallel")]
fn sums_over_rows_have_the_same_bits_everywhere() {
    let rows = 40_000;
    let column = |f: fn(usize) -> f64| (0..rows).map(f).collect::<Vec<f64>>();
    let columns = vec![
        ("y".to_string(), column(|row| (row as f64 * 0.7).sin())),
        ("x".to_string(), column(|row| (row as f64 * 1.3).cos())),
        ("g".to_string(), column(|row| (row % 5 + 1) as f64)),
    ];
    let text = "a in (-9, 9); t[5] in (-9, 9); s in (0.1, 9); log_density = sum(student_t_lpdf(y | 4, a*x + t[g], s)) + sum(tanh(a*y))";
    let model = Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![Table::from_columns(columns).unwrap()])).unwrap();
    let points: Vec<Vec<f64>> = (0..20).map(|point| (0..7).map(|v| 0.5 + 0.02 * f64::from(point * v)).collect()).collect();
    let bits = |model: &Model, threads: usize| -> Vec<u64> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| evaluate(model, &points));
        found.into_iter().flat_map(|(value, gradient)| std::iter::once(value).chain(gradient)).map(f64::to_bits).collect()
    };
    let expected = bits(&model, 1);
    for level in langevin::math::Level::available() {
        let model = model.clone().with_level(level);
        for threads in [1, 2, 3] {
            assert!(bits(&model, threads) == expected, "{level}, {threads} threads");
        }
    }
    // And one chain alone has what it has among others.
    let alone = evaluate(&model, &points[7..8]);
    assert_eq!(alone[0].0.to_bits(), expected[7 * 8]);
}
