//! The run loop of an annealed population: every chain takes the same steps, its last position is its draw.

use std::sync::atomic::Ordering;

use super::film::{Film, FilmPlan};
use super::schedule::{Schedule, sum_over};
use crate::density::LogDensity;
use crate::error::{Error, ErrorKind, Result};
use crate::math::{Work, dispatch};
use crate::sampler::ensemble::block::Block;
use crate::sampler::ensemble::chains::{Crew, Ensemble, Pace, STRETCH, Steps};
use crate::sampler::ensemble::journal::Part;
use crate::sampler::ensemble::{Control, Population, Start, population};
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
    let starts = population(&settings.starts, density, settings.seed, settings.chains);
    let crew = Crew::new(settings.threads, starts.blocks(), control)?;
    let fresh = || {
        let mut ensemble = Ensemble::in_variables(density, settings.seed, &starts, &[1.0]).with_few_evaluators();
        ensemble.settle(&crew, kernel);
        (vec![0; ensemble.blocks.len()], (&film, ensemble))
    };
    let (mut frames, (_, mut ensemble)) = match crew.recall(Part::Draws, fresh)? {
        Some(state) => state,
        None => fresh(),
    };
    let shoot = |block: &Block<K::State>, frame: &mut usize| {
        if let (Some(film), Some(state)) = (&film, &block.state) {
            while film.steps().get(*frame) == Some(&block.taken) {
                film.record(*frame, block.number as usize, kernel.positions(state));
                *frame += 1;
            }
        }
    };
    ensemble.each(&crew, &mut frames, |blocks, _, frame| shoot(&blocks[0], frame));
    let level = density.level();
    let schedule = |from: usize, row: &mut [Parameters; STRETCH]| {
        let (step_sizes, temperatures) = dispatch(level, Stretch { settings, from });
        for (parameters, (step_size, temperature)) in row.iter_mut().zip(step_sizes.into_iter().zip(temperatures)) {
            *parameters = Parameters { temperature, ..Parameters::new(step_size) };
        }
    };
    let pace = Pace::Scheduled(&schedule);
    while ensemble.steps() < settings.steps && !crew.is_stopped() {
        ensemble.advance(&crew, kernel, Steps::UpTo(settings.steps), pace, &mut frames, |blocks, _, frame| shoot(&blocks[0], frame));
        crew.write_if_due(Part::Draws, &mut (&mut frames, (&film, &mut ensemble)))?;
    }
    if !crew.is_stopped() {
        crew.write(Part::Draws, &mut (&mut frames, (&film, &mut ensemble)))?;
    }
    Ok(Annealed {
        draws: ensemble.positions(kernel, starts.clone()),
        starts,
        info: ensemble.info(),
        chain_steps: control.chain_steps.load(Ordering::Relaxed),
        complete: ensemble.steps() == settings.steps,
        film,
    })
}

/// The step sizes and temperatures of the steps from the given one: no table of them all, which would grow with the run.
struct Stretch<'a> {
    settings: &'a Annealing,
    from: usize,
}

impl Work for Stretch<'_> {
    type Output = ([f64; STRETCH], [f64; STRETCH]);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Annealing { step_size, temperature, steps, .. } = self.settings;
        let (mut step_sizes, mut temperatures) = ([0.0; STRETCH], [0.0; STRETCH]);
        step_size.fill(self.from, *steps, &mut step_sizes);
        temperature.fill(self.from, *steps, &mut temperatures);
        (step_sizes, temperatures)
    }
}
