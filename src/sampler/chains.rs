//! The run loop of chains: warm up with adaptation, then draw; every block of chains by the same parameters.

use std::sync::atomic::Ordering;

use super::adapt::{Tuner, windows};
use super::anneal::Control;
use super::coordinates::{Coordinates, InCoordinates, Moments};
use super::draws::{Draws, Population};
use super::kernel::{Kernel, Parameters, StepInfo, Tuning};
use super::nuts::Nuts;
use super::rescue::rescue;
use super::workers::Workers;
use crate::density::{Evaluate, LogDensity};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose};

/// Which metric the warm-up learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MetricKind {
    /// Dense up to [`DENSE_LIMIT`] variables, else diagonal.
    #[default]
    Auto,
    /// Scales of the variables.
    Diagonal,
    /// Scales and correlations.
    Dense,
    /// None: the unconstrained variables as they are.
    Identity,
}

/// Variables up to which correlations are learned unless asked otherwise: beyond, their matrix costs more than most gradients.
pub const DENSE_LIMIT: usize = 48;

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

/// One block of chains and all it needs.
struct Block<'a, S> {
    evaluate: Box<dyn Evaluate + 'a>,
    noise: BlockRng,
    state: Option<S>,
    /// Unconstrained positions: where the block waits between stages, and a row of scratch each.
    unconstrained: Vec<Lanes>,
    scratch: Vec<Lanes>,
    moments: Moments,
    /// Σ of the acceptance over a stage of the warm-up, and its steps.
    accepted: Lanes,
    steps: usize,
    info: StepInfo,
    gradients: u64,
    /// Lanes in use.
    active: usize,
    record: Record,
}

/// The draws of one block, `[variable][draw][lane in use]`.
#[derive(Default)]
struct Record {
    columns: Vec<Vec<f64>>,
    acceptance: Vec<f64>,
    energy: Vec<f64>,
    divergent: Vec<f64>,
    draws: usize,
}

impl<'a, S> Block<'a, S> {
    fn evaluator<'s>(
        evaluate: &'s mut Box<dyn Evaluate + 'a>,
        coordinates: &'s Coordinates,
        scratch: &'s mut [Lanes],
        active: usize,
    ) -> InCoordinates<'s, 'a> {
        InCoordinates { inner: &mut **evaluate, coordinates, scratch, active }
    }

    /// Places the state where the block waits.
    fn settle<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
        let mut whitened = self.unconstrained.clone();
        coordinates.whitened(&self.unconstrained, &mut whitened);
        self.state = Some(kernel.init(whitened, &mut Self::evaluator(&mut self.evaluate, coordinates, &mut self.scratch, self.active)));
    }

    fn step<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates, parameters: Parameters) {
        if let Some(state) = &mut self.state {
            let mut evaluate = Self::evaluator(&mut self.evaluate, coordinates, &mut self.scratch, self.active);
            kernel.step(state, &mut evaluate, &mut self.noise, parameters, &mut self.info);
            self.gradients += self.info.gradients[..self.active].iter().sum::<f64>() as u64;
            self.accepted.iter_mut().zip(self.info.acceptance.iter()).for_each(|(sum, one)| *sum += one);
            self.steps += 1;
        }
    }

    /// Writes where the state is to `unconstrained`.
    fn locate<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
        if let Some(state) = &self.state {
            coordinates.unconstrained(kernel.positions(state), &mut self.unconstrained);
        }
    }

    /// Ends a stage of the warm-up: writes where the state is, chains that stood still moved to where others are.
    fn end_stage<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
        self.locate(kernel, coordinates);
        if self.steps > 0 {
            let mut log_density = Lanes::default();
            let mut whitened = self.unconstrained.clone();
            coordinates.whitened(&self.unconstrained, &mut whitened);
            Self::evaluator(&mut self.evaluate, coordinates, &mut self.scratch, self.active).log_density(&whitened, &mut log_density);
            self.accepted.iter_mut().for_each(|sum| *sum /= self.steps as f64);
            rescue(&mut self.unconstrained, &log_density, &self.accepted, self.active);
        }
        (self.accepted, self.steps) = (Lanes::default(), 0);
    }

    fn record<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
        self.locate(kernel, coordinates);
        coordinates.constrain(&mut self.unconstrained);
        let active = self.active;
        for (column, row) in self.record.columns.iter_mut().zip(&self.unconstrained) {
            column.extend_from_slice(&row[..active]);
        }
        self.record.acceptance.extend_from_slice(&self.info.acceptance[..active]);
        self.record.energy.extend_from_slice(&self.info.energy[..active]);
        self.record.divergent.extend_from_slice(&self.info.divergent[..active]);
        self.record.draws += 1;
    }
}

