//! The Metropolis-adjusted Langevin algorithm: an Euler step of the Langevin diffusion as a proposal.
//!
//! x′ = x + ε∇log p(x) + √(2ε)·ξ, accepted with the ratio of p(x′)q(x|x′) to p(x)q(x′|x). Roberts & Tweedie (1996); acceptance 0.574:
//! Roberts & Rosenthal (1998).

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{Point, each, fill_normal};
use crate::density::Evaluate;
use crate::math::{Lanes, Level};
use crate::random::BlockRng;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Mala {
    /// The SIMD level of its loops.
    pub level: Level,
}

/// Where a block is, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    proposal: Point,
    row: Lanes,
    ratio: Lanes,
}

impl Kernel for Mala {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let point = Point::new(positions, evaluate);
        State { proposal: point.clone(), point, row: Lanes::default(), ratio: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, row, ratio } = state;
        let step_size = parameters.step_size;
        let spread = (2.0 * step_size).sqrt();
        *ratio = Lanes::default();
        for ((to, from), slope) in proposal.position.iter_mut().zip(&point.position).zip(&point.gradient) {
            fill_normal(self.level, noise, row);
            each(self.level, |lane| {
                to[lane] = spread.mul_add(row[lane], step_size.mul_add(slope[lane], from[lane]));
                // −log q(x′|x) = |ξ|²/2.
                ratio[lane] = (0.5 * row[lane]).mul_add(row[lane], ratio[lane]);
            });
        }
        proposal.evaluate(evaluate);
        for ((to, from), slope) in proposal.position.iter().zip(&point.position).zip(&proposal.gradient) {
            each(self.level, |lane| {
                let back = from[lane] - step_size.mul_add(slope[lane], to[lane]);
                ratio[lane] -= back * back / (4.0 * step_size);
            });
        }
        each(self.level, |lane| ratio[lane] += proposal.log_density[lane] - point.log_density[lane]);
        info.gradients = Lanes::splat(1.0);
        point.metropolis(self.level, proposal, ratio, row, noise, info);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn target_acceptance(&self) -> Option<f64> {
        Some(0.574)
    }
}
