//! Kernel Stein discrepancy: how far draws are from a density of which only the gradient of its logarithm is known.
//!
//! Gorham & Mackey (2017), section 3: with the Stein kernel k₀(x, y) = s(x)·s(y) k + s(x)·∇ᵧk + s(y)·∇ₓk + ∇ₓ·∇ᵧk of the score
//! s = ∇ log p, E k₀(x, y) over independent draws is 0 for the density itself, and above for others. The base kernel is their inverse
//! multiquadric (c² + |x − y|²)^β with c = 1 and β = −1/2, which sees draws that escape to infinity; coordinates are those in which the
//! draws have mean 0 and covariance 1.
//!
//! For n independent draws of the density, n·V with V the mean of k₀ over all pairs follows Σ λᵢ Zᵢ², the λ being the eigenvalues of the
//! operator of k₀ (Chwialkowski, Strathmann & Gretton 2016, section 3). Its first three moments come of traces of the matrix, and a gamma
//! distribution with the same three gives the p-value (Hall 1983; Buckley & Eagleson 1988).

use super::moments::mean_and_sd;
use crate::math::{exp, lgamma, log};

/// The discrepancy of some draws and what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteinDiscrepancy {
    /// √V, in whitened coordinates.
    pub value: f64,
    /// n·V over its mean under the density, in standard deviations.
    pub z: f64,
    /// The probability of a larger V for independent draws of the density.
    pub p_value: f64,
    /// Draws that were compared, each with each.
    pub draws: usize,
}

/// Fewest draws that are worth a test.
const FEWEST: usize = 50;

/// Probes of the third moment.
const PROBES: usize = 48;

/// The discrepancy of draws that pass for independent: `positions` and `scores`, ∇ log p at them, are `[variable][draw]`. Draws whose
/// score is not finite are left out. `None` for fewer than fifty draws, or if a variable does not vary.
pub fn stein_discrepancy(positions: &[Vec<f64>], scores: &[Vec<f64>]) -> Option<SteinDiscrepancy> {
    let (points, scores) = whitened(positions, scores)?;
    let (n, dimension) = (points.len() / positions.len(), positions.len());
    if n < FEWEST {
        return None;
    }
    let mut kernel = vec![0.0; n * n];
    for i in 0..n {
        let (x, s) = (&points[i * dimension..(i + 1) * dimension], &scores[i * dimension..(i + 1) * dimension]);
        for j in 0..=i {
            let (y, t) = (&points[j * dimension..(j + 1) * dimension], &scores[j * dimension..(j + 1) * dimension]);
            let value = stein_kernel(x, s, y, t);
            kernel[i * n + j] = value;
            kernel[j * n + i] = value;
        }
    }
    let count = n as f64;
    let total: f64 = kernel.iter().sum();
    let statistic = total / count;
    // Σλ, Σλ² and Σλ³ of the matrix over n.
    let first = (0..n).map(|i| kernel[i * n + i]).sum::<f64>() / count;
    let second = kernel.iter().map(|value| value * value).sum::<f64>() / (count * count);
    let third = third_trace(&kernel, n) / (count * count * count);
    let (mean, variance, skew) = (first, 2.0 * second, 8.0 * third);
    if !(statistic.is_finite() && variance > 0.0 && skew > 0.0) {
        return None;
    }
    // A gamma of shape 4·variance³/skew², stretched and shifted to the moments.
    let shape = 4.0 * variance.powi(3) / (skew * skew);
    let z = (statistic - mean) / variance.sqrt();
    let p_value = upper_gamma(shape, shape + z * shape.sqrt());
    Some(SteinDiscrepancy { value: (total.max(0.0) / (count * count)).sqrt(), z, p_value, draws: n })
}

/// k₀ of two points and their scores.
fn stein_kernel(x: &[f64], s: &[f64], y: &[f64], t: &[f64]) -> f64 {
    let (mut square, mut scores, mut along) = (0.0, 0.0, 0.0);
    for k in 0..x.len() {
        let apart = x[k] - y[k];
        square += apart * apart;
        scores += s[k] * t[k];
        along += (s[k] - t[k]) * apart;
    }
    // k = u^(−1/2), ∇ₓk = −(x − y)·u^(−3/2) = −∇ᵧk, ∇ₓ·∇ᵧk = d·u^(−3/2) − 3·r²·u^(−5/2), with u = 1 + r².
    let u = 1.0 + square;
    let kernel = 1.0 / u.sqrt();
    let slope = kernel / u;
    scores * kernel + along * slope + x.len() as f64 * slope - 3.0 * square * slope / u
}

