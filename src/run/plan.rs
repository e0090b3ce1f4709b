//! From the problem to a schedule: how many steps of which size, and where to begin.

use super::pilot::Pilot;
use super::samplers::Sampler;
use super::settings::{Init, Sampling};
use crate::density::{Bound, LogDensity};
use crate::error::Result;
use crate::math::{LANES, Lanes, exp, log, pow};
use crate::proof::Smoothness;
use crate::quadrature::Reference;
use crate::sampler::{Annealing, Guard, Metric, Schedule, Shape, Start};

/// Chains unless asked otherwise: sixteen full blocks of lanes, and one where a gradient goes through so many rows that more would take minutes.
const BLOCKS: usize = 16;
const ROWS: usize = 1 << 14;
/// Diffusion time in relaxation times: what is left of the start is e^−8 of it.
pub(crate) const RELAXATIONS: f64 = 8.0;
/// The bias left at the end, as a share of the Monte Carlo error of the draws.
const BIAS_SHARE: f64 = 0.11;
/// How many times smaller the first step size may become to be stable everywhere.
const WORTH: f64 = 4.0;
/// Updates of a coordinate, and rows gone through, that the default may spend: a few seconds.
const BUDGET: f64 = 1e9;

/// A run that is ready to go, and what it was based on.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The coordinates in which it steps: step sizes, starts, times and curvature are in units of this metric.
    pub metric: Metric,
    /// The run.
    pub annealing: Annealing,
    /// What to do about zeros of the density.
    pub guard: Guard,
    /// The slowest relaxation time of the diffusion, in units of ε·steps; estimated in more than one dimension.
    pub relaxation_time: f64,
    /// The largest curvature |∂²log p| that chains meet.
    pub curvature: f64,
    /// Steps that it takes to forget the start, and the bias of the larger steps; those of the run may be fewer.
    pub wanted_steps: f64,
    /// Euler steps below this size are stable everywhere: proved.
    pub stable_step_size: Option<f64>,
}

/// What the schedule is made from.
struct Scales {
    relaxation_time: f64,
    curvature: f64,
    /// The bias of the law per unit of ε, as a Kolmogorov distance.
    bias: f64,
}

impl Scales {
    /// What they are under psgld's preconditioner, one over the root of the mean squared gradient of each variable.
    fn preconditioned(self, one_variable: bool, pilot: &Pilot) -> Scales {
        let steepest = pilot.slope.iter().fold(0.0_f64, |steepest, slope| steepest.max(*slope));
        let slowest = pilot.sd.iter().zip(&pilot.slope).fold(0.0_f64, |slowest, (sd, slope)| slowest.max(sd * sd * slope));
        // Of one variable the relaxation time is known, and shared by all its places.
        let relaxation_time = if one_variable { self.relaxation_time * steepest } else { slowest };
        Scales { relaxation_time, curvature: self.curvature / steepest, bias: self.bias / steepest }
    }
}

