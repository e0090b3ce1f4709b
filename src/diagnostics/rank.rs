//! Ranks of draws as normal scores, and the quantile function of the normal distribution that makes them.

use std::cell::RefCell;
use std::ops::Range;

use crate::math::{LANES, Lanes, Level, Work, dispatch, erfc, exp, log};

/// Halley's steps: each triples the digits, of which the start has three.
const STEPS: usize = 2;

/// Φ⁻¹(p): Abramowitz & Stegun 26.2.23, then Halley's method. −∞ at 0, ∞ at 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let below = p.min(1.0 - p);
    if below == 0.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let x = (0..STEPS).fold(start(below), |x, _| closer(x, below, left(x)));
    if p > 0.5 { -x } else { x }
}

/// A first x for p ≤ ½, off by less than 4.5e-4.
#[inline(always)]
fn start(p: f64) -> f64 {
    let t = (-2.0 * log(p)).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    above / below - t
}

/// 2·Φ(x), which keeps its digits for x ≤ 0.
#[inline(always)]
fn left(x: f64) -> f64 {
    erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Halley's step towards Φ(x) = p, `left` being 2·Φ(x).
#[inline(always)]
fn closer(x: f64, p: f64, left: f64) -> f64 {
    let error = 0.5 * left - p;
    let ratio = error * (2.0 * std::f64::consts::PI).sqrt() * exp(0.5 * x * x);
    x - ratio / (1.0 + 0.5 * x * ratio)
}

/// Φ⁻¹ of each of `p`, all in (0, ½], in place; the bits of [`normal_quantile`].
fn quantiles_below(level: Level, p: &mut [f64]) {
    let (mut x, mut twice) = (Lanes::default(), Lanes::default());
    for chunk in p.chunks_mut(LANES) {
        let mut lanes = Lanes::splat(0.5);
        lanes[..chunk.len()].copy_from_slice(chunk);
        dispatch(level, Starts { p: &lanes, x: &mut x });
        for _ in 0..STEPS {
            dispatch(level, Lefts { x: &x, twice: &mut twice });
            dispatch(level, Steps { p: &lanes, twice: &twice, x: &mut x });
        }
        chunk.copy_from_slice(&x[..chunk.len()]);
    }
}

// One loop a function: a closure would not be inlined into it, and the loop not be vector code.

struct Starts<'a> {
    p: &'a Lanes,
    x: &'a mut Lanes,
}

impl Work for Starts<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for lane in 0..LANES {
            self.x[lane] = start(self.p[lane]);
        }
    }
}

struct Lefts<'a> {
    x: &'a Lanes,
    twice: &'a mut Lanes,
}

impl Work for Lefts<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for lane in 0..LANES {
            self.twice[lane] = left(self.x[lane]);
        }
    }
}

struct Steps<'a> {
    p: &'a Lanes,
    twice: &'a Lanes,
    x: &'a mut Lanes,
}

impl Work for Steps<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for lane in 0..LANES {
            self.x[lane] = closer(self.x[lane], self.p[lane], self.twice[lane]);
        }
    }
}

/// The normal scores of the ranks of all draws together, ties sharing their mean rank: z = Φ⁻¹((r − 3/8)/(S + 1/4)).
///
/// Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), eq. 14. The draws keep their order.
pub(super) fn normal_scores(draws: &[f64]) -> Vec<f64> {
    normal_scores_in(draws, &in_order(draws))
}

/// [`normal_scores`] of draws whose order is known.
pub(super) fn normal_scores_in(draws: &[f64], order: &[usize]) -> Vec<f64> {
    // Ranks without ties are the same of all variables and all their foldings.
    thread_local! {
        static UNTIED: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    }
    UNTIED.with_borrow_mut(|untied| {
        if untied.len() != draws.len() {
            *untied = untied_scores(draws.len());
        }
        let mut scores = vec![0.0; draws.len()];
        for_ties(draws, order, |places| {
            let score = if places.len() == 1 { untied[places.start] } else { normal_quantile(share(mean_rank(&places), draws.len())) };
            order[places].iter().for_each(|&draw| scores[draw] = score);
        });
        scores
    })
}

/// (r − 3/8)/(S + 1/4).
fn share(rank: f64, size: usize) -> f64 {
    (rank - 0.375) / (size as f64 + 0.25)
}

