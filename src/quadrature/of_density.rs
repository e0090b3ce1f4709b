//! The reference of a [`LogDensity`] of one variable: its evaluator, landmarks and ends handed to the quadrature.

use super::probe::Enclosure;
use super::scale::Grain;
use super::{CERTIFY, Certificate, Integral, Line, Reference, Tolerance, certify, integrate_from};
use crate::density::{End, Evaluate, LogDensity, Model};
use crate::enclosure::{Code, Interval};
use crate::error::{Error, ErrorKind, Result};

/// Z, moments, quantiles and distribution function of `density`.
///
/// # Errors
/// Those of [`integrate`](super::integrate); `unsupported` in more than one dimension.
///
/// ```
/// use langevin::density::{Meaning, Model};
/// use langevin::quadrature::{Tolerance, reference};
/// let model = Model::new("exp(-1000 - x^2/2)", Meaning::Density, &[])?;
/// let normal = reference(&model, Tolerance::default())?;
/// assert!((normal.integral.log_value - (-1000.0 + 0.9189385332046727)).abs() < 1e-9);
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn reference(density: &dyn LogDensity, tolerance: Tolerance) -> Result<Reference> {
    let found = reference_by(density, None, &landmarks(density), tolerance, Grain::Fine)?;
    if found.is_guess() { Err(guessed()) } else { Ok(found) }
}

fn landmarks(density: &dyn LogDensity) -> Vec<f64> {
    density.landmarks().points.into_iter().next().unwrap_or_default()
}

/// [`reference()`] with a proof: Z is enclosed by [`certify()`], `relative` apart where that can be had. Where value and enclosure disagree,
/// the enclosure wins, and a note says so.
///
/// # Errors
/// Those of [`reference()`]; `infinite_Z` where the integral is proved to diverge.
///
/// ```
/// use langevin::density::{Meaning, Model};
/// use langevin::quadrature::{Tolerance, certified};
/// let model = Model::new("x^(-0.9)", Meaning::Density, &["0,1".parse()?])?;
/// let found = certified(&model, Tolerance::default(), 1e-9)?;
/// assert!(found.integral.certified && (found.integral.value - 10.0).abs() < 1e-8);
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn certified(model: &Model, tolerance: Tolerance, relative: f64) -> Result<Reference> {
    if model.rows() > 0 {
        // A sum over rows has no enclosure worth the name.
        return reference(model, tolerance);
    }
    let mut found = match reference_by(model, Some(model), &landmarks(model), tolerance, Grain::Coarse) {
        Ok(found) => found,
        Err(error) if matches!(error.kind, ErrorKind::NoMass | ErrorKind::NotIntegrated) && model.dimension() == 1 => {
            let proof = certify(model, None, relative)?;
            // There is mass that no point hit, or less than it seemed: the panels of the proof say where.
            if !(proof.bounds.is_positive() && proof.bounds.is_finite()) {
                return Err(error);
            }
            reference_by(model, Some(model), &proof.knots, tolerance, Grain::Fine).map_err(|_| bounded_only(error, &proof))?
        }
        Err(error) => return Err(error),
    };
    let mut proof = certify(model, Some(&found), relative)?;
    if proof.reason.is_some() {
        // Without a proof only fine panels guard against a missed peak.
        found = reference_by(model, Some(model), &landmarks(model), tolerance, Grain::Fine)?;
    }
    if !proof.holds(found.integral.log_value, 1e-12) {
        // A peak was missed: once more, with the panels that the proof ended with.
        let again = reference_by(model, Some(model), &proof.knots, tolerance, Grain::Fine)?;
        if proof.holds(again.integral.log_value, 1e-12) {
            found = again;
        } else if proof.bounds.is_finite() {
            let middle = proof.bounds.middle();
            let integral = &mut found.integral;
            // The panels that have the wrong mass are the law.
            found.law_error = (integral.log_value - proof.log_unit - middle.ln()).exp_m1().abs() + proof.relative_width();
            integral.log_value = proof.log_unit + middle.ln();
            integral.value = integral.log_value.exp();
            integral.relative_error = proof.relative_width();
            integral.error = integral.relative_error * integral.value;
            integral.converged = false;
            integral.notes.push("the adaptive rule left the proved bounds: their middle stands in its place".to_string());
        } else {
            found.integral.converged = false;
            found.integral.notes.push("the adaptive rule and the proved bounds disagree".to_string());
        }
    }
    if proof.reason.is_some() && proof.bounds.is_finite() {
        narrow(&mut found.integral, &proof);
        found.law_error = found.law_error.max(found.integral.relative_error);
    }
    if !proof.bounds.is_finite() && found.is_guess() {
        return Err(guessed());
    }
    found.integral.certified = proof.reason.is_none();
    proof.knots = Vec::new();
    found.integral.proof = Some(proof);
    Ok(found)
}

