//! Draws whose density is not known; `langevin diagnose`.

use serde_json::{Value, json};

use super::ROWS;
use super::json::{SCHEMA, number, quantiles};
use super::lines::Paint;
use super::numbers::{count, error, fixed, short};
use super::verdict;
use crate::run::{DrawsSummary, Verdict};
use crate::sampler::Draws;

/// The report on draws whose density is not known.
pub fn text(variables: &[DrawsSummary], draws: &Draws, judged: &Verdict, paint: Paint) -> String {
    let mut lines = vec![draws.shape(), String::new()];
    let width = variables.iter().take(ROWS).map(|variable| variable.name.chars().count()).max().unwrap_or(1).max(5);
    lines.push(paint.dim(&format!(
        "  {:width$} {:>9} {:>7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6}",
        "", "mean", "mcse", "sd", "mcse", "5%", "50%", "95%", "bulk", "tail", "rhat"
    )));
    for variable in variables.iter().take(ROWS) {
        let [low, _, middle, _, high] = variable.quantiles;
        let rhat = fixed(variable.rhat, 3);
        lines.push(format!(
            "  {:width$} {:>9} {:>7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6}",
            variable.name,
            short(variable.mean),
            error(variable.mcse_mean),
            short(variable.sd),
            error(variable.mcse_sd),
            short(low),
            short(middle),
            short(high),
            count(variable.ess_bulk),
            count(variable.ess_tail),
            rhat
        ));
    }
    if variables.len() > ROWS {
        lines.push(paint.dim(&format!("  … and {} more (all in --json)", variables.len() - ROWS)));
    }
    lines.push(String::new());
    lines.extend(verdict::text(judged, paint));
    lines.join("\n")
}

/// Figures and verdict of draws whose density is not known.
pub fn json(variables: &[DrawsSummary], draws: &Draws, judged: &Verdict) -> Value {
    let variable = |variable: &DrawsSummary| {
        json!({
            "name": variable.name,
            "mean": number(variable.mean),
            "sd": number(variable.sd),
            "mcse_mean": number(variable.mcse_mean),
            "mcse_sd": number(variable.mcse_sd),
            "ess_bulk": number(variable.ess_bulk),
            "ess_tail": number(variable.ess_tail),
            "rhat": number(variable.rhat),
            "quantiles": quantiles(&variable.quantiles),
        })
    };
    json!({
        "schema": SCHEMA,
        "variables": variables.iter().map(variable).collect::<Vec<_>>(),
        "run": { "chains": draws.chains(), "draws": draws.draws() },
        "verdict": verdict::json(judged),
    })
}
