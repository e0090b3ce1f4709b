//! The Leimkuhler–Matthews scheme: unadjusted Langevin whose noise is the mean of this step's and the last step's.
//!
//! x ← x + ε∇log p(x) + √(εT/2)·(ξₖ + ξₖ₊₁). Leimkuhler & Matthews (2013), eq. 1.3, at the price of an Euler step: exact on Gaussians at
//! every stable step size, of second order elsewhere. Where a wall reflects the position, the noise that is carried on changes sign with
//! it, as the mirror image of the step would have carried it; kept as it is, the error at the wall is larger than Euler's.

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{each, fill_normal};
use super::sgld::{Guard, cut_drift, is_refused, largest_drift};
use crate::density::{Bound, Boundary, Evaluate};
use crate::math::{LANES, Lanes, Level};
use crate::random::BlockRng;

/// The kernel for a density's bounds.
#[derive(Debug, Clone)]
pub struct Lm {
    bounds: Vec<Bound>,
    guard: Guard,
    level: Level,
}

impl Lm {
    /// The kernel for `bounds`.
    pub fn new(bounds: &[Bound], guard: Guard) -> Self {
        Lm { bounds: bounds.to_vec(), guard, level: Level::detect() }
    }

    /// The same kernel at a SIMD level; results are the same bits at each.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

/// Where a block of chains is, the noise it carries, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    positions: Vec<Lanes>,
    carried: Option<Vec<Lanes>>,
    gradient: Vec<Lanes>,
    before: Vec<Lanes>,
    row: Lanes,
}

impl Kernel for Lm {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        let rows = vec![Lanes::default(); positions.len()];
        State { before: rows.clone(), carried: None, gradient: rows, positions, row: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        let State { positions, carried, gradient, before, row } = state;
        evaluate.gradient(positions, gradient);
        cut_drift(self.level, positions, gradient, largest_drift(step_size), info);
        before.copy_from_slice(positions);
        let carried = carried.get_or_insert_with(|| {
            let mut first = vec![Lanes::default(); gradient.len()];
            first.iter_mut().for_each(|row| fill_normal(self.level, noise, row));
            first
        });
        let spread = (0.5 * step_size * temperature).sqrt();
        for (variable, Bound { low, high, boundary, .. }) in self.bounds.iter().enumerate() {
            fill_normal(self.level, noise, row);
            let (x, carried, slope) = (&mut positions[variable], &mut carried[variable], &gradient[variable]);
            let mut outside = false;
            each(self.level, |lane| {
                let to = spread.mul_add(carried[lane] + row[lane], step_size.mul_add(slope[lane], x[lane]));
                outside |= (to < *low) | (to > *high);
                x[lane] = to;
                carried[lane] = row[lane];
            });
            if outside {
                for lane in 0..LANES {
                    if *boundary == Boundary::Reflect && reflections_are_odd(x[lane], *low, *high) {
                        carried[lane] = -carried[lane];
                    }
                    x[lane] = boundary.apply(before[variable][lane], x[lane], *low, *high);
                }
            }
        }
        if self.guard == Guard::Refuse {
            evaluate.log_density(positions, row);
            for lane in 0..LANES {
                if is_refused(row[lane]) {
                    info.refused += 1;
                    for (x, before) in positions.iter_mut().zip(&*before) {
                        x[lane] = before[lane];
                    }
                }
            }
        }
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.positions
    }
}

/// Whether an odd number of mirrors brings x inside.
pub(super) fn reflections_are_odd(x: f64, low: f64, high: f64) -> bool {
    if !(low.is_finite() && high.is_finite()) {
        return x < low || x > high;
    }
    ((x - low) / (high - low)).floor().rem_euclid(2.0) == 1.0
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
