//! What only the formula can say of a run: which part of it had no value, and which scale makes a funnel.

use super::sample::Run;
use super::verdict::{Verdict, Warning};
use crate::density::{LogDensity, Model};
use crate::error::{Error, ErrorKind};
use crate::proof::{blame, inferred};

/// Names what was not finite, and hierarchies where the run shows what they do.
pub(super) fn advise(model: &Model, run: &mut Run) {
    let mut warnings = std::mem::take(&mut run.verdict.warnings);
    for warning in &mut warnings {
        if let Warning::NonFinite { position, blame: reason, .. } = warning {
            *reason = blame(model, position).map(|found| found.to_string());
        }
    }
    warnings.extend(inferred(model).into_iter().map(|found| Warning::Support { says: found.to_string() }));
    if warnings.iter().any(shows_a_funnel)
        && let Some(hierarchy) = model.hierarchies().into_iter().next()
    {
        warnings.push(Warning::Centred { variable: hierarchy.name, term: hierarchy.term });
    }
    run.verdict = Verdict::new(warnings, std::mem::take(&mut run.verdict.because));
}

/// What a neck that chains do not enter leaves behind.
fn shows_a_funnel(warning: &Warning) -> bool {
    use Warning::{Divergences, EnergyFraction, FewEffective, Frozen, MissedMode, RemembersStart, Rhat, Stein, Truncated};
    matches!(
        warning,
        Divergences { .. }
            | EnergyFraction { .. }
            | FewEffective { .. }
            | Frozen { .. }
            | MissedMode { .. }
            | RemembersStart { .. }
            | Rhat { .. }
            | Stein { .. }
            | Truncated { .. }
    )
}

/// A search for a place to begin that found none: with what is not finite at the plainest place.
pub(super) fn explain_failure(model: &Model, error: Error) -> Error {
    if error.kind != ErrorKind::NoMass || error.span.is_some() {
        return error;
    }
    let middle = |low: f64, high: f64| match (low.is_finite(), high.is_finite()) {
        (true, true) => 0.5 * (low + high),
        (true, false) => low + 1.0,
        (false, true) => high - 1.0,
        (false, false) => 0.25,
    };
    let position: Vec<f64> = model.bounds().iter().map(|bound| middle(bound.low, bound.high)).collect();
    match blame(model, &position) {
        None => error,
        Some(found) => {
            let message = format!("{}; {found}", error.message);
            let error = Error { message, hint: Some(found.fix), ..error };
            match found.span {
                Some(span) => error.at(span),
                None => error,
            }
        }
    }
}
