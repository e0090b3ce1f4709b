//! A density to draws and a verdict: look, refer, plan, run, compare, judge.

use super::chained::ChainFigures;
use super::chained::{FEW, WarmedUp, affordable_chains};
use super::minibatch::BatchFigures;
use super::modes::first_look;
use super::plan::Plan;
use super::settings::{Init, Sampler, Sampling};
use super::summary::{Fit, VariableSummary, fit, fit_marginal};
use super::until::Progress;
use super::verdict::{Trust, Verdict, Warning};
use crate::density::{LogDensity, Model};
use crate::diagnostics::{SteinDiscrepancy, largest_of};
use crate::error::{Error, ErrorKind, Result};
use crate::math::log;
use crate::proof::inspect;
use crate::quadrature::{CERTIFY, Evidence, Integral, Marginal, Reference, Tolerance, certified, evidence_at_a_glance, reference};
use crate::sampler::{
    Control, Draws, Film, MetricKind, NearlyNormal, Population, Stage, counted, initial_positions, nearly_normal, on_threads,
};

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// What ran.
    pub sampler: Sampler,
    /// Why, if the sampler was left to the problem.
    pub why: Option<&'static str>,
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
            let found = super::tempered::normalizer(ladder?, self.gradients);
            // A Z of draws that are not to be trusted is not, either.
            Some(Integral { converged: found.converged && self.verdict.trust != Trust::No, ..found })
        })
    }

    /// The figures of a run of chains.
    pub fn chains(&self) -> Option<&ChainFigures> {
        match &self.method {
            Method::Chains(figures) => Some(figures),
            _ => None,
        }
    }

    /// The figures of a run over batches of rows.
    pub fn batches(&self) -> Option<&BatchFigures> {
        match &self.method {
            Method::Batches(figures) => Some(figures),
            _ => None,
        }
    }
}

/// Variables up to which a run asks quadrature for their laws.
const SEVERAL: usize = 64;

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
    settings.check()?;
    on_threads(settings.threads, || sample_here(model, settings, control))?
}

fn sample_here(model: &Model, settings: &Sampling, control: &Control) -> Result<Run> {
    // It would go through all rows for hundreds of places.
    if settings.batch.is_none() {
        inspect(model).refuse(model)?;
    }
    let law = if model.dimension() == 1 { certified(model, Tolerance::default(), CERTIFY).map(Law::Line) } else { law_of_several(model) };
    let run = sample_by(model, Some(model), law, settings, control);
    let mut run = run.map_err(|error| super::advice::explain_failure(model, error))?;
    super::advice::advise(model, &mut run);
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
    settings.check()?;
    on_threads(settings.threads, || sample_by(density, None, reference(density, Tolerance::default()).map(Law::Line), settings, control))?
}

/// What quadrature knows of a density.
enum Law {
    Line(Reference),
    Several(Evidence),
}

/// Z and the marginals, if they can be had for little; the only thing that stops a run is a proper reason not to make it.
fn law_of_several(model: &Model) -> Result<Law> {
    if model.rows() > 0 || model.dimension() > SEVERAL {
        let reason = if model.rows() > 0 { "sums over rows of data" } else { "so many variables" };
        return Err(Error::new(ErrorKind::Unsupported, format!("quadrature does not serve {reason}")));
    }
    evidence_at_a_glance(model).map(Law::Several).map_err(|error| match error.kind {
        ErrorKind::InfiniteZ | ErrorKind::Unsupported => error,
        // A search that found nothing; chains search better.
        _ => Error::new(ErrorKind::Unsupported, format!("quadrature found none ({})", error.message)),
    })
}

