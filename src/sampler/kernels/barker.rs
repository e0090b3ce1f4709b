//! The Barker proposal: a random walk whose steps are turned towards where the density grows; forgiving of the step size.
//!
//! Livingstone & Zanella (2022), algorithm 1: a step w = s·ξ keeps its sign with probability 1/(1 + e^(−w·g)), g = ∂ log p(x), and the
//! move is accepted with the ratio of p times Π (1 + e^(−w·g(x)))/(1 + e^(w·g(x′))).

use super::lanewise::{each, map};
use super::proposal::{Propose, State};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, exp, softplus};
use crate::random::{BlockRng, fill_normal, fill_uniform};
use crate::sampler::facts::Facts;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Barker {
    /// The SIMD level of its loops.
    pub level: Level,
}

impl Barker {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "barker",
        summary: "the Barker proposal: forgiving of the step size",
        target_acceptance: Some(Self::ACCEPTANCE),
        thin: 8,
        ..Facts::CHAINS
    };
}

impl Propose for Barker {
    const ACCEPTANCE: f64 = 0.5;

    fn level(&self) -> Level {
        self.level
    }

    fn propose(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, step_size: f64) {
        let State { point, proposal, ratio, row, uniform } = state;
        // √(2ε), as for the Langevin kernels.
        let spread = (2.0 * step_size).sqrt();
        let mut tilt = Lanes::default();
        for ((to, from), slope) in proposal.position.iter_mut().zip(&point.position).zip(&point.gradient) {
            fill_normal(self.level, noise, row);
            fill_uniform(self.level, noise, uniform);
            each(self.level, |lane| {
                row[lane] *= spread;
                tilt[lane] = -row[lane] * slope[lane];
            });
            map(self.level, &mut tilt, exp);
            each(self.level, |lane| {
                let keep = uniform[lane] * (1.0 + tilt[lane]) < 1.0;
                let w = if keep { row[lane] } else { -row[lane] };
                to[lane] = from[lane] + w;
                tilt[lane] = -w * slope[lane];
            });
            map(self.level, &mut tilt, softplus);
            each(self.level, |lane| ratio[lane] += tilt[lane]);
        }
        proposal.evaluate(evaluate);
        for ((to, from), slope) in proposal.position.iter().zip(&point.position).zip(&proposal.gradient) {
            each(self.level, |lane| tilt[lane] = (to[lane] - from[lane]) * slope[lane]);
            map(self.level, &mut tilt, softplus);
            each(self.level, |lane| ratio[lane] -= tilt[lane]);
        }
    }
}
