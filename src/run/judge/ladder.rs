//! Replicas on a ladder of temperatures: whether they came far enough.

use super::{Case, Warning, Weight, percent};
use crate::sampler::Ladder;

/// Round trips of a system below which its draws may still remember where it began, and of all systems together.
const TRIPS_OF_EACH: f64 = 1.0;
const TRIPS_OF_ALL: f64 = 50.0;
/// Acceptance of swaps below which a pair of rungs holds up the rest.
const SWAPS_WANTED: f64 = 0.1;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let drawn = case.drawn;
    let ladder = drawn.method.chains().and_then(|figures| figures.ladder.as_ref());
    if let Some(Ladder { round_trips, steps, .. }) = ladder
        && (*round_trips < TRIPS_OF_EACH || round_trips * (drawn.draws.chains() as f64) < TRIPS_OF_ALL)
    {
        warnings.push(self::round_trips(*round_trips, *steps));
    }
    let replicas = drawn.method.batches().and_then(|figures| figures.replicas.as_ref());
    let lowest = ladder.map(|ladder| (ladder.lowest_acceptance(), ladder.inverse_temperatures.len()));
    let lowest = lowest.or(replicas.map(|found| (found.lowest(), found.replicas.temperatures.len())));
    // What is not a number was never tried.
    if let Some((lowest, rungs)) = lowest.filter(|(lowest, _)| lowest.is_nan() || *lowest < SWAPS_WANTED) {
        warnings.push(swap_acceptance(lowest, rungs));
    }
}

/// Replicas that seldom or never went from the reference to the density and back: trips of each system, the mean.
fn round_trips(each: f64, steps: usize) -> Warning {
    let weight = if each == 0.0 { Weight::Failure } else { Weight::Doubt };
    let text = format!(
        "{each:.2} round trips of each system between reference and density in {steps} steps: the shares of far modes, and Z, may be those \
         of the starts"
    );
    Warning::new("round_trips", weight, text).advise("raise --draws, --thin or --warmup")
}

/// Neighbours on a ladder that hardly ever swap.
fn swap_acceptance(lowest: f64, rungs: usize) -> Warning {
    let text = format!("two neighbours of the {rungs} rungs accept {} of their swaps and hold up the ladder", percent(lowest));
    Warning::new("swap_acceptance", Weight::Doubt, text).advise("raise --rungs or --warmup")
}
