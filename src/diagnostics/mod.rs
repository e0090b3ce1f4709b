//! Draws to figures: fit to the exact law, memory of the start, identities of the density.

mod fit;
mod moments;
mod nested;
mod stein;

pub use fit::{KolmogorovSmirnov, boundary_atoms, kolmogorov_smirnov, wasserstein1};
pub use moments::{mean_and_sd, quantile, sorted};
pub use nested::{NestedRhat, nested_rhat};
pub use stein::{SteinTest, stein_tests};
