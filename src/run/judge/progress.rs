//! Runs that ended before they were done: early, or with a target of `--until` missed.

use super::{Case, Warning, Weight, percent};
use crate::run::drawn::Method;
use crate::run::until::Progress;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let drawn = case.drawn;
    if !drawn.complete {
        let share = match &drawn.method {
            Method::Population { plan, .. } => {
                let all = (plan.annealing.chains * plan.annealing.steps).max(1) as f64;
                drawn.last_steps as f64 / all
            }
            Method::Independent => drawn.last_steps as f64 / drawn.wanted.max(1) as f64,
            _ => drawn.draws.draws() as f64 / drawn.wanted.max(1) as f64,
        };
        // Of a population that was being made again the run before is kept, which is whole.
        if share < 1.0 {
            warnings.push(incomplete(share));
        }
    } else {
        // A run that was ended early says so itself.
        let draws = drawn.draws.draws();
        warnings.extend(drawn.until.iter().filter(|one| !one.met).map(|missed| target_missed(missed, draws)));
    }
}

/// The run was ended early, after this share of its steps.
fn incomplete(share: f64) -> Warning {
    Warning::new("incomplete", Weight::Doubt, format!("ended early: {} of the steps were taken", percent(share)))
}

/// The most draws allowed were made of each chain, and a target is not met.
fn target_missed(missed: &Progress, draws: usize) -> Warning {
    let Progress { target, variable, found, growth, .. } = missed;
    let figure = target.measure.name();
    let found = if figure == "ess" { format!("{found:.0}") } else { format!("{found:.4}") };
    let text = format!("{target} is not reached after {draws} draws of each chain: {figure} of `{variable}` is {found}");
    Warning::new("target_missed", Weight::Doubt, text).advise(match growth.is_finite() {
        true => format!("raise --draws to {} or so, or --thin", two_digits(1.1 * growth * draws as f64)),
        false => "raise --draws or --thin".into(),
    })
}

/// A number of draws, rounded up to two significant digits.
fn two_digits(count: f64) -> f64 {
    let unit = 10_f64.powf((count.log10().floor() - 1.0).max(0.0));
    (count / unit).ceil() * unit
}
