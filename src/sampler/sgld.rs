//! Stochastic-gradient Langevin dynamics; with the exact gradient it *is* the unadjusted Langevin algorithm.
//!
//! x ← x + ε∇log p(x) + √(2εT)·ξ. Welling & Teh (2011), eq. 4, who write ε/2 and √ε; Roberts & Tweedie (1996) for the exact gradient.

use super::kernel::{Kernel, Parameters, StepInfo};
use crate::density::{Bound, Boundary, Evaluate};
use crate::math::{LANES, Lanes, Level, Work, dispatch};
use crate::random::BlockRng;

/// A drift ε∇log p is cut to this many √(2ε): an ordinary drift is far smaller than the noise it stands beside, a drift beyond this
/// would throw the chain out of the region where the step is meaningful (Brosse et al. 2019 tame it for the same reason).
const LARGEST_DRIFT: f64 = 8.0;

/// The kernel for a density's bounds.
#[derive(Debug, Clone)]
pub struct Sgld {
    bounds: Vec<Bound>,
    guard: Guard,
    level: Level,
}

/// What to do about points inside the bounds where the density is zero or undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// There are none: no value of the density is computed.
    None,
    /// Refuse to step there, as `Boundary::Reject` does at a bound; costs one value of the density a step.
    Refuse,
}

impl Sgld {
    /// The kernel for `bounds`.
    pub fn new(bounds: &[Bound], guard: Guard) -> Self {
        Sgld { bounds: bounds.to_vec(), guard, level: Level::detect() }
    }

    /// The same kernel at a SIMD level; results are the same bits at each.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

/// Where a block of chains is, and its scratch space.
#[derive(Debug, Clone)]
pub struct State {
    positions: Vec<Lanes>,
    gradient: Vec<Lanes>,
    before: Vec<Lanes>,
    noise: Lanes,
    log_density: Lanes,
}

impl Kernel for Sgld {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        let rows = vec![Lanes::default(); positions.len()];
        let before = if self.guard == Guard::Refuse { rows.clone() } else { Vec::new() };
        State { positions, gradient: rows, before, noise: Lanes::default(), log_density: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        evaluate.gradient(&state.positions, &mut state.gradient);
        if self.guard == Guard::Refuse {
            state.before.copy_from_slice(&state.positions);
        }
        dispatch(self.level, Move { bounds: &self.bounds, state, noise, parameters, info });
        if self.guard == Guard::Refuse {
            evaluate.log_density(&state.positions, &mut state.log_density);
            for lane in 0..LANES {
                let value = state.log_density[lane];
                if value == f64::NEG_INFINITY || value.is_nan() {
                    info.refused += 1;
                    for (row, before) in state.positions.iter_mut().zip(&state.before) {
                        row[lane] = before[lane];
                    }
                }
            }
        }
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.positions
    }
}

struct Move<'a> {
    bounds: &'a [Bound],
    state: &'a mut State,
    noise: &'a mut BlockRng,
    parameters: Parameters,
    info: &'a mut StepInfo,
}

impl Work for Move<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Move { bounds, state, noise, parameters, info } = self;
        let Parameters { step_size, temperature } = parameters;
        let spread = (2.0 * step_size * temperature).sqrt();
        let limit = LARGEST_DRIFT * (2.0 * step_size).sqrt();
        count_faults(state, info);
        for (variable, bound) in bounds.iter().enumerate() {
            noise.fill_normal(&mut state.noise);
            let (position, gradient, noise) = (&mut state.positions[variable], &state.gradient[variable], &state.noise);
            let mut proposal = Lanes::default();
            let (mut steep, mut outside) = (false, false);
            for lane in 0..LANES {
                let drift = step_size * gradient[lane];
                // A NaN is steep too.
                steep |= !(drift.abs() <= limit);
                let x = spread.mul_add(noise[lane], position[lane] + drift);
                outside |= (x < bound.low) | (x > bound.high);
                proposal[lane] = x;
            }
            if steep {
                for lane in 0..LANES {
                    let drift = step_size * gradient[lane];
                    // A NaN compares false: the chain then moves by noise alone, and the fault is counted.
                    let kept = if drift.abs() <= limit { drift } else { limit.copysign(drift) };
                    let kept = if drift.is_nan() { 0.0 } else { kept };
                    proposal[lane] = spread.mul_add(noise[lane], position[lane] + kept);
                    info.truncated += u64::from(drift.abs() > limit);
                }
                outside = true;
            }
            if outside {
                info.contacts[variable] += confine(bound, position, &mut proposal);
            }
            *position = proposal;
        }
    }
}

/// Counts gradients that are not finite and remembers the first place.
#[inline(always)]
fn count_faults(state: &State, info: &mut StepInfo) {
    // One fold that vectorises; which lanes and where is asked only when there is something to tell.
    if !state.gradient.iter().any(|row| row.iter().fold(false, |any, x| any | !x.is_finite())) {
        return;
    }
    info.non_finite += state.gradient.iter().flat_map(|row| row.iter()).filter(|x| !x.is_finite()).count() as u64;
    if info.first_non_finite.is_none() {
        let lane = (0..LANES).find(|&lane| state.gradient.iter().any(|row| !row[lane].is_finite())).unwrap_or(0);
        info.first_non_finite = Some((lane, state.positions.iter().map(|row| row[lane]).collect()));
    }
}

/// Brings `proposal` inside the bound; returns how many lanes were outside.
#[inline(always)]
fn confine(bound: &Bound, position: &Lanes, proposal: &mut Lanes) -> u64 {
    let Bound { low, high, boundary, .. } = *bound;
    let mut outside = 0;
    for lane in 0..LANES {
        outside += u64::from(proposal[lane] < low) + u64::from(proposal[lane] > high);
    }
    if outside == 0 {
        return 0;
    }
    match boundary {
        Boundary::Reflect => {
            let mut far = 0;
            for lane in 0..LANES {
                let x = proposal[lane];
                let x = if x < low { low + (low - x) } else { x };
                let x = if x > high { high - (x - high) } else { x };
                far += u64::from(x < low);
                proposal[lane] = x;
            }
            if far > 0 {
                // Steps longer than the range fold again.
                for lane in 0..LANES {
                    proposal[lane] = boundary.apply(position[lane], proposal[lane], low, high);
                }
            }
        }
        _ => {
            for lane in 0..LANES {
                proposal[lane] = boundary.apply(position[lane], proposal[lane], low, high);
            }
        }
    }
    outside
}
