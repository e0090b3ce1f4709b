//! The run loop of chains: warm up with adaptation, then draw; every block of chains by the same parameters.

mod approach;
mod learning;
mod rescue;
mod warmup;

use std::sync::atomic::Ordering;

pub use self::approach::{Arrival, arrive};
use self::warmup::Learned;
use crate::density::LogDensity;
use crate::error::{Error, ErrorKind, Result};
use crate::sampler::ensemble::chains::{Crew, Ensemble, Pace, Steps};
use crate::sampler::ensemble::journal::Part;
use crate::sampler::ensemble::{Control, Coordinates, Draws, MetricKind, Population, Stage, Statistics};
use crate::sampler::kernels::{Kernel, Parameters, StepInfo};
use crate::stored::{Archive, Stored};

/// Settings of a run of chains.
#[derive(Debug, Clone, PartialEq)]
pub struct Chaining {
    /// Steps before the first draw; they tune step size and metric.
    pub warmup: usize,
    /// Draws of each chain.
    pub draws: usize,
    /// Steps from one draw to the next.
    pub thin: usize,
    /// Where adaptation of the step size begins; without warm-up the step size.
    pub step_size: f64,
    /// Whether the warm-up leaves the step size as it is.
    pub fixed_step_size: bool,
    /// The acceptance to tune to, if not the kernel's own.
    pub target_acceptance: Option<f64>,
    /// See [`Parameters::length`].
    pub length: f64,
    /// Whether steps after the warm-up are [`Parameters::varied`].
    pub varied: bool,
    /// What the warm-up learns.
    pub metric: MetricKind,
    /// The seed; the same seed gives the same draws on any number of threads.
    pub seed: u64,
    /// How many threads; 0 for as many as the machine has.
    pub threads: usize,
}

impl Default for Chaining {
    fn default() -> Self {
        Chaining {
            warmup: 300,
            draws: 100,
            thin: 1,
            step_size: 0.1,
            fixed_step_size: false,
            target_acceptance: None,
            length: Parameters::new(1.0).length,
            varied: false,
            metric: MetricKind::Auto,
            seed: 0,
            threads: 0,
        }
    }
}

impl Chaining {
    /// Checks that the run can be made.
    ///
    /// # Errors
    /// Kind `setting`.
    pub fn check(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
        if self.draws == 0 || self.thin == 0 {
            return refuse("a run without draws".into(), "--draws and --thin of 1 or more");
        }
        if !(self.step_size.is_finite() && self.step_size > 0.0) {
            return refuse(format!("a step size of {} makes no step", self.step_size), "a positive number");
        }
        if let Some(target) = self.target_acceptance.filter(|target| !(0.01..=0.999).contains(target)) {
            return refuse(format!("no step size has an acceptance of {target}"), "--target-acceptance between 0.01 and 0.999");
        }
        Ok(())
    }
}

/// What a run of chains returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Chained {
    /// The draws, as positions.
    pub draws: Draws,
    /// What each draw's step did; empty for a kernel that reports nothing.
    pub statistics: Statistics,
    /// Step size after warm-up, in the coordinates of the metric.
    pub step_size: f64,
    /// The coordinates after warm-up.
    pub coordinates: Coordinates,
    /// What the steps met.
    pub info: StepInfo,
    /// Steps that each chain took before its first draw.
    pub warmup: usize,
    /// Chain-steps taken, warm-up included.
    pub chain_steps: u64,
    /// Gradients taken by the warm-up.
    pub warmup_gradients: u64,
    /// Gradients taken for the draws.
    pub gradients: u64,
    /// Draws of each chain that the run was to make in the end.
    pub wanted: usize,
    /// Whether every draw asked for was made.
    pub complete: bool,
}

/// Drawing in rounds until a caller has enough. Rounds are cuts of one run: where it ends changes no draw before.
#[derive(Clone, Copy)]
pub struct Rounds<'a> {
    /// Draws of each chain in the first round.
    pub first: usize,
    /// After each round: of how many times as many draws it would be enough; 1 or less ends the run, NaN is no idea. A round is at most as
    /// long as all before it.
    pub growth: &'a dyn Fn(&Draws) -> f64,
}

