//! Where a variable may be, and what happens to a chain at the ends.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result, plain};
use crate::graph::constant;
use crate::syntax::{CONSTANTS, Distribution, Function, KEYWORDS};

/// What happens to a chain that steps over a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Boundary {
    /// Mirrored back inside; a step of any length folds as often as needed. First order in the step size.
    #[default]
    Reflect,
    /// Comes in again at the other end; needs two finite ends.
    Wrap,
    /// Set onto the bound. Piles up false mass there, of order √(step size).
    Clamp,
    /// The move is refused, and an exact kernel stays exact. Without a Metropolis test the coordinate stays where it was before the step:
    /// first order in the step size.
    Reject,
    /// There is no end: the kernel moves on all real numbers, mapped to the range (see [`Transform`](super::Transform)). For exact kernels.
    Transform,
}

impl Boundary {
    /// Every boundary.
    pub const ALL: [Boundary; 5] = [Boundary::Reflect, Boundary::Wrap, Boundary::Clamp, Boundary::Reject, Boundary::Transform];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Boundary::Reflect => "reflect",
            Boundary::Wrap => "wrap",
            Boundary::Clamp => "clamp",
            Boundary::Reject => "reject",
            Boundary::Transform => "transform",
        }
    }

    /// `proposal` brought inside `[low, high]`; `position` is where the step began.
    ///
    /// ```
    /// # use langevin::density::Boundary;
    /// assert_eq!(Boundary::Reflect.apply(0.9, 1.25, 0.0, 1.0), 0.75);
    /// assert_eq!(Boundary::Wrap.apply(0.9, 1.25, 0.0, 1.0), 0.25);
    /// assert_eq!(Boundary::Clamp.apply(0.9, 1.25, 0.0, 1.0), 1.0);
    /// assert_eq!(Boundary::Reject.apply(0.9, 1.25, 0.0, 1.0), 0.9);
    /// ```
    #[inline(always)]
    pub fn apply(self, position: f64, proposal: f64, low: f64, high: f64) -> f64 {
        match self {
            Boundary::Reflect | Boundary::Transform => reflect(proposal, low, high),
            Boundary::Wrap => wrap(proposal, low, high),
            Boundary::Clamp => clamp(proposal, low, high),
            Boundary::Reject => {
                if proposal >= low && proposal <= high {
                    proposal
                } else {
                    position
                }
            }
        }
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Boundary {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Boundary::ALL.into_iter().find(|boundary| boundary.name() == text).ok_or_else(|| {
            Error::new(ErrorKind::Setting, format!("unknown boundary `{text}`")).hint("reflect, wrap, clamp, reject, stay or transform")
        })
    }
}

/// Compare and select: `f64::clamp` would branch, and panics on a NaN bound.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// One mirror image at each end, without a branch, as nearly every step needs no more; the rest folds by the period.
#[inline(always)]
fn reflect(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low + (low - x) } else { x };
    let x = if x > high { high - (x - high) } else { x };
    if x < low { fold(x, low, high) } else { x }
}

/// The triangle wave: a mirror at both ends, any number of times.
#[cold]
#[inline(never)]
fn fold(x: f64, low: f64, high: f64) -> f64 {
    let width = high - low;
    let phase = (x - low).rem_euclid(2.0 * width);
    clamp(if phase > width { high - (phase - width) } else { low + phase }, low, high)
}

#[inline(always)]
fn wrap(x: f64, low: f64, high: f64) -> f64 {
    let width = high - low;
    let turns = ((x - low) / width).floor();
    // A position just below an end may round onto the other one.
    clamp(x - turns * width, low, high)
}

/// One variable: its name, its range, what happens at the ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The variable as people write it: `x` or `theta[3]`.
    pub name: String,
    /// Lower end, −∞ if there is none.
    pub low: f64,
    /// Upper end, +∞ if there is none.
    pub high: f64,
    /// What a chain does there.
    pub boundary: Boundary,
}

