//! A failed search, with what only the formula can say of it.

use crate::density::{LogDensity, Model};
use crate::error::{Error, ErrorKind};
use crate::proof::blame;

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
