//! Whether to believe it, and why not.

use serde_json::{Value, json};

use super::lines::{Paint, wrap};
use crate::run::{Verdict, Warning, Weight};

/// The verdict and its warnings.
pub(super) fn text(verdict: &Verdict, paint: Paint) -> Vec<String> {
    let head = wrap(&format!("trust   {}", verdict.because), 10);
    let head = head.into_iter().map(|line| line.replacen("trust   ", &format!("trust   {} - ", paint.trust(verdict.trust)), 1));
    head.chain(verdict.warnings.iter().flat_map(warning)).collect()
}

fn warning(warning: &Warning) -> Vec<String> {
    let label = match warning.weight() {
        Weight::Failure => "wrong",
        Weight::Doubt => "doubt",
        Weight::Note => "note",
    };
    wrap(&format!("{label:7} {warning}"), 10)
}

/// The verdict and its warnings, with their kinds.
pub(super) fn json(verdict: &Verdict) -> Value {
    json!({
        "trust": verdict.trust.name(),
        "because": verdict.because,
        "warnings": verdict.warnings.iter().map(|warning| json!({ "kind": warning.kind(), "message": warning.to_string() })).collect::<Vec<_>>(),
    })
}
