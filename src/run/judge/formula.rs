//! What only the formula can say: a support that is smaller than the range, a scale that makes a funnel, jumps, places without a
//! value.

use super::{Case, Warning, Weight};
use crate::density::LogDensity;
use crate::proof::inferred;
use crate::quadrature::visible_parts;

/// What a neck that chains do not enter leaves behind.
const OF_A_FUNNEL: [&str; 9] =
    ["divergences", "energy_fraction", "few_effective", "frozen", "missed_mode", "remembers_start", "rhat", "stein", "truncated_drift"];

/// What a run says of the model beside what `check` does.
const ODDITIES: [&str; 3] = ["dropped_rows", "looks_like_a_call", "unused_parameter"];

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let Some(model) = case.question.model else { return };
    let told = model.oddities().into_iter().filter(|(kind, _)| ODDITIES.contains(kind));
    warnings.extend(told.map(|(kind, message)| Warning::new(kind, Weight::Note, message)));
    warnings.extend(inferred(model).into_iter().map(|found| support(&found.to_string())));
    warnings.extend(model.replaced().iter().map(|(standard, parameter)| noncentered(parameter, standard)));
    if warnings.iter().any(|warning| OF_A_FUNNEL.contains(&warning.kind()))
        && let Some(hierarchy) = model.hierarchies().into_iter().next()
    {
        warnings.push(centred(&hierarchy.name, &hierarchy.term));
    }
    // R-hat cannot see a part that no chain has visited, nor shares that all chains have wrong.
    if case.law.unknown.is_some() && model.dimension() > 1 {
        let parts = visible_parts(model);
        if parts > 1 {
            warnings.push(mixture(parts));
        }
    }
    // Where the law of all is known the comparison has seen them.
    let is_asked = case.law.reference.is_none() && !case.sampler.is_exact();
    let functions = if is_asked { model.jumps() } else { &[] };
    if !functions.is_empty() {
        warnings.push(jumps(&functions.join(", ")));
    }
    warnings.extend(case.question.wild.map(wild));
}

/// A look at the density met places without a value, which count as places of zero density: what has none, and why.
fn wild(what: &str) -> Warning {
    Warning::new("wild", Weight::Note, format!("the density has no value in places, where it counts as 0: {what}"))
}

/// The support of a variable is proved to be smaller than its range: what is inferred, and the flag that says it.
fn support(says: &str) -> Warning {
    Warning::new("support", Weight::Note, says)
}

/// A scale that is a parameter, in a run that shows trouble: the parameter that is scaled, and the term that says so.
fn centred(variable: &str, term: &str) -> Warning {
    Warning::new("centred", Weight::Note, format!("in {term} the scale of `{variable}` is a parameter, which makes a funnel"))
        .advise(format!("--noncenter samples {variable} = location + scale*eta with a standard eta, and `langevin check` prints the model"))
}

/// The formula is a mixture of so many parts, and nothing is known of what each should hold.
fn mixture(parts: usize) -> Warning {
    let text = format!("the formula is a sum of {parts} parts, and whether each holds its share of the draws could not be checked");
    Warning::new("mixture", Weight::Doubt, text).advise("compare with --sampler tempering, begun apart with --init uniform")
}

/// A parameter that is sampled as another, which has no scale.
fn noncentered(parameter: &str, standard: &str) -> Warning {
    let text = format!("`{parameter}` is sampled in its non-centred form, location + scale*{standard}, whose scale makes no funnel");
    Warning::new("noncentered", Weight::Note, text)
}

/// The density jumps, and the sampler goes by its gradient without a Metropolis test.
fn jumps(functions: &str) -> Warning {
    let text = format!("the density jumps ({functions}), and a gradient without a Metropolis test sees nothing of it");
    Warning::new("jumps", Weight::Failure, text).advise("--sampler rwm, or auto")
}
