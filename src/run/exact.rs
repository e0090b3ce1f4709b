//! Independent draws of one variable: the quantile function of the exact law at uniform numbers.

use super::sample::{Method, Problem, Run, judge_fits, probability};
use super::summary::{Fit, fit, variables};
use super::until::{self, Measure, Progress, Target};
use super::verdict::{Verdict, Warning};
use crate::diagnostics::mean_and_sd;
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};
use crate::quadrature::Reference;
use crate::random::{BlockRng, Purpose};
use crate::sampler::{Control, Draws, Population, Stage};

/// Draws unless asked otherwise.
const DRAWS: usize = 4096;
/// Draws until it is enough: at first, and at most unless asked otherwise.
const FIRST: usize = 1000;
const MOST: usize = 10_000_000;

pub(super) fn exact(problem: Problem, control: &Control) -> Result<Run> {
    let Problem { density, settings, sampler, why, reference, no_reference, .. } = problem;
    let Some(reference) = reference else {
        let reason = no_reference.unwrap_or_else(|| "there is no reference".into());
        return Err(Error::new(ErrorKind::Unsupported, format!("no exact draws: {reason}"))
            .hint("they need one variable and its distribution function; use --sampler nuts"));
    };
    until::check(&settings.until, density.bounds())?;
    if settings.until.iter().any(|target| target.measure == Measure::Rhat) {
        return Err(Error::new(ErrorKind::Setting, "independent draws have no R-hat: there are no chains to compare")
            .hint("--until with ess or mcse; or --sampler nuts"));
    }
    let most = match (settings.chains, settings.draws, settings.until.is_empty()) {
        (None, None, true) => DRAWS,
        (None, None, false) => MOST,
        (chains, draws, _) => chains.unwrap_or(1).saturating_mul(draws.unwrap_or(1)),
    };
    let mut column: Vec<f64> = Vec::new();
    let mut wanted = if settings.until.is_empty() { most } else { most.min(FIRST) };
    let until = loop {
        extend(&mut column, wanted, settings.seed, &reference);
        let progress = progress(&settings.until, &density.bounds()[0].name, &column);
        let growth = until::growth(&progress);
        if wanted >= most || growth <= 1.0 {
            break progress;
        }
        wanted = ((wanted as f64 * growth.clamp(1.05, 1e3)).ceil() as usize).min(most);
    };
    let count = column.len();
    control.enter(Stage::Judging);
    // No chain has a start to remember.
    let (starts, draws) = (Population::new(1, count), Population::from_columns(vec![column]));
    let variables = variables(density, &starts, &draws);
    let fits: Vec<Fit> = vec![fit(&variables[0], &reference, draws.column(0))];
    let mut warnings = Vec::new();
    judge_fits(&fits, &mut warnings);
    if !reference.integral.converged {
        warnings.push(Warning::Reference { relative_error: reference.integral.relative_error });
    }
    let mut verdict = Verdict::new(warnings, format!("independent draws by the exact law; KS p = {}", probability(fits[0].ks_p)));
    until::judge(&until, count, &mut verdict);
    Ok(Run {
        sampler,
        why,
        method: Method::Independent,
        draws: Draws::from(draws),
        chain_steps: count as u64,
        gradients: 0,
        complete: true,
        seed: settings.seed,
        threads: settings.threads,
        reference: Some(reference),
        evidence: None,
        variables,
        fits,
        until,
        discrepancy: None,
        verdict,
    })
}

/// Draws `column` on to `count`: block by block of the noise, so that more draws begin with the same.
fn extend(column: &mut Vec<f64>, count: usize, seed: u64, reference: &Reference) {
    column.reserve(count.saturating_sub(column.len()));
    for block in column.len() / LANES..count.div_ceil(LANES) {
        let mut uniform = Lanes::default();
        BlockRng::new(seed, block as u64, Purpose::Noise).fill_uniform(&mut uniform);
        let known = column.len() - block * LANES;
        column.extend(uniform.iter().take(count - block * LANES).skip(known).map(|p| reference.quantile(*p)));
    }
}

/// Where independent draws are with each target: their ESS is their number, the error of their mean sd/√n.
fn progress(targets: &[Target], name: &str, column: &[f64]) -> Vec<Progress> {
    let count = column.len() as f64;
    let found = |measure: Measure| match measure {
        Measure::Ess => count,
        Measure::Mcse => mean_and_sd(column).1 / count.sqrt(),
        Measure::Rhat => f64::NAN,
    };
    targets.iter().map(|target| Progress::of(target, name, found(target.measure))).collect()
}
