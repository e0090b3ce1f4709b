//! The reference of a ladder: a normalised law near the density, from which anyone can draw.
//!
//! Surjanovic, Syed, Bouchard-Côté & Campbell (2022) learn a Gaussian reference from the draws between rounds. Here it is a Student t, as
//! a density with heavier tails than its reference is hard to reach there and its log Z has no variance; in many dimensions the t costs
//! next to nothing, as only its radius differs. A tenth of it is a second, wider t that stays what the first search found: a reference
//! that has forgotten a mode would never find it again.

use std::f64::consts::PI;

use crate::math::{Block, LANES, Lanes, Level, exp, lgamma, log, log1p};
use crate::random::{BlockRng, fill_normal, fill_uniform};
use crate::sampler::ensemble::metric::{Metric, total};
use crate::sampler::kernels::lanewise::{each, log_add_exp, map};

/// Degrees of freedom: tails like |u|^−6, and whole, so that χ² is a sum of squares.
const FREEDOM: usize = 5;
/// The share of the wide part.
const WIDE_SHARE: f64 = 0.1;
/// How much wider it is than the first fit.
const WIDER: f64 = 2.0;
/// Draws that a fit looks at, and how far out they count, in the scales of their middle.
const FITTED: usize = 4096;
const REACH: f64 = 16.0;

/// r = 0.9·t₅(m, LLᵀ) + 0.1·t₅(b, diag s²), in unconstrained coordinates u; m and L are the metric of the ladder's coordinates.
#[derive(Debug, Clone)]
pub(super) struct ReferenceLaw {
    /// log of 0.9 and the first part's density at its centre, and the same of the wide part.
    log_peak: f64,
    log_wide_peak: f64,
    log_mass: f64,
    centre: Vec<f64>,
    scale: Vec<f64>,
}

/// Rows for the evaluation of a reference.
#[derive(Debug, Clone)]
pub(super) struct Scratch {
    /// The wide part's gradient by u, then by z.
    slope: Vec<Lanes>,
    near: Lanes,
    wide: Lanes,
    near_square: Lanes,
    wide_square: Lanes,
}

impl Scratch {
    pub(super) fn new(dimension: usize) -> Scratch {
        let [near, wide, near_square, wide_square] = [Lanes::default(); 4];
        Scratch { slope: vec![Lanes::default(); dimension], near, wide, near_square, wide_square }
    }
}

impl ReferenceLaw {
    /// About `metric`, which the first search found; `log_mass` is log ∫r, 0 but for tests.
    pub(super) fn new(metric: &Metric, log_mass: f64) -> ReferenceLaw {
        // The scale of u alone is the length of its row of L.
        let scale: Vec<f64> = metric.scales().iter().map(|scale| WIDER * scale).collect();
        let mut law = ReferenceLaw { log_peak: 0.0, log_wide_peak: 0.0, log_mass, centre: metric.centre.clone(), scale };
        let volume: f64 = law.scale.iter().map(|scale| log(*scale)).sum();
        law.log_wide_peak = log(WIDE_SHARE) + law.log_unit_peak() - volume;
        law.follow(metric);
        law
    }

    /// Takes `metric` as the first part's; the wide part stays.
    pub(super) fn follow(&mut self, metric: &Metric) {
        let volume = metric.log_volume();
        self.log_peak = log(1.0 - WIDE_SHARE) + self.log_unit_peak() - volume;
    }

    /// log of a unit t's density at its centre.
    fn log_unit_peak(&self) -> f64 {
        let (d, freedom) = (self.centre.len() as f64, FREEDOM as f64);
        lgamma(0.5 * (freedom + d)) - lgamma(0.5 * freedom) - 0.5 * d * log(freedom * PI) + self.log_mass
    }

    /// Fills `near` and `wide` with the logarithms of the parts, and the squares of their distances.
    fn parts(&self, level: Level, z: &Block, u: &Block, scratch: &mut Scratch) {
        let Scratch { near, wide, near_square, wide_square, .. } = scratch;
        (*near_square, *wide_square) = (Lanes::default(), Lanes::default());
        for (variable, (z, u)) in z.iter().zip(u).enumerate() {
            let (centre, scale) = (self.centre[variable], self.scale[variable]);
            each(level, |lane| {
                near_square[lane] = z[lane].mul_add(z[lane], near_square[lane]);
                let apart = (u[lane] - centre) / scale;
                wide_square[lane] = apart.mul_add(apart, wide_square[lane]);
            });
        }
        let (freedom, power) = (FREEDOM as f64, 0.5 * (FREEDOM + z.len()) as f64);
        for (part, square, peak) in [(&mut *near, &*near_square, self.log_peak), (&mut *wide, &*wide_square, self.log_wide_peak)] {
            each(level, |lane| part[lane] = square[lane] / freedom);
            map(level, part, log1p);
            each(level, |lane| part[lane] = (-power).mul_add(part[lane], peak));
        }
    }

    /// log r at the lanes, given in both coordinates.
    pub(super) fn log_density(&self, level: Level, z: &Block, u: &Block, scratch: &mut Scratch, out: &mut Lanes) {
        self.parts(level, z, u, scratch);
        *out = scratch.near;
        log_add_exp(level, out, &scratch.wide);
    }

