//! An annealed population: the metric it steps in, and the run.

use std::sync::atomic::Ordering;

use super::drawn::{Drawn, Met, Method};
use super::law::{Law, view};
use super::pilot::{Pilot, pilot};
use super::plan::{Plan, RELAXATIONS, affordable_steps, plan};
use super::question::Question;
use super::samplers::Sampler;
use super::settings::{Init, Sampling};
use super::starts::affordable_chains;
use crate::density::LogDensity;
use crate::diagnostics::nested_rhat;
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, log};
use crate::proof::curvature;
use crate::quadrature::Reference;
use crate::random::Stage;
use crate::sampler::{
    Annealed, Annealing, Arrival, Chaining, Control, FilmPlan, Lm, Metric, MetricKind, Population, Psgld, Sgld, Shot, Underdamped,
    Whitened, anneal, arrive, initial_positions, nearly_normal,
};

/// Bins of an animation's histogram.
const FILM_BINS: usize = 100;
/// Particles of an animation in two dimensions.
const FILM_PARTICLES: usize = 1500;

/// Steps in which a population that is to learn the metric has to arrive.
const WAY: usize = 800;

/// How often a run that remembers its start is made again at most, and of how many times as many steps this may take: one that has not begun
/// to forget says nothing of how long it would take.
const AGAIN: usize = 2;
const HOPE: f64 = 8.0;

/// How many times smaller than the variables' the condition number of the metric's coordinates has to be: a metric helps where the density
/// is stretched; where it is bent, all directions come out as wide, and the way along the bend is longer than a variance says.
const WORTH_A_METRIC: f64 = 10.0;

/// The density in coordinates that suit it.
struct Learned<'a> {
    seen: Whitened<'a>,
    pilot: Pilot,
}

/// The density by the metric of a population that has arrived there, or of its mode where rows make gradients dear; `None` where the variables
/// themselves do; and the gradients that it took to know. Nothing is learned for those who say how long steps are, unless they ask for it:
/// their step sizes are in units of the variables.
///
/// # Errors
/// Kind `setting` for a metric that was asked for and cannot be had.
fn learned<'a>(
    density: &'a dyn LogDensity,
    sampler: Sampler,
    settings: &Sampling,
    plain: &Pilot,
    control: &Control,
) -> Result<(Option<Learned<'a>>, u64)> {
    let is_asked_for = !matches!(settings.metric, MetricKind::Auto | MetricKind::Identity);
    let is_open = settings.metric == MetricKind::Auto && settings.step_size.is_none() && settings.final_step_size.is_none();
    if sampler == Sampler::Psgld && is_asked_for {
        return Err(Error::new(ErrorKind::Setting, "psgld learns scales of its own and has no --metric").hint("--sampler sgld has"));
    }
    // Of a unit Gaussian it is 1: no metric makes it less.
    let may_be_worth_it = is_open && plain.condition_number() > WORTH_A_METRIC;
    if !(is_asked_for || may_be_worth_it) || density.dimension() < 2 || sampler == Sampler::Psgld {
        return Ok((None, 0));
    }
    let found = if density.rows() > 0 { metric_of_mode(density, settings) } else { metric_of_population(density, settings, control) };
    let Some((metric, gradients)) = found else {
        if is_asked_for && !control.stop.load(Ordering::Relaxed) {
            let message =
                "no metric could be learned: chains have not arrived where the density has its mass, or rows of data go with ranges";
            return Err(Error::new(ErrorKind::Setting, message).hint("--metric identity, or --sampler nuts, which warms up longer"));
        }
        return Ok((None, 0));
    };
    let seen = Whitened::new(density, metric);
    let pilot = pilot(&seen, Stage::Metric.of(settings.seed));
    let is_worth_it = WORTH_A_METRIC * pilot.condition_number() < plain.condition_number();
    Ok(((is_asked_for || is_worth_it).then_some(Learned { seen, pilot }), gradients))
}

/// Whether no variable has an end.
fn is_free(density: &dyn LogDensity) -> bool {
    density.bounds().iter().all(|bound| bound.low == f64::NEG_INFINITY && bound.high == f64::INFINITY)
}