impl Rounds<'_> {
    /// How many draws of each chain there should be, `most` at most, after `draws`; as many as there are if those are enough.
    pub(in crate::sampler) fn next(&self, draws: &Draws, most: usize) -> usize {
        let growth = (self.growth)(draws);
        if growth <= 1.0 {
            return draws.draws();
        }
        let growth = if growth.is_nan() { 2.0 } else { growth.clamp(1.05, 2.0) };
        ((draws.draws() as f64 * growth).ceil() as usize).min(most)
    }
}

/// Parts of the draws of a block that shares its thread with others.
const PARTS: usize = 64;

/// Steps that tune the step size of chains that are where they belong.
const TUNING: usize = 40;

/// Runs `kernel` from `starts`, one position a chain, inside the bounds.
///
/// The warm-up of every kernel learns its metric without it, as a metric belongs to the density: a large population by microcanonical
/// dynamics without a Metropolis test, one gradient a step, until it says itself that it has arrived; else, and where that does not happen,
/// by the no-U-turn sampler, which needs no tuning of its own and travels far. The kernel's own step size is tuned in the last quarter.
///
/// # Errors
/// Kind `setting`.
pub fn sample_chains<K: Kernel>(
    density: &dyn LogDensity,
    kernel: &K,
    settings: &Chaining,
    starts: &Population,
    control: &Control,
) -> Result<Chained> {
    sample_rounds(density, kernel, settings, starts, None, None, control)
}

/// What is known of a density before its warm-up: coordinates in which it is roughly a unit Gaussian.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The coordinates.
    pub coordinates: &'a Coordinates,
    /// Whether the starts follow the density so well that the step size alone is left to tune.
    pub settled: bool,
}

/// [`sample_chains`] in rounds, if there are any: `settings.draws` is then the most that are drawn. The warm-up begins from what is `known`.
///
/// # Errors
/// Kind `setting`.
pub fn sample_rounds<K: Kernel>(
    density: &dyn LogDensity,
    kernel: &K,
    settings: &Chaining,
    starts: &Population,
    known: Option<Known>,
    rounds: Option<Rounds>,
    control: &Control,
) -> Result<Chained> {
    settings.check()?;
    let crew = Crew::new(settings.threads, starts.blocks(), control)?;
    let run = Run { density, settings, crew: &crew };
    run.announce(starts.chains(), settings.warmup, first_round(settings, rounds));
    let coordinates = known.map_or_else(|| Coordinates::new(density.bounds(), density.level()), |known| known.coordinates.clone());
    let fresh = || run.begin_drawing(kernel, Ensemble::new(density, settings.seed, starts, coordinates.clone()), 0, rounds);
    let drawing = match crew.recall(Part::Draws, fresh)? {
        Some(drawing) => drawing,
        None if known.is_some_and(|known| known.settled) => run.tuned(kernel, fresh(), settings.warmup.min(TUNING)),
        None => {
            let learning = if settings.metric == MetricKind::Identity { 0 } else { settings.warmup * 3 / 4 };
            let Learned { ensemble, steps, early } = run.learn(starts, coordinates, learning)?;
            let tuning = if early { (settings.warmup - learning).min(TUNING) } else { settings.warmup - learning };
            run.tuned(kernel, run.begin_drawing(kernel, ensemble.hand_over(settings.seed), steps, rounds), tuning)
        }
    };
    run.draw(kernel, drawing, rounds)
}

/// Runs `kernel` at its step size, with nothing to learn: the density is in coordinates that suit it, as [`Minibatch`](super::Minibatch)
/// is. `warmup` steps are taken before the first draw.
///
/// # Errors
/// Kind `setting`.
pub fn sample_untuned<K: Kernel>(
    density: &dyn LogDensity,
    kernel: &K,
    settings: &Chaining,
    starts: &Population,
    rounds: Option<Rounds>,
    control: &Control,
) -> Result<Chained> {
    settings.check()?;
    let crew = Crew::new(settings.threads, starts.blocks(), control)?;
    let run = Run { density, settings, crew: &crew };
    run.announce(starts.chains(), settings.warmup, first_round(settings, rounds));
    let coordinates = || Coordinates::new(density.bounds(), density.level());
    let fresh = || run.begin_drawing(kernel, Ensemble::new(density, settings.seed, starts, coordinates()), settings.warmup, rounds);
    let drawing = match crew.recall(Part::Draws, fresh)? {
        Some(drawing) => drawing,
        None => run.warmed_up(kernel, &fresh)?,
    };
    run.draw(kernel, drawing, rounds)
}

