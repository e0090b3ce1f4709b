//! The evidence for the draws, in a sentence.

use super::{Case, figure};
use crate::run::drawn::Method;
use crate::run::summary::{Fit, VariableSummary};

pub(super) fn because(case: &Case) -> String {
    let variables = &case.figures.variables;
    let compared = compared(&case.figures.fits, variables.len());
    let rhat = variables.iter().map(|variable| variable.rhat).fold(f64::NAN, f64::max);
    let rhat = figure(rhat, 3);
    let ess = variables.iter().map(|variable| variable.ess_bulk.min(variable.ess_tail)).fold(f64::INFINITY, f64::min);
    match (&case.drawn.method, compared) {
        (Method::Independent, compared) => {
            format!("independent draws by the exact law{}", compared.map_or(String::new(), |compared| format!("; {compared}")))
        }
        (Method::Population { .. }, Some(compared)) => compared,
        (Method::Population { .. }, None) => {
            let worst = variables.iter().flat_map(|variable| variable.stein).map(|test| test.z.abs()).fold(0.0, f64::max);
            let nested = |variable: &VariableSummary| variable.nested.map(|nested| nested.value);
            let rhat = variables.iter().filter_map(nested).fold(f64::NAN, f64::max);
            format!("no exact law to compare with; Stein identities: largest |z| = {worst:.1}; memory of the start: nested R-hat {rhat:.3}")
        }
        (Method::Chains(_), Some(compared)) => format!("{compared}; R-hat {rhat}"),
        (Method::Chains(figures), None) => {
            format!("largest R-hat {rhat}, smallest ESS {ess:.0}, {} divergences", figures.divergences)
        }
        (Method::Batches(figures), _) => format!(
            "largest R-hat {rhat}, smallest ESS {ess:.0}; unadjusted: sds off by {:.1} % at this step on a Gaussian; begun around one \
             place, so a mode {} would not be seen",
            100.0 * figures.sd_bias,
            if figures.replicas.is_some() { "that the hottest replicas do not reach" } else { "elsewhere" }
        ),
    }
}

/// What the comparison with the exact law came to; `dimension` is how many variables there are.
fn compared(fits: &[Fit], dimension: usize) -> Option<String> {
    let worst = fits.iter().filter(|fit| !fit.ks_p.is_nan()).min_by(|a, b| a.ks_p.total_cmp(&b.ks_p));
    match (fits.len(), worst) {
        (0, _) => None,
        (_, Some(fit)) if dimension == 1 => Some(format!("compared with the exact law: KS p = {}", probability(fit.ks_p))),
        (1, Some(fit)) => Some(format!("compared with the exact law of `{}`: KS p = {}", fit.name, probability(fit.ks_p))),
        (many, Some(fit)) => {
            Some(format!("compared with the exact laws of {many} variables: smallest KS p = {} (`{}`)", probability(fit.ks_p), fit.name))
        }
        (_, None) => {
            let z = fits.iter().map(|fit| fit.z_mean.abs()).fold(0.0, f64::max);
            Some(format!("compared with the exact means: largest |z| = {z:.1}"))
        }
    }
}

/// A p-value with two significant digits.
fn probability(p: f64) -> String {
    if p >= 0.01 {
        format!("{p:.2}")
    } else if p > 0.0 {
        format!("{p:.0e}")
    } else {
        "0".into()
    }
}
