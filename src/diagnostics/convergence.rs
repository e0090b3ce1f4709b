//! Have chains mixed, and how much do their draws weigh: rank-normalised split R-hat, effective sample size, Monte Carlo errors.
//!
//! Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), "Rank-normalization, folding, and localization". Figures are those of ArviZ
//! (0.23), which fixes what the paper leaves open. A chain is a slice of its draws; all chains have one length.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::moments::{dot, mean, mean_and_sd, quantile};
use super::rank::{folded, in_order, normal_scores_in};
use crate::math::{exp, lgamma, log};

/// Draws a chain must have for any of the figures.
const FEWEST: usize = 4;
/// Chains of one superchain, where many chains have few draws each.
const MEMBERS: usize = 8;
/// From so many chains on, each is too short for an R-hat of its own.
pub const MANY_CHAINS: usize = 64;
/// R-hat that draws should stay below (Vehtari et al. 2021).
pub const RHAT_WANTED: f64 = 1.01;

/// How far chains are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disagreement {
    /// R-hat.
    pub rhat: f64,
    /// Of how many times as many draws it would be [`RHAT_WANTED`]; of those below 1.
    pub growth: f64,
}

/// The chains of one variable, sorted once for all figures. Figures are NaN for chains of fewer than four draws and for draws that are no
/// numbers.
#[derive(Debug, Clone)]
pub struct Convergence<'a> {
    chains: &'a [&'a [f64]],
    /// Each chain in halves, the draw in the middle of an odd number left out; first all first halves, as the order of chains matters to
    /// nothing.
    halves: Vec<f64>,
    /// Draws of a half.
    length: usize,
    /// Where each draw of the halves stands when they are sorted.
    order: Vec<usize>,
    /// All draws, ascending.
    ordered: Vec<f64>,
    is_valid: bool,
    /// Normal scores of the halves, once asked for.
    scores: OnceCell<Vec<f64>>,
}