/// Runs `kernel` from `starts`, one position a chain, inside the bounds.
///
/// The warm-up of every kernel learns its metric by the no-U-turn sampler, which needs no tuning of its own and travels far: a metric
/// belongs to the density, not to the kernel. The kernel's own step size is tuned in the last quarter.
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
    sample_rounds(density, kernel, settings, starts, None, control)
}

/// [`sample_chains`] in rounds, if there are any: `settings.draws` is then the most that are drawn.
///
/// # Errors
/// Kind `setting`.
pub fn sample_rounds<K: Kernel>(
    density: &dyn LogDensity,
    kernel: &K,
    settings: &Chaining,
    starts: &Population,
    rounds: Option<Rounds>,
    control: &Control,
) -> Result<Chained> {
    settings.check()?;
    let mut wanted = rounds.map_or(settings.draws, |rounds| rounds.first.clamp(1, settings.draws));
    let announce = |wanted: usize| {
        let steps = settings.warmup as u64 + wanted as u64 * settings.thin as u64;
        control.chain_steps_wanted.store(starts.chains() as u64 * steps, Ordering::Relaxed);
    };
    announce(wanted);
    let workers = Workers::new(settings.threads, starts.blocks())?;
    let mut coordinates = Coordinates::new(density.bounds(), density.level());
    let learning = if settings.metric == MetricKind::Identity { 0 } else { settings.warmup * 3 / 4 };
    let run = Run { density, settings, workers: &workers, control };
    let mut blocks = blocks::<Nuts>(density, settings, starts, &coordinates);
    run.learn(&Nuts::new(density.level()), &mut blocks, &mut coordinates, learning);
    let mut blocks: Vec<Block<K::State>> = blocks.into_iter().map(Block::hand_over).collect();
    workers.each(&mut blocks, |block| block.settle(kernel, &coordinates));
    let mut step_size = settings.step_size;
    if !settings.fixed_step_size {
        run.tune(kernel, &mut blocks, &coordinates, &mut step_size, settings.warmup - learning, None);
    }
    let warmup_gradients = blocks.iter().map(|block| block.gradients).sum();
    loop {
        run.draw(kernel, &mut blocks, &coordinates, step_size, wanted);
        let Some(rounds) = rounds.filter(|_| wanted < settings.draws && !control.stop.load(Ordering::Relaxed)) else { break };
        let growth = (rounds.growth)(&gathered(&blocks).0);
        if growth <= 1.0 {
            break;
        }
        let growth = if growth.is_nan() { 2.0 } else { growth.clamp(1.05, 2.0) };
        wanted = ((wanted as f64 * growth).ceil() as usize).min(settings.draws);
        announce(wanted);
    }
    Ok(collect(blocks, wanted, coordinates, step_size, warmup_gradients, control))
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
    control: &Control,
) -> Result<Chained> {
    settings.check()?;
    let total_steps = settings.warmup + settings.draws * settings.thin;
    control.chain_steps_wanted.store(starts.chains() as u64 * total_steps as u64, Ordering::Relaxed);
    let workers = Workers::new(settings.threads, starts.blocks())?;
    let coordinates = Coordinates::new(density.bounds(), density.level());
    let run = Run { density, settings, workers: &workers, control };
    let mut blocks = blocks::<K>(density, settings, starts, &coordinates);
    workers.each(&mut blocks, |block| block.settle(kernel, &coordinates));
    let parameters = Parameters { length: settings.length, ..Parameters::new(settings.step_size) };
    run.advance(kernel, &mut blocks, &coordinates, parameters, settings.warmup, None);
    run.draw(kernel, &mut blocks, &coordinates, settings.step_size, settings.draws);
    Ok(collect(blocks, settings.draws, coordinates, settings.step_size, 0, control))
}

