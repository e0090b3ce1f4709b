//! A run of chains whose gradients come from a few rows of the data: find the mode, whiten, measure the gradient's noise, draw.
//! Replicas at several temperatures run so too, over all rows where there is no batch.

use super::drawn::{BatchFigures, BiasCheck, Drawn, Met, Method, ReplicaFigures, StepBias};
use super::noise::{FRICTION, INERTIA, order, sd_bias, share};
use super::question::Question;
use super::samplers::Sampler;
use super::settings::{Batch, Init, Sampling};
use super::starts;
use super::summary::summaries;
use super::until;
use crate::density::LogDensity;
use crate::diagnostics::{Convergence, mean_and_sd};
use crate::error::{Error, ErrorKind, Result};
use crate::random::{self, BlockRng, Purpose};
use crate::sampler::{
    ACCEPTED, Batching, Chaining, Control, ControlVariates, Draws, Exchanged, Facts, Guard, Lm, Minibatch, Noise, Nuts, Population,
    Replicas, Rounds, Sghmc, Sgld, Sgnht, Stage, initial_positions, laplace, misfit, sample_chains, sample_replicas, sample_untuned,
};

/// Chains and the first draws of each: most often enough for R-hat of chains by eights, and for means to a thirtieth of an sd; if not, up to
/// so many times as many.
const CHAINS: usize = 64;
const DRAWS: usize = 40;
const MOST_ROUNDS: usize = 8;
/// The first draws of each chain where somebody says how many are enough, and the most.
const FIRST_ASKED: usize = 10;
const MOST_ASKED: usize = 100_000;
/// Chains that one thread takes in turn.
const IN_TURN: usize = 32;
/// Rounds of swaps that the warm-up has for each rung.
const WARMUP_OF_A_RUNG: usize = 10;
/// A variance of log p against the Laplace approximation, for each variable, from which on that is none: a variable whose standard
/// deviation is off by a half has one of 0.2 to 0.8. One below which it is nearly the law: off by a tenth is 0.02. And one below which it
/// is so for every step that is stable: off by 2.5 % is 0.002, and lm at a step of 1 is then off by 0.0002 (simulated, for x⁴ and x³).
const MISFIT: f64 = 0.5;
const CLOSE: f64 = 0.02;
const SAME: f64 = 0.002;
/// Chains that learn coordinates where the mode has none.
const LEARNERS: usize = 8;
/// Their step size as a share of that for a unit Gaussian: where the mode misleads, the curvature varies.
const ROUGH: f64 = 0.2;
/// The gradient's noise that the default step size allows, as a share of the injected noise; twice that where it is taken out.
const NOISE: f64 = 0.1;
/// The largest share of the gradient's noise beside which chains share batches unasked: all of a block are wide together where a batch says
/// too little of the curvature. Over 30 seeds the sds scattered as those of batches of their own at 0.15, by a fifth more at 0.2.
const SHARED_NOISE: f64 = 0.18;

