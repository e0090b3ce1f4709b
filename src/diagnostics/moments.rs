//! Mean, standard deviation and quantiles of draws, summed in a fixed order.

/// Mean and standard deviation (n − 1) by Welford's recurrence; NaN for no draws, sd NaN for one.
pub fn mean_and_sd(draws: &[f64]) -> (f64, f64) {
    let (mut mean, mut squares) = (0.0, 0.0);
    for (index, x) in draws.iter().enumerate() {
        let step = x - mean;
        mean += step / (index + 1) as f64;
        squares += step * (x - mean);
    }
    match draws.len() {
        0 => (f64::NAN, f64::NAN),
        1 => (mean, f64::NAN),
        n => (mean, (squares / (n - 1) as f64).sqrt()),
    }
}

/// The draws in ascending order, NaN last.
pub fn sorted(draws: &[f64]) -> Vec<f64> {
    let mut sorted = draws.to_vec();
    // Equal in this order is the same bits: no need for a stable sort.
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The quantile of sorted draws, linear between order statistics (type 7 of Hyndman & Fan 1996); NaN for no draws.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = p.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_far_cluster_keep_their_digits() {
        let draws: Vec<f64> = [1.0, 2.0, 3.0, 4.0].iter().map(|x| x + 1e9).collect();
        let (mean, sd) = mean_and_sd(&draws);
        assert_eq!(mean, 1e9 + 2.5);
        // √(5/3).
        assert!((sd - 1.2909944487358056).abs() < 1e-9);
    }

    #[test]
    fn quantiles_interpolate_as_r_type_7() {
        // quantile(c(1, 2, 4, 8), c(0, .25, .5, 1)) in R: 1, 1.75, 3, 8.
        for (p, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (1.0, 8.0)] {
            assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], p), expected);
        }
        assert!(quantile(&[], 0.5).is_nan());
    }
}
