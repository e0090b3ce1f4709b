//! What was asked: the formula, its ranges, its hierarchies.

use super::lines::{Paint, wrap};
use super::numbers::short;
use crate::density::{Bound, LogDensity, Model};
use crate::syntax::Noncentered;

pub(super) fn headline(model: &Model, paint: Paint) -> String {
    headed(model, &range, paint)
}

pub(super) fn headed(model: &Model, bound: &dyn Fn(&Bound) -> String, paint: Paint) -> String {
    let formula = model.formula().value();
    let formula = if formula.chars().count() > 200 { formula.chars().take(199).chain(['…']).collect() } else { formula };
    let bounds: Vec<String> = model.bounds().iter().take(4).map(bound).collect();
    let more = if model.bounds().len() > 4 { format!(", … {} variables", model.bounds().len()) } else { String::new() };
    format!("{} {}\n{}", paint.bold(model.meaning().name()), formula, paint.dim(&format!("{}{more}", bounds.join(", "))))
}

/// `x in [0, 1] reflect`.
pub(super) fn range(bound: &Bound) -> String {
    let ends = interval(bound);
    if bound.low.is_finite() || bound.high.is_finite() { format!("{ends} {}", bound.boundary) } else { ends }
}

/// `x in [0, 1]`.
pub(super) fn interval(bound: &Bound) -> String {
    let (open, close) = (if bound.low.is_finite() { '[' } else { '(' }, if bound.high.is_finite() { ']' } else { ')' });
    format!("{} in {open}{}, {}{close}", bound.name, short(bound.low), short(bound.high))
}

/// Hierarchies with their non-centred forms, to paste.
pub(super) fn hierarchies(found: &[Noncentered]) -> Vec<String> {
    let Some(first) = found.first() else { return Vec::new() };
    let more = if found.len() > 1 { format!(" (and {} more)", found.len() - 1) } else { String::new() };
    let text = format!(
        "note    the scale of `{}` in {} is a parameter: a funnel{more}; --noncenter samples the non-centred form instead:",
        first.name, first.term
    );
    let mut lines = wrap(&text, 10);
    for found in found.iter().take(4) {
        let parts = found.declaration.iter().chain([&found.definition, &found.prior]);
        lines.extend(parts.map(|part| format!("            {part}")));
    }
    lines
}