/// Chooses whatever `settings` leaves open.
///
/// `smoothness` is what is proved of the density, if anything is.
///
/// # Errors
/// Kind `setting`.
pub fn plan(
    density: &dyn LogDensity,
    reference: Option<&Reference>,
    pilot: &Pilot,
    smoothness: Option<&Smoothness>,
    settings: &Sampling,
) -> Result<Plan> {
    let chains =
        settings.chains.unwrap_or_else(|| LANES * ROWS.checked_div(density.rows()).map_or(BLOCKS, |blocks| blocks.clamp(1, BLOCKS)));
    let scales = match reference {
        Some(reference) => scales(density, reference),
        // A Gaussian of curvature L: the variance is off by εL/2, the distribution function by 0.06 εL.
        None => Scales { relaxation_time: pilot.relaxation_time, curvature: pilot.curvature, bias: 0.06 * pilot.curvature },
    };
    // A proved bound on the curvature makes the first steps stable everywhere; not at any price, as the largest may be met by few chains.
    let proved = smoothness.and_then(Smoothness::lipschitz).filter(|lipschitz| *lipschitz <= WORTH * scales.curvature);
    let scales = Scales { curvature: proved.unwrap_or(scales.curvature), ..scales };
    let scales = if settings.sampler == Sampler::Psgld { scales.preconditioned(reference.is_some(), pilot) } else { scales };
    let Scales { relaxation_time, curvature, bias } = scales;
    let shape = settings.schedule.unwrap_or(Shape::Polynomial { exponent: 1.0 });
    let stable = (0.5 / curvature).min(0.1 * relaxation_time).max(f64::MIN_POSITIVE);
    let first = settings.step_size.unwrap_or(stable);
    let last = match (settings.final_step_size, shape) {
        (Some(last), _) => last,
        (None, Shape::Constant) => first,
        (None, _) => {
            let wanted = BIAS_SHARE / ((chains as f64).sqrt() * bias);
            wanted.min(first).max(first * 1e-3)
        }
    };
    let step_size = Schedule { shape, first, last };
    let wanted_steps = enough_steps(step_size, relaxation_time);
    let steps = settings.steps.unwrap_or_else(|| affordable_steps(wanted_steps, chains, density));
    let temperature = settings.temperature.unwrap_or(1.0);
    let cooled = settings.final_temperature.unwrap_or(if settings.temperature.is_some() { temperature } else { 1.0 });
    let annealing = Annealing {
        chains,
        steps,
        step_size,
        temperature: Schedule::geometric(temperature, cooled),
        starts: starts(density.bounds(), reference, pilot, &settings.init)?,
        seed: settings.seed,
        threads: settings.threads,
    };
    annealing.check(density.dimension())?;
    let guard = if pilot.has_zeros { Guard::Refuse } else { Guard::None };
    let stable_step_size = smoothness.and_then(Smoothness::stable_step_size);
    let metric = Metric::identity(density.dimension());
    Ok(Plan { metric, annealing, guard, relaxation_time, curvature, wanted_steps, stable_step_size })
}

/// Steps for [`RELAXATIONS`] relaxation times in all, and for the bias of the larger step sizes to be forgotten by the end.
///
/// A bias of order ε at diffusion time s before the end is worn down by e^(−s/τ), so what is left in the end is ∫ε(s)e^(−s/τ) ds/τ.
/// With 1/ε linear in the step (the polynomial schedule with γ = 1) ε(s) grows like e^(as), a = (1/ε₁ − 1/ε₀)/K, and the integral is
/// ε₁/(1 − aτ): twice the last step size for a = 1/(2τ). A geometric schedule, ε linear in s, needs more steps for the same.
fn enough_steps(step_size: Schedule, relaxation_time: f64) -> f64 {
    const PROBE: usize = 1000;
    let mean = step_size.total(PROBE) / PROBE as f64;
    let mixing = RELAXATIONS * relaxation_time / mean;
    let forgetting = match step_size.shape {
        Shape::Constant => 0.0,
        Shape::Polynomial { .. } => 2.0 * relaxation_time * (1.0 / step_size.last - 1.0 / step_size.first),
        Shape::Geometric | Shape::Cyclical { .. } => relaxation_time * log(step_size.first / step_size.last) / step_size.last,
    };
    mixing.max(forgetting)
}

/// So many steps, or as many as the default may spend.
pub(super) fn affordable_steps(steps: f64, chains: usize, density: &dyn LogDensity) -> usize {
    let work = chains as f64 * (density.dimension() + density.rows()) as f64;
    let most = (BUDGET / work).clamp(100.0, 1e6);
    let steps = steps.clamp(100.0, 1e9);
    // Two significant digits read better than seven.
    let unit = pow(10.0, (log(steps) / std::f64::consts::LN_10).floor() - 1.0);
    ((steps / unit).ceil() * unit).min(most) as usize
}

/// The share of the mass whose curvature the first step size is stable for; where it is larger, near a pole or a neck, the cut drift
/// keeps a chain from being thrown out.
const STABLE_SHARE: f64 = 0.8;

