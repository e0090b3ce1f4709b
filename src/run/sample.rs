//! A density to draws and a verdict: look, refer, plan, run, compare, judge.

use super::pilot::pilot;
use super::plan::{Plan, RELAXATIONS, plan};
use super::settings::Sampling;
use super::summary::{Fit, VariableSummary, fit, variables};
use super::verdict::{Verdict, Warning};
use crate::density::{Boundary, LogDensity, Model, inspect};
use crate::error::{ErrorKind, Result};
use crate::quadrature::{Reference, Tolerance, reference};
use crate::sampler::{Annealed, Control, FilmPlan, Sgld, Shot, anneal};

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// What was run, defaults filled in.
    pub plan: Plan,
    /// Draws, starts, film, counts.
    pub annealed: Annealed,
    /// The exact law, where quadrature serves.
    pub reference: Option<Reference>,
    /// The figures of each variable.
    pub variables: Vec<VariableSummary>,
    /// The comparison with the exact law.
    pub fits: Vec<Fit>,
    /// Whether to believe it.
    pub verdict: Verdict,
}

/// Bins of an animation's histogram.
const FILM_BINS: usize = 100;
/// Particles of an animation in two dimensions.
const FILM_PARTICLES: usize = 1500;

/// Samples the density of a formula: first refuses what is no density, as [`inspect`] finds it.
///
/// # Errors
/// Kinds `negative_density`, `domain`, `zero_density`, `infinite_Z`, `setting`.
///
/// ```
/// use langevin::density::{Meaning, Model};
/// use langevin::run::{Sampling, Trust, sample};
/// let model = Model::new("exp(-x^2/2)", Meaning::Density, &[])?;
/// let run = sample(&model, &Sampling { seed: 1, ..Sampling::default() })?;
/// assert_eq!(run.verdict.trust, Trust::Yes);
/// assert!((run.variables[0].sd - 1.0).abs() < 0.05);
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn sample(model: &Model, settings: &Sampling) -> Result<Run> {
    sample_watched(model, settings, &Control::default())
}

/// [`sample`] with a hand on the run: see how far it is, end it early.
///
/// # Errors
/// As [`sample`].
pub fn sample_watched(model: &Model, settings: &Sampling, control: &Control) -> Result<Run> {
    inspect(model).refuse(model)?;
    let mut run = sample_density(model, settings, control)?;
    let jumps = model.jumps();
    if !jumps.is_empty() {
        let mut warnings = std::mem::take(&mut run.verdict.warnings);
        warnings.push(Warning::Jumps { functions: jumps.join(", ") });
        run.verdict = Verdict::new(warnings, run.verdict.because);
    }
    Ok(run)
}

/// Samples any [`LogDensity`].
///
/// # Errors
/// Kinds `infinite_Z`, `zero_density`, `domain`, `setting`.
pub fn sample_density(density: &dyn LogDensity, settings: &Sampling, control: &Control) -> Result<Run> {
    let (reference, no_reference) = match reference(density, Tolerance::default()) {
        Ok(reference) => (Some(reference), None),
        Err(error) if error.kind == ErrorKind::Unsupported => (None, Some(error.message)),
        Err(error) => return Err(error),
    };
    let pilot = pilot(density, settings.seed);
    let plan = plan(density, reference.as_ref(), &pilot, settings)?;
    let film = (settings.frames > 0).then(|| film_plan(density, reference.as_ref(), &plan, settings.frames));
    let kernel = Sgld::new(density.bounds(), plan.guard).with_level(density.level());
    let annealed = anneal(density, &kernel, &plan.annealing, film, control)?;
    let variables = variables(density, &annealed.starts, &annealed.draws);
    let fits: Vec<Fit> = reference.iter().map(|reference| fit(&density.bounds()[0].name, reference, annealed.draws.column(0))).collect();
    let verdict = judge(&plan, &annealed, reference.as_ref(), no_reference, &variables, &fits);
    Ok(Run { plan, annealed, reference, variables, fits, verdict })
}

/// What the animation shows: the whole range, or where all but a thousandth of the mass is.
fn film_plan(density: &dyn LogDensity, reference: Option<&Reference>, plan: &Plan, frames: usize) -> FilmPlan {
    let bound = &density.bounds()[0];
    let shot = match reference {
        Some(reference) => {
            let (low, high) = view(bound.low, bound.high, reference);
            Shot::Counts((0..=FILM_BINS).map(|edge| low + (high - low) * edge as f64 / FILM_BINS as f64).collect())
        }
        None => Shot::Positions(FILM_PARTICLES),
    };
    let annealing = &plan.annealing;
    FilmPlan::paced(frames, annealing.steps, |step| annealing.step_size.at(step, annealing.steps), shot)
}

/// The interval that pictures of one variable show.
pub fn view(low: f64, high: f64, reference: &Reference) -> (f64, f64) {
    let (from, to) = reference.effective_range(5e-4);
    let margin = 0.05 * (to - from);
    let finite = low.is_finite() && high.is_finite() && high - low < 3.0 * (to - from);
    if finite { (low, high) } else { ((from - margin).max(low), (to + margin).min(high)) }
}

