//! Where the chains begin.

use super::draws::Population;
use crate::density::Bound;
use crate::math::Lanes;
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

/// The first positions of block number `block`, `[variable][lane]`.
pub(super) fn positions(starts: &[Start], bounds: &[Bound], seed: u64, block: u64) -> Vec<Lanes> {
    let mut rng = BlockRng::new(seed, block, Purpose::Initial);
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
pub fn population(starts: &[Start], bounds: &[Bound], seed: u64, chains: usize) -> Population {
    let mut population = Population::new(bounds.len(), chains);
    for block in 0..population.blocks() {
        population.store(block, &positions(starts, bounds, seed, block as u64));
    }
    population
}
