//! Stochastic-gradient Langevin dynamics; with the exact gradient it *is* the unadjusted Langevin algorithm.
//!
//! x ← x + ε∇log p(x) + √(2εT)·ξ. Welling & Teh (2011), eq. 4, who write ε/2 and √ε; Roberts & Tweedie (1996) for the exact gradient.

use super::unadjusted::{Place, Unadjusted, largest_drift};
use super::{Exchange, Kernel, Parameters, StepInfo};
use crate::density::{Bound, Boundary, Evaluate};
use crate::math::{LANES, Lanes, Work, dispatch};
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::{Batches, Facts};
use crate::stored::stored;

/// The kernel for a density's bounds.
pub type Sgld = Unadjusted<Euler>;

/// The scheme of Euler and Maruyama.
#[derive(Debug, Clone, Copy, Default)]
pub struct Euler;

/// Where a block of chains is, and its scratch space.
#[derive(Debug, Clone)]
pub struct State(Place);

stored!(State { 0 });

impl Sgld {
    /// What is known of it before it runs.
    pub const FACTS: Facts =
        Facts { name: "sgld", summary: "unadjusted Langevin steps", batches: Batches::Allowed, has_rungs: true, ..Facts::POPULATION };
}

impl Kernel for Sgld {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        State(self.place(positions))
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        let State(place) = state;
        evaluate.gradient(&place.positions, &mut place.gradient);
        let largest = largest_drift(step_size) * temperature.max(1.0).sqrt();
        self.cut_drift(place, largest, info);
        place.look_back();
        let spread = (2.0 * step_size * temperature).sqrt();
        for (variable, bound) in self.bounds.iter().enumerate() {
            fill_normal(self.level, noise, &mut place.row);
            dispatch(
                self.level,
                Move {
                    position: &mut place.positions[variable],
                    before: place.before.get(variable),
                    gradient: &place.gradient[variable],
                    noise: &place.row,
                    step_size,
                    spread,
                    reach: step_size * largest + spread * BlockRng::LARGEST_NORMAL,
                    bound,
                },
            );
        }
        self.refuse(place, evaluate, info, |_| ());
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.0.positions
    }
}

impl Exchange for Sgld {
    fn exchange(&self, a: &mut State, b: &mut State, lane: usize) {
        a.0.exchange(&mut b.0, lane);
    }
}

/// The step of one variable, bounds included. `before` is where the lanes were, if the boundary asks.
pub(in crate::sampler) struct Move<'a> {
    pub(in crate::sampler) position: &'a mut Lanes,
    pub(in crate::sampler) before: Option<&'a Lanes>,
    pub(in crate::sampler) gradient: &'a Lanes,
    pub(in crate::sampler) noise: &'a Lanes,
    pub(in crate::sampler) step_size: f64,
    pub(in crate::sampler) spread: f64,
    /// The longest step there can be.
    pub(in crate::sampler) reach: f64,
    pub(in crate::sampler) bound: &'a Bound,
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