fn sample_by(density: &dyn LogDensity, model: Option<&Model>, law: Result<Law>, settings: &Sampling, control: &Control) -> Result<Run> {
    let (reference, evidence, no_reference) = match law {
        Ok(Law::Line(reference)) => (Some(reference), None, None),
        Ok(Law::Several(evidence)) => (None, Some(evidence), None),
        Err(error) if error.kind == ErrorKind::Unsupported => (None, None, Some(error.message)),
        Err(error) => return Err(error),
    };
    let chosen = settings.sampler;
    let (mut sampler, mut why) = chosen.resolved(density.dimension(), reference.is_some(), settings.batch.is_some());
    control.enter(Stage::Sampling);
    let nearly_normal = likeness(density, sampler, settings)?;
    let mut warmed_up = None;
    if let Some(found) = nearly_normal {
        if chosen == Sampler::Auto && found.efficiency > ALIKE {
            (sampler, why) = (Sampler::Pcn, Some("data make it nearly normal: proposals are independent draws, and cost no gradients"));
        }
        let NearlyNormal { starts, coordinates, gradients, .. } = found;
        warmed_up = Some(WarmedUp { starts, coordinates, steps: 0, gradients, looked: true });
    } else if chosen == Sampler::Auto && sampler == Sampler::Mams {
        let chains = affordable_chains(density);
        let found = first_look(density, chains, settings.seed, settings.threads, control);
        if found.separate {
            (sampler, why) = (Sampler::Tempering, Some("several modes with valleys between them: a ladder crosses, and gives Z"));
        } else if is_open(settings) {
            warmed_up = found.arrived;
        }
    }
    let replicas = settings.rungs.is_some() && matches!(sampler, Sampler::Sgld | Sampler::Lm);
    if settings.rungs.is_some() && sampler != Sampler::Tempering && !replicas {
        return Err(Error::new(ErrorKind::Setting, format!("{sampler} has no --rungs")).hint("--sampler tempering, sgld and lm have"));
    }
    let problem = Problem { density, settings, sampler, why, reference, evidence, no_reference, warmed_up, model };
    let mut run = match sampler {
        _ if settings.batch.is_some() || replicas => super::minibatch::minibatch(problem, control),
        Sampler::Exact => super::exact::exact(problem, control),
        _ if sampler.is_chained() => super::chained::chained(problem, control),
        _ => super::population::population(problem, control),
    }?;
    // With batches a gradient over all rows is what is too dear.
    if run.reference.is_none() && settings.batch.is_none() {
        super::discrepancy::compare(density, &mut run);
    }
    Ok(run)
}

/// What draws of the normal are worth as draws of the density (see [`NearlyNormal::efficiency`]) where proposals from it beat gradients.
const ALIKE: f64 = 0.5;

/// The normal that the density is like, looked for where rows of data make it likely and other warm-ups dear, and nobody says how to begin.
fn likeness(density: &dyn LogDensity, sampler: Sampler, settings: &Sampling) -> Result<Option<NearlyNormal>> {
    let chains = settings.chains.unwrap_or_else(|| affordable_chains(density));
    if density.rows() == 0
        || chains >= FEW
        || !is_open(settings)
        || settings.batch.is_some()
        || !sampler.is_chained()
        || sampler == Sampler::Tempering
    {
        return Ok(None);
    }
    Ok(nearly_normal(density, &initial_positions(density, settings.seed, chains)?, settings.seed))
}

/// Whether nobody says where chains begin, what they learn or how long.
fn is_open(settings: &Sampling) -> bool {
    settings.init == Init::Auto && settings.metric == MetricKind::Auto && settings.step_size.is_none() && settings.warmup.is_none()
}

/// What every kind of run begins with.
pub(super) struct Problem<'a> {
    pub(super) density: &'a dyn LogDensity,
    pub(super) settings: &'a Sampling,
    pub(super) sampler: Sampler,
    pub(super) why: Option<&'static str>,
    pub(super) reference: Option<Reference>,
    pub(super) evidence: Option<Evidence>,
    pub(super) no_reference: Option<String>,
    /// Chains that a look at the problem has warmed up.
    pub(super) warmed_up: Option<WarmedUp>,
    /// The density again, if a formula says it: things can be proved of it then.
    pub(super) model: Option<&'a Model>,
}

/// The draws of each variable against its exact law, as far as that is known.
pub(super) fn fits(
    reference: Option<&Reference>,
    evidence: Option<&Evidence>,
    variables: &[VariableSummary],
    draws: &Population,
) -> Vec<Fit> {
    if let Some(reference) = reference {
        return vec![fit(&variables[0], reference, draws.column(0))];
    }
    let laws = evidence.map_or(&[][..], |evidence| &evidence.marginals);
    let fit = |(index, (variable, law)): (usize, (&VariableSummary, &Marginal))| fit_marginal(variable, law, draws.column(index));
    variables.iter().zip(laws).enumerate().filter_map(fit).collect()
}

/// The interval that pictures of one variable show.
pub fn view(low: f64, high: f64, reference: &Reference) -> (f64, f64) {
    let (from, to) = reference.effective_range(5e-4);
    let margin = 0.05 * (to - from);
    let finite = low.is_finite() && high.is_finite() && high - low < 3.0 * (to - from);
    if finite { (low, high) } else { ((from - margin).max(low), (to + margin).min(high)) }
}

/// A p-value with two significant digits.
pub(super) fn probability(p: f64) -> String {
    if p >= 0.01 {
        format!("{p:.2}")
    } else if p > 0.0 {
        format!("{p:.0e}")
    } else {
        "0".into()
    }
}

/// p-values below this fail a run: one in a thousand correct runs.
pub(super) const FIT_LEVEL: f64 = 1e-3;
/// z-scores beyond this fail a run: for twenty tests, one in five hundred correct runs.
const Z_LEVEL: f64 = 4.0;

