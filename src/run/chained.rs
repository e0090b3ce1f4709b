//! A run of chains: plan it and make it.

use super::choice::Choice;
use super::drawn::{ChainFigures, Drawn, Method};
use super::law::Law;
use super::missed::missed_mode;
use super::question::Question;
use super::samplers::Sampler;
use super::settings::Sampling;
use super::starts::{FEW, FEWEST, affordable_chains, starts};
use super::summary::summaries;
use super::until;
use crate::density::LogDensity;
use crate::diagnostics::{e_bfmi, mean_and_sd, quantile};
use crate::error::{Error, ErrorKind, Result};
use crate::sampler::{
    Barker, Chained, Chaining, Course, Draws, Facts, Hmc, Known, Mala, Mams, Mclmc, Nuts, Pcn, Rounds, Rwm, Stage, sample_rounds,
    sample_tempered,
};

/// Numbers that a run which draws until it has enough may keep, where nobody says: a quarter of a gibibyte.
const NUMBERS: usize = 1 << 25;

/// Draws of each of many chains where nobody says: so many at first, of a tempered run more, and as many as it takes up to the
/// most.
const FIRST: usize = 40;
const MOST: usize = 400;
const TEMPERED: usize = 100;
/// The most draws of few chains together: an R-hat below 1.01 of each variable takes an ESS near a hundred of each half of a chain.
const FEW_DRAWS: usize = 8000;

/// The acceptance that chains are tuned to where the usual one has left some of them stuck.
const CAREFUL: f64 = 0.97;

/// Steps of warm-up where many chains learn together; most densities take a third of them.
const WARMUP: usize = 300;

pub(super) fn chained(question: &Question, law: &Law, choice: Choice) -> Result<Drawn> {
    let Question { density, settings, control, .. } = *question;
    let Choice { sampler, facts, beginning, careful, .. } = choice;
    let (chains, mut plan) = plan(facts, density, settings)?;
    if careful {
        (plan.varied, plan.target_acceptance) = (true, plan.target_acceptance.or(Some(CAREFUL)));
    }
    let known = beginning.as_ref().map(|found| Known { coordinates: &found.coordinates, settled: found.settled });
    let starts = match &beginning {
        Some(found) => found.starts.clone(),
        None => starts(density, settings, chains)?,
    };
    let level = density.level();
    until::check(&settings.until, density.bounds())?;
    let asked = |draws: &Draws| {
        control.keep(draws);
        until::growth(&until::progress(&settings.until, density.bounds(), draws))
    };
    let most = plan.draws;
    let judged = until::Judged::default();
    let usual = |draws: &Draws| {
        control.keep(draws);
        judged.growth(summaries(density.bounds(), draws, None, settings.threads), draws, most)
    };
    let first = if facts.course == Course::Ladder {
        TEMPERED
    } else if chains < FEW {
        100
    } else {
        FIRST
    };
    let rounds = match (settings.until.is_empty(), settings.draws) {
        (false, _) => Some(Rounds { first: first.min(most), growth: &asked }),
        (true, None) => Some(Rounds { first, growth: &usual }),
        _ => None,
    };
    let mut ladder = None;
    let mut chained = match sampler {
        Sampler::Tempering => sample_tempered(density, &plan, settings.rungs, &starts, rounds, control).map(|found| {
            ladder = Some(found.ladder);
            found.chained
        }),
        Sampler::Rwm => sample_rounds(density, &Rwm { level }, &plan, &starts, known, rounds, control),
        Sampler::Pcn => sample_rounds(density, &Pcn { level }, &plan, &starts, known, rounds, control),
        Sampler::Mala => sample_rounds(density, &Mala { level }, &plan, &starts, known, rounds, control),
        Sampler::Barker => sample_rounds(density, &Barker { level }, &plan, &starts, known, rounds, control),
        Sampler::Hmc => sample_rounds(density, &Hmc { level }, &plan, &starts, known, rounds, control),
        Sampler::Mams => sample_rounds(density, &Mams { level }, &plan, &starts, known, rounds, control),
        Sampler::Mclmc => sample_rounds(density, &Mclmc { level }, &plan, &starts, known, rounds, control),
        _ => sample_rounds(density, &Nuts::new(level), &plan, &starts, known, rounds, control),
    }?;
    control.enter(Stage::Judging);
    let looked = beginning.as_ref().is_some_and(|found| found.settled);
    chained.warmup_gradients += beginning.map_or(0, |found| found.gradients);
    if chained.draws.draws() == 0 {
        return Err(Error::new(ErrorKind::Setting, "ended during warm-up: nothing was drawn").hint("a shorter --warmup draws earlier"));
    }
    (plan.draws, plan.warmup) = (chained.wanted, chained.warmup);
    let target_acceptance = settings.target_acceptance.or(facts.target_acceptance);
    let figures = ChainFigures { ladder, target_acceptance, ..figures(&chained, plan, facts.resamples_momentum) };
    // Climbs from far away have ended where the draws are: scouts would tell no more.
    let is_open = law.reference.is_none() && !looked;
    Ok(Drawn {
        known: judged.after(chained.draws.draws()),
        starts: None,
        wanted: chained.wanted,
        complete: chained.complete,
        chain_steps: chained.chain_steps,
        last_steps: chained.chain_steps,
        gradients: chained.warmup_gradients + chained.gradients,
        until: until::progress(&settings.until, density.bounds(), &chained.draws),
        missed: if is_open { missed_mode(density, &chained, settings.seed) } else { None },
        met: None,
        step_bias: None,
        method: Method::Chains(figures),
        draws: chained.draws,
    })
}

