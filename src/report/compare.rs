//! Samplers side by side; `langevin compare`.

use serde_json::{Value, json};

use super::json::{SCHEMA, maybe, number, refusal};
use super::lines::{Paint, wrap};
use super::model::headline;
use super::numbers::{count, fixed, short, time};
use super::verdict;
use crate::density::Model;
use crate::run::{Comparison, Contender, Standing};

/// The table, 80 columns.
pub fn text(model: &Model, comparison: &Comparison, seed: u64, paint: Paint) -> String {
    let mut lines = vec![headline(model, paint), format!("seed {seed}"), String::new()];
    lines.push(paint.dim(&format!(
        "  {:<11} {:>7} {:>7} {:>7} {:>8} {:>6} {:>8} {:>7}  {}",
        "", "draws", "ess", "ess/s", "ess/1000", "rhat", "error", "time", "trust"
    )));
    for (contender, standing) in comparison.contenders.iter().zip(&comparison.standings) {
        let name = contender.sampler.name();
        match (&contender.run, standing) {
            (Ok(run), Some(standing)) => lines.push(format!(
                "  {name:<11} {:>7} {:>7} {:>7} {:>8} {:>6} {:>8} {:>7}  {}",
                count(standing.draws as f64),
                count(standing.ess),
                count(standing.ess_per_second),
                short(standing.ess_per_1000_gradients),
                fixed(standing.rhat, 3),
                short(standing.error),
                time(contender.seconds),
                paint.trust(run.verdict.trust),
            )),
            (Err(error), _) => {
                let mut words = wrap(&format!("{name:<11} cannot: {}", error.message), 14);
                lines.append(&mut words);
            }
            _ => {}
        }
    }
    lines.push(String::new());
    lines.extend(wrap(
        "ess     the smallest bulk ESS of the variables; /s a second, warm-up included; /1000 for a thousand gradients, warm-up included",
        10,
    ));
    lines.extend(wrap(&format!("error   {}", comparison.truth.describe().trim_start_matches("error is ")), 10));
    lines.join("\n")
}

/// Samplers side by side.
pub fn json(model: &Model, comparison: &Comparison, seed: u64) -> Value {
    let row = |(contender, standing): (&Contender, &Option<Standing>)| {
        let mut row = json!({ "sampler": contender.sampler.name(), "seconds": number(contender.seconds) });
        let more = match (&contender.run, standing) {
            (Ok(run), Some(standing)) => json!({
                "chains": run.draws.chains(),
                "draws": standing.draws,
                "ess_bulk": number(standing.ess),
                "ess_per_second": number(standing.ess_per_second),
                "ess_per_1000_gradients": number(standing.ess_per_1000_gradients),
                "gradient_evaluations": run.gradients,
                "rhat": number(standing.rhat),
                "error": number(standing.error),
                "error_of": standing.worst,
                "wasserstein1": maybe(standing.wasserstein1),
                "verdict": verdict::json(&run.verdict),
            }),
            (Err(error), _) => refusal(error),
            _ => Value::Null,
        };
        if let (Some(row), Some(more)) = (row.as_object_mut(), more.as_object()) {
            row.extend(more.clone().into_iter().filter(|(key, _)| key != "schema"));
        }
        row
    };
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "formula": model.formula().source(),
        "meaning": model.meaning().name(),
        "seed": seed,
        "truth": { "kind": comparison.truth.name(), "about": comparison.truth.describe() },
        "samplers": comparison.contenders.iter().zip(&comparison.standings).map(row).collect::<Vec<_>>(),
    })
}
