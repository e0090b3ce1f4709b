//! Independent draws of the exact law: of one variable its quantile function at uniform numbers, of several by the recipe that the
//! structure of the density gives.

use std::sync::atomic::Ordering;

use super::drawn::{Drawn, Method};
use super::law::Law;
use super::question::Question;
use super::until::{self, Measure, Progress, Target};
use crate::density::Bound;
use crate::diagnostics::mean_and_sd;
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};
use crate::quadrature::Reference;
use crate::random::{BlockRng, Purpose};
use crate::sampler::{Control, Draws, Population};

/// Draws unless asked otherwise.
const DRAWS: usize = 4096;
/// Draws until it is enough: at first, and at most unless asked otherwise.
const FIRST: usize = 1000;
const MOST: usize = 10_000_000;

pub(super) fn exact(question: &Question, law: &Law) -> Result<Drawn> {
    let Question { density, settings, control, .. } = *question;
    if law.reference.is_none() && law.joint().is_none() {
        let reason = law.unknown.as_deref().unwrap_or("the structure of the density gives no recipe for them");
        return Err(Error::new(ErrorKind::Unsupported, format!("no exact draws: {reason}"))
            .hint("they need one variable, or variables that come apart into such; use --sampler nuts"));
    }
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
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); density.dimension()];
    let mut wanted = if settings.until.is_empty() { most } else { most.min(FIRST) };
    let until = loop {
        match (&law.reference, law.joint()) {
            (Some(reference), _) => extend(&mut columns[0], wanted, settings.seed, reference, control),
            (None, Some(joint)) => columns = joint.draws(wanted, settings.seed).columns().to_vec(),
            (None, None) => {}
        }
        let progress = progress(&settings.until, density.bounds(), &columns);
        let growth = until::growth(&progress);
        if columns[0].len() < wanted || wanted >= most || growth <= 1.0 {
            break progress;
        }
        wanted = ((wanted as f64 * growth.clamp(1.05, 1e3)).ceil() as usize).min(most);
    };
    let count = columns[0].len();
    if count == 0 {
        return Err(Error::new(ErrorKind::Setting, "ended at once: nothing was drawn"));
    }
    Ok(Drawn {
        method: Method::Independent,
        draws: Draws::from(Population::from_columns(columns)),
        starts: None,
        wanted,
        complete: count >= wanted,
        chain_steps: count as u64,
        last_steps: count as u64,
        gradients: 0,
        known: None,
        until,
        missed: None,
        met: None,
        step_bias: None,
    })
}

/// Draws `column` on to `count`: block by block of the noise, so that more draws begin with the same; to fewer if the run is stopped.
fn extend(column: &mut Vec<f64>, count: usize, seed: u64, reference: &Reference, control: &Control) {
    column.reserve(count.saturating_sub(column.len()));
    for block in column.len() / LANES..count.div_ceil(LANES) {
        if control.stop.load(Ordering::Relaxed) {
            return;
        }
        let mut uniform = Lanes::default();
        BlockRng::new(seed, block as u64, Purpose::Noise).fill_uniform(&mut uniform);
        let known = column.len() - block * LANES;
        column.extend(uniform.iter().take(count - block * LANES).skip(known).map(|p| reference.quantile(*p)));
    }
}

/// Where independent draws are with each target: their ESS is their number, the error of a mean sd/√n, and the largest counts.
fn progress(targets: &[Target], bounds: &[Bound], columns: &[Vec<f64>]) -> Vec<Progress> {
    let count = columns[0].len() as f64;
    let errors = columns.iter().map(|column| mean_and_sd(column).1 / count.sqrt());
    let (worst, error) = errors.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::NAN));
    let found = |measure: Measure| match measure {
        Measure::Ess => count,
        Measure::Mcse => error,
        Measure::Rhat => f64::NAN,
    };
    targets.iter().map(|target| Progress::of(target, &bounds[worst].name, found(target.measure))).collect()
}
