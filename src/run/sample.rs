//! The line from a question to an answer: law, plan, draws, figures, verdict.

use super::advice::explain_failure;
use super::answer::Run;
use super::choice::{A_MOMENT, Choice, choose, may_begin_with_population};
use super::drawn::Drawn;
use super::figures::Figures;
use super::judge::{Case, Trust, Verdict, Warning, Weight, judge};
use super::law::Law;
use super::memory;
use super::population::{Attempt, population};
use super::question::Question;
use super::samplers::Sampler;
use super::settings::Sampling;
use crate::density::{LogDensity, Model};
use crate::error::Result;
use crate::proof::inspect;
use crate::sampler::{Control, Course, Stage, on_threads};

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
    let reason = match begin(question, &law)? {
        Begun::Arrived(found) => return Ok(run(question, law, *found)),
        Begun::Instead(reason) => reason,
    };
    let choice = choose(question, &law)?;
    let mut found = judged(question, &law, choice.clone())?;
    let mut last = choice;
    while let Some(next) = Some(&last)
        .filter(|_| question.settings.sampler == Sampler::Auto)
        .and_then(|last| last.second(&found.drawn, &found.verdict, question.density))
    {
        let again = judged(question, &law, next.clone())?;
        // What ends with less trust than before was not worth it.
        if again.verdict.trust != Trust::No || found.verdict.trust == Trust::No {
            found = again;
        }
        last = next;
    }
    if let (Some(reason), Some(why)) = (reason, &mut found.why) {
        *why = format!("{reason}; {why}; --sampler sgld insists");
    }
    Ok(run(question, law, found))
}

/// Draws of one sampler, and what is to be said of them.
struct Judged {
    sampler: Sampler,
    why: Option<String>,
    drawn: Drawn,
    figures: Figures,
    verdict: Verdict,
}

/// What came of the population that `auto` begins with.
enum Begun {
    Arrived(Box<Judged>),
    /// Another sampler draws; why, if a population was thought of.
    Instead(Option<String>),
}

fn begin(question: &Question, law: &Law) -> Result<Begun> {
    if !may_begin_with_population(question, law) {
        return Ok(Begun::Instead(None));
    }
    let drawn = match population(question, law, Sampler::Sgld, A_MOMENT)? {
        Attempt::TooFar { steps } if steps.is_finite() => {
            return Ok(Begun::Instead(Some(format!("sgld would need {steps:.1e} steps here"))));
        }
        Attempt::TooFar { .. } => return Ok(Begun::Instead(Some("sgld does not arrive here".into()))),
        Attempt::Drawn(drawn) => *drawn,
    };
    let found = conclude(question, law, Sampler::Sgld, None, drawn);
    // Who asks for few chains has few, whoever draws them; who ends a run has what there is.
    let is_grave = |warning: &&Warning| warning.weight() > Weight::Note && warning.kind() != "few_effective";
    let grave = found.verdict.warnings.iter().find(is_grave).filter(|_| found.drawn.complete);
    Ok(match grave {
        None => Begun::Arrived(Box::new(found)),
        Some(warning) => Begun::Instead(Some(format!("draws of sgld were wrong here ({})", warning.kind()))),
    })
}

fn judged(question: &Question, law: &Law, choice: Choice) -> Result<Judged> {
    let (sampler, why) = (choice.sampler, choice.why.clone());
    question.control.enter(Stage::Sampling);
    let drawn = draw(question, law, choice)?;
    Ok(conclude(question, law, sampler, why, drawn))
}

/// From draws to a verdict.
fn conclude(question: &Question, law: &Law, sampler: Sampler, why: Option<String>, mut drawn: Drawn) -> Judged {
    question.control.enter(Stage::Judging);
    question.control.keep(&drawn.draws);
    let figures = Figures::of(question, law, &mut drawn);
    let verdict = judge(&Case { question, law, sampler, drawn: &drawn, figures: &figures });
    Judged { sampler, why, drawn, figures, verdict }
}

/// The answer.
fn run(question: &Question, law: Law, judged: Judged) -> Run {
    let Judged { sampler, why, drawn, figures, verdict } = judged;
    let Question { settings, .. } = question;
    Run {
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
    }
}

fn draw(question: &Question, law: &Law, choice: Choice) -> Result<Drawn> {
    match choice.facts.course {
        _ if question.settings.batch.is_some() || choice.has_replicas => {
            super::minibatch::minibatch(question, choice.sampler, choice.facts)
        }
        Course::Law => super::exact::exact(question, law),
        Course::Chains | Course::Ladder => super::chained::chained(question, law, choice),
        Course::Population => match population(question, law, choice.sampler, f64::INFINITY)? {
            Attempt::Drawn(drawn) => Ok(*drawn),
            Attempt::TooFar { steps } => unreachable!("a population without a limit was refused {steps} steps"),
        },
    }
}