pub(super) fn minibatch(question: &Question, sampler: Sampler, facts: &Facts) -> Result<Drawn> {
    let Question { density, model, settings, control, .. } = *question;
    let Some(model) = model else {
        let hint = "leave out --batch and --rungs";
        return Err(Error::new(ErrorKind::Setting, "batches and replicas are for models that a formula says").hint(hint));
    };
    // A batch of all rows is the exact gradient.
    let batch = settings.batch.unwrap_or(Batch::of(usize::MAX));
    check(sampler, settings)?;
    until::check(&settings.until, density.bounds())?;
    facts.check_boundaries(density.bounds(), ACCEPTED)?;
    if settings.batch.is_some() {
        model.check_batches()?;
    }
    let starts = match &settings.init {
        Init::Point(_) => starts::starts(density, settings, 1)?,
        _ => initial_positions(density, random::Stage::Normal.of(settings.seed), 4)?,
    };
    let mut found = laplace(density, &starts);
    let misfit = if found.is_mode { misfit(model, &found.coordinates, settings.seed) / model.dimension() as f64 } else { f64::INFINITY };
    let mut likeness = if misfit < SAME {
        Likeness::Same
    } else if misfit < CLOSE {
        Likeness::Close
    } else {
        Likeness::Fair
    };
    if found.is_mode && misfit > MISFIT {
        let seed = random::Stage::Learners.of(settings.seed);
        let starts = initial_positions(density, seed, LEARNERS)?;
        let plan = Chaining { draws: 1, metric: settings.metric, seed, threads: settings.threads, ..Chaining::default() };
        let warm = sample_chains(density, &Nuts::new(density.level()), &plan, &starts, control)?;
        likeness = Likeness::Learned;
        found.gradients += warm.warmup_gradients + warm.gradients;
        found.coordinates = warm.coordinates;
    }
    let tables: Vec<(usize, usize)> = {
        let batches = model.batches(batch.rows, 0);
        (0..batches.len()).map(|table| (batches.rows(table), batches.size(table))).collect()
    };
    let control_variates = match (batch.control_variates, found.is_mode) {
        (Some(ControlVariates::Mode), false) => {
            return Err(Error::new(ErrorKind::Setting, "no mode was found for the control variates")
                .hint("begin near one with --init, or use --control-variates svrg"));
        }
        (Some(ControlVariates::Saga), _) if batch.batching == Some(Batching::Shuffled) => {
            // The rows that an epoch has not yet shown are those whose entries are old: no uniform choice from all.
            return Err(Error::new(ErrorKind::Setting, "saga has a bias unless each batch is a choice from all rows")
                .hint("--batching uniform, or --control-variates svrg"));
        }
        (Some(chosen), _) => chosen,
        // A mode says little of the gradients at another.
        (None, _) if settings.rungs.is_some() => ControlVariates::Svrg,
        (None, true) => ControlVariates::Mode,
        (None, false) => ControlVariates::None,
    };
    let dense = !found.coordinates.metric.is_diagonal();
    // Where the mean is at the mode, a batch moves no chain as it moves the others.
    let may_share = control_variates == ControlVariates::Mode && likeness == Likeness::Same;
    if batch.batching == Some(Batching::Shared) && !may_share {
        return Err(Error::new(
            ErrorKind::Setting,
            "chains that share batches are independent only of a posterior that is nearly normal, \
             with control variates at its mode, and this is not that",
        )
        .hint("--batching uniform"));
    }
    let batching = batch.batching.unwrap_or_default();
    let target = Minibatch::new(model, found.coordinates.clone(), batch.rows, batching, control_variates, settings.seed);
    let exact = tables.iter().all(|(rows, size)| rows == size);
    if control_variates == ControlVariates::Saga && !exact && !model.gradient_program().is_flat() {
        return Err(Error::new(ErrorKind::Unsupported, "saga needs the gradient of each row, and a sum over rows lies inside another")
            .hint("--control-variates svrg"));
    }
    let noise = if exact { Noise::none(model.dimension()) } else { target.noise() };
    let every = if exact { 1 } else { target.steps_per_epoch() };
    let replicas = settings.rungs.map(|rungs| Replicas::new(rungs, settings.temperature, model.dimension(), every));
    let (chains, plan) = plan(sampler, settings, &noise.variance, likeness, replicas.as_ref())?;
    let is_quiet = share(sampler, plan.step_size, &noise.variance).1 < SHARED_NOISE;
    let batching = batch.batching.unwrap_or(if may_share && is_quiet { Batching::Shared } else { Batching::Uniform });
    let target = target.with_batching(batching);
    if batching == Batching::Shuffled && tables.iter().map(|(rows, _)| rows).sum::<usize>().saturating_mul(chains) > MOST_ORDERED {
        return Err(Error::new(ErrorKind::Setting, "an order of all rows for each chain would not fit the memory")
            .hint("--batching uniform, or fewer --chains"));
    }
    let memory = if exact { 0 } else { target.memory(chains.saturating_mul(settings.rungs.unwrap_or(1))) };
    if memory > MOST_MEMORY {
        let needed = memory as f64 / (1 << 30) as f64;
        return Err(Error::new(
            ErrorKind::Setting,
            format!("the gradient of each row for each of {chains} chains would take {needed:.1} GiB"),
        )
        .hint("fewer --chains, or --control-variates svrg, which remembers one place a chain"));
    }
    let most = plan.draws;
    let judged = until::Judged::default();
    let positions = |draws: &Draws| {
        let draws = target.positions(draws);
        control.keep(&draws);
        draws
    };
    let usual = |draws: &Draws| {
        let draws = positions(draws);
        judged.growth(summaries(model.bounds(), &draws, None, settings.threads), &draws, most)
    };
    let asked = |draws: &Draws| until::growth(&until::progress(&settings.until, model.bounds(), &positions(draws)));
    let rounds = match (settings.until.is_empty(), settings.draws) {
        (false, _) => Some(Rounds { first: FIRST_ASKED, growth: &asked }),
        (true, None) if !batch.check_bias => Some(Rounds { first: most / MOST_ROUNDS, growth: &usual }),
        _ => None,
    };
    let course = replicas.as_ref().map_or(Course::Chains(rounds), Course::Replicas);
    let run = |plan: &Chaining| -> Result<(Exchanged, Draws)> {
        let target = target.with_seed(plan.seed);
        let starts = gaussian(model.dimension(), chains, plan.seed);
        let exchanged = draw(&target, sampler, plan, &noise.variance, course, &starts, control)?;
        let draws = target.positions(&exchanged.chained.draws);
        Ok((exchanged, draws))
    };
    let (Exchanged { chained, acceptance, .. }, draws) = run(&plan)?;
    control.enter(Stage::Judging);
    if draws.draws() == 0 {
        return Err(Error::new(ErrorKind::Setting, "ended during warm-up: nothing was drawn").hint("a shorter --warmup draws earlier"));
    }
    let mut bias = None;
    if batch.check_bias && chained.complete {
        // Other chains and other batches, over the same time.
        let halved = Chaining {
            step_size: 0.5 * plan.step_size,
            warmup: 2 * plan.warmup,
            thin: 2 * plan.thin,
            seed: random::Stage::HalfStep.of(plan.seed),
            ..plan.clone()
        };
        control.enter(Stage::Sampling);
        let halved = run(&halved)?.1;
        control.enter(Stage::Judging);
        bias = Some(compare(&draws, &halved, order(sampler)));
    }
    let plan = Chaining { draws: chained.wanted, ..plan };
    let steps = plan.warmup + plan.draws * plan.thin;
    let figures = BatchFigures {
        epochs: tables.iter().map(|(rows, size)| (steps * size) as f64 / *rows as f64).fold(f64::INFINITY, f64::min),
        tables,
        batching,
        control_variates: if exact { ControlVariates::None } else { control_variates },
        is_mode: found.is_mode,
        learned: likeness == Likeness::Learned,
        dense,
        noise: share(sampler, plan.step_size, &noise.variance),
        sd_bias: noise.variance.iter().map(|variance| sd_bias(sampler, plan.step_size, *variance, noise.error)).fold(0.0, f64::max),
        full_gradients: found.gradients,
        bias,
        replicas: replicas.map(|replicas| ReplicaFigures { replicas, acceptance }),
        settings: plan,
    };
    let info = &chained.info;
    Ok(Drawn {
        known: judged.after(draws.draws()),
        starts: None,
        wanted: chained.wanted,
        complete: chained.complete,
        chain_steps: chained.chain_steps,
        last_steps: chained.chain_steps,
        gradients: chained.chain_steps,
        until: until::progress(&settings.until, model.bounds(), &draws),
        missed: None,
        met: Some(Met {
            steps: chained.chain_steps,
            truncated: info.truncated,
            refused: 0,
            non_finite: info.non_finite,
            // It is in whitened coordinates.
            place: None,
        }),
        step_bias: Some(StepBias { sd: figures.sd_bias, noise: figures.noise.1, step_size: figures.settings.step_size }),
        method: Method::Batches(Box::new(figures)),
        draws,
    })
}

