//! The approach of a large population to the density: microcanonical dynamics without a Metropolis test, steered by the population's bias.
//!
//! The unadjusted phase of the late-adjusted parallel sampler (Robnik & Seljak 2025, as BlackJAX's `laps` runs it): the bias is estimated by
//! equipartition, E[−zᵢ∂ᵢ log p] = 1, and the energy error that a step may make shrinks with it. Here the metric is renewed in windows, at
//! first by Fisher scales, which need no population that has spread, and the approach ends when a window leaves the metric as it was.

use std::sync::atomic::Ordering;

use super::block::Block;
use super::warmup::renew;
use super::{Chaining, Run};
use crate::density::Transform;
use crate::math::{Lanes, Level, pow};
use crate::sampler::coordinates::Coordinates;
use crate::sampler::kernel::{Parameters, Pointed, StepInfo};
use crate::sampler::lanewise::{Point, each};
use crate::sampler::mclmc::{self, Mclmc};
use crate::sampler::metric::{Gathering, total};

/// The fewest chains whose means say how far they are from the density.
const FEWEST: usize = 128;
/// Steps that an approach may take for each of the no-U-turn sampler's that it would save, a tenth of what those cost.
const CHEAPER: usize = 4;
/// Steps of the first windows; each later one is twice as long as the one before.
const FIRST: usize = 10;
/// Windows that learn scales by gradients alone.
const BY_GRADIENTS: usize = 2;
/// After how many times √d of way a direction is forgotten, in units of the metric.
const LENGTH: f64 = 1.9;
/// Largest energy error of one chain that counts: a few far away should not hold up all.
const LARGEST_ERROR: f64 = 10.0;

/// What steers an approach: sums over the chains of a block, an entry a variable each.
#[derive(Debug, Clone, Default)]
pub(super) struct Balance {
    z: Vec<f64>,
    squares: Vec<f64>,
    /// Σ −zᵢ∂ᵢ log p.
    virial: Vec<f64>,
    /// Σ of the squared energy errors of the last step.
    errors: f64,
    chains: f64,
}

impl Balance {
    fn new(dimension: usize) -> Balance {
        let zeros = vec![0.0; dimension];
        Balance { z: zeros.clone(), squares: zeros.clone(), virial: zeros, errors: 0.0, chains: 0.0 }
    }

    fn add(&mut self, level: Level, Point { position, gradient, .. }: &Point, info: &StepInfo, active: usize) {
        self.chains += active as f64;
        let mut row = Lanes::default();
        for (i, (z, slope)) in position.iter().zip(gradient).enumerate() {
            each(level, |lane| row[lane] = if lane < active { z[lane] } else { 0.0 });
            self.z[i] += total(&row);
            each(level, |lane| row[lane] = if lane < active { z[lane] * z[lane] } else { 0.0 });
            self.squares[i] += total(&row);
            each(level, |lane| row[lane] = if lane < active { -z[lane] * slope[lane] } else { 0.0 });
            self.virial[i] += total(&row);
        }
        let square = |error: &f64| error.abs().min(LARGEST_ERROR).powi(2);
        self.errors += info.energy_error[..active].iter().map(square).sum::<f64>();
    }

    fn merge(&mut self, other: &Balance) {
        self.chains += other.chains;
        self.errors += other.errors;
        let sums = |mine: &mut Vec<f64>, others: &Vec<f64>| mine.iter_mut().zip(others).for_each(|(mine, other)| *mine += other);
        sums(&mut self.z, &other.z);
        sums(&mut self.squares, &other.squares);
        sums(&mut self.virial, &other.virial);
    }

