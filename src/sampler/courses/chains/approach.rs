//! The approach of a large population to the density: microcanonical dynamics without a Metropolis test, steered by the population's bias.
//!
//! The unadjusted phase of the late-adjusted parallel sampler (Robnik & Seljak 2026, "Faster parallel MCMC: Metropolis adjustment is best
//! served warm"): the bias is estimated by equipartition, E[−zᵢ∂ᵢ log p] = 1, and the energy error that a step may make shrinks with it. Here
//! the metric is renewed in windows, at first by pairs of draws and gradients, which know scales before the population has spread, and the
//! approach ends when a window shows the moments of a population in equilibrium.

use std::ops::Range;

use super::learning::Learning;
use super::warmup::{begin_window, renew};
use super::{Chaining, Run};
use crate::density::{LogDensity, Transform};
use crate::error::Result;
use crate::math::{LANES, Lanes, Level, pow};
use crate::random::Stage;
use crate::sampler::ensemble::chains::{Crew, Ensemble, Pace, Steps};
use crate::sampler::ensemble::journal::Part;
use crate::sampler::ensemble::metric::{Gathering, total};
use crate::sampler::ensemble::{Control, Coordinates, Population};
use crate::sampler::kernels::lanewise::{Point, each};
use crate::sampler::kernels::mclmc::{self, Mclmc};
use crate::sampler::kernels::{Parameters, Pointed, StepInfo};
use crate::stored::stored;

/// The fewest chains whose means say how far they are from the density.
const FEWEST: usize = 64;
/// Steps of the first windows, and how many of them there are before each is twice as long as the one before.
const FIRST: usize = 10;
const SHORT: usize = 5;
/// How many windows a part of the population may still be far away at least, and at most.
const EARLY: [usize; 2] = [2, 6];
/// Steps of all windows up to the one of 80, which populations of fewer chains than a block holds may take: their moments need longer windows.
const LONG: usize = 190;
/// After how many times √d of way a direction is forgotten, in units of the metric.
const LENGTH: f64 = 1.9;
/// Largest energy error and virial of one chain that count: a few far away should not steer all.
const LARGEST_ERROR: f64 = 10.0;
const LARGEST_VIRIAL: f64 = 20.0;

/// What steers an approach: sums over the chains of a block, an entry a variable each.
#[derive(Debug, Clone, Default)]
pub(super) struct Balance {
    z: Vec<f64>,
    squares: Vec<f64>,
    /// Σ −zᵢ∂ᵢ log p.
    virial: Vec<f64>,
    /// Σ of the squared energy errors of the last step.
    errors: f64,
    chains: f64,
}

/// Σ of the lanes in use, none counted beyond ±`largest`; `early` of as many times their median over that of a squared normal.
fn sum(row: &mut Lanes, active: usize, early: bool, largest: f64) -> f64 {
    const MEDIAN: f64 = 0.454_936_423_119_572_8;
    if early {
        let (_, median, _) = row[..active].select_nth_unstable_by(active / 2, f64::total_cmp);
        return active as f64 * *median / MEDIAN;
    }
    row.iter_mut().for_each(|x| *x = x.clamp(-largest, largest));
    total(row)
}

impl Balance {
    fn new(dimension: usize) -> Balance {
        let zeros = vec![0.0; dimension];
        Balance { z: zeros.clone(), squares: zeros.clone(), virial: zeros, errors: 0.0, chains: 0.0 }
    }

    /// Adds the lanes in use; `early` their medians, which a half of them that is far away does not spoil, as if they were means of squares
    /// of normals.
    fn add(&mut self, level: Level, Point { position, gradient, .. }: &Point, info: &StepInfo, active: usize, early: bool) {
        self.chains += active as f64;
        let mut row = Lanes::default();
        for (i, (z, slope)) in position.iter().zip(gradient).enumerate() {
            each(level, |lane| row[lane] = if lane < active { z[lane] } else { 0.0 });
            self.z[i] += total(&row);
            each(level, |lane| row[lane] = if lane < active { z[lane] * z[lane] } else { 0.0 });
            self.squares[i] += total(&row);
            each(level, |lane| row[lane] = if lane < active { -z[lane] * slope[lane] } else { 0.0 });
            self.virial[i] += sum(&mut row, active, early, LARGEST_VIRIAL);
        }
        each(level, |lane| row[lane] = if lane < active { info.energy_error[lane] * info.energy_error[lane] } else { 0.0 });
        self.errors += sum(&mut row, active, early, LARGEST_ERROR * LARGEST_ERROR);
    }

