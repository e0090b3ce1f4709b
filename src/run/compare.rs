//! Samplers on one density, side by side: what their draws weigh for the time and the gradients they took, and how far off they are.

use super::answer::Run;
use super::judge::Trust;
use super::samplers::Sampler;
use crate::density::{LogDensity, Model};
use crate::diagnostics::{kolmogorov_smirnov, mean_and_sd, sorted, wasserstein1};
use crate::error::{Error, Result};
use crate::quadrature::{CERTIFY, Marginal, Reference, Tolerance, evidence};
use crate::sampler::Batches;

/// What the draws are compared with.
#[derive(Debug)]
pub enum Truth {
    /// The exact law of the only variable.
    Exact(Box<Reference>),
    /// Mean and standard deviation of each variable by quadrature; `None` where they are not known.
    Moments(Vec<Option<(f64, f64)>>),
    /// Those of the draws of the exact samplers that are trusted, by their weight.
    Pooled {
        /// Mean and standard deviation of each variable.
        moments: Vec<(f64, f64)>,
        /// Whose draws.
        samplers: Vec<Sampler>,
    },
    /// Nothing.
    Unknown,
}

impl Truth {
    /// What the error of a row is, in words.
    pub fn describe(&self) -> String {
        match self {
            Truth::Exact(_) => "error is the Kolmogorov-Smirnov distance of all draws from the exact law".into(),
            Truth::Moments(_) => "error is the largest of the errors of mean and sd, in sd of the variable, against quadrature".into(),
            Truth::Pooled { samplers, .. } => {
                let names: Vec<&str> = samplers.iter().map(|sampler| sampler.name()).collect();
                format!(
                    "error is the largest of the differences of mean and sd, in sd of the variable, from the pooled draws of {}: \
                     no exact value is known, and these are no more exact than that",
                    names.join(", ")
                )
            }
            Truth::Unknown => "no error: neither quadrature nor a trusted exact sampler says what is right".into(),
        }
    }

    /// `exact`, `quadrature`, `pooled` or `unknown`.
    pub fn name(&self) -> &'static str {
        match self {
            Truth::Exact(_) => "exact",
            Truth::Moments(_) => "quadrature",
            Truth::Pooled { .. } => "pooled",
            Truth::Unknown => "unknown",
        }
    }
}

/// One sampler's run, or why there is none.
#[derive(Debug)]
pub struct Contender {
    /// The sampler that was asked for.
    pub sampler: Sampler,
    /// The run.
    pub run: Result<Run>,
    /// Seconds that it took, by the caller's clock, warm-up included.
    pub seconds: f64,
}

/// The figures of a run that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Draws of all chains.
    pub draws: usize,
    /// The smallest bulk ESS of the variables.
    pub ess: f64,
    /// A second, warm-up included.
    pub ess_per_second: f64,
    /// For a thousand gradients, warm-up included; NaN without gradients.
    pub ess_per_1000_gradients: f64,
    /// The largest R-hat; NaN where there is none.
    pub rhat: f64,
    /// See [`Truth::describe`]; NaN where nothing is known.
    pub error: f64,
    /// The variable that has this error.
    pub worst: String,
    /// The Wasserstein-1 distance from the exact law, if there is one.
    pub wasserstein1: Option<f64>,
}

/// Samplers on one density.
#[derive(Debug)]
pub struct Comparison {
    /// In the order they were asked for.
    pub contenders: Vec<Contender>,
    /// What the errors are against.
    pub truth: Truth,
    /// Of each contender; the error says why there is none.
    pub standings: Vec<Option<Standing>>,
}

/// Compares runs of `model`.
pub fn compare(model: &Model, contenders: Vec<Contender>) -> Comparison {
    let truth = truth(model, &contenders);
    let standings = contenders.iter().map(|contender| Some(standing(contender.run.as_ref().ok()?, contender.seconds, &truth))).collect();
    Comparison { contenders, truth, standings }
}