    /// The mean of (1 − E[−zᵢ∂ᵢ log p])² over the variables that have no ends that meet.
    fn bias(&self, transforms: &[Transform]) -> f64 {
        let open = self.virial.iter().zip(transforms).filter(|(_, transform)| !matches!(transform, Transform::Around { .. }));
        let (sum, count) = open.fold((0.0, 0.0), |(sum, count), (virial, _)| {
            let off = 1.0 - virial / self.chains;
            (sum + off * off, count + 1.0)
        });
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Whether z has the moments of a population that is in equilibrium in a metric that fits it.
    fn fits(&self, transforms: &[Transform]) -> bool {
        let n = self.chains;
        (0..self.z.len()).all(|i| {
            let mean = self.z[i] / n;
            let variance = self.squares[i] / n - mean * mean;
            let balanced = matches!(transforms[i], Transform::Around { .. }) || (0.75..1.25).contains(&(self.virial[i] / n));
            mean.abs() < 0.3 && (0.67..1.5).contains(&variance) && balanced
        })
    }
}

impl Run<'_> {
    /// Moves the blocks to where the density has its mass, and learns the metric on the way; the steps taken, and whether the population
    /// has arrived. Nothing is done for few chains, one variable, or no steps.
    pub(super) fn approach(&self, blocks: &mut [Block<mclmc::State>], coordinates: &mut Coordinates, steps: usize) -> (usize, bool) {
        let dimension = self.density.dimension();
        let chains: usize = blocks.iter().map(|block| block.active).sum();
        let budget = CHEAPER * steps;
        if chains < FEWEST || dimension < 2 || budget < 4 * FIRST {
            return (0, false);
        }
        let level = self.density.level();
        let kernel = Mclmc { level };
        let (mut step_size, mut taken, mut length) = (Chaining::default().step_size, 0, FIRST);
        self.workers.each(blocks, |block| block.settle(&kernel, coordinates));
        for window in 0.. {
            if taken + length > budget || self.control.stop.load(Ordering::Relaxed) {
                break;
            }
            let by_gradients = window < BY_GRADIENTS;
            let gathering = match by_gradients {
                true => Gathering::scales(length, blocks.len()),
                false => Gathering::new(self.settings.metric, &coordinates.metric, length, blocks.len()),
            };
            blocks.iter_mut().for_each(|block| block.gathering = gathering.clone());
            let mut seen = Balance::new(dimension);
            for _ in 0..length {
                let parameters = Parameters { length: LENGTH, ..Parameters::new(step_size) };
                self.advance(&kernel, blocks, coordinates, parameters, 1, |block| {
                    block.gather(&kernel, coordinates, level);
                    block.balance = Balance::new(dimension);
                    if let Some(state) = &block.state {
                        block.balance.add(level, kernel.point(state), &block.info, block.active);
                    }
                });
                let mut balance = Balance::new(dimension);
                blocks.iter().for_each(|block| balance.merge(&block.balance));
                step_size = next_step(step_size, balance.errors / (chains * dimension) as f64, balance.bias(&coordinates.transforms));
                seen.merge(&balance);
            }
            taken += length;
            self.workers.each(blocks, |block| block.end_stage(&kernel, coordinates));
            let arrived = !by_gradients && seen.fits(&coordinates.transforms);
            renew(blocks, coordinates);
            if arrived {
                return (taken, true);
            }
            self.workers.each(blocks, |block| block.settle(&kernel, coordinates));
            if !by_gradients {
                length *= 2;
            }
        }
        self.workers.each(blocks, |block| block.locate(&kernel, coordinates));
        (taken, false)
    }
}

/// The step size whose energy errors have the variance a dimension that a population so far off may have, 0.1·bias^⅜, as the variance
/// grows like ε⁶; threefold changes at most.
fn next_step(step_size: f64, variance: f64, bias: f64) -> f64 {
    let wanted = 0.1 * pow(bias.clamp(1e-6, 1.0), 0.375);
    let factor = pow(wanted / variance, 1.0 / 6.0);
    let factor = if factor.is_finite() { factor.clamp(1.0 / 3.0, 3.0) } else { 0.5 };
    (step_size * factor).clamp(1e-12, 1e12)
}