    fn merge(&mut self, other: &Balance) {
        self.chains += other.chains;
        self.errors += other.errors;
        let sums = |mine: &mut Vec<f64>, others: &Vec<f64>| mine.iter_mut().zip(others).for_each(|(mine, other)| *mine += other);
        sums(&mut self.z, &other.z);
        sums(&mut self.squares, &other.squares);
        sums(&mut self.virial, &other.virial);
    }

    /// E[−zᵢ∂ᵢ log p] of the variables that have no ends that meet.
    fn virials(&self, transforms: &[Transform]) -> Vec<f64> {
        let open = self.virial.iter().zip(transforms).filter(|(_, transform)| !matches!(transform, Transform::Around { .. }));
        open.map(|(virial, _)| virial / self.chains).collect()
    }

    /// The mean of (1 − E[−zᵢ∂ᵢ log p])².
    fn bias(&self, transforms: &[Transform]) -> f64 {
        let virials = self.virials(transforms);
        virials.iter().map(|virial| (1.0 - virial) * (1.0 - virial)).sum::<f64>() / virials.len().max(1) as f64
    }

    /// How much too wide the population is without a Metropolis test: of a Gaussian the variance is the virial times the exact one.
    fn excess(&self, transforms: &[Transform]) -> f64 {
        let virials = self.virials(transforms);
        if virials.is_empty() { 1.0 } else { (virials.iter().sum::<f64>() / virials.len() as f64).sqrt() }
    }

    /// Whether z has the moments of a population of so many chains that is in equilibrium in a metric that fits it. The room is for the
    /// noise of 256 chains; that of fewer is wider, as the root of how many times fewer they are.
    fn fits(&self, transforms: &[Transform], chains: usize) -> bool {
        let wider = (LANES as f64 / chains as f64).sqrt().max(1.0);
        self.is_within(transforms, 0.3 * wider, 0.67_f64.powf(wider)..1.5_f64.powf(wider), 1.0 - 0.25 * wider..1.0 + 0.25 * wider)
    }

    /// Whether those who are not far away make up the population.
    fn is_near(&self, transforms: &[Transform]) -> bool {
        self.is_within(transforms, f64::INFINITY, 0.0..8.0, 0.5..2.0)
    }

    fn is_within(&self, transforms: &[Transform], mean_at_most: f64, variances: Range<f64>, virials: Range<f64>) -> bool {
        let n = self.chains;
        (0..self.z.len()).all(|i| {
            let mean = self.z[i] / n;
            let variance = self.squares[i] / n - mean * mean;
            let balanced = matches!(transforms[i], Transform::Around { .. }) || virials.contains(&(self.virial[i] / n));
            mean.abs() < mean_at_most && variances.contains(&variance) && balanced
        })
    }
}

/// How an approach ended.
pub(super) struct Approach<'a> {
    /// The population where it waits, in the coordinates that it learned, if it has arrived.
    pub(super) arrived: Option<Ensemble<'a, mclmc::State>>,
    /// Steps that each chain took.
    pub(super) steps: usize,
    /// Gradients that all took.
    pub(super) gradients: u64,
}

/// An approach between two windows.
struct Way<'a> {
    ensemble: Ensemble<'a, mclmc::State>,
    step_size: f64,
    /// Steps of the next window, and those taken.
    length: usize,
    taken: usize,
    windows: usize,
    /// Whether a part of the population may still be far away.
    early: bool,
}

