//! Have chains mixed, and how much do their draws weigh: rank-normalised split R-hat, effective sample size, Monte Carlo errors.
//!
//! Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), "Rank-normalization, folding, and localization". Figures are those of ArviZ
//! (0.23), which fixes what the paper leaves open. A chain is a slice of its draws; all chains have one length.

use super::moments::{mean_and_sd, quantile, sorted};
use super::rank::normal_scores;
use crate::math::{exp, lgamma, log};

/// Draws a chain must have for any of the figures.
const FEWEST: usize = 4;

/// Whether the figures are defined: chains of four draws or more, all of them numbers.
fn is_valid(chains: &[&[f64]]) -> bool {
    !chains.is_empty() && chains.iter().all(|chain| chain.len() >= FEWEST && chain.iter().all(|x| !x.is_nan()))
}

/// Each chain in halves, the draw in the middle of an odd number left out; first all first halves, as the order of chains matters to
/// nothing.
fn halves(chains: &[&[f64]]) -> Vec<Vec<f64>> {
    let first = chains.iter().map(|chain| chain[..chain.len() / 2].to_vec());
    let second = chains.iter().map(|chain| chain[chain.len() - chain.len() / 2..].to_vec());
    first.chain(second).collect()
}

/// The normal scores of all draws, chain by chain.
fn scored(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let all: Vec<f64> = chains.concat();
    let length = chains.first().map_or(1, |chain| chain.len().max(1));
    normal_scores(&all).chunks(length).map(<[f64]>::to_vec).collect()
}

/// √((B/W + n − 1)/n), B = n·var of the chains' means, W their mean variance.
fn split_rhat(chains: &[Vec<f64>]) -> f64 {
    let n = chains.first().map_or(0, Vec::len) as f64;
    let figures: Vec<(f64, f64)> = chains.iter().map(|chain| mean_and_sd(chain)).collect();
    let means: Vec<f64> = figures.iter().map(|(mean, _)| *mean).collect();
    let within = figures.iter().map(|(_, sd)| sd * sd).sum::<f64>() / chains.len() as f64;
    let (_, spread) = mean_and_sd(&means);
    ((n * spread * spread / within + n - 1.0) / n).sqrt()
}

/// Rank-normalised split R-hat, the larger of that of the draws and that of their distances from the median; 1 is best. NaN for one
/// chain, for fewer than four draws, for draws that are no numbers, and if all draws are equal; ∞ if each chain stands still on its own.
pub fn rhat(chains: &[&[f64]]) -> f64 {
    if !is_valid(chains) || chains.len() < 2 {
        return f64::NAN;
    }
    let split = halves(chains);
    let bulk = split_rhat(&scored(&split));
    let ordered = sorted(&split.concat());
    // The mean of the middle two, to the last bit: their distances from it tie, and a rounding would break the tie.
    let median = (ordered[(ordered.len() - 1) / 2] + ordered[ordered.len() / 2]) / 2.0;
    let folded: Vec<Vec<f64>> = split.iter().map(|chain| chain.iter().map(|x| (x - median).abs()).collect()).collect();
    let tail = split_rhat(&scored(&folded));
    // `max` would hide a NaN.
    if tail > bulk || bulk.is_nan() { tail } else { bulk }
}

/// The autocovariance at `lag`, divided by the number of draws, mean over the chains; `centred` are draws less their chain's mean.
fn autocovariance(centred: &[Vec<f64>], lag: usize) -> f64 {
    let one = |chain: &Vec<f64>| chain.iter().zip(&chain[lag..]).map(|(a, b)| a * b).sum::<f64>() / chain.len() as f64;
    centred.iter().map(one).sum::<f64>() / centred.len() as f64
}

/// The effective sample size of chains as they are, by Geyer's initial monotone sequence over the combined chains (1992).
fn effective(chains: &[Vec<f64>]) -> f64 {
    let count = chains.len();
    let n = chains.first().map_or(0, Vec::len);
    let size = (count * n) as f64;
    let all = || chains.iter().flatten().copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    // Draws that are all equal have nothing to lose: ArviZ counts them all.
    if high - low < 1e-15 {
        return size;
    }
    if n < 2 {
        return f64::NAN;
    }
    let draws = n as f64;
    let means: Vec<f64> = chains.iter().map(|chain| mean_and_sd(chain).0).collect();
    let centred: Vec<Vec<f64>> = chains.iter().zip(&means).map(|(chain, mean)| chain.iter().map(|x| x - mean).collect()).collect();
    let within = autocovariance(&centred, 0) * draws / (draws - 1.0);
    let mut variance = within * (draws - 1.0) / draws;
    if count > 1 {
        let (_, spread) = mean_and_sd(&means);
        variance += spread * spread;
    }
    let correlation = |lag: usize| 1.0 - (within - autocovariance(&centred, lag)) / variance;
    let (mut even, mut odd) = (1.0, correlation(1));
    let mut rho = vec![0.0; n];
    (rho[0], rho[1]) = (even, odd);
    let mut t = 1;
    while t + 3 < n && even + odd > 0.0 {
        (even, odd) = (correlation(t + 1), correlation(t + 2));
        if even + odd >= 0.0 {
            (rho[t + 1], rho[t + 2]) = (even, odd);
        }
        t += 2;
    }
    // How many lags lie in positive pairs; the even one after them still counts, once.
    let positive = t - 1;
    if even > 0.0 {
        rho[positive] = even;
    }
    for pair in (1..positive.saturating_sub(2)).step_by(2) {
        if rho[pair + 1] + rho[pair + 2] > rho[pair - 1] + rho[pair] {
            rho[pair + 1] = (rho[pair - 1] + rho[pair]) / 2.0;
            rho[pair + 2] = rho[pair + 1];
        }
    }
    let (sum, next) = (rho[..positive].iter().sum::<f64>(), rho[positive]);
    let time = (-1.0 + 2.0 * sum + next).max(std::f64::consts::LN_10 / log(size));
    if rho.iter().any(|rho| rho.is_nan()) { f64::NAN } else { size / time }
}