fn blocks<'a, K: Kernel>(
    density: &'a dyn LogDensity,
    settings: &Chaining,
    starts: &Population,
    coordinates: &Coordinates,
) -> Vec<Block<'a, K::State>> {
    let dimension = density.dimension();
    let dense = match settings.metric {
        MetricKind::Auto => dimension <= DENSE_LIMIT,
        MetricKind::Dense => true,
        MetricKind::Diagonal | MetricKind::Identity => false,
    };
    (0..starts.blocks())
        .map(|block| {
            let mut unconstrained = starts.block(block);
            for (row, transform) in unconstrained.iter_mut().zip(&coordinates.transforms) {
                row.iter_mut().for_each(|x| *x = transform.coordinate(*x));
            }
            let active = LANES.min(starts.chains() - block * LANES);
            let mut evaluate = density.block_evaluator(block as u64);
            evaluate.ask_for(active);
            Block {
                evaluate,
                noise: BlockRng::new(settings.seed, block as u64, Purpose::Noise),
                state: None,
                scratch: vec![Lanes::default(); 2 * dimension],
                unconstrained,
                moments: Moments::new(dimension, dense),
                accepted: Lanes::default(),
                steps: 0,
                info: StepInfo::default(),
                gradients: 0,
                active,
                record: Record { columns: vec![Vec::new(); dimension], ..Record::default() },
            }
        })
        .collect()
}

impl<'a, S> Block<'a, S> {
    /// The block, without its state, for another kernel.
    fn hand_over<T>(self) -> Block<'a, T> {
        let Block { evaluate, noise, unconstrained, scratch, moments, accepted, steps, info, gradients, active, record, .. } = self;
        Block { evaluate, noise, state: None, unconstrained, scratch, moments, accepted, steps, info, gradients, active, record }
    }
}

/// What all stages share.
struct Run<'a> {
    density: &'a dyn LogDensity,
    settings: &'a Chaining,
    workers: &'a Workers,
    control: &'a Control,
}

