//! Draws against the exact law of each variable, where it is known.

use super::{Case, Warning, Weight, percent};
use crate::diagnostics::largest_of;
use crate::math::log;
use crate::run::summary::{BasinSummary, Fit, TAIL, VariableSummary};

/// p-values below this fail a run: one in a thousand correct runs.
const FIT_LEVEL: f64 = 1e-3;
/// z-scores beyond this fail a run: for twenty tests, one in five hundred correct runs.
const Z_LEVEL: f64 = 4.0;
/// Relative errors of a reference below this make no difference to a comparison with a million draws, whose distance is 1e-3 by chance.
const REFERENCE_SERVES: f64 = 1e-4;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let (drawn, figures) = (case.drawn, case.figures);
    judge_fits(&figures.fits, warnings);
    if case.sampler.is_exact() {
        judge_means(&figures.fits, &figures.variables, drawn.draws.chains() * drawn.draws.draws(), warnings);
    }
    if let Some(law) = case.law.reference.as_ref().filter(|law| !law.integral.converged) {
        warnings.push(reference(law.law_error));
    }
    warnings.extend(case.law.unknown.as_ref().map(|reason| no_reference(reason)));
}

/// Draws that do not fit the exact law, as a whole or by the mass of a basin.
fn judge_fits(fits: &[Fit], warnings: &mut Vec<Warning>) {
    for found in fits {
        // Of several variables as many chances to fail by chance.
        let is_far_off = found.ks_p < FIT_LEVEL / fits.len() as f64;
        if is_far_off {
            warnings.push(fit(found));
        }
        if found.ks.is_nan() && found.z_mean.abs() > Z_LEVEL {
            warnings.push(moments(&found.name, found.z_mean));
        }
        // That none of n draws is where λ of them should be has the probability e^−λ. Where all of the draws are off, so are their ends.
        let allowed = log(2.0 * fits.len() as f64 / FIT_LEVEL);
        let ends = found.extremes.into_iter().zip([false, true]).filter(|((_, expected), _)| *expected > allowed);
        if let Some(((farthest, expected), is_upper)) = ends.max_by(|a, b| a.0.1.total_cmp(&b.0.1)).filter(|_| !is_far_off) {
            warnings.push(tail_cut(&found.name, farthest, is_upper, expected));
        }
        if let Some((share, is_upper)) = worst_tail(found, fits.len()).filter(|_| !is_far_off) {
            warnings.push(tail_mass(&found.name, share, is_upper));
        }
        // Of many basins some are far off by chance, and of a light one few draws are many errors: by Chernoff's bound a share of n
        // draws is as far from its probability with at most the probability 2·exp(−n·KL).
        let unlikely = log(2.0 * found.basins.len() as f64 / FIT_LEVEL);
        let worst = found.basins.iter().max_by(|a, b| a.surprise.total_cmp(&b.surprise));
        if let Some(worst) = worst.filter(|worst| worst.surprise > unlikely) {
            warnings.push(basin_mass(&found.name, worst));
        }
    }
}

/// The share of the draws in a tail, and which, if chance does not bring it: by Chernoff's bound a share of n draws is as far from its
/// probability with at most the probability 2·exp(−n·KL).
fn worst_tail(found: &Fit, fits: usize) -> Option<(f64, bool)> {
    let unlikely = log(4.0 * fits as f64 / FIT_LEVEL);
    let term = |found: f64, exact: f64| if found > 0.0 { found * log(found / exact) } else { 0.0 };
    let surprise = |share: f64| found.weight * (term(share, TAIL) + term(1.0 - share, 1.0 - TAIL));
    let tails = found.tails.into_iter().zip([false, true]).filter(|(share, _)| share.is_finite() && surprise(*share) > unlikely);
    tails.max_by(|a, b| surprise(a.0).total_cmp(&surprise(b.0)))
}

