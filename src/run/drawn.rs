//! What a method made: draws, how they came about, and what was met on the way.

use super::plan::Plan;
use super::summary::VariableSummary;
use super::until::Progress;
use crate::sampler::{Batching, Chaining, ControlVariates, Draws, Film, Ladder, Population, Replicas};

/// Draws that nobody has judged.
pub(super) struct Drawn {
    pub(super) method: Method,
    pub(super) draws: Draws,
    /// Where each chain of a population began.
    pub(super) starts: Option<Population>,
    /// Draws of each chain that there were to be; of independent ones all.
    pub(super) wanted: usize,
    /// Whether every draw asked for was made.
    pub(super) complete: bool,
    /// Chain-steps taken in all, and in the run that the draws are from.
    pub(super) chain_steps: u64,
    pub(super) last_steps: u64,
    /// Gradients taken, warm-up included.
    pub(super) gradients: u64,
    /// The figures, if they were asked for after the last round of draws.
    pub(super) known: Option<Vec<VariableSummary>>,
    /// How far the draws came to the targets that were set for them.
    pub(super) until: Vec<Progress>,
    /// A place as likely as those of the draws and away from all of them, if one was looked for and found.
    pub(super) missed: Option<Vec<f64>>,
    /// What steps without a Metropolis test met.
    pub(super) met: Option<Met>,
    /// What such steps do to a Gaussian.
    pub(super) step_bias: Option<StepBias>,
}

/// What steps met.
pub(super) struct Met {
    /// Chain-steps.
    pub(super) steps: u64,
    /// Drifts that were cut to their largest size.
    pub(super) truncated: u64,
    /// Moves to places of zero density, refused.
    pub(super) refused: u64,
    /// Gradients that were not finite.
    pub(super) non_finite: u64,
    /// Where first, if it is known in the variables.
    pub(super) place: Option<Vec<f64>>,
}

/// The bias of steps without a Metropolis test.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepBias {
    /// By how much the standard deviations of a Gaussian come out too large, as a share.
    pub(super) sd: f64,
    /// The gradient's noise as a share of the injected noise, in the worst coordinate.
    pub(super) noise: f64,
    pub(super) step_size: f64,
}

/// How a run was made.
#[derive(Debug)]
pub enum Method {
    /// An annealed population: every chain's last position is its draw.
    Population {
        /// Steps, schedule, starts.
        plan: Box<Plan>,
        /// The recording, if one was asked for.
        film: Option<Film>,
    },
    /// Chains with warm-up and draws.
    Chains(ChainFigures),
    /// Chains whose gradients come from batches of rows.
    Batches(Box<BatchFigures>),
    /// Independent draws from the exact distribution function.
    Independent,
}

impl Method {
    /// The figures of a run of chains.
    pub fn chains(&self) -> Option<&ChainFigures> {
        match self {
            Method::Chains(figures) => Some(figures),
            _ => None,
        }
    }

    /// The figures of a run over batches of rows.
    pub fn batches(&self) -> Option<&BatchFigures> {
        match self {
            Method::Batches(figures) => Some(figures),
            _ => None,
        }
    }
}

/// The figures of a run of chains beside those of its variables.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainFigures {
    /// What was asked for, defaults filled in.
    pub settings: Chaining,
    /// The step size that the warm-up ended with, in the coordinates of its metric.
    pub step_size: f64,
    /// What the metric is: `identity`, `diagonal`, `dense`, or `rank-3` if it knows three directions beside the scales.
    pub metric: String,
    /// The acceptance that the step size was tuned to, if a Metropolis test tells when it fails.
    pub target_acceptance: Option<f64>,
    /// Mean acceptance of the steps that led to draws.
    pub acceptance: f64,
    /// Trajectories that led to draws and diverged.
    pub divergences: usize,
    /// Numbers of the draws that they led to, in the order of the draws' columns.
    pub divergent: Vec<usize>,
    /// Median E-BFMI of the chains; NaN for kernels without a momentum.
    pub e_bfmi: f64,
    /// Gradients of the warm-up.
    pub warmup_gradients: u64,
    /// The ladder of a tempered run.
    pub ladder: Option<Ladder>,
}

/// The figures of a run over batches beside those of its variables.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchFigures {
    /// What was asked for, defaults filled in; the step size is in the whitened coordinates.
    pub settings: Chaining,
    /// For each table that is looped over, its rows and those of a batch; empty where nothing was left to loop over.
    pub tables: Vec<(usize, usize)>,
    /// How batches are chosen.
    pub batching: Batching,
    /// What was subtracted from the gradients.
    pub control_variates: ControlVariates,
    /// Whether the metric is that of a mode.
    pub is_mode: bool,
    /// Whether the Laplace approximation at the mode was so poor that centre and metric are those that a no-U-turn sampler learned.
    pub learned: bool,
    /// Whether the metric knows correlations.
    pub dense: bool,
    /// The gradient's noise as a share of the injected noise, mean and largest over the whitened coordinates.
    pub noise: (f64, f64),
    /// By how much the standard deviations come out too large if the posterior is Gaussian, as a share: the worst.
    pub sd_bias: f64,
    /// Rows that each chain went through, in passes over the longest table.
    pub epochs: f64,
    /// Gradients over all rows that the search for the mode took.
    pub full_gradients: u64,
    /// What half the step size says of the bias.
    pub bias: Option<BiasCheck>,
    /// How replicas at several temperatures fared.
    pub replicas: Option<ReplicaFigures>,
}

/// Replicas at several temperatures, of which neighbours swap places by log p over all rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaFigures {
    /// Temperatures and steps between swaps.
    pub replicas: Replicas,
    /// The mean acceptance of the swaps of each pair of neighbours.
    pub acceptance: Vec<f64>,
}

impl ReplicaFigures {
    /// The acceptance of the pair that accepts least.
    pub fn lowest(&self) -> f64 {
        self.acceptance.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// The bias of the draws, by Richardson's extrapolation from half the step size; in posterior standard deviations.
#[derive(Debug, Clone, PartialEq)]
pub struct BiasCheck {
    /// Of each variable's mean, and its Monte Carlo standard error.
    pub mean: Vec<(f64, f64)>,
    /// Of each variable's standard deviation, and its Monte Carlo standard error.
    pub sd: Vec<(f64, f64)>,
}

impl BiasCheck {
    /// The largest in absolute value: the variable's number, whether it is the sd's, the bias and its error.
    pub fn worst(&self) -> Option<(usize, bool, f64, f64)> {
        let of = |is_sd: bool, list: &[(f64, f64)]| -> Vec<(usize, bool, f64, f64)> {
            list.iter().enumerate().map(|(variable, &(bias, error))| (variable, is_sd, bias, error)).collect()
        };
        let all = of(false, &self.mean).into_iter().chain(of(true, &self.sd));
        all.max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))
    }
}
