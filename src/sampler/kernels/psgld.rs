//! Preconditioned stochastic-gradient Langevin dynamics: each variable's steps are scaled by the running size of its gradient.
//!
//! Li, Chen, Carlson & Carin (2016), "Preconditioned stochastic gradient Langevin dynamics for deep neural networks", algorithm 1:
//! V ← αV + (1 − α)g², G = 1/(λ + √V), x ← x + ε(G·g + Γ) + √(2εG)·ξ, all by variable. Here α = e^(−ε/m) with a memory m in units of
//! diffusion time, so that a schedule of step sizes does not change what V averages over, and g² is its mean over the chains of a
//! block, not one chain's own.
//!
//! That mean is what makes Γ small enough to drop. V remembers where a chain was, so the law of x is p if and only if
//! E[Γᵢ|x] = ∂ᵢE[Gᵢ|x] (no mass flows at any x). With the V of one chain alone and Γ = 0, the law is p/E[G|x]: on a unit Gaussian of
//! relaxation time τ, where E g² of a time t ago varies with x² like e^(−2t/τ), the variance is too large by S = τ/(τ + 2m) to first
//! order, and between basins of different steepness the masses are wrong several times over. The paper's Γᵢ = ∂Gᵢ/∂xᵢ takes the past as
//! fixed and mends the share 1 − α of that only, as the past is near x. One chain of n in the mean moves G by the n-th part: the
//! variance is off by S/n, for a block of 256 and m = τ/2 by 0.2 %. What is left is the bias of the Euler step, 1/(1 − εG/2).

use super::sgld::Move;
use super::unadjusted::{Guard, Place, Unadjusted, largest_drift};
use super::{Kernel, Parameters, StepInfo};
use crate::density::{Bound, Evaluate};
use crate::error::Result;
use crate::math::{LANES, Lanes, dispatch, exp};
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::Facts;
use crate::stored::{Archive, Stored, foreign};

/// λ: keeps G finite where the density is flat (Li et al. 2016, section 5).
const LAMBDA: f64 = 1e-5;
/// Gradients beyond this have no square.
const LARGEST_SLOPE: f64 = 1e150;

/// The kernel for a density's bounds.
pub type Psgld = Unadjusted<Rmsprop>;

/// The preconditioner.
#[derive(Debug, Clone, Copy)]
pub struct Rmsprop {
    /// m.
    memory: f64,
}

impl Psgld {
    /// What is known of it before it runs.
    pub const FACTS: Facts =
        Facts { name: "psgld", summary: "steps of sgld scaled by the running size of the gradient", ..Facts::POPULATION };

    /// The kernel for `bounds`, whose preconditioner averages over a diffusion time of `memory`, a sum of step sizes.
    pub fn new(bounds: &[Bound], guard: Guard, memory: f64) -> Self {
        Unadjusted::of(Rmsprop { memory }, bounds, guard)
    }
}

/// Where a block of chains is, and V of each variable; none before the first step.
#[derive(Debug, Clone)]
pub struct State {
    place: Place,
    squares: Vec<f64>,
}

impl Stored for State {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.place.pass(archive)?;
        archive.list(&mut self.squares)?;
        // None before the first step.
        if [0, self.place.positions.len()].contains(&self.squares.len()) { Ok(()) } else { Err(foreign("scales of other variables")) }
    }
}

impl Kernel for Psgld {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        let squares = Vec::with_capacity(positions.len());
        State { place: self.place(positions), squares }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        let State { place, squares } = state;
        evaluate.gradient(&place.positions, &mut place.gradient);
        self.cut_drift(place, LARGEST_SLOPE, info);
        if squares.is_empty() {
            squares.extend(place.gradient.iter().map(mean_square));
        }
        let kept = exp(-step_size / self.scheme.memory);
        place.look_back();
        let Place { positions, gradient, before, row } = &mut *place;
        for (variable, bound) in self.bounds.iter().enumerate() {
            let (square, slopes) = (&mut squares[variable], &mut gradient[variable]);
            // Cut by the last step's G, so that one steep place does not slow down all chains.
            let largest = largest_drift(step_size / (LAMBDA + square.sqrt()));
            info.truncated += cut(slopes, largest);
            *square = kept * *square + (1.0 - kept) * mean_square(slopes);
            let step_size = step_size / (LAMBDA + square.sqrt());
            let spread = (2.0 * step_size * temperature).sqrt();
            fill_normal(self.level, noise, row);
            dispatch(
                self.level,
                Move {
                    position: &mut positions[variable],
                    before: before.get(variable),
                    gradient: slopes,
                    noise: row,
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
        &state.place.positions
    }
}

/// Cuts to ±`largest`, and says how many were.
fn cut(row: &mut Lanes, largest: f64) -> u64 {
    let mut found = 0;
    for slope in row.iter_mut() {
        found += u64::from(slope.abs() > largest);
        *slope = slope.clamp(-largest, largest);
    }
    found
}

/// Of the lanes; in eight partial sums, so that it is vector code in a fixed order.
fn mean_square(row: &Lanes) -> f64 {
    let mut parts = [0.0; 8];
    for chunk in row.as_chunks::<8>().0 {
        for (part, x) in parts.iter_mut().zip(chunk) {
            *part += x * x;
        }
    }
    parts.iter().sum::<f64>() / LANES as f64
}
