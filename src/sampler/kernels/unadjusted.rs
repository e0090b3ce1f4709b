//! What kernels without a Metropolis test share: bounds, the cut of drifts that are too steep, and points where the density is zero.

use super::StepInfo;
use crate::density::{Bound, Boundary, Evaluate};
use crate::math::{LANES, Lanes, Level, Work, dispatch};
use crate::stored::stored;

/// A drift ε∇log p is cut to this many √(2ε): an ordinary drift is far smaller than the noise it stands beside, a drift beyond this
/// would throw the chain out of the region where the step is meaningful (Brosse et al. 2019 tame it for the same reason).
const LARGEST_DRIFT: f64 = 8.0;

/// What to do about points inside the bounds where the density is zero or undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// There are none: no value of the density is computed.
    None,
    /// Refuse to step there, as `Boundary::Reject` does at a bound; costs one value of the density a step.
    Refuse,
}

/// A kernel without a Metropolis test: a scheme, for a density's bounds.
#[derive(Debug, Clone)]
pub struct Unadjusted<S> {
    pub(in crate::sampler) scheme: S,
    pub(in crate::sampler) bounds: Vec<Bound>,
    pub(in crate::sampler) guard: Guard,
    pub(in crate::sampler) level: Level,
}

impl<S: Default> Unadjusted<S> {
    /// The kernel for `bounds`.
    pub fn new(bounds: &[Bound], guard: Guard) -> Self {
        Unadjusted::of(S::default(), bounds, guard)
    }
}

impl<S> Unadjusted<S> {
    /// The kernel of a scheme that has parameters.
    pub(in crate::sampler) fn of(scheme: S, bounds: &[Bound], guard: Guard) -> Self {
        Unadjusted { scheme, bounds: bounds.to_vec(), guard, level: Level::detect() }
    }

    /// The same kernel at a SIMD level; results are the same bits at each.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// A block at `positions`, its gradient not yet evaluated.
    pub(in crate::sampler) fn place(&self, positions: Vec<Lanes>) -> Place {
        let rows = vec![Lanes::default(); positions.len()];
        let looks_back = self.guard == Guard::Refuse || self.bounds.iter().any(|bound| bound.boundary == Boundary::Reject);
        Place { before: if looks_back { rows.clone() } else { Vec::new() }, gradient: rows, positions, row: Lanes::default() }
    }

    /// Cuts gradients beyond `largest` and those that are not finite.
    pub(in crate::sampler) fn cut_drift(&self, place: &mut Place, largest: f64, info: &mut StepInfo) {
        let Place { positions, gradient, .. } = place;
        if dispatch(self.level, IsSteep { gradient, largest }) {
            tame(positions, gradient, largest, info);
        }
    }

    /// Takes back the lanes that went where the density is zero or undefined, if there may be any, and tells `refused` which.
    pub(in crate::sampler) fn refuse(
        &self,
        place: &mut Place,
        evaluate: &mut dyn Evaluate,
        info: &mut StepInfo,
        mut refused: impl FnMut(usize),
    ) {
        if self.guard == Guard::None {
            return;
        }
        let Place { positions, before, row, .. } = place;
        evaluate.log_density(positions, row);
        for lane in 0..LANES {
            if row[lane] == f64::NEG_INFINITY || row[lane].is_nan() {
                info.refused += 1;
                for (x, before) in positions.iter_mut().zip(&*before) {
                    x[lane] = before[lane];
                }
                refused(lane);
            }
        }
    }
}

/// Where a block is, where it was, the gradient, and scratch space.
#[derive(Debug, Clone)]
pub(in crate::sampler) struct Place {
    pub(in crate::sampler) positions: Vec<Lanes>,
    pub(in crate::sampler) gradient: Vec<Lanes>,
    /// Empty where no boundary and no guard asks.
    pub(in crate::sampler) before: Vec<Lanes>,
    pub(in crate::sampler) row: Lanes,
}

stored!(Place { positions, gradient });

impl Place {
    /// Exchanges one lane with another block; the next step takes its gradient anew.
    pub(in crate::sampler) fn exchange(&mut self, other: &mut Place, lane: usize) {
        for (a, b) in self.positions.iter_mut().zip(&mut other.positions) {
            std::mem::swap(&mut a[lane], &mut b[lane]);
        }
    }

    /// Keeps the positions as those before the step, if somebody asks.
    pub(in crate::sampler) fn look_back(&mut self) {
        if !self.before.is_empty() {
            self.before.copy_from_slice(&self.positions);
        }
    }
}

/// The largest gradient that a step of this size follows.
pub(in crate::sampler) fn largest_drift(step_size: f64) -> f64 {
    LARGEST_DRIFT * (2.0 * step_size).sqrt() / step_size
}

/// Whether an odd number of mirrors brings x inside.
pub(in crate::sampler) fn reflections_are_odd(x: f64, low: f64, high: f64) -> bool {
    if !(low.is_finite() && high.is_finite()) {
        return x < low || x > high;
    }
    ((x - low) / (high - low)).floor().rem_euclid(2.0) == 1.0
}

/// Whether a gradient is not finite or larger than `largest`.
struct IsSteep<'a> {
    gradient: &'a [Lanes],
    largest: f64,
}

impl Work for IsSteep<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // A fold without a branch in it vectorises.
        self.gradient.iter().any(|row| row.iter().fold(false, |any, slope| any | (slope.abs() > self.largest) | slope.is_nan()))
    }
}

/// Cuts gradients to `largest`; those that are not numbers to 0, so that the chain moves by noise alone. Counts both, and remembers the
/// first place where one was not finite.
fn tame(positions: &[Lanes], gradient: &mut [Lanes], largest: f64, info: &mut StepInfo) {
    if info.first_non_finite.is_none() {
        let lane = (0..LANES).find(|&lane| gradient.iter().any(|row| !row[lane].is_finite()));
        info.first_non_finite = lane.map(|lane| (lane, positions.iter().map(|row| row[lane]).collect()));
    }
    for slope in gradient.iter_mut().flat_map(|row| row.iter_mut()) {
        info.non_finite += u64::from(!slope.is_finite());
        info.truncated += u64::from(slope.abs() > largest);
        *slope = if slope.is_nan() { 0.0 } else { slope.clamp(-largest, largest) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_counted() {
        for (x, odd) in [(0.5, false), (1.5, true), (2.5, false), (-0.5, true), (-1.5, false), (3.2, true)] {
            assert_eq!(reflections_are_odd(x, 0.0, 1.0), odd, "{x}");
        }
        assert!(reflections_are_odd(-5.0, 0.0, f64::INFINITY));
    }
}