stored!(Way<'_> { ensemble, step_size, length, taken, windows, early });

/// A population that is where the density has its mass, without having crossed what parts modes.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Where it is.
    pub positions: Population,
    /// The coordinates that it learned.
    pub coordinates: Coordinates,
    /// Gradients that all chains took.
    pub gradients: u64,
}

/// Sends a population from `starts` toward the density, for `settings.warmup` steps at most. `None` if it has not arrived by then, or is too
/// small to say.
///
/// # Errors
/// Kind `setting`.
pub fn arrive(density: &dyn LogDensity, settings: &Chaining, starts: &Population, control: &Control) -> Result<Option<Arrival>> {
    settings.check()?;
    let crew = Crew::new(settings.threads, starts.blocks(), control)?;
    let run = Run { density, settings, crew: &crew };
    let coordinates = Coordinates::new(density.bounds(), density.level());
    let Approach { arrived, gradients, .. } = run.approach(starts, coordinates, settings.warmup)?;
    Ok(arrived.map(|mut ensemble| {
        let positions = ensemble.waiting(starts.clone());
        Arrival { positions, coordinates: ensemble.coordinates, gradients }
    }))
}

impl<'a> Run<'_, 'a> {
    /// Steps that an approach of so many chains may take of the `steps` of a warm-up.
    pub(super) fn longest_approach(chains: usize, steps: usize) -> usize {
        if chains < LANES && steps >= LONG { LONG } else { steps / 2 }
    }

    /// Moves chains from `starts` to where the density has its mass, and learns the metric on the way. Nothing is done for few chains or one
    /// variable. A population that has not arrived after `steps` is forgotten with its coordinates: what takes long is bent or has narrow
    /// places, and there dynamics without a Metropolis test end with a bias that the kernel takes long to lose.
    ///
    /// # Errors
    /// Those of what was written down.
    pub(super) fn approach(&self, starts: &Population, coordinates: Coordinates, steps: usize) -> Result<Approach<'a>> {
        let (dimension, chains) = (self.density.dimension(), starts.chains());
        if chains < FEWEST || dimension < 2 {
            return Ok(Approach { arrived: None, steps: 0, gradients: 0 });
        }
        let kernel = Mclmc { level: self.density.level() };
        let transforms = coordinates.transforms.clone();
        let seed = Stage::Approach.of(self.settings.seed);
        let fresh = || {
            let mut ensemble = Ensemble::new(self.density, seed, starts, coordinates.clone());
            ensemble.settle(self.crew, &kernel);
            Way { ensemble, step_size: Chaining::default().step_size, length: FIRST, taken: 0, windows: 0, early: true }
        };
        let mut way = match self.crew.recall(Part::Approach, fresh)? {
            Some(way) => way,
            None => fresh(),
        };
        let mut learning = Learning::of(way.ensemble.groups());
        while way.taken + way.length <= steps && !self.crew.is_stopped() {
            let Way { ensemble, step_size, length, taken, windows, early } = &mut way;
            begin_window(&mut learning, |blocks| match early {
                true => Gathering::early(*length, blocks),
                false => Gathering::new(self.settings.metric, &ensemble.coordinates.metric, *length, blocks),
            });
            let mut balance = Balance::new(dimension);
            for _ in 0..*length {
                let parameters = Parameters { length: LENGTH, ..Parameters::new(*step_size) };
                let step = self.balanced_step(&kernel, ensemble, &mut learning, parameters, *early);
                *step_size = next_step(*step_size, step.errors / (chains * dimension) as f64, step.bias(&transforms));
                balance.merge(&step);
                self.crew.hand_over_if_due();
            }
            *taken += *length;
            *windows += 1;
            let arrived = !*early && balance.fits(&transforms, chains);
            *early = *windows < EARLY[0] || *early && *windows < EARLY[1] && !balance.is_near(&transforms);
            ensemble.each(self.crew, &mut learning, |blocks, seen, learning| learning.end_stage(&kernel, &mut blocks[0], seen, arrived));
            renew(&mut learning, ensemble);
            if arrived {
                let metric = ensemble.coordinates.metric.clone();
                ensemble.coordinates.metric = metric.scaled(balance.excess(&transforms).recip());
                let gradients = ensemble.gradients();
                return Ok(Approach { arrived: Some(way.ensemble), steps: way.taken, gradients });
            }
            ensemble.settle(self.crew, &kernel);
            if *windows >= SHORT {
                *length *= 2;
            }
            if !self.crew.is_stopped() {
                self.crew.write(Part::Approach, &mut way)?;
            }
        }
        Ok(Approach { arrived: None, steps: way.taken, gradients: way.ensemble.gradients() })
    }

    /// One step of all blocks, and what it showed.
    fn balanced_step(
        &self,
        kernel: &Mclmc,
        ensemble: &mut Ensemble<'a, mclmc::State>,
        learning: &mut [Learning],
        parameters: Parameters,
        early: bool,
    ) -> Balance {
        let (level, dimension) = (self.density.level(), self.density.dimension());
        ensemble.advance(self.crew, kernel, Steps::More(1), Pace::Constant(parameters), learning, |blocks, seen, learning| {
            let block = &mut blocks[0];
            block.count_gradients();
            learning.watch(block);
            learning.gather(kernel, block, seen, level);
            learning.balance = Balance::new(dimension);
            if let Some(state) = &block.state {
                learning.balance.add(level, kernel.point(state), &block.info, block.active, early);
            }
        });
        let mut balance = Balance::new(dimension);
        learning.iter().for_each(|learning| balance.merge(&learning.balance));
        balance
    }
}

