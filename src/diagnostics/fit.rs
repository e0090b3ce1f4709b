//! How well draws fit the exact law: Kolmogorov–Smirnov, Wasserstein-1, atoms at the bounds.

use crate::math::exp;

/// The one-sample Kolmogorov–Smirnov test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The largest distance between the empirical and the exact distribution function.
    pub distance: f64,
    /// The probability of a distance as large, were the draws independent and exact.
    pub p_value: f64,
}

/// Tests draws whose exact distribution function, in ascending order of the draws, is `cdf`. Equal draws are allowed: their common
/// step counts whole, which is how an atom shows.
///
/// The p-value is Kolmogorov's series at (√n + 0.12 + 0.11/√n)·D (Stephens 1970), right to a few per cent from n = 5 on.
pub fn kolmogorov_smirnov(cdf: &[f64]) -> KolmogorovSmirnov {
    let n = cdf.len() as f64;
    let distance = cdf
        .iter()
        .enumerate()
        .map(|(index, value)| (value - index as f64 / n).abs().max((value - (index + 1) as f64 / n).abs()))
        .fold(0.0, f64::max);
    let root = n.sqrt();
    KolmogorovSmirnov { distance, p_value: kolmogorov((root + 0.12 + 0.11 / root) * distance) }
}

/// Whether two sets of independent draws, each in ascending order, are of one law: their empirical distribution functions after each value
/// that either has. The p-value is that of nm/(n + m) draws against a known law; ties make it larger than it is.
pub fn two_samples(first: &[f64], second: &[f64]) -> KolmogorovSmirnov {
    let (n, m) = (first.len(), second.len());
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < n && j < m {
        let value = first[i].min(second[j]);
        i += first[i..].iter().take_while(|x| **x <= value).count();
        j += second[j..].iter().take_while(|x| **x <= value).count();
        distance = distance.max((i as f64 / n as f64 - j as f64 / m as f64).abs());
    }
    let root = (n as f64 * m as f64 / (n + m) as f64).sqrt();
    KolmogorovSmirnov { distance, p_value: kolmogorov((root + 0.12 + 0.11 / root) * distance) }
}

/// P(K > x) for Kolmogorov's distribution: the alternating series, or its theta-function twin for small x (Kolmogorov 1933).
fn kolmogorov(x: f64) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    if x < 0.2 {
        return 1.0;
    }
    if x < 1.18 {
        let t = std::f64::consts::PI * std::f64::consts::PI / (8.0 * x * x);
        let sum: f64 = (0..4).map(|k| exp(-f64::from((2 * k + 1) * (2 * k + 1)) * t)).sum();
        return 1.0 - (2.0 * std::f64::consts::PI).sqrt() / x * sum;
    }
    let term = |k: i32| exp(-2.0 * f64::from(k * k) * x * x);
    2.0 * (term(1) - term(2) + term(3) - term(4))
}

/// The Wasserstein-1 distance ∫|F̂ − F| dx of sorted draws from the law with the values `cdf` at them, F linear between draws. What
/// lies beyond the outermost draws is left out: of order 1/n for any law with a mean.
pub fn wasserstein1(sorted: &[f64], cdf: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mut total = 0.0;
    for index in 1..sorted.len() {
        let width = sorted[index] - sorted[index - 1];
        let step = index as f64 / n;
        let (left, right) = (cdf[index - 1] - step, cdf[index] - step);
        // Where F crosses the step, two triangles; elsewhere a trapezium.
        total += width
            * if left * right < 0.0 { (left * left + right * right) / (2.0 * (left - right).abs()) } else { (left + right).abs() / 2.0 };
    }
    total
}

/// Shares of the draws that sit exactly on `low` and on `high`; a law with a density has none there.
pub fn boundary_atoms(draws: &[f64], low: f64, high: f64) -> (f64, f64) {
    let share = |end: f64| draws.iter().filter(|x| **x == end).count() as f64 / draws.len().max(1) as f64;
    (share(low), share(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Lanes;
    use crate::random::{BlockRng, Purpose};

    #[test]
    fn two_samples_are_compared_value_by_value() {
        // After 1 one has 2/4 and the other 0; after 2 both have half; ties are one step.
        let found = two_samples(&[1.0, 1.0, 3.0, 3.0], &[2.0, 2.0, 3.0, 3.0]);
        assert_eq!(found.distance, 0.5);
        assert_eq!(two_samples(&[7.0; 50], &[7.0; 80]).distance, 0.0);
        assert_eq!(two_samples(&[0.0; 50], &[7.0; 80]).distance, 1.0);
        let noise = |block: u64| {
            let mut draws = Lanes::default();
            BlockRng::new(5, block, Purpose::Noise).fill_normal(&mut draws);
            let mut draws = draws.to_vec();
            draws.sort_by(f64::total_cmp);
            draws
        };
        assert!(two_samples(&noise(0), &noise(1)).p_value > 1e-3);
        let moved: Vec<f64> = noise(1).iter().map(|x| x + 0.5).collect();
        assert!(two_samples(&noise(0), &moved).p_value < 1e-4);
    }

    #[test]
    fn p_values_agree_with_published_critical_values() {
        // Kolmogorov's limit law: P(K > 1.3581) = 0.05, P(K > 1.6276) = 0.01 (Smirnov 1948), P(K > 0.8276) = 0.5.
        for (x, p) in [(1.3581, 0.05), (1.6276, 0.01), (0.8276, 0.5)] {
            assert!((kolmogorov(x) - p).abs() < 2e-4, "{x}: {}", kolmogorov(x));
        }
        // The two series meet.
        assert!((kolmogorov(1.18 - 1e-9) - kolmogorov(1.18)).abs() < 1e-7);
    }

    #[test]
    fn p_values_of_exact_draws_are_uniform_and_of_wrong_draws_are_not() {
        let mut rng = BlockRng::new(3, 0, Purpose::Noise);
        let (mut below, mut wrong) = (0, 0);
        for _ in 0..400 {
            let mut u = Lanes::default();
            rng.fill_uniform(&mut u);
            u.sort_by(f64::total_cmp);
            below += usize::from(kolmogorov_smirnov(&u[..]).p_value < 0.3);
            // A tenth of the mass moved to the lower end.
            let atoms: Vec<f64> = u.iter().map(|x| if *x < 0.2 { x / 2.0 } else { *x }).collect();
            wrong += usize::from(kolmogorov_smirnov(&atoms).p_value < 0.3);
        }
        // Binomial(400, 0.3): 120 ± 9.2; four of them.
        assert!((83..=157).contains(&below), "{below}");
        assert!(wrong > 250, "{wrong}");
    }

    #[test]
    fn a_shift_has_its_length_as_wasserstein_distance() {
        // Uniform on [0, 1], draws shifted by 1/4 and squeezed at the end: W₁ of the shift, up to 1/n.
        let draws: Vec<f64> = (0..1000).map(|i| 0.25 + (f64::from(i) + 0.5) / 1000.0).collect();
        let cdf: Vec<f64> = draws.iter().map(|x| x.min(1.0)).collect();
        // ∫₀.₂₅^1.25 |F̂ − F|: 0.25·0.75 between, a triangle of 0.25²/2 beyond 1.
        assert!((wasserstein1(&draws, &cdf) - (0.1875 + 0.03125)).abs() < 1e-3);
    }

    #[test]
    fn atoms_are_counted_at_each_end() {
        assert_eq!(boundary_atoms(&[0.0, 0.5, 1.0, 1.0], 0.0, 1.0), (0.25, 0.5));
    }
}