/// What bounds that are wider than the claimed error have to say of it: mass between them may have been missed.
fn narrow(integral: &mut Integral, proof: &Certificate) {
    let width = proof.bounds.width() / proof.bounds.high.abs().max(f64::MIN_POSITIVE);
    if width > integral.relative_error {
        integral.converged = false;
        integral.relative_error = width;
        integral.error = width * integral.value;
        integral.notes.push("the proved bounds are wider than the rule's own error, and stand in its place".to_string());
    }
}

/// The refusal of an integral whose value would be a guess.
fn guessed() -> Error {
    Error::new(ErrorKind::NotIntegrated, "the integral could not be found: its estimated error is about as large as its value")
        .hint("it may diverge: restrict the range to where the density matters")
}

/// The refusal of an integral that only the proof has bounds on.
fn bounded_only(error: Error, proof: &Certificate) -> Error {
    let (low, high) = proof.value_bounds();
    Error { message: format!("{}; Z is proved to lie between {low:e} and {high:e}", error.message), ..error }
}

/// `error` of [`reference()`], or a proof of what it suspects.
pub(super) fn proved(model: &Model, error: Error) -> Error {
    match error.kind {
        ErrorKind::NotIntegrated => certify(model, None, CERTIFY).err().unwrap_or(error),
        _ => error,
    }
}

/// `formula` is `density` once more, where it has a formula: its enclosure tells what roundings leave of log p.
fn reference_by(
    density: &dyn LogDensity,
    formula: Option<&Model>,
    points: &[f64],
    tolerance: Tolerance,
    grain: Grain,
) -> Result<Reference> {
    let [bound] = density.bounds() else {
        let message = format!("quadrature serves one variable, and this density has {}", density.dimension());
        return Err(Error::new(ErrorKind::Unsupported, message).hint("`langevin sample` serves any number"));
    };
    let mut evaluate = density.evaluator();
    let mut line = |x: &[f64], out: &mut [f64]| evaluate.line(x, out);
    let mut ends = [density.near_end(End::Low), density.near_end(End::High)];
    let symbolic = ends.iter().all(Option::is_some);
    let mut near_end = |end: End, t: &[f64], out: &mut [f64]| {
        let side: &mut Option<Box<dyn Evaluate + '_>> = &mut ends[usize::from(end == End::High)];
        match side {
            Some(evaluate) => evaluate.line(t, out),
            None => out.fill(f64::NAN),
        }
    };
    let code = formula.map(|model| Code::new(model.graph(), &[model.log_density_node()]));
    let mut values = Vec::new();
    let mut enclosure = code.as_ref().map(|code| {
        |x: f64| {
            code.ranges(&[Interval::point(x)], &mut values);
            values[code.root(0)].range
        }
    });
    integrate_from(
        grain,
        Line {
            low: bound.low,
            high: bound.high,
            log_density: &mut line,
            landmarks: points,
            frequency: density.landmarks().frequency,
            near_end: if symbolic { Some(&mut near_end) } else { None },
        },
        enclosure.as_mut().map(|enclosure| enclosure as &mut Enclosure),
        tolerance,
    )
}