impl<'a> Convergence<'a> {
    /// Of chains of one length.
    pub fn new(chains: &'a [&'a [f64]]) -> Self {
        let is_valid = !chains.is_empty() && chains.iter().all(|chain| chain.len() >= FEWEST && chain.iter().all(|x| !x.is_nan()));
        let first = chains.iter().map(|chain| &chain[..chain.len() / 2]);
        let second = chains.iter().map(|chain| &chain[chain.len() - chain.len() / 2..]);
        let halves: Vec<f64> = first.chain(second).flatten().copied().collect();
        let order = in_order(&halves);
        let mut ordered: Vec<f64> = order.iter().map(|&draw| halves[draw]).collect();
        let middle = chains.iter().filter(|chain| chain.len() % 2 == 1).map(|chain| chain[chain.len() / 2]);
        ordered.extend(middle);
        // Sorted but for the draws in the middle, which the sort finds.
        ordered.sort_by(f64::total_cmp);
        let length = chains.first().map_or(1, |chain| (chain.len() / 2).max(1));
        Convergence { chains, halves, length, order, ordered, is_valid, scores: OnceCell::new() }
    }

    /// All draws, ascending.
    pub fn ordered(&self) -> &[f64] {
        &self.ordered
    }

    /// Normal scores of the draws, half by half.
    fn scores(&self) -> &[f64] {
        self.scores.get_or_init(|| normal_scores_in(&self.halves, &self.order))
    }

    /// Those of their distances from `centre`.
    fn folded_scores(&self, centre: f64) -> Vec<f64> {
        let distances: Vec<f64> = self.halves.iter().map(|x| (x - centre).abs()).collect();
        let below = self.order.partition_point(|&draw| self.halves[draw] <= centre);
        normal_scores_in(&distances, &folded(&distances, &self.order, below))
    }

    /// The larger of `rhat` of the draws' scores and of those of their distances from the median.
    fn worse(&self, rhat: impl Fn(&[f64]) -> f64) -> f64 {
        let at = |place: usize| self.halves[self.order[place]];
        let count = self.halves.len();
        // The mean of the middle two, to the last bit: their distances from it tie, and a rounding would break the tie.
        let median = (at((count - 1) / 2) + at(count / 2)) / 2.0;
        let (bulk, tail) = (rhat(self.scores()), rhat(&self.folded_scores(median)));
        // `max` would hide a NaN.
        if tail > bulk || bulk.is_nan() { tail } else { bulk }
    }

    /// Rank-normalised split R-hat, the larger of that of the draws and that of their distances from the median; 1 is best. NaN for one
    /// chain and if all draws are equal; ∞ if each chain stands still on its own.
    pub fn rhat(&self) -> f64 {
        if !self.is_valid || self.chains.len() < 2 {
            return f64::NAN;
        }
        self.worse(|scores| split_rhat(scores.chunks(self.length)))
    }

    /// R-hat of many chains that are too short for one each: that of superchains of eight chains. Chains that have mixed disagree by what
    /// few draws tell them; eight of them together do so less, but eight that never left their places still do.
    pub fn rhat_of_many(&self) -> f64 {
        let whole = self.chains.len() / MEMBERS * MEMBERS;
        if !self.is_valid || whole < 2 * MEMBERS {
            return f64::NAN;
        }
        self.worse(|scores| {
            let halves = scores.chunks(scores.len() / 2).map(|half| &half[..whole * self.length]);
            split_rhat(halves.flat_map(|half| half.chunks(MEMBERS * self.length)))
        })
    }

    /// R-hat, that of superchains where there are [`MANY_CHAINS`]; where that says no, the one that says it louder.
    pub fn disagreement(&self) -> Disagreement {
        let of = |rhat: f64, told: f64| Disagreement { rhat: told, growth: (rhat - 1.0) / (RHAT_WANTED - 1.0) };
        if self.chains.len() < MANY_CHAINS {
            let rhat = self.rhat();
            return of(rhat, rhat);
        }
        match self.rhat_of_many() {
            fine if fine <= RHAT_WANTED => of(fine, fine),
            high => of(high, high.max(self.rhat())),
        }
    }

    /// How many chains keep to a place of their own: the mean normal score of their draws is beyond ±2, where that of a chain that has seen
    /// twenty independent draws is within ±0.45 in all but one of twenty chains. A mode that holds few chains shows here long before it
    /// moves R-hat.
    pub fn apart(&self) -> usize {
        const FAR: f64 = 2.0;
        let count = self.chains.len();
        if self.length < FAR_DRAWS / 2 || count < 2 {
            return 0;
        }
        let means: Vec<f64> = self.scores().chunks(self.length).map(mean).collect();
        (0..count).filter(|&chain| (0.5 * (means[chain] + means[count + chain])).abs() > FAR).count()
    }

    /// Bulk ESS: that of the normal scores of split chains.
    pub fn ess_bulk(&self) -> f64 {
        self.effective(|| self.scores().into())
    }

    /// Bulk ESS of the squared distances from `centre`, which is what a standard deviation is a mean of.
    pub fn ess_spread(&self, centre: f64) -> f64 {
        self.effective(|| self.folded_scores(centre).into())
    }

    /// ESS for the mean: that of split chains.
    pub fn ess_mean(&self) -> f64 {
        self.effective(|| self.halves.as_slice().into())
    }

    /// ESS for the `p` quantile: that of whether a draw is at most the quantile.
    pub fn ess_quantile(&self, p: f64) -> f64 {
        let at = quantile(&self.ordered, p);
        self.effective(|| self.halves.iter().map(|x| f64::from(u8::from(*x <= at))).collect())
    }

    /// Tail ESS: the smaller of those for the 5 % and the 95 % quantile.
    pub fn ess_tail(&self) -> f64 {
        let (low, high) = (self.ess_quantile(0.05), self.ess_quantile(0.95));
        if low.is_nan() || high < low { high } else { low }
    }

    fn effective<'s>(&'s self, values: impl FnOnce() -> Cow<'s, [f64]>) -> f64 {
        if self.is_valid { effective(&values(), self.length) } else { f64::NAN }
    }

    /// Monte Carlo standard error of the mean: sd/√ESS.
    pub fn mcse_mean(&self) -> f64 {
        let (_, sd) = mean_and_sd(&self.chains.concat());
        sd / self.ess_mean().sqrt()
    }

    /// Monte Carlo standard error of the standard deviation, by the delta method from that of the variance.
    pub fn mcse_sd(&self) -> f64 {
        let all = self.chains.concat();
        let n = all.len() as f64;
        let mean = all.iter().sum::<f64>() / n;
        let square = |x: &f64| (x - mean) * (x - mean);
        let variance = all.iter().map(square).sum::<f64>() / n;
        let fourth = all.iter().map(square).map(|square| square * square).sum::<f64>() / n;
        let ess = self.effective(|| self.halves.iter().map(square).collect());
        ((fourth - variance * variance) / ess / variance / 4.0).sqrt()
    }

    /// Monte Carlo standard error of the `p` quantile: half the width of the draws' interval that a Beta law of its rank covers with 68 %.
    pub fn mcse_quantile(&self, p: f64) -> f64 {
        let ess = self.ess_quantile(p);
        if ess.is_nan() {
            return f64::NAN;
        }
        let last = (self.ordered.len() - 1) as f64;
        // Φ(∓1).
        let [below, above] = [0.158_655_3, 0.841_344_7].map(|share| {
            let rank = beta_quantile(share, ess * p + 1.0, ess * (1.0 - p) + 1.0) * self.ordered.len() as f64 - 1.0;
            rank.clamp(0.0, last)
        });
        (self.ordered[above.ceil() as usize] - self.ordered[below.floor() as usize]) / 2.0
    }
}

/// Draws of a chain that can be said to keep to a place.
const FAR_DRAWS: usize = 10;