/// Draws of each chain in the first round.
pub(in crate::sampler) fn first_round(settings: &Chaining, rounds: Option<Rounds>) -> usize {
    rounds.map_or(settings.draws, |rounds| rounds.first.clamp(1, settings.draws))
}

/// What all stages share.
struct Run<'r, 'a> {
    density: &'a dyn LogDensity,
    settings: &'r Chaining,
    crew: &'r Crew<'r>,
}

impl<'a> Run<'_, 'a> {
    /// Says how many chain-steps are to come in all.
    fn announce(&self, chains: usize, warmup: usize, draws: usize) {
        let steps = warmup as u64 + draws as u64 * self.settings.thin as u64;
        self.crew.control.chain_steps_wanted.store(chains as u64 * steps, Ordering::Relaxed);
    }

    /// Chains that are to draw once the step size is right, after so many steps of warm-up.
    fn begin_drawing<K: Kernel>(
        &self,
        kernel: &K,
        mut ensemble: Ensemble<'a, K::State>,
        warmup: usize,
        rounds: Option<Rounds>,
    ) -> Drawing<'a, K::State> {
        ensemble.settle(self.crew, kernel);
        let (step_size, wanted) = (self.settings.step_size, first_round(self.settings, rounds));
        Drawing { ensemble, step_size, warmup, warmup_gradients: 0, wanted }
    }

    /// The same with a step size that so many steps more have tuned.
    fn tuned<K: Kernel>(&self, kernel: &K, mut drawing: Drawing<'a, K::State>, steps: usize) -> Drawing<'a, K::State> {
        let Drawing { ensemble, step_size, warmup, warmup_gradients, .. } = &mut drawing;
        if !self.settings.fixed_step_size {
            let mut beside = vec![(); ensemble.groups()];
            self.tune(kernel, ensemble, step_size, steps, &mut beside, |_, _, ()| {});
        }
        *warmup += steps;
        *warmup_gradients = ensemble.gradients();
        ensemble.begin_stage();
        drawing
    }

    /// The same at the step size of the settings, after a warm-up that learns nothing.
    fn warmed_up<K: Kernel>(&self, kernel: &K, fresh: &dyn Fn() -> Drawing<'a, K::State>) -> Result<Drawing<'a, K::State>> {
        let mut drawing = self.crew.recall(Part::Untuned, fresh)?.unwrap_or_else(fresh);
        let mut beside = vec![(); drawing.ensemble.groups()];
        while drawing.ensemble.steps() < drawing.warmup && !self.crew.is_stopped() {
            let (steps, pace) = (Steps::UpTo(drawing.warmup), self.pace(drawing.step_size));
            drawing.ensemble.advance(self.crew, kernel, steps, pace, &mut beside, |blocks, _, ()| blocks[0].count_gradients());
            self.crew.write_if_due(Part::Untuned, &mut drawing)?;
        }
        drawing.warmup_gradients = drawing.ensemble.gradients();
        drawing.ensemble.begin_stage();
        Ok(drawing)
    }

    fn pace(&self, step_size: f64) -> Pace<'static> {
        let parameters = Parameters { length: self.settings.length, ..Parameters::new(step_size) };
        if self.settings.varied { Pace::Varied(parameters) } else { Pace::Constant(parameters) }
    }

    /// Draws until the caller has enough, if it looks, or the most that is allowed; what came of it.
    fn draw<K: Kernel>(&self, kernel: &K, mut drawing: Drawing<'a, K::State>, rounds: Option<Rounds>) -> Result<Chained> {
        let (most, control) = (self.settings.draws, self.crew.control);
        loop {
            self.announce(drawing.ensemble.chains(), drawing.warmup, drawing.wanted);
            self.draw_round(kernel, &mut drawing)?;
            let Some(rounds) = rounds.filter(|_| drawing.wanted < most && !self.crew.is_stopped()) else { break };
            control.enter(Stage::Judging);
            let next = rounds.next(&drawing.ensemble.draws().0, most);
            control.enter(Stage::Sampling);
            if next == drawing.wanted {
                break;
            }
            drawing.wanted = next;
        }
        if !self.crew.is_stopped() {
            self.crew.write(Part::Draws, &mut drawing)?;
        }
        let Drawing { mut ensemble, step_size, warmup, warmup_gradients, wanted } = drawing;
        let (draws, statistics) = ensemble.draws();
        Ok(Chained {
            complete: draws.draws() == wanted,
            draws,
            statistics,
            step_size,
            info: ensemble.info(),
            warmup,
            chain_steps: control.chain_steps.load(Ordering::Relaxed),
            warmup_gradients,
            gradients: ensemble.gradients() - warmup_gradients,
            wanted,
            coordinates: ensemble.coordinates,
        })
    }

    /// Draws until each block has as many as are wanted, each block by itself; where threads take several, each of them a part of its draws at
    /// a time, as a run that is ended keeps the draws that all blocks have.
    fn draw_round<K: Kernel>(&self, kernel: &K, drawing: &mut Drawing<'a, K::State>) -> Result<()> {
        let (thin, wanted) = (self.settings.thin, drawing.wanted);
        let part = if drawing.ensemble.blocks.len() > self.crew.workers.at_once() { wanted.div_ceil(PARTS) } else { wanted };
        let mut beside = vec![(); drawing.ensemble.groups()];
        drawing.ensemble.blocks.iter_mut().for_each(|block| block.record.reserve(wanted.saturating_sub(block.record.draws)));
        loop {
            let Drawing { ensemble, step_size, .. } = &mut *drawing;
            let drawn = ensemble.steps() / thin;
            if drawn >= wanted || self.crew.is_stopped() {
                return Ok(());
            }
            let (steps, pace) = (Steps::UpTo(wanted.min(drawn + part) * thin), self.pace(*step_size));
            ensemble.advance(self.crew, kernel, steps, pace, &mut beside, |blocks, seen, ()| {
                let block = &mut blocks[0];
                block.count_gradients();
                if block.taken.is_multiple_of(thin) {
                    block.record(kernel, seen);
                }
            });
            self.crew.write_if_due(Part::Draws, drawing)?;
        }
    }
}

