//! The metric that a warm-up learns: a linear map into coordinates in which the density is roughly a unit Gaussian.

mod eigen;
mod fisher;
mod gathering;
mod moments;

pub use gathering::DENSE_LIMIT;
pub(in crate::sampler) use gathering::Gathering;
pub(in crate::sampler) use moments::total;

use crate::error::Result;
use crate::math::{Block, Lanes, Level, log};
use crate::sampler::kernels::lanewise::{Sweep, add_combination, copy, each};
use crate::stored::{Archive, Stored, foreign};

/// Which metric a warm-up learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MetricKind {
    /// Dense up to [`DENSE_LIMIT`] variables, else low-rank.
    #[default]
    Auto,
    /// Scales of the variables.
    Diagonal,
    /// Scales and correlations.
    Dense,
    /// Scales and the directions in which the scaled variables are widest and narrowest.
    LowRank,
    /// None: the unconstrained variables as they are.
    Identity,
}

impl MetricKind {
    /// What it comes to with so many variables.
    pub(in crate::sampler) fn of(self, dimension: usize) -> MetricKind {
        match self {
            MetricKind::Auto if dimension <= DENSE_LIMIT => MetricKind::Dense,
            MetricKind::Auto => MetricKind::LowRank,
            kind => kind,
        }
    }
}

/// The linear part of the coordinates: u = centre + L·z.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Where z = 0 is.
    pub centre: Vec<f64>,
    linear: Linear,
}

#[derive(Debug, Clone, PartialEq)]
enum Linear {
    /// The rows of L, lower triangular: row i has i + 1 entries, or one, the diagonal's, if all the others are 0.
    Triangular(Vec<Vec<f64>>),
    /// L = diag(scale)·(I + Σₖ (stretchₖ − 1)·vₖvₖᵀ) with orthonormal directions vₖ.
    LowRank { scale: Vec<f64>, directions: Vec<Vec<f64>>, stretch: Vec<f64> },
}

impl Stored for Metric {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let dimension = self.centre.len();
        self.centre.pass(archive)?;
        let mut is_triangular = matches!(self.linear, Linear::Triangular(_));
        is_triangular.pass(archive)?;
        if is_triangular {
            let mut rows = match &mut self.linear {
                Linear::Triangular(rows) => std::mem::take(rows),
                Linear::LowRank { .. } => Vec::new(),
            };
            rows.resize(dimension, Vec::new());
            for (i, row) in rows.iter_mut().enumerate() {
                archive.list(row)?;
                if ![1, i + 1].contains(&row.len()) {
                    return Err(foreign("a metric that is no triangle"));
                }
            }
            self.linear = Linear::Triangular(rows);
            return Ok(());
        }
        let (mut scale, mut directions, mut stretch) = match &mut self.linear {
            Linear::LowRank { scale, directions, stretch } => (std::mem::take(scale), directions.concat(), std::mem::take(stretch)),
            Linear::Triangular(_) => Default::default(),
        };
        [&mut scale, &mut directions, &mut stretch].into_iter().try_for_each(|list| archive.list(list))?;
        if scale.len() != dimension || Some(directions.len()) != stretch.len().checked_mul(dimension) {
            return Err(foreign("a metric of other variables"));
        }
        let directions = directions.chunks(dimension.max(1)).map(<[f64]>::to_vec).collect();
        self.linear = Linear::LowRank { scale, directions, stretch };
        Ok(())
    }
}

impl Metric {
    /// z = u.
    pub fn identity(dimension: usize) -> Metric {
        Metric::diagonal(vec![0.0; dimension], &vec![1.0; dimension])
    }

    /// The scales of the variables alone.
    pub fn diagonal(centre: Vec<f64>, scale: &[f64]) -> Metric {
        Metric::triangular(centre, scale.iter().map(|scale| vec![*scale]).collect())
    }

    /// L by its lower rows: row i has i + 1 entries, or one, the diagonal's, if all the others are 0.
    pub fn triangular(centre: Vec<f64>, rows: Vec<Vec<f64>>) -> Metric {
        Metric { centre, linear: Linear::Triangular(rows) }
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
        Some(Metric::triangular(centre, rows))
    }

