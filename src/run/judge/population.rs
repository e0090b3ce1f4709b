//! Populations that still show where they began, or did not end at the density.

use super::{Case, Warning, Weight, percent};
use crate::diagnostics::NestedRhat;
use crate::run::drawn::Method;
use crate::run::plan::{RELAXATIONS, memory};

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let Method::Population { plan, .. } = &case.drawn.method else { return };
    let (annealing, variables) = (&plan.annealing, &case.figures.variables);
    let steps = annealing.steps;
    let has_law = case.law.reference.is_some();
    let time = annealing.diffusion_time();
    if has_law && time < 0.5 * RELAXATIONS * plan.relaxation_time {
        warnings.push(not_mixed(time, plan.relaxation_time, steps));
    }
    let last = annealing.temperature.at(steps.saturating_sub(1), steps);
    if last != 1.0 {
        warnings.push(temperature(last));
    }
    for variable in variables {
        if let Some(nested) = variable.nested.filter(|nested| nested.value > nested.threshold) {
            warnings.push(remembers_start(&variable.bound.name, nested));
        }
    }
    if !has_law && variables.iter().all(|variable| variable.nested.is_none()) {
        warnings.push(one_point());
    }
}

/// The chains had too little diffusion time, Σ ε, to forget their start.
fn not_mixed(diffusion_time: f64, relaxation_time: f64, steps: usize) -> Warning {
    let times = diffusion_time / relaxation_time;
    let wanted = (RELAXATIONS / times * steps as f64).max(steps as f64 + 1.0);
    let text = format!(
        "not mixed: {times:.1} relaxation times (time {diffusion_time:.3}, slowest relaxation {relaxation_time:.3}) leave {} of the start",
        percent(memory(diffusion_time, relaxation_time))
    );
    Warning::new("not_mixed", Weight::Failure, text)
        .advise(format!("raise --steps to {wanted:.0} or --step-size, or leave both to the default"))
}

/// The run ended at a temperature other than 1.
fn temperature(last: f64) -> Warning {
    let text = format!("the run ended at temperature {last}, so the draws follow p^(1/{last}), not p");
    Warning::new("temperature", Weight::Failure, text).advise("end at 1 with --final-temperature 1")
}

/// Nested R-hat of a population in which more is left of the start than 1/e of it.
const HARDLY_MIXED: f64 = 1.066;

/// Chains that began apart still are.
fn remembers_start(variable: &str, nested: NestedRhat) -> Warning {
    let NestedRhat { value, threshold } = nested;
    let text =
        format!("not mixed: chains that began apart in `{variable}` still are (nested R-hat {value:.3}, should be below {threshold:.3})");
    let far = if value > HARDLY_MIXED { ", or take --sampler tempering if its modes are far apart" } else { "" };
    Warning::new("remembers_start", Weight::Failure, text).advise(format!("raise --steps{far}"))
}

/// All chains began at one point and no reference serves: nobody looked elsewhere.
fn one_point() -> Warning {
    Warning::new("one_point", Weight::Doubt, "all chains began at one point, so a mode elsewhere would not be seen")
        .advise("try --init uniform or normal")
}
