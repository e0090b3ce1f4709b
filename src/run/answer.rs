//! The answer to a question: draws, figures, verdict.

use super::drawn::{BatchFigures, ChainFigures, Method};
use super::judge::{Trust, Verdict};
use super::plan::Plan;
use super::samplers::Sampler;
use super::summary::{Fit, VariableSummary};
use super::until::Progress;
use crate::diagnostics::SteinDiscrepancy;
use crate::math::exp;
use crate::quadrature::{Evidence, Integral, Reference};
use crate::sampler::{Draws, Film, Ladder, counted};

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// What ran.
    pub sampler: Sampler,
    /// Why, if the sampler was left to the problem.
    pub why: Option<String>,
    /// How it ran, defaults filled in.
    pub method: Method,
    /// The draws.
    pub draws: Draws,
    /// Chain-steps taken.
    pub chain_steps: u64,
    /// Gradients taken, warm-up included.
    pub gradients: u64,
    /// Whether every draw asked for was made.
    pub complete: bool,
    /// The seed.
    pub seed: u64,
    /// Threads asked for.
    pub threads: usize,
    /// The exact law of one variable, where quadrature serves.
    pub reference: Option<Reference>,
    /// Z and the exact marginal laws of several variables, where quadrature serves.
    pub evidence: Option<Evidence>,
    /// The figures of each variable.
    pub variables: Vec<VariableSummary>,
    /// The comparison with the exact law, of each variable whose law is known.
    pub fits: Vec<Fit>,
    /// How far the draws came to the targets that were set for them.
    pub until: Vec<Progress>,
    /// The kernel Stein discrepancy, where there is no exact law.
    pub discrepancy: Option<SteinDiscrepancy>,
    /// Whether to believe it.
    pub verdict: Verdict,
}

impl Run {
    /// The plan of an annealed population.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.method {
            Method::Population { plan, .. } => Some(plan),
            _ => None,
        }
    }

    /// Chains, and draws or steps of each, in words.
    pub fn shape(&self) -> String {
        match &self.method {
            Method::Population { plan, .. } => {
                let annealing = &plan.annealing;
                format!("{} of {}", counted(annealing.chains, "chain"), counted(annealing.steps, "step"))
            }
            Method::Independent => counted(self.draws.chains(), "independent draw"),
            _ => self.draws.shape(),
        }
    }

    /// The recording of an annealed population.
    pub fn film(&self) -> Option<&Film> {
        match &self.method {
            Method::Population { film, .. } => film.as_ref(),
            _ => None,
        }
    }

    /// Numbers of the draws, in the order of their columns, whose trajectory diverged.
    pub fn divergent(&self) -> &[usize] {
        self.chains().map_or(&[], |figures| &figures.divergent)
    }

    /// Z: by quadrature where that serves, else by the ladder of a tempered run.
    pub fn normalizer(&self) -> Option<Integral> {
        let by_quadrature = self.reference.as_ref().map(|reference| &reference.integral);
        let by_quadrature = by_quadrature.or(self.evidence.as_ref().map(|evidence| &evidence.integral));
        let ladder = self.chains().and_then(|figures| figures.ladder.as_ref());
        by_quadrature.cloned().or_else(|| {
            let found = of_ladder(ladder?, self.gradients);
            // A Z of draws that are not to be trusted is not, either.
            Some(Integral { converged: found.converged && self.verdict.trust != Trust::No, ..found })
        })
    }

    /// The figures of a run of chains.
    pub fn chains(&self) -> Option<&ChainFigures> {
        self.method.chains()
    }

    /// The figures of a run over batches of rows.
    pub fn batches(&self) -> Option<&BatchFigures> {
        self.method.batches()
    }
}

/// A standard error of log Z above this says little of Z.
const LARGEST_ERROR: f64 = 0.5;

/// Z by the stepping stones of `ladder`.
fn of_ladder(ladder: &Ladder, gradients: u64) -> Integral {
    let Ladder { log_normalizer, log_error, .. } = *ladder;
    let value = exp(log_normalizer);
    Integral {
        value,
        log_value: log_normalizer,
        error: value * log_error,
        relative_error: log_error,
        evaluations: usize::try_from(gradients).unwrap_or(usize::MAX),
        converged: log_normalizer.is_finite() && log_error < LARGEST_ERROR && ladder.round_trips > 0.0,
        certified: false,
        proof: None,
        method: "stepping stone",
        non_finite: 0,
        non_finite_at: None,
        notes: Vec::new(),
    }
}