fn metric_of_mode(density: &dyn LogDensity, settings: &Sampling) -> Option<(Metric, u64)> {
    let chains = affordable_chains(density);
    let seed = Stage::Metric.of(settings.seed);
    let starts = initial_positions(density, seed, chains).ok()?;
    let found = nearly_normal(density, &starts, chains, seed).filter(|_| is_free(density))?;
    Some((found.coordinates.metric, found.gradients * chains as u64))
}

fn metric_of_population(density: &dyn LogDensity, settings: &Sampling, control: &Control) -> Option<(Metric, u64)> {
    let Sampling { threads, metric, .. } = *settings;
    let seed = Stage::Metric.of(settings.seed);
    let starts = initial_positions(density, seed, LANES).ok()?;
    let way = Chaining { warmup: WAY, metric, seed, threads, ..Chaining::default() };
    let found = arrive(density, &way, &starts, control);
    // These steps are no part of the run.
    control.chain_steps.store(0, Ordering::Relaxed);
    let Arrival { positions, coordinates, gradients } = found.ok()??;
    let metric = if is_free(density) { coordinates.metric } else { powers_of_two(&positions) };
    Some((metric, gradients))
}

/// The scales of the variables to a power of two: an end is the same number on the way there and back.
fn powers_of_two(population: &Population) -> Metric {
    let scale = |column: &Vec<f64>| {
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / column.len() as f64;
        // The exponent alone.
        if variance.is_normal() { f64::from_bits(variance.sqrt().to_bits() & f64::INFINITY.to_bits()) } else { 1.0 }
    };
    let scales: Vec<f64> = population.columns().iter().map(scale).collect();
    Metric::diagonal(vec![0.0; scales.len()], &scales)
}

/// What came of a population that may spend so much.
pub(super) enum Attempt {
    Drawn(Box<Drawn>),
    /// It would take so many steps, and was not begun.
    TooFar {
        steps: f64,
    },
}

/// Draws unless the plan needs more than `most` updates of a coordinate.
pub(super) fn population(question: &Question, law: &Law, sampler: Sampler, most: f64) -> Result<Attempt> {
    let Question { density, model, settings, control, .. } = *question;
    let reference = law.reference.as_ref();
    if let Some(facts) = sampler.facts() {
        facts.check(density.bounds())?;
    }
    if !settings.until.is_empty() {
        let message = format!("{sampler} has one draw a chain and cannot draw on: --until is for chains");
        return Err(Error::new(ErrorKind::Setting, message)
            .hint("--sampler nuts draws until it has enough; of a population, the error of a mean is sd/sqrt(chains): raise --chains"));
    }
    let point = settings.init.point(density.bounds())?;
    let plain = pilot(density, settings.seed);
    let (learned, gradients) = learned(density, sampler, settings, &plain, control)?;
    let (target, plan) = match &learned {
        Some(Learned { seen, pilot }) => {
            let init = point.map_or_else(|| settings.init.clone(), |point| Init::Point(seen.whiten(&point)));
            let plan = plan(seen, None, pilot, None, &Sampling { init, ..settings.clone() })?;
            (seen as &dyn LogDensity, Plan { metric: seen.coordinates().metric.clone(), ..plan })
        }
        None => (density, plan(density, reference, &plain, model.map(curvature).as_ref(), settings)?),
    };
    let updates = |steps: f64| steps * (plan.annealing.chains * density.dimension()) as f64;
    let steps = settings.steps.map_or(plan.wanted_steps, |steps| steps as f64);
    if most.is_finite() && (updates(steps).is_nan() || updates(steps) > most) {
        return Ok(Attempt::TooFar { steps });
    }
    let seen = learned.as_ref().map(|learned| &learned.seen);
    let (mut plan, mut shorter, mut chain_steps, mut runs) = (plan, None, 0, 0);
    let (plan, annealed, complete) = loop {
        let film = (settings.frames > 0).then(|| FilmPlan {
            coordinates: seen.map(|seen| seen.coordinates().clone()),
            ..film_plan(density, reference, &plan, settings.frames)
        });
        control.chain_steps.store(0, Ordering::Relaxed);
        let found = run(target, sampler, &plan, film, control)?;
        (chain_steps, runs) = (chain_steps + found.chain_steps, runs + 1);
        let found = match seen {
            Some(seen) => in_variables(seen, found),
            None => found,
        };
        let complete = found.complete;
        if let (false, Some((plan, found))) = (complete, shorter.take()) {
            // One that is still hot, or at long steps, is worth less than a shorter one that came to its end.
            break (plan, found, complete);
        }
        let is_planned = settings.steps.is_none() && reference.is_none() && complete && runs <= AGAIN;
        let longer = if is_planned { longer(density, &plan, &found) } else { None };
        match longer {
            Some(longer) => shorter = Some((std::mem::replace(&mut plan, longer), found)),
            None => break (plan, found, complete),
        }
    };
    let Annealed { starts, draws, film, info, chain_steps: last_steps, .. } = annealed;
    Ok(Attempt::Drawn(Box::new(Drawn {
        method: Method::Population { plan: Box::new(plan), film },
        draws: draws.into(),
        starts: Some(starts),
        wanted: 1,
        complete,
        chain_steps,
        last_steps,
        gradients: chain_steps + gradients,
        known: None,
        until: Vec::new(),
        missed: None,
        met: Some(Met {
            steps: last_steps,
            truncated: info.truncated,
            refused: info.refused,
            non_finite: info.non_finite,
            place: info.first_non_finite.map(|(_, position)| position),
        }),
        step_bias: None,
    })))
}