/// How many chains, and their settings. A block of chains is the default: they cost little more than one. What one step of a kernel
/// forgets decides how many lie between two draws.
fn plan(facts: &Facts, density: &dyn LogDensity, settings: &Sampling) -> Result<(usize, Chaining)> {
    let sampler = facts.name;
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
    facts.check(density.bounds())?;
    if facts.target_acceptance.is_none() && settings.target_acceptance.is_some() {
        return refuse(format!("{sampler} accepts every step"), "--sampler mams, which has a Metropolis test");
    }
    if settings.temperature.is_some_and(|temperature| temperature != 1.0) || settings.final_temperature.is_some_and(|last| last != 1.0) {
        return refuse(
            format!("{sampler} samples at temperature 1"),
            "temperatures are for the annealed --sampler sgld, psgld, lm and underdamped",
        );
    }
    if settings.steps.is_some() {
        return refuse(format!("{sampler} has no --steps"), "use --warmup, --draws and --thin");
    }
    let rows = density.rows();
    let chains = settings.chains.unwrap_or_else(|| affordable_chains(density));
    let few = chains < FEW;
    let defaults = Chaining::default();
    let plan = Chaining {
        warmup: settings.warmup.unwrap_or(match (few, rows) {
            (true, 0) => 1000,
            (true, _) => 300,
            (false, _) => WARMUP,
        }),
        draws: settings.draws.unwrap_or(match (few, settings.until.is_empty()) {
            (true, true) => (FEW_DRAWS / chains.max(1)).clamp(100, FEW_DRAWS / FEWEST),
            (false, true) => (NUMBERS / (chains * (density.dimension() + 3)).max(1)).clamp(FIRST, MOST),
            (_, false) => (NUMBERS / (chains * (density.dimension() + 3)).max(1)).clamp(1000, 100_000),
        }),
        thin: settings.thin.unwrap_or(facts.thin),
        step_size: settings.step_size.unwrap_or(defaults.step_size),
        fixed_step_size: settings.step_size.is_some(),
        target_acceptance: settings.target_acceptance,
        metric: settings.metric,
        seed: settings.seed,
        threads: settings.threads,
        ..defaults
    };
    Ok((chains, plan))
}

fn figures(chained: &Chained, settings: Chaining, has_momentum: bool) -> ChainFigures {
    let statistics = &chained.statistics;
    let mut fractions: Vec<f64> = match chained.draws.draws() {
        draws if has_momentum && draws > 3 => statistics.energy.chunks(draws).map(e_bfmi).collect(),
        _ => Vec::new(),
    };
    fractions.sort_by(f64::total_cmp);
    ChainFigures {
        settings,
        step_size: chained.step_size,
        metric: chained.coordinates.metric.describe(),
        acceptance: mean_and_sd(&statistics.acceptance).0,
        divergences: statistics.divergent.iter().sum::<f64>() as usize,
        divergent: (0..statistics.divergent.len()).filter(|&draw| statistics.divergent[draw] > 0.0).collect(),
        e_bfmi: quantile(&fractions, 0.5),
        warmup_gradients: chained.warmup_gradients,
        ladder: None,
        target_acceptance: None,
    }
}
