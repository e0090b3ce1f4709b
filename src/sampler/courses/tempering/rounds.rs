//! Rounds of a ladder: steps and swaps, and between rounds a reference and rungs renewed from what the last one showed.

use std::sync::atomic::Ordering;

use super::rung::{Path, Rung};
use super::stones::{Stones, log_ratio, ratios};
use super::systems::{Rules, Systems};
use super::{Ladder, Tempered, ladder, reference};
use crate::density::LogDensity;
use crate::error::Result;
use crate::math::{LANES, Lanes};
use crate::random::{self, BlockRng, Purpose};
use crate::sampler::courses::adapt::Tuner;
use crate::sampler::courses::chains::{Chained, Chaining, Rounds, first_round};
use crate::sampler::ensemble::control::{Control, Stage};
use crate::sampler::ensemble::record::{Record, gathered};
use crate::sampler::ensemble::workers::Workers;
use crate::sampler::kernels::nuts::Nuts;
use crate::sampler::kernels::{Kernel, StepInfo, Tuning};

/// Doublings of a trajectory at most: swaps take a replica further than a longer one would.
const DEPTH: usize = 7;

/// The share of the tuned step size that every other step takes: far modes are seldom of one width, and a step that suits most replicas
/// may be too long for a narrow mode.
const SHORT: f64 = 0.3;

/// A run between its rounds.
pub(super) struct Run<'a> {
    rules: &'a Rules,
    density: &'a dyn LogDensity,
    settings: &'a Chaining,
    control: &'a Control,
    workers: Workers,
    pub(super) path: Path,
    systems: usize,
    betas: Vec<f64>,
    tuners: Vec<Tuner>,
    blocks: Vec<Systems<'a>>,
    /// Ladders so far; each has streams of its own.
    ladders: u64,
    /// Steps so far: even and odd pairs take turns.
    steps: usize,
    /// Gradients of the search and of rungs that stand no longer.
    gradients: u64,
}

