//! Identities that draws of the density obey. They are asked where there is no exact law, whose tests are sharper.

use super::{Case, Warning, Weight};
use crate::density::Model;
use crate::diagnostics::{SteinDiscrepancy, largest_of};
use crate::run::drawn::Method;

/// p-values of the discrepancy below this fail a run. Draws pass for independent only nearly, so one in ten thousand rather than one in a
/// thousand.
const LEVEL: f64 = 1e-4;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    // The identities are integrals by parts: a jump adds a term that no gradient has.
    let jumps = case.question.model.is_some_and(Model::is_seen_to_jump);
    let is_compared = matches!(case.drawn.method, Method::Independent) && !case.figures.fits.is_empty();
    if case.law.reference.is_some() || is_compared || jumps {
        return;
    }
    let variables = &case.figures.variables;
    let tests = variables.iter().flat_map(|variable| variable.stein.iter().map(move |test| (variable, test.z)));
    let worst = tests.clone().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    if let Some((variable, z)) = worst.filter(|(_, z)| z.abs() > largest_of(tests.count())) {
        warnings.push(stein(&variable.bound.name, z));
    }
    if let Some(found) = case.figures.discrepancy.filter(|found| found.p_value < LEVEL) {
        warnings.push(discrepancy(found));
    }
}

/// An identity that draws of the density obey does not hold, by so many standard errors.
fn stein(variable: &str, z: f64) -> Warning {
    let text = format!("the draws of `{variable}` break an identity of the density (Stein, z = {z:.1})");
    Warning::new("stein", Weight::Failure, text)
        .advise("a population needs more --steps or a smaller --final-step-size, chains more --warmup and --draws")
}

/// The kernel Stein discrepancy of the draws is larger than that of draws of the density.
fn discrepancy(found: SteinDiscrepancy) -> Warning {
    let SteinDiscrepancy { z, p_value, .. } = found;
    let text = format!(
        "the draws do not follow the density: kernel Stein discrepancy {z:.0} standard deviations above that of exact draws, p = {p_value:.0e}"
    );
    Warning::new("stein_discrepancy", Weight::Failure, text)
        .advise("lower --final-step-size, raise --steps or --draws, or try --sampler nuts")
}
