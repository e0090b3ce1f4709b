//! A mode in unconstrained coordinates, and the Gaussian that the curvature there suggests.
//!
//! The search is L-BFGS (Nocedal & Wright 2006, algorithm 7.4) with backtracking, on log p + log |dx/du|; the Hessian is by central
//! differences of the gradient, two lanes a variable. Newton's steps end the search: along a narrow ridge L-BFGS stops early, as what it
//! knows of the curvature says that little is to be gained.

use crate::density::{Evaluate, LogDensity};
use crate::math::{LANES, Lanes};
use crate::sampler::ensemble::coordinates::{Coordinates, InCoordinates};
use crate::sampler::ensemble::draws::Population;
use crate::sampler::ensemble::metric::Metric;

/// Gradients that a search may take.
const MOST: u64 = 400;
/// Steps that a search remembers.
const MEMORY: usize = 10;
/// Squared distance from the mode, in standard deviations, at which the search hands over to Newton's step.
const NEAR: f64 = 1e-3;
/// The same for what passes as a mode.
const FOUND: f64 = 1e-2;
/// Newton's steps at most, each with a Hessian of its own.
const NEWTON: usize = 10;
/// Reach of the differences, relative to the variable or to 1.
const REACH: f64 = 1e-5;
/// Variables up to which correlations are kept: beyond, their matrix costs more than the gradients.
pub(in crate::sampler) const DENSE: usize = 256;

/// The Gaussian approximation at a mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Laplace {
    /// z → x: z = 0 is the mode, and the law of z roughly a unit Gaussian.
    pub coordinates: Coordinates,
    /// Whether a mode was found: the gradient vanishes, and the curvature is negative in every direction.
    pub is_mode: bool,
    /// Gradients of one chain that this took.
    pub gradients: u64,
}

/// The place where log p is largest, with the inverse of minus the Hessian there as the metric; searched from the likeliest of `starts`.
///
/// Where no mode is found the centre is the best place that was, and the scales are by the diagonal of the Hessian.
pub fn laplace(density: &dyn LogDensity, starts: &Population) -> Laplace {
    let mut search = Search::new(density);
    let Some(start) = search.best(starts).filter(Point::is_finite) else {
        return Laplace { coordinates: search.coordinates, is_mode: false, gradients: search.gradients };
    };
    let mut point = search.climb(start, |_| false);
    let mut curvature = search.curvature(&point.u);
    let mut covariance = inverse(&curvature);
    for _ in 0..NEWTON {
        let step = match &covariance {
            Some(covariance) => multiply(covariance, &point.gradient),
            // No peak: straight up to better places.
            None => point.gradient.clone(),
        };
        let slope = dot(&step, &point.gradient);
        if slope.is_nan() || slope <= 0.0 || (covariance.is_some() && slope < 1.0) {
            break;
        }
        let length = if covariance.is_some() { 1.0 } else { slope.sqrt().recip().min(1.0) };
        let Some(next) = search.uphill(&point, &step, slope, length, MOST + NEWTON as u64 * MOST) else { break };
        point = if covariance.is_some() { next } else { search.climb(next, |_| false) };
        curvature = search.curvature(&point.u);
        covariance = inverse(&curvature);
    }
    let metric = |point: &Point| {
        let dense = covariance.as_ref().filter(|_| point.u.len() <= DENSE);
        dense.and_then(|covariance| Metric::dense(point.u.clone(), covariance))
    };
    let step = |point: &Point| covariance.as_ref().map(|covariance| multiply(covariance, &point.gradient));
    let distance = |point: &Point| step(point).map_or(f64::INFINITY, |step| dot(&step, &point.gradient));
    if distance(&point) < 1.0
        && let Some(newton) = step(&point)
    {
        let next = search.point(point.u.iter().zip(&newton).map(|(u, step)| u + step).collect());
        if next.is_finite() && distance(&next) < distance(&point) {
            point = next;
        }
    }
    let scales = || -> Vec<f64> {
        let scale = |(i, row): (usize, &Vec<f64>)| match (&covariance, row[i].abs()) {
            (Some(covariance), _) => covariance[i][i].sqrt(),
            (None, curvature) if curvature.is_finite() && curvature > 0.0 => curvature.sqrt().recip(),
            _ => 1.0,
        };
        curvature.iter().enumerate().map(scale).collect()
    };
    let is_mode = distance(&point) < FOUND;
    let metric = metric(&point).unwrap_or_else(|| Metric::diagonal(point.u.clone(), &scales()));
    search.coordinates.metric = metric;
    Laplace { coordinates: search.coordinates, is_mode, gradients: search.gradients }
}

