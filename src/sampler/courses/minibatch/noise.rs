//! How far gradient estimates scatter where the chains are.

use super::choice::Choice;
use super::estimator::{Estimator, derivatives};
use super::{Batching, ControlVariates, Minibatch};
use crate::density::{Evaluate, LogDensity};
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose, Stage, fill_normal};
use crate::tape::Terms;
use std::ops::Range;

/// The variance of each component of a gradient estimate given the position, the mean over positions of the unit Gaussian.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// Of each component, by z.
    pub variance: Vec<f64>,
    /// How well it is known: the standard error as a share, a mean over the components.
    pub error: f64,
}

impl Noise {
    /// Of the exact gradient.
    pub fn none(dimension: usize) -> Noise {
        Noise { variance: vec![0.0; dimension], error: 0.0 }
    }

    /// The means of what was found at each position, `[component][position]`; what is not finite does not count.
    fn mean(found: &[Vec<f64>]) -> Noise {
        let moments = |values: &Vec<f64>| {
            let finite = || values.iter().filter(|value| value.is_finite());
            let count = finite().count().max(2) as f64;
            let mean = finite().sum::<f64>() / count;
            (mean, finite().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count * (count - 1.0)))
        };
        let (variance, squares): (Vec<f64>, Vec<f64>) = found.iter().map(moments).unzip();
        let share = squares.iter().sum::<f64>() / variance.iter().map(|variance| variance * variance).sum::<f64>();
        Noise { variance, error: if share.is_finite() { share.sqrt() } else { 0.0 } }
    }
}

/// Pairs of batches that tell a variance to 13 %.
const PAIRS: usize = 128;
/// Rows that are compared at one position, and at all of them: they tell a variance to a tenth and better.
const ROWS: usize = 64;
const ALL_ROWS: usize = 4096;

