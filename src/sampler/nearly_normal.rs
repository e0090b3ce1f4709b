//! Whether a density is nearly normal around the one mode it has, as a posterior of many rows most often is; and where chains begin then.

use crate::density::{Evaluate, LogDensity};
use crate::math::{LANES, Lanes, exp};
use crate::random::{BlockRng, Purpose, Stage};
use crate::sampler::ensemble::coordinates::{Coordinates, InCoordinates};
use crate::sampler::ensemble::draws::Population;
use crate::sampler::mode::{DENSE, is_only_mode, laplace};

/// Draws from the normal law that are weighed by the density.
const TRIALS: usize = 64;
/// The variance of the logs of their weights is told by as many as have so many coordinates in all, tails among them; and the fewest.
const COORDINATES: usize = LANES;
const FEWEST_TRIALS: usize = 16;
/// The share of those that they are worth, as draws of the density, below which the normal is no likeness of it.
const LEAST: f64 = 0.1;

/// A density and its Laplace approximation that are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct NearlyNormal {
    /// z → x: the law of z is roughly a unit normal.
    pub coordinates: Coordinates,
    /// Draws of that law, chosen by how likely the density finds them: one a chain.
    pub starts: Population,
    /// (Σw)²/(nΣw²) of the weights w, density over normal: 1 if they are the same (Kong 1992).
    pub efficiency: f64,
    /// Gradients of one chain that this took.
    pub gradients: u64,
}

