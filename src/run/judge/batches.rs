//! Batches of rows: whether there is anything to batch, and a mode to whiten by.

use super::{Case, Warning, Weight};
use crate::sampler::ControlVariates;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let Some(figures) = case.drawn.method.batches() else { return };
    if figures.tables.is_empty() && figures.replicas.is_none() {
        let has_statistics = case.question.model.is_some_and(|model| model.graph().sufficient_statistics() > 0);
        warnings.push(nothing_to_batch(has_statistics));
    }
    if !figures.is_mode {
        warnings.push(no_mode(figures.control_variates != ControlVariates::None));
    }
}

/// No loop over rows is left; sums over the data may have replaced them.
fn nothing_to_batch(has_statistics: bool) -> Warning {
    let reason = if has_statistics { "the sums over rows became sums over the data" } else { "no loop over rows is left" };
    Warning::new("nothing_to_batch", Weight::Note, format!("nothing to batch: {reason}; the gradient is exact"))
}

/// No mode was found to whiten by; there may be control variates all the same.
fn no_mode(control_variates: bool) -> Warning {
    let none = if control_variates { "" } else { ", and there are no control variates" };
    let text = format!("no mode was found, so the coordinates are scaled by the curvature at the best place that was{none}");
    Warning::new("no_mode", Weight::Doubt, text).advise("begin near a mode with --init")
}