impl Minibatch<'_> {
    /// How noisy the estimates are. With SVRG the anchor is an independent position, as it is at the end of a long epoch; with SAGA one for
    /// each row.
    pub fn noise(&self) -> Noise {
        let found = if self.model.gradient_program().is_flat() { self.noise_of_rows() } else { self.noise_of_batches() };
        Noise::mean(&found)
    }

    /// Half the squared difference of two batches at each position.
    fn noise_of_batches(&self) -> Vec<Vec<f64>> {
        let dimension = self.bounds.len();
        let level = self.model.level();
        let seed = Stage::GradientNoise.of(self.seed);
        let mut rng = BlockRng::new(seed, 0, Purpose::Proposal);
        let mut z = vec![Lanes::default(); dimension];
        // Pairs that are independent.
        let batching = if self.batching == Batching::Shared { Batching::Uniform } else { self.batching };
        let own = self.with_seed(seed).with_batching(batching);
        let mut estimator = Estimator::new(&own, 0, PAIRS);
        z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
        if self.control_variates == ControlVariates::Svrg {
            estimator.renew_anchor(&z, usize::MAX);
            z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
        }
        let (mut first, mut second) = (z.clone(), z.clone());
        estimator.gradient(&z, &mut first);
        estimator.gradient(&z, &mut second);
        let halves = |(a, b): (&Lanes, &Lanes)| a.iter().zip(b.iter()).take(PAIRS).map(|(a, b)| 0.5 * (a - b) * (a - b)).collect();
        first.iter().zip(&second).map(halves).collect()
    }

    /// N²(1 − B/N)/B times the variance over rows r of gᵣ(z) − gᵣ(zᵣ), zᵣ the anchor, from some rows at each position; summed over tables.
    fn noise_of_rows(&self) -> Vec<Vec<f64>> {
        let dimension = self.bounds.len();
        let level = self.model.level();
        // With SAGA two rows are those that have an anchor each.
        let most = if self.control_variates == ControlVariates::Saga { 2 } else { ROWS };
        let positions = (ALL_ROWS / most).min(LANES);
        let (sizes, mut some) = (self.model.batches(self.batch, 0), self.model.batches(most, positions));
        let seed = Stage::GradientNoise.of(self.seed);
        let noise = BlockRng::new(seed, 0, Purpose::Batch);
        Choice::new(&some, Batching::Uniform, positions, noise, level).choose(&mut some);
        let mut rng = BlockRng::new(seed, 0, Purpose::Proposal);
        let mut z = vec![Lanes::default(); dimension];
        let mut estimator = Estimator::new(self, 0, positions);
        // Positions lie side by side in blocks of rows, so that all rows of a block become gradients by z together.
        let together = LANES / most;
        let blocks = || vec![vec![Lanes::default(); dimension]; positions.div_ceil(together)];
        let mut differences: Vec<Vec<Vec<Lanes>>> = (0..some.len()).map(|_| blocks()).collect();
        let all = 0..most;
        let anchors: &[Range<usize>] = match self.control_variates {
            ControlVariates::None => &[],
            ControlVariates::Mode | ControlVariates::Svrg => std::slice::from_ref(&all),
            ControlVariates::Saga => &[0..1, 1..2],
        };
        for (rows, sign) in std::iter::once((&all, 1.0)).chain(anchors.iter().map(|rows| (rows, -1.0))) {
            if sign < 0.0 && self.control_variates == ControlVariates::Mode {
                z.fill(Lanes::default());
            } else {
                z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
            }
            estimator.locate(&z);
            let derivative = derivatives(&self.coordinates, &estimator.u, level);
            let mut rest = z.clone();
            let Some(batched) = &mut estimator.batched else { continue };
            batched.terms(&estimator.x, &some, positions, &mut rest, &mut |Terms { lane, table, rows: seen, terms }| {
                let first = lane % together * most;
                let block = &mut differences[table][lane / together];
                for ((row, terms), derivative) in block.iter_mut().zip(terms).zip(&derivative) {
                    for at in rows.start..rows.end.min(seen.len()) {
                        row[first + at] += sign * derivative[lane] * terms[at];
                    }
                }
            });
        }
        let mut found = vec![vec![0.0; positions]; dimension];
        for (table, mut blocks) in differences.into_iter().enumerate() {
            let (n, b, seen) = (sizes.rows(table) as f64, sizes.size(table) as f64, some.size(table));
            let scale = n * n * (1.0 - b / n) / b;
            // A batch of the only row there is has no noise.
            if seen < 2 {
                continue;
            }
            for (block, gaps) in blocks.iter_mut().enumerate() {
                self.coordinates.metric.pull_back(level, gaps);
                for (found, gaps) in found.iter_mut().zip(&*gaps) {
                    for (found, gaps) in found[block * together..].iter_mut().zip(gaps.chunks_exact(most)) {
                        let mean = gaps[..seen].iter().sum::<f64>() / seen as f64;
                        let squares = gaps[..seen].iter().map(|gap| (gap - mean) * (gap - mean));
                        *found += scale * squares.sum::<f64>() / (seen - 1) as f64;
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Data, Table};
    use crate::density::Model;
    use crate::sampler::Population;
    use crate::sampler::laplace;

    /// A logistic regression: its control variates leave noise of their own.
    fn model() -> Model {
        let rows = 500;
        let x = |row: usize, k: usize| ((row * (2 * k + 3)) as f64 * 0.618).sin() * 1.5;
        let y = |row: usize| f64::from(u8::from(x(row, 0) - 0.5 * x(row, 1) + x(row, 7) > 0.2));
        let column = |name: &str, value: &dyn Fn(usize) -> f64| (name.to_string(), (0..rows).map(value).collect());
        let columns = vec![column("y", &y), column("x1", &|row| x(row, 0)), column("x2", &|row| x(row, 1))];
        let text = "beta[2] in (-inf, inf); log_density = sum(normal_lpdf(beta | 0, 2)) + sum(bernoulli_logit_lpmf(y | dot(beta, x)))";
        Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![Table::from_columns(columns).unwrap()])).unwrap()
    }

    #[test]
    fn rows_and_batches_tell_the_same_noise() {
        let model = model();
        let coordinates = laplace(&model, &Population::new(2, 1)).coordinates;
        for control_variates in [ControlVariates::None, ControlVariates::Mode, ControlVariates::Svrg] {
            let target = Minibatch::new(&model, coordinates.clone(), 20, Batching::Uniform, control_variates, 5);
            let [rows, batches] = [target.noise_of_rows(), target.noise_of_batches()].map(|found| Noise::mean(&found));
            let error = rows.error.hypot(batches.error);
            assert!(error < 0.3 && rows.error < batches.error, "{rows:?} {batches:?}");
            for (rows, batches) in rows.variance.iter().zip(&batches.variance) {
                assert!((rows / batches - 1.0).abs() < 4.0 * error, "{control_variates:?}: {rows} {batches}, {error}");
            }
        }
    }
}
