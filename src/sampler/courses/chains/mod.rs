//! The run loop of chains: warm up with adaptation, then draw; every block of chains by the same parameters.

mod approach;
mod block;
mod rescue;
mod warmup;

use std::sync::atomic::Ordering;

pub use self::approach::{Arrival, arrive};
use self::block::{Block, Record, blocks, gathered};
use crate::density::LogDensity;
use crate::error::{Error, ErrorKind, Result};
use crate::sampler::ensemble::control::{Control, Stage};
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::sampler::ensemble::draws::{Draws, Population};
use crate::sampler::ensemble::metric::MetricKind;
use crate::sampler::ensemble::workers::Workers;
use crate::sampler::kernels::{Kernel, Parameters, StepInfo};

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

/// What each draw's step did, chain by chain as the draws.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// Acceptance probability.
    pub acceptance: Vec<f64>,
    /// Energy, −log p and the kinetic part.
    pub energy: Vec<f64>,
    /// 1 where the trajectory diverged, else 0.
    pub divergent: Vec<f64>,
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
    let workers = Workers::new(settings.threads, starts.blocks())?;
    let run = Run { density, settings, workers: &workers, control };
    run.announce(starts.chains(), settings.warmup, first_round(settings, rounds));
    let mut coordinates = known.map_or_else(|| Coordinates::new(density.bounds(), density.level()), |known| known.coordinates.clone());
    let (blocks, learned, tuning) = match known {
        Some(Known { settled: true, .. }) => (blocks(density, settings.seed, starts, &coordinates), 0, settings.warmup.min(TUNING)),
        _ => {
            let learning = if settings.metric == MetricKind::Identity { 0 } else { settings.warmup * 3 / 4 };
            let (blocks, learned, early) = run.learn(starts, &mut coordinates, learning);
            let tuning = if early { (settings.warmup - learning).min(TUNING) } else { settings.warmup - learning };
            (blocks, learned, tuning)
        }
    };
    let warmup = learned + tuning;
    let mut blocks: Vec<Block<K::State>> = blocks.into_iter().map(Block::hand_over).collect();
    workers.each(&mut blocks, |block| block.settle(kernel, &coordinates));
    let mut step_size = settings.step_size;
    if !settings.fixed_step_size {
        run.tune(kernel, &mut blocks, &coordinates, &mut step_size, tuning, |_| {});
    }
    let warmup_gradients = blocks.iter().map(|block| block.gradients).sum();
    let wanted = run.draw_in_rounds(kernel, &mut blocks, &coordinates, step_size, rounds, warmup);
    Ok(collect(blocks, wanted, coordinates, step_size, warmup, warmup_gradients, control))
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
    let workers = Workers::new(settings.threads, starts.blocks())?;
    let coordinates = Coordinates::new(density.bounds(), density.level());
    let run = Run { density, settings, workers: &workers, control };
    run.announce(starts.chains(), settings.warmup, first_round(settings, rounds));
    let mut blocks = blocks(density, settings.seed, starts, &coordinates);
    workers.each(&mut blocks, |block| block.settle(kernel, &coordinates));
    let parameters = Parameters { length: settings.length, ..Parameters::new(settings.step_size) };
    run.advance(kernel, &mut blocks, &coordinates, parameters, settings.warmup, |_| {});
    let wanted = run.draw_in_rounds(kernel, &mut blocks, &coordinates, settings.step_size, rounds, settings.warmup);
    Ok(collect(blocks, wanted, coordinates, settings.step_size, settings.warmup, 0, control))
}

/// Draws of each chain in the first round.
pub(in crate::sampler) fn first_round(settings: &Chaining, rounds: Option<Rounds>) -> usize {
    rounds.map_or(settings.draws, |rounds| rounds.first.clamp(1, settings.draws))
}

/// What all stages share.
struct Run<'a> {
    density: &'a dyn LogDensity,
    settings: &'a Chaining,
    workers: &'a Workers,
    control: &'a Control,
}

