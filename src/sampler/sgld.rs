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
        let looks_back =
            self.guard == Guard::Refuse || self.bounds.iter().any(|bound| matches!(bound.boundary, Boundary::Reject | Boundary::Stay));
        let before = if looks_back { rows.clone() } else { Vec::new() };
        State { positions, gradient: rows, before, noise: Lanes::default(), log_density: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        evaluate.gradient(&state.positions, &mut state.gradient);
        let largest = largest_drift(step_size);
        cut_drift(self.level, &state.positions, &mut state.gradient, largest, info);
        if !state.before.is_empty() {
            state.before.copy_from_slice(&state.positions);
        }
        let spread = (2.0 * step_size * temperature).sqrt();
        for (variable, bound) in self.bounds.iter().enumerate() {
            dispatch(self.level, Fill { noise, out: &mut state.noise });
            dispatch(
                self.level,
                Move {
                    position: &mut state.positions[variable],
                    before: state.before.get(variable),
                    gradient: &state.gradient[variable],
                    noise: &state.noise,
                    step_size,
                    spread,
                    reach: step_size * largest + spread * BlockRng::LARGEST_NORMAL,
                    bound,
                },
            );
        }
        if self.guard == Guard::Refuse {
            evaluate.log_density(&state.positions, &mut state.log_density);
            for lane in 0..LANES {
                if is_refused(state.log_density[lane]) {
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

/// The largest gradient that a step of this size follows.
pub(super) fn largest_drift(step_size: f64) -> f64 {
    LARGEST_DRIFT * (2.0 * step_size).sqrt() / step_size
}

/// Whether a chain may not be where the log density has this value.
pub(super) fn is_refused(log_density: f64) -> bool {
    log_density == f64::NEG_INFINITY || log_density.is_nan()
}

/// Cuts gradients beyond `largest` and those that are not finite.
pub(super) fn cut_drift(level: Level, positions: &[Lanes], gradient: &mut [Lanes], largest: f64, info: &mut StepInfo) {
    if dispatch(level, IsSteep { gradient, largest }) {
        tame(positions, gradient, largest, info);
    }
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

struct Fill<'a> {
    noise: &'a mut BlockRng,
    out: &'a mut Lanes,
}

impl Work for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.noise.fill_normal(self.out);
    }
}

/// The step of one variable, bounds included. `before` is where the lanes were, if the boundary asks.
struct Move<'a> {
    position: &'a mut Lanes,
    before: Option<&'a Lanes>,
    gradient: &'a Lanes,
    noise: &'a Lanes,
    step_size: f64,
    spread: f64,
    /// The longest step there can be.
    reach: f64,
    bound: &'a Bound,
}

impl Work for Move<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Move { position, before, gradient, noise, step_size, spread, reach, bound } = self;
        let Bound { low, high, boundary, .. } = *bound;
        let moved = |x: f64, lane: usize| spread.mul_add(noise[lane], step_size.mul_add(gradient[lane], x));
        if boundary == Boundary::Reflect && reach < high - low {
            for lane in 0..LANES {
                let x = moved(position[lane], lane);
                // Inside the bounds a mirror image is farther out than what it mirrors; no step is long enough to need a second one.
                let from_low = 2.0 * low - x;
                let x = if from_low > x { from_low } else { x };
                let from_high = 2.0 * high - x;
                position[lane] = if from_high < x { from_high } else { x };
            }
            return;
        }
        let mut outside = false;
        for lane in 0..LANES {
            let x = moved(position[lane], lane);
            outside |= (x < low) | (x > high);
            position[lane] = x;
        }
        if outside {
            for lane in 0..LANES {
                let from = before.map_or(position[lane], |before| before[lane]);
                position[lane] = boundary.apply(from, position[lane], low, high);
            }
        }
    }
}