/// What the comparison with the exact law came to, in words; `dimension` is how many variables there are.
pub(super) fn compared(fits: &[Fit], dimension: usize) -> Option<String> {
    let worst = fits.iter().filter(|fit| !fit.ks_p.is_nan()).min_by(|a, b| a.ks_p.total_cmp(&b.ks_p));
    match (fits.len(), worst) {
        (0, _) => None,
        (_, Some(fit)) if dimension == 1 => Some(format!("compared with the exact law: KS p = {}", probability(fit.ks_p))),
        (1, Some(fit)) => Some(format!("compared with the exact law of `{}`: KS p = {}", fit.name, probability(fit.ks_p))),
        (many, Some(fit)) => {
            Some(format!("compared with the exact laws of {many} variables: smallest KS p = {} (`{}`)", probability(fit.ks_p), fit.name))
        }
        (_, None) => {
            let z = fits.iter().map(|fit| fit.z_mean.abs()).fold(0.0, f64::max);
            Some(format!("compared with the exact means: largest |z| = {z:.1}"))
        }
    }
}

/// Draws that do not fit the exact law, as a whole or by the mass of a basin.
pub(super) fn judge_fits(fits: &[Fit], warnings: &mut Vec<Warning>) {
    for fit in fits {
        // Of several variables as many chances to fail by chance.
        let is_far_off = fit.ks_p < FIT_LEVEL / fits.len() as f64;
        if is_far_off {
            warnings.push(Warning::Fit { variable: fit.name.clone(), distance: fit.ks, p_value: fit.ks_p });
        }
        if fit.ks.is_nan() && fit.z_mean.abs() > Z_LEVEL {
            warnings.push(Warning::Moments { variable: fit.name.clone(), z: fit.z_mean });
        }
        // That none of n draws is where λ of them should be has the probability e^−λ. Where all of the draws are off, so are their ends.
        let allowed = log(2.0 * fits.len() as f64 / FIT_LEVEL);
        let ends = fit.extremes.into_iter().zip([false, true]).filter(|((_, expected), _)| *expected > allowed);
        if let Some(((farthest, expected), is_upper)) = ends.max_by(|a, b| a.0.1.total_cmp(&b.0.1)).filter(|_| !is_far_off) {
            warnings.push(Warning::TailCut { variable: fit.name.clone(), farthest, is_upper, expected });
        }
        if let Some(worst) = fit.basins.iter().max_by(|a, b| a.z.abs().total_cmp(&b.z.abs())).filter(|worst| worst.z.abs() > Z_LEVEL) {
            let (low, high, exact, found) = (worst.low, worst.high, worst.exact, worst.found);
            warnings.push(Warning::BasinMass { variable: fit.name.clone(), low, high, exact, found });
        }
    }
}

/// Means that are farther from the exact ones than their own errors know, `draws` of them: tails that are missed move a mean before they
/// move the Kolmogorov-Smirnov distance. For samplers without a bias. No draw counts for more than one: of short chains whose draws balance
/// each other the effective sample size comes out too large.
pub(super) fn judge_means(fits: &[Fit], variables: &[VariableSummary], draws: usize, verdict: &mut Verdict) {
    for fit in fits.iter().filter(|fit| !fit.ks.is_nan()) {
        let least = |variable: &VariableSummary| variable.mcse_mean / variable.mcse_mean.max(variable.sd / (draws as f64).sqrt());
        let z = fit.z_mean * variables.iter().find(|variable| variable.bound.name == fit.name).map_or(1.0, least);
        if z.abs() > largest_of(fits.len()) {
            verdict.add(Warning::Moments { variable: fit.name.clone(), z });
        }
    }
}

/// The identity that the draws break worst, if it is more than chance breaks. For draws without an exact law, whose tests are sharper.
pub(super) fn judge_stein(variables: &[VariableSummary], warnings: &mut Vec<Warning>) {
    let tests = variables.iter().flat_map(|variable| variable.stein.iter().map(move |test| (variable, test.z)));
    let worst = tests.clone().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    if let Some((variable, z)) = worst.filter(|(_, z)| z.abs() > largest_of(tests.count())) {
        warnings.push(Warning::Stein { variable: variable.bound.name.clone(), z });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_that_is_off_is_no_fit_whatever_the_distance_says() {
        let verdict = |z_mean: f64| {
            let fit = Fit {
                name: "x".into(),
                mean: Some(0.0),
                sd: Some(1.0),
                quantiles: [0.0; 5],
                z_mean,
                ks: 0.01,
                ks_p: 0.5,
                wasserstein1: 0.01,
                extremes: [(f64::NAN, f64::NAN); 2],
                basins: Vec::new(),
            };
            let mut verdict = Verdict::new(Vec::new(), String::new());
            judge_means(&[fit], &[], 100, &mut verdict);
            verdict.trust
        };
        // Of one variable the largest is 4.
        assert_eq!([-4.2, 3.8, f64::NAN].map(verdict), [Trust::No, Trust::Yes, Trust::Yes]);
    }
}
