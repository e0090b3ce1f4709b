//! What a warm-up keeps beside each block of chains: what a metric is learned from, what an approach is steered by, who stands still.

use super::approach::Balance;
use super::rescue::{recall, rescue};
use crate::math::{Lanes, Level};
use crate::sampler::ensemble::block::{Block, Seen};
use crate::sampler::ensemble::metric::Gathering;
use crate::sampler::kernels::{Kernel, Pointed};

/// Of one block.
pub(super) struct Learning {
    /// What a window learns from.
    pub(super) gathering: Gathering,
    /// What an approach is steered by.
    pub(super) balance: Balance,
    /// Σ of the acceptance over a stage, and its steps.
    accepted: Lanes,
    steps: usize,
}

impl Learning {
    /// One for each of so many blocks.
    pub(super) fn of(blocks: usize) -> Vec<Learning> {
        let empty = || Learning { gathering: Gathering::early(0, 0), balance: Balance::default(), accepted: Lanes::default(), steps: 0 };
        (0..blocks).map(|_| empty()).collect()
    }

    /// Sees a step.
    pub(super) fn watch<S>(&mut self, block: &Block<S>) {
        self.accepted.iter_mut().zip(block.info.acceptance.iter()).for_each(|(sum, one)| *sum += one);
        self.steps += 1;
    }

    /// Adds where the state is to what the window learns from.
    pub(super) fn gather<K: Pointed>(&mut self, kernel: &K, block: &mut Block<K::State>, seen: Seen, level: Level) {
        block.locate(kernel, seen);
        if let (Some(state), Seen::In(coordinates)) = (&block.state, seen) {
            let (scratch, _) = block.scratch.split_at_mut(block.waits_at.len());
            self.gathering.add(level, &mut block.waits_at, kernel.point(state), &coordinates.metric, scratch, block.active);
        }
    }

    /// Ends a stage: the block waits where its state is, chains that stood still moved to where others are; at the end of an approach those
    /// too that are still `lost`.
    pub(super) fn end_stage<K: Kernel>(&mut self, kernel: &K, block: &mut Block<K::State>, seen: Seen, lost: bool) {
        block.locate(kernel, seen);
        if let (1.., Seen::In(coordinates)) = (self.steps, seen) {
            let mut log_density = Lanes::default();
            let mut whitened = block.waits_at.clone();
            coordinates.whitened(&block.waits_at, &mut whitened);
            block.log_density(seen, &whitened, &mut log_density);
            self.accepted.iter_mut().for_each(|sum| *sum /= self.steps as f64);
            rescue(&mut block.waits_at, &log_density, &self.accepted, block.active);
            if lost {
                recall(&mut block.waits_at, &log_density, block.active);
            }
        }
        (self.accepted, self.steps) = (Lanes::default(), 0);
    }
}