/// A p-value with two significant digits.
fn probability(p: f64) -> String {
    if p >= 0.01 {
        format!("{p:.2}")
    } else if p > 0.0 {
        format!("{p:.0e}")
    } else {
        "0".into()
    }
}

/// p-values below this fail a run: one in a thousand correct runs.
const FIT_LEVEL: f64 = 1e-3;
/// z-scores beyond this fail a run: for twenty tests, one in five hundred correct runs.
const Z_LEVEL: f64 = 4.0;

fn judge(
    plan: &Plan,
    annealed: &Annealed,
    reference: Option<&Reference>,
    no_reference: Option<String>,
    variables: &[VariableSummary],
    fits: &[Fit],
) -> Verdict {
    let annealing = &plan.annealing;
    let steps = annealing.steps;
    let mut warnings = Vec::new();
    if !annealed.complete {
        let all = (annealing.chains * steps).max(1) as f64;
        warnings.push(Warning::Incomplete { share: annealed.chain_steps as f64 / all });
    }
    let diffusion_time = annealing.diffusion_time();
    if reference.is_some() && diffusion_time < 0.5 * RELAXATIONS * plan.relaxation_time {
        warnings.push(Warning::TooShort { diffusion_time, relaxation_time: plan.relaxation_time, steps });
    }
    let last_temperature = annealing.temperature.at(steps.saturating_sub(1), steps);
    if last_temperature != 1.0 {
        warnings.push(Warning::Temperature { last: last_temperature });
    }
    for variable in variables {
        let name = variable.bound.name.clone();
        let (low, high) = variable.atoms;
        let chains = annealed.draws.chains() as f64;
        // Two draws on one bound do not happen to a law with a density.
        if low * chains >= 2.0 || high * chains >= 2.0 {
            warnings.push(Warning::BoundaryAtoms { variable: name.clone(), low, high });
        } else if variable.bound.boundary == Boundary::Clamp && (variable.bound.low.is_finite() || variable.bound.high.is_finite()) {
            warnings.push(Warning::ClampedBoundary { variable: name.clone() });
        }
        if let Some(nested) = variable.nested.filter(|nested| nested.value > nested.threshold) {
            warnings.push(Warning::RemembersStart { variable: name.clone(), rhat: nested.value, threshold: nested.threshold });
        }
        // Where the exact law is known, its own tests are sharper.
        if reference.is_none() {
            let worst = variable.stein.iter().map(|test| test.z).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
            if worst.abs() > Z_LEVEL {
                warnings.push(Warning::Stein { variable: name, z: worst });
            }
        }
    }
    for fit in fits {
        if fit.ks_p < FIT_LEVEL {
            warnings.push(Warning::Fit { variable: fit.name.clone(), distance: fit.ks, p_value: fit.ks_p });
        }
        if let Some(worst) = fit.basins.iter().max_by(|a, b| a.z.abs().total_cmp(&b.z.abs())).filter(|worst| worst.z.abs() > Z_LEVEL) {
            let (low, high, exact, found) = (worst.low, worst.high, worst.exact, worst.found);
            warnings.push(Warning::BasinMass { variable: fit.name.clone(), low, high, exact, found });
        }
    }
    let info = &annealed.info;
    let updates = (annealed.chain_steps * variables.len() as u64).max(1) as f64;
    if info.truncated > 0 {
        warnings.push(Warning::Truncated { share: info.truncated as f64 / updates });
    }
    if info.refused > 0 {
        warnings.push(Warning::Zeros { share: info.refused as f64 / annealed.chain_steps.max(1) as f64 });
    }
    if let Some((_, position)) = &info.first_non_finite {
        let at: Vec<String> = variables.iter().zip(position).take(4).map(|(v, x)| format!("{} = {x:.6}", v.bound.name)).collect();
        warnings.push(Warning::NonFinite { count: info.non_finite, at: at.join(", ") });
    }
    match reference {
        Some(reference) if !reference.integral.converged => {
            warnings.push(Warning::Reference { relative_error: reference.integral.relative_error });
        }
        None if variables.iter().all(|variable| variable.nested.is_none()) => warnings.push(Warning::OnePoint),
        _ => {}
    }
    let because = match (reference, fits.first()) {
        (Some(_), Some(fit)) => format!("compared with the exact law: KS p = {}", probability(fit.ks_p)),
        _ => {
            let worst = variables.iter().flat_map(|v| v.stein).map(|test| test.z.abs()).fold(0.0, f64::max);
            let rhat = variables.iter().filter_map(|v| v.nested).map(|nested| nested.value).fold(f64::NAN, f64::max);
            format!("no exact law to compare with; Stein identities: largest |z| = {worst:.1}; memory of the start: nested R-hat {rhat:.3}")
        }
    };
    if let Some(reason) = no_reference {
        warnings.push(Warning::NoReference { reason });
    }
    Verdict::new(warnings, because)
}