/// Chains that draw.
struct Drawing<'a, S> {
    ensemble: Ensemble<'a, S>,
    step_size: f64,
    /// Steps that each chain took before its first draw, and gradients that all took.
    warmup: usize,
    warmup_gradients: u64,
    /// Draws of each chain that there are to be so far.
    wanted: usize,
}

impl<S: Send + Stored> Stored for Drawing<'_, S> {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Drawing { ensemble, step_size, warmup, warmup_gradients, wanted } = self;
        archive.all(&mut [ensemble, step_size, warmup, warmup_gradients, wanted])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Bound, FromFn};
    use crate::math::LANES;
    use crate::sampler::{Guard, Lm};
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn a_run_that_is_ended_keeps_the_draws_that_all_blocks_have_though_one_thread_takes_them_in_turn() {
        const CHAINS: u64 = 4 * LANES as u64;
        const DRAWS: u64 = 640;
        let control = Arc::new(Control::default());
        let (seen, watched) = (Arc::new(AtomicU64::new(0)), control.clone());
        let bounds = vec![Bound::new("x", f64::NEG_INFINITY, f64::INFINITY)];
        // Ended in the middle of the work: with half a run of each block done, or with all of one half of the blocks.
        let density = FromFn::new(bounds, move |x, slope| {
            if seen.fetch_add(1, Ordering::Relaxed) == CHAINS * DRAWS / 2 {
                watched.stop.store(true, Ordering::Relaxed);
            }
            slope[0] = -x[0];
            -0.5 * x[0] * x[0]
        });
        let settings = Chaining { warmup: 1, draws: DRAWS as usize, thin: 1, step_size: 0.5, threads: 1, ..Chaining::default() };
        let starts = Population::from_columns(vec![vec![0.0; CHAINS as usize]]);
        let found = sample_untuned(&density, &Lm::new(density.bounds(), Guard::None), &settings, &starts, None, &control).unwrap();
        // The four blocks are a part of the draws apart at most, of which there are 64.
        let kept = found.draws.draws();
        assert!(!found.complete && (310..=320).contains(&kept), "{kept}");
        assert_eq!(found.draws.chains(), CHAINS as usize);
    }
}
