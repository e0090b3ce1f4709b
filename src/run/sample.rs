//! The line from a question to an answer: law, plan, draws, figures, verdict.

use super::advice::explain_failure;
use super::answer::Run;
use super::choice::{Choice, choose};
use super::drawn::Drawn;
use super::figures::Figures;
use super::judge::{Case, Trust, Verdict, judge};
use super::law::Law;
use super::memory;
use super::question::Question;
use super::settings::{Sampler, Sampling};
use crate::density::{LogDensity, Model};
use crate::error::Result;
use crate::proof::inspect;
use crate::sampler::{Control, Stage, on_threads};

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
    memory::check(settings, model.dimension())?;
    on_threads(settings.threads, || sample_here(model, settings, control))?
}

fn sample_here(model: &Model, settings: &Sampling, control: &Control) -> Result<Run> {
    let mut wild = None;
    // It would go through all rows for hundreds of places.
    if settings.batch.is_none() {
        let inspection = inspect(model);
        inspection.refuse(model)?;
        wild = inspection.wild(model);
    }
    let question = Question { density: model, model: Some(model), wild: wild.as_deref(), settings, control };
    answer(&question).map_err(|error| explain_failure(model, error))
}

/// Samples any [`LogDensity`].
///
/// # Errors
/// Kinds `infinite_Z`, `zero_density`, `domain`, `setting`.
pub fn sample_density(density: &dyn LogDensity, settings: &Sampling, control: &Control) -> Result<Run> {
    settings.check()?;
    memory::check(settings, density.dimension())?;
    on_threads(settings.threads, || answer(&Question { density, model: None, wild: None, settings, control }))?
}

fn answer(question: &Question) -> Result<Run> {
    let law = Law::of(question)?;
    question.control.enter(Stage::Sampling);
    let choice = choose(question, &law)?;
    let second = choice.second(question.settings.sampler);
    let mut found = judged(question, &law, choice)?;
    if let Some(second) = second.filter(|_| found.drawn.complete && found.verdict.trust != Trust::Yes) {
        found = judged(question, &law, second)?;
    }
    let Judged { sampler, why, drawn, figures, verdict } = found;
    let Question { settings, .. } = question;
    Ok(Run {
        sampler,
        why,
        method: drawn.method,
        draws: drawn.draws,
        chain_steps: drawn.chain_steps,
        gradients: drawn.gradients,
        complete: drawn.complete,
        seed: settings.seed,
        threads: settings.threads,
        reference: law.reference,
        evidence: law.evidence,
        variables: figures.variables,
        fits: figures.fits,
        until: drawn.until,
        discrepancy: figures.discrepancy,
        verdict,
    })
}

/// Draws of one sampler, and what is to be said of them.
struct Judged {
    sampler: Sampler,
    why: Option<&'static str>,
    drawn: Drawn,
    figures: Figures,
    verdict: Verdict,
}

fn judged(question: &Question, law: &Law, choice: Choice) -> Result<Judged> {
    let (sampler, why) = (choice.sampler, choice.why);
    question.control.enter(Stage::Sampling);
    let mut drawn = draw(question, law, choice)?;
    question.control.enter(Stage::Judging);
    question.control.keep(&drawn.draws);
    let figures = Figures::of(question, law, &mut drawn);
    let verdict = judge(&Case { question, law, sampler, drawn: &drawn, figures: &figures });
    Ok(Judged { sampler, why, drawn, figures, verdict })
}

fn draw(question: &Question, law: &Law, choice: Choice) -> Result<Drawn> {
    match choice.sampler {
        _ if question.settings.batch.is_some() || choice.has_replicas => super::minibatch::minibatch(question, choice.sampler),
        Sampler::Exact => super::exact::exact(question, law),
        sampler if sampler.is_chained() => super::chained::chained(question, law, choice),
        sampler => super::population::population(question, law, sampler),
    }
}
