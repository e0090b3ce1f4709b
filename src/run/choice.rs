//! Which sampler draws, and what a look at the problem has learned for it.

use super::law::Law;
use super::modes::first_look;
use super::question::Question;
use super::settings::{Init, Sampler, Sampling};
use super::starts::{FEW, WarmedUp, affordable_chains};
use crate::density::LogDensity;
use crate::error::{Error, ErrorKind, Result};
use crate::random::Stage;
use crate::sampler::{MetricKind, NearlyNormal, initial_positions, nearly_normal};

pub(super) struct Choice {
    pub(super) sampler: Sampler,
    /// Why, if the sampler was left to the problem.
    pub(super) why: Option<&'static str>,
    /// Chains that a look at the problem has warmed up.
    pub(super) warmed_up: Option<WarmedUp>,
    /// Whether a ladder of temperatures is drawn without a Metropolis test.
    pub(super) has_replicas: bool,
}

pub(super) fn choose(question: &Question, law: &Law) -> Result<Choice> {
    let Question { density, settings, control, .. } = *question;
    let chosen = settings.sampler;
    let (mut sampler, mut why) = chosen.resolved(density.dimension(), law.reference.is_some(), settings.batch.is_some());
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
    let has_replicas = settings.rungs.is_some() && matches!(sampler, Sampler::Sgld | Sampler::Lm);
    if settings.rungs.is_some() && sampler != Sampler::Tempering && !has_replicas {
        return Err(Error::new(ErrorKind::Setting, format!("{sampler} has no --rungs")).hint("--sampler tempering, sgld and lm have"));
    }
    Ok(Choice { sampler, why, warmed_up, has_replicas })
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
    Ok(nearly_normal(density, &initial_positions(density, Stage::Normal.of(settings.seed), chains)?, settings.seed))
}

/// Whether nobody says where chains begin, what they learn or how long.
fn is_open(settings: &Sampling) -> bool {
    settings.init == Init::Auto && settings.metric == MetricKind::Auto && settings.step_size.is_none() && settings.warmup.is_none()
}