/// One run of `plan`.
fn run(density: &dyn LogDensity, sampler: Sampler, plan: &Plan, film: Option<FilmPlan>, control: &Control) -> Result<Annealed> {
    let (bounds, level, guard) = (density.bounds(), density.level(), plan.guard);
    match sampler {
        Sampler::Lm => anneal(density, &Lm::new(bounds, guard).with_level(level), &plan.annealing, film, control),
        Sampler::Psgld => {
            // Short enough that the start is forgotten early, long enough that one block's mean has little noise.
            let kernel = Psgld::new(bounds, guard, 0.5 * plan.relaxation_time).with_level(level);
            anneal(density, &kernel, &plan.annealing, film, control)
        }
        Sampler::Underdamped => {
            // Critical damping of the slowest direction: 2/√τ, as for a Gaussian τ is its variance.
            let friction = 2.0 / plan.relaxation_time.sqrt();
            anneal(density, &Underdamped::new(bounds, guard, friction).with_level(level), &plan.annealing, film, control)
        }
        _ => anneal(density, &Sgld::new(bounds, guard).with_level(level), &plan.annealing, film, control),
    }
}

/// The plan of a run that forgets its start, if this one has begun to but not ended.
///
/// The share of the start that is left, e^(−time/τ), is the spread of the means of chains that began together: nested R-hat is √(1 + share²).
fn longer(density: &dyn LogDensity, plan: &Plan, found: &Annealed) -> Option<Plan> {
    let columns = found.starts.columns().iter().zip(found.draws.columns());
    let nested = columns.filter_map(|(starts, draws)| nested_rhat(starts, draws)).filter(|nested| nested.value > nested.threshold);
    let left = nested.map(|nested| (nested.value * nested.value - 1.0).sqrt()).fold(0.0, f64::max);
    let relaxations = -log(left);
    if !relaxations.is_finite() || relaxations < RELAXATIONS / HOPE {
        return None;
    }
    let annealing = &plan.annealing;
    let steps = affordable_steps(annealing.steps as f64 * RELAXATIONS / relaxations, annealing.chains, density);
    (steps > annealing.steps).then(|| Plan {
        annealing: Annealing { steps, seed: Stage::Again.of(annealing.seed), ..annealing.clone() },
        relaxation_time: annealing.diffusion_time() / relaxations,
        ..plan.clone()
    })
}

/// What was found in z, of x.
fn in_variables(seen: &Whitened, found: Annealed) -> Annealed {
    let mut info = found.info;
    if let Some((_, position)) = &mut info.first_non_finite {
        let z = Population::from_columns(position.iter().map(|z| vec![*z]).collect());
        *position = seen.positions(&z).position(0);
    }
    Annealed { starts: seen.positions(&found.starts), draws: seen.positions(&found.draws), info, ..found }
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
