//! Which sampler draws, and what a look at the problem has learned for it.

use super::drawn::Drawn;
use super::judge::{Trust, Verdict};
use super::law::Law;
use super::question::Question;
use super::samplers::Sampler;
use super::settings::Sampling;
use super::starts::{Beginning, affordable_chains, beginning};
use crate::density::{Boundary, LogDensity};
use crate::error::{Error, ErrorKind, Result};
use crate::sampler::{Batches, Course, Facts, Mams};

#[derive(Clone)]
pub(super) struct Choice {
    pub(super) sampler: Sampler,
    pub(super) facts: &'static Facts,
    /// Why, if the sampler was left to the problem.
    pub(super) why: Option<String>,
    /// Where chains begin, if a search found that.
    pub(super) beginning: Option<Beginning>,
    /// Whether a ladder of temperatures is drawn without a Metropolis test.
    pub(super) has_replicas: bool,
    /// Whether chains take shorter steps than is usual, of many lengths.
    pub(super) careful: bool,
}

/// Updates of a coordinate that a population may take where nobody asks for one: about 0.2 s of work.
pub(super) const A_MOMENT: f64 = 3e7;

/// Whether `auto` begins with an annealed population: in one variable, whose exact law tells whether it arrived, where nobody sets what only
/// chains have. In several the law of each variable would not tell a wrong joint law.
pub(super) fn may_begin_with_population(question: &Question, law: &Law) -> bool {
    let Question { density, model, settings, .. } = *question;
    let is_for_chains = settings.warmup.is_some()
        || settings.draws.is_some()
        || settings.thin.is_some()
        || settings.target_acceptance.is_some()
        || settings.rungs.is_some()
        || settings.batch.is_some()
        || !settings.until.is_empty();
    let is_known = law.reference.as_ref().is_some_and(|reference| reference.integral.converged);
    let has_jumps = model.is_none_or(|model| !model.jumps().is_empty());
    let is_transformed = density.bounds().iter().any(|bound| bound.boundary == Boundary::Transform);
    settings.sampler == Sampler::Auto
        && !asks_for_population(density, settings)
        && is_known
        && !is_for_chains
        && !has_jumps
        && !is_transformed
}

/// Whether something is asked for that only a population has: a film, or false mass at the ends.
fn asks_for_population(density: &dyn LogDensity, settings: &Sampling) -> bool {
    settings.frames > 0 || density.bounds().iter().any(|bound| bound.boundary == Boundary::Clamp)
}

pub(super) fn choose(question: &Question, law: &Law) -> Result<Choice> {
    let Question { density, settings, .. } = *question;
    let chosen = match settings.sampler {
        Sampler::Auto if asks_for_population(density, settings) && settings.batch.is_none() => Sampler::Sgld,
        chosen => chosen,
    };
    let has_law = law.reference.is_some() || law.joint().is_some();
    let (mut sampler, mut why) = chosen.resolved(density.dimension(), has_law, settings.batch.is_some());
    if chosen == Sampler::Auto && sampler == Sampler::Mams && question.model.is_some_and(|model| !model.jumps().is_empty()) {
        (sampler, why) = (Sampler::Rwm, Some("the density jumps, and a gradient sees nothing of that"));
    }
    let chains = settings.chains.unwrap_or_else(|| affordable_chains(density));
    let beginning = beginning(density, sampler, chains, settings)?;
    if let (Sampler::Auto, Some(found)) = (chosen, &beginning) {
        if found.separate {
            (sampler, why) = (Sampler::Tempering, Some("several modes with valleys between them: a ladder crosses, and gives Z"));
        } else if found.nearly_normal {
            (sampler, why) = (Sampler::Pcn, Some("nearly normal: proposals are independent draws, and cost no gradients"));
        }
    }
    let beginning = beginning.filter(|_| sampler != Sampler::Tempering);
    let Some(facts) = sampler.facts() else { unreachable!("`auto` stands for another") };
    if settings.rungs.is_some() && !facts.has_rungs {
        return Err(Error::new(ErrorKind::Setting, format!("{sampler} has no --rungs")).hint("--sampler tempering, sgld and lm have"));
    }
    match (settings.batch.is_some(), facts.batches) {
        (true, Batches::Never) => {
            return Err(Error::new(ErrorKind::Setting, format!("{sampler} needs the density of all rows"))
                .hint("for --batch use --sampler sgld, lm, sghmc or sgnht; sgld and lm with --rungs for several modes"));
        }
        (false, Batches::Needed) => {
            return Err(Error::new(
                ErrorKind::Setting,
                format!("{sampler} is for gradients from a few rows of the data, and corrects their noise"),
            )
            .hint("--batch N; with the whole density --sampler mams is as fast and exact"));
        }
        _ => {}
    }
    let has_replicas = settings.rungs.is_some() && facts.course == Course::Population;
    Ok(Choice { sampler, facts, why: why.map(str::to_string), beginning, has_replicas, careful: false })
}

/// Warnings that a shorter step may answer.
const OF_LONG_STEPS: [&str; 7] = ["frozen", "apart", "rhat", "few_effective", "divergences", "energy_fraction", "acceptance"];
/// Operations of all gradients of a run that is made again with shorter steps, which takes about three times as many: some seconds.
const AFFORDABLE: f64 = 2e10;

impl Choice {
    /// What draws instead of this choice of `auto` if its draws refute it: gradients for proposals that are stuck, then shorter steps of many
    /// lengths for chains that are.
    pub(super) fn second(&self, drawn: &Drawn, verdict: &Verdict, density: &dyn LogDensity) -> Option<Choice> {
        if !drawn.complete || verdict.trust == Trust::Yes {
            return None;
        }
        let (sampler, facts) = (Sampler::Mams, &Mams::FACTS);
        let next = |why: &str, careful: bool| {
            let beginning = self.beginning.clone();
            Some(Choice { sampler, facts, why: Some(why.to_string()), beginning, has_replicas: false, careful })
        };
        match self.sampler {
            Sampler::Pcn if self.beginning.is_some() => next("proposals from the normal law at its mode were stuck in its tails", false),
            Sampler::Mams if !self.careful => {
                let has_stuck = verdict.warnings.iter().any(|warning| OF_LONG_STEPS.contains(&warning.kind()));
                let work = drawn.gradients as f64 * density.operations() as f64;
                let answer = has_stuck && work < AFFORDABLE;
                answer.then(|| next("chains were stuck: shorter steps, of many lengths", true)).flatten()
            }
            _ => None,
        }
    }
}
