//! Z, how it was found and what of it is proved; `langevin integrate`.

use serde_json::{Value, json};

use super::json::{SCHEMA, maybe, number, quantiles};
use super::lines::{Paint, wrap};
use super::model::headline;
use super::numbers::{digits, fixed, short};
use super::{BASINS, ROWS};
use crate::density::{LogDensity, Model};
use crate::error::plain;
use crate::quadrature::{Certificate, Evidence, Integral, Marginal, Reference};
use crate::run::QUANTILES;

/// The report of an integral in any number of variables.
pub fn text(model: &Model, found: &Evidence, paint: Paint) -> String {
    if let [Marginal::Reference(reference)] = &found.marginals[..] {
        return line(model, reference, paint);
    }
    let mut lines = vec![headline(model, paint), String::new()];
    lines.extend(wrap(&format!("Z       {}", normalizer(&found.integral)), 10));
    lines.extend(proof(&found.integral).into_iter().flat_map(|proof| wrap(&format!("proved  {proof}"), 10)));
    lines.extend(parts(model, found));
    lines.push(String::new());
    let width = model.bounds().iter().take(ROWS).map(|bound| bound.name.chars().count()).max().unwrap_or(1).max(5);
    let heads: Vec<String> = QUANTILES.iter().map(|p| format!("{:>9}", format!("{:.0}%", 100.0 * p))).collect();
    lines.push(paint.dim(&format!("  {:width$} {:>10} {:>10}{}", "", "mean", "sd", heads.concat())));
    for (bound, marginal) in model.bounds().iter().zip(&found.marginals).take(ROWS) {
        // A mean this small beside the spread is a zero and its rounding.
        let spread = marginal.sd().unwrap_or(0.0);
        let shown =
            |value: Option<f64>| value.map_or("-".to_string(), |value| short(if value.abs() < 1e-9 * spread { 0.0 } else { value }));
        let quantiles: Vec<String> = QUANTILES.iter().map(|&p| format!("{:>9}", shown(marginal.quantile(p)))).collect();
        lines.push(format!("  {:width$} {:>10} {:>10}{}", bound.name, shown(marginal.mean()), shown(marginal.sd()), quantiles.concat()));
    }
    if model.bounds().len() > ROWS {
        lines.push(paint.dim(&format!("  … and {} more (all in --json)", model.bounds().len() - ROWS)));
    }
    lines.extend(found.integral.notes.iter().flat_map(|note| wrap(&format!("note    {note}"), 10)));
    lines.join("\n")
}

/// The report of an integral of one variable.
fn line(model: &Model, reference: &Reference, paint: Paint) -> String {
    let mut lines = vec![headline(model, paint), String::new()];
    lines.push(format!("  Z       {}", normalizer(&reference.integral)));
    lines.extend(proof(&reference.integral).into_iter().flat_map(|proof| wrap(&format!("proved  {proof}"), 10)));
    // A mean or quantile this small beside the spread is a zero and its rounding.
    let spread = reference.quantile(0.95) - reference.quantile(0.05);
    let settled = |value: f64| if value.abs() < 1e-11 * spread { 0.0 } else { value };
    let quantile = |p: f64| if (reference.cdf(0.0) - p).abs() < 1e-9 { settled(reference.quantile(p)) } else { reference.quantile(p) };
    let or = |value: Option<f64>, otherwise: &str| value.map_or(otherwise.to_string(), |value| digits(settled(value), 1e-12));
    lines.push(format!("  mean    {}", or(reference.mean, "undefined")));
    lines.push(format!("  sd      {}", or(reference.sd, "undefined")));
    for p in QUANTILES {
        lines.push(format!("  {:<7} {}", format!("{:.0} %", 100.0 * p), digits(quantile(p), 1e-10)));
    }
    let basins = reference.basins();
    if basins.len() > 1 {
        for (index, basin) in basins.iter().take(BASINS).enumerate() {
            let label = if index == 0 { "basins" } else { "" };
            lines.push(format!(
                "  {label:7} [{}, {}] holds {}, peak at {}",
                short(basin.low),
                short(basin.high),
                fixed(basin.mass, 6),
                short(basin.peak)
            ));
        }
        if basins.len() > BASINS {
            lines.push(format!("          … and {} more", basins.len() - BASINS));
        }
    }
    for note in &reference.integral.notes {
        lines.extend(wrap(&format!("note    {note}"), 10));
    }
    lines.join("\n")
}

