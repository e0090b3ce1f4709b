//! How many chains a density can afford, and where they begin: where its mass is, as climbs and the normal laws along them find it.

use super::modes::are_separate;
use super::samplers::Sampler;
use super::settings::{Init, Sampling};
use crate::density::{LogDensity, Model};
use crate::error::Result;
use crate::math::LANES;
use crate::random::Stage;
use crate::sampler::{Coordinates, MetricKind, NearlyNormal, Paths, Population, initial_positions, nearly_normal, pathfinder};

/// Up to so many chains are few: each must be long.
pub(super) const FEW: usize = 32;
/// The fewest chains that an R-hat is worth.
pub(super) const FEWEST: usize = 4;
/// Rows that all chains together go through in an evaluation.
const ROWS: usize = 4096;
/// Operations that all chains together take for a step, a tenth of a millisecond; one on a variable that the sampler makes itself counts too.
const OPERATIONS: usize = 500_000;
const OF_A_VARIABLE: usize = 20;
/// Up to so many rows there are as many chains as learn together: few chains learn alone, over more gradients than many take in all.
const MANY_ROWS: usize = 2048;
const TOGETHER: usize = 64;

/// A chain that goes through rows of data costs as much as it has rows, one of a long formula or many variables as much as it has operations:
/// fewer chains then, and more draws of each.
pub(super) fn affordable_chains(density: &dyn LogDensity) -> usize {
    let operations = density.operations() + OF_A_VARIABLE * density.dimension();
    // A vector of lanes is taken whole.
    let by_operations = (OPERATIONS / operations.max(1) / FEW * FEW).clamp(TOGETHER, LANES);
    let fewest = if density.rows() <= MANY_ROWS { TOGETHER } else { FEWEST };
    ROWS.checked_div(density.rows()).map_or(LANES, |chains| chains.clamp(fewest, LANES)).min(by_operations)
}

/// Where the chains begin: at the point that was given, or wherever a search finds them a place.
pub(super) fn starts(density: &dyn LogDensity, settings: &Sampling, chains: usize) -> Result<Population> {
    let Some(point) = settings.init.point(density.bounds())? else {
        return initial_positions(density, settings.seed, chains);
    };
    Ok(Population::from_columns(point.into_iter().map(|x| vec![x; chains]).collect()))
}

/// What draws of the normal are worth as draws of the density (see [`NearlyNormal::efficiency`]) where the step size alone is left to tune,
/// and where proposals from it beat gradients.
const ALIKE: f64 = 0.5;
const THE_SAME: f64 = 0.8;

/// Where chains begin, and what is known of the density there.
#[derive(Debug, Clone)]
pub(super) struct Beginning {
    /// One position a chain.
    pub(super) starts: Population,
    /// Coordinates in which the density is roughly a unit Gaussian.
    pub(super) coordinates: Coordinates,
    /// Gradients that it took to know.
    pub(super) gradients: u64,
    /// Whether the starts follow the density so well that the step size alone is left to tune.
    pub(super) settled: bool,
    /// Whether proposals from the normal law of the coordinates beat gradients.
    pub(super) nearly_normal: bool,
    /// Whether climbs ended at one mode whose normal law has a share in the density.
    pub(super) has_mode: bool,
    /// Whether climbs ended at modes with valleys between them.
    pub(super) separate: bool,
}

