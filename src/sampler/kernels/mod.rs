//! One file an algorithm, and here their interface: init and step on a block of chains.

mod barker;
mod hmc;
mod isokinetic;
pub(in crate::sampler) mod lanewise;
mod lm;
mod mala;
mod mams;
pub(in crate::sampler) mod mclmc;
pub(in crate::sampler) mod nuts;
mod pcn;
mod proposal;
mod psgld;
mod rwm;
mod sghmc;
mod sgld;
mod sgnht;
mod unadjusted;
mod underdamped;

pub use barker::Barker;
pub use hmc::Hmc;
pub use lm::Lm;
pub use mala::Mala;
pub use mams::Mams;
pub use mclmc::Mclmc;
pub use nuts::Nuts;
pub use pcn::Pcn;
pub use psgld::Psgld;
pub use rwm::Rwm;
pub use sghmc::Sghmc;
pub use sgld::Sgld;
pub use sgnht::{Sgnht, thermostat_variance};
pub use unadjusted::{Guard, Unadjusted};
pub use underdamped::Underdamped;

use self::lanewise::Point;
use crate::density::Evaluate;
use crate::error::Result;
use crate::math::Lanes;
use crate::random::BlockRng;
use crate::stored::{Archive, Stored};

/// The numbers of one step that schedules and adaptation set; passed at each step, so that tuning never rebuilds a kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// ε.
    pub step_size: f64,
    /// T.
    pub temperature: f64,
    /// How far a trajectory goes before its momentum is forgotten, in units of the coordinates; for kernels that have trajectories.
    pub length: f64,
}

impl Parameters {
    /// A step size at temperature 1, and a quarter turn of a unit Gaussian's orbit, π/2, as the length.
    pub fn new(step_size: f64) -> Self {
        Parameters { step_size, temperature: 1.0, length: std::f64::consts::FRAC_PI_2 }
    }

    /// Those of the given step of a chain that takes steps of many lengths: each tenth is a half, a quarter, an eighth, a sixteenth as long, in
    /// turn, and so is its trajectory. Where a density is narrower than the usual step, a chain moves by these. Each step leaves the density as
    /// it is, and so does any sequence of them that does not look at the chain (Tierney 1994, section 2.4: cycles of kernels).
    #[must_use]
    pub fn varied(self, step: usize) -> Self {
        const EACH: usize = 10;
        if step % EACH != EACH - 1 {
            return self;
        }
        let shorter = 0.5 / (1 << (step / EACH % 4)) as f64;
        Parameters { step_size: shorter * self.step_size, length: shorter * self.length, ..self }
    }
}

/// What a warm-up tunes a step size to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tuning {
    /// Nothing: it stays what it is.
    Fixed,
    /// This mean acceptance.
    Acceptance(f64),
    /// This variance of the energy error of a step, a dimension; for kernels without a Metropolis test.
    EnergyVariance(f64),
}

/// What diagnostics need: counts of chain-steps so far, and what the last step did, a lane each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepInfo {
    /// How often a drift was cut to its largest size.
    pub truncated: u64,
    /// How often a proposal where the density is zero or undefined was refused.
    pub refused: u64,
    /// How often a gradient was not finite.
    pub non_finite: u64,
    /// Where that happened first (lane, position).
    pub first_non_finite: Option<(usize, Vec<f64>)>,
    /// The probability with which the last step's proposal was accepted, its mean over a trajectory; kernels with a Metropolis test.
    pub acceptance: Lanes,
    /// The energy after the last step: −log p, and the kinetic energy where there is a momentum.
    pub energy: Lanes,
    /// The error of the conserved energy in the last step; kernels that are tuned by it.
    pub energy_error: Lanes,
    /// 1 where the last step's trajectory diverged.
    pub divergent: Lanes,
    /// Gradients that the last step took.
    pub gradients: Lanes,
}

impl StepInfo {
    /// Adds what another block saw; the first place stays that of the earlier block.
    pub fn absorb(&mut self, other: StepInfo) {
        self.truncated += other.truncated;
        self.refused += other.refused;
        self.non_finite += other.non_finite;
        self.first_non_finite = self.first_non_finite.take().or(other.first_non_finite);
    }
}

/// The counts, and the first place; the rest is of the last step.
impl Stored for StepInfo {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        [&mut self.truncated, &mut self.refused, &mut self.non_finite].into_iter().try_for_each(|count| count.pass(archive))?;
        let (mut lane, mut position) = self.first_non_finite.take().unwrap_or_default();
        let mut is_there = !position.is_empty();
        is_there.pass(archive)?;
        lane.pass(archive)?;
        archive.list(&mut position)?;
        self.first_non_finite = is_there.then_some((lane, position));
        Ok(())
    }
}

/// One algorithm on one block of chains, `[variable][lane]`.
pub trait Kernel: Sync {
    /// What the next step needs, and nothing else.
    type State: Send + Stored;

    /// The state of a block at `positions`.
    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> Self::State;

    /// One step of every lane. Allocates nothing.
    fn step(&self, state: &mut Self::State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo);

    /// What its step size is tuned to.
    fn tuning(&self) -> Tuning {
        Tuning::Fixed
    }

    /// The longest step that it is tuned to.
    fn longest_step(&self) -> f64 {
        f64::INFINITY
    }

    /// Where the lanes are.
    fn positions<'a>(&self, state: &'a Self::State) -> &'a [Lanes];
}

/// A kernel that keeps the gradient where its lanes are.
pub(in crate::sampler) trait Pointed: Kernel {
    /// Positions, log p and its gradient.
    fn point<'a>(&self, state: &'a Self::State) -> &'a Point;
}

/// A kernel whose chains can change places.
pub trait Exchange: Kernel {
    /// Exchanges one lane of two blocks, with all that the next step needs.
    fn exchange(&self, a: &mut Self::State, b: &mut Self::State, lane: usize);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenth_step_is_shorter_and_none_is_longer() {
        let usual = Parameters::new(0.8);
        let shares: Vec<f64> = (0..80).map(|step| usual.varied(step).step_size / usual.step_size).collect();
        let shorter: Vec<f64> = shares.iter().copied().filter(|share| *share != 1.0).collect();
        assert_eq!(shorter, [0.5, 0.25, 0.125, 0.0625, 0.5, 0.25, 0.125, 0.0625]);
        // A trajectory has as many steps as the usual one.
        assert_eq!(usual.varied(9).length / usual.varied(9).step_size, usual.length / usual.step_size);
    }
}