/// The scores of the ranks 1 to `size`.
fn untied_scores(size: usize) -> Vec<f64> {
    let p = |place: usize| share((place + 1) as f64, size);
    let mut scores: Vec<f64> = (0..size).map(|place| p(place).min(1.0 - p(place))).collect();
    quantiles_below(Level::detect(), &mut scores);
    scores.iter_mut().enumerate().filter(|(place, _)| p(*place) > 0.5).for_each(|(_, score)| *score = -*score);
    scores
}

/// Which draw stands at each place when they are sorted.
pub(super) fn in_order(draws: &[f64]) -> Vec<usize> {
    // Integers in the order of the draws: comparing them is cheaper.
    let key = |x: f64| {
        let bits = x.to_bits() as i64;
        bits ^ (((bits >> 63) as u64) >> 1) as i64
    };
    let mut keys: Vec<(i64, usize)> = draws.iter().enumerate().map(|(draw, x)| (key(*x), draw)).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, draw)| draw).collect()
}

/// The order of `distances` from a centre, by the `order` of the draws themselves, of which the first `below` are at most the centre.
pub(super) fn folded(distances: &[f64], order: &[usize], below: usize) -> Vec<usize> {
    let (left, right) = order.split_at(below);
    let (mut left, mut right) = (left.iter().rev().copied().peekable(), right.iter().copied().peekable());
    let mut merged = Vec::with_capacity(order.len());
    while let (Some(&near), Some(&other)) = (left.peek(), right.peek()) {
        merged.extend(if distances[near] <= distances[other] { left.next() } else { right.next() });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// The ranks of the draws, from 1, ties sharing their mean rank. The draws keep their order.
pub(super) fn mean_ranks(draws: &[f64]) -> Vec<f64> {
    let (order, mut ranks) = (in_order(draws), vec![0.0; draws.len()]);
    for_ties(draws, &order, |places| order[places.clone()].iter().for_each(|&draw| ranks[draw] = mean_rank(&places)));
    ranks
}

/// The mean rank, from 1, of draws that tie at these places.
fn mean_rank(places: &Range<usize>) -> f64 {
    (places.start + places.end + 1) as f64 / 2.0
}

/// Tells `each` the places that equal draws share, in order.
fn for_ties(draws: &[f64], order: &[usize], mut each: impl FnMut(Range<usize>)) {
    let mut first = 0;
    while first < order.len() {
        let value = draws[order[first]];
        let more = order[first + 1..].iter().take_while(|&&draw| draws[draw] == value).count();
        each(first..first + 1 + more);
        first += 1 + more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_are_those_of_the_tables() {
        // scipy.stats.norm.ppf.
        for (p, x) in [
            (1e-300, -37.047_096_299_361_2),
            (1e-10, -6.361_340_902_404_056),
            (0.025, -1.959_963_984_540_054),
            (0.3, -0.524_400_512_708_041),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.999_999, 4.753_424_308_817_087),
        ] {
            let found = normal_quantile(p);
            assert!((found - x).abs() < 1e-11 * (1.0 + x.abs()), "{p}: {found}");
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(f64::NAN).is_nan() && normal_quantile(1.5).is_nan());
    }

    /// Three of Halley's steps change nothing that two have not settled.
    #[test]
    fn scores_have_the_bits_of_the_quantile_at_every_level() {
        let p: Vec<f64> = (1..2000).map(|i| f64::from(i) / 4000.0).chain([1e-300, 1e-9]).collect();
        for level in Level::available() {
            let mut found = p.clone();
            quantiles_below(level, &mut found);
            for (p, x) in p.iter().zip(&found) {
                assert_eq!(x.to_bits(), normal_quantile(*p).to_bits(), "{p} at {level}");
                assert!((closer(*x, *p, left(*x)) - x).abs() < 1e-14 * x.abs().max(1.0), "{p}: {x}");
            }
        }
    }

    #[test]
    fn ties_share_their_mean_rank() {
        let scores = normal_scores(&[3.0, 1.0, 3.0, 0.5]);
        assert_eq!(scores[0], scores[2]);
        assert!(scores[3] < scores[1] && scores[1] < scores[0]);
    }
}