/// The beginning of `chains` chains of `sampler`; `None` where the settings say it or no climb found one.
///
/// # Errors
/// Kind `zero_density` if no place has a finite log density.
pub(super) fn beginning(density: &dyn LogDensity, sampler: Sampler, chains: usize, settings: &Sampling) -> Result<Option<Beginning>> {
    let is_told = settings.init != Init::Auto || settings.metric == MetricKind::Identity || settings.batch.is_some();
    if is_told || !sampler.is_chained() || sampler == Sampler::Tempering || density.dimension() < 2 {
        return Ok(None);
    }
    let Some(Paths { starts, ends, coordinates, gradients }) = pathfinder(density, Stage::Look.of(settings.seed), chains)? else {
        return Ok(None);
    };
    let looked_at = if density.rows() > 0 { ends.clone() } else { both(&ends, &starts) };
    if are_separate(density, &coordinates, &looked_at) {
        return Ok(Some(Beginning {
            starts,
            coordinates,
            gradients,
            settled: false,
            nearly_normal: false,
            has_mode: false,
            separate: true,
        }));
    }
    let is_open = settings.metric == MetricKind::Auto && settings.step_size.is_none() && settings.warmup.is_none();
    let Some(found) = nearly_normal(density, &ends, chains, settings.seed).filter(|_| is_open) else {
        return Ok(Some(Beginning {
            starts,
            coordinates,
            gradients,
            settled: false,
            nearly_normal: false,
            has_mode: false,
            separate: false,
        }));
    };
    let gradients = gradients + found.gradients;
    let NearlyNormal { starts: normal, coordinates, efficiency, .. } = found;
    let (nearly_normal, settled) = (efficiency > THE_SAME, efficiency > ALIKE || chains < FEW);
    Ok(Some(Beginning {
        starts: if settled { normal } else { starts },
        coordinates,
        gradients,
        settled,
        nearly_normal,
        has_mode: true,
        separate: false,
    }))
}

/// Whether chains of `auto` had better sample the hierarchies of `model` non-centred. The density of a centred one rises without end where
/// the scale goes to 0, which draws climbs and keeps chains; one with a mode that a normal law describes, however roughly, shows nothing of that.
pub fn prefers_noncentered(model: &Model, settings: &Sampling) -> bool {
    let is_open = settings.sampler == Sampler::Auto && settings.init == Init::Auto && settings.batch.is_none();
    // A target or a picture may name what another variable would stand for.
    let names_variables = !settings.until.is_empty() || settings.frames > 0;
    if !is_open || names_variables || !model.replaced().is_empty() || model.hierarchies().is_empty() {
        return false;
    }
    let chains = settings.chains.unwrap_or_else(|| affordable_chains(model));
    // A density that is zero everywhere is for the run to refuse.
    beginning(model, Sampler::Mams, chains, settings).is_ok_and(|found| found.is_none_or(|found| !found.has_mode))
}

/// The places of one population and then of another.
fn both(first: &Population, second: &Population) -> Population {
    let columns = first.columns().iter().zip(second.columns());
    Population::from_columns(columns.map(|(first, second)| [first.as_slice(), second].concat()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;
    use crate::density::{Meaning, Model};

    fn found(formula: &str) -> bool {
        let model = Model::new(formula, Meaning::LogDensity, &[]).expect("a model");
        let settings = Sampling { seed: 3, ..Sampling::default() };
        beginning(&model, Sampler::Mams, LANES, &settings).expect("a start").expect("paths").separate
    }

    #[test]
    fn far_modes_are_separate_and_near_ones_and_bent_ridges_are_not() {
        assert!(found("logsumexp(-((x-8)^2 + y^2)/2, -((x+8)^2 + y^2)/2)"));
        assert!(found("logsumexp(-(x-6)^2/2 - y^2/2, log(0.3) - 2*(x+6)^2 - 2*(y-1)^2)"));
        assert!(!found("logsumexp(-((x-1.5)^2 + y^2)/2, -((x+1.5)^2 + y^2)/2)"));
        assert!(!found("-x^2 - (y - x^2)^2"));
        assert!(!found("-50*(hypot(x, y) - 3)^2"));
    }

    #[test]
    fn slow_climbs_along_ridges_of_errors_in_x_are_no_separate_modes() {
        let mut data = Data::default();
        let table = include_bytes!("../../benches/models/errors_in_x.csv");
        data.read("errors_in_x.csv", None, &table[..], None).expect("a table");
        let formula = include_str!("../../benches/models/errors_in_x.lgv").parse().expect("a formula");
        let model = Model::with_data(formula, None, &[], &data).expect("a model").noncentered(&data).expect("a hierarchy");
        let settings = Sampling { seed: 1, ..Sampling::default() };
        assert!(!beginning(&model, Sampler::Mams, affordable_chains(&model), &settings).expect("a start").expect("paths").separate);
    }
}
