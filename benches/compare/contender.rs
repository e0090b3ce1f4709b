//! What every contender can do: give a gradient, to be checked, and run chains, to be timed.

use langevin::sampler::Population;

/// A population to move.
pub(crate) struct Run<'a> {
    pub(crate) starts: &'a Population,
    pub(crate) steps: usize,
    pub(crate) step_size: f64,
    pub(crate) seed: u64,
}

/// One way to sample one problem, on one thread.
pub(crate) trait Contender {
    fn name(&self) -> String;

    /// ∇ log p at `position`.
    fn gradient(&self, position: &[f64]) -> Vec<f64>;

    /// Moves every chain by `run.steps` steps x ← x + ε∇log p(x) + √(2ε)·ξ, reflected at the bounds.
    fn run(&self, run: &Run) -> Population;
}
