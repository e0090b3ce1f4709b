//! A short look at the density by one block of chains: is it zero in places, how curved is it, how wide.

use crate::density::{Evaluate, LogDensity};
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose, Stage};
use crate::sampler::{Guard, Kernel, Parameters, Sgld, Start, StepInfo, population};

/// What the pilot chains saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Pilot {
    /// Whether the density is zero or undefined somewhere inside the bounds.
    pub has_zeros: bool,
    /// Mean of each variable.
    pub mean: Vec<f64>,
    /// Standard deviation of each variable.
    pub sd: Vec<f64>,
    /// Root of the mean squared gradient of each variable.
    pub slope: Vec<f64>,
    /// A high quantile of the largest |∂²log p| along a line.
    pub curvature: f64,
    /// Slowest relaxation time: the variance in the widest direction, which for a Gaussian it is.
    pub relaxation_time: f64,
}

impl Pilot {
    /// Steps of a stable size that it takes to forget, about.
    pub(super) fn condition_number(&self) -> f64 {
        self.curvature * self.relaxation_time
    }
}

/// Rounds of steps at most; each re-measures the curvature.
const ROUNDS: usize = 60;
/// Steps in a round.
const STEPS: usize = 40;
/// Chains where each goes through rows of data: a block of them would take longer than the run.
const FEW: usize = LANES / 8;

/// Sends one block of chains through `density`: from wide apart, until log p rises no further.
pub fn pilot(density: &dyn LogDensity, seed: u64) -> Pilot {
    let bounds = density.bounds();
    let starts: Vec<Start> = bounds
        .iter()
        .map(|bound| match (bound.low.is_finite(), bound.high.is_finite()) {
            (true, true) => Start::Uniform { low: bound.low, high: bound.high },
            (true, false) => Start::Uniform { low: bound.low, high: bound.low + 2.0 },
            (false, true) => Start::Uniform { low: bound.high - 2.0, high: bound.high },
            (false, false) => Start::Uniform { low: -2.0, high: 2.0 },
        })
        .collect();
    let chains = if density.rows() > 0 { FEW } else { LANES };
    let mut evaluate = density.evaluator();
    evaluate.ask_for(chains);
    let seed = Stage::Pilot.of(seed);
    let mut rng = BlockRng::new(seed, 0, Purpose::Proposal);
    let first = population(&starts, density, seed, LANES).block(0);
    let mut value = Lanes::default();
    evaluate.log_density(&first, &mut value);
    let mut has_zeros = value[..chains].iter().any(|value| value.is_nan() || *value == f64::NEG_INFINITY);
    let kernel = Sgld::new(bounds, if has_zeros { Guard::Refuse } else { Guard::None }).with_level(density.level());
    let mut state = kernel.init(first, &mut *evaluate);
    let mut info = StepInfo::default();
    let mut seen = curvature(&mut *evaluate, kernel.positions(&state), chains, &mut rng);
    let mut best = f64::NEG_INFINITY;
    let mut stalled = 0;
    for _ in 0..ROUNDS {
        let parameters = Parameters::new(0.3 / seen);
        for _ in 0..STEPS {
            kernel.step(&mut state, &mut *evaluate, &mut rng, parameters, &mut info);
        }
        let now = curvature(&mut *evaluate, kernel.positions(&state), chains, &mut rng);
        seen = if now > seen { now } else { 0.5 * (now + seen) };
        evaluate.log_density(kernel.positions(&state), &mut value);
        has_zeros |= value[..chains].iter().any(|value| value.is_nan() || *value == f64::NEG_INFINITY);
        let mut sorted: Vec<f64> = value[..chains].iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NEG_INFINITY);
        // Half a unit of log p is far below its natural spread, and above the median's noise.
        if median > best + 0.5 {
            best = median;
            stalled = 0;
        } else {
            stalled += 1;
        }
        if stalled >= 8 {
            break;
        }
    }
    let positions = kernel.positions(&state);
    let mean: Vec<f64> = positions.iter().map(|row| row[..chains].iter().sum::<f64>() / chains as f64).collect();
    let sd: Vec<f64> = positions
        .iter()
        .zip(&mean)
        .map(|(row, mean)| (row[..chains].iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (chains - 1) as f64).sqrt())
        .map(|sd| if sd.is_finite() && sd > 0.0 { sd } else { 1.0 })
        .collect();
    let mut gradient = positions.to_vec();
    evaluate.gradient(positions, &mut gradient);
    let slope = gradient.iter().map(|row| root_mean_square(&row[..chains])).collect();
    let largest = sd.iter().fold(0.0_f64, |largest, sd| largest.max(*sd));
    let relaxation_time = (largest * largest).max(variance_of_widest(positions, chains, &mean));
    Pilot { has_zeros, mean, sd, slope, curvature: seen, relaxation_time }
}