/// Orders of rows that chains may keep, in rows: a gigabyte.
const MOST_ORDERED: usize = 1 << 28;
/// The gradients by rows that chains may keep, in bytes.
const MOST_MEMORY: usize = 1 << 30;

fn check(sampler: Sampler, settings: &Sampling) -> Result<()> {
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
    if settings.steps.is_some() || settings.schedule.is_some() || settings.final_step_size.is_some() || settings.frames > 0 {
        return refuse(
            "batches and rungs are for chains, not for an annealed population".into(),
            "use --warmup, --draws, --thin and --step-size, or drop --batch and --rungs",
        );
    }
    let fixed = |temperature: Option<f64>| temperature.is_none_or(|temperature| temperature == 1.0);
    if settings.rungs.is_none() && !fixed(settings.temperature) || !fixed(settings.final_temperature) {
        return refuse("chains over batches sample at temperature 1".into(), "--temperature is that of the hottest of several --rungs");
    }
    if !settings.until.is_empty() && (settings.rungs.is_some() || settings.batch.is_some_and(|batch| batch.check_bias)) {
        return refuse("--until is for one run of chains at one temperature".into(), "raise --draws, or drop --rungs and --check-bias");
    }
    if settings.target_acceptance.is_some() {
        return refuse(format!("{sampler} accepts every step"), "leave out --target-acceptance");
    }
    Ok(())
}

