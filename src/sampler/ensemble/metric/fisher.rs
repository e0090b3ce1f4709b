//! Metrics that minimise the Fisher divergence, from pairs of draws and gradients.
//!
//! Seyboldt, Carlson & Carpenter (2026), "Preconditioning Hamiltonian Monte Carlo by minimizing Fisher divergence": where cov(u) and
//! cov(g) are the covariances of draws and gradients, the best LLᵀ is the geometric mean cov(u) # cov(g)⁻¹. Of a Gaussian that is its
//! covariance wherever the draws are, so that scales are known before a population has spread.

use super::Metric;
use super::eigen::eigen;

/// The fewest pairs that a metric is made of.
const FEWEST: usize = 10;
/// Pairs that a low-rank metric is made of at most, where they are fewer than the variables need: their span is the cube of it in work.
const SPAN: usize = 80;
/// Directions whose variance is this far from 1, or one over it, after scaling are worth their price.
const CUT: f64 = 2.0;
/// Directions at most.
const RANK: usize = 64;

/// A draw u with its log density and gradient.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) u: Vec<f64>,
    pub(super) slope: Vec<f64>,
    pub(super) log_density: f64,
}

/// Draws with their gradients.
#[derive(Debug, Clone, Default)]
pub(in crate::sampler) struct Pairs(Vec<Pair>);

impl Pairs {
    /// One more.
    pub(super) fn push(&mut self, pair: Pair) {
        self.0.push(pair);
    }

    pub(super) fn append(&mut self, other: &mut Pairs) {
        self.0.append(&mut other.0);
    }

    /// Scales, and the directions in which scaled variables are far from unit variance, of the `share` of the pairs with the highest
    /// density. `None` where there are too few or they make no metric.
    pub(super) fn low_rank(&self, share: f64) -> Option<Metric> {
        let mut values: Vec<f64> = self.0.iter().map(|pair| pair.log_density).collect();
        values.sort_by(f64::total_cmp);
        let least = *values.get(((1.0 - share) * values.len() as f64) as usize)?;
        let pairs: Vec<&Pair> = self.0.iter().filter(|pair| pair.log_density >= least).collect();
        let (centre, scale) = scales(&pairs)?;
        let dimension = scale.len();
        let wanted = if dimension > 2 * SPAN { SPAN } else { 4 * dimension.max(FEWEST) };
        let every = pairs.len().div_ceil(wanted).max(1);
        let kept = || pairs.iter().step_by(every);
        let draws: Vec<Vec<f64>> = kept().map(|pair| each(&pair.u, |i, u| (u - centre[i]) / scale[i])).collect();
        let slopes: Vec<Vec<f64>> = kept().map(|pair| each(&pair.slope, |i, slope| slope * scale[i])).collect();
        let basis = basis(&draws, &slopes);
        let within = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
            rows.iter().map(|row| basis.iter().map(|direction| dot(direction, row)).collect()).collect()
        };
        let best = geometric_mean(&covariance(&within(&draws)), covariance(&within(&slopes)));
        let (values, vectors) = eigen(best);
        if !values.iter().all(|value| value.is_finite() && *value > 0.0) {
            return None;
        }
        // The usual variance belongs into the scales, so that few directions are left.
        let mut ordered = values.clone();
        ordered.sort_by(f64::total_cmp);
        let usual = if basis.len() < dimension { 1.0 } else { ordered[ordered.len() / 2] };
        let scale: Vec<f64> = scale.iter().map(|scale| scale * usual.sqrt()).collect();
        let far = |value: f64| value.max(value.recip());
        let mut found: Vec<(f64, Vec<f64>)> =
            values.into_iter().map(|value| value / usual).zip(vectors).filter(|(value, _)| far(*value) > CUT).collect();
        found.sort_by(|a, b| far(b.0).total_cmp(&far(a.0)));
        found.truncate(RANK);
        let stretch = found.iter().map(|(value, _)| value.sqrt()).collect();
        let direction = |vector: &Vec<f64>| {
            let mut sum = vec![0.0; dimension];
            for (weight, direction) in vector.iter().zip(&basis) {
                sum.iter_mut().zip(direction).for_each(|(sum, x)| *sum += weight * x);
            }
            sum
        };
        let directions = found.iter().map(|(_, vector)| direction(vector)).collect();
        Some(Metric::low_rank(centre, scale, directions, stretch))
    }
}

