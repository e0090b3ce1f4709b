//! One block of chains: its state, its noise, what it gathers while the warm-up learns, and the record of its draws.

use super::Statistics;
use super::approach::Balance;
use super::rescue::{recall, rescue};
use crate::density::{Evaluate, LogDensity};
use crate::math::{Lanes, Level};
use crate::random::{BlockRng, Purpose};
use crate::sampler::ensemble::coordinates::{Coordinates, InCoordinates};
use crate::sampler::ensemble::draws::{Draws, Population};
use crate::sampler::ensemble::metric::Gathering;
use crate::sampler::kernels::{Kernel, Parameters, Pointed, StepInfo};

/// One block of chains and all it needs.
pub(super) struct Block<'a, S> {
    evaluate: Box<dyn Evaluate + 'a>,
    noise: BlockRng,
    pub(super) state: Option<S>,
    /// Unconstrained positions: where the block waits between stages, and a row of scratch each.
    pub(super) unconstrained: Vec<Lanes>,
    scratch: Vec<Lanes>,
    /// What a window of the warm-up learns from.
    pub(super) gathering: Gathering,
    /// What an approach is steered by.
    pub(super) balance: Balance,
    /// Σ of the acceptance over a stage of the warm-up, and its steps.
    accepted: Lanes,
    steps: usize,
    pub(super) info: StepInfo,
    pub(super) gradients: u64,
    /// Lanes in use.
    pub(super) active: usize,
    pub(super) record: Record,
}

/// The draws of one block, `[variable][draw][lane in use]`.
#[derive(Default)]
pub(super) struct Record {
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) acceptance: Vec<f64>,
    pub(super) energy: Vec<f64>,
    pub(super) divergent: Vec<f64>,
    pub(super) draws: usize,
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
    pub(super) fn settle<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
        let mut whitened = self.unconstrained.clone();
        coordinates.whitened(&self.unconstrained, &mut whitened);
        self.state = Some(kernel.init(whitened, &mut Self::evaluator(&mut self.evaluate, coordinates, &mut self.scratch, self.active)));
    }

    pub(super) fn step<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates, parameters: Parameters) {
        if let Some(state) = &mut self.state {
            let mut evaluate = Self::evaluator(&mut self.evaluate, coordinates, &mut self.scratch, self.active);
            kernel.step(state, &mut evaluate, &mut self.noise, parameters, &mut self.info);
            self.gradients += self.info.gradients[..self.active].iter().sum::<f64>() as u64;
            self.accepted.iter_mut().zip(self.info.acceptance.iter()).for_each(|(sum, one)| *sum += one);
            self.steps += 1;
        }
    }

    /// Writes where the state is to `unconstrained`.
    pub(super) fn locate<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
        if let Some(state) = &self.state {
            coordinates.unconstrained(kernel.positions(state), &mut self.unconstrained);
        }
    }

    /// Adds where the state is to what the window learns from.
    pub(super) fn gather<K: Pointed<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates, level: Level) {
        self.locate(kernel, coordinates);
        if let Some(state) = &self.state {
            let (scratch, _) = self.scratch.split_at_mut(self.unconstrained.len());
            self.gathering.add(level, &mut self.unconstrained, kernel.point(state), &coordinates.metric, scratch, self.active);
        }
    }

    /// Ends a stage of the warm-up: writes where the state is, chains that stood still moved to where others are; at the end of an approach
    /// those too that are still `lost`.
    pub(super) fn end_stage<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates, lost: bool) {
        self.locate(kernel, coordinates);
        if self.steps > 0 {
            let mut log_density = Lanes::default();
            let mut whitened = self.unconstrained.clone();
            coordinates.whitened(&self.unconstrained, &mut whitened);
            Self::evaluator(&mut self.evaluate, coordinates, &mut self.scratch, self.active).log_density(&whitened, &mut log_density);
            self.accepted.iter_mut().for_each(|sum| *sum /= self.steps as f64);
            rescue(&mut self.unconstrained, &log_density, &self.accepted, self.active);
            if lost {
                recall(&mut self.unconstrained, &log_density, self.active);
            }
        }
        (self.accepted, self.steps) = (Lanes::default(), 0);
    }

    pub(super) fn record<K: Kernel<State = S>>(&mut self, kernel: &K, coordinates: &Coordinates) {
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

pub(super) fn blocks<'a, S>(density: &'a dyn LogDensity, seed: u64, starts: &Population, coordinates: &Coordinates) -> Vec<Block<'a, S>> {
    let dimension = density.dimension();
    (0..starts.blocks())
        .map(|block| {
            let mut unconstrained = starts.block(block);
            for (row, transform) in unconstrained.iter_mut().zip(&coordinates.transforms) {
                row.iter_mut().for_each(|x| *x = transform.coordinate(*x));
            }
            let active = starts.chains_of(block);
            let mut evaluate = density.block_evaluator(block as u64);
            evaluate.ask_for(active);
            Block {
                evaluate,
                noise: BlockRng::new(seed, block as u64, Purpose::Noise).for_lanes(active),
                state: None,
                scratch: vec![Lanes::default(); 2 * dimension],
                unconstrained,
                gathering: Gathering::early(0, 0),
                balance: Balance::default(),
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
    pub(super) fn hand_over<T>(self) -> Block<'a, T> {
        let Block { evaluate, noise, unconstrained, scratch, gathering, balance, accepted, steps, info, gradients, active, record, .. } =
            self;
        Block { evaluate, noise, state: None, unconstrained, scratch, gathering, balance, accepted, steps, info, gradients, active, record }
    }
}

/// The blocks' records as one, chain by chain; as many draws as every block has.
pub(super) fn gathered<S>(blocks: &[Block<S>]) -> (Draws, Statistics) {
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
