//! How many chains a density can afford, and where they begin.

use super::settings::Sampling;
use crate::density::LogDensity;
use crate::error::Result;
use crate::math::LANES;
use crate::sampler::{Coordinates, Population, initial_positions};

/// Up to so many chains are few: each must be long.
pub(super) const FEW: usize = 32;
/// The fewest chains that an R-hat is worth.
pub(super) const FEWEST: usize = 4;
/// Rows that all chains together go through in an evaluation.
const ROWS: usize = 4096;

/// A chain that goes through rows of data costs as much as it has rows: a few chains then, and more draws of each.
pub(super) fn affordable_chains(density: &dyn LogDensity) -> usize {
    ROWS.checked_div(density.rows()).map_or(LANES, |chains| chains.clamp(FEWEST, LANES))
}

/// Where the chains begin: at the point that was given, or wherever a search finds them a place.
pub(super) fn starts(density: &dyn LogDensity, settings: &Sampling, chains: usize) -> Result<Population> {
    let Some(point) = settings.init.point(density.bounds())? else {
        return initial_positions(density, settings.seed, chains);
    };
    Ok(Population::from_columns(point.into_iter().map(|x| vec![x; chains]).collect()))
}

/// Chains that a look before the run has warmed up.
#[derive(Debug)]
pub(super) struct WarmedUp {
    /// Where they are.
    pub(super) starts: Population,
    /// The coordinates that were learned.
    pub(super) coordinates: Coordinates,
    /// Steps that each took, and gradients that all took.
    pub(super) steps: usize,
    pub(super) gradients: u64,
    /// Whether climbs from far away ended where they are.
    pub(super) looked: bool,
}
