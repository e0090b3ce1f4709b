//! Step size and temperature as functions of the step.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::math::{cos, exp, log, pow};

/// The shape of a [`Schedule`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// The first value throughout.
    Constant,
    /// first·(last/first)^(k/(K−1)).
    Geometric,
    /// a·(b + k)^−γ, a and b such that both ends are met (Welling & Teh 2011, section 2); γ in (0.5, 1] lets the bias vanish in the limit.
    Polynomial {
        /// γ.
        exponent: f64,
    },
    /// Cosine cycles from first down to last, each a fresh start (Zhang et al. 2020, eq. 1).
    Cyclical {
        /// How many cycles.
        cycles: usize,
    },
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Constant => f.write_str("constant"),
            Shape::Geometric => f.write_str("geometric"),
            Shape::Polynomial { exponent } => write!(f, "polynomial:{exponent}"),
            Shape::Cyclical { cycles } => write!(f, "cyclical:{cycles}"),
        }
    }
}

impl FromStr for Shape {
    type Err = Error;

    /// `constant`, `geometric`, `polynomial` (γ = 0.55) or `polynomial:0.7`, `cyclical` (4 cycles) or `cyclical:10`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        let refuse = || {
            Error::new(ErrorKind::Setting, format!("unknown schedule `{text}`")).hint("constant, geometric, polynomial:0.55 or cyclical:4")
        };
        match (name, number) {
            ("constant", None) => Ok(Shape::Constant),
            ("geometric", None) => Ok(Shape::Geometric),
            ("polynomial", number) => {
                let exponent: f64 = number.unwrap_or("0.55").parse().map_err(|_| refuse())?;
                if exponent > 0.0 && exponent.is_finite() { Ok(Shape::Polynomial { exponent }) } else { Err(refuse()) }
            }
            ("cyclical", number) => {
                let cycles: usize = number.unwrap_or("4").parse().map_err(|_| refuse())?;
                if cycles > 0 { Ok(Shape::Cyclical { cycles }) } else { Err(refuse()) }
            }
            _ => Err(refuse()),
        }
    }
}

/// A value for each of the steps 0..steps, from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The shape.
    pub shape: Shape,
    /// The value at step 0.
    pub first: f64,
    /// The value at the last step.
    pub last: f64,
}

impl Schedule {
    /// The same value at each step.
    pub fn constant(value: f64) -> Self {
        Schedule { shape: Shape::Constant, first: value, last: value }
    }

    /// From `first` to `last` by equal factors.
    pub fn geometric(first: f64, last: f64) -> Self {
        Schedule { shape: Shape::Geometric, first, last }
    }

    /// The value at `step` of `steps`.
    ///
    /// ```
    /// use langevin::sampler::Schedule;
    /// let classic = Schedule::geometric(0.01, 1e-5);
    /// assert_eq!(classic.at(0, 500), 0.01);
    /// assert!((classic.at(499, 500) - 1e-5).abs() < 1e-18);
    /// ```
    pub fn at(&self, step: usize, steps: usize) -> f64 {
        let mut value = [0.0];
        self.fill(step, steps, &mut value);
        value[0]
    }

    /// Σ over all steps: for a step size, the diffusion time.
    pub fn total(&self, steps: usize) -> f64 {
        sum_over(steps, |step| self.at(step, steps))
    }

    /// The values at `from`, `from + 1`, … of `steps`; loops that vectorise where they are compiled for vectors.
    #[inline(always)]
    pub(in crate::sampler) fn fill(&self, from: usize, steps: usize, out: &mut [f64]) {
        let Schedule { shape, first, last } = *self;
        let end = steps.saturating_sub(1) as f64;
        let progress = |index: usize| (from + index) as f64 / end;
        match shape {
            _ if steps < 2 || first == last => out.fill(first),
            Shape::Constant => out.fill(first),
            Shape::Geometric => {
                let rate = log(last / first);
                for (index, value) in out.iter_mut().enumerate() {
                    *value = first * exp(progress(index) * rate);
                }
            }
            Shape::Polynomial { exponent } => {
                // (b + K − 1)/b = (first/last)^(1/γ) fixes b; in units of b the value is first·(1 + k/b)^−γ.
                let ratio = pow(first / last, 1.0 / exponent);
                for (index, value) in out.iter_mut().enumerate() {
                    *value = first * pow(1.0 + progress(index) * (ratio - 1.0), -exponent);
                }
            }
            Shape::Cyclical { cycles } => {
                let length = steps.div_ceil(cycles);
                for (index, value) in out.iter_mut().enumerate() {
                    let within = ((from + index) % length) as f64 / (length.saturating_sub(1).max(1)) as f64;
                    *value = last + (first - last) * 0.5 * (cos(PI * within) + 1.0);
                }
            }
        }
    }
}

/// Σ f(step); of a very long run every so many steps tell, as a run that is ended has a third of a second for its figures.
pub(in crate::sampler) fn sum_over(steps: usize, f: impl Fn(usize) -> f64) -> f64 {
    let every = steps.div_ceil(1 << 14).max(1);
    (0..steps).step_by(every).map(f).sum::<f64>() * every as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shape: &str, step: usize, expected: f64) {
        let schedule = Schedule { shape: shape.parse().expect("a shape"), first: 0.08, last: 0.005 };
        let found = schedule.at(step, 101);
        assert!((found / expected - 1.0).abs() < 1e-12, "{shape} at {step}: {found}");
    }

    #[test]
    fn every_shape_meets_its_ends() {
        for shape in ["geometric", "polynomial:0.55", "polynomial:1", "cyclical:1"] {
            check(shape, 0, 0.08);
            check(shape, 100, 0.005);
        }
        check("constant", 100, 0.08);
    }

    #[test]
    fn the_middle_of_each_shape_is_the_formula() {
        // √(0.08·0.005) = 0.02.
        check("geometric", 50, 0.02);
        // γ = 1: 1/ε is linear: (12.5 + 200)/2 = 106.25.
        check("polynomial:1", 50, 1.0 / 106.25);
        // The cosine's middle is the mean.
        check("cyclical:1", 50, 0.0425);
    }

    #[test]
    fn cycles_start_afresh() {
        let schedule = Schedule { shape: Shape::Cyclical { cycles: 4 }, first: 1.0, last: 0.0 };
        for step in [0, 25, 50, 75] {
            assert_eq!(schedule.at(step, 100), 1.0);
        }
    }

    #[test]
    fn unknown_shapes_are_refused() {
        for text in ["", "linear", "polynomial:-1", "polynomial:x", "cyclical:0", "constant:3"] {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
    }
}
