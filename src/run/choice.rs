//! Which sampler draws, and what a look at the problem has learned for it.

use super::law::Law;
use super::question::Question;
use super::settings::Sampler;
use super::starts::{Beginning, affordable_chains, beginning};
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Choice {
    pub(super) sampler: Sampler,
    /// Why, if the sampler was left to the problem.
    pub(super) why: Option<&'static str>,
    /// Where chains begin, if a search found that.
    pub(super) beginning: Option<Beginning>,
    /// Whether a ladder of temperatures is drawn without a Metropolis test.
    pub(super) has_replicas: bool,
}

pub(super) fn choose(question: &Question, law: &Law) -> Result<Choice> {
    let Question { density, settings, .. } = *question;
    let chosen = settings.sampler;
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
    let has_replicas = settings.rungs.is_some() && matches!(sampler, Sampler::Sgld | Sampler::Lm);
    if settings.rungs.is_some() && sampler != Sampler::Tempering && !has_replicas {
        return Err(Error::new(ErrorKind::Setting, format!("{sampler} has no --rungs")).hint("--sampler tempering, sgld and lm have"));
    }
    Ok(Choice { sampler, why, beginning, has_replicas })
}

impl Choice {
    /// What draws instead if the first draws refute this choice.
    pub(super) fn second(&self, chosen: Sampler) -> Option<Choice> {
        let beginning = self.beginning.clone().filter(|_| chosen == Sampler::Auto && self.sampler == Sampler::Pcn)?;
        let why = Some("proposals from the normal law at its mode were stuck in its tails");
        Some(Choice { sampler: Sampler::Mams, why, beginning: Some(beginning), has_replicas: false })
    }
}
