//! The Metropolis-adjusted Langevin algorithm: an Euler step of the Langevin diffusion as a proposal.
//!
//! x′ = x + ε∇log p(x) + √(2ε)·ξ, accepted with the ratio of p(x′)q(x|x′) to p(x)q(x′|x). Roberts & Tweedie (1996); acceptance 0.574:
//! Roberts & Rosenthal (1998).

use super::lanewise::each;
use super::proposal::{Propose, State};
use crate::density::Evaluate;
use crate::math::Level;
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::Facts;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Mala {
    /// The SIMD level of its loops.
    pub level: Level,
}

impl Mala {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "mala",
        summary: "Metropolis-adjusted Langevin steps",
        target_acceptance: Some(Self::ACCEPTANCE),
        thin: 5,
        ..Facts::CHAINS
    };
}

impl Propose for Mala {
    const ACCEPTANCE: f64 = 0.574;

    fn level(&self) -> Level {
        self.level
    }

    fn propose(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, step_size: f64) {
        let State { point, proposal, ratio, row, .. } = state;
        let spread = (2.0 * step_size).sqrt();
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
    }
}
