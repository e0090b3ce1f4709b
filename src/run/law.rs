//! What quadrature knows of a density.

use super::question::Question;
use crate::density::{Bound, LogDensity, Model};
use crate::error::{Error, ErrorKind, Result};
use crate::quadrature::{CERTIFY, Evidence, Joint, Reference, Tolerance, certified, evidence_at_a_glance, reference};

/// The laws of the variables, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Law {
    /// Of one variable: Z, density, distribution function.
    pub(super) reference: Option<Reference>,
    /// Of several: Z and marginals.
    pub(super) evidence: Option<Evidence>,
    /// Why there is neither.
    pub(super) unknown: Option<String>,
}

/// What a run spends on the law of one variable at most; waves to infinity would take more.
const OF_A_RUN: Tolerance = Tolerance { relative: 1e-10, evaluations: 200_000 };
/// Variables up to which a run asks quadrature for their laws.
const SEVERAL: usize = 128;

impl Law {
    /// The recipe for draws of several variables, if there is one.
    pub(super) fn joint(&self) -> Option<&Joint> {
        self.evidence.as_ref().and_then(|evidence| evidence.joint.as_ref())
    }

    /// The probability that a draw of a variable lies so close to an end of its range that a double cannot tell it from that; 0 where it is
    /// not known.
    pub(super) fn rounded_to_ends(&self, variable: usize, bound: &Bound) -> f64 {
        let marginal = self.evidence.as_ref().map(|evidence| &evidence.marginals[variable]);
        let up_to = |x: f64| match (&self.reference, marginal) {
            (Some(reference), _) => Some(reference.cdf(x)),
            (None, Some(law)) => law.cdf(&[x]).map(|cdf| cdf[0]),
            _ => None,
        };
        let lower = up_to(bound.low.next_up()).filter(|_| bound.low.is_finite()).unwrap_or(0.0);
        let upper = up_to(bound.high.next_down()).filter(|_| bound.high.is_finite()).map_or(0.0, |cdf| 1.0 - cdf);
        lower + upper
    }

    /// What can be had for little.
    ///
    /// # Errors
    /// A proper reason not to make the run: kinds `infinite_Z`, `zero_density`, `domain`.
    pub(super) fn of(question: &Question) -> Result<Law> {
        let line = |found: Result<Reference>| found.map(|reference| Law { reference: Some(reference), ..Law::default() });
        let found = match question.model {
            Some(model) if model.dimension() == 1 => line(certified(model, OF_A_RUN, CERTIFY)),
            Some(model) => of_several(model).map(|evidence| Law { evidence: Some(evidence), ..Law::default() }),
            None => line(reference(question.density, Tolerance::default())),
        };
        match found {
            Err(error) if error.kind == ErrorKind::Unsupported => Ok(Law { unknown: Some(error.message), ..Law::default() }),
            found => found,
        }
    }
}

fn of_several(model: &Model) -> Result<Evidence> {
    let unsupported = |reason: String| Error::new(ErrorKind::Unsupported, reason);
    if model.rows() > 0 || model.dimension() > SEVERAL {
        let reason = if model.rows() > 0 { "sums over rows of data" } else { "so many variables" };
        return Err(unsupported(format!("quadrature does not serve {reason}")));
    }
    evidence_at_a_glance(model).map_err(|error| match error.kind {
        ErrorKind::InfiniteZ | ErrorKind::NotIntegrated | ErrorKind::Unsupported => error,
        // A search that found nothing; chains search better.
        _ => unsupported(format!("quadrature found none ({})", error.message)),
    })
}

/// The interval that pictures of one variable show.
pub fn view(low: f64, high: f64, reference: &Reference) -> (f64, f64) {
    let (from, to) = reference.effective_range(5e-4);
    let margin = 0.05 * (to - from);
    let finite = low.is_finite() && high.is_finite() && high - low < 3.0 * (to - from);
    if finite { (low, high) } else { ((from - margin).max(low), (to + margin).min(high)) }
}
