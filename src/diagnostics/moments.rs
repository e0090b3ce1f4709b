//! Mean, standard deviation and quantiles of draws, summed in a fixed order.

/// Partial sums: so many additions do not wait for each other.
const PARTIAL: usize = 8;

/// Σ f(aᵢ, bᵢ).
#[inline(always)]
fn sum_of(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    let ((a, rest), (b, other)) = (a.as_chunks::<PARTIAL>(), b.as_chunks::<PARTIAL>());
    let mut partial = [0.0; PARTIAL];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..PARTIAL {
            partial[lane] += f(a[lane], b[lane]);
        }
    }
    for (partial, (a, b)) in partial.iter_mut().zip(rest.iter().zip(other)) {
        *partial += f(*a, *b);
    }
    let [a, b, c, d, e, f, g, h] = partial;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Σ aᵢbᵢ.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum_of(a, b, |a, b| a * b)
}

/// The mean; NaN for no draws.
pub(super) fn mean(draws: &[f64]) -> f64 {
    let count = draws.len() as f64;
    let near = sum_of(draws, draws, |x, _| x) / count;
    // What rounding has left out.
    near + sum_of(draws, draws, |x, _| x - near) / count
}

/// Mean and standard deviation (n − 1); NaN for no draws, sd NaN for one.
pub fn mean_and_sd(draws: &[f64]) -> (f64, f64) {
    let mean = mean(draws);
    match draws.len() {
        0 | 1 => (mean, f64::NAN),
        n => (mean, (sum_of(draws, draws, |x, _| (x - mean) * (x - mean)) / (n - 1) as f64).sqrt()),
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
