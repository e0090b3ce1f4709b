//! The warm-up: windows in which the metric is learned, and the tuning of the step size.

use super::learning::Learning;
use super::{Chaining, Run};
use crate::error::Result;
use crate::random::Stage;
use crate::sampler::courses::adapt::{Tuner, windows};
use crate::sampler::ensemble::block::{Block, Seen};
use crate::sampler::ensemble::chains::{Ensemble, Pace, Steps};
use crate::sampler::ensemble::journal::Part;
use crate::sampler::ensemble::metric::Gathering;
use crate::sampler::ensemble::{Coordinates, Population};
use crate::sampler::kernels::nuts::{self, Nuts};
use crate::sampler::kernels::{Kernel, Parameters, Tuning};
use crate::stored::stored;

/// Chains that have learned a metric.
pub(super) struct Learned<'a> {
    /// Where they wait for any kernel.
    pub(super) ensemble: Ensemble<'a, nuts::State>,
    /// Steps that each took.
    pub(super) steps: usize,
    /// Whether a population arrived early.
    pub(super) early: bool,
}

/// A warm-up between two windows.
struct Windows<'a> {
    ensemble: Ensemble<'a, nuts::State>,
    step_size: f64,
    /// How many windows are past, and steps of the approach before them.
    past: usize,
    approach: usize,
}

stored!(Windows<'_> { ensemble, step_size, past, approach });

impl<'a> Run<'_, 'a> {
    /// Learns the metric in `steps` steps or so, and goes from `starts`, and from `coordinates`, to where the density has its mass. The chains,
    /// where they wait for any kernel, the steps that each took, and whether a population arrived early.
    ///
    /// # Errors
    /// Those of what was written down.
    pub(super) fn learn(&self, starts: &Population, coordinates: Coordinates, steps: usize) -> Result<Learned<'a>> {
        let seed = Stage::Windows.of(self.settings.seed);
        let fresh = || Windows {
            ensemble: Ensemble::new(self.density, seed, starts, coordinates.clone()),
            step_size: Chaining::default().step_size,
            past: 0,
            approach: 0,
        };
        let kernel = Nuts::new(self.density.level());
        let shape = || {
            let mut windows = fresh();
            windows.ensemble.settle(self.crew, &kernel);
            windows
        };
        let mut learning = match self.crew.recall(Part::Windows, shape)? {
            Some(windows) => windows,
            None => {
                let approach = self.approach(starts, coordinates.clone(), Self::longest_approach(starts.chains(), steps))?;
                if let Some(arrived) = approach.arrived {
                    return Ok(Learned { ensemble: arrived.hand_over(seed), steps: approach.steps, early: true });
                }
                let mut windows = Windows { approach: approach.steps, ..shape() };
                if let Some(first) = windows.ensemble.blocks.first_mut() {
                    first.gradients = approach.gradients;
                }
                windows
            }
        };
        self.learn_by_windows(&kernel, &mut learning, steps)?;
        Ok(Learned { ensemble: learning.ensemble, steps: learning.approach + steps, early: false })
    }

    /// Learns the metric over `steps` steps, renewed after each window.
    fn learn_by_windows(&self, kernel: &Nuts, state: &mut Windows<'a>, steps: usize) -> Result<()> {
        for window in windows(steps).into_iter().skip(state.past) {
            let Windows { ensemble, step_size, past, .. } = &mut *state;
            let mut learning = Learning::of(ensemble.groups());
            if *past == 0 && window.start > 0 {
                self.tune(kernel, ensemble, step_size, window.start, &mut learning, |block, _, learning| learning.watch(block));
                ensemble.each(self.crew, &mut learning, |blocks, seen, learning| learning.end_stage(kernel, &mut blocks[0], seen, false));
                ensemble.settle(self.crew, kernel);
            }
            begin_window(&mut learning, |blocks| Gathering::new(self.settings.metric, &ensemble.coordinates.metric, window.len(), blocks));
            let level = self.density.level();
            self.tune(kernel, ensemble, step_size, window.len(), &mut learning, |block, seen, learning| {
                learning.watch(block);
                learning.gather(kernel, block, seen, level);
            });
            ensemble.each(self.crew, &mut learning, |blocks, seen, learning| learning.end_stage(kernel, &mut blocks[0], seen, false));
            renew(&mut learning, ensemble);
            ensemble.settle(self.crew, kernel);
            *past += 1;
            if !self.crew.is_stopped() {
                self.crew.write(Part::Windows, state)?;
            }
        }
        let mut beside = vec![(); state.ensemble.groups()];
        state.ensemble.each(self.crew, &mut beside, |blocks, seen, ()| blocks[0].locate(kernel, seen));
        Ok(())
    }

    /// `count` steps, the step size renewed after each from what all chains saw; then its average. `after` each step of a block.
    pub(super) fn tune<'b, K: Kernel, X: Send>(
        &self,
        kernel: &K,
        ensemble: &mut Ensemble<'b, K::State>,
        step_size: &mut f64,
        count: usize,
        beside: &mut [X],
        after: impl Fn(&mut Block<'b, K::State>, Seen, &mut X) + Sync + Send,
    ) {
        let tuning = match (kernel.tuning(), self.settings.target_acceptance) {
            (Tuning::Acceptance(_), Some(target)) => Tuning::Acceptance(target),
            (tuning, _) => tuning,
        };
        let mut tuner = Tuner::new(tuning, *step_size, self.density.dimension());
        let chains = ensemble.chains();
        for _ in 0..count {
            if self.crew.is_stopped() {
                break;
            }
            let parameters = Parameters { length: self.settings.length, ..Parameters::new(tuner.step_size().min(kernel.longest_step())) };
            ensemble.advance(self.crew, kernel, Steps::More(1), Pace::Constant(parameters), beside, |blocks, seen, beside| {
                blocks[0].count_gradients();
                after(&mut blocks[0], seen, beside);
            });
            let mut sum = 0.0;
            for block in &ensemble.blocks {
                sum += tuner.observed(&block.info, block.active);
            }
            tuner.update(sum / chains as f64);
            self.crew.hand_over_if_due();
        }
        if count > 0 {
            *step_size = tuner.average().min(kernel.longest_step());
        }
    }
}

/// Begins to gather anew, for so many blocks.
pub(super) fn begin_window(learning: &mut [Learning], gathering: impl Fn(usize) -> Gathering) {
    let empty = gathering(learning.len());
    learning.iter_mut().for_each(|learning| learning.gathering = empty.clone());
}

/// Takes the metric that the blocks gathered for together, if there is one.
pub(super) fn renew<S: Send>(learning: &mut [Learning], ensemble: &mut Ensemble<S>) {
    if let Some((first, rest)) = learning.split_first_mut() {
        let pooled = &mut first.gathering;
        rest.iter_mut().for_each(|other| pooled.merge(&mut other.gathering));
        if let Some(metric) = pooled.metric() {
            ensemble.coordinates.metric = metric;
        }
    }
}
