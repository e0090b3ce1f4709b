//! What a ladder says about a run: its normaliser, and whether replicas came far enough.

use super::verdict::Warning;
use crate::math::exp;
use crate::quadrature::Integral;
use crate::sampler::Ladder;

/// Round trips of a system below which its draws may still remember where it began, and of all systems together.
const TRIPS_OF_EACH: f64 = 1.0;
const TRIPS_OF_ALL: f64 = 50.0;
/// Acceptance of swaps below which a pair of rungs holds up the rest.
pub(super) const SWAPS_WANTED: f64 = 0.1;
/// A standard error of log Z above this says little of Z.
const LARGEST_ERROR: f64 = 0.5;

/// Z by the stepping stones of `ladder`.
pub(super) fn normalizer(ladder: &Ladder, gradients: u64) -> Integral {
    let Ladder { log_normalizer, log_error, .. } = *ladder;
    let value = exp(log_normalizer);
    Integral {
        value,
        log_value: log_normalizer,
        error: value * log_error,
        relative_error: log_error,
        evaluations: usize::try_from(gradients).unwrap_or(usize::MAX),
        converged: log_normalizer.is_finite() && log_error < LARGEST_ERROR && ladder.round_trips > 0.0,
        certified: false,
        proof: None,
        method: "stepping stone",
        non_finite: 0,
        non_finite_at: None,
        notes: Vec::new(),
    }
}

/// What to say of the ladder of so many systems.
pub(super) fn warnings(ladder: &Ladder, systems: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let all = ladder.round_trips * systems as f64;
    if ladder.round_trips < TRIPS_OF_EACH || all < TRIPS_OF_ALL {
        warnings.push(Warning::RoundTrips { each: ladder.round_trips, steps: ladder.steps });
    }
    let lowest = ladder.lowest_acceptance();
    // What is not a number was never tried.
    if lowest.is_nan() || lowest < SWAPS_WANTED {
        warnings.push(Warning::Swaps { lowest, rungs: ladder.inverse_temperatures.len() });
    }
    warnings
}