/// tr K³ by Hutchinson's probes with entries ±1: the mean of (Kv)·K(Kv), in a fixed order of signs.
fn third_trace(kernel: &[f64], n: usize) -> f64 {
    let times = |v: &[f64]| -> Vec<f64> { kernel.chunks_exact(n).map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum()).collect() };
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut total = 0.0;
    for _ in 0..PROBES {
        let probe: Vec<f64> = (0..n)
            .map(|_| {
                // Marsaglia's xorshift, 2003: signs need no better.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                if state >> 63 == 0 { 1.0 } else { -1.0 }
            })
            .collect();
        let once = times(&probe);
        total += times(&once).iter().zip(&once).map(|(a, b)| a * b).sum::<f64>();
    }
    total / PROBES as f64
}

/// Draws with mean 0 and covariance 1 and the scores in their coordinates, draw by draw: x = m + L·z has the score Lᵀ·s. Where there
/// are few draws for the variables, scales only.
fn whitened(positions: &[Vec<f64>], scores: &[Vec<f64>]) -> Option<(Vec<f64>, Vec<f64>)> {
    let dimension = positions.len();
    let length = positions.first()?.len();
    let used: Vec<usize> = (0..length).filter(|&draw| (0..dimension).all(|k| positions[k][draw].is_finite() && scores[k][draw].is_finite())).collect();
    let pick = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> { columns.iter().map(|column| used.iter().map(|&draw| column[draw]).collect()).collect() };
    let (positions, scores) = (pick(positions), pick(scores));
    let moments: Vec<(f64, f64)> = positions.iter().map(|column| mean_and_sd(column)).collect();
    if moments.iter().any(|(_, sd)| !(sd.is_finite() && *sd > 0.0)) {
        return None;
    }
    let dense = used.len() > 10 * dimension;
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(dimension);
    for i in 0..dimension {
        let mut row = vec![0.0; i + 1];
        for j in if dense { 0 } else { i }..=i {
            let pairs = positions[i].iter().zip(&positions[j]);
            let covariance = pairs.map(|(x, y)| (x - moments[i].0) * (y - moments[j].0)).sum::<f64>() / used.len() as f64;
            let above = if i == j { &row } else { &rows[j] };
            let rest = covariance - row.iter().zip(above).take(j).map(|(a, b)| a * b).sum::<f64>();
            row[j] = if i == j { rest.max(1e-6 * covariance).sqrt() } else { rest / rows[j][j] };
        }
        rows.push(row);
    }
    let (mut points, mut slopes) = (Vec::with_capacity(used.len() * dimension), Vec::with_capacity(used.len() * dimension));
    for draw in 0..used.len() {
        let begin = points.len();
        for i in 0..dimension {
            let before: f64 = rows[i][..i].iter().zip(&points[begin..]).map(|(a, z)| a * z).sum();
            points.push((positions[i][draw] - moments[i].0 - before) / rows[i][i]);
            slopes.push((i..dimension).map(|k| rows[k][i] * scores[k][draw]).sum());
        }
    }
    Some((points, slopes))
}

