//! Metropolis-adjusted microcanonical sampling: a trajectory of unit speed whose direction the gradient turns, then a Metropolis test.
//!
//! Robnik, Cohn-Gordon & Seljak (2025), "Metropolis adjusted microcanonical Hamiltonian Monte Carlo", algorithm 1. The direction is
//! drawn anew for each trajectory; the energy error is the change of −log p plus that of the kinetic part.

use super::hmc::DIVERGENCE;
use super::isokinetic::Directions;
use super::lanewise::{Point, Sweep, each};
use super::{Kernel, Parameters, StepInfo, Tuning};
use crate::density::Evaluate;
use crate::math::{Lanes, Level};
use crate::random::{BlockRng, fill_uniform};
use crate::sampler::facts::Facts;
use crate::stored::stored;

/// Steps of one trajectory at most.
const LONGEST: usize = 1024;

/// The mean acceptance that its step size is tuned to.
const ACCEPTANCE: f64 = 0.9;

/// The kernel; with one variable its directions are only two, so it needs at least two.
#[derive(Debug, Clone, Copy)]
pub struct Mams {
    /// The SIMD level of its loops.
    pub level: Level,
}

/// Where a block is, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    proposal: Point,
    directions: Directions,
    row: Lanes,
    ratio: Lanes,
}

stored!(State { point, directions });

impl Mams {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "mams",
        summary: "microcanonical trajectories with a Metropolis test",
        target_acceptance: Some(ACCEPTANCE),
        least_dimension: 2,
        ..Facts::CHAINS
    };
}

impl Kernel for Mams {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let directions = Directions::new(positions.len());
        let point = Point::new(positions, evaluate);
        State { proposal: point.clone(), point, directions, row: Lanes::default(), ratio: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, directions, row, ratio } = state;
        let Parameters { step_size, length, .. } = parameters;
        // Unit speed in d dimensions: √d as far as a momentum of unit variance goes.
        let epsilon = step_size * (point.position.len() as f64).sqrt();
        let over = Sweep::of(self.level, evaluate.lanes());
        proposal.copy_from(over, point);
        directions.renew(over, noise);
        fill_uniform(self.level, noise, row);
        let steps = (2.0 * row[0] * length / step_size).ceil().clamp(1.0, LONGEST as f64);
        directions.kinetic = Lanes::default();
        for _ in 0..steps as usize {
            directions.leapfrog(over, proposal, epsilon, evaluate);
        }
        let divergent = &mut info.divergent;
        each(over, |lane| {
            ratio[lane] = proposal.log_density[lane] - point.log_density[lane] - directions.kinetic[lane];
            divergent[lane] = if ratio[lane] > -DIVERGENCE { 0.0 } else { 1.0 };
        });
        info.gradients = Lanes::splat(steps);
        point.metropolis(over, proposal, ratio, row, noise, info);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn tuning(&self) -> Tuning {
        Tuning::Acceptance(ACCEPTANCE)
    }
}