/// `0.988870666667 ± 3e-16`, and its logarithm, and how.
pub(super) fn normalizer(integral: &Integral) -> String {
    let Integral { value, log_value, relative_error, evaluations, method, .. } = integral;
    let relative = format!("{relative_error:.0e}");
    let doubt = if integral.converged { "" } else { ", not converged" };
    let how = format!("{method}, {evaluations} evaluations{doubt}");
    if *value > 0.0 && value.is_finite() {
        // Of an estimate one digit more than is certain; and what is an error of Z relative to it is one of log Z as it stands.
        let (of_value, of_log) = match *relative_error {
            rough if rough > 1e-6 => (0.1 * rough, 0.1 * rough / log_value.abs()),
            exact => (exact, exact),
        };
        format!("{} ± {:.0e}  (log Z {}; {how})", digits(*value, of_value), integral.error, digits(*log_value, of_log))
    } else {
        format!(
            "exp({}), outside doubles; relative error {relative}  ({how})",
            digits(*log_value, *relative_error / log_value.abs().max(1.0))
        )
    }
}

/// `proved: between 0.98887 and …`, if bounds were looked for.
pub(super) fn proof(integral: &Integral) -> Option<String> {
    let proof = integral.proof.as_ref()?;
    let (low, high) = proof.value_bounds();
    let width = proof.relative_width();
    if !width.is_finite() {
        return Some(format!("nothing: {}", proof.reason.as_deref().unwrap_or("no bounds were found")));
    }
    let fits = low >= f64::MIN_POSITIVE && high.is_finite();
    let (low, high) = if fits { (low, high) } else { proof.log_bounds() };
    let shown = |end: f64| if fits { plain(end) } else { format!("exp({})", plain(end)) };
    let doubt = proof.reason.as_ref().map_or(String::new(), |reason| format!("; {reason}"));
    Some(format!("{} to {}, within {width:.0e}{doubt}", shown(low), shown(high)))
}

/// By which factors Z was found, those of one method together.
pub(super) fn parts(model: &Model, found: &Evidence) -> Vec<String> {
    let mut methods: Vec<(&str, Vec<String>)> = Vec::new();
    for part in &found.parts {
        let names: Vec<&str> = part.variables.iter().map(|&variable| model.bounds()[variable].name.as_str()).collect();
        let names = if names.len() > 1 { format!("({})", names.join(", ")) } else { names.concat() };
        match methods.iter_mut().find(|(method, _)| *method == part.method) {
            Some((_, list)) => list.push(names),
            None => methods.push((part.method, vec![names])),
        }
    }
    let line = |(method, names): (&str, Vec<String>)| {
        let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
        let names: Vec<String> = names.into_iter().take(8).collect();
        wrap(&format!("by      {}{more}: {method}", names.join(", ")), 10)
    };
    methods.into_iter().flat_map(line).collect()
}

/// The document of an integral in any number of variables.
pub fn json(model: &Model, found: &Evidence) -> Value {
    let variables = model.bounds().iter().zip(&found.marginals).map(|(bound, marginal)| {
        let known: Option<Vec<f64>> = QUANTILES.iter().map(|&p| marginal.quantile(p)).collect();
        json!({
            "name": bound.name,
            "low": number(bound.low),
            "high": number(bound.high),
            "mean": maybe(marginal.mean()),
            "sd": maybe(marginal.sd()),
            "quantiles": known.map_or(Value::Null, |known| quantiles(&std::array::from_fn(|at| known[at]))),
        })
    });
    let names = |numbers: &[usize]| numbers.iter().map(|&at| model.bounds()[at].name.clone()).collect::<Vec<_>>();
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "formula": model.formula().source(),
        "meaning": model.meaning().name(),
        "normalizer": integral_json(&found.integral),
        "parts": found.parts.iter().map(|part| json!({ "variables": names(&part.variables), "method": part.method })).collect::<Vec<_>>(),
        "variables": variables.collect::<Vec<_>>(),
    })
}

/// The normalising constant.
pub(super) fn integral_json(integral: &Integral) -> Value {
    json!({
        "value": number(integral.value),
        "log_value": number(integral.log_value),
        "error": number(integral.error),
        "relative_error": number(integral.relative_error),
        "evaluations": integral.evaluations,
        "converged": integral.converged,
        "method": integral.method,
        "certified": integral.certified,
        "enclosure": integral.proof.as_ref().map_or(Value::Null, enclosure),
        "notes": integral.notes,
    })
}

/// Proved bounds on Z; `reason` says why they are not as close as was asked.
fn enclosure(proof: &Certificate) -> Value {
    let (low, high) = proof.value_bounds();
    let (log_low, log_high) = proof.log_bounds();
    json!({
        "low": number(low),
        "high": number(high),
        "log_low": number(log_low),
        "log_high": number(log_high),
        "relative_width": number(proof.relative_width()),
        "series": proof.series,
        "reason": proof.reason,
    })
}