impl Run<'_> {
    /// Learns the metric over `steps` steps, renewed after each window.
    fn learn<K: Kernel>(&self, kernel: &K, blocks: &mut [Block<K::State>], coordinates: &mut Coordinates, steps: usize) {
        let mut step_size = Chaining::default().step_size;
        self.workers.each(blocks, |block| block.settle(kernel, coordinates));
        let mut from = 0;
        for window in windows(steps) {
            if window.start > from {
                self.tune(kernel, blocks, coordinates, &mut step_size, window.start, None);
                self.workers.each(blocks, |block| {
                    block.end_stage(kernel, coordinates);
                    block.settle(kernel, coordinates);
                });
            }
            from = window.end;
            blocks.iter_mut().for_each(|block| block.moments.clear());
            let centre = coordinates.metric.centre.clone();
            self.tune(kernel, blocks, coordinates, &mut step_size, window.len(), Some(&centre));
            self.workers.each(blocks, |block| block.end_stage(kernel, coordinates));
            if let Some((first, rest)) = blocks.split_first() {
                let mut pooled = first.moments.clone();
                rest.iter().for_each(|block| pooled.merge(&block.moments));
                if let Some(metric) = pooled.metric(&centre) {
                    coordinates.metric = metric;
                }
            }
            self.workers.each(blocks, |block| block.settle(kernel, coordinates));
        }
        self.workers.each(blocks, |block| block.locate(kernel, coordinates));
    }

    /// `count` steps, the step size renewed after each from what all chains saw; then its average. Gathers moments about
    /// `centre` if there is one.
    fn tune<K: Kernel>(
        &self,
        kernel: &K,
        blocks: &mut [Block<K::State>],
        coordinates: &Coordinates,
        step_size: &mut f64,
        count: usize,
        centre: Option<&[f64]>,
    ) {
        let tuning = match (kernel.tuning(), self.settings.target_acceptance) {
            (Tuning::Acceptance(_), Some(target)) => Tuning::Acceptance(target),
            (tuning, _) => tuning,
        };
        let mut tuner = Tuner::new(tuning, *step_size, self.density.dimension());
        let chains: usize = blocks.iter().map(|block| block.active).sum();
        for _ in 0..count {
            if self.control.stop.load(Ordering::Relaxed) {
                break;
            }
            let parameters = Parameters { length: self.settings.length, ..Parameters::new(tuner.step_size()) };
            self.advance(kernel, blocks, coordinates, parameters, 1, centre);
            let mut sum = 0.0;
            for block in blocks.iter_mut() {
                sum += tuner.observed(&block.info, block.active);
            }
            tuner.update(sum / chains as f64);
        }
        if count > 0 {
            *step_size = tuner.average();
        }
    }

    /// `count` steps with `parameters`.
    fn advance<K: Kernel>(
        &self,
        kernel: &K,
        blocks: &mut [Block<K::State>],
        coordinates: &Coordinates,
        parameters: Parameters,
        count: usize,
        centre: Option<&[f64]>,
    ) {
        let level = self.density.level();
        self.workers.each(blocks, |block| {
            for _ in 0..count {
                if self.control.stop.load(Ordering::Relaxed) {
                    break;
                }
                block.step(kernel, coordinates, parameters);
                self.control.chain_steps.fetch_add(block.active as u64, Ordering::Relaxed);
                if let Some(centre) = centre {
                    block.locate(kernel, coordinates);
                    block.moments.add(level, &mut block.unconstrained, centre, block.active);
                }
            }
        });
    }

    /// Draws until each block has `wanted`, each block by itself.
    fn draw<K: Kernel>(&self, kernel: &K, blocks: &mut [Block<K::State>], coordinates: &Coordinates, step_size: f64, wanted: usize) {
        let Chaining { thin, length, .. } = *self.settings;
        let parameters = Parameters { length, ..Parameters::new(step_size) };
        self.workers.each(blocks, |block| {
            let Record { columns, acceptance, energy, divergent, draws } = &mut block.record;
            let draws = wanted - *draws;
            for column in columns.iter_mut().chain([acceptance, energy, divergent]) {
                column.reserve_exact(draws * block.active);
            }
            for _ in 0..draws {
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

/// The blocks' records as one, chain by chain; as many draws as every block has.
fn gathered<S>(blocks: &[Block<S>]) -> (Draws, Statistics) {
    let draws = blocks.iter().map(|block| block.record.draws).min().unwrap_or(0);
    let chains: usize = blocks.iter().map(|block| block.active).sum();
    let gather = |pick: &dyn Fn(&Record) -> &Vec<f64>| -> Vec<f64> {
        let mut column = Vec::with_capacity(chains * draws);
        for block in blocks {
            let from = pick(&block.record);
            for lane in 0..block.active {
                column.extend((0..draws).map(|draw| from[draw * block.active + lane]));
            }
        }
        column
    };
    let dimension = blocks.first().map_or(0, |block| block.record.columns.len());
    let columns = (0..dimension).map(|variable| gather(&|record| &record.columns[variable])).collect();
    let statistics = Statistics {
        acceptance: gather(&|record| &record.acceptance),
        energy: gather(&|record| &record.energy),
        divergent: gather(&|record| &record.divergent),
    };
    (Draws::from_columns(columns, chains), statistics)
}

fn collect<S>(
    blocks: Vec<Block<S>>,
    wanted: usize,
    coordinates: Coordinates,
    step_size: f64,
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
        chain_steps: control.chain_steps.load(Ordering::Relaxed),
        warmup_gradients,
        gradients,
        wanted,
    }
}