/// How many chains, and their settings. In whitened coordinates a step suits every posterior; noise of the gradient makes it smaller.
fn plan(
    sampler: Sampler,
    settings: &Sampling,
    noise: &[f64],
    likeness: Likeness,
    replicas: Option<&Replicas>,
) -> Result<(usize, Chaining)> {
    let largest = noise.iter().fold(0.0_f64, |largest, noise| largest.max(*noise));
    // The share of the noise is εV/2 for sgld and lm, which corrects its mean, hV/2 beside a friction of 1 for the others, which correct it.
    let (usual, most, apart): (f64, f64, f64) = match (sampler, likeness) {
        (Sampler::Sghmc | Sampler::Sgnht, _) => (0.4, 2.0 / largest, 3.0),
        // Of a Gaussian, two steps of 1 forget everything.
        (Sampler::Lm, Likeness::Same) => (1.0, 4.0 * NOISE / largest, 2.0),
        (Sampler::Lm, Likeness::Close) => (0.5, 4.0 * NOISE / largest, 2.0),
        (Sampler::Lm, _) => (0.25, 4.0 * NOISE / largest, 3.0),
        _ => (0.25, 2.0 * NOISE / largest, 3.0),
    };
    let rough = if likeness == Likeness::Learned { ROUGH } else { 1.0 };
    // Chains begin at draws of the normal law, and forget where it is wrong.
    let time = if matches!(likeness, Likeness::Same | Likeness::Close) { 3.0 } else { 6.0 };
    let step_size = settings.step_size.unwrap_or((rough * usual).min(most).max(1e-4));
    // So that a smaller step does not make fewer independent draws.
    let slower = (usual / step_size).clamp(1.0, 1000.0);
    let chains = settings.chains.unwrap_or(CHAINS);
    // Draws that are independent are worth two of the others. The most: a difference of two runs, doubled, needs them all for the same error.
    let first = if sampler == Sampler::Lm && likeness == Likeness::Same { DRAWS / 2 } else { DRAWS };
    let draws = (CHAINS * first / chains.max(1)).clamp(first, 4000) * if replicas.is_some() { 1 } else { MOST_ROUNDS };
    // Each pair of neighbours is to try a swap between draws, and the warm-up to spread the chains over all modes.
    let (swaps, rungs) = replicas.map_or((0, 0), |replicas| (2 * replicas.every, replicas.temperatures.len()));
    let thin = ((apart * slower).round() as usize).max(swaps);
    let warmup = ((time / usual * slower).ceil() as usize).max(WARMUP_OF_A_RUNG * rungs * swaps);
    let plan = Chaining {
        warmup: settings.warmup.unwrap_or(warmup),
        draws: settings.draws.unwrap_or(if settings.until.is_empty() { draws } else { MOST_ASKED }),
        thin: settings.thin.unwrap_or(thin),
        step_size,
        fixed_step_size: true,
        metric: settings.metric,
        seed: settings.seed,
        threads: settings.threads,
        ..Chaining::default()
    };
    plan.check()?;
    if chains == 0 {
        return Err(Error::new(ErrorKind::Setting, "a run without chains").hint("--chains of 1 or more"));
    }
    Ok((chains, plan))
}

