//! Whether places belong to one mode: climbs from each, and the ways between where they end.

use crate::density::{Evaluate, LogDensity};
use crate::math::{LANES, Lanes};
use crate::sampler::{Coordinates, InCoordinates, Population, laplace};

/// Steps uphill.
const ASCENT: usize = 80;
/// A climb that gains more than this in its last quarter has not ended at a mode, and tells of no valley.
const RISE: f64 = 1.0;
/// Places looked at on a way between two ends.
const BETWEEN: usize = 16;
/// How far log p must fall on the way: below, chains cross by themselves within a hundred steps.
const DIP: f64 = 4.0;
/// How far below the highest an end may lie, in a density of no variables; one more for each.
const DEPTH: f64 = 10.0;
/// Ends beyond a valley that climb on before they count as another mode.
const CLIMBING_ON: usize = 8;
/// How many of the nearest that are reached already a place is tried to be reached from.
const NEIGHBOURS: usize = 6;

/// Whether climbs from two of `places`, at most [`LANES`] of which are looked at, end at modes with valleys between them. A hint, not a proof: a
/// mode where no climb ends is not seen. Ways go straight from place to place, so that a bent ridge is one mode where places lie along it.
pub(super) fn are_separate(density: &dyn LogDensity, coordinates: &Coordinates, places: &Population) -> bool {
    let count = places.chains().min(LANES);
    let mut u: Vec<Lanes> = places.block(0);
    for (row, transform) in u.iter_mut().zip(&coordinates.transforms) {
        row.iter_mut().for_each(|x| *x = transform.coordinate(*x));
    }
    let mut z = u.clone();
    coordinates.whitened(&u, &mut z);
    let mut inner = density.evaluator();
    inner.ask_for(count);
    let mut scratch = vec![Lanes::default(); 2 * z.len()];
    let mut evaluate = InCoordinates { inner: &mut *inner, coordinates, scratch: &mut scratch, active: count };
    let (height, rise) = ascend(&mut evaluate, &mut z);
    let highest = (0..count).filter(|&lane| height[lane].is_finite()).max_by(|&a, &b| height[a].total_cmp(&height[b]));
    let Some(highest) = highest else { return false };
    let counts = |lane: &usize| rise[*lane] < RISE && height[*lane] > height[highest] - DEPTH - z.len() as f64;
    let mut left: Vec<usize> = (0..count).filter(counts).filter(|&lane| lane != highest).collect();
    let mut reached = vec![highest];
    loop {
        let before = left.len();
        for neighbour in 0..NEIGHBOURS.min(reached.len()) {
            let from: Vec<usize> = left.iter().map(|&lane| nearest(&z, &reached, lane, neighbour)).collect();
            let dips = dips(&mut evaluate, &z, &height, &from, &left);
            let (mut near, mut far) = (Vec::new(), Vec::new());
            for (&lane, dip) in left.iter().zip(dips) {
                if dip <= DIP { near.push(lane) } else { far.push(lane) }
            }
            (reached, left) = ([reached, near].concat(), far);
        }
        if left.is_empty() || left.len() == before {
            // One climb alone may have stopped anywhere.
            let are_beyond = left.len() > 1;
            return are_beyond && stay_apart(density, coordinates, &mut evaluate, &mut z, &height, highest, left);
        }
    }
}

/// Whether one of the highest of `left` is beyond a valley still when it and the highest of all have climbed to the end by Newton's steps:
/// along a ridge a gradient alone gains so little that it seems to have arrived.
fn stay_apart(
    density: &dyn LogDensity,
    coordinates: &Coordinates,
    evaluate: &mut dyn Evaluate,
    z: &mut [Lanes],
    height: &Lanes,
    highest: usize,
    mut left: Vec<usize>,
) -> bool {
    left.sort_by(|&a, &b| height[b].total_cmp(&height[a]));
    // Starts are drawn with replacement: the same place climbs once.
    left.dedup_by(|a, b| z.iter().all(|row| row[*a] == row[*b]));
    let climbing: Vec<usize> = [highest].into_iter().chain(left.into_iter().take(CLIMBING_ON)).collect();
    let mut u = z.to_vec();
    coordinates.unconstrained(z, &mut u);
    for &lane in &climbing {
        let mut x: Vec<Lanes> = u.iter().map(|row| Lanes::splat(row[lane])).collect();
        coordinates.constrain(&mut x);
        let start = Population::from_columns(x.iter().map(|row| vec![row[0]]).collect());
        let top = laplace(density, &start).coordinates.metric.centre;
        u.iter_mut().zip(top).for_each(|(row, top)| row[lane] = top);
    }
    coordinates.whitened(&u, z);
    let mut height = Lanes::default();
    evaluate.log_density(z, &mut height);
    let (to, from) = (&climbing[1..], vec![highest; climbing.len() - 1]);
    dips(evaluate, z, &height, &from, to).into_iter().any(|dip| dip > DIP)
}

/// The place of `among` that is nearest to `lane` but for `skip` others.
fn nearest(z: &[Lanes], among: &[usize], lane: usize, skip: usize) -> usize {
    let square = |other: usize| z.iter().map(|row| (row[other] - row[lane]) * (row[other] - row[lane])).sum::<f64>();
    let mut among: Vec<(f64, usize)> = among.iter().map(|&other| (square(other), other)).collect();
    let skip = skip.min(among.len() - 1);
    among.select_nth_unstable_by(skip, |a, b| a.0.total_cmp(&b.0)).1.1
}

/// Goes uphill in every lane, by steps along the gradient that grow where they help and shrink where they do not; returns log p there, and how
/// much of it the last quarter of the steps gained.
pub(super) fn ascend(evaluate: &mut dyn Evaluate, z: &mut [Lanes]) -> (Lanes, Lanes) {
    let mut gradient = z.to_vec();
    let (mut trial, mut slope) = (z.to_vec(), z.to_vec());
    let (mut height, mut there, mut step) = (Lanes::default(), Lanes::default(), Lanes::splat(0.1));
    evaluate.log_density_and_gradient(z, &mut height, &mut gradient);
    let mut before = height;
    for number in 0..ASCENT {
        if number == ASCENT * 3 / 4 {
            before = height;
        }
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
    let mut rise = height;
    rise.iter_mut().zip(before.iter()).for_each(|(rise, before)| *rise -= before);
    (height, rise)
}

/// How far below the lower of its ends the straight way from each of `from` to that of `to` falls.
fn dips(evaluate: &mut dyn Evaluate, z: &[Lanes], height: &Lanes, from: &[usize], to: &[usize]) -> Vec<f64> {
    let mut between = z.to_vec();
    let (mut value, mut lowest) = (Lanes::default(), vec![f64::INFINITY; to.len()]);
    for place in 1..BETWEEN {
        let share = place as f64 / BETWEEN as f64;
        for (between, z) in between.iter_mut().zip(z) {
            for (lane, (&from, &to)) in from.iter().zip(to).enumerate() {
                between[lane] = share.mul_add(z[to] - z[from], z[from]);
            }
        }
        evaluate.log_density(&between, &mut value);
        lowest.iter_mut().zip(value.iter()).for_each(|(lowest, value)| *lowest = lowest.min(*value));
    }
    let lower = from.iter().zip(to).map(|(&from, &to)| height[from].min(height[to]));
    lower.zip(lowest).map(|(end, lowest)| end - lowest).collect()
}