    /// Turns log p̃ and its gradient by z into those of the path at `beta`: β·log p̃ + (1 − β)·log r.
    #[allow(clippy::too_many_arguments, reason = "both coordinates and both outputs")]
    pub(super) fn temper(
        &self,
        level: Level,
        beta: f64,
        metric: &Metric,
        (z, u): (&Block, &Block),
        scratch: &mut Scratch,
        log_density: &mut Lanes,
        gradient: Option<&mut Block>,
    ) {
        self.parts(level, z, u, scratch);
        let Scratch { slope, near, wide, near_square, wide_square } = scratch;
        let mut reference = *near;
        log_add_exp(level, &mut reference, wide);
        each(level, |lane| log_density[lane] = beta.mul_add(log_density[lane], (1.0 - beta) * reference[lane]));
        let Some(gradient) = gradient else { return };
        // The share of each part in r, times what is common to its gradient's entries.
        let (freedom, power) = (FREEDOM as f64, (FREEDOM + z.len()) as f64);
        for (part, square) in [(&mut *near, &*near_square), (&mut *wide, &*wide_square)] {
            each(level, |lane| part[lane] -= reference[lane]);
            map(level, part, exp);
            each(level, |lane| part[lane] *= -(1.0 - beta) * power / (freedom + square[lane]));
        }
        for (variable, (slope, u)) in slope.iter_mut().zip(u).enumerate() {
            let (centre, square) = (self.centre[variable], self.scale[variable] * self.scale[variable]);
            each(level, |lane| slope[lane] = wide[lane] * ((u[lane] - centre) / square));
        }
        metric.pull_back(level, slope);
        for ((gradient, z), slope) in gradient.iter_mut().zip(z).zip(&*slope) {
            each(level, |lane| gradient[lane] = beta.mul_add(gradient[lane], near[lane].mul_add(z[lane], slope[lane])));
        }
    }

    /// Independent draws, in both coordinates.
    pub(super) fn draw(
        &self,
        level: Level,
        metric: &Metric,
        noise: &mut BlockRng,
        (z, u): (&mut [Lanes], &mut [Lanes]),
        scratch: &mut Scratch,
    ) {
        let Scratch { near: radius, wide: uniform, near_square: normal, .. } = scratch;
        *radius = Lanes::default();
        for _ in 0..FREEDOM {
            fill_normal(level, noise, normal);
            each(level, |lane| radius[lane] = normal[lane].mul_add(normal[lane], radius[lane]));
        }
        each(level, |lane| radius[lane] = (FREEDOM as f64 / radius[lane]).sqrt());
        for row in z.iter_mut() {
            fill_normal(level, noise, row);
            each(level, |lane| row[lane] *= radius[lane]);
        }
        metric.forward(level, z, u);
        fill_uniform(level, noise, uniform);
        for (variable, (u, z)) in u.iter_mut().zip(&*z).enumerate() {
            let (centre, scale) = (self.centre[variable], self.scale[variable]);
            each(level, |lane| u[lane] = if uniform[lane] < WIDE_SHARE { scale.mul_add(z[lane], centre) } else { u[lane] });
        }
        metric.backward(level, u, z);
    }
}

/// Mean and covariance of the draws, as Surjanovic et al. (2022) match them: the closest law of its kind by the divergence from the
/// density, which covers every mode that the draws know. Draws further out than a few tens of the scale of their middle count as if they
/// were there, as heavy tails have no moments. `None` where the draws do not spread.
pub(super) fn fit(columns: &[Vec<f64>], dense: bool) -> Option<Metric> {
    let count = columns.first().map_or(0, Vec::len);
    let apart = count.div_ceil(FITTED).max(1);
    let mut rows: Vec<Vec<f64>> = columns.iter().map(|column| column.iter().copied().step_by(apart).collect()).collect();
    let (d, n) = (rows.len(), rows.first().map_or(0, Vec::len));
    if n < 10 {
        return None;
    }
    for row in &mut rows {
        let mut sorted = row.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: usize| sorted[(n * share / 100).min(n - 1)];
        // Of a normal law the middle four fifths are 2.56 standard deviations wide.
        let (middle, reach) = (quantile(50), REACH * (quantile(90) - quantile(10)) / 2.56);
        if !(middle.is_finite() && reach.is_finite() && reach > 0.0) {
            return None;
        }
        row.iter_mut().for_each(|x| *x = x.clamp(middle - reach, middle + reach));
    }
    let n = n as f64;
    let centre: Vec<f64> = rows.iter().map(|row| in_lanes(row.len(), |k| row[k]) / n).collect();
    let product = |i: usize, j: usize| {
        let (a, b, ca, cb) = (&rows[i], &rows[j], centre[i], centre[j]);
        in_lanes(a.len(), |k| (a[k] - ca) * (b[k] - cb)) / n
    };
    let scale: Vec<f64> = (0..d).map(|i| product(i, i).sqrt()).collect();
    // Off the diagonal a covariance shrinks towards 0 with the weight of five draws.
    let row = |i: usize| (0..=i).map(|j| product(i, j) * if i == j { 1.0 } else { n / (n + 5.0) }).collect();
    let covariance: Option<Vec<Vec<f64>>> = (dense && n > 10.0 * d as f64).then(|| (0..d).map(row).collect());
    let dense = covariance.and_then(|covariance| Metric::dense(centre.clone(), &covariance));
    Some(dense.unwrap_or_else(|| Metric::diagonal(centre, &scale)))
}

/// Σ over the draws, by lanes, so that the order is one and the loop may be vector code.
fn in_lanes(draws: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut sums = Lanes::default();
    (0..draws).for_each(|i| sums[i % LANES] += term(i));
    total(&sums)
}
