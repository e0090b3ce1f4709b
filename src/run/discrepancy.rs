//! The kernel Stein discrepancy of a run: of draws so far apart that they pass for independent, in coordinates without bounds.
//!
//! The Stein kernel has mean 0 over densities that vanish at the ends of their range; where they do not, those of the transformed
//! variables do.

use super::summary::{VariableSummary, gradients, most_tested, thinned};
use crate::density::{LogDensity, Transform};
use crate::diagnostics::{SteinDiscrepancy, stein_discrepancy};
use crate::sampler::{Draws, Population};

/// Draws that are compared, each with each.
const MOST: usize = 600;

pub(super) fn discrepancy(density: &dyn LogDensity, draws: &Draws, variables: &[VariableSummary]) -> Option<SteinDiscrepancy> {
    let transforms: Vec<Transform> = density.bounds().iter().map(Transform::of).collect();
    // A circle has no coordinates without ends, and a wall that is not moved away leaves a density that does not vanish.
    if transforms.iter().any(|transform| matches!(transform, Transform::Inside { .. } | Transform::Around { .. })) {
        return None;
    }
    // NaN, of a variable that stands still, must not be lost.
    let least = variables.iter().map(VariableSummary::weight).fold(f64::INFINITY, |least, ess| if ess >= least { least } else { ess });
    let population = thinned(draws, least);
    let step = population.chains().div_ceil(MOST.min(most_tested(density))).max(1);
    let columns = population.columns().iter().map(|column| column.iter().step_by(step).copied().collect()).collect();
    let population = Population::from_columns(columns);
    let slopes = gradients(density, &population);
    let mut positions = population.columns().to_vec();
    let mut scores = slopes;
    for ((transform, column), slopes) in transforms.iter().zip(&mut positions).zip(&mut scores) {
        for (x, slope) in column.iter_mut().zip(slopes) {
            let u = transform.coordinate(*x);
            (*x, *slope) = (u, *slope * transform.derivative(u) + transform.log_jacobian_slope(u));
        }
    }
    stein_discrepancy(&positions, &scores)
}
