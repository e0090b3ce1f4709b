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
    let times = |v: &[f64]| -> Vec<f64> { kernel.chunks_exact(n).map(|row| dot(row, v)).collect() };
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
        total += dot(&times(&once), &once);
    }
    total / PROBES as f64
}

/// Σ aᵢbᵢ by eight partial sums, which vector instructions can add to.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// Draws with mean 0 and covariance 1 and the scores in their coordinates, draw by draw: x = m + L·z has the score Lᵀ·s. Where there
/// are few draws for the variables, scales only.
fn whitened(positions: &[Vec<f64>], scores: &[Vec<f64>]) -> Option<(Vec<f64>, Vec<f64>)> {
    let dimension = positions.len();
    let length = positions.first()?.len();
    let used: Vec<usize> =
        (0..length).filter(|&draw| (0..dimension).all(|k| positions[k][draw].is_finite() && scores[k][draw].is_finite())).collect();
    let pick =
        |columns: &[Vec<f64>]| -> Vec<Vec<f64>> { columns.iter().map(|column| used.iter().map(|&draw| column[draw]).collect()).collect() };
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