    /// Scales, and orthonormal `directions` in which the scaled variables are `stretch` times as wide.
    pub(in crate::sampler) fn low_rank(centre: Vec<f64>, scale: Vec<f64>, directions: Vec<Vec<f64>>, stretch: Vec<f64>) -> Metric {
        Metric { centre, linear: Linear::LowRank { scale, directions, stretch } }
    }

    /// All scales times `factor`.
    pub(in crate::sampler) fn scaled(mut self, factor: f64) -> Metric {
        match &mut self.linear {
            Linear::Triangular(rows) => rows.iter_mut().flatten().for_each(|entry| *entry *= factor),
            Linear::LowRank { scale, .. } => scale.iter_mut().for_each(|scale| *scale *= factor),
        }
        self
    }

    /// `identity`, `diagonal`, `dense`, or `rank-3` if it knows three directions beside the scales.
    pub fn describe(&self) -> String {
        match &self.linear {
            Linear::Triangular(rows) if scales_by_one(rows) => "identity".into(),
            _ if self.is_diagonal() => "diagonal".into(),
            Linear::Triangular(_) => "dense".into(),
            Linear::LowRank { directions, .. } => format!("rank-{}", directions.len()),
        }
    }

    /// Whether z is u.
    pub(in crate::sampler) fn is_identity(&self) -> bool {
        matches!(&self.linear, Linear::Triangular(rows) if scales_by_one(rows)) && self.centre.iter().all(|centre| *centre == 0.0)
    }

    /// Whether variables are scaled only, not mixed.
    pub fn is_diagonal(&self) -> bool {
        match &self.linear {
            Linear::Triangular(rows) => rows.iter().all(|row| row.len() == 1),
            Linear::LowRank { directions, .. } => directions.is_empty(),
        }
    }

    /// √(LLᵀ)ᵢᵢ, the standard deviation of each variable where z is a unit Gaussian.
    pub fn scales(&self) -> Vec<f64> {
        match &self.linear {
            Linear::Triangular(rows) => rows.iter().map(|row| row.iter().map(|l| l * l).sum::<f64>().sqrt()).collect(),
            // L = diag(scale)·B with B = Bᵀ and (BBᵀ)ᵢᵢ = 1 + Σₖ (stretchₖ² − 1)vₖᵢ².
            Linear::LowRank { scale, directions, stretch } => scale
                .iter()
                .enumerate()
                .map(|(i, scale)| {
                    let parts = directions.iter().zip(stretch).map(|(v, s)| (s * s - 1.0) * v[i] * v[i]);
                    scale * (1.0 + parts.sum::<f64>()).sqrt()
                })
                .collect(),
        }
    }

    /// log |det L|.
    pub fn log_volume(&self) -> f64 {
        match &self.linear {
            Linear::Triangular(rows) => rows.iter().filter_map(|row| row.last()).map(|l| log(*l)).sum(),
            Linear::LowRank { scale, stretch, .. } => scale.iter().chain(stretch).map(|l| log(*l)).sum(),
        }
    }

    /// z into u.
    pub(in crate::sampler) fn forward(&self, over: impl Into<Sweep>, z: &Block, u: &mut [Lanes]) {
        let over = over.into();
        match &self.linear {
            Linear::Triangular(rows) => {
                for (variable, (row, out)) in rows.iter().zip(u).enumerate() {
                    let first = variable + 1 - row.len();
                    let centre = self.centre[variable];
                    each(over, |lane| out[lane] = centre);
                    add_combination(over, out, row.iter().copied().zip(&z[first..=variable]));
                }
            }
            Linear::LowRank { scale, directions, stretch } => {
                copy(over, u, z);
                bend(over, directions, stretch.iter().map(|stretch| stretch - 1.0), u);
                for ((out, scale), centre) in u.iter_mut().zip(scale).zip(&self.centre) {
                    each(over, |lane| out[lane] = scale.mul_add(out[lane], *centre));
                }
            }
        }
    }