/// √((B/W + n − 1)/n), B = n·var of the chains' means, W their mean variance.
fn split_rhat<'c>(chains: impl Iterator<Item = &'c [f64]>) -> f64 {
    let (mut n, mut means, mut within) = (0.0, Vec::new(), 0.0);
    for chain in chains {
        let (mean, sd) = mean_and_sd(chain);
        n = chain.len() as f64;
        means.push(mean);
        within += sd * sd;
    }
    within /= means.len() as f64;
    let (_, spread) = mean_and_sd(&means);
    ((n * spread * spread / within + n - 1.0) / n).sqrt()
}

/// The autocovariance at `lag`, divided by the number of draws, mean over chains of `n` draws less their means.
fn autocovariance(centred: &[f64], n: usize, lag: usize) -> f64 {
    let one = |chain: &[f64]| dot(&chain[..n - lag], &chain[lag..]);
    centred.chunks_exact(n).map(one).sum::<f64>() / centred.len() as f64
}

/// The effective sample size of chains of `n` draws, by Geyer's initial monotone sequence over the combined chains (1992).
fn effective(draws: &[f64], n: usize) -> f64 {
    let count = draws.len() / n;
    let size = (count * n) as f64;
    let all = || draws.iter().copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    // Draws that are all equal have nothing to lose: ArviZ counts them all.
    if high - low < 1e-15 {
        return size;
    }
    if n < 2 {
        return f64::NAN;
    }
    let means: Vec<f64> = draws.chunks_exact(n).map(mean).collect();
    let mut centred = draws[..count * n].to_vec();
    for (chain, mean) in centred.chunks_exact_mut(n).zip(&means) {
        chain.iter_mut().for_each(|x| *x -= mean);
    }
    let length = n as f64;
    let within = autocovariance(&centred, n, 0) * length / (length - 1.0);
    let mut variance = within * (length - 1.0) / length;
    if count > 1 {
        let (_, spread) = mean_and_sd(&means);
        variance += spread * spread;
    }
    let correlation = |lag: usize| 1.0 - (within - autocovariance(&centred, n, lag)) / variance;
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
    use crate::diagnostics::testing::normals;

    #[test]
    fn short_chains_that_agree_need_as_many_more_draws_as_their_superchains_say() {
        // x ← 0.8x + noise.
        let noise = normals(3, MANY_CHAINS * 20);
        let walk = |noise: &[f64]| noise.iter().scan(0.0, |x, e| Some(std::mem::replace(x, 0.8 * *x + 0.6 * e))).collect::<Vec<f64>>();
        let chains: Vec<Vec<f64>> = noise.chunks(20).map(walk).collect();
        let chains: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
        let (found, few) = (Convergence::new(&chains), Convergence::new(&chains[..8]));
        let (alone, together) = (found.rhat(), found.rhat_of_many());
        assert!(together > RHAT_WANTED && alone > together + 0.1, "{together} {alone}");
        assert_eq!(found.disagreement(), Disagreement { rhat: alone, growth: (together - 1.0) / (RHAT_WANTED - 1.0) });
        assert_eq!(few.disagreement(), Disagreement { rhat: few.rhat(), growth: (few.rhat() - 1.0) / (RHAT_WANTED - 1.0) });
    }

    #[test]
    fn chains_that_stand_still_or_hold_no_numbers_have_explicit_answers() {
        let (still, other) = ([1.0; 20], [2.0; 20]);
        assert!(Convergence::new(&[&still, &still]).rhat().is_nan());
        assert_eq!(Convergence::new(&[&still, &other]).rhat(), f64::INFINITY);
        assert_eq!(Convergence::new(&[&still, &still]).ess_bulk(), 40.0);
        let broken = [f64::NAN; 20];
        let chains = [&broken[..], &still[..]];
        let found = Convergence::new(&chains);
        assert!([found.rhat(), found.ess_bulk(), found.mcse_quantile(0.5), found.mcse_mean()].iter().all(|figure| figure.is_nan()));
        assert!(Convergence::new(&[&still[..3], &still[..3]]).rhat().is_nan() && Convergence::new(&[]).ess_tail().is_nan());
    }

    #[test]
    fn chains_that_never_leave_their_places_disagree_even_by_eights() {
        let noise = normals(7, 256 * 50);
        let chains = |stay: f64| -> Vec<Vec<f64>> {
            let places = normals(8, 256);
            noise.chunks(50).zip(&places).map(|(noise, place)| noise.iter().map(|x| stay * place + (1.0 - stay) * x).collect()).collect()
        };
        let figures = |chains: &[Vec<f64>]| {
            let chains: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
            let found = Convergence::new(&chains);
            (found.rhat_of_many(), found.apart())
        };
        let (rhat, apart) = figures(&chains(0.0));
        assert!(rhat < 1.005 && apart == 0, "{rhat}, {apart}");
        assert!(figures(&chains(0.95)).0 > 1.05);
        // Three of 256 chains in a mode far away.
        let mut few = chains(0.0);
        few[..3].iter_mut().flatten().for_each(|x| *x += 20.0);
        assert_eq!(figures(&few).1, 3);
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
