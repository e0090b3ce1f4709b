//! The reference of a [`LogDensity`] of one variable: its evaluator, landmarks and ends handed to the quadrature.

use super::{Line, Reference, Tolerance, integrate};
use crate::density::{End, Evaluate, LogDensity};
use crate::error::{Error, ErrorKind, Result};

/// Z, moments, quantiles and distribution function of `density`.
///
/// # Errors
/// Those of [`integrate`]; `unsupported` in more than one dimension.
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
    let [bound] = density.bounds() else {
        let message = format!("quadrature serves one variable, and this density has {}", density.dimension());
        return Err(Error::new(ErrorKind::Unsupported, message).hint("`langevin sample` serves any number"));
    };
    let mut evaluate = density.evaluator();
    let landmarks = density.landmarks();
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
    integrate(
        Line {
            low: bound.low,
            high: bound.high,
            log_density: &mut line,
            landmarks: landmarks.points.first().map_or(&[], Vec::as_slice),
            frequency: landmarks.frequency,
            near_end: if symbolic { Some(&mut near_end) } else { None },
        },
        tolerance,
    )
}
