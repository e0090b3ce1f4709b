//! A run as a JSON document.

use serde_json::{Value, json};

use super::Elapsed;
use crate::report::json::{SCHEMA, maybe, number, quantiles};
use crate::report::{integrate, verdict};
use crate::run::{BatchFigures, Derived, Fit, Method, Progress, Run, VariableSummary};
use crate::sampler::Ladder;

/// The whole run; `derived` is what is reported in place of the variables.
pub fn json(run: &Run, derived: Option<&Derived>, formula: &str, meaning: &str, elapsed: Elapsed) -> Value {
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "formula": formula,
        "meaning": meaning,
        "variables": derived.map_or(&run.variables, |derived| &derived.variables).iter().map(variable).collect::<Vec<_>>(),
        "normalizer": run.normalizer().map_or(Value::Null, |found| integrate::integral_json(&found)),
        "reference": run.fits.iter().map(fit).collect::<Vec<_>>(),
        "stein_discrepancy": run.discrepancy.map_or(Value::Null, |found| json!({
            "value": number(found.value),
            "z": number(found.z),
            "p": number(found.p_value),
            "draws": found.draws,
        })),
        "run": how(run, elapsed),
        "until": run.until.iter().map(progress).collect::<Vec<_>>(),
        "verdict": verdict::json(&run.verdict),
    })
}

/// What ran, how far, how fast.
fn how(run: &Run, elapsed: Elapsed) -> Value {
    let mut how = json!({
        "sampler": run.sampler.name(),
        "chains": run.draws.chains(),
        "warmup": 0,
        "draws": run.draws.draws(),
    });
    let details = match &run.method {
        Method::Population { plan, .. } => json!({
            "steps": plan.annealing.steps,
            "schedule": plan.annealing.step_size.shape.to_string(),
            "step_size": number(plan.annealing.step_size.first),
            "final_step_size": number(plan.annealing.step_size.last),
            "temperature": number(plan.annealing.temperature.first),
            "final_temperature": number(plan.annealing.temperature.last),
            "relaxation_time": number(plan.relaxation_time),
            "metric": plan.metric.describe(),
        }),
        Method::Chains(figures) => json!({
            "warmup": figures.settings.warmup,
            "thin": figures.settings.thin,
            "step_size": number(figures.step_size),
            "metric": figures.metric,
            "acceptance_rate": number(figures.acceptance),
            "divergences": figures.divergences,
            "e_bfmi": number(figures.e_bfmi),
            "warmup_gradient_evaluations": figures.warmup_gradients,
            "ladder": figures.ladder.as_ref().map_or(Value::Null, ladder),
        }),
        Method::Batches(figures) => batches(figures),
        Method::Independent => json!({}),
    };
    let speed = json!({
        "seed": run.seed,
        "threads": run.threads,
        "seconds": number(elapsed.total),
        "sampling_seconds": number(elapsed.sampling),
        "chain_steps": run.chain_steps,
        "chain_steps_per_second": number(run.chain_steps as f64 / elapsed.sampling.max(1e-9)),
        "gradient_evaluations": run.gradients,
        "complete": run.complete,
    });
    if let Some(how) = how.as_object_mut() {
        for part in [details, speed] {
            how.extend(part.as_object().cloned().unwrap_or_default());
        }
    }
    how
}

/// How batches were chosen, the gradient's noise, the bias; all of it in whitened coordinates or posterior standard deviations.
fn batches(figures: &BatchFigures) -> Value {
    let pairs = |list: &[(f64, f64)]| -> Value {
        list.iter().map(|(bias, error)| json!({ "bias": number(*bias), "mcse": number(*error) })).collect::<Vec<_>>().into()
    };
    json!({
        "warmup": figures.settings.warmup,
        "thin": figures.settings.thin,
        "step_size": number(figures.settings.step_size),
        "metric": if figures.dense { "dense" } else { "diagonal" },
        "batch": {
            "tables": figures.tables.iter().map(|(rows, size)| json!({ "rows": rows, "batch": size })).collect::<Vec<_>>(),
            "replicas": figures.replicas.as_ref().map(|found| json!({
                "temperatures": found.replicas.temperatures.iter().map(|temperature| number(*temperature)).collect::<Vec<_>>(),
                "steps_between_swaps": found.replicas.every,
                "swap_acceptance": found.acceptance.iter().map(|share| number(*share)).collect::<Vec<_>>(),
            })),
            "batching": figures.batching.name(),
            "control_variates": figures.control_variates.name(),
            "mode_found": figures.is_mode,
            "coordinates_learned": figures.learned,
            "noise_share": { "mean": number(figures.noise.0), "worst": number(figures.noise.1) },
            "expected_sd_bias": number(figures.sd_bias),
            "epochs": number(figures.epochs),
            "full_gradient_evaluations": figures.full_gradients,
            "bias": figures.bias.as_ref().map_or(Value::Null, |bias| json!({ "mean": pairs(&bias.mean), "sd": pairs(&bias.sd) })),
        },
    })
}

/// The ladder of a tempered run.
fn ladder(ladder: &Ladder) -> Value {
    let numbers = |values: &[f64]| values.iter().map(|value| number(*value)).collect::<Vec<_>>();
    json!({
        "rungs": ladder.inverse_temperatures.len(),
        "inverse_temperatures": numbers(&ladder.inverse_temperatures),
        "barrier": number(ladder.barrier),
        "swap_acceptance": numbers(&ladder.swap_acceptance),
        "lowest_swap_acceptance": number(ladder.lowest_acceptance()),
        "mean_swap_acceptance": number(ladder.mean_acceptance()),
        "round_trips": number(ladder.round_trips),
        "log_normalizer": number(ladder.log_normalizer),
        "log_error": number(ladder.log_error),
    })
}

fn variable(variable: &VariableSummary) -> Value {
    json!({
        "name": variable.bound.name,
        "low": number(variable.bound.low),
        "high": number(variable.bound.high),
        "boundary": variable.bound.boundary.name(),
        "mean": number(variable.mean),
        "sd": number(variable.sd),
        "mcse_mean": number(variable.mcse_mean),
        "ess_bulk": number(variable.ess_bulk),
        "ess_tail": number(variable.ess_tail),
        "rhat": number(variable.rhat),
        "quantiles": quantiles(&variable.quantiles),
    })
}

/// How far the draws came to a target.
fn progress(progress: &Progress) -> Value {
    json!({
        "target": progress.target.to_string(),
        "variable": progress.variable,
        "found": number(progress.found),
        "met": progress.met,
    })
}

fn fit(fit: &Fit) -> Value {
    let known = |x: f64| maybe(Some(x).filter(|x| !x.is_nan()));
    let basins: Vec<Value> = fit
        .basins
        .iter()
        .map(|basin| json!({ "low": number(basin.low), "high": number(basin.high), "exact": number(basin.exact), "found": number(basin.found), "z": number(basin.z) }))
        .collect();
    json!({
        "name": fit.name,
        "mean": maybe(fit.mean),
        "sd": maybe(fit.sd),
        "quantiles": if fit.quantiles.iter().any(|x| x.is_nan()) { Value::Null } else { quantiles(&fit.quantiles) },
        "z_mean": known(fit.z_mean),
        "ks": known(fit.ks),
        "ks_p": known(fit.ks_p),
        "wasserstein1": known(fit.wasserstein1),
        "expected_below_lowest": known(fit.extremes[0].1),
        "expected_above_highest": known(fit.extremes[1].1),
        "basins": basins,
    })
}