/// The step size whose energy errors have the variance a dimension that a population so far off may have, as the variance grows like ε⁶:
/// 0.1·bias^⅜ near the end; far away, where virials are energies and the bias is their square, a third of the energy. Threefold changes at
/// most.
fn next_step(step_size: f64, variance: f64, bias: f64) -> f64 {
    let wanted = 0.1 * if bias < 1.0 { pow(bias.max(1e-6), 0.375) } else { bias };
    let factor = pow(wanted / variance, 1.0 / 6.0);
    let factor = if factor.is_finite() { factor.clamp(1.0 / 3.0, 3.0) } else { 0.5 };
    (step_size * factor).clamp(1e-12, 1e12)
}

#[cfg(test)]
mod tests {
    use super::super::{Chained, sample_chains};
    use super::*;
    use crate::density::{Bound, FromFn};
    use crate::sampler::{MetricKind, Nuts, initial_positions};

    /// log p = −½ Σ (yᵢ/sᵢ)² with y = x − 3 − (1 − 1/stretch)·v(v·(x − 3)): one direction v of the unscaled variables is `stretch` times as wide.
    fn gaussian(scale: Vec<f64>, stretch: f64) -> impl LogDensity {
        let d = scale.len();
        let bounds = (0..d).map(|i| Bound::new(format!("x{i}"), f64::NEG_INFINITY, f64::INFINITY)).collect();
        let shrink = 1.0 - 1.0 / (stretch * stretch);
        FromFn::new(bounds, move |x, gradient| {
            let z = |i: usize| (x[i] - 3.0) / scale[i];
            let along = (0..d).map(z).sum::<f64>() / d as f64;
            (0..d).for_each(|i| gradient[i] = -(z(i) - shrink * along) / scale[i]);
            -0.5 * ((0..d).map(|i| z(i) * z(i)).sum::<f64>() - shrink * d as f64 * along * along)
        })
    }

    fn run(density: &dyn LogDensity, metric: MetricKind) -> Chained {
        let settings = Chaining { warmup: 300, draws: 40, seed: 4, threads: 1, metric, ..Chaining::default() };
        let starts = initial_positions(density, 4, 256).unwrap();
        sample_chains(density, &Nuts::new(density.level()), &settings, &starts, &Control::default()).unwrap()
    }