impl Run<'_> {
    /// `count` steps with `parameters`, and `after` each.
    fn advance<'b, S: Send>(
        &self,
        kernel: &impl Kernel<State = S>,
        blocks: &mut [Block<'b, S>],
        coordinates: &Coordinates,
        parameters: Parameters,
        count: usize,
        after: impl Fn(&mut Block<'b, S>) + Sync + Send,
    ) {
        self.workers.each(blocks, |block| {
            for _ in 0..count {
                if self.control.stop.load(Ordering::Relaxed) {
                    break;
                }
                block.step(kernel, coordinates, parameters);
                self.control.chain_steps.fetch_add(block.active as u64, Ordering::Relaxed);
                after(block);
            }
        });
    }

    /// Says how many chain-steps are to come in all.
    fn announce(&self, chains: usize, warmup: usize, draws: usize) {
        let steps = warmup as u64 + draws as u64 * self.settings.thin as u64;
        self.control.chain_steps_wanted.store(chains as u64 * steps, Ordering::Relaxed);
    }

    /// Draws until the caller has enough, if it looks, or the most that is allowed; how many of each chain were wanted in the end.
    fn draw_in_rounds<K: Kernel>(
        &self,
        kernel: &K,
        blocks: &mut [Block<K::State>],
        coordinates: &Coordinates,
        step_size: f64,
        rounds: Option<Rounds>,
        warmup: usize,
    ) -> usize {
        let most = self.settings.draws;
        let chains = blocks.iter().map(|block| block.active).sum();
        let mut wanted = first_round(self.settings, rounds);
        loop {
            self.announce(chains, warmup, wanted);
            self.draw(kernel, blocks, coordinates, step_size, wanted);
            let Some(rounds) = rounds.filter(|_| wanted < most && !self.control.stop.load(Ordering::Relaxed)) else { return wanted };
            self.control.enter(Stage::Judging);
            let next = rounds.next(&gathered(blocks).0, most);
            self.control.enter(Stage::Sampling);
            if next == wanted {
                return wanted;
            }
            wanted = next;
        }
    }

    /// Draws until each block has `wanted`, each block by itself; where threads take several, each of them a part of its draws at a time, as
    /// a run that is ended keeps the draws that all blocks have.
    fn draw<K: Kernel>(&self, kernel: &K, blocks: &mut [Block<K::State>], coordinates: &Coordinates, step_size: f64, wanted: usize) {
        let part = if blocks.len() > self.workers.at_once() { wanted.div_ceil(PARTS) } else { wanted };
        let drawn = |blocks: &[Block<K::State>]| blocks.iter().map(|block| block.record.draws).min().unwrap_or(wanted);
        while drawn(blocks) < wanted && !self.control.stop.load(Ordering::Relaxed) {
            let until = wanted.min(drawn(blocks) + part);
            self.draw_part(kernel, blocks, coordinates, step_size, until, wanted);
        }
    }

    fn draw_part<K: Kernel>(
        &self,
        kernel: &K,
        blocks: &mut [Block<K::State>],
        coordinates: &Coordinates,
        step_size: f64,
        until: usize,
        wanted: usize,
    ) {
        let Chaining { thin, length, .. } = *self.settings;
        let parameters = Parameters { length, ..Parameters::new(step_size) };
        self.workers.each(blocks, |block| {
            let Record { columns, acceptance, energy, divergent, draws } = &mut block.record;
            let (missing, part) = (wanted - *draws, until - *draws);
            for column in columns.iter_mut().chain([acceptance, energy, divergent]) {
                column.reserve_exact(missing * block.active);
            }
            for _ in 0..part {
                for _ in 0..thin {
                    if self.control.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    block.step(kernel, coordinates, parameters);
                    self.control.chain_steps.fetch_add(block.active as u64, Ordering::Relaxed);
                }
                block.record(kernel, coordinates);
            }
        });
    }
}

fn collect<S>(
    blocks: Vec<Block<S>>,
    wanted: usize,
    coordinates: Coordinates,
    step_size: f64,
    warmup: usize,
    warmup_gradients: u64,
    control: &Control,
) -> Chained {
    let (draws, statistics) = gathered(&blocks);
    let gradients = blocks.iter().map(|block| block.gradients).sum::<u64>() - warmup_gradients;
    let mut info = StepInfo::default();
    for block in blocks {
        info.absorb(block.info);
    }
    Chained {
        complete: draws.draws() == wanted,
        draws,
        statistics,
        step_size,
        coordinates,
        info,
        warmup,
        chain_steps: control.chain_steps.load(Ordering::Relaxed),
        warmup_gradients,
        gradients,
        wanted,
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
