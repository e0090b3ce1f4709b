//! Where chains begin if nobody says: a bounded search for places with a finite log density and gradient.

use super::coordinates::{Coordinates, InCoordinates};
use super::draws::Population;
use crate::density::{LogDensity, Transform};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, Purpose};

/// Rounds of the search; each tries one place a chain.
const ROUNDS: usize = 240;

/// One position a chain, `[variable][chain]`: unconstrained variables uniform in (−2, 2) as Stan's are, every fourth chain in (−10, 10),
/// so that chains begin further apart than most densities are wide; where nothing is found, on other scales. A chain without a place of
/// its own takes that of another.
///
/// # Errors
/// Kind `zero_density` if no place has a finite log density.
pub fn initial_positions(density: &dyn LogDensity, seed: u64, chains: usize) -> Result<Population> {
    let coordinates = Coordinates::new(density.bounds(), density.level());
    let dimension = density.dimension();
    let mut population = Population::new(dimension, chains);
    let mut inner = density.evaluator();
    let mut scratch = vec![Lanes::default(); 2 * dimension];
    let mut trial = vec![Lanes::default(); dimension];
    let (mut gradient, mut value, mut scale) = (trial.clone(), Lanes::default(), Lanes::default());
    for block in 0..population.blocks() {
        let active = LANES.min(chains - block * LANES);
        let mut rng = BlockRng::new(seed, block as u64, Purpose::Initial);
        let mut found = trial.clone();
        let mut is_found = [false; LANES];
        inner.ask_for(active);
        for round in 0..ROUNDS {
            // 2, then wider and narrower in turn.
            let widen = [1.0, 1.0, 5.0, 0.2, 25.0, 0.04, 1000.0, 0.001][round % 8];
            for (lane, scale) in scale.iter_mut().enumerate() {
                *scale = widen * if round < 2 && lane % 4 == 3 { 10.0 } else { 2.0 };
            }
            for (row, transform) in trial.iter_mut().zip(&coordinates.transforms) {
                rng.fill_uniform(row);
                for (u, scale) in row.iter_mut().zip(scale.iter()) {
                    *u = match *transform {
                        Transform::Inside { low, high } | Transform::Around { low, high } if (high - low).is_finite() => {
                            low + (high - low) * *u
                        }
                        Transform::Inside { low, .. } if low.is_finite() => low + scale * *u,
                        Transform::Inside { high, .. } => high - scale * *u,
                        _ => scale * (2.0 * *u - 1.0),
                    };
                }
            }
            let mut evaluate = InCoordinates { inner: &mut *inner, coordinates: &coordinates, scratch: &mut scratch, active };
            crate::density::Evaluate::log_density_and_gradient(&mut evaluate, &trial, &mut value, &mut gradient);
            for lane in 0..active {
                if !is_found[lane] && value[lane].is_finite() && gradient.iter().all(|row| row[lane].is_finite()) {
                    is_found[lane] = true;
                    found.iter_mut().zip(&trial).for_each(|(to, from)| to[lane] = from[lane]);
                }
            }
            if is_found[..active].iter().all(|found| *found) {
                break;
            }
        }
        let Some(first) = is_found[..active].iter().position(|found| *found) else {
            return Err(Error::new(
                ErrorKind::NoMass,
                format!("no place to begin: the log density or its gradient is not finite at {} places", ROUNDS * active),
            )
            .hint("begin where the density is positive with --init, or narrow --range; `langevin check` says where it is zero"));
        };
        for lane in (0..LANES).filter(|lane| !is_found[*lane]) {
            found.iter_mut().for_each(|row| row[lane] = row[first]);
        }
        coordinates.constrain(&mut found);
        population.store(block, &found);
    }
    Ok(population)
}