    /// u into z.
    pub(in crate::sampler) fn backward(&self, level: Level, u: &Block, z: &mut [Lanes]) {
        match &self.linear {
            // Forward substitution.
            Linear::Triangular(rows) => {
                for (variable, row) in rows.iter().enumerate() {
                    let first = variable + 1 - row.len();
                    let (before, here) = z.split_at_mut(variable);
                    let out = &mut here[0];
                    let centre = self.centre[variable];
                    each(level, |lane| out[lane] = u[variable][lane] - centre);
                    let (diagonal, others) = row.split_last().map_or((1.0, &[][..]), |(last, others)| (*last, others));
                    add_combination(level, out, others.iter().map(|weight| -weight).zip(&before[first..]));
                    each(level, |lane| out[lane] /= diagonal);
                }
            }
            Linear::LowRank { scale, directions, stretch } => {
                for (((out, u), scale), centre) in z.iter_mut().zip(u).zip(scale).zip(&self.centre) {
                    each(level, |lane| out[lane] = (u[lane] - centre) / scale);
                }
                bend(level, directions, stretch.iter().map(|stretch| stretch.recip() - 1.0), z);
            }
        }
    }

    /// The gradient by u into that by z, Lᵀg, in place.
    pub(in crate::sampler) fn pull_back(&self, over: impl Into<Sweep>, gradient: &mut [Lanes]) {
        let over = over.into();
        match &self.linear {
            Linear::Triangular(rows) => {
                // Entry j of Lᵀg needs the entries i ≥ j of g only: from the first on, each may be overwritten.
                for j in 0..gradient.len() {
                    let (done, rest) = gradient.split_at_mut(j + 1);
                    let out = &mut done[j];
                    let diagonal = rows[j].last().copied().unwrap_or(1.0);
                    each(over, |lane| out[lane] *= diagonal);
                    add_combination(over, out, below(rows, j, rest));
                }
            }
            Linear::LowRank { scale, directions, stretch } => {
                for (out, scale) in gradient.iter_mut().zip(scale) {
                    each(over, |lane| out[lane] *= scale);
                }
                bend(over, directions, stretch.iter().map(|stretch| stretch - 1.0), gradient);
            }
        }
    }

    /// The gradient by z into that by u, L⁻ᵀg, in place.
    pub(in crate::sampler) fn push_forward(&self, level: Level, gradient: &mut [Lanes]) {
        match &self.linear {
            // Back substitution.
            Linear::Triangular(rows) => {
                for j in (0..gradient.len()).rev() {
                    let (before, rest) = gradient.split_at_mut(j + 1);
                    let out = &mut before[j];
                    add_combination(level, out, below(rows, j, rest).map(|(weight, slope)| (-weight, slope)));
                    let diagonal = rows[j].last().copied().unwrap_or(1.0);
                    each(level, |lane| out[lane] /= diagonal);
                }
            }
            Linear::LowRank { scale, directions, stretch } => {
                bend(level, directions, stretch.iter().map(|stretch| stretch.recip() - 1.0), gradient);
                for (out, scale) in gradient.iter_mut().zip(scale) {
                    each(level, |lane| out[lane] /= scale);
                }
            }
        }
    }
}

fn scales_by_one(rows: &[Vec<f64>]) -> bool {
    rows.iter().all(|row| *row == [1.0])
}

/// The entries of column j of a lower triangle below its diagonal that are not 0, each with what `rest`, from j + 1 on, has for its row.
fn below<'a>(rows: &'a [Vec<f64>], j: usize, rest: &'a [Lanes]) -> impl Iterator<Item = (f64, &'a Lanes)> + Clone {
    rows[j + 1..].iter().zip(rest).filter(|(row, _)| row.len() > 1).map(move |(row, slope)| (row[j], slope))
}

/// x + Σₖ weightₖ·vₖ(vₖ·x), in place; one direction after the other, which is the same as they are orthonormal.
fn bend(over: impl Into<Sweep>, directions: &[Vec<f64>], weights: impl Iterator<Item = f64>, x: &mut [Lanes]) {
    let over = over.into();
    for (direction, weight) in directions.iter().zip(weights) {
        let mut along = Lanes::default();
        add_combination(over, &mut along, direction.iter().copied().zip(&*x));
        for (v, x) in direction.iter().zip(&mut *x) {
            let weight = weight * v;
            each(over, |lane| x[lane] = weight.mul_add(along[lane], x[lane]));
        }
    }
}