impl Bound {
    /// A variable with reflecting ends.
    pub fn new(name: impl Into<String>, low: f64, high: f64) -> Self {
        Bound { name: name.into(), low, high, boundary: Boundary::Reflect }
    }

    /// Whether both ends are finite.
    pub fn is_finite(&self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// Checks the range: a number at each end, low below high.
    ///
    /// # Errors
    /// Kinds `bounds_nan`, `bounds_reversed`, `bounds_empty`; `setting` for wrapping an infinite range.
    pub fn check(&self) -> Result<()> {
        let Bound { name, low, high, .. } = self;
        let error = |kind, message: String, hint: &str| Err(Error::new(kind, message).hint(hint));
        if low.is_nan() || high.is_nan() {
            return error(ErrorKind::BoundsNan, format!("an end of the range of `{name}` is not a number"), "use numbers, -inf or inf");
        }
        if low > high {
            return error(
                ErrorKind::BoundsReversed,
                format!("the range of `{name}` runs from {} down to {}", plain(*low), plain(*high)),
                "low end first",
            );
        }
        if low == high {
            return error(
                ErrorKind::BoundsEmpty,
                format!("the range of `{name}` is empty: both ends are {}", plain(*low)),
                "low end below high end",
            );
        }
        if self.boundary == Boundary::Wrap && !self.is_finite() {
            let message = format!("`{name}` cannot wrap: its range is infinite");
            return error(ErrorKind::Setting, message, "give it two finite ends, or reflect");
        }
        Ok(())
    }
}

/// A range as the user gives it: `0,1` for the only variable or `y=0,inf` by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// The variable; `None` for the only one. A vector's name declares all its elements.
    pub name: Option<String>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Declaration {
    /// A range by name.
    pub fn named(name: impl Into<String>, low: f64, high: f64) -> Self {
        Declaration { name: Some(name.into()), low, high }
    }
}

impl FromStr for Declaration {
    type Err = Error;

    /// Parses `LOW,HIGH` or `NAME=LOW,HIGH`; the ends are constant expressions.
    fn from_str(text: &str) -> Result<Self> {
        let (name, ends) = match text.split_once('=') {
            Some((name, ends)) => (Some(name.trim()), ends),
            None => (None, text),
        };
        if let Some(name) = name {
            check_name(name)?;
        }
        let label = name.unwrap_or("the variable");
        let pieces = split_at_commas(ends);
        let (low, high) = match pieces[..] {
            [low, high] if !low.trim().is_empty() && !high.trim().is_empty() => (low, high),
            [_] | [_, _] => {
                return Err(Error::new(
                    ErrorKind::BoundsMissing,
                    format!("the range of {label} has one end only: `{}`", escape(ends.trim())),
                )
                .hint("write LOW,HIGH, such as -0.7,1.5 or 0,inf"));
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::BoundsMalformed,
                    format!("a range has two ends, not {}: `{}`", pieces.len(), escape(ends)),
                )
                .hint("write LOW,HIGH, such as -0.7,1.5 or 0,inf"));
            }
        };
        let declaration = Declaration { name: name.map(String::from), low: end(low)?, high: end(high)? };
        Bound::new(label, declaration.low, declaration.high).check()?;
        Ok(declaration)
    }
}

/// Whether `name` can be declared as a variable.
fn check_name(name: &str) -> Result<()> {
    let stem = name.split('[').next().unwrap_or_default();
    let reserved = if Function::named(stem).is_some_and(|function| !function.is_soft()) || Distribution::named(stem).is_some() {
        Some("a function")
    } else if CONSTANTS.iter().any(|(constant, _)| *constant == stem) {
        Some("a constant")
    } else if KEYWORDS.contains(&stem) {
        Some("a word of the language")
    } else {
        None
    };
    if let Some(what) = reserved {
        return Err(Error::new(ErrorKind::Declaration, format!("`{stem}` is {what} and cannot be a variable")).hint("choose another name"));
    }
    let mut characters = stem.chars();
    let starts = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let index_ok = name[stem.len()..].is_empty()
        || name[stem.len()..].strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|index| index.parse::<usize>().is_ok());
    if !starts || !characters.all(|c| c.is_alphanumeric() || c == '_') || !index_ok {
        return Err(Error::new(ErrorKind::Declaration, format!("`{}` is no variable name", escape(name)))
            .hint("letters, digits and _, as in y=0,inf or theta[3]=0,1"));
    }
    Ok(())
}