/// The variance in the direction in which half of the chains are widest, by the other half: that of its own half grows with the dimension.
fn variance_of_widest(positions: &[Lanes], chains: usize, mean: &[f64]) -> f64 {
    const ROUNDS: usize = 20;
    let half = chains / 2;
    let centred = |lane: usize| positions.iter().zip(mean).map(move |(row, mean)| row[lane] - mean);
    let square = |lane: usize| centred(lane).map(|x| x * x).sum::<f64>();
    let farthest = (0..half).max_by(|&a, &b| square(a).total_cmp(&square(b))).unwrap_or(0);
    let mut direction: Vec<f64> = centred(farthest).collect();
    for _ in 0..ROUNDS {
        let size = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        direction.iter_mut().for_each(|x| *x /= size);
        let mut next = vec![0.0; direction.len()];
        for lane in 0..half {
            let along: f64 = centred(lane).zip(&direction).map(|(x, v)| x * v).sum();
            next.iter_mut().zip(centred(lane)).for_each(|(next, x)| *next += along * x);
        }
        direction = next;
    }
    let size = direction.iter().map(|x| x * x).sum::<f64>();
    let along = |lane: usize| centred(lane).zip(&direction).map(|(x, v)| x * v).sum::<f64>();
    let variance = (half..chains).map(|lane| along(lane) * along(lane)).sum::<f64>() / ((chains - half) as f64 * size);
    if variance.is_finite() { variance } else { 0.0 }
}

/// Of the numbers that are finite; 1 where that is 0, as a flat density has no scale.
fn root_mean_square(row: &[f64]) -> f64 {
    let squares: Vec<f64> = row.iter().map(|x| x * x).filter(|square| square.is_finite()).collect();
    let root = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    if root.is_finite() && root > 0.0 { root } else { 1.0 }
}

/// The 95 % quantile over the chains of |Hv|/|v| after three power iterations, H the Hessian by central differences of the gradient.
fn curvature(evaluate: &mut dyn Evaluate, positions: &[Lanes], chains: usize, rng: &mut BlockRng) -> f64 {
    let dimension = positions.len();
    let mut direction = vec![Lanes::default(); dimension];
    for row in &mut direction {
        rng.fill_normal(row);
    }
    let (mut shifted, mut ahead, mut behind) = (positions.to_vec(), direction.clone(), direction.clone());
    let mut found = vec![0.0; LANES];
    for _ in 0..3 {
        let mut reach = Lanes::default();
        for lane in 0..LANES {
            let size = direction.iter().map(|row| row[lane] * row[lane]).sum::<f64>().sqrt();
            let scale = positions.iter().map(|row| row[lane].abs()).fold(1.0, f64::max);
            reach[lane] = 1e-5 * scale;
            for row in &mut direction {
                row[lane] /= size.max(f64::MIN_POSITIVE);
            }
        }
        for (sign, gradient) in [(1.0, &mut ahead), (-1.0, &mut behind)] {
            for ((row, position), along) in shifted.iter_mut().zip(positions).zip(&direction) {
                for lane in 0..LANES {
                    row[lane] = position[lane] + sign * reach[lane] * along[lane];
                }
            }
            evaluate.gradient(&shifted, gradient);
        }
        for lane in 0..LANES {
            let mut square = 0.0;
            for ((row, ahead), behind) in direction.iter_mut().zip(&ahead).zip(&behind) {
                row[lane] = (ahead[lane] - behind[lane]) / (2.0 * reach[lane]);
                square += row[lane] * row[lane];
            }
            found[lane] = square.sqrt();
        }
    }
    found.truncate(chains);
    found.retain(|curvature| curvature.is_finite() && *curvature > 0.0);
    found.sort_by(f64::total_cmp);
    found.get(found.len() * 95 / 100).copied().unwrap_or(1.0).max(1e-12)
}
