//! The gradient of a model over some of the rows of its data.

use super::Model;
use crate::error::Result;
use crate::math::{Block, Lanes};
use crate::tape::{BatchEvaluator, Batches};

impl Model {
    /// Checks that the gradient over a uniform choice of rows, its sums scaled up, is an unbiased estimate of the gradient.
    ///
    /// # Errors
    /// Kind `unsupported`, with the expression that is not linear in the sums over rows.
    pub fn check_batches(&self) -> Result<()> {
        self.graph().linear_in_sums(self.log_density_node(), &self.names())
    }

    /// Batches of `batch` rows of each table that the gradient loops over, for `lanes` chains; no tables if no loop is left.
    pub fn batches(&self, batch: usize, lanes: usize) -> Batches {
        Batches::new(self.gradient_program(), batch, lanes)
    }

    /// One thread's evaluator of gradients over batches, at up to `places` positions of each chain.
    pub fn batch_gradient(&self, places: usize) -> BatchGradient<'_> {
        let evaluator = BatchEvaluator::new(self.gradient_program(), places, crate::density::LogDensity::level(self));
        BatchGradient { model: self, evaluator }
    }
}

/// Evaluates ∇ log p with each sum over rows replaced by that over a chain's batch, times rows/batch.
pub struct BatchGradient<'a> {
    model: &'a Model,
    evaluator: BatchEvaluator,
}

impl BatchGradient<'_> {
    /// The gradients of the first `lanes` chains at `positions`, `[variable][lane]`.
    pub fn at(&mut self, positions: &Block, batches: &Batches, lanes: usize, gradient: &mut [Lanes]) {
        self.evaluator.run(self.model.gradient_program(), &[positions], batches, lanes, &mut [gradient]);
    }

    /// The gradients at two positions of each chain, over the same rows.
    pub fn at_both(&mut self, positions: [&Block; 2], batches: &Batches, lanes: usize, gradients: [&mut [Lanes]; 2]) {
        let [first, second] = gradients;
        self.evaluator.run(self.model.gradient_program(), &positions, batches, lanes, &mut [first, second]);
    }
}