/// The share of a gamma distribution of `shape` and scale 1 above `x`: the series of the lower part for small x, Legendre's continued
/// fraction of the upper one by Lentz's algorithm for large (DLMF 8.11.4 and 8.9.2).
fn upper_gamma(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = exp(shape * log(x) - x - lgamma(shape));
    if x < shape + 1.0 {
        let (mut term, mut sum, mut a) = (1.0 / shape, 1.0 / shape, shape);
        for _ in 0..100_000 {
            a += 1.0;
            term *= x / a;
            sum += term;
            if term < 1e-16 * sum {
                break;
            }
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    let tiny = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
    let mut fraction = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let a = -i * (i - shape);
        b += 2.0;
        d = a * d + b;
        c = b + a / c;
        (d, c) = (if d.abs() < tiny { tiny } else { d }, if c.abs() < tiny { tiny } else { c });
        d = 1.0 / d;
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{LANES, Lanes};
    use crate::random::{BlockRng, Purpose};

    /// `n` normal numbers.
    fn normals(seed: u64, stream: u64, n: usize) -> Vec<f64> {
        let mut rng = BlockRng::new(seed, stream, Purpose::Noise);
        let mut values = Vec::new();
        while values.len() < n {
            let mut row = Lanes::default();
            rng.fill_normal(&mut row);
            values.extend_from_slice(&row[..LANES.min(n - values.len())]);
        }
        values
    }

    /// Of two independent normals with these scales, against a law of two unit ones.
    fn of_normals(seed: u64, n: usize, scale: f64) -> SteinDiscrepancy {
        let columns: Vec<Vec<f64>> = (0..2).map(|k| normals(seed, k, n).into_iter().map(|x| scale * x).collect()).collect();
        let scores: Vec<Vec<f64>> = columns.iter().map(|column| column.iter().map(|x| -x).collect()).collect();
        stein_discrepancy(&columns, &scores).expect("enough draws")
    }

    #[test]
    fn the_upper_gamma_is_that_of_chi_squares() {
        // χ² with 2 degrees of freedom: exp(−x/2); with 1: erfc(√(x/2)); with 20 at 31.410: 0.05.
        for x in [0.1, 1.0, 5.0, 30.0] {
            assert!((upper_gamma(1.0, x / 2.0) - exp(-x / 2.0)).abs() < 1e-14, "{x}");
            assert!((upper_gamma(0.5, x / 2.0) - crate::math::erfc((x / 2.0).sqrt())).abs() < 1e-13, "{x}");
        }
        assert!((upper_gamma(10.0, 31.410_432_844_230_9 / 2.0) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn the_kernel_has_mean_zero_over_the_density() {
        // E k₀(x, Y) = 0 for every x with Y normal, by the trapezoidal rule, exact to rounding for such integrands.
        for x in [-2.0, 0.0, 0.7] {
            let h = 0.05;
            let sum: f64 = (-240..=240)
                .map(|k| {
                    let y = h * f64::from(k);
                    h * exp(-0.5 * y * y) * stein_kernel(&[x], &[-x], &[y], &[-y])
                })
                .sum();
            assert!(sum.abs() < 1e-12, "{x}: {sum}");
        }
    }

    #[test]
    fn p_values_of_exact_draws_are_uniform_and_wrong_scales_are_found() {
        let mut p: Vec<f64> = (0..80).map(|seed| of_normals(seed, 300, 1.0).p_value).collect();
        p.sort_by(f64::total_cmp);
        let count = p.len() as f64;
        let distance = p.iter().enumerate().map(|(at, p)| (p - (at as f64 + 0.5) / count).abs()).fold(0.0, f64::max);
        // Kolmogorov–Smirnov: 1.63/√80 at one in a hundred; seeds are fixed.
        assert!(distance < 0.182, "{distance} {p:?}");
        for seed in 0..10 {
            for scale in [0.8, 1.25] {
                let found = of_normals(seed, 1000, scale);
                assert!(found.p_value < 1e-3, "seed {seed}, scale {scale}: {found:?}");
            }
        }
    }

    #[test]
    fn a_missing_mode_is_found_and_both_modes_pass() {
        // Two unit normals at ±1.7 of equal weight; the score is −x + 1.7·tanh(1.7·x).
        let score = |x: f64| -x + 1.7 * crate::math::tanh(1.7 * x);
        let discrepancy = |draws: Vec<f64>| {
            let scores = draws.iter().map(|&x| score(x)).collect();
            stein_discrepancy(&[draws], &[scores]).expect("enough draws").p_value
        };
        let mut below = 0;
        for seed in 0..10 {
            let noise = normals(seed, 0, 1000);
            let side = normals(seed, 1, 1000);
            let both = noise.iter().zip(&side).map(|(x, s)| x + if *s > 0.0 { 1.7 } else { -1.7 }).collect();
            below += usize::from(discrepancy(both) < 0.01);
            let one = discrepancy(noise.iter().map(|x| x + 1.7).collect());
            assert!(one < 1e-3, "seed {seed}: {one}");
        }
        assert!(below <= 1, "{below} of 10 below one in a hundred");
    }

    #[test]
    fn scale_and_correlation_of_the_variables_do_not_matter() {
        let [a, b] = [0, 1].map(|stream| normals(3, stream, 400));
        let plain = stein_discrepancy(&[a.clone(), b.clone()], &[a.iter().map(|x| -x).collect(), b.iter().map(|x| -x).collect()]);
        // u = 1000·a, v = a + b/1000: log p = −a²/2 − b²/2 with a = u/1000 and b = 1000·v − u.
        let u: Vec<f64> = a.iter().map(|a| 1000.0 * a).collect();
        let v: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b / 1000.0).collect();
        let by_u = a.iter().zip(&b).map(|(a, b)| -a / 1000.0 + b).collect();
        let by_v = b.iter().map(|b| -1000.0 * b).collect();
        let skewed = stein_discrepancy(&[u, v], &[by_u, by_v]);
        let (plain, skewed) = (plain.expect("enough draws"), skewed.expect("enough draws"));
        assert!((plain.value - skewed.value).abs() < 1e-6 * plain.value, "{plain:?} {skewed:?}");
    }

    #[test]
    fn too_few_draws_and_constant_ones_say_nothing() {
        assert_eq!(stein_discrepancy(&[vec![0.5; 20]], &[vec![0.5; 20]]), None);
        assert_eq!(stein_discrepancy(&[vec![0.5; 100]], &[vec![0.5; 100]]), None);
    }
}
