//! The figures of a run: those of each variable, the comparison with its exact law, and how far off the draws are where there is none.

use super::discrepancy::discrepancy;
use super::drawn::{Drawn, Method};
use super::law::Law;
use super::question::Question;
use super::summary::{Fit, VariableSummary, fit, fit_marginal, fit_statistic, summaries, test_identities, thinned};
use super::twins;
use crate::diagnostics::SteinDiscrepancy;
use crate::quadrature::Marginal;
use crate::sampler::Population;

pub(super) struct Figures {
    pub(super) variables: Vec<VariableSummary>,
    /// The comparison with the exact law, of each variable whose law is known.
    pub(super) fits: Vec<Fit>,
    /// The kernel Stein discrepancy, where there is no exact law.
    pub(super) discrepancy: Option<SteinDiscrepancy>,
}

impl Figures {
    pub(super) fn of(question: &Question, law: &Law, drawn: &mut Drawn) -> Figures {
        let Question { density, settings, .. } = *question;
        let draws = &drawn.draws;
        let known = drawn.known.take();
        let mut variables = known.unwrap_or_else(|| summaries(density.bounds(), draws, drawn.starts.as_ref(), settings.threads));
        // With batches a gradient over all rows is what is too dear.
        if !matches!(drawn.method, Method::Batches(_)) {
            test_identities(density, draws, &mut variables);
        }
        let ess = variables.iter().map(VariableSummary::weight).fold(f64::INFINITY, f64::min);
        let independent = thinned(draws, ess);
        let mut fits = fits(law, &variables, &independent);
        if let (None, Some(joint), false) = (&law.reference, law.joint(), matches!(drawn.method, Method::Independent)) {
            twins::compare(question, joint, &independent, &mut fits);
        }
        let is_asked = law.reference.is_none() && settings.batch.is_none();
        let discrepancy = if is_asked { discrepancy(density, draws, &variables) } else { None };
        Figures { variables, fits, discrepancy }
    }
}

/// The draws of each variable against its exact law, as far as that is known.
fn fits(law: &Law, variables: &[VariableSummary], draws: &Population) -> Vec<Fit> {
    if let Some(reference) = &law.reference {
        return vec![fit(&variables[0], reference, draws.column(0))];
    }
    let laws = law.evidence.as_ref().map_or(&[][..], |evidence| &evidence.marginals);
    let fit = |(index, (variable, law)): (usize, (&VariableSummary, &Marginal))| fit_marginal(variable, law, draws.column(index));
    let mut fits: Vec<Fit> = variables.iter().zip(laws).enumerate().filter_map(fit).collect();
    let statistics = law.evidence.iter().flat_map(|evidence| &evidence.statistics);
    fits.extend(statistics.map(|statistic| fit_statistic(statistic, draws)));
    fits
}
