//! The run loop of an annealed population: every chain takes the same steps, its last position is its draw.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::film::{Film, FilmPlan};
use super::schedule::{Schedule, sum_over};
use crate::density::LogDensity;
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Work, dispatch};
use crate::random::{BlockRng, Purpose};
use crate::sampler::ensemble::control::Control;
use crate::sampler::ensemble::draws::Population;
use crate::sampler::ensemble::start::Start;
use crate::sampler::ensemble::workers::Workers;
use crate::sampler::kernels::{Kernel, Parameters, StepInfo};

/// Settings of an annealed run.
#[derive(Debug, Clone, PartialEq)]
pub struct Annealing {
    /// How many chains; each gives one draw.
    pub chains: usize,
    /// How many steps each takes.
    pub steps: usize,
    /// ε at each step.
    pub step_size: Schedule,
    /// T at each step.
    pub temperature: Schedule,
    /// Where each variable's chains begin.
    pub starts: Vec<Start>,
    /// The seed; the same seed gives the same draws on any number of threads.
    pub seed: u64,
    /// How many threads; 0 for as many as the machine has.
    pub threads: usize,
}

impl Annealing {
    /// Checks that the run can be made.
    ///
    /// # Errors
    /// Kind `setting`.
    pub fn check(&self, dimension: usize) -> Result<()> {
        let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
        if self.chains == 0 {
            return refuse("there are no chains to run".into(), "--chains 1 or more");
        }
        if self.starts.len() != dimension {
            return refuse(format!("{} starts for {dimension} variables", self.starts.len()), "one start a variable");
        }
        for (name, schedule, least) in [("step size", self.step_size, f64::MIN_POSITIVE), ("temperature", self.temperature, 0.0)] {
            for value in [schedule.first, schedule.last] {
                if !value.is_finite() || value < least {
                    return refuse(format!("a {name} of {value} makes no step"), "a positive number");
                }
            }
        }
        if matches!(self.temperature.shape, super::Shape::Geometric)
            && self.temperature.first != self.temperature.last
            && self.temperature.last == 0.0
        {
            return refuse("a geometric schedule cannot reach temperature 0".into(), "end at a small positive temperature");
        }
        Ok(())
    }

    /// Σ ε·T over the steps: how long the diffusion runs.
    pub fn diffusion_time(&self) -> f64 {
        sum_over(self.steps, |step| self.step_size.at(step, self.steps) * self.temperature.at(step, self.steps))
    }
}

/// What a run leaves.
#[derive(Debug)]
pub struct Annealed {
    /// Where each chain began.
    pub starts: Population,
    /// Where each chain is: the draws.
    pub draws: Population,
    /// What the steps met.
    pub info: StepInfo,
    /// Chain-steps taken; one gradient each.
    pub chain_steps: u64,
    /// Whether every chain took every step.
    pub complete: bool,
    /// The recording, if one was asked for.
    pub film: Option<Film>,
}

/// Steps between two looks at the stop flag.
const STRIDE: usize = 64;

/// Runs `kernel` on a population of chains of `density`.
///
/// # Errors
/// Kind `setting`.
pub fn anneal<K: Kernel>(
    density: &dyn LogDensity,
    kernel: &K,
    settings: &Annealing,
    film: Option<FilmPlan>,
    control: &Control,
) -> Result<Annealed> {
    settings.check(density.dimension())?;
    control.chain_steps_wanted.store(settings.chains as u64 * settings.steps as u64, Ordering::Relaxed);
    let film = film.map(|plan| Film::new(plan, settings.chains));
    let starts = crate::sampler::ensemble::start::population(&settings.starts, density, settings.seed, settings.chains);
    let collected = Mutex::new((starts.clone(), Vec::with_capacity(starts.blocks()), true));
    // One for each thread at most, as its scratch space is dear for a large formula.
    let evaluators = Mutex::new(Vec::new());
    let one_block = |block: usize| {
        let idle = evaluators.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        let mut evaluate = idle.unwrap_or_else(|| density.evaluator());
        let active = LANES.min(settings.chains - block * LANES);
        let mut noise = BlockRng::new(settings.seed, block as u64, Purpose::Noise).for_lanes(active);
        let mut info = StepInfo::default();
        evaluate.ask_for(active);
        let active = active as u64;
        let mut state = kernel.init(starts.block(block), &mut *evaluate);
        let mut frame = 0;
        let mut complete = true;
        let mut shoot = |taken: usize, positions: &[crate::math::Lanes]| {
            if let Some(film) = &film {
                while film.steps().get(frame) == Some(&taken) {
                    film.record(frame, block, positions);
                    frame += 1;
                }
            }
        };
        shoot(0, kernel.positions(&state));
        for from in (0..settings.steps).step_by(STRIDE) {
            if control.stop.load(Ordering::Relaxed) {
                complete = false;
                break;
            }
            let (step_sizes, temperatures) = dispatch(density.level(), Stretch { settings, from });
            let taken = STRIDE.min(settings.steps - from);
            for (index, (&step_size, &temperature)) in step_sizes.iter().zip(&temperatures).take(taken).enumerate() {
                kernel.step(&mut state, &mut *evaluate, &mut noise, Parameters { temperature, ..Parameters::new(step_size) }, &mut info);
                shoot(from + index + 1, kernel.positions(&state));
            }
            control.chain_steps.fetch_add(active * taken as u64, Ordering::Relaxed);
        }
        evaluators.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(evaluate);
        let mut collected = collected.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        collected.0.store(block, kernel.positions(&state));
        collected.1.push((block, info));
        collected.2 &= complete;
    };
    let mut blocks: Vec<usize> = (0..starts.blocks()).collect();
    Workers::new(settings.threads, blocks.len())?.each(&mut blocks, |block| one_block(*block));
    let (draws, mut infos, complete) = collected.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    infos.sort_by_key(|(block, _)| *block);
    let mut info = StepInfo::default();
    for (_, seen) in infos {
        info.absorb(seen);
    }
    Ok(Annealed { starts, draws, info, chain_steps: control.chain_steps.load(Ordering::Relaxed), complete, film })
}

/// The step sizes and temperatures of the steps `from .. from + STRIDE`: no table of them all, which would grow with the run.
struct Stretch<'a> {
    settings: &'a Annealing,
    from: usize,
}

impl Work for Stretch<'_> {
    type Output = ([f64; STRIDE], [f64; STRIDE]);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Annealing { step_size, temperature, steps, .. } = self.settings;
        let (mut step_sizes, mut temperatures) = ([0.0; STRIDE], [0.0; STRIDE]);
        step_size.fill(self.from, *steps, &mut step_sizes);
        temperature.fill(self.from, *steps, &mut temperatures);
        (step_sizes, temperatures)
    }
}
