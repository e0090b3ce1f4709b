//! log Z from a ladder: each pair of neighbours is a stepping stone.
//!
//! Z₁/Z₀ is the product of the ratios of neighbours (Xie, Lewis, Fan, Kuo & Chen 2011, who go in one direction). Each ratio is estimated
//! from both of its sides by the optimal bridge (Bennett 1976; Meng & Wong 1996, section 3): with ρ the ratio of the unnormalised
//! densities and R a guess of the answer, R·E_lower[1/(1 + R/ρ)] / E_upper[1/(1 + ρ/R)], consistent for any R and of least variance at
//! the true one. A guess from the warm-up makes it a plain sum, and a sum of numbers below 1 cannot overflow.

use crate::math::{Lanes, Level, exp, log, sigmoid};
use crate::sampler::ensemble::metric::total;
use crate::sampler::kernels::lanewise::{each, map};

/// Groups of draws that an error needs: where there are fewer lanes, their draws are cut into stretches.
const GROUPS: usize = 32;

/// The sums of one block of systems.
#[derive(Debug, Clone)]
pub(super) struct Stones {
    /// log R of each pair.
    guess: Vec<f64>,
    /// `[stretch][pair]`: the sums at the pair's lower and upper rung.
    sums: Vec<Vec<[Lanes; 2]>>,
    stretches: usize,
    active: usize,
    row: Lanes,
}

impl Stones {
    /// For `guess` of each pair and so many lanes.
    pub(super) fn new(guess: Vec<f64>, active: usize, draws: usize) -> Stones {
        let stretches = GROUPS.div_ceil(active.max(1)).clamp(1, draws.max(1));
        let sums = vec![vec![[Lanes::default(); 2]; guess.len()]; stretches];
        Stones { guess, sums, stretches, active, row: Lanes::default() }
    }

    /// Adds what `pair` shows at draw `draw` of `draws`: `lower` and `upper` are log p̃ − log r at its two rungs, `step` the difference
    /// of their β.
    pub(super) fn add(&mut self, level: Level, pair: usize, step: f64, (lower, upper): (&Lanes, &Lanes), (draw, draws): (usize, usize)) {
        let stretch = (draw * self.stretches / draws.max(1)).min(self.stretches - 1);
        let (row, guess) = (&mut self.row, self.guess[pair]);
        for ((sum, weight), sign) in self.sums[stretch][pair].iter_mut().zip([lower, upper]).zip([1.0, -1.0]) {
            each(level, |lane| row[lane] = sign * step.mul_add(weight[lane], -guess));
            map(level, row, sigmoid);
            let active = self.active;
            each(level, |lane| sum[lane] += if lane < active { row[lane] } else { 0.0 });
        }
    }
}

/// log of each pair's ratio, from all blocks; of a pair whose sums are 0 not a number.
pub(super) fn ratios(blocks: &[Stones]) -> Vec<f64> {
    let Some(first) = blocks.first() else { return Vec::new() };
    let sum = |pair: usize, side: usize| -> f64 { blocks.iter().flat_map(|block| &block.sums).map(|sums| total(&sums[pair][side])).sum() };
    let ratio = |pair: usize| first.guess[pair] + log(sum(pair, 0)) - log(sum(pair, 1));
    (0..first.guess.len()).map(ratio).collect()
}

/// log Z₁/Z₀ and its standard error, by leaving out one group of draws, a lane or a stretch of one, at a time.
pub(super) fn log_ratio(blocks: &[Stones], active: impl Fn(usize) -> usize) -> (f64, f64) {
    let Some(first) = blocks.first() else { return (0.0, f64::NAN) };
    let pairs = first.guess.len();
    let sums: Vec<[f64; 2]> = (0..pairs)
        .map(|pair| [0, 1].map(|side| blocks.iter().flat_map(|block| &block.sums).map(|sums| total(&sums[pair][side])).sum()))
        .collect();
    let value: f64 = ratios(blocks).iter().sum();
    let mut without = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        for stretch in &block.sums {
            for lane in 0..active(number) {
                let change = |(pair, sum): (&[Lanes; 2], &[f64; 2])| log(1.0 - pair[0][lane] / sum[0]) - log(1.0 - pair[1][lane] / sum[1]);
                without.push(stretch.iter().zip(&sums).map(change).sum::<f64>());
            }
        }
    }
    let groups = without.len() as f64;
    let mean = without.iter().sum::<f64>() / groups;
    let spread: f64 = without.iter().map(|change| (change - mean) * (change - mean)).sum();
    (value, ((groups - 1.0) / groups * spread).sqrt())
}

/// The probability of a swap between neighbours whose β differ by `step`, from log p̃ − log r at both.
pub(super) fn acceptance(level: Level, step: f64, lower: &Lanes, upper: &Lanes, out: &mut Lanes) {
    // π_k(y)·π_k+1(x)/(π_k(x)·π_k+1(y)) with x at the lower rung k: exp of Δβ·(W(x) − W(y)). What is not a number is no swap.
    each(level, |lane| {
        let change = step * (lower[lane] - upper[lane]);
        out[lane] = if change < 0.0 { change } else { 0.0 };
        out[lane] = if change.is_nan() { f64::NEG_INFINITY } else { out[lane] };
    });
    map(level, out, exp);
}
