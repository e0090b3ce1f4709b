//! Hamiltonian Monte Carlo with a trajectory length that is drawn anew at each step.
//!
//! Duane et al. (1987); Neal (2011). One length for all lanes, so that they stay in step; random, as a fixed one may be the period of an
//! orbit (Neal 2011, section 3.3). Acceptance 0.8 rather than the 0.651 of Beskos et al. (2013): robustness.

use super::lanewise::{Point, Sweep, add_scaled, dot, each};
use super::{Kernel, Parameters, StepInfo, Tuning};
use crate::density::Evaluate;
use crate::math::{Lanes, Level};
use crate::random::{BlockRng, fill_normal, fill_uniform};
use crate::sampler::facts::Facts;
use crate::stored::stored;

/// Leapfrogs of one trajectory at most.
const LONGEST: usize = 1024;
/// An energy that rises by more than this along a trajectory has left the level set (Stan's limit).
pub(in crate::sampler) const DIVERGENCE: f64 = 1000.0;

/// The mean acceptance that its step size is tuned to.
const ACCEPTANCE: f64 = 0.8;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Hmc {
    /// The SIMD level of its loops.
    pub level: Level,
}

/// Where a block is, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    proposal: Point,
    momentum: Vec<Lanes>,
    row: Lanes,
    ratio: Lanes,
    /// Twice the kinetic energy at either end of the trajectory.
    before: Lanes,
    after: Lanes,
}

stored!(State { point });

/// One step of the leapfrog (Störmer–Verlet) with unit masses: half a kick, a drift, half a kick. `step` is ε, a lane each.
pub(in crate::sampler) fn leapfrog(
    over: Sweep,
    point: &mut Point,
    momentum: &mut [Lanes],
    step: &Lanes,
    half: &Lanes,
    evaluate: &mut dyn Evaluate,
) {
    add_scaled(over, momentum, half, &point.gradient);
    add_scaled(over, &mut point.position, step, momentum);
    point.evaluate(evaluate);
    add_scaled(over, momentum, half, &point.gradient);
}

impl Hmc {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "hmc",
        summary: "Hamiltonian trajectories of a learned length",
        resamples_momentum: true,
        target_acceptance: Some(ACCEPTANCE),
        ..Facts::CHAINS
    };
}

impl Kernel for Hmc {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let point = Point::new(positions, evaluate);
        let [row, ratio, before, after] = [Lanes::default(); 4];
        State { momentum: point.position.clone(), proposal: point.clone(), point, row, ratio, before, after }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, momentum, row, ratio, before, after } = state;
        let Parameters { step_size, length, .. } = parameters;
        let over = Sweep::of(self.level, evaluate.lanes());
        proposal.copy_from(over, point);
        for momentum in momentum.iter_mut() {
            fill_normal(self.level, noise, momentum);
        }
        fill_uniform(self.level, noise, row);
        // Uniform up to twice the length: the mean is the length.
        let steps = (2.0 * row[0] * length / step_size).ceil().clamp(1.0, LONGEST as f64);
        dot(over, momentum, momentum, before);
        let (step, half) = (Lanes::splat(step_size), Lanes::splat(0.5 * step_size));
        for _ in 0..steps as usize {
            leapfrog(over, proposal, momentum, &step, &half, evaluate);
        }
        dot(over, momentum, momentum, after);
        let divergent = &mut info.divergent;
        each(over, |lane| {
            let change = proposal.log_density[lane] - point.log_density[lane] + 0.5 * (before[lane] - after[lane]);
            divergent[lane] = if change > -DIVERGENCE { 0.0 } else { 1.0 };
            ratio[lane] = change;
        });
        info.gradients = Lanes::splat(steps);
        point.metropolis(over, proposal, ratio, row, noise, info);
        let energy = &mut info.energy;
        each(over, |lane| energy[lane] += 0.5 * if ratio[lane] == 0.0 { before[lane] } else { after[lane] });
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn tuning(&self) -> Tuning {
        Tuning::Acceptance(ACCEPTANCE)
    }
}
