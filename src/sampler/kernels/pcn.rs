//! Preconditioned Crank–Nicolson: proposals that leave the normal law of the coordinates as it is, and a Metropolis test of what the density
//! differs from it. No gradients.
//!
//! x′ = (x + ε·ξ)/√(1 + ε²), accepted with min(1, p(x′)φ(x)/(p(x)φ(x′))), φ the unit normal density. Cotter, Roberts, Stuart & White (2013),
//! eq. 4.10 with β² = ε²/(1 + ε²); a normal fitted to the posterior in place of the prior: Rudolf & Sprungk (2018), "On a generalization of
//! the preconditioned Crank–Nicolson Metropolis algorithm". Where the density is that normal, any ε is accepted, and a large one makes
//! proposals independent of where the chain is.

use super::lanewise::each;
use super::proposal::{Propose, State};
use crate::density::Evaluate;
use crate::math::Level;
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::Facts;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Pcn {
    /// The SIMD level of its loops.
    pub level: Level,
}

impl Pcn {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "pcn",
        summary: "proposals from the Gaussian that the warm-up learned: no gradients, nearly independent draws where the density is like it",
        target_acceptance: Some(Self::ACCEPTANCE),
        ..Facts::CHAINS
    };
}

impl Propose for Pcn {
    /// That of a random walk (Roberts, Gelman & Gilks 1997): far from a normal density the kernel is one; near it more is accepted at any step.
    const ACCEPTANCE: f64 = 0.234;

    /// A proposal that keeps a hundredth of where the chain is is as good as independent of it, and where all are accepted no step is too long.
    const LONGEST: f64 = 100.0;

    fn level(&self) -> Level {
        self.level
    }

    fn propose(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, step_size: f64) {
        let State { point, proposal, row, ratio, .. } = state;
        let kept = (1.0 + step_size * step_size).sqrt().recip();
        let renewed = step_size * kept;
        for (to, from) in proposal.position.iter_mut().zip(&point.position) {
            fill_normal(self.level, noise, row);
            each(self.level, |lane| {
                to[lane] = renewed.mul_add(row[lane], kept * from[lane]);
                ratio[lane] = (0.5 * (to[lane] - from[lane])).mul_add(to[lane] + from[lane], ratio[lane]);
            });
        }
        proposal.evaluate_log_density(evaluate);
    }
}
