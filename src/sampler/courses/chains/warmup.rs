//! The warm-up: windows in which the metric is learned, and the tuning of the step size.

use std::sync::atomic::Ordering;

use super::block::{Block, blocks};
use super::{Chaining, Run};
use crate::random::Stage;
use crate::sampler::courses::adapt::{Tuner, windows};
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::sampler::ensemble::draws::Population;
use crate::sampler::ensemble::metric::Gathering;
use crate::sampler::kernels::nuts::{self, Nuts};
use crate::sampler::kernels::{Kernel, Parameters, Tuning};

impl<'a> Run<'a> {
    /// Learns the metric in `steps` steps or so, and goes from `starts` to where the density has its mass. The blocks, where they are, for
    /// any kernel, the steps that each took, and whether a population arrived early.
    pub(super) fn learn(
        &self,
        starts: &Population,
        coordinates: &mut Coordinates,
        steps: usize,
    ) -> (Vec<Block<'a, nuts::State>>, usize, bool) {
        let approach = self.approach(starts, coordinates, steps / 2);
        if let Some(arrived) = approach.blocks {
            return (arrived.into_iter().map(Block::hand_over).collect(), approach.steps, true);
        }
        let mut blocks = blocks(self.density, Stage::Windows.of(self.settings.seed), starts, coordinates);
        if let Some(first) = blocks.first_mut() {
            first.gradients = approach.gradients;
        }
        self.learn_by_windows(&Nuts::new(self.density.level()), &mut blocks, coordinates, steps);
        (blocks, approach.steps + steps, false)
    }

    /// Learns the metric over `steps` steps, renewed after each window.
    fn learn_by_windows(&self, kernel: &Nuts, blocks: &mut [Block<nuts::State>], coordinates: &mut Coordinates, steps: usize) {
        let mut step_size = Chaining::default().step_size;
        self.workers.each(blocks, |block| block.settle(kernel, coordinates));
        let mut from = 0;
        for window in windows(steps) {
            if window.start > from {
                self.tune(kernel, blocks, coordinates, &mut step_size, window.start, |_| {});
                self.workers.each(blocks, |block| {
                    block.end_stage(kernel, coordinates, false);
                    block.settle(kernel, coordinates);
                });
            }
            from = window.end;
            let gathering = Gathering::new(self.settings.metric, &coordinates.metric, window.len(), blocks.len());
            blocks.iter_mut().for_each(|block| block.gathering = gathering.clone());
            let level = self.density.level();
            self.tune(kernel, blocks, coordinates, &mut step_size, window.len(), |block| block.gather(kernel, coordinates, level));
            self.workers.each(blocks, |block| block.end_stage(kernel, coordinates, false));
            renew(blocks, coordinates);
            self.workers.each(blocks, |block| block.settle(kernel, coordinates));
        }
        self.workers.each(blocks, |block| block.locate(kernel, coordinates));
    }

    /// `count` steps, the step size renewed after each from what all chains saw; then its average. `after` each step of a block.
    pub(super) fn tune<'b, S: Send>(
        &self,
        kernel: &impl Kernel<State = S>,
        blocks: &mut [Block<'b, S>],
        coordinates: &Coordinates,
        step_size: &mut f64,
        count: usize,
        after: impl Fn(&mut Block<'b, S>) + Sync + Send,
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
            let parameters = Parameters { length: self.settings.length, ..Parameters::new(tuner.step_size().min(kernel.longest_step())) };
            self.advance(kernel, blocks, coordinates, parameters, 1, &after);
            let mut sum = 0.0;
            for block in blocks.iter_mut() {
                sum += tuner.observed(&block.info, block.active);
            }
            tuner.update(sum / chains as f64);
        }
        if count > 0 {
            *step_size = tuner.average().min(kernel.longest_step());
        }
    }
}

/// Takes the metric that the blocks gathered for together, if there is one.
pub(super) fn renew<S>(blocks: &mut [Block<S>], coordinates: &mut Coordinates) {
    if let Some((first, rest)) = blocks.split_first_mut() {
        let pooled = &mut first.gathering;
        rest.iter_mut().for_each(|block| pooled.merge(&mut block.gathering));
        if let Some(metric) = pooled.metric() {
            coordinates.metric = metric;
        }
    }
}
