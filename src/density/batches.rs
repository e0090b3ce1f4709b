//! The gradient of a model over some of the rows of its data.

use super::Model;
use crate::error::Result;
use crate::math::{Block, Lanes};
use crate::tape::{BatchEvaluator, Batches, Records, Terms};

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

    /// The same with one batch for all chains.
    pub fn shared_batches(&self, batch: usize) -> Batches {
        Batches::shared(self.gradient_program(), batch)
    }

    /// The data that the gradient loops over, row by row.
    pub fn records(&self) -> Records {
        Records::new(self.gradient_program())
    }

    /// The same with what every row is at the position of the first chain, for [`at_both`](BatchGradient::at_both) with that as the second
    /// of the positions of all chains.
    pub fn records_at(&self, anchor: &Block) -> Records {
        Records::at(self.gradient_program(), anchor, crate::density::LogDensity::level(self))
    }

    /// One thread's evaluator of gradients over batches of `records`, at up to `places` positions of each chain.
    pub fn batch_gradient<'a>(&'a self, records: &'a Records, places: usize) -> BatchGradient<'a> {
        let evaluator = BatchEvaluator::new(self.gradient_program(), places, crate::density::LogDensity::level(self));
        BatchGradient { model: self, records, evaluator }
    }
}

/// Evaluates ∇ log p with each sum over rows replaced by that over a chain's batch, times rows/batch.
pub struct BatchGradient<'a> {
    model: &'a Model,
    records: &'a Records,
    evaluator: BatchEvaluator,
}

impl BatchGradient<'_> {
    /// The gradients of the first `lanes` chains at `positions`, `[variable][lane]`.
    pub fn at(&mut self, positions: &Block, batches: &Batches, lanes: usize, gradient: &mut [Lanes]) {
        self.evaluator.run(self.model.gradient_program(), self.records, &[positions], batches, lanes, &mut [gradient]);
    }

    /// The gradients at two positions of each chain, over the same rows.
    pub fn at_both(&mut self, positions: [&Block; 2], batches: &Batches, lanes: usize, gradients: [&mut [Lanes]; 2]) {
        let [first, second] = gradients;
        self.evaluator.run(self.model.gradient_program(), self.records, &positions, batches, lanes, &mut [first, second]);
    }

    /// The terms that the rows of each chain's batch add to its gradient at `positions`, not scaled up, handed to `each` some rows of one
    /// chain at a time; `rest` becomes the gradient without any rows. For a gradient whose sums do not lie inside each other.
    pub fn terms(&mut self, positions: &Block, batches: &Batches, lanes: usize, rest: &mut [Lanes], each: &mut dyn FnMut(Terms<'_>)) {
        self.evaluator.run_apart(self.model.gradient_program(), self.records, positions, batches, lanes, rest, each);
    }
}