fn end(text: &str) -> Result<f64> {
    let text = text.trim();
    if text.trim_start_matches(['-', '+']).eq_ignore_ascii_case("nan") {
        return Err(Error::new(ErrorKind::BoundsNan, "an end of a range is not a number").hint("use numbers, -inf or inf"));
    }
    match constant(&text.replace("infinity", "inf").replace("Inf", "inf")) {
        Ok(value) if value.is_nan() => {
            Err(Error::new(ErrorKind::BoundsNan, format!("`{}` is not a number", escape(text))).hint("use numbers, -inf or inf"))
        }
        Ok(value) => Ok(value),
        Err(error) => Err(Error::new(ErrorKind::BoundsMalformed, format!("`{}` is no bound: {}", escape(text), error.message))
            .hint("an end is a constant expression, such as 1.5, 2*pi or inf")),
    }
}

/// Splits at the commas outside parentheses.
fn split_at_commas(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
        c == ',' && depth == 0
    })
    .collect()
}

/// The text with control characters made visible.
fn escape(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: std::result::Result<(f64, f64), ErrorKind>) {
        let found = text.parse::<Declaration>().map(|range| (range.low, range.high)).map_err(|error| error.kind);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn ends_are_constant_expressions() {
        check("-0.7,1.5", Ok((-0.7, 1.5)));
        check("y=0,inf", Ok((0.0, f64::INFINITY)));
        check("0,2*pi", Ok((0.0, 2.0 * std::f64::consts::PI)));
        check("theta[3]=-max(1,2),2^3", Ok((-2.0, 8.0)));
    }

    #[test]
    fn every_bad_range_has_its_kind() {
        check("0,", Err(ErrorKind::BoundsMissing));
        check("0", Err(ErrorKind::BoundsMissing));
        check("", Err(ErrorKind::BoundsMissing));
        check("0,1,2", Err(ErrorKind::BoundsMalformed));
        check("abc,1", Err(ErrorKind::BoundsMalformed));
        check("0,NaN", Err(ErrorKind::BoundsNan));
        check("0,0/0", Err(ErrorKind::BoundsNan));
        check("1,0", Err(ErrorKind::BoundsReversed));
        check("inf,-inf", Err(ErrorKind::BoundsReversed));
        check("1,1", Err(ErrorKind::BoundsEmpty));
        check("0,1e-999", Err(ErrorKind::BoundsMalformed));
        check("exp=0,1", Err(ErrorKind::Declaration));
        check("2x=0,1", Err(ErrorKind::Declaration));
    }

    #[test]
    fn every_boundary_lands_inside() {
        for boundary in Boundary::ALL {
            for step in -400..400 {
                let proposal = f64::from(step) * 0.0137;
                let landed = boundary.apply(0.3, proposal, -0.25, 0.5);
                assert!((-0.25..=0.5).contains(&landed), "{boundary} {proposal} {landed}");
            }
        }
    }

    #[test]
    fn reflection_folds_a_long_step_as_often_as_it_needs() {
        // 3.3 on [0, 1]: up to 1, back to 0, up to 1, back by 0.3: 0.7.
        assert!((Boundary::Reflect.apply(0.5, 3.3, 0.0, 1.0) - 0.7).abs() < 1e-12);
        assert!((Boundary::Reflect.apply(0.5, -2.6, 0.0, 1.0) - 0.6).abs() < 1e-12);
    }
}
