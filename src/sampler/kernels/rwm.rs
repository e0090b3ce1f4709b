//! Random-walk Metropolis, the baseline that needs no gradient: x′ = x + s·ξ, accepted with min(1, p(x′)/p(x)).
//!
//! Metropolis et al. (1953). s = √(2ε), so that step sizes compare with those of the Langevin kernels; acceptance 0.234: Roberts,
//! Gelman & Gilks (1997).

use super::lanewise::each;
use super::proposal::{Propose, State};
use crate::density::Evaluate;
use crate::math::Level;
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::Facts;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Rwm {
    /// The SIMD level of its loops.
    pub level: Level,
}

impl Rwm {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "rwm",
        summary: "random-walk Metropolis: no gradients, so jumps do not matter",
        target_acceptance: Some(Self::ACCEPTANCE),
        thin: 20,
        ..Facts::CHAINS
    };
}

impl Propose for Rwm {
    const ACCEPTANCE: f64 = 0.234;

    fn level(&self) -> Level {
        self.level
    }

    fn propose(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, step_size: f64) {
        let State { point, proposal, row, .. } = state;
        let spread = (2.0 * step_size).sqrt();
        for (to, from) in proposal.position.iter_mut().zip(&point.position) {
            fill_normal(self.level, noise, row);
            each(self.level, |lane| to[lane] = spread.mul_add(row[lane], from[lane]));
        }
        // No gradient is paid for.
        proposal.evaluate_log_density(evaluate);
    }
}
