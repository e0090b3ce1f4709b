//! Independent draws of one variable: the quantile function of the exact law at uniform numbers.

use super::sample::{Method, Problem, Run, judge_fits, probability};
use super::summary::{Fit, fit, variables};
use super::verdict::{Verdict, Warning};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose};
use crate::sampler::{Draws, Population};

/// Draws unless asked otherwise.
const DRAWS: usize = 4096;

pub(super) fn exact(problem: Problem) -> Result<Run> {
    let Problem { density, settings, sampler, why, reference, no_reference, .. } = problem;
    let Some(reference) = reference else {
        let reason = no_reference.unwrap_or_else(|| "there is no reference".into());
        return Err(Error::new(ErrorKind::Unsupported, format!("no exact draws: {reason}"))
            .hint("they need one variable and its distribution function; use --sampler nuts"));
    };
    let count = settings.chains.unwrap_or(DRAWS) * settings.draws.unwrap_or(1);
    let mut column = Vec::with_capacity(count);
    for block in 0..count.div_ceil(LANES) {
        let mut uniform = Lanes::default();
        BlockRng::new(settings.seed, block as u64, Purpose::Noise).fill_uniform(&mut uniform);
        column.extend(uniform.iter().take(count - block * LANES).map(|p| reference.quantile(*p)));
    }
    // No chain has a start to remember.
    let (starts, draws) = (Population::new(1, count), Population::from_columns(vec![column]));
    let variables = variables(density, &starts, &draws);
    let fits: Vec<Fit> = vec![fit(&density.bounds()[0].name, &reference, draws.column(0))];
    let mut warnings = Vec::new();
    judge_fits(&fits, &mut warnings);
    if !reference.integral.converged {
        warnings.push(Warning::Reference { relative_error: reference.integral.relative_error });
    }
    let verdict = Verdict::new(warnings, format!("independent draws by the exact law; KS p = {}", probability(fits[0].ks_p)));
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
        variables,
        fits,
        discrepancy: None,
        verdict,
    })
}