/// Means of the draws, and scales, each (var u/var g)^¼. `None` where one is not positive and finite.
fn scales(pairs: &[&Pair]) -> Option<(Vec<f64>, Vec<f64>)> {
    let n = pairs.len();
    if n < FEWEST {
        return None;
    }
    let moments = |value: &dyn Fn(&Pair) -> f64| {
        let mean = pairs.iter().map(|pair| value(pair)).sum::<f64>() / n as f64;
        let square = |pair: &&Pair| (value(pair) - mean) * (value(pair) - mean);
        (mean, pairs.iter().map(square).sum::<f64>() / n as f64)
    };
    let (mut centre, mut scale) = (Vec::new(), Vec::new());
    for i in 0..pairs[0].u.len() {
        let ((mean, wide), (_, steep)) = (moments(&|pair| pair.u[i]), moments(&|pair| pair.slope[i]));
        centre.push(mean);
        scale.push((wide / steep).sqrt().sqrt());
    }
    let sound = centre.iter().all(|mean| mean.is_finite()) && scale.iter().all(|scale| scale.is_finite() && *scale > 0.0);
    sound.then_some((centre, scale))
}

fn each(row: &[f64], f: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    row.iter().enumerate().map(|(i, x)| f(i, *x)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Orthonormal directions that span the rows: all of them where there are as many rows as variables.
fn basis(draws: &[Vec<f64>], slopes: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let rows: Vec<&Vec<f64>> = draws.iter().chain(slopes).collect();
    let dimension = rows.first().map_or(0, |row| row.len());
    if rows.len() >= dimension {
        return (0..dimension).map(|i| (0..dimension).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    }
    let gram = rows.iter().map(|a| rows.iter().map(|b| dot(a, b)).collect()).collect();
    let (values, vectors) = eigen(gram);
    let largest = values.iter().copied().fold(0.0, f64::max);
    let direction = |(value, vector): (&f64, &Vec<f64>)| {
        let mut sum = vec![0.0; dimension];
        for (weight, row) in vector.iter().zip(&rows) {
            let weight = weight / value.sqrt();
            sum.iter_mut().zip(row.iter()).for_each(|(sum, x)| *sum += weight * x);
        }
        sum
    };
    // Rounding spoils the directions of eigenvalues below this.
    values.iter().zip(&vectors).filter(|(value, _)| **value > 1e-8 * largest).map(direction).collect()
}

/// The covariance of rows with mean 0, entries off the diagonal shrunk a little: where there are fewer rows than variables its inverse
/// exists by that alone.
fn covariance(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    const SHRINKAGE: f64 = 1e-4;
    let (n, dimension) = (rows.len() as f64, rows.first().map_or(0, Vec::len));
    let mut sums = vec![vec![0.0; dimension]; dimension];
    for row in rows {
        for (sums, x) in sums.iter_mut().zip(row) {
            sums.iter_mut().zip(row).for_each(|(sum, y)| *sum += x * y);
        }
    }
    for (i, sums) in sums.iter_mut().enumerate() {
        sums.iter_mut().enumerate().for_each(|(j, sum)| *sum /= n * if i == j { 1.0 } else { 1.0 + SHRINKAGE });
    }
    sums
}

/// A # B⁻¹ = B^−½(B^½ A B^½)^½B^−½, of symmetric positive definite matrices.
fn geometric_mean(a: &[Vec<f64>], b: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let by_b = eigen(b);
    let (root, inverse) = (spectral(&by_b, f64::sqrt), spectral(&by_b, |value| value.sqrt().recip()));
    let middle = spectral(&eigen(sandwich(&root, a)), |value| value.max(0.0).sqrt());
    sandwich(&inverse, &middle)
}

/// f of a matrix, by its eigenvalues and eigenvectors.
fn spectral((values, vectors): &(Vec<f64>, Vec<Vec<f64>>), f: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    let n = values.len();
    let mut result = vec![vec![0.0; n]; n];
    for (value, vector) in values.iter().zip(vectors) {
        let value = f(*value);
        for (row, x) in result.iter_mut().zip(vector) {
            row.iter_mut().zip(vector).for_each(|(entry, y)| *entry += value * x * y);
        }
    }
    result
}

/// s·m·s, both symmetric.
fn sandwich(s: &[Vec<f64>], m: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let half: Vec<Vec<f64>> = s.iter().map(|s| m.iter().map(|m| dot(s, m)).collect()).collect();
    half.iter().map(|half| s.iter().map(|s| dot(half, s)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Lanes, Level};
    use crate::random::{BlockRng, Purpose};

    /// Draws of N(0, diag(scale)²·(I + (9² − 1)vvᵀ)) and their gradients, the draws all `shrink` times as wide as they should be.
    fn pairs(scale: &[f64], v: &[f64], shrink: f64, blocks: usize) -> Pairs {
        let metric = Metric::low_rank(vec![3.0; scale.len()], scale.to_vec(), vec![v.to_vec()], vec![9.0]);
        let (level, mut noise) = (Level::detect(), BlockRng::new(2, 0, Purpose::Noise));
        let mut found = Pairs::default();
        let mut z = vec![Lanes::default(); scale.len()];
        let mut u = z.clone();
        for _ in 0..blocks {
            z.iter_mut().for_each(|row| noise.fill_normal(row));
            z.iter_mut().for_each(|row| row.iter_mut().for_each(|z| *z *= shrink));
            metric.forward(level, &z, &mut u);
            let mut slope = z.clone();
            slope.iter_mut().for_each(|row| row.iter_mut().for_each(|z| *z = -*z));
            metric.push_forward(level, &mut slope);
            for lane in 0..64 {
                let of = |rows: &[Lanes]| rows.iter().map(|row| row[lane]).collect();
                found.push(Pair { u: of(&u), slope: of(&slope), log_density: 0.0 });
            }
        }
        found
    }

    #[test]
    fn a_correlated_gaussian_is_known_from_draws_that_have_not_spread() {
        for dimension in [6, 400] {
            let scale: Vec<f64> = (0..dimension).map(|i| 10_f64.powi(i as i32 % 5 - 2)).collect();
            let v = vec![(dimension as f64).sqrt().recip(); dimension];
            let metric = pairs(&scale, &v, 0.05, 2).low_rank(1.0).unwrap();
            // (BBᵀ)ᵢᵢ = 1 + 80/d.
            let exact = |i: usize| scale[i] * (1.0 + 80.0 / dimension as f64).sqrt();
            for (i, found) in metric.scales().iter().enumerate() {
                // Of a Gaussian seven pairs would do, but for the shrinkage, of which the ninefold direction makes 1 %; 80 pairs in 400 variables leave a part of the ninefold direction out of their span.
                assert!(
                    (found / exact(i) - 1.0).abs() < if dimension < 10 { 0.03 } else { 0.3 },
                    "{dimension}, {i}: {found} instead of {}",
                    exact(i)
                );
            }
            // How wide the metric takes the direction to be: |Lᵀ·diag(scale)⁻¹·v|.
            let mut along: Vec<Lanes> = v.iter().zip(&scale).map(|(v, scale)| Lanes::splat(v / scale)).collect();
            metric.pull_back(Level::detect(), &mut along);
            let width = along.iter().map(|row| row[0] * row[0]).sum::<f64>().sqrt();
            let least = if dimension < 10 { 8.7 } else { 4.0 };
            assert!((least..9.3).contains(&width), "{dimension}: {width}");
        }
    }

    #[test]
    fn maps_of_a_low_rank_metric_are_each_others_inverse_and_transpose() {
        let v: Vec<f64> = [2.0, -1.0, 2.0].map(|x| x / 3.0).to_vec();
        let metric = Metric::low_rank(vec![0.5, -1.0, 2.0], vec![2.0, 0.3, 5.0], vec![v], vec![4.0]);
        let level = Level::detect();
        let mut noise = BlockRng::new(3, 0, Purpose::Noise);
        let mut z = vec![Lanes::default(); 3];
        z.iter_mut().for_each(|row| noise.fill_normal(row));
        let (mut u, mut back) = (z.clone(), z.clone());
        metric.forward(level, &z, &mut u);
        metric.backward(level, &u, &mut back);
        let mut slope = z.clone();
        slope.rotate_left(1);
        let mut pulled = slope.clone();
        metric.pull_back(level, &mut pulled);
        let mut pushed = pulled.clone();
        metric.push_forward(level, &mut pushed);
        for lane in 0..256 {
            let along: f64 = (0..3).map(|i| (u[i][lane] - metric.centre[i]) * slope[i][lane]).sum();
            let pulled: f64 = (0..3).map(|i| z[i][lane] * pulled[i][lane]).sum();
            assert!((along - pulled).abs() < 1e-12 * (1.0 + along.abs()), "{along} {pulled}");
            for i in 0..3 {
                assert!((back[i][lane] - z[i][lane]).abs() < 1e-13 && (pushed[i][lane] - slope[i][lane]).abs() < 1e-12);
            }
        }
        // By hand: √((LLᵀ)₀₀) = 2·√(1 + 15·4/9).
        assert!((metric.scales()[0] - 2.0 * (1.0_f64 + 15.0 * 4.0 / 9.0).sqrt()).abs() < 1e-14);
    }
}
