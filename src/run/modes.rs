//! A first look: chains from dispersed starts warm up and go uphill, and the ways between where they end are looked at.

use std::sync::atomic::Ordering;

use super::starts::WarmedUp;
use crate::density::{Evaluate, LogDensity};
use crate::math::{LANES, Lanes};
use crate::random::Stage;
use crate::sampler::{Chaining, Control, InCoordinates, Mams, initial_positions, sample_chains};

/// Steps of warm-up that learn the scales and bring the chains near modes: for a population, which most often arrives after a third of
/// them, and for the few chains that a model over rows can afford.
const WARMUP: [usize; 2] = [160, 80];
/// Steps uphill.
const ASCENT: usize = 80;
/// Places looked at on a way between two ends.
const PLACES: usize = 16;
/// How far log p must fall on the way: below, chains cross by themselves within a hundred steps.
const DIP: f64 = 4.0;
/// How far below the highest an end may lie, in a density of no variables; one more for each.
const DEPTH: f64 = 10.0;

/// What a first look found.
#[derive(Debug, Default)]
pub(super) struct FirstLook {
    /// Whether two chains ended at modes with a valley between them. A hint, not a proof: what no chain falls into is not seen, and the valley
    /// is looked for on the straight way only, so that a long bent ridge may pass for two modes.
    pub(super) separate: bool,
    /// Where the chains were in the end, and the coordinates that they learned, if they arrived at the density: a run needs no other warm-up.
    pub(super) arrived: Option<WarmedUp>,
}

/// Sends `chains` chains.
pub(super) fn first_look(density: &dyn LogDensity, chains: usize, seed: u64, threads: usize, control: &Control) -> FirstLook {
    let chains = chains.min(LANES);
    let seed = Stage::Look.of(seed);
    let Ok(starts) = initial_positions(density, seed, chains) else { return FirstLook::default() };
    let warmup = WARMUP[usize::from(chains < LANES)];
    let plan = Chaining { warmup, draws: 1, seed, threads, ..Chaining::default() };
    let found = sample_chains(density, &Mams { level: density.level() }, &plan, &starts, control);
    // These steps are no part of the run.
    control.chain_steps.store(0, Ordering::Relaxed);
    let Ok(found) = found else { return FirstLook::default() };
    if !found.complete {
        return FirstLook::default();
    }
    let coordinates = &found.coordinates;
    let mut u = found.draws.pooled().block(0);
    for (row, transform) in u.iter_mut().zip(&coordinates.transforms) {
        row.iter_mut().for_each(|x| *x = transform.coordinate(*x));
    }
    let mut z = u.clone();
    coordinates.whitened(&u, &mut z);
    let mut inner = density.evaluator();
    inner.ask_for(chains);
    let mut scratch = vec![Lanes::default(); 2 * z.len()];
    let mut evaluate = InCoordinates { inner: &mut *inner, coordinates, scratch: &mut scratch, active: chains };
    let separate = are_separate(&mut evaluate, &mut z, chains);
    // Whoever needed all steps learned in haste.
    let arrived = (!separate && found.warmup < warmup).then(|| WarmedUp {
        starts: found.draws.pooled(),
        steps: found.warmup,
        gradients: found.warmup_gradients,
        coordinates: found.coordinates,
        looked: false,
    });
    FirstLook { separate, arrived }
}

/// Whether two of the lanes in use go uphill to modes with a valley between them.
fn are_separate(evaluate: &mut dyn Evaluate, z: &mut [Lanes], chains: usize) -> bool {
    let height = ascend(evaluate, z);
    let Some(highest) = (0..chains).filter(|&lane| height[lane].is_finite()).max_by(|&a, &b| height[a].total_cmp(&height[b])) else {
        return false;
    };
    let dip = dips(evaluate, z, &height, highest);
    let apart = |lane: &usize| dip[*lane] > DIP && height[*lane] > height[highest] - DEPTH - z.len() as f64;
    // One chain alone may have stopped anywhere.
    (0..chains).filter(apart).count() > 1
}

/// Goes uphill in every lane, by steps along the gradient that grow where they help and shrink where they do not; returns log p there.
fn ascend(evaluate: &mut dyn Evaluate, z: &mut [Lanes]) -> Lanes {
    let mut gradient = z.to_vec();
    let (mut trial, mut slope) = (z.to_vec(), z.to_vec());
    let (mut height, mut there, mut step) = (Lanes::default(), Lanes::default(), Lanes::splat(0.1));
    evaluate.log_density_and_gradient(z, &mut height, &mut gradient);
    for _ in 0..ASCENT {
        for ((trial, z), gradient) in trial.iter_mut().zip(&*z).zip(&gradient) {
            (0..LANES).for_each(|lane| trial[lane] = step[lane].mul_add(gradient[lane], z[lane]));
        }
        evaluate.log_density_and_gradient(&trial, &mut there, &mut slope);
        for lane in 0..LANES {
            let is_higher = there[lane] > height[lane] && there[lane].is_finite();
            step[lane] *= if is_higher { 1.6 } else { 0.4 };
            if is_higher {
                height[lane] = there[lane];
                z.iter_mut().zip(&trial).for_each(|(z, trial)| z[lane] = trial[lane]);
                gradient.iter_mut().zip(&slope).for_each(|(gradient, slope)| gradient[lane] = slope[lane]);
            }
        }
    }
    height
}

/// How far below the lower of its ends the straight way from lane `from` to each lane falls.
fn dips(evaluate: &mut dyn Evaluate, z: &[Lanes], height: &Lanes, from: usize) -> Lanes {
    let mut between = z.to_vec();
    let (mut value, mut lowest) = (Lanes::default(), Lanes::splat(f64::INFINITY));
    for place in 1..PLACES {
        let share = place as f64 / PLACES as f64;
        for (between, z) in between.iter_mut().zip(z) {
            (0..LANES).for_each(|lane| between[lane] = share.mul_add(z[lane] - z[from], z[from]));
        }
        evaluate.log_density(&between, &mut value);
        (0..LANES).for_each(|lane| lowest[lane] = lowest[lane].min(value[lane]));
    }
    let mut dip = Lanes::default();
    (0..LANES).for_each(|lane| dip[lane] = height[lane].min(height[from]) - lowest[lane]);
    dip
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Meaning, Model};

    fn found(formula: &str) -> bool {
        let model = Model::new(formula, Meaning::LogDensity, &[]).expect("a model");
        first_look(&model, LANES, 3, 1, &Control::default()).separate
    }

    #[test]
    fn far_modes_are_separate_and_near_ones_and_bent_ridges_are_not() {
        assert!(found("logsumexp(-((x-8)^2 + y^2)/2, -((x+8)^2 + y^2)/2)"));
        assert!(found("logsumexp(-(x-6)^2/2 - y^2/2, log(0.3) - 2*(x+6)^2 - 2*(y-1)^2)"));
        assert!(!found("logsumexp(-((x-1.5)^2 + y^2)/2, -((x+1.5)^2 + y^2)/2)"));
        assert!(!found("-x^2 - (y - x^2)^2"));
    }
}
