//! Underdamped Langevin dynamics by the BAOAB splitting: kick, drift, fresh noise on the momentum, drift, kick.
//!
//! Leimkuhler & Matthews (2013), "Robust and efficient configurational molecular sampling": on a Gaussian the positions have the exact
//! variance at every stable step. The step h = √(2ε), so that a step size moves as far as in the overdamped kernels. At a wall that
//! reflects, the momentum turns as the position does.

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{each, fill_normal};
use super::lm::reflections_are_odd;
use super::sgld::{Guard, cut_drift, is_refused, largest_drift};
use crate::density::{Bound, Boundary, Evaluate};
use crate::math::{LANES, Lanes, Level, exp};
use crate::random::BlockRng;

/// The kernel for a density's bounds.
#[derive(Debug, Clone)]
pub struct Underdamped {
    bounds: Vec<Bound>,
    guard: Guard,
    /// γ, in inverse units of h.
    friction: f64,
    level: Level,
}

impl Underdamped {
    /// The kernel for `bounds` with friction γ.
    pub fn new(bounds: &[Bound], guard: Guard, friction: f64) -> Self {
        Underdamped { bounds: bounds.to_vec(), guard, friction, level: Level::detect() }
    }

    /// The same kernel at a SIMD level; results are the same bits at each.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

/// Where a block of chains is, its momenta, the gradient there, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    positions: Vec<Lanes>,
    momentum: Option<Vec<Lanes>>,
    gradient: Vec<Lanes>,
    before: Vec<Lanes>,
    row: Lanes,
}

impl Kernel for Underdamped {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let mut gradient = vec![Lanes::default(); positions.len()];
        evaluate.gradient(&positions, &mut gradient);
        State { before: gradient.clone(), momentum: None, gradient, positions, row: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        let State { positions, momentum, gradient, before, row } = state;
        let h = (2.0 * step_size).sqrt();
        let momentum = momentum.get_or_insert_with(|| {
            let mut first = vec![Lanes::default(); gradient.len()];
            for row in &mut first {
                fill_normal(self.level, noise, row);
                row.iter_mut().for_each(|p| *p *= temperature.sqrt());
            }
            first
        });
        // A kick of h/2·g drifts by h²/2·g = ε·g: the drift to cut is that of the overdamped kernels.
        let largest = largest_drift(step_size);
        cut_drift(self.level, positions, gradient, largest, info);
        before.copy_from_slice(positions);
        let kept = exp(-self.friction * h);
        let fresh = (temperature * (1.0 - kept * kept)).sqrt();
        for (variable, bound) in self.bounds.iter().enumerate() {
            let (x, p, slope) = (&mut positions[variable], &mut momentum[variable], &gradient[variable]);
            fill_normal(self.level, noise, row);
            each(self.level, |lane| p[lane] = (0.5 * h).mul_add(slope[lane], p[lane]));
            drift(self.level, x, p, 0.5 * h, bound);
            each(self.level, |lane| p[lane] = kept.mul_add(p[lane], fresh * row[lane]));
            drift(self.level, x, p, 0.5 * h, bound);
        }
        if self.guard == Guard::Refuse {
            evaluate.log_density(positions, row);
            for lane in 0..LANES {
                if is_refused(row[lane]) {
                    info.refused += 1;
                    for ((x, p), before) in positions.iter_mut().zip(momentum.iter_mut()).zip(&*before) {
                        x[lane] = before[lane];
                        p[lane] = -p[lane];
                    }
                }
            }
        }
        evaluate.gradient(positions, gradient);
        cut_drift(self.level, positions, gradient, largest, info);
        for (p, slope) in momentum.iter_mut().zip(&*gradient) {
            each(self.level, |lane| p[lane] = (0.5 * h).mul_add(slope[lane], p[lane]));
        }
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.positions
    }
}

/// x ← x + h·p; at an end the boundary's way, and where the position is mirrored or kept the momentum turns: each such map keeps volume.
fn drift(level: Level, x: &mut Lanes, p: &mut Lanes, h: f64, bound: &Bound) {
    let Bound { low, high, boundary, .. } = bound;
    let before = *x;
    let mut outside = false;
    each(level, |lane| {
        let to = h.mul_add(p[lane], x[lane]);
        outside |= (to < *low) | (to > *high);
        x[lane] = to;
    });
    if outside {
        for lane in 0..LANES {
            let is_outside = x[lane] < *low || x[lane] > *high;
            let turns = match boundary {
                Boundary::Reflect => reflections_are_odd(x[lane], *low, *high),
                Boundary::Wrap => false,
                _ => is_outside,
            };
            if turns {
                p[lane] = -p[lane];
            }
            x[lane] = boundary.apply(before[lane], x[lane], *low, *high);
        }
    }
}
