//! The kernel Stein discrepancy of a run: of draws so far apart that they pass for independent, in coordinates without bounds.
//!
//! The Stein kernel has mean 0 over densities that vanish at the ends of their range; where they do not, those of the transformed
//! variables do.

use super::chained::thinned;
use super::sample::Run;
use super::summary::{VariableSummary, gradients, most_tested};
use super::verdict::{Verdict, Warning};
use crate::density::{LogDensity, Transform};
use crate::diagnostics::{SteinDiscrepancy, stein_discrepancy};
use crate::sampler::{Draws, Population};

/// Draws that are compared, each with each.
const MOST: usize = 600;
/// p-values below this fail a run. Draws pass for independent only nearly, so one in ten thousand rather than one in a thousand.
const LEVEL: f64 = 1e-4;

/// Adds the discrepancy to a run without an exact law to compare with.
pub(super) fn compare(density: &dyn LogDensity, run: &mut Run) {
    run.discrepancy = discrepancy(density, &run.draws, &run.variables);
    if let Some(found) = run.discrepancy.filter(|found| found.p_value < LEVEL) {
        let mut warnings = std::mem::take(&mut run.verdict.warnings);
        warnings.push(Warning::Discrepancy { z: found.z, p_value: found.p_value });
        run.verdict = Verdict::new(warnings, std::mem::take(&mut run.verdict.because));
    }
}

fn discrepancy(density: &dyn LogDensity, draws: &Draws, variables: &[VariableSummary]) -> Option<SteinDiscrepancy> {
    let transforms: Vec<Transform> = density.bounds().iter().map(Transform::of).collect();
    // A circle has no coordinates without ends, and a wall that is not moved away leaves a density that does not vanish.
    if transforms.iter().any(|transform| matches!(transform, Transform::Inside { .. } | Transform::Around { .. })) {
        return None;
    }
    let population = if draws.draws() > 1 {
        // NaN, of a variable that stands still, must not be lost.
        let least = variables.iter().map(VariableSummary::weight).fold(f64::INFINITY, |least, ess| if ess >= least { least } else { ess });
        thinned(draws, least)
    } else {
        draws.pooled()
    };
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
