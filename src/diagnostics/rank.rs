//! Ranks of draws as normal scores, and the quantile function of the normal distribution that makes them.

use crate::math::{erfc, exp, log};

/// Φ⁻¹(p): Abramowitz & Stegun 26.2.23, then three of Halley's steps, each of which triples the digits. −∞ at 0, ∞ at 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        return -normal_quantile_below(1.0 - p);
    }
    normal_quantile_below(p)
}

/// For p ≤ ½, where Φ(x) = erfc(−x/√2)/2 keeps its digits.
fn normal_quantile_below(p: f64) -> f64 {
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let t = (-2.0 * log(p)).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = above / below - t;
    for _ in 0..3 {
        let error = 0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2) - p;
        let ratio = error * (2.0 * std::f64::consts::PI).sqrt() * exp(0.5 * x * x);
        x -= ratio / (1.0 + 0.5 * x * ratio);
    }
    x
}

/// The normal scores of the ranks of all draws together, ties sharing their mean rank: z = Φ⁻¹((r − 3/8)/(S + 1/4)).
///
/// Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), eq. 14. The draws keep their order.
pub(super) fn normal_scores(draws: &[f64]) -> Vec<f64> {
    let size = draws.len() as f64;
    mean_ranks(draws).into_iter().map(|rank| normal_quantile((rank - 0.375) / (size + 0.25))).collect()
}

/// The ranks of the draws, from 1, ties sharing their mean rank. The draws keep their order.
pub(super) fn mean_ranks(draws: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..draws.len()).collect();
    order.sort_by(|&a, &b| draws[a].total_cmp(&draws[b]));
    let mut ranks = vec![0.0; draws.len()];
    let mut first = 0;
    while first < order.len() {
        let mut last = first;
        while last + 1 < order.len() && draws[order[last + 1]] == draws[order[first]] {
            last += 1;
        }
        for &index in &order[first..=last] {
            ranks[index] = (first + last) as f64 / 2.0 + 1.0;
        }
        first = last + 1;
    }
    ranks
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

    #[test]
    fn ties_share_their_mean_rank() {
        let scores = normal_scores(&[3.0, 1.0, 3.0, 0.5]);
        assert_eq!(scores[0], scores[2]);
        assert!(scores[3] < scores[1] && scores[1] < scores[0]);
    }
}
