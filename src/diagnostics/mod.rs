//! Draws to figures: fit to the exact law, memory of the start, identities of the density, curves of chains.

mod convergence;
mod curves;
mod fit;
mod ksd;
mod moments;
mod nested;
mod rank;
mod stein;

pub use convergence::{Convergence, Disagreement, MANY_CHAINS, RHAT_WANTED, e_bfmi};
pub use curves::{RunningMean, autocorrelation, rank_counts, running_mean};
pub use fit::{KolmogorovSmirnov, boundary_atoms, kolmogorov_smirnov, two_samples, wasserstein1};
pub use ksd::{SteinDiscrepancy, stein_discrepancy};
pub use moments::{mean_and_sd, quantile, sorted};
pub use nested::{NestedRhat, nested_rhat};
pub use rank::normal_quantile;
pub use stein::{SteinTest, largest_of, stein_tests};

#[cfg(test)]
mod testing {
    //! Noise for the tests of several figures.

    use crate::math::Lanes;
    use crate::random::{BlockRng, Purpose};

    /// Independent standard normals.
    pub(super) fn normals(seed: u64, count: usize) -> Vec<f64> {
        let mut rng = BlockRng::new(seed, 0, Purpose::Noise);
        let mut values = Vec::new();
        while values.len() < count {
            let mut row = Lanes::default();
            rng.fill_normal(&mut row);
            values.extend_from_slice(&row[..]);
        }
        values.truncate(count);
        values
    }
}