/// What a round showed.
pub(super) struct Shown {
    rejections: Vec<f64>,
    /// Unconstrained draws at β = 1, `[variable]`.
    columns: Vec<Vec<f64>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        density: &'a dyn LogDensity,
        settings: &'a Chaining,
        control: &'a Control,
        path: Path,
        systems: usize,
        betas: Vec<f64>,
    ) -> Result<Run<'a>> {
        let workers = Workers::new(settings.threads, systems.div_ceil(LANES) * betas.len())?;
        let (tuners, blocks) = (Vec::new(), Vec::new());
        Ok(Run { rules, density, settings, control, workers, path, systems, betas, tuners, blocks, ladders: 0, steps: 0, gradients: 0 })
    }

    /// Counts gradients that were taken before.
    pub(super) fn count(&mut self, gradients: u64) {
        self.gradients += gradients;
    }

    fn taken(&self) -> u64 {
        self.gradients + self.blocks.iter().flat_map(|block| &block.rungs).map(|rung| rung.gradients).sum::<u64>()
    }

    fn is_stopped(&self) -> bool {
        self.control.stop.load(Ordering::Relaxed)
    }

    /// Says how many steps of this ladder are still to come.
    pub(super) fn expect(&self, steps: usize) {
        let taken = self.control.chain_steps.load(Ordering::Relaxed);
        let wanted = taken + (steps * self.systems * self.betas.len()) as u64;
        self.control.chain_steps_wanted.store(wanted, Ordering::Relaxed);
    }

    /// Puts up the rungs of every block, at `place(block, β)` in the ladder's coordinates.
    pub(super) fn stand(&mut self, place: impl Fn(usize, f64) -> Vec<Lanes>, step_size: impl Fn(f64) -> f64) {
        self.gradients = self.taken();
        self.ladders += 1;
        let seed = random::Stage::Ladder(self.ladders).of(self.settings.seed);
        let kernel = Nuts { depth: DEPTH, ..Nuts::new(self.path.level) };
        let Run { density, settings, systems, .. } = *self;
        let (betas, path) = (&self.betas, &self.path);
        let stand = |block: usize| {
            let active = LANES.min(systems - block * LANES);
            let first = (block * betas.len()) as u64;
            let rung = |(number, &beta): (u64, &f64)| {
                let noise = BlockRng::new(seed, first + number, Purpose::Noise).for_lanes(active);
                Rung::new(density, path, kernel, noise, (beta, step_size(beta)), place(block, beta), active)
            };
            let rungs = (0..).zip(betas).map(rung).collect();
            Systems::new(rungs, BlockRng::new(seed, first, Purpose::Proposal), active)
        };
        self.blocks = (0..systems.div_ceil(LANES)).map(stand).collect();
        let tuning = settings.target_acceptance.map_or(kernel.tuning(), Tuning::Acceptance);
        let tuner = |beta: &f64| match settings.fixed_step_size {
            true => Tuner::Fixed(settings.step_size),
            false => Tuner::new(tuning, step_size(*beta), density.dimension()),
        };
        self.tuners = self.betas.iter().map(tuner).collect();
    }

    /// One step: swaps, then every rung explores.
    fn step(&mut self) {
        let Run { rules, control, workers, path, blocks, steps, .. } = self;
        let parity = *steps % 2;
        blocks.iter_mut().for_each(|block| block.swap(rules, path.level, parity));
        let mut rungs: Vec<&mut Rung> = blocks.iter_mut().flat_map(|block| &mut block.rungs).collect();
        let share = if parity == 0 { 1.0 } else { SHORT };
        workers.each(&mut rungs, |rung| {
            rung.explore(path, share);
            control.chain_steps.fetch_add(rung.active as u64, Ordering::Relaxed);
        });
        *steps += 1;
    }

    /// A round of `steps` steps that tunes each rung's step size.
    pub(super) fn warm_up(&mut self, steps: usize) -> Shown {
        let guess = self.first_guess();
        self.blocks.iter_mut().for_each(|block| block.begin(guess.clone(), steps));
        let dimension = self.density.dimension();
        let mut columns = vec![Vec::with_capacity(steps * self.systems); dimension];
        let mut u = vec![Lanes::default(); dimension];
        for step in 0..steps {
            if self.is_stopped() {
                break;
            }
            for (number, tuner) in self.tuners.iter().enumerate() {
                self.blocks.iter_mut().for_each(|block| block.rungs[number].step_size = tuner.step_size());
            }
            self.step();
            // The count is past the step: an odd one says that it was a whole one.
            let whole = usize::from(self.steps % 2 == 1);
            for (number, tuner) in self.tuners.iter_mut().enumerate().skip(1).take(whole * self.betas.len()) {
                let sum: f64 = self.blocks.iter().map(|block| tuner.observed(&block.rungs[number].info, block.active)).sum();
                tuner.update(sum / self.systems as f64);
            }
            for block in &mut self.blocks {
                block.weigh(self.path.level, step, steps);
                if let Some(top) = block.rungs.last() {
                    self.path.coordinates.unconstrained(&top.z, &mut u);
                    columns.iter_mut().zip(&u).for_each(|(column, row)| column.extend_from_slice(&row[..block.active]));
                }
            }
        }
        for (number, tuner) in self.tuners.iter().enumerate() {
            self.blocks.iter_mut().for_each(|block| block.rungs[number].step_size = tuner.average());
        }
        Shown { rejections: self.rejections(), columns }
    }

    fn rejections(&self) -> Vec<f64> {
        let rejection = |pair: usize| {
            let accepted: f64 = self.blocks.iter().map(|block| block.accepted[pair]).sum();
            let tries: f64 = self.blocks.iter().map(|block| block.tries[pair]).sum();
            1.0 - accepted / tries
        };
        (0..self.betas.len() - 1).map(rejection).collect()
    }

    /// log of each pair's ratio, about: Δβ times the mean of the medians of W at its rungs.
    fn first_guess(&self) -> Vec<f64> {
        let median = |number: usize| {
            let mut weights: Vec<f64> = self
                .blocks
                .iter()
                .flat_map(|block| block.rungs[number].weight[..block.active].iter().copied())
                .filter(|weight| weight.is_finite())
                .collect();
            weights.sort_by(f64::total_cmp);
            weights.get(weights.len() / 2).copied().unwrap_or(0.0)
        };
        let medians: Vec<f64> = (0..self.betas.len()).map(median).collect();
        medians.windows(2).zip(self.betas.windows(2)).map(|(w, beta)| (beta[1] - beta[0]) * 0.5 * (w[0] + w[1])).collect()
    }

    /// A reference and rungs by what the last round showed; replicas begin where those of the nearest old rung were.
    pub(super) fn renew(&mut self, shown: &Shown, rungs: Option<usize>, dense: bool) {
        let rungs = rungs.unwrap_or_else(|| ladder::rungs_for(ladder::barrier(&shown.rejections)));
        let old_betas = std::mem::take(&mut self.betas);
        self.betas = ladder::respaced(&old_betas, &shown.rejections, rungs);
        let old: Vec<Vec<Vec<Lanes>>> = self
            .blocks
            .iter()
            .map(|block| {
                let unconstrained = |rung: &Rung| {
                    let mut u = rung.z.clone();
                    self.path.coordinates.unconstrained(&rung.z, &mut u);
                    u
                };
                block.rungs.iter().map(unconstrained).collect()
            })
            .collect();
        if let Some(metric) = reference::fit(&shown.columns, dense) {
            self.path.law.follow(&metric);
            self.path.coordinates.metric = metric;
        }
        // Not the reference's own draws: where the density is 0 no replica of another rung may begin.
        let nearest = |beta: f64| {
            let distance = |number: &usize| (old_betas[*number] - beta).abs();
            (1..old_betas.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
        };
        let coordinates = self.path.coordinates.clone();
        let place = |block: usize, beta: f64| {
            let u = &old[block][nearest(beta)];
            let mut z = u.clone();
            coordinates.whitened(u, &mut z);
            z
        };
        let sizes: Vec<f64> = self.tuners.iter().map(Tuner::average).collect();
        self.stand(place, |beta| sizes[nearest(beta)]);
    }

    /// The draws, with ladder, reference and step sizes as they are; until the caller has enough, if it looks.
    pub(super) fn draw(mut self, rounds: Option<Rounds>) -> Tempered {
        let Chaining { draws: most, thin, .. } = *self.settings;
        let found = ratios(&self.blocks.iter().map(|block| block.stones.clone()).collect::<Vec<_>>());
        let guess: Vec<f64> = found.into_iter().zip(self.first_guess()).map(|(x, first)| if x.is_finite() { x } else { first }).collect();
        self.blocks.iter_mut().for_each(|block| block.begin(guess.clone(), most * thin));
        let warmup_gradients = self.taken();
        let mut wanted = first_round(self.settings, rounds);
        let dimension = self.density.dimension();
        let mut records: Vec<Record> = self.blocks.iter().map(|block| Record::new(dimension, block.active)).collect();
        records.iter_mut().for_each(|record| record.reserve(wanted));
        let mut rows = vec![Lanes::default(); dimension];
        let level = self.path.level;
        let mut made = 0;
        'draws: while made < wanted {
            for step in 0..thin {
                if self.is_stopped() {
                    break 'draws;
                }
                self.step();
                self.blocks.iter_mut().for_each(|block| block.weigh(level, made * thin + step, most * thin));
            }
            for (record, block) in records.iter_mut().zip(&self.blocks) {
                if let Some(top) = block.rungs.last() {
                    self.path.coordinates.unconstrained(&top.z, &mut rows);
                    self.path.coordinates.constrain(&mut rows);
                    record.add(&rows, &top.info);
                }
            }
            made += 1;
            if let Some(rounds) = rounds.filter(|_| made == wanted && wanted < most) {
                self.control.enter(Stage::Judging);
                wanted = rounds.next(&gathered(records.iter()).0, most);
                self.control.enter(Stage::Sampling);
                self.expect((wanted - made) * thin);
            }
        }
        let ladder = self.ladder(made * thin);
        let (draws, statistics) = gathered(records.iter());
        let gradients = self.taken() - warmup_gradients;
        let mut info = StepInfo::default();
        let step_size = self.blocks.first().and_then(|block| block.rungs.last()).map_or(f64::NAN, |rung| rung.step_size);
        self.blocks.iter_mut().flat_map(|block| &mut block.rungs).for_each(|rung| info.absorb(std::mem::take(&mut rung.info)));
        let chained = Chained {
            draws,
            statistics,
            step_size,
            coordinates: self.path.coordinates,
            info,
            warmup: self.settings.warmup,
            chain_steps: self.control.chain_steps.load(Ordering::Relaxed),
            warmup_gradients,
            gradients,
            complete: made == wanted,
            wanted,
        };
        Tempered { chained, ladder }
    }

    fn ladder(&self, steps: usize) -> Ladder {
        let rejections = self.rejections();
        let stones: Vec<Stones> = self.blocks.iter().map(|block| block.stones.clone()).collect();
        let (log_normalizer, log_error) = log_ratio(&stones, |block| self.blocks[block].active);
        let trips: f64 = self.blocks.iter().map(|block| block.climbers.round_trips[..block.active].iter().sum::<f64>()).sum();
        Ladder {
            inverse_temperatures: self.betas.clone(),
            barrier: ladder::barrier(&rejections),
            swap_acceptance: rejections.iter().map(|rejection| 1.0 - rejection).collect(),
            round_trips: trips / self.systems as f64,
            steps,
            log_normalizer,
            log_error,
        }
    }
}