/// z from the unit Gaussian: the law of the Laplace approximation.
fn gaussian(dimension: usize, chains: usize, seed: u64) -> Population {
    let mut columns = vec![Vec::with_capacity(chains); dimension];
    let mut row = crate::math::Lanes::default();
    for block in 0..chains.div_ceil(crate::math::LANES) {
        let mut rng = BlockRng::new(seed, block as u64, Purpose::Initial);
        for column in &mut columns {
            rng.fill_normal(&mut row);
            let left = chains - column.len();
            column.extend(row.iter().take(left));
        }
    }
    Population::from_columns(columns).in_blocks_of(IN_TURN)
}

/// How well the normal law that chains begin with describes the posterior.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// As it is, but for a few percent: the longest step stays right.
    Same,
    /// Nearly as it is: a long step stays right.
    Close,
    /// Near enough for the coordinates.
    Fair,
    /// Not at all: a no-U-turn sampler learned other coordinates.
    Learned,
}

/// What is drawn: replicas at several temperatures, or chains at one, in rounds if there are any.
#[derive(Clone, Copy)]
enum Course<'a> {
    Replicas(&'a Replicas),
    Chains(Option<Rounds<'a>>),
}

fn draw(
    target: &Minibatch<'_>,
    sampler: Sampler,
    plan: &Chaining,
    noise: &[f64],
    course: Course<'_>,
    starts: &Population,
    control: &Control,
) -> Result<Exchanged> {
    let level = target.level();
    let lm = || Lm::new(target.bounds(), Guard::None).with_level(level).with_noise(noise.to_vec());
    let rounds = match course {
        Course::Chains(rounds) => rounds,
        Course::Replicas(replicas) => {
            return match sampler {
                Sampler::Lm => sample_replicas(target, &lm(), plan, replicas, starts, control),
                _ => sample_replicas(target, &Sgld::new(target.bounds(), Guard::None).with_level(level), plan, replicas, starts, control),
            };
        }
    };
    let chained = match sampler {
        Sampler::Lm => sample_untuned(target, &lm(), plan, starts, rounds, control),
        Sampler::Sghmc => sample_untuned(target, &Sghmc::new(FRICTION, noise.to_vec(), level), plan, starts, rounds, control),
        Sampler::Sgnht => sample_untuned(target, &Sgnht::new(FRICTION, INERTIA, noise.to_vec(), level), plan, starts, rounds, control),
        _ => sample_untuned(target, &Sgld::new(target.bounds(), Guard::None).with_level(level), plan, starts, rounds, control),
    }?;
    Ok(Exchanged { chained, acceptance: Vec::new(), values: 0 })
}

/// Richardson: a bias cεᵖ shrinks to cεᵖ/2ᵖ at half the step, so it is the difference over 1 − 2⁻ᵖ.
fn compare(draws: &Draws, halved: &Draws, order: i32) -> BiasCheck {
    let factor = 1.0 / (1.0 - 0.5_f64.powi(order));
    let mut check = BiasCheck { mean: Vec::new(), sd: Vec::new() };
    for variable in 0..draws.dimension() {
        let (mean, sd) = mean_and_sd(draws.column(variable));
        let (half_mean, half_sd) = mean_and_sd(halved.column(variable));
        let (chains, half_chains) = (draws.by_chain(variable), halved.by_chain(variable));
        let (found, half) = (Convergence::new(&chains), Convergence::new(&half_chains));
        check.mean.push((factor * (mean - half_mean) / half_sd, factor * found.mcse_mean().hypot(half.mcse_mean()) / half_sd));
        check.sd.push((factor * (sd - half_sd) / half_sd, factor * found.mcse_sd().hypot(half.mcse_sd()) / half_sd));
    }
    check
}