/// Bulk ESS: that of the normal scores of split chains.
pub fn ess_bulk(chains: &[&[f64]]) -> f64 {
    if is_valid(chains) { effective(&scored(&halves(chains))) } else { f64::NAN }
}

/// ESS for the mean: that of split chains.
pub fn ess_mean(chains: &[&[f64]]) -> f64 {
    if is_valid(chains) { effective(&halves(chains)) } else { f64::NAN }
}

/// ESS for the `p` quantile: that of whether a draw is at most the quantile.
pub fn ess_quantile(chains: &[&[f64]], p: f64) -> f64 {
    if !is_valid(chains) {
        return f64::NAN;
    }
    let at = quantile(&sorted(&chains.concat()), p);
    let below: Vec<Vec<f64>> = chains.iter().map(|chain| chain.iter().map(|x| f64::from(u8::from(*x <= at))).collect()).collect();
    let below: Vec<&[f64]> = below.iter().map(Vec::as_slice).collect();
    effective(&halves(&below))
}

/// Tail ESS: the smaller of those for the 5 % and the 95 % quantile.
pub fn ess_tail(chains: &[&[f64]]) -> f64 {
    let (low, high) = (ess_quantile(chains, 0.05), ess_quantile(chains, 0.95));
    if low.is_nan() || high < low { high } else { low }
}

/// Monte Carlo standard error of the mean: sd/√ESS.
pub fn mcse_mean(chains: &[&[f64]]) -> f64 {
    let (_, sd) = mean_and_sd(&chains.concat());
    sd / ess_mean(chains).sqrt()
}

/// Monte Carlo standard error of the standard deviation, by the delta method from that of the variance.
pub fn mcse_sd(chains: &[&[f64]]) -> f64 {
    let all = chains.concat();
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let squares: Vec<Vec<f64>> = chains.iter().map(|chain| chain.iter().map(|x| (x - mean) * (x - mean)).collect()).collect();
    let slices: Vec<&[f64]> = squares.iter().map(Vec::as_slice).collect();
    let variance = squares.iter().flatten().sum::<f64>() / n;
    let fourth = squares.iter().flatten().map(|square| square * square).sum::<f64>() / n;
    ((fourth - variance * variance) / ess_mean(&slices) / variance / 4.0).sqrt()
}

/// Monte Carlo standard error of the `p` quantile: half the width of the draws' interval that a Beta law of its rank covers with 68 %.
pub fn mcse_quantile(chains: &[&[f64]], p: f64) -> f64 {
    let ess = ess_quantile(chains, p);
    if ess.is_nan() {
        return f64::NAN;
    }
    let ordered = sorted(&chains.concat());
    let last = (ordered.len() - 1) as f64;
    // Φ(∓1).
    let [below, above] = [0.158_655_3, 0.841_344_7].map(|share| {
        let rank = beta_quantile(share, ess * p + 1.0, ess * (1.0 - p) + 1.0) * ordered.len() as f64 - 1.0;
        rank.clamp(0.0, last)
    });
    (ordered[above.ceil() as usize] - ordered[below.floor() as usize]) / 2.0
}

/// The quantile of Beta(a, b), by bisection.
fn beta_quantile(share: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Every bit of a double between 0 and 1 that matters to a rank.
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if incomplete_beta(middle, a, b) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The distribution function of Beta(a, b), by Lentz's continued fraction (Press et al., "Numerical Recipes", section 6.4).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * crate::math::log1p(-x)) / a;
    const TINY: f64 = 1e-300;
    let away = |x: f64| if x.abs() < TINY { TINY } else { x };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for step in 1..10_000 {
        let m = f64::from(step);
        for numerator in
            [m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)), -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))]
        {
            d = 1.0 / away(1.0 + numerator * d);
            c = away(1.0 + numerator / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

/// E-BFMI of one chain's energies: mean squared change over variance; below 0.3 the momentum moves too little (Betancourt 2016).
pub fn e_bfmi(energy: &[f64]) -> f64 {
    let changes = energy.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum::<f64>();
    let (_, sd) = mean_and_sd(energy);
    changes / energy.len().saturating_sub(1) as f64 / (sd * sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_that_stand_still_or_hold_no_numbers_have_explicit_answers() {
        let (still, other) = ([1.0; 20], [2.0; 20]);
        assert!(rhat(&[&still, &still]).is_nan());
        assert_eq!(rhat(&[&still, &other]), f64::INFINITY);
        assert_eq!(ess_bulk(&[&still, &still]), 40.0);
        let broken = [f64::NAN; 20];
        assert!(rhat(&[&broken, &still]).is_nan() && ess_bulk(&[&broken]).is_nan() && mcse_quantile(&[&broken], 0.5).is_nan());
        assert!(rhat(&[&still[..3], &still[..3]]).is_nan() && ess_tail(&[]).is_nan());
    }

    #[test]
    fn the_incomplete_beta_function_has_its_closed_forms() {
        // I_x(1, b) = 1 − (1 − x)ᵇ, I_x(2, 2) = x²(3 − 2x).
        for x in [0.01, 0.3, 0.5, 0.9] {
            assert!((incomplete_beta(x, 1.0, 7.0) - (1.0 - (1.0_f64 - x).powi(7))).abs() < 1e-13);
            assert!((incomplete_beta(x, 2.0, 2.0) - x * x * (3.0 - 2.0 * x)).abs() < 1e-13);
        }
    }
}
