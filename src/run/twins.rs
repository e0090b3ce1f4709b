//! Draws against exact ones, where the structure of the density gives a recipe for these: variables of which the law is not known otherwise,
//! and log p itself, which a wrong joint law does not leave as it is where each variable by itself does.

use super::question::Question;
use super::summary::Fit;
use crate::density::{Evaluate, LogDensity};
use crate::diagnostics::sorted;
use crate::math::Lanes;
use crate::quadrature::Joint;
use crate::random::Stage;
use crate::sampler::Population;

/// Exact draws: twice as many as a population has, so that theirs is the smaller part of the error.
const DRAWS: usize = 8192;
/// The share of proposals that a rejection must keep, else exact draws cost more than the run.
const KEPT: f64 = 0.1;

/// Adds what `draws` that pass for independent look like beside exact ones: a fit for log p, and in place of those of `fits` that know moments
/// alone.
pub(super) fn compare(question: &Question, joint: &Joint, draws: &Population, fits: &mut Vec<Fit>) {
    let Question { density, settings, .. } = *question;
    if joint.acceptance().0 < KEPT {
        return;
    }
    let exact = joint.draws(DRAWS, Stage::Twins.of(settings.seed));
    // A rejection that kept too few ends in NaN.
    if exact.columns().iter().flatten().any(|x| x.is_nan()) {
        return;
    }
    for (variable, bound) in density.bounds().iter().enumerate() {
        let known = fits.iter_mut().find(|fit| fit.name == bound.name);
        if known.as_ref().is_some_and(|fit| !fit.ks.is_nan()) {
            continue;
        }
        let found = Fit::of_draws(&bound.name, &sorted(draws.column(variable)), &sorted(exact.column(variable)));
        match known {
            Some(fit) => *fit = Fit { mean: fit.mean, sd: fit.sd, z_mean: fit.z_mean, ..found },
            None => fits.push(found),
        }
    }
    let heights = |population: &Population| sorted(&log_densities(density, population));
    fits.push(Fit::of_draws("log density", &heights(draws), &heights(&exact)));
}

fn log_densities(density: &dyn LogDensity, population: &Population) -> Vec<f64> {
    let mut evaluate: Box<dyn Evaluate + '_> = density.evaluator();
    let mut found = Vec::with_capacity(population.chains());
    for block in 0..population.blocks() {
        let mut value = Lanes::default();
        evaluate.log_density(&population.block(block), &mut value);
        found.extend_from_slice(&value[..population.chains_of(block)]);
    }
    found
}