fn truth(model: &Model, contenders: &[Contender]) -> Truth {
    if let Some(reference) = contenders.iter().find_map(|contender| contender.run.as_ref().ok()?.reference.clone()) {
        return Truth::Exact(Box::new(reference));
    }
    if model.dimension() > 1
        && let Ok(found) = evidence(model, Tolerance { relative: 1e-6, ..Tolerance::default() }, CERTIFY)
        && found.integral.converged
    {
        let known = |marginal: &Marginal| marginal.mean().zip(marginal.sd());
        let moments: Vec<Option<(f64, f64)>> = found.marginals.iter().map(known).collect();
        if moments.iter().any(Option::is_some) {
            return Truth::Moments(moments);
        }
    }
    let trusted =
        |contender: &&Contender| contender.sampler.is_exact() && contender.run.as_ref().is_ok_and(|run| run.verdict.trust != Trust::No);
    let runs: Vec<(Sampler, &Run)> =
        contenders.iter().filter(trusted).filter_map(|contender| Some((contender.sampler, contender.run.as_ref().ok()?))).collect();
    if runs.is_empty() {
        return Truth::Unknown;
    }
    let pool = |variable: usize| {
        let weights: Vec<f64> = runs.iter().map(|(_, run)| run.variables[variable].ess_bulk.max(1.0)).collect();
        let total: f64 = weights.iter().sum();
        let average =
            |figure: &dyn Fn(&Run) -> f64| runs.iter().zip(&weights).map(|((_, run), weight)| weight * figure(run)).sum::<f64>() / total;
        let mean = average(&|run| run.variables[variable].mean);
        let sd = |run: &Run| run.variables[variable].sd;
        let apart = |run: &Run| run.variables[variable].mean - mean;
        (mean, average(&|run| sd(run) * sd(run) + apart(run) * apart(run)).sqrt())
    };
    Truth::Pooled { moments: (0..model.dimension()).map(pool).collect(), samplers: runs.iter().map(|(sampler, _)| *sampler).collect() }
}

/// The figures of one run.
fn standing(run: &Run, seconds: f64, truth: &Truth) -> Standing {
    let ess = run.variables.iter().map(|variable| variable.ess_bulk).fold(f64::INFINITY, smaller);
    let rhat = run.variables.iter().map(|variable| variable.rhat).fold(f64::NAN, f64::max);
    let moment_error = |variable: usize, mean: f64, sd: f64| {
        let (found, spread) = mean_and_sd(run.draws.column(variable));
        ((found - mean).abs().max((spread - sd).abs())) / sd
    };
    let name = |variable: usize| run.variables[variable].bound.name.clone();
    let largest = |errors: Vec<(usize, f64)>| {
        let worst = errors.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        worst.map_or((f64::NAN, String::new()), |(variable, error)| (error, name(variable)))
    };
    let mut distance = None;
    let (error, worst) = match truth {
        Truth::Exact(reference) => {
            let ordered = sorted(run.draws.column(0));
            let mut cdf = vec![0.0; ordered.len()];
            reference.cdf_batch(&ordered, &mut cdf);
            distance = Some(wasserstein1(&ordered, &cdf));
            (kolmogorov_smirnov(&cdf).distance, name(0))
        }
        Truth::Moments(known) => {
            let errors = known.iter().enumerate().filter_map(|(at, known)| known.map(|(mean, sd)| (at, moment_error(at, mean, sd))));
            largest(errors.collect())
        }
        Truth::Pooled { moments, .. } => {
            largest(moments.iter().enumerate().map(|(at, (mean, sd))| (at, moment_error(at, *mean, *sd))).collect())
        }
        Truth::Unknown => (f64::NAN, String::new()),
    };
    Standing {
        draws: run.draws.chains() * run.draws.draws(),
        ess,
        ess_per_second: ess / seconds.max(1e-9),
        ess_per_1000_gradients: if run.gradients == 0 { f64::NAN } else { 1000.0 * ess / run.gradients as f64 },
        rhat,
        error,
        worst,
        wasserstein1: distance,
    }
}

/// The smaller; NaN if either is.
fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b { a } else { b }
}

/// Which samplers a comparison runs unless told: all that need no batches.
pub fn contestants() -> Vec<Sampler> {
    Sampler::ALL.into_iter().filter(|sampler| sampler.facts().is_some_and(|facts| facts.batches != Batches::Needed)).collect()
}

/// The samplers of a list with commas between them.
///
/// # Errors
/// Kind `setting` for an unknown name or none at all.
pub fn samplers(text: &str) -> Result<Vec<Sampler>> {
    let found: Vec<Sampler> = text.split(',').map(|name| name.trim().parse()).collect::<Result<_>>()?;
    match found.iter().enumerate().find(|(at, sampler)| found[..*at].contains(sampler)) {
        Some((_, twice)) => Err(Error::new(crate::ErrorKind::Setting, format!("--samplers names {twice} twice")).hint("once each")),
        None => Ok(found),
    }
}
