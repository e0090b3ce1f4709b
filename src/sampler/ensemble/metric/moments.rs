//! First and second moments of lanes, and the metric that they make.

use super::Metric;
use crate::math::{LANES, Lanes, Level};
use crate::sampler::kernels::lanewise::each;

/// First and second moments of lanes, in a fixed order of additions.
#[derive(Debug, Clone)]
pub(in crate::sampler) struct Moments {
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
pub(in crate::sampler) fn total(row: &Lanes) -> f64 {
    let mut parts = [0.0; 16];
    for chunk in row.as_chunks::<16>().0 {
        for (part, x) in parts.iter_mut().zip(chunk) {
            *part += x;
        }
    }
    parts.iter().sum()
}

const _: () = assert!(LANES.is_multiple_of(16));