/// Relaxation time, curvature and bias of a density of one variable.
///
/// The stationary law of the Euler step errs by ε times the bias, as a Kolmogorov distance.
/// To first order in ε the step samples p·(1 + ε(g²/4 + g′/2 − mean)), g = (log p)′ (expand the one-step generator; for a Gaussian
/// this is the variance 1/(1 − ε/2)). Integrating by parts, the distribution function errs by ε·|C(x) − F(x)·C(∞)| with
/// C = p·g/2 − ∫p·g²/4; a reflecting wall adds a layer of weight about p·|g|/4 at the wall.
fn scales(density: &dyn LogDensity, reference: &Reference) -> Scales {
    const CELLS: usize = 4 * LANES;
    let (low, high) = reference.effective_range(1e-6);
    let mut evaluate = density.evaluator();
    let mut slopes = Vec::with_capacity(CELLS);
    let place = |cell: usize| low + (high - low) * (cell as f64 + 0.5) / CELLS as f64;
    for block in 0..CELLS / LANES {
        let mut x = Lanes::default();
        for lane in 0..LANES {
            x[lane] = place(block * LANES + lane);
        }
        let mut gradient = [Lanes::default()];
        evaluate.gradient(std::slice::from_ref(&x), &mut gradient);
        slopes.extend_from_slice(&gradient[0][..]);
    }
    let width = (high - low) / CELLS as f64;
    let mut integral = 0.0;
    let (mut curve, mut weights) = (Vec::with_capacity(CELLS), Vec::with_capacity(CELLS));
    for (cell, slope) in slopes.iter().enumerate() {
        let x = place(cell);
        let p = reference.pdf(x);
        weights.push(p);
        let flow = p * slope;
        if flow.is_finite() && (flow * slope).is_finite() {
            integral += flow * slope * width / 4.0;
            curve.push((reference.cdf(x), flow / 2.0 - integral));
        }
    }
    let curvature = typical_curvature(&slopes, &weights, width);
    let relaxation_time = reference.relaxation_time();
    let (Some(&(_, first)), Some(&(_, last))) = (curve.first(), curve.last()) else {
        return Scales { relaxation_time, curvature, bias: 1.0 };
    };
    let inner = curve.iter().map(|(cdf, c)| ((c - first) - cdf * (last - first)).abs()).fold(0.0, f64::max);
    let walls: f64 = density
        .bounds()
        .first()
        .map(|Bound { low, high, .. }| {
            let at = |end: f64, cell: usize| if end.is_finite() { (reference.pdf(place(cell)) * slopes[cell]).abs() / 4.0 } else { 0.0 };
            at(*low, 0) + at(*high, CELLS - 1)
        })
        .filter(|layer| layer.is_finite())
        .unwrap_or(0.0);
    Scales { relaxation_time, curvature, bias: (inner + walls).max(1e-6) }
}

/// The curvature |∂²log p| that [`STABLE_SHARE`] of the mass stays below.
fn typical_curvature(slopes: &[f64], weights: &[f64], width: f64) -> f64 {
    let mut cells: Vec<(f64, f64)> = slopes
        .windows(2)
        .zip(weights)
        .map(|(pair, weight)| (((pair[1] - pair[0]) / width).abs(), *weight))
        .filter(|(curvature, weight)| curvature.is_finite() && weight.is_finite())
        .collect();
    cells.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = cells.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    for (curvature, weight) in cells {
        sum += weight;
        if sum >= STABLE_SHARE * total {
            return curvature.max(f64::MIN_POSITIVE);
        }
    }
    1.0
}

/// Where each variable's chains begin.
fn starts(bounds: &[Bound], reference: Option<&Reference>, pilot: &Pilot, init: &Init) -> Result<Vec<Start>> {
    if let Some(point) = init.point(bounds)? {
        return Ok(point.into_iter().map(Start::Point).collect());
    }
    Ok(bounds
        .iter()
        .enumerate()
        .map(|(variable, bound)| {
            let (low, high) = match reference {
                Some(reference) => reference.effective_range(0.02),
                None => (pilot.mean[variable] - 2.5 * pilot.sd[variable], pilot.mean[variable] + 2.5 * pilot.sd[variable]),
            };
            let (low, high) = (low.max(bound.low), high.min(bound.high));
            let normal = Start::Normal { mean: 0.5 * (low + high), sd: ((high - low) / 3.0).max(f64::MIN_POSITIVE) };
            match init {
                Init::Normal => normal,
                Init::Auto if !bound.is_finite() => normal,
                _ => Start::Uniform {
                    low: if bound.low.is_finite() { bound.low } else { low },
                    high: if bound.high.is_finite() { bound.high } else { high },
                },
            }
        })
        .collect())
}

/// What is left of the start after a diffusion time, e^(−time/τ).
pub(crate) fn memory(diffusion_time: f64, relaxation_time: f64) -> f64 {
    exp(-diffusion_time / relaxation_time)
}
