//! A set of chains that can be advanced, looked at, saved and gone on with.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::block::{Block, Seen};
use super::control::Control;
use super::coordinates::Coordinates;
use super::draws::{Draws, Population};
use super::journal::{Journal, Part};
use super::record::{Statistics, gathered};
use super::workers::Workers;
use crate::density::{Evaluate, LogDensity, Transform};
use crate::error::Result;
use crate::math::LANES;
use crate::sampler::kernels::{Kernel, Parameters, StepInfo};
use crate::stored::{Archive, Stored};

/// Threads that take the blocks, and whoever watches.
pub struct Crew<'c> {
    pub(in crate::sampler) workers: Workers,
    pub(in crate::sampler) control: &'c Control,
    /// Where the course is written down, and its number there.
    journal: Option<(&'c Journal, usize)>,
}

impl<'c> Crew<'c> {
    /// So many threads for so many blocks of one course; 0 threads are those that are there.
    ///
    /// # Errors
    /// Kind `setting` if the threads cannot be started.
    pub fn new(threads: usize, blocks: usize, control: &'c Control) -> Result<Crew<'c>> {
        let journal = control.journal.as_ref().map(|journal| (journal, journal.begin_course()));
        Ok(Crew { workers: Workers::new(threads, blocks)?, control, journal })
    }

    /// Whether the run is to end.
    pub(in crate::sampler) fn is_stopped(&self) -> bool {
        self.control.stop.load(Ordering::Relaxed)
    }

    /// The state of a part of the course as it was written down, if it was, read over one of its `shape`.
    pub(in crate::sampler) fn recall<T: Stored>(&self, part: Part, shape: impl FnOnce() -> T) -> Result<Option<T>> {
        let Some((journal, course)) = self.journal.filter(|(journal, course)| journal.has(*course, part)) else { return Ok(None) };
        let (mut state, mut chain_steps) = (shape(), 0);
        journal.read(course, part, &mut (&mut chain_steps, &mut state))?;
        self.control.chain_steps.store(chain_steps, Ordering::Relaxed);
        Ok(Some(state))
    }

    /// Writes down the state of a part of the course, and hands the journal over if it is due or the run is to end. Whoever calls it knows
    /// that the run was not to end when the last step began: chains of which some have stopped and others not learn what they should not.
    pub(in crate::sampler) fn write(&self, part: Part, state: &mut dyn Stored) -> Result<()> {
        if let Some((journal, course)) = self.journal {
            let mut chain_steps = self.control.chain_steps.load(Ordering::Relaxed);
            journal.write(course, part, &mut (&mut chain_steps, state))?;
        }
        self.hand_over_if_due();
        Ok(())
    }

    /// The same, but only if the journal is due or the run is to end.
    pub(in crate::sampler) fn write_if_due(&self, part: Part, state: &mut dyn Stored) -> Result<()> {
        if self.is_stopped() || self.is_to_wait() { self.write(part, state) } else { Ok(()) }
    }

    /// Hands the journal over as it is, if it is due or the run is to end.
    pub(in crate::sampler) fn hand_over_if_due(&self) {
        if let Some((journal, _)) = self.journal.filter(|(journal, _)| journal.is_due() || self.is_stopped()) {
            journal.hand_over();
        }
    }

    /// Whether blocks are to wait so that the course can be written down.
    fn is_to_wait(&self) -> bool {
        self.journal.is_some_and(|(journal, _)| journal.is_due())
    }
}

/// How many steps are made.
#[derive(Clone, Copy)]
pub(in crate::sampler) enum Steps {
    /// So many by each block.
    More(usize),
    /// Until so many are taken in this stage, or the course is to be written down: blocks are then at different steps, which the next call
    /// evens out.
    UpTo(usize),
}

/// Steps of a schedule that are computed together, and between two reports of how many were taken.
pub(in crate::sampler) const STRETCH: usize = 64;

/// By which parameters steps are made.
#[derive(Clone, Copy)]
pub(in crate::sampler) enum Pace<'p> {
    /// The same for all.
    Constant(Parameters),
    /// Those made of these for each step, see [`Parameters::varied`].
    Varied(Parameters),
    /// Those of the steps from the given one, as many as there is room for.
    Scheduled(&'p (dyn Fn(usize, &mut [Parameters; STRETCH]) + Sync)),
}

/// Chains in blocks of lanes, with their streams of noise, coordinates and steps taken; what a thread needs to step them is not part of it.
pub struct Ensemble<'a, S> {
    density: &'a dyn LogDensity,
    seed: u64,
    /// Those in which kernels move.
    pub(in crate::sampler) coordinates: Coordinates,
    /// Whether kernels move in the variables themselves, and meet their ends.
    is_bare: bool,
    pub(in crate::sampler) blocks: Vec<Block<'a, S>>,
    /// Neighbouring blocks that one thread takes together, as they exchange chains; the first of them has the draws.
    together: usize,
    /// Evaluators that wait, where a block does not keep its own.
    idle: Option<Mutex<Vec<Box<dyn Evaluate + 'a>>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn seen(coordinates: &Coordinates, is_bare: bool) -> Seen<'_> {
    if is_bare { Seen::Bare } else { Seen::In(coordinates) }
}

impl<'a, S: Send> Ensemble<'a, S> {
    /// Chains at `starts`, positions of the variables, for kernels that move in `coordinates`. `seed` is that of the stage: its noise
    /// serves no other.
    pub fn new(density: &'a dyn LogDensity, seed: u64, starts: &Population, coordinates: Coordinates) -> Ensemble<'a, S> {
        Ensemble::of(density, seed, starts, coordinates, &[1.0])
    }

    /// Chains at `starts` for kernels that move in the variables themselves, a set of them for each temperature, from starts spread by its
    /// root; the draws are those at the first.
    pub fn in_variables(density: &'a dyn LogDensity, seed: u64, starts: &Population, temperatures: &[f64]) -> Ensemble<'a, S> {
        let mut coordinates = Coordinates::new(density.bounds(), density.level());
        coordinates.transforms.fill(Transform::Identity);
        Ensemble { is_bare: true, ..Ensemble::of(density, seed, starts, coordinates, temperatures) }
    }

    fn of(density: &'a dyn LogDensity, seed: u64, starts: &Population, coordinates: Coordinates, temperatures: &[f64]) -> Ensemble<'a, S> {
        let block = |number: usize| {
            let (block, temperature) = (number / temperatures.len(), temperatures[number % temperatures.len()]);
            let mut waits_at = starts.block(block);
            for (row, transform) in waits_at.iter_mut().zip(&coordinates.transforms) {
                row.iter_mut().for_each(|x| *x = transform.coordinate(*x) * temperature.sqrt());
            }
            Block::new(seed, number as u64, waits_at, temperature, starts.chains_of(block))
        };
        let blocks = (0..starts.blocks() * temperatures.len()).map(block).collect();
        Ensemble { density, seed, coordinates, is_bare: false, blocks, together: temperatures.len(), idle: None }
    }

    /// The same where no block keeps an evaluator of its own: there are as many as threads, whose scratch space is dear for a large formula.
    #[must_use]
    pub(in crate::sampler) fn with_few_evaluators(mut self) -> Self {
        self.idle = Some(Mutex::new(Vec::new()));
        self
    }

    /// How many chains have draws.
    pub fn chains(&self) -> usize {
        self.blocks.iter().step_by(self.together).map(|block| block.active).sum()
    }

    /// Steps that every chain has taken in this stage.
    pub fn steps(&self) -> usize {
        self.blocks.iter().map(|block| block.taken).min().unwrap_or(0)
    }

    /// Chain-steps that all have taken in this stage.
    pub fn chain_steps(&self) -> u64 {
        self.blocks.iter().map(|block| (block.taken * block.active) as u64).sum()
    }

    /// Gradients that were counted.
    pub(in crate::sampler) fn gradients(&self) -> u64 {
        self.blocks.iter().map(|block| block.gradients).sum()
    }

    /// `body` for each group of blocks, on its thread, with how kernels see the density and something that belongs to the group.
    pub(in crate::sampler) fn each<X: Send>(
        &mut self,
        crew: &Crew,
        beside: &mut [X],
        body: impl Fn(&mut [Block<'a, S>], Seen, &mut X) + Sync + Send,
    ) {
        let Ensemble { density, coordinates, is_bare, blocks, together, idle, .. } = self;
        let (seen, idle) = (seen(coordinates, *is_bare), &*idle);
        crew.workers.each_with(blocks, *together, beside, |blocks, beside| {
            for block in &mut *blocks {
                block.equip(*density, || idle.as_ref().and_then(|idle| lock(idle).pop()));
            }
            body(blocks, seen, beside);
            if let Some(idle) = idle {
                lock(idle).extend(blocks.iter_mut().filter_map(Block::unequip));
            }
        });
    }

    /// Begins a stage of `kernel` where the chains wait.
    pub fn settle<K: Kernel<State = S>>(&mut self, crew: &Crew, kernel: &K) {
        let mut beside = vec![(); self.groups()];
        self.each(crew, &mut beside, |blocks, seen, ()| blocks.iter_mut().for_each(|block| block.settle(kernel, seen)));
    }

    /// Begins to count steps anew.
    pub(in crate::sampler) fn begin_stage(&mut self) {
        self.blocks.iter_mut().for_each(|block| block.taken = 0);
    }

    /// How many groups of blocks there are.
    pub(in crate::sampler) fn groups(&self) -> usize {
        self.blocks.len() / self.together
    }

    /// Steps, or until the run is to end; `hook` after each, with what belongs to the group of blocks.
    pub(in crate::sampler) fn advance<K: Kernel<State = S>, X: Send>(
        &mut self,
        crew: &Crew,
        kernel: &K,
        steps: Steps,
        pace: Pace,
        beside: &mut [X],
        hook: impl Fn(&mut [Block<'a, S>], Seen, &mut X) + Sync + Send,
    ) {
        self.each(crew, beside, |blocks, seen, beside| {
            let active: usize = blocks.iter().map(|block| block.active).sum();
            let taken = blocks.first().map_or(0, |block| block.taken);
            let mut left = match steps {
                Steps::More(count) => count,
                Steps::UpTo(end) => end.saturating_sub(taken),
            };
            while left > 0 {
                let taken = blocks.first().map_or(0, |block| block.taken);
                let (mut row, stretch) = match pace {
                    Pace::Constant(parameters) => ([parameters; STRETCH], 1),
                    Pace::Varied(parameters) => ([parameters.varied(taken); STRETCH], 1),
                    Pace::Scheduled(_) => ([Parameters::new(0.0); STRETCH], STRETCH.min(left)),
                };
                if let Pace::Scheduled(fill) = pace {
                    fill(taken, &mut row);
                }
                if crew.is_stopped() {
                    return;
                }
                for parameters in &row[..stretch] {
                    blocks.iter_mut().for_each(|block| block.step(kernel, seen, *parameters));
                    hook(blocks, seen, beside);
                }
                crew.control.chain_steps.fetch_add((active * stretch) as u64, Ordering::Relaxed);
                left -= stretch;
                // After a step at least: however often the course is written down, it comes to its end.
                if matches!(steps, Steps::UpTo(_)) && crew.is_to_wait() {
                    return;
                }
            }
        });
    }

    /// `count` steps by the same parameters, each a draw.
    pub fn draw<K: Kernel<State = S>>(&mut self, crew: &Crew, kernel: &K, count: usize, parameters: Parameters) {
        let mut beside = vec![(); self.groups()];
        self.advance(crew, kernel, Steps::More(count), Pace::Constant(parameters), &mut beside, |blocks, seen, ()| {
            blocks.iter_mut().take(1).for_each(|block| block.record(kernel, seen));
        });
    }

    /// The draws so far, chain by chain; as many as every block has.
    pub fn draws(&self) -> (Draws, Statistics) {
        gathered(self.blocks.iter().step_by(self.together).map(|block| &block.record))
    }

    /// Where the chains are, in the variables, over those of a population of as many.
    pub(in crate::sampler) fn positions<K: Kernel<State = S>>(&mut self, kernel: &K, into: Population) -> Population {
        let seen = seen(&self.coordinates, self.is_bare);
        self.blocks.iter_mut().for_each(|block| block.locate(kernel, seen));
        self.waiting(into)
    }

    /// Where the chains wait, as [`positions`](Ensemble::positions); they wait there no longer.
    pub(in crate::sampler) fn waiting(&mut self, mut into: Population) -> Population {
        for (number, block) in self.blocks.iter_mut().enumerate() {
            self.coordinates.constrain(&mut block.waits_at);
            into.store(number, &block.waits_at);
        }
        into
    }

    /// What the steps met, the blocks in order.
    pub(in crate::sampler) fn info(&mut self) -> StepInfo {
        let mut info = StepInfo::default();
        self.blocks.iter_mut().for_each(|block| info.absorb(std::mem::take(&mut block.info)));
        info
    }

    /// The ensemble, without its states, for another kernel and the stage of `seed`; its streams go on.
    pub(in crate::sampler) fn hand_over<T>(self, seed: u64) -> Ensemble<'a, T> {
        let Ensemble { density, coordinates, is_bare, blocks, together, .. } = self;
        let blocks = blocks.into_iter().map(Block::hand_over).collect();
        Ensemble { density, seed, coordinates, is_bare, blocks, together, idle: None }
    }
}

/// Of the bytes: `langevin`, and the number of their format.
const MAGIC: u64 = u64::from_le_bytes(*b"langevin");
const FORMAT: u64 = 1;

impl<S: Send + Stored> Ensemble<'_, S> {
    /// Chains that have begun, as bytes. They go on the same on any number of threads and at any SIMD level.
    ///
    /// # Errors
    /// Kind `data` if they have not begun.
    pub fn to_bytes(&mut self) -> Result<Vec<u8>> {
        let mut archive = Archive::Out(Vec::new());
        self.pass(&mut archive)?;
        Ok(archive.into_bytes())
    }

    /// The chains of [`to_bytes`](Ensemble::to_bytes), over an ensemble that has begun in the same way: of the same density, kernel, seed and
    /// number of chains. Where the bytes are refused, what the ensemble holds means nothing.
    ///
    /// # Errors
    /// Kind `data`, with the reason, for all other bytes.
    pub fn read_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let mut archive = Archive::In(bytes);
        self.pass(&mut archive)?;
        archive.end()
    }
}

impl<S: Send + Stored> Stored for Ensemble<'_, S> {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.expect(MAGIC, "no state of a run at all")?;
        archive.expect(FORMAT, "another format")?;
        archive.expect(self.seed, "another seed or stage")?;
        archive.expect(LANES as u64, "blocks of another size")?;
        archive.expect(self.density.dimension() as u64, "another dimension")?;
        archive.expect(self.is_bare.into(), "other coordinates")?;
        self.coordinates.metric.pass(archive)?;
        self.blocks.pass(archive)
    }
}
