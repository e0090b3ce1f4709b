//! What the pictures of chains show: autocorrelation by lag, ranks by chain, the mean as draws come in.

use super::convergence::Convergence;
use super::moments::mean_and_sd;
use super::rank::mean_ranks;

/// The autocorrelation of the draws at lags 0 to `most`, over all chains: Σ (x_t − m)(x_{t+lag} − m) / Σ (x_t − m)², m the mean of all
/// draws. About that mean, and not each chain's own, independent draws have no bias of −1/n, and chains that sit apart show it as a
/// correlation that never falls (Vehtari et al. 2021, eq. 10, has the same limit). NaN if all draws are equal.
pub fn autocorrelation(chains: &[&[f64]], most: usize) -> Vec<f64> {
    let total: usize = chains.iter().map(|chain| chain.len()).sum();
    let mean = chains.iter().flat_map(|chain| chain.iter()).sum::<f64>() / total.max(1) as f64;
    let centred: Vec<Vec<f64>> = chains.iter().map(|chain| chain.iter().map(|x| x - mean).collect()).collect();
    let sum = |lag: usize| -> f64 {
        let one = |chain: &Vec<f64>| chain.iter().zip(chain.get(lag..).unwrap_or_default()).map(|(a, b)| a * b).sum::<f64>();
        centred.iter().map(one).sum()
    };
    let variance = sum(0);
    (0..=most).map(|lag| sum(lag) / variance).collect()
}

/// How many draws of each chain have a rank, among all draws of all chains, in each of `bins` equal ranges of ranks: flat if the chains
/// have the same law (Vehtari et al. 2021, section 4.2). Equal draws share their mean rank.
pub fn rank_counts(chains: &[&[f64]], bins: usize) -> Vec<Vec<usize>> {
    let all = chains.concat();
    let (size, bins) = (all.len() as f64, bins.max(1));
    let mut ranks = mean_ranks(&all).into_iter();
    let count = |chain: &&[f64]| {
        let mut counts = vec![0; bins];
        for rank in ranks.by_ref().take(chain.len()) {
            // Ranks are 1 to S, so their places are (rank − ½)/S.
            counts[(((rank - 0.5) / size * bins as f64) as usize).min(bins - 1)] += 1;
        }
        counts
    };
    chains.iter().map(count).collect()
}

/// The mean of the first draws of every chain, and how far to trust it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunningMean {
    /// Draws of each chain so far.
    pub draws: usize,
    /// Their mean over all chains.
    pub mean: f64,
    /// Its Monte Carlo standard error; NaN for fewer than four draws a chain.
    pub mcse: f64,
}

/// The running mean of chains of one length at about `points` numbers of draws, the last of them all.
pub fn running_mean(chains: &[&[f64]], points: usize) -> Vec<RunningMean> {
    let length = chains.iter().map(|chain| chain.len()).min().unwrap_or(0);
    let points = points.clamp(1, length.max(1));
    let mut places: Vec<usize> = (1..=points).map(|point| (length * point).div_ceil(points)).filter(|place| *place > 0).collect();
    places.dedup();
    let at = |draws: usize| {
        let first: Vec<&[f64]> = chains.iter().map(|chain| &chain[..draws]).collect();
        RunningMean { draws, mean: mean_and_sd(&first.concat()).0, mcse: Convergence::new(&first).mcse_mean() }
    };
    places.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    #[test]
    fn a_first_order_autoregression_has_its_powers_as_autocorrelation() {
        let mut chain = normals(5, 40_000);
        for at in 1..chain.len() {
            chain[at] += 0.7 * chain[at - 1];
        }
        let found = autocorrelation(&chain.chunks(10_000).collect::<Vec<_>>(), 8);
        // Bartlett: the error of ρ is at most √((1 + ρ²)/(1 − ρ²)/n) = 0.0085; four of them.
        for (lag, rho) in found.iter().enumerate() {
            assert!((rho - 0.7_f64.powi(lag as i32)).abs() < 0.034, "lag {lag}: {rho}");
        }
    }

    #[test]
    fn autocorrelations_of_few_draws_are_those_by_hand() {
        // Mean 2: deviations −1 0 1 | 0 −1 1; lag 1: 0 + 0 + 0 − 1.
        assert_eq!(autocorrelation(&[&[1.0, 2.0, 3.0], &[2.0, 1.0, 3.0]], 3), [1.0, -0.25, -0.25, 0.0]);
        assert!(autocorrelation(&[&[1.0, 1.0]], 1)[1].is_nan());
        // Chains apart: the lag-1 correlation is near one, not that of the noise within.
        assert!(autocorrelation(&[&[0.0, 0.1, 0.0, 0.1], &[9.0, 9.1, 9.0, 9.1]], 1)[1] > 0.7);
    }

    #[test]
    fn ranks_are_counted_over_all_chains_and_ties_shared() {
        assert_eq!(rank_counts(&[&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]], 4), [[2, 2, 0, 0], [0, 0, 2, 2]]);
        // Six equal draws share rank 3½ of six: the upper half of two, for both chains alike.
        assert_eq!(rank_counts(&[&[1.0; 3], &[1.0; 3]], 2), [[0, 3], [0, 3]]);
        let normal = normals(5, 8192);
        for counts in rank_counts(&normal.chunks(2048).collect::<Vec<_>>(), 16) {
            assert_eq!(counts.iter().sum::<usize>(), 2048);
            // 128 expected, binomial sd 11; five of them over 64 bins.
            assert!(counts.iter().all(|count| (73..=183).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn the_running_mean_ends_with_all_draws_and_its_error_falls() {
        let normal = normals(5, 4000);
        let chains: Vec<&[f64]> = normal.chunks(1000).collect();
        let running = running_mean(&chains, 50);
        let last = running.last().expect("points");
        assert_eq!((running.len(), last.draws, last.mean), (50, 1000, mean_and_sd(&normal).0));
        assert_eq!(last.mcse, Convergence::new(&chains).mcse_mean());
        // A quarter of the draws errs by twice as much.
        let quarter = running.iter().find(|point| point.draws >= 250).expect("a quarter");
        assert!((quarter.mcse / last.mcse - 2.0).abs() < 0.3, "{quarter:?} {last:?}");
        assert!(running_mean(&[&[1.0, 2.0]], 50).iter().all(|point| point.mcse.is_nan()));
        assert!(running_mean(&[], 50).is_empty() && running_mean(&[&[]], 50).is_empty());
    }
}
