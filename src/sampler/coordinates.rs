//! The coordinates in which a kernel moves: all real numbers, and roughly a unit Gaussian.
//!
//! z → u = centre + L·z → x = T(u). Kernels with unit masses in z are kernels with the mass matrix (LLᵀ)⁻¹ in u (Neal 2011, section
//! 4.1), so that a metric is written once for all of them.

use super::lanewise::each;
use crate::density::{Bound, Evaluate, Transform};
use crate::math::{Block, LANES, Lanes, Level};

/// The linear part: u = centre + L·z.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Where z = 0 is.
    pub centre: Vec<f64>,
    /// The rows of L, lower triangular: row i has i + 1 entries, or one, the diagonal's, if all the others are 0.
    pub rows: Vec<Vec<f64>>,
}

impl Metric {
    /// z = u.
    pub fn identity(dimension: usize) -> Metric {
        Metric { centre: vec![0.0; dimension], rows: vec![vec![1.0]; dimension] }
    }

    /// The scales of the variables alone.
    pub fn diagonal(centre: Vec<f64>, scale: &[f64]) -> Metric {
        Metric { centre, rows: scale.iter().map(|scale| vec![*scale]).collect() }
    }

    /// L from the Cholesky decomposition of a covariance, given by its lower rows. `None` unless it is positive definite.
    pub fn dense(centre: Vec<f64>, covariance: &[Vec<f64>]) -> Option<Metric> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(covariance.len());
        for (i, source) in covariance.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for (j, covariance) in source.iter().enumerate() {
                let above = rows.get(j).unwrap_or(&row);
                let rest = covariance - row.iter().zip(above).take(j).map(|(a, b)| a * b).sum::<f64>();
                let entry = if i == j { rest.sqrt() } else { rest / above[j] };
                if !entry.is_finite() || (i == j && entry <= 0.0) {
                    return None;
                }
                row.push(entry);
            }
            rows.push(row);
        }
        Some(Metric { centre, rows })
    }

    /// Whether variables are scaled only, not mixed.
    pub fn is_diagonal(&self) -> bool {
        self.rows.iter().all(|row| row.len() == 1)
    }

    /// z into u.
    pub(super) fn forward(&self, level: Level, z: &Block, u: &mut [Lanes]) {
        for (variable, (row, out)) in self.rows.iter().zip(u).enumerate() {
            let first = variable + 1 - row.len();
            *out = Lanes::splat(self.centre[variable]);
            for (weight, z) in row.iter().zip(&z[first..=variable]) {
                each(level, |lane| out[lane] = weight.mul_add(z[lane], out[lane]));
            }
        }
    }

    /// u into z, by forward substitution.
    pub(super) fn backward(&self, level: Level, u: &Block, z: &mut [Lanes]) {
        for (variable, row) in self.rows.iter().enumerate() {
            let first = variable + 1 - row.len();
            let (before, here) = z.split_at_mut(variable);
            let out = &mut here[0];
            let centre = self.centre[variable];
            each(level, |lane| out[lane] = u[variable][lane] - centre);
            let (diagonal, others) = row.split_last().map_or((1.0, &[][..]), |(last, others)| (*last, others));
            for (weight, z) in others.iter().zip(&before[first..]) {
                each(level, |lane| out[lane] = (-weight).mul_add(z[lane], out[lane]));
            }
            each(level, |lane| out[lane] /= diagonal);
        }
    }

    /// The gradient by u into that by z, Lᵀg, in place.
    pub(super) fn pull_back(&self, level: Level, gradient: &mut [Lanes]) {
        // Entry j of Lᵀg needs the entries i ≥ j of g only: from the first on, each may be overwritten.
        for j in 0..gradient.len() {
            let (done, rest) = gradient.split_at_mut(j + 1);
            let out = &mut done[j];
            let diagonal = self.rows[j].last().copied().unwrap_or(1.0);
            each(level, |lane| out[lane] *= diagonal);
            for (row, slope) in self.rows[j + 1..].iter().zip(&*rest) {
                if row.len() > 1 {
                    let weight = row[j];
                    each(level, |lane| out[lane] = weight.mul_add(slope[lane], out[lane]));
                }
            }
        }
    }
}

/// A metric on top of the transforms of the bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinates {
    /// One a variable.
    pub transforms: Vec<Transform>,
    /// The linear part.
    pub metric: Metric,
    level: Level,
}

impl Coordinates {
    /// The transforms of `bounds` and the identity as metric.
    pub fn new(bounds: &[Bound], level: Level) -> Coordinates {
        let transforms: Vec<Transform> = bounds.iter().map(Transform::of).collect();
        Coordinates { metric: Metric::identity(transforms.len()), transforms, level }
    }

    /// z → u.
    pub fn unconstrained(&self, z: &Block, u: &mut [Lanes]) {
        self.metric.forward(self.level, z, u);
        for (transform, u) in self.transforms.iter().zip(u) {
            if let Transform::Around { .. } = transform {
                // A full turn changes nothing, and moments want one turn.
                let turned = *u;
                transform.positions(self.level, &turned, u);
            }
        }
    }

    /// u → z.
    pub fn whitened(&self, u: &Block, z: &mut [Lanes]) {
        self.metric.backward(self.level, u, z);
    }

    /// u → x, in place.
    pub fn constrain(&self, u: &mut [Lanes]) {
        for (transform, u) in self.transforms.iter().zip(u) {
            if *transform != Transform::Identity {
                let from = *u;
                transform.positions(self.level, &from, u);
            }
        }
    }
}

