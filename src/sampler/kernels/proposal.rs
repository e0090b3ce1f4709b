//! Kernels that make one proposal a step and take it or stay: their state, how it begins, and how a step ends.

use super::lanewise::{Point, each};
use super::{Kernel, Parameters, StepInfo, Tuning};
use crate::density::Evaluate;
use crate::math::{Lanes, Level};
use crate::random::BlockRng;
use crate::stored::stored;

/// A way to make proposals; whatever has one is a [`Kernel`].
pub trait Propose: Sync {
    /// The acceptance that the step size is tuned to.
    const ACCEPTANCE: f64;
    /// The longest step that it is tuned to.
    const LONGEST: f64 = f64::INFINITY;

    /// The SIMD level of its loops.
    fn level(&self) -> Level;

    /// Proposes a point and evaluates it; adds log q(x|x′) − log q(x′|x), where the two differ, to `ratio`, which is 0 before.
    fn propose(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, step_size: f64);
}

/// Where a block is, what is proposed, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    pub(in crate::sampler) point: Point,
    pub(in crate::sampler) proposal: Point,
    pub(in crate::sampler) ratio: Lanes,
    pub(in crate::sampler) row: Lanes,
    pub(in crate::sampler) uniform: Lanes,
}

stored!(State { point });

impl<P: Propose> Kernel for P {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let point = Point::new(positions, evaluate);
        let [ratio, row, uniform] = [Lanes::default(); 3];
        State { proposal: point.clone(), point, ratio, row, uniform }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        state.ratio = Lanes::default();
        self.propose(state, evaluate, noise, parameters.step_size);
        let State { point, proposal, ratio, uniform, .. } = state;
        each(self.level(), |lane| ratio[lane] += proposal.log_density[lane] - point.log_density[lane]);
        info.gradients = Lanes::splat(1.0);
        point.metropolis(self.level(), proposal, ratio, uniform, noise, info);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn tuning(&self) -> Tuning {
        Tuning::Acceptance(P::ACCEPTANCE)
    }

    fn longest_step(&self) -> f64 {
        P::LONGEST
    }
}
