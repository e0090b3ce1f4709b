//! Where the chains begin.

use super::draws::Population;
use crate::density::{Bound, LogDensity};
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose};

/// Where one variable's chains begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// All at one point.
    Point(f64),
    /// Spread evenly over an interval.
    Uniform {
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// Normally distributed; folded into the bounds.
    Normal {
        /// Centre.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
}

impl Start {
    /// Whether the chains begin apart, so that forgetting the start can be seen.
    pub fn is_dispersed(self) -> bool {
        !matches!(self, Start::Point(_))
    }
}

/// How often a start where the density is zero or undefined is drawn again.
const TRIES: usize = 200;

/// The first positions of block number `block`, `[variable][lane]`: where the density is positive, if that can be found.
fn positions(starts: &[Start], density: &dyn LogDensity, seed: u64, block: u64) -> Vec<Lanes> {
    let mut rng = BlockRng::new(seed, block, Purpose::Initial);
    let mut evaluate = density.evaluator();
    let mut value = Lanes::default();
    let mut positions = draw(starts, density.bounds(), &mut rng);
    for _ in 0..TRIES {
        evaluate.log_density(&positions, &mut value);
        let idle: Vec<usize> = (0..LANES).filter(|&lane| value[lane].is_nan() || value[lane] == f64::NEG_INFINITY).collect();
        if idle.is_empty() {
            break;
        }
        let again = draw(starts, density.bounds(), &mut rng);
        for (row, fresh) in positions.iter_mut().zip(&again) {
            for &lane in &idle {
                row[lane] = fresh[lane];
            }
        }
    }
    positions
}

fn draw(starts: &[Start], bounds: &[Bound], rng: &mut BlockRng) -> Vec<Lanes> {
    let mut positions = Vec::with_capacity(starts.len());
    for (start, bound) in starts.iter().zip(bounds) {
        let mut row = Lanes::default();
        match *start {
            Start::Point(point) => row = Lanes::splat(point),
            Start::Uniform { low, high } => {
                rng.fill_uniform(&mut row);
                row.iter_mut().for_each(|x| *x = low + (high - low) * *x);
            }
            Start::Normal { mean, sd } => {
                rng.fill_normal(&mut row);
                row.iter_mut().for_each(|x| *x = mean + sd * *x);
            }
        }
        for x in row.iter_mut() {
            *x = crate::density::Boundary::Reflect.apply(*x, *x, bound.low, bound.high);
        }
        positions.push(row);
    }
    positions
}

/// The first positions of a whole population.
pub fn population(starts: &[Start], density: &dyn LogDensity, seed: u64, chains: usize) -> Population {
    let mut population = Population::new(density.dimension(), chains);
    for block in 0..population.blocks() {
        population.store(block, &positions(starts, density, seed, block as u64));
    }
    population
}