/// The Laplace approximation with `chains` starts, if climbs from all of `places` end at one mode and draws from its normal are worth a tenth as
/// many draws of the density at least. `None` says nothing of the density.
pub fn nearly_normal(density: &dyn LogDensity, places: &Population, chains: usize, seed: u64) -> Option<NearlyNormal> {
    let dimension = density.dimension();
    if dimension > DENSE {
        return None;
    }
    let found = laplace(density, places);
    let mut gradients = found.gradients;
    if !found.is_mode || !is_only_mode(density, places, &found.coordinates, &mut gradients) {
        return None;
    }
    let coordinates = found.coordinates;
    let mut rng = BlockRng::new(Stage::Normal.of(seed), 0, Purpose::Proposal);
    let (z, mut weights) = weighed(density, &coordinates, &mut rng, TRIALS);
    let weights = &mut weights[..TRIALS];
    let largest = weights.iter().copied().filter(|weight| weight.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    weights.iter_mut().for_each(|weight| *weight = if weight.is_finite() { exp(*weight - largest) } else { 0.0 });
    let total: f64 = weights.iter().sum();
    let efficiency = total * total / (TRIALS as f64 * weights.iter().map(|weight| weight * weight).sum::<f64>());
    if efficiency.is_nan() || efficiency < LEAST {
        return None;
    }
    let mut rows = vec![Lanes::default(); dimension];
    coordinates.unconstrained(&z, &mut rows);
    coordinates.constrain(&mut rows);
    let mut uniform = Lanes::default();
    rng.fill_uniform(&mut uniform);
    let chosen = systematic(weights, total, chains, uniform[0]);
    let columns = rows.iter().map(|row| chosen.iter().map(|&lane| row[lane]).collect()).collect();
    Some(NearlyNormal { coordinates, starts: Population::from_columns(columns), efficiency, gradients: gradients + TRIALS as u64 })
}

/// The variance of the log weights of draws from the normal law that `coordinates` make a unit normal: 0 if that is the density, infinite
/// where the density is 0.
pub fn misfit(density: &dyn LogDensity, coordinates: &Coordinates, seed: u64) -> f64 {
    let trials = (COORDINATES / density.dimension().max(1)).max(FEWEST_TRIALS);
    let (_, weights) = weighed(density, coordinates, &mut BlockRng::new(Stage::Normal.of(seed), 0, Purpose::Proposal), trials);
    let weights = &weights[..trials];
    let mean = weights.iter().sum::<f64>() / trials as f64;
    let variance = weights.iter().map(|weight| (weight - mean) * (weight - mean)).sum::<f64>() / (trials - 1) as f64;
    if variance.is_nan() { f64::INFINITY } else { variance }
}

/// So many draws z of the unit normal, and the logs of their weights, but for a constant.
fn weighed(density: &dyn LogDensity, coordinates: &Coordinates, rng: &mut BlockRng, trials: usize) -> (Vec<Lanes>, Lanes) {
    let dimension = density.dimension();
    let mut z = vec![Lanes::default(); dimension];
    z.iter_mut().for_each(|row| rng.fill_normal(row));
    let mut inner = density.evaluator();
    inner.ask_for(trials);
    let (mut scratch, mut weights) = (vec![Lanes::default(); 2 * dimension], Lanes::default());
    InCoordinates { inner: &mut *inner, coordinates, scratch: &mut scratch, active: trials }.log_density(&z, &mut weights);
    for lane in 0..trials {
        weights[lane] += 0.5 * z.iter().map(|row| row[lane] * row[lane]).sum::<f64>();
    }
    (z, weights)
}

/// Systematic resampling: the numbers of the entries in which (k + u)/count of all weight falls, for each k below `count` (Kitagawa 1996).
pub(super) fn systematic(weights: &[f64], total: f64, count: usize, u: f64) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(count);
    let (mut at, mut sum) = (0, weights[0]);
    for k in 0..count {
        let wanted = (k as f64 + u) / count as f64 * total;
        while sum < wanted && at + 1 < weights.len() {
            at += 1;
            sum += weights[at];
        }
        chosen.push(at);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Bound, FromFn};

    fn in_two(log_density: impl Fn(&[f64], &mut [f64]) -> f64 + Send + Sync + Clone + 'static) -> impl LogDensity {
        let bounds = ["x", "y"].map(|name| Bound::new(name, f64::NEG_INFINITY, f64::INFINITY)).to_vec();
        FromFn::new(bounds, log_density)
    }

    fn starts() -> Population {
        Population::from_columns(vec![vec![-5.0, 4.0, 7.0, 2.0], vec![1.0, -3.0, 2.0, 6.0]])
    }

    #[test]
    fn a_normal_is_its_own_likeness_and_one_twice_as_wide_in_its_tails_is_worth_less() {
        let normal = in_two(|x, slope| {
            (slope[0], slope[1]) = (-x[0], -4.0 * x[1]);
            -0.5 * (x[0] * x[0] + 4.0 * x[1] * x[1])
        });
        let found = nearly_normal(&normal, &starts(), 4, 1).unwrap();
        assert!(found.efficiency > 1.0 - 1e-6, "{}", found.efficiency);
        assert_eq!(found.starts.chains(), 4);
        // Student's t with 3 degrees of freedom in each variable: the normal at its mode is 0.87 wide.
        let heavy = in_two(|x, slope| {
            (slope[0], slope[1]) = (-4.0 * x[0] / (3.0 + x[0] * x[0]), -4.0 * x[1] / (3.0 + x[1] * x[1]));
            -2.0 * ((1.0 + x[0] * x[0] / 3.0).ln() + (1.0 + x[1] * x[1] / 3.0).ln())
        });
        let found = nearly_normal(&heavy, &starts(), 4, 1).unwrap();
        assert!((0.1..0.95).contains(&found.efficiency), "{}", found.efficiency);
    }

    #[test]
    fn two_modes_are_not_nearly_normal() {
        let two = in_two(|x, slope| {
            let (a, b) = ((-0.5 * (x[0] - 4.0) * (x[0] - 4.0)).exp(), (-0.5 * (x[0] + 4.0) * (x[0] + 4.0)).exp());
            slope[0] = (-(x[0] - 4.0) * a - (x[0] + 4.0) * b) / (a + b);
            slope[1] = -x[1];
            (a + b).ln() - 0.5 * x[1] * x[1]
        });
        assert_eq!(nearly_normal(&two, &starts(), 4, 1), None);
    }

    #[test]
    fn entries_are_chosen_by_their_weights() {
        assert_eq!(systematic(&[0.0, 1.0, 0.0, 3.0], 4.0, 4, 0.5), [1, 3, 3, 3]);
        assert_eq!(systematic(&[1.0; 4], 4.0, 4, 0.5), [0, 1, 2, 3]);
    }
}
