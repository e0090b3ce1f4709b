//! Stein identities: means over the density that must vanish, tested on draws and their gradients.
//!
//! For a weight w that vanishes at the ends of xᵢ's range, E[w·∂ᵢ log p + w′] = 0 (integration by parts; Gorham & Mackey 2015 for the
//! family). Without such a weight the identity fails on perfect draws of a density that does not vanish at a wall.

use super::rank::normal_quantile;
use crate::math::log1p;

/// |z| that the largest of so many tests of right draws exceeds as seldom as one does 4: 6e-5 (Bonferroni).
pub fn largest_of(tests: usize) -> f64 {
    const BEYOND_FOUR: f64 = 3.167_124_183_311_986e-5;
    -normal_quantile(BEYOND_FOUR / tests.max(1) as f64)
}

/// One identity for one variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteinTest {
    /// The mean over its standard error, Student's t of so many batches as a standard normal; that of independent exact draws.
    pub z: f64,
    /// Draws with a finite gradient.
    pub used: usize,
}

/// A weight and its derivative at u, the position in units of the range.
type Weight = fn(f64) -> (f64, f64);

/// The tests of one variable with range `[low, high]`: its draws and ∂ log p at them. Two weights each, one even and one odd about the
/// middle, bounded where the range is infinite so that heavy tails leave a variance. Terms are averaged over batches of `batch` draws
/// before their spread is taken, so that only batches need to be independent.
pub fn stein_tests(draws: &[f64], gradient: &[f64], low: f64, high: f64, batch: usize) -> [SteinTest; 2] {
    let (centre, scale) = frame(draws, low, high);
    let weights: [Weight; 2] = match (low.is_finite(), high.is_finite()) {
        (true, true) => [|u| ((1.0 - u) * (1.0 + u), -2.0 * u), |u| (u * (1.0 - u) * (1.0 + u), 1.0 - 3.0 * u * u)],
        (false, false) => [|_| (1.0, 0.0), |u| (u / (1.0 + u * u), (1.0 - u * u) / ((1.0 + u * u) * (1.0 + u * u)))],
        // u is the distance from the wall in units of the scale.
        _ => [
            |u| (u / (1.0 + u * u), (1.0 - u * u) / ((1.0 + u * u) * (1.0 + u * u))),
            |u| (u * u / (1.0 + u * u), 2.0 * u / ((1.0 + u * u) * (1.0 + u * u))),
        ],
    };
    weights.map(|weight| {
        let terms: Vec<f64> = draws
            .iter()
            .zip(gradient)
            .filter(|(_, slope)| slope.is_finite())
            .map(|(x, slope)| {
                let (w, derivative) = weight((x - centre) / scale);
                w * slope + derivative / scale
            })
            .collect();
        let means: Vec<f64> = terms.chunks_exact(batch.max(1)).map(|batch| batch.iter().sum::<f64>() / batch.len() as f64).collect();
        let (mean, sd) = super::moments::mean_and_sd(&means);
        let t = if sd > 0.0 { mean / (sd / (means.len() as f64).sqrt()) } else { 0.0 };
        SteinTest { z: normal_of_student(t, means.len().saturating_sub(1) as f64), used: terms.len() }
    })
}

/// The standard normal that is exceeded as often as Student's `t` with so many degrees of freedom, to 2 % from 10 of them on (Wallace
/// 1959, "Bounds on normal approximations to Student's and the chi-square distributions", eq. 2.1 with his correction).
fn normal_of_student(t: f64, freedom: f64) -> f64 {
    let size = (freedom * log1p(t * t / freedom)).sqrt();
    (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * size.copysign(t)
}

/// The origin and unit of u: the middle and half width of a finite range, the wall of a half-infinite one, the median otherwise.
fn frame(draws: &[f64], low: f64, high: f64) -> (f64, f64) {
    if low.is_finite() && high.is_finite() {
        return (0.5 * (low + high), 0.5 * (high - low));
    }
    let sorted = super::moments::sorted(draws);
    let [q1, median, q3] = [0.25, 0.5, 0.75].map(|p| super::moments::quantile(&sorted, p));
    let spread = if q3 > q1 { q3 - q1 } else { 1.0 };
    match (low.is_finite(), high.is_finite()) {
        (true, _) => (low, spread),
        (_, true) => (high, spread),
        _ => (median, spread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;
    use crate::math::Lanes;
    use crate::random::{BlockRng, Purpose};

    #[test]
    fn exact_normal_draws_pass_and_scaled_ones_fail() {
        let mut squares = 0.0;
        for seed in 0..60 {
            let draws = normals(seed, 2048);
            let gradient: Vec<f64> = draws.iter().map(|x| -x).collect();
            let tests = stein_tests(&draws, &gradient, f64::NEG_INFINITY, f64::INFINITY, 1);
            squares += tests.iter().map(|test| test.z * test.z).sum::<f64>();
            let wide: Vec<f64> = draws.iter().map(|x| 1.2 * x).collect();
            let gradient: Vec<f64> = wide.iter().map(|x| -x).collect();
            let z = stein_tests(&wide, &gradient, f64::NEG_INFINITY, f64::INFINITY, 1)[1].z;
            assert!(z.abs() > 4.0, "seed {seed}: {z}");
        }
        // χ² with 120 degrees of freedom: 120 ± 15.5; four of them. The median in the weight costs less than one.
        assert!((58.0..182.0).contains(&squares), "{squares}");
    }

    #[test]
    fn few_batches_weigh_by_students_t() {
        // Quantiles of t: P(t > 3.9621) = 0.0001 with 60 degrees of freedom, P(t > 4.1437) = 0.001 with 10; of the normal 3.7190, 3.0902.
        for (t, freedom, z) in [(3.9621, 60.0, 3.7190), (-4.1437, 10.0, -3.0902)] {
            let found = normal_of_student(t, freedom);
            assert!((found / z - 1.0).abs() < 0.02, "t = {t} with {freedom}: {found}, not {z}");
        }
        assert!((largest_of(1) - 4.0).abs() < 1e-9);
        // P(|z| > 4.77925) = 6.334e-5/36.
        assert!((largest_of(36) - 4.77925).abs() < 1e-4, "{}", largest_of(36));
    }

    #[test]
    fn uniform_draws_pass_although_the_density_does_not_vanish_at_the_walls() {
        let mut rng = BlockRng::new(9, 0, Purpose::Noise);
        let mut draws = Lanes::default();
        rng.fill_uniform(&mut draws);
        for test in stein_tests(&draws[..], &[0.0; 256], 0.0, 1.0, 1) {
            assert!(test.z.abs() < 4.0, "{test:?}");
        }
    }
}