/// Means that are farther from the exact ones than their own errors know, `draws` of them: tails that are missed move a mean before they
/// move the Kolmogorov-Smirnov distance. For samplers without a bias. No draw counts for more than one: of short chains whose draws balance
/// each other the effective sample size comes out too large.
fn judge_means(fits: &[Fit], variables: &[VariableSummary], draws: usize, warnings: &mut Vec<Warning>) {
    for fit in fits.iter().filter(|fit| !fit.ks.is_nan()) {
        // Of a tail that few draws reach, the draws' own spread is too small and the exact one is not.
        let spread = |variable: &VariableSummary| fit.sd.filter(|sd| sd.is_finite()).map_or(variable.sd, |sd| sd.max(variable.sd));
        let least = |variable: &VariableSummary| variable.mcse_mean / variable.mcse_mean.max(spread(variable) / (draws as f64).sqrt());
        let z = fit.z_mean * variables.iter().find(|variable| variable.bound.name == fit.name).map_or(1.0, least);
        if z.abs() > largest_of(fits.len()) {
            warnings.push(moments(&fit.name, z));
        }
    }
}

/// What to do about draws that are not yet those of the density.
const LONGER: &str = "a population needs more --steps or a smaller --final-step-size, chains more --warmup and --draws";

/// The draws fail the Kolmogorov–Smirnov test against the exact law.
fn fit(found: &Fit) -> Warning {
    let Fit { name, ks, ks_p, .. } = found;
    let text = format!("the draws of `{name}` do not fit the exact law: KS distance {ks:.4}, p = {ks_p:.0e}");
    Warning::new("fit", Weight::Failure, text).advise(LONGER)
}

/// The mean of the draws is not the exact one, by so many of its own standard errors.
fn moments(variable: &str, z: f64) -> Warning {
    let text = format!("the mean of `{variable}` is {z:+.1} Monte Carlo standard errors from the exact one");
    Warning::new("moments", Weight::Failure, text).advise(LONGER)
}

/// A tail of the exact law from which too many draws are missing: none is beyond `farthest`.
fn tail_cut(variable: &str, farthest: f64, is_upper: bool, expected: f64) -> Warning {
    let side = if is_upper { "above" } else { "below" };
    let text = format!(
        "a tail is cut short: no draw of `{variable}` is {side} {farthest:.5}, where {expected:.0} of as many independent ones should be"
    );
    Warning::new("tail_cut", Weight::Failure, text)
        .advise(format!("sample a variable with a lighter tail (such as `{variable} = sinh(u)`), or in one variable use --sampler exact"))
}

/// A tail of the exact law holds the wrong share of the draws.
fn tail_mass(variable: &str, share: f64, is_upper: bool) -> Warning {
    let side = if is_upper { "highest" } else { "lowest" };
    let text = format!("the {side} {} of the exact law of `{variable}` hold {} of the draws", percent(TAIL), percent(share));
    Warning::new("tail_mass", Weight::Failure, text).advise(LONGER)
}

/// A basin of the density holds the wrong share of the draws.
fn basin_mass(variable: &str, basin: &BasinSummary) -> Warning {
    let BasinSummary { low, high, exact, found, .. } = basin;
    let text = format!("not mixed: {variable} in [{low:.4}, {high:.4}] holds {found:.4} of the draws instead of {exact:.4}");
    Warning::new("basin_mass", Weight::Failure, text).advise("raise --steps, or begin apart with --init uniform")
}

/// The quadrature did not reach its tolerance.
fn reference(relative_error: f64) -> Warning {
    let text = format!("the quadrature reached a relative error of {relative_error:.1e} only; the comparison with it is as good as that");
    let weight = if relative_error < REFERENCE_SERVES { Weight::Note } else { Weight::Doubt };
    Warning::new("reference", weight, text)
}

/// There is no reference for the density.
fn no_reference(reason: &str) -> Warning {
    Warning::new("no_reference", Weight::Note, format!("no exact reference: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_that_is_off_is_no_fit_whatever_the_distance_says() {
        let warnings = |z_mean: f64| {
            let fit = Fit {
                name: "x".into(),
                mean: Some(0.0),
                sd: Some(1.0),
                quantiles: [0.0; 5],
                z_mean,
                ks: 0.01,
                ks_p: 0.5,
                wasserstein1: 0.01,
                extremes: [(f64::NAN, f64::NAN); 2],
                tails: [TAIL; 2],
                weight: 100.0,
                basins: Vec::new(),
            };
            let mut warnings = Vec::new();
            judge_means(&[fit], &[], 100, &mut warnings);
            warnings.len()
        };
        // Of one variable the largest is 4.
        assert_eq!([-4.2, 3.8, f64::NAN].map(warnings), [1, 0, 0]);
    }
}
