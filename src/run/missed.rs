//! A look beyond the draws: chains sent from far away, and where they come to rest.

use super::modes::ascend;
use super::starts::affordable_chains;
use crate::density::LogDensity;
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose, Stage};
use crate::sampler::{Chained, InCoordinates, Kernel, Nuts, Parameters, StepInfo};

/// How far from the draws the scouts begin, in their standard deviations: a third of them each.
const REACH: [f64; 3] = [6.0, 20.0, 60.0];
/// Steps of each scout: enough to fall into the nearest mode.
const STEPS: usize = 16;
/// Doublings of their trajectories at most.
const LONG: usize = 6;
const SHORT: usize = 3;

/// A place as likely as those of the draws, and well away from all of them; `None` if no scout found one.
///
/// A hint, not a proof: a mode that no scout falls into is not seen.
pub(super) fn missed_mode(density: &dyn LogDensity, chained: &Chained, seed: u64) -> Option<Vec<f64>> {
    let coordinates = &chained.coordinates;
    let dimension = density.dimension();
    let mut inner = density.evaluator();
    let mut scratch = vec![Lanes::default(); 2 * dimension];
    let mut evaluate = InCoordinates { inner: &mut *inner, coordinates, scratch: &mut scratch, active: LANES };
    let (low, high, usual) = seen(chained, &mut evaluate)?;
    let mut rng = BlockRng::new(Stage::Scouts.of(seed), 0, Purpose::Initial);
    // Where a gradient goes through rows of data, no more scouts than the run itself would have chains, and short ways.
    let active = affordable_chains(density);
    let depth = if active < LANES { SHORT } else { LONG };
    evaluate.active = active;
    evaluate.inner.ask_for(active);
    let mut scouts = vec![Lanes::default(); dimension];
    for row in &mut scouts {
        rng.fill_uniform(row);
        row.iter_mut().enumerate().for_each(|(lane, z)| *z = REACH[lane % 3] * (2.0 * *z - 1.0));
    }
    let kernel = Nuts { level: density.level(), depth };
    let mut state = kernel.init(scouts, &mut evaluate);
    let mut info = StepInfo::default();
    for _ in 0..STEPS {
        kernel.step(&mut state, &mut evaluate, &mut rng, Parameters::new(chained.step_size.min(0.5)), &mut info);
    }
    let rest = kernel.positions(&state);
    let mut value = Lanes::default();
    crate::density::Evaluate::log_density(&mut evaluate, rest, &mut value);
    let is_outside = |z: &[Lanes], lane: usize| {
        (0..dimension).any(|variable| {
            let margin = 0.5 * (high[variable] - low[variable]);
            z[variable][lane] < low[variable] - margin || z[variable][lane] > high[variable] + margin
        })
    };
    let mut found: Vec<usize> = (0..active).filter(|&lane| value[lane] >= usual && is_outside(rest, lane)).collect();
    if !found.is_empty() {
        // Of many variables one may be far out where the others are nearer to the middle than draws ever are: no mode of its own.
        let mut tops = rest.to_vec();
        ascend(&mut evaluate, &mut tops);
        found.retain(|&lane| is_outside(&tops, lane));
    }
    let &lane = found.first()?;
    let mut at = vec![Lanes::default(); dimension];
    coordinates.unconstrained(rest, &mut at);
    coordinates.constrain(&mut at);
    Some(at.iter().map(|row| row[lane]).collect())
}

/// The ranges of the draws in the coordinates of the metric, and the log density there that all but a twentieth of them exceed.
fn seen(chained: &Chained, evaluate: &mut dyn crate::density::Evaluate) -> Option<(Vec<f64>, Vec<f64>, f64)> {
    let (draws, coordinates) = (chained.draws.pooled(), &chained.coordinates);
    let dimension = draws.dimension();
    let (mut low, mut high) = (vec![f64::INFINITY; dimension], vec![f64::NEG_INFINITY; dimension]);
    let (mut z, mut value, mut values) = (vec![Lanes::default(); dimension], Lanes::default(), Vec::new());
    for block in 0..draws.blocks() {
        let mut u = draws.block(block);
        for (row, transform) in u.iter_mut().zip(&coordinates.transforms) {
            row.iter_mut().for_each(|x| *x = transform.coordinate(*x));
        }
        coordinates.whitened(&u, &mut z);
        for (variable, row) in z.iter().enumerate() {
            low[variable] = row.iter().copied().fold(low[variable], f64::min);
            high[variable] = row.iter().copied().fold(high[variable], f64::max);
        }
        // A sample of the draws tells what is usual.
        if block % 8 == 0 {
            evaluate.log_density(&z, &mut value);
            values.extend_from_slice(&value[..]);
        }
    }
    let values = crate::diagnostics::sorted(&values);
    let usual = crate::diagnostics::quantile(&values, 0.05);
    usual.is_finite().then_some((low, high, usual))
}