    #[test]
    fn a_population_arrives_in_a_hundred_gradients_at_scales_from_a_hundredth_to_a_hundred() {
        let scale: Vec<f64> = (0..10).map(|i| 10_f64.powf(i as f64 * 4.0 / 9.0 - 2.0)).collect();
        let found = run(&gaussian(scale.clone(), 9.0), MetricKind::Auto);
        // Forty steps tune the step size.
        assert!(found.warmup <= 110 + 40, "{}", found.warmup);
        for (found, scale) in found.coordinates.metric.scales().iter().zip(&scale) {
            // 256 chains over a window of 20 steps know a scale to a twentieth and more.
            let exact = scale * (1.0_f64 + 8.0).sqrt();
            assert!((found / exact - 1.0).abs() < 0.2, "{found} instead of {exact}");
        }
    }

    #[test]
    fn sixty_four_chains_of_a_hundred_and_fifty_variables_arrive() {
        let density = gaussian((0..150).map(|i| 1.0 + 0.1 * i as f64).collect(), 5.0);
        let settings = Chaining { warmup: 300, draws: 40, seed: 4, threads: 1, ..Chaining::default() };
        let starts = initial_positions(&density, 4, 64).unwrap();
        let found = sample_chains(&density, &Nuts::new(density.level()), &settings, &starts, &Control::default()).unwrap();
        // All windows of the approach, and forty steps that tune the step size.
        assert!(found.warmup <= 190 + 40, "{}", found.warmup);
        for (column, i) in found.draws.columns().iter().zip(0..) {
            // The variance along all of them, 25, is shared by 150.
            let scale = (1.0 + 0.1 * f64::from(i)) * (1.0_f64 + 24.0 / 150.0).sqrt();
            let sd = (column.iter().map(|x| (x - 3.0) * (x - 3.0)).sum::<f64>() / column.len() as f64).sqrt();
            // 2560 draws, most of them independent: 1/√(2·1000) = 0.022.
            assert!((sd / scale - 1.0).abs() < 0.11, "{i}: {sd} instead of {scale}");
        }
    }

    #[test]
    fn a_population_that_does_not_arrive_is_forgotten() {
        // Ways of x and y with a bend that a straight metric cannot follow.
        let bounds = ["x", "y"].map(|name| Bound::new(name, f64::NEG_INFINITY, f64::INFINITY)).to_vec();
        let bent = FromFn::new(bounds, |p, gradient| {
            let apart = p[1] - p[0] * p[0];
            (gradient[0], gradient[1]) = (-0.02 * p[0] + 800.0 * apart * p[0], -400.0 * apart);
            -0.01 * p[0] * p[0] - 200.0 * apart * apart
        });
        let found = run(&bent, MetricKind::Auto);
        // Windows of 10, 10, 10, 10, 10, 20 and 40 steps, then 225 of the no-U-turn sampler and 75 of tuning.
        assert_eq!(found.warmup, 110 + 300);
        assert!(found.coordinates.metric.describe() == "dense" && found.complete);
    }

    #[test]
    fn a_low_rank_metric_spares_the_gradients_that_a_stretched_direction_costs() {
        let density = gaussian((0..80).map(|i| 1.0 + 0.1 * i as f64).collect(), 20.0);
        let [diagonal, low_rank] = [MetricKind::Diagonal, MetricKind::Auto].map(|metric| run(&density, metric));
        assert_eq!(low_rank.coordinates.metric.describe(), "rank-1");
        // How many independent draws the mean of a chain is worth, by the spread of those means, for each gradient.
        let efficiency = |found: &Chained| {
            let columns = found.draws.columns();
            let along = |draw: usize| columns.iter().zip(1..).map(|(x, i)| (x[draw] - 3.0) / f64::from(9 + i)).sum::<f64>();
            let along: Vec<f64> = (0..columns[0].len()).map(along).collect();
            let square = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
            let means: Vec<f64> = along.chunks(40).map(|chain| chain.iter().sum::<f64>() / 40.0).collect();
            square(&along) / square(&means) / found.gradients as f64
        };
        // A width of 20 among ones takes up to 20 times as many steps to cross; a trajectory ends before, where the others turn.
        let (low_rank, diagonal) = (efficiency(&low_rank), efficiency(&diagonal));
        assert!(low_rank > 5.0 * diagonal, "{low_rank} {diagonal}");
    }
}
