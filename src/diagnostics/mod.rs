//! Draws to figures: fit to the exact law, memory of the start, identities of the density, curves of chains.

mod convergence;
mod curves;
mod fit;
mod ksd;
mod moments;
mod nested;
mod rank;
mod stein;

pub use convergence::{e_bfmi, ess_bulk, ess_mean, ess_quantile, ess_tail, mcse_mean, mcse_quantile, mcse_sd, rhat};
pub use curves::{RunningMean, autocorrelation, rank_counts, running_mean};
pub use fit::{KolmogorovSmirnov, boundary_atoms, kolmogorov_smirnov, wasserstein1};
pub use ksd::{SteinDiscrepancy, stein_discrepancy};
pub use moments::{mean_and_sd, quantile, sorted};
pub use nested::{NestedRhat, chains_apart, nested_rhat, rhat_of_many};
pub use rank::normal_quantile;
pub use stein::{SteinTest, largest_of, stein_tests};
