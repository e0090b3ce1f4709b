//! Places where a step went wrong: ends of ranges, zeros, steep walls, gradients without a value.

use super::{Case, Warning, Weight, percent};
use crate::density::Boundary;
use crate::error::plain;
use crate::proof::blame;
use crate::run::drawn::{Met, Method};

/// Standard errors beyond which more draws are on an end than rounding puts there.
const Z_LEVEL: f64 = 4.0;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let (drawn, variables) = (case.drawn, &case.figures.variables);
    let total = (drawn.draws.chains() * drawn.draws.draws()) as f64;
    let is_population = matches!(drawn.method, Method::Population { .. });
    for (at, variable) in variables.iter().enumerate() {
        let (low, high) = variable.atoms;
        let bound = &variable.bound;
        let rounded = case.law.rounded_to_ends(at, bound);
        // Two draws of different chains on one end do not happen to a law that doubles can tell from its end.
        let is_false = |share: f64, exact: f64| share * total >= 2.0 + exact * total + Z_LEVEL * (exact * total).sqrt();
        if is_false(low + high, rounded) {
            warnings.push(boundary_atoms(&bound.name, low, high));
        } else if is_population && bound.boundary == Boundary::Clamp && (bound.low.is_finite() || bound.high.is_finite()) {
            warnings.push(clamped_boundary(&bound.name));
        }
    }
    let Some(Met { steps, truncated, refused, non_finite, place }) = &drawn.met else { return };
    let steps = (*steps).max(1) as f64;
    if *truncated > 0 {
        warnings.push(truncated_drift(*truncated as f64 / (steps * variables.len() as f64)));
    }
    if *refused > 0 {
        warnings.push(zeros(*refused as f64 / steps));
    }
    if *non_finite > 0 {
        let (at, reason) = match place {
            Some(position) => {
                let number = |x: f64| if x.abs() < 1e7 { format!("{x:.6}") } else { plain(x) };
                let named = variables.iter().zip(position).take(4).map(|(variable, x)| format!("{} = {}", variable.bound.name, number(*x)));
                let reason = case.question.model.and_then(|model| blame(model, position)).map(|found| found.to_string());
                (named.collect::<Vec<_>>().join(", "), reason)
            }
            None => ("a place in whitened coordinates".into(), None),
        };
        warnings.push(self::non_finite(*non_finite, &at, reason));
    }
}

/// Draws sit exactly on the ends of a range: their shares at the lower and the upper one.
fn boundary_atoms(variable: &str, low: f64, high: f64) -> Warning {
    let (low, high) = (percent(low), percent(high));
    let text = format!(
        "{low} of the draws of `{variable}` sit exactly on its lower end and {high} on its upper end: false mass that clamping piles up"
    );
    Warning::new("boundary_atoms", Weight::Failure, text).advise(format!("use --boundary {}", Boundary::Reflect))
}

/// A boundary whose error shrinks only like √ε.
fn clamped_boundary(variable: &str) -> Warning {
    let text = format!("clamping `{variable}` errs like the root of the step size, reflecting like the step size");
    Warning::new("clamped_boundary", Weight::Note, text).advise("use --boundary reflect")
}

/// The share of the updates of a coordinate whose drift was cut to its largest size.
fn truncated_drift(share: f64) -> Warning {
    let weight = if share > 1e-3 { Weight::Doubt } else { Weight::Note };
    let text = format!("{} of the drifts were cut to 8 noise widths: the gradient is too steep for the step", percent(share));
    Warning::new("truncated_drift", weight, text).advise("lower --step-size")
}

/// The share of the moves that went where the density is zero or undefined.
fn zeros(share: f64) -> Warning {
    let text = "the density is zero or undefined in parts of its range";
    Warning::new("zeros", Weight::Note, text).advise(format!("{} of the moves went there and were refused", percent(share)))
}

/// Gradients that were not finite: how many, where first, and what was not finite there if the formula says it.
fn non_finite(count: u64, at: &str, reason: Option<String>) -> Warning {
    let text = format!("the gradient was not finite {count} times, first at {at}");
    Warning::new("non_finite", Weight::Doubt, text).advise(reason.unwrap_or_else(|| "see `langevin check`".into()))
}
