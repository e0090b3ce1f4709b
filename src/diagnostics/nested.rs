//! Nested R-hat: whether many short chains have forgotten where they began.
//!
//! Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari & Gelman (2024), "Nested R-hat". Chains are grouped into superchains by the
//! rank of their start, so a population that has not mixed shows it as a variance between superchains.

use super::moments::mean_and_sd;
use super::rank::normal_scores;

/// The statistic and what it should be below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NestedRhat {
    /// √(1 + B/W): B the variance of the superchains' means, W the mean variance within them.
    pub value: f64,
    /// What independent draws stay below in all but one of ten thousand runs.
    pub threshold: f64,
}

/// Superchains: many enough to see a trend over the start, few enough to have long ones.
const SUPERCHAINS: usize = 16;

/// Nested R-hat of one draw a chain, `starts` and `draws` in the order of the chains, on ranks so that heavy tails do no harm.
/// `None` with fewer than two chains a superchain, or if all chains began at one point.
pub fn nested_rhat(starts: &[f64], draws: &[f64]) -> Option<NestedRhat> {
    let members = draws.len() / SUPERCHAINS;
    let together = starts.windows(2).all(|pair| pair[0] == pair[1]);
    if members < 2 || together {
        return None;
    }
    let scores = normal_scores(draws);
    let mut order: Vec<usize> = (0..draws.len()).collect();
    order.sort_unstable_by(|&a, &b| starts[a].total_cmp(&starts[b]).then(a.cmp(&b)));
    let (mut means, mut within) = (Vec::with_capacity(SUPERCHAINS), 0.0);
    for group in order.chunks_exact(members).take(SUPERCHAINS) {
        let values: Vec<f64> = group.iter().map(|&chain| scores[chain]).collect();
        let (mean, sd) = mean_and_sd(&values);
        means.push(mean);
        within += sd * sd / SUPERCHAINS as f64;
    }
    let (_, between) = mean_and_sd(&means);
    let ratio = between * between / within;
    // B/W·members is χ² with 15 degrees of freedom over 15 for independent draws; its 1 − 10⁻⁴ quantile is 44.3.
    let excess = 44.3 / (SUPERCHAINS - 1) as f64 / members as f64;
    Some(NestedRhat { value: (1.0 + ratio).sqrt(), threshold: (1.0 + excess).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    #[test]
    fn independent_draws_stay_below_the_threshold() {
        for seed in 0..50 {
            let found = nested_rhat(&normals(seed, 2048), &normals(seed + 1000, 2048)).expect("enough chains");
            assert!(found.value < found.threshold, "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn a_tenth_of_the_start_left_in_the_draws_is_seen() {
        let starts = normals(1, 4096);
        let draws: Vec<f64> = normals(2, 4096).iter().zip(&starts).map(|(noise, start)| noise + 0.15 * start).collect();
        let found = nested_rhat(&starts, &draws).expect("enough chains");
        assert!(found.value > found.threshold, "{found:?}");
    }

    #[test]
    fn one_starting_point_or_too_few_chains_have_no_value() {
        assert_eq!(nested_rhat(&[0.4; 512], &normals(1, 512)), None);
        assert_eq!(nested_rhat(&normals(2, 20), &normals(1, 20)), None);
    }
}