/// An evaluator seen from the coordinates: log p + log |dx/du| and its gradient by z.
pub struct InCoordinates<'a, 'b> {
    /// The evaluator of positions x.
    pub inner: &'a mut (dyn Evaluate + 'b),
    /// The coordinates.
    pub coordinates: &'a Coordinates,
    /// Twice as many rows as variables.
    pub scratch: &'a mut [Lanes],
    /// Lanes in use: the density of the others is 0, so that no kernel moves them.
    pub active: usize,
}

impl Evaluate for InCoordinates<'_, '_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        let (u, x) = self.scratch.split_at_mut(positions.len());
        let Coordinates { transforms, metric, level } = self.coordinates;
        metric.forward(*level, positions, u);
        for ((transform, u), x) in transforms.iter().zip(&*u).zip(&mut *x) {
            transform.positions(*level, u, x);
        }
        self.inner.log_density(x, log_density);
        for (transform, u) in transforms.iter().zip(&*u) {
            if *transform != Transform::Identity {
                each(*level, |lane| log_density[lane] += transform.log_jacobian(u[lane]));
            }
        }
        log_density[self.active..].fill(f64::NEG_INFINITY);
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.log_density_and_gradient(positions, &mut Lanes::default(), gradient);
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        let (u, x) = self.scratch.split_at_mut(positions.len());
        let Coordinates { transforms, metric, level } = self.coordinates;
        metric.forward(*level, positions, u);
        for ((transform, u), x) in transforms.iter().zip(&*u).zip(&mut *x) {
            transform.positions(*level, u, x);
        }
        self.inner.log_density_and_gradient(x, log_density, gradient);
        for ((transform, u), slope) in transforms.iter().zip(&*u).zip(&mut *gradient) {
            transform.pull_back(*level, u, log_density, slope);
        }
        metric.pull_back(*level, gradient);
        log_density[self.active..].fill(f64::NEG_INFINITY);
    }
}

/// First and second moments of lanes, in a fixed order of additions.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    count: f64,
    /// Σ(u − centre) and the lower rows of Σ(u − centre)(u − centre)ᵀ.
    sums: Vec<f64>,
    products: Vec<Vec<f64>>,
}

impl Moments {
    /// Empty; with all products, or with squares only.
    pub(super) fn new(dimension: usize, dense: bool) -> Moments {
        let products = (0..dimension).map(|i| vec![0.0; if dense { i + 1 } else { 1 }]).collect();
        Moments { count: 0.0, sums: vec![0.0; dimension], products }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0.0;
        self.sums.fill(0.0);
        self.products.iter_mut().for_each(|row| row.fill(0.0));
    }

    /// Adds the first `active` lanes of a block; `u` is overwritten by its distance from `centre`, 0 in idle lanes.
    pub(super) fn add(&mut self, level: Level, u: &mut [Lanes], centre: &[f64], active: usize) {
        self.count += active as f64;
        for (u, centre) in u.iter_mut().zip(centre) {
            each(level, |lane| u[lane] = if lane < active { u[lane] - centre } else { 0.0 });
        }
        for i in 0..u.len() {
            self.sums[i] += total(&u[i]);
            let first = i + 1 - self.products[i].len();
            for (product, other) in self.products[i].iter_mut().zip(first..=i) {
                let mut row = Lanes::default();
                let (a, b) = (&u[i], &u[other]);
                each(level, |lane| row[lane] = a[lane] * b[lane]);
                *product += total(&row);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            *sum += other;
        }
        for (row, other) in self.products.iter_mut().zip(&other.products) {
            for (product, other) in row.iter_mut().zip(other) {
                *product += other;
            }
        }
    }

    /// The metric of these moments; covariances shrink towards 0 with the weight of five draws. `None` where a moment is not finite, a
    /// variance is 0 or there are too few draws.
    pub(super) fn metric(&self, centre: &[f64]) -> Option<Metric> {
        let n = self.count;
        let mean: Vec<f64> = self.sums.iter().map(|sum| sum / n).collect();
        let covariance: Vec<Vec<f64>> = self
            .products
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let first = i + 1 - row.len();
                row.iter()
                    .zip(first..=i)
                    .map(|(product, j)| {
                        let covariance = product / n - mean[i] * mean[j];
                        if i == j { covariance } else { covariance * (n / (n + 5.0)) }
                    })
                    .collect()
            })
            .collect();
        let centre: Vec<f64> = mean.iter().zip(centre).map(|(mean, centre)| mean + centre).collect();
        let scale: Vec<f64> = covariance.iter().map(|row| row.last().copied().unwrap_or(f64::NAN).sqrt()).collect();
        if n < 10.0 || !centre.iter().chain(&scale).all(|x| x.is_finite()) || scale.contains(&0.0) {
            return None;
        }
        let dense = covariance.iter().any(|row| row.len() > 1) && n > 10.0 * scale.len() as f64;
        let dense = dense.then(|| Metric::dense(centre.clone(), &covariance)).flatten();
        Some(dense.unwrap_or_else(|| Metric::diagonal(centre, &scale)))
    }
}

/// Σ of the lanes: sixteen partial sums, so that the order is the same at each vector width.
pub(super) fn total(row: &Lanes) -> f64 {
    let mut parts = [0.0; 16];
    for chunk in row.as_chunks::<16>().0 {
        for (part, x) in parts.iter_mut().zip(chunk) {
            *part += x;
        }
    }
    parts.iter().sum()
}

const _: () = assert!(LANES.is_multiple_of(16));
