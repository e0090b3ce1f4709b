//! Random-walk Metropolis, the baseline that needs no gradient: x′ = x + s·ξ, accepted with min(1, p(x′)/p(x)).
//!
//! Metropolis et al. (1953). s = √(2ε), so that step sizes compare with those of the Langevin kernels; acceptance 0.234: Roberts,
//! Gelman & Gilks (1997).

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{Point, each, fill_normal};
use crate::density::Evaluate;
use crate::math::{Lanes, Level};
use crate::random::BlockRng;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Rwm {
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

impl Kernel for Rwm {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let point = Point::new(positions, evaluate);
        State { proposal: point.clone(), point, row: Lanes::default(), ratio: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, row, ratio } = state;
        let spread = (2.0 * parameters.step_size).sqrt();
        for (to, from) in proposal.position.iter_mut().zip(&point.position) {
            fill_normal(self.level, noise, row);
            each(self.level, |lane| to[lane] = spread.mul_add(row[lane], from[lane]));
        }
        // Values only: no gradient is paid for.
        evaluate.log_density(&proposal.position, &mut proposal.log_density);
        each(self.level, |lane| {
            let value = proposal.log_density[lane];
            ratio[lane] = if value < f64::INFINITY { value - point.log_density[lane] } else { f64::NEG_INFINITY };
        });
        info.gradients = Lanes::splat(1.0);
        point.metropolis(self.level, proposal, ratio, row, noise, info);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn target_acceptance(&self) -> Option<f64> {
        Some(0.234)
    }
}