/// Whether a climb from each of `starts` comes within a standard deviation of the mode, the origin of `normal`. Adds the gradients it took.
pub(in crate::sampler) fn is_only_mode(density: &dyn LogDensity, starts: &Population, normal: &Coordinates, gradients: &mut u64) -> bool {
    let is_there = |u: &[f64]| {
        let at: Vec<Lanes> = u.iter().map(|u| Lanes::splat(*u)).collect();
        let mut z = at.clone();
        normal.whitened(&at, &mut z);
        z.iter().map(|row| row[0] * row[0]).sum::<f64>() < 1.0
    };
    (0..starts.chains()).all(|chain| {
        let mut search = Search::new(density);
        let u = normal.transforms.iter().zip(starts.position(chain)).map(|(transform, x)| transform.coordinate(x)).collect();
        let start = search.point(u);
        let end = search.climb(start, is_there);
        *gradients += search.gradients;
        is_there(&end.u)
    })
}

/// A place with log p and its gradient, unconstrained.
#[derive(Debug, Clone)]
struct Point {
    u: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Point {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|slope| slope.is_finite())
    }
}

struct Search<'a> {
    evaluate: Box<dyn Evaluate + 'a>,
    coordinates: Coordinates,
    scratch: Vec<Lanes>,
    position: Vec<Lanes>,
    gradient: Vec<Lanes>,
    gradients: u64,
}

impl<'a> Search<'a> {
    fn new(density: &'a dyn LogDensity) -> Self {
        let dimension = density.dimension();
        let rows = |count: usize| vec![Lanes::default(); count];
        Search {
            evaluate: density.evaluator(),
            coordinates: Coordinates::new(density.bounds(), density.level()),
            scratch: rows(2 * dimension),
            position: rows(dimension),
            gradient: rows(dimension),
            gradients: 0,
        }
    }

    /// Gradient of the first `lanes` lanes of `position`, and the log density if there is room for it.
    fn evaluate(&mut self, lanes: usize, value: Option<&mut Lanes>) {
        self.evaluate.ask_for(lanes);
        let Search { evaluate, coordinates, scratch, position, gradient, .. } = self;
        let mut evaluate = InCoordinates { inner: &mut **evaluate, coordinates, scratch, active: lanes };
        match value {
            Some(value) => evaluate.log_density_and_gradient(position, value, gradient),
            None => evaluate.gradient(position, gradient),
        }
        self.gradients += lanes as u64;
    }

    fn point(&mut self, u: Vec<f64>) -> Point {
        for (row, u) in self.position.iter_mut().zip(&u) {
            row.fill(*u);
        }
        let mut value = Lanes::default();
        self.evaluate(1, Some(&mut value));
        Point { value: value[0], gradient: self.gradient.iter().map(|row| row[0]).collect(), u }
    }

    /// The likeliest of `starts`.
    fn best(&mut self, starts: &Population) -> Option<Point> {
        let mut best: Option<Point> = None;
        for first in (0..starts.chains()).step_by(LANES) {
            let lanes = LANES.min(starts.chains() - first);
            for lane in 0..lanes {
                let u = self.coordinates.transforms.iter().zip(starts.position(first + lane));
                let u = u.map(|(transform, x)| transform.coordinate(x));
                self.position.iter_mut().zip(u).for_each(|(row, u)| row[lane] = u);
            }
            let mut values = Lanes::default();
            self.evaluate(lanes, Some(&mut values));
            let value = |lane: usize| if values[lane].is_nan() { f64::NEG_INFINITY } else { values[lane] };
            let Some(likeliest) = (0..lanes).rev().max_by(|&a, &b| value(a).total_cmp(&value(b))) else { continue };
            if best.as_ref().is_none_or(|best| value(likeliest) > best.value) {
                let of = |rows: &[Lanes]| rows.iter().map(|row| row[likeliest]).collect();
                best = Some(Point { value: value(likeliest), u: of(&self.position), gradient: of(&self.gradient) });
            }
        }
        best
    }

