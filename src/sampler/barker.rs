//! The Barker proposal: a random walk whose steps are turned towards where the density grows; forgiving of the step size.
//!
//! Livingstone & Zanella (2022), algorithm 1: a step w = s·ξ keeps its sign with probability 1/(1 + e^(−w·g)), g = ∂ log p(x), and the
//! move is accepted with the ratio of p times Π (1 + e^(−w·g(x)))/(1 + e^(w·g(x′))).

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{Point, each, fill_normal, fill_uniform};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, exp, softplus};
use crate::random::BlockRng;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Barker {
    /// The SIMD level of its loops.
    pub level: Level,
}

/// Where a block is, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    proposal: Point,
    row: Lanes,
    uniform: Lanes,
    ratio: Lanes,
}

impl Kernel for Barker {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let point = Point::new(positions, evaluate);
        State { proposal: point.clone(), point, row: Lanes::default(), uniform: Lanes::default(), ratio: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, row, uniform, ratio } = state;
        // √(2ε), as for the Langevin kernels.
        let spread = (2.0 * parameters.step_size).sqrt();
        *ratio = Lanes::default();
        for ((to, from), slope) in proposal.position.iter_mut().zip(&point.position).zip(&point.gradient) {
            fill_normal(self.level, noise, row);
            fill_uniform(self.level, noise, uniform);
            each(self.level, |lane| {
                let w = spread * row[lane];
                let keep = uniform[lane] * (1.0 + exp(-w * slope[lane])) < 1.0;
                let w = if keep { w } else { -w };
                to[lane] = from[lane] + w;
                ratio[lane] += softplus(-w * slope[lane]);
            });
        }
        proposal.evaluate(evaluate);
        for ((to, from), slope) in proposal.position.iter().zip(&point.position).zip(&proposal.gradient) {
            each(self.level, |lane| ratio[lane] -= softplus((to[lane] - from[lane]) * slope[lane]));
        }
        each(self.level, |lane| ratio[lane] += proposal.log_density[lane] - point.log_density[lane]);
        info.gradients = Lanes::splat(1.0);
        point.metropolis(self.level, proposal, ratio, row, noise, info);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn target_acceptance(&self) -> Option<f64> {
        Some(0.5)
    }
}
