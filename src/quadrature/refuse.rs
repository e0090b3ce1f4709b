//! What is said of a density that has no integral, or none that points can find.

use crate::error::{Error, ErrorKind};

/// A place as people write it.
fn shown(x: f64) -> String {
    // Twelve digits: a place found by bisection carries roundings in the last ones.
    let x = format!("{x:.11e}").parse().unwrap_or(x);
    if x == 0.0 || (1e-4..1e7).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") }
}

/// Where a density is too steep for doubles.
pub(super) fn too_steep(place: f64) -> Error {
    let message = format!("the density rises toward x = {} faster than double precision can follow", shown(place));
    Error::new(ErrorKind::Overflow, message).hint("write the formula in a variable in which it is less steep")
}

/// Where and how the density seems not to be integrable, as far as points can tell.
pub(super) fn seems_infinite(place: f64, exponent: f64) -> Error {
    let message = format!("the integral could not be found: at all points tried the density {}", behaviour(place, exponent));
    Error::new(ErrorKind::NotIntegrated, message)
        .hint("it may diverge, or go on differently where doubles do not reach: restrict the range to where it matters")
}

/// The refusal of an integral that is proved to diverge.
pub(super) fn infinite_at(place: f64, exponent: f64) -> Error {
    Error::new(ErrorKind::InfiniteZ, format!("the integral diverges: the density {}", behaviour(place, exponent)))
        .hint("no constant normalises it: restrict the range, or add a factor that makes it fall off faster")
}

/// "behaves like 1/x toward infinity".
fn behaviour(place: f64, exponent: f64) -> String {
    let (variable, place) = match place {
        f64::INFINITY => ("x".to_string(), "toward infinity".to_string()),
        f64::NEG_INFINITY => ("|x|".to_string(), "toward -infinity".to_string()),
        0.0 => ("|x|".to_string(), "at x = 0".to_string()),
        at => (format!("|x - {}|", shown(at)), format!("at x = {}", shown(at))),
    };
    let exponent = (exponent * 1000.0).round() / 1000.0;
    let law = match exponent {
        0.0 => "does not fall off".to_string(),
        1.0 => format!("behaves like 1/{variable}"),
        power if power > 0.0 && power < 50.0 => format!("behaves like 1/{variable}^{power}"),
        power if power < 0.0 && power > -50.0 => format!("grows like {variable}^{}", -power),
        _ => "grows without limit".to_string(),
    };
    format!("{law} {place}")
}