    /// Goes up until the gradient is nearly 0, nothing helps, or it is far enough.
    fn climb(&mut self, mut point: Point, is_there: impl Fn(&[f64]) -> bool) -> Point {
        let mut memory: Vec<(Vec<f64>, Vec<f64>)> = Vec::with_capacity(MEMORY);
        while self.gradients < MOST && !is_there(&point.u) {
            let mut direction = ascent(&point.gradient, &memory);
            let mut slope = dot(&direction, &point.gradient);
            if slope.is_nan() || slope <= 0.0 {
                memory.clear();
                direction.clone_from(&point.gradient);
                slope = dot(&direction, &direction);
            }
            if slope == 0.0 || (memory.len() >= 3 && slope < NEAR) {
                break;
            }
            // The first step knows no scale.
            let length = if memory.is_empty() { slope.sqrt().recip().min(1.0) } else { 1.0 };
            let Some(next) = self.uphill(&point, &direction, slope, length, MOST) else { break };
            let step: Vec<f64> = next.u.iter().zip(&point.u).map(|(a, b)| a - b).collect();
            let change: Vec<f64> = point.gradient.iter().zip(&next.gradient).map(|(a, b)| a - b).collect();
            if dot(&step, &change) > 1e-10 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
                if memory.len() == MEMORY {
                    memory.remove(0);
                }
                memory.push((step, change));
            }
            point = next;
        }
        point
    }

    /// The first place of enough gain from `length` times `direction` on inwards (Armijo's rule), within so many gradients in all.
    fn uphill(&mut self, point: &Point, direction: &[f64], slope: f64, mut length: f64, most: u64) -> Option<Point> {
        loop {
            let next = self.point(point.u.iter().zip(direction).map(|(u, d)| length.mul_add(*d, *u)).collect());
            if next.is_finite() && next.value >= point.value + 1e-4 * length * slope {
                return Some(next);
            }
            length *= if next.is_finite() { 0.4 } else { 0.1 };
            if self.gradients >= most || length < 1e-12 {
                return None;
            }
        }
    }

    /// Minus the Hessian at `u`, symmetrised.
    fn curvature(&mut self, u: &[f64]) -> Vec<Vec<f64>> {
        let dimension = u.len();
        let mut rows = vec![vec![0.0; dimension]; dimension];
        let variables: Vec<usize> = (0..dimension).collect();
        for some in variables.chunks(LANES / 2) {
            for (row, u) in self.position.iter_mut().zip(u) {
                row.fill(*u);
            }
            let reach = |variable: usize| REACH * u[variable].abs().max(1.0);
            for (at, &variable) in some.iter().enumerate() {
                self.position[variable][2 * at] += reach(variable);
                self.position[variable][2 * at + 1] -= reach(variable);
            }
            self.evaluate(2 * some.len(), None);
            for (at, &variable) in some.iter().enumerate() {
                let across = self.position[variable][2 * at] - self.position[variable][2 * at + 1];
                for (entry, slope) in rows[variable].iter_mut().zip(&self.gradient) {
                    *entry = (slope[2 * at + 1] - slope[2 * at]) / across;
                }
            }
        }
        for (i, j) in (0..dimension).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let mean = 0.5 * (rows[i][j] + rows[j][i]);
            (rows[i][j], rows[j][i]) = (mean, mean);
        }
        rows
    }
}

