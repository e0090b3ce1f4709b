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

/// Chains of one superchain, where chains have several draws each.
const MEMBERS: usize = 8;

/// R-hat of many chains that are too short for one each: rank-normalised split R-hat of superchains of eight chains, first halves
/// before second halves. Chains that have mixed disagree by what few draws tell them; eight of them together do so less, but eight
/// that never left their places still do.
pub fn rhat_of_many(chains: &[&[f64]]) -> f64 {
    let together = |group: &[&[f64]]| -> Vec<f64> {
        let first = group.iter().flat_map(|chain| &chain[..chain.len() / 2]);
        let second = group.iter().flat_map(|chain| &chain[chain.len() - chain.len() / 2..]);
        first.chain(second).copied().collect()
    };
    let superchains: Vec<Vec<f64>> = chains.chunks_exact(MEMBERS).map(together).collect();
    super::rhat(&superchains.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// How many chains keep to a place of their own: the mean normal score of their draws is beyond ±2, where that of a chain that has
/// seen twenty independent draws is within ±0.45 in all but one of twenty chains. A mode that holds few chains shows here long before
/// it moves R-hat.
pub fn chains_apart(chains: &[&[f64]]) -> usize {
    const FAR: f64 = 2.0;
    let length = chains.first().map_or(0, |chain| chain.len());
    if length < 10 || chains.len() < 2 {
        return 0;
    }
    normal_scores(&chains.concat()).chunks_exact(length).filter(|scores| mean_and_sd(scores).0.abs() > FAR).count()
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
    use crate::math::Lanes;
    use crate::random::{BlockRng, Purpose};

    fn normals(seed: u64, count: usize) -> Vec<f64> {
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

    #[test]
    fn independent_draws_stay_below_the_threshold() {
        for seed in 0..50 {
            let found = nested_rhat(&normals(seed, 2048), &normals(seed + 1000, 2048)).expect("enough chains");
            assert!(found.value < found.threshold, "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn chains_that_never_leave_their_places_disagree_even_by_eights() {
        let noise = normals(7, 256 * 50);
        let chains = |stay: f64| -> Vec<Vec<f64>> {
            let places = normals(8, 256);
            noise.chunks(50).zip(&places).map(|(noise, place)| noise.iter().map(|x| stay * place + (1.0 - stay) * x).collect()).collect()
        };
        let value = |chains: &[Vec<f64>]| rhat_of_many(&chains.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert!(value(&chains(0.0)) < 1.005);
        assert!(value(&chains(0.95)) > 1.05);
        // Three of 256 chains in a mode far away.
        let mut few = chains(0.0);
        few[..3].iter_mut().flatten().for_each(|x| *x += 20.0);
        assert_eq!(chains_apart(&few.iter().map(Vec::as_slice).collect::<Vec<_>>()), 3);
        assert_eq!(chains_apart(&chains(0.0).iter().map(Vec::as_slice).collect::<Vec<_>>()), 0);
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