/// The inverse Hessian that `memory` knows, times the gradient (the two-loop recursion).
fn ascent(gradient: &[f64], memory: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut direction = gradient.to_vec();
    let mut weights = Vec::with_capacity(memory.len());
    for (step, change) in memory.iter().rev() {
        let weight = dot(step, &direction) / dot(step, change);
        direction.iter_mut().zip(change).for_each(|(d, y)| *d -= weight * y);
        weights.push(weight);
    }
    if let Some((step, change)) = memory.last() {
        let scale = dot(step, change) / dot(change, change);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for ((step, change), weight) in memory.iter().zip(weights.iter().rev()) {
        let back = dot(change, &direction) / dot(step, change);
        direction.iter_mut().zip(step).for_each(|(d, s)| *d += (weight - back) * s);
    }
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A symmetric matrix, given by its lower rows, times a vector.
fn multiply(lower: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; vector.len()];
    for (i, row) in lower.iter().enumerate() {
        for (j, entry) in row.iter().enumerate() {
            product[i] += entry * vector[j];
            if j < i {
                product[j] += entry * vector[i];
            }
        }
    }
    product
}

/// The lower rows of the inverse of a symmetric matrix, by its Cholesky factor's inverse; `None` unless it is positive definite.
fn inverse(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let dimension = matrix.len();
    // With unit diagonal, as variables may differ by many powers of ten.
    let scale: Vec<f64> = (0..dimension).map(|i| matrix[i][i].sqrt().recip()).collect();
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(dimension);
    for i in 0..dimension {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for j in 0..=i {
            let above = factor.get(j).unwrap_or(&row);
            let rest = matrix[i][j] * scale[i] * scale[j] - dot(&row[..j], &above[..j]);
            let entry = if i == j { rest.sqrt() } else { rest / above[j] };
            // Curvature that rounding may have made is none.
            if !entry.is_finite() || (i == j && rest < 1e-10) {
                return None;
            }
            row.push(entry);
        }
        factor.push(row);
    }
    // Column by column of the factor's inverse.
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(dimension);
    for j in 0..dimension {
        let mut column = vec![0.0; dimension];
        column[j] = factor[j][j].recip();
        for i in j + 1..dimension {
            column[i] = -dot(&factor[i][j..i], &column[j..i]) / factor[i][i];
        }
        columns.push(column);
    }
    let entry = |i: usize, j: usize| scale[i] * scale[j] * dot(&columns[i][i..], &columns[j][i..]);
    Some((0..dimension).map(|i| (0..=i).map(|j| entry(i, j)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Bound, FromFn};

    /// log p = −(x − m)ᵀA(x − m)/2 with variables of very different scales.
    fn gaussian() -> impl LogDensity {
        let bounds = ["x", "y"].map(|name| Bound::new(name, f64::NEG_INFINITY, f64::INFINITY)).to_vec();
        FromFn::new(bounds, |p, gradient| {
            let (x, y) = (p[0] - 3.0, (p[1] + 2.0) / 1e-3);
            gradient[0] = -(2.0 * x + y);
            gradient[1] = -(x + 2.0 * y) / 1e-3;
            -(x * x + x * y + y * y)
        })
    }

    #[test]
    fn a_gaussian_is_its_own_laplace_approximation() {
        let found = laplace(&gaussian(), &Population::from_columns(vec![vec![-5.0], vec![7.0]]));
        let metric = &found.coordinates.metric;
        let centre = &metric.centre;
        assert!(found.is_mode && (centre[0] - 3.0).abs() < 1e-6 && (centre[1] + 2.0).abs() < 1e-9, "{centre:?}");
        // The inverse of (2 1; 1 2) is (2 −1; −1 2)/3, its determinant 1/3.
        let scales = metric.scales();
        assert!((scales[0].powi(2) - 2.0 / 3.0).abs() < 1e-6 && (scales[1].powi(2) / 1e-6 - 2.0 / 3.0).abs() < 1e-6, "{scales:?}");
        assert!((metric.log_volume() - 0.5 * (1e-6_f64 / 3.0).ln()).abs() < 1e-6);
        assert!(found.gradients < 60, "{}", found.gradients);
    }

    #[test]
    fn the_search_begins_at_the_likeliest_start_wherever_it_stands() {
        // A mode at −4 and a likelier one at 4; no density beyond −8.
        let bounds = vec![Bound::new("x", f64::NEG_INFINITY, f64::INFINITY)];
        let two = FromFn::new(bounds, |p, gradient| {
            if p[0] < -8.0 {
                gradient[0] = f64::NAN;
                return f64::NAN;
            }
            let (minor, major) = (0.1 * (-0.5 * (p[0] + 4.0).powi(2)).exp(), (-0.5 * (p[0] - 4.0).powi(2)).exp());
            gradient[0] = -((p[0] + 4.0) * minor + (p[0] - 4.0) * major) / (minor + major);
            (minor + major).ln()
        });
        for starts in [[-9.0, -3.5, 4.5], [4.5, -9.0, -3.5], [-3.5, 4.5, -9.0]] {
            let found = laplace(&two, &Population::from_columns(vec![starts.to_vec()]));
            let centre = found.coordinates.metric.centre[0];
            assert!(found.is_mode && (centre - 4.0).abs() < 1e-3, "{starts:?}: {centre}");
        }
    }

    #[test]
    fn a_saddle_or_a_slope_is_no_mode() {
        let bounds = || ["x", "y"].map(|name| Bound::new(name, f64::NEG_INFINITY, f64::INFINITY)).to_vec();
        let saddle = FromFn::new(bounds(), |p, gradient| {
            (gradient[0], gradient[1]) = (-p[0], p[1]);
            (p[1] * p[1] - p[0] * p[0]) / 2.0
        });
        assert!(!laplace(&saddle, &Population::from_columns(vec![vec![1.0], vec![0.0]])).is_mode);
        let slope = FromFn::new(bounds(), |p, gradient| {
            (gradient[0], gradient[1]) = (-p[0], 1.0);
            p[1] - p[0] * p[0] / 2.0
        });
        assert!(!laplace(&slope, &Population::from_columns(vec![vec![1.0], vec![0.0]])).is_mode);
    }
}
