//! Whether to believe the draws: warnings as values, each with the flag to change, and what they add up to.

use std::fmt;

use crate::density::Boundary;

/// What a warning does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing; the draws may be right all the same.
    Note,
    /// Something could not be checked.
    Doubt,
    /// The draws do not follow the density.
    Failure,
}

/// Something the user should know about a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Draws sit exactly on the ends of a range: false mass.
    BoundaryAtoms {
        /// The variable.
        variable: String,
        /// Share of draws exactly at the lower end.
        low: f64,
        /// Share of draws exactly at the upper end.
        high: f64,
    },
    /// The chains had too little diffusion time to forget their start.
    TooShort {
        /// Σ ε.
        diffusion_time: f64,
        /// τ, the slowest relaxation time.
        relaxation_time: f64,
        /// Steps taken.
        steps: usize,
    },
    /// A basin of the density holds the wrong share of the draws.
    BasinMass {
        /// The variable.
        variable: String,
        /// The basin's lower end.
        low: f64,
        /// The basin's upper end.
        high: f64,
        /// The exact share.
        exact: f64,
        /// The draws' share.
        found: f64,
    },
    /// The draws fail the Kolmogorov–Smirnov test against the exact law.
    Fit {
        /// The variable.
        variable: String,
        /// The distance.
        distance: f64,
        /// The p-value.
        p_value: f64,
    },
    /// Chains that began apart still are: nested R-hat above its threshold.
    RemembersStart {
        /// The variable.
        variable: String,
        /// Nested R-hat.
        rhat: f64,
        /// What it should be below.
        threshold: f64,
    },
    /// An identity that draws of the density obey does not hold.
    Stein {
        /// The variable.
        variable: String,
        /// Its z-score.
        z: f64,
    },
    /// All chains began at one point and no reference serves: nobody looked elsewhere.
    OnePoint,
    /// The run ended at a temperature other than 1.
    Temperature {
        /// The last temperature.
        last: f64,
    },
    /// A boundary whose error shrinks only like √ε.
    ClampedBoundary {
        /// The variable.
        variable: String,
    },
    /// Drifts were cut to their largest size.
    Truncated {
        /// Share of the coordinate updates.
        share: f64,
    },
    /// Gradients that were not finite.
    NonFinite {
        /// How often.
        count: u64,
        /// Where first.
        at: String,
    },
    /// The density is zero in places inside its range.
    Zeros {
        /// Share of the moves that were refused there.
        share: f64,
    },
    /// The quadrature did not reach its tolerance.
    Reference {
        /// Relative error reached.
        relative_error: f64,
    },
    /// There is no reference for the density.
    NoReference {
        /// Why.
        reason: String,
    },
    /// The formula has jumps that a gradient cannot see.
    Jumps {
        /// The functions that make them.
        functions: String,
    },
    /// The run was ended early.
    Incomplete {
        /// Share of the steps that were taken.
        share: f64,
    },
}

impl Warning {
    /// The stable name that tools rely on.
    pub fn kind(&self) -> &'static str {
        match self {
            Warning::BoundaryAtoms { .. } => "boundary_atoms",
            Warning::TooShort { .. } => "not_mixed",
            Warning::BasinMass { .. } => "basin_mass",
            Warning::Fit { .. } => "fit",
            Warning::RemembersStart { .. } => "remembers_start",
            Warning::Stein { .. } => "stein",
            Warning::OnePoint => "one_point",
            Warning::Temperature { .. } => "temperature",
            Warning::ClampedBoundary { .. } => "clamped_boundary",
            Warning::Truncated { .. } => "truncated_drift",
            Warning::NonFinite { .. } => "non_finite",
            Warning::Zeros { .. } => "zeros",
            Warning::Reference { .. } => "reference",
            Warning::NoReference { .. } => "no_reference",
            Warning::Jumps { .. } => "jumps",
            Warning::Incomplete { .. } => "incomplete",
        }
    }

    /// What it does to the verdict.
    pub fn weight(&self) -> Weight {
        match self {
            Warning::BoundaryAtoms { .. }
            | Warning::TooShort { .. }
            | Warning::BasinMass { .. }
            | Warning::Fit { .. }
            | Warning::RemembersStart { .. }
            | Warning::Stein { .. }
            | Warning::Temperature { .. } => Weight::Failure,
            Warning::OnePoint
            | Warning::NonFinite { .. }
            | Warning::Reference { .. }
            | Warning::Jumps { .. }
            | Warning::Incomplete { .. } => Weight::Doubt,
            Warning::Truncated { share } if *share > 1e-3 => Weight::Doubt,
            Warning::Truncated { .. } | Warning::ClampedBoundary { .. } | Warning::Zeros { .. } | Warning::NoReference { .. } => {
                Weight::Note
            }
        }
    }
}

/// A share as a percentage with two significant digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 10.0 {
        format!("{percent:.0} %")
    } else if percent >= 0.01 || percent == 0.0 {
        format!("{percent:.2} %")
    } else {
        format!("{percent:.0e} %")
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::BoundaryAtoms { variable, low, high } => write!(
                f,
                "{} of the draws of `{variable}` sit exactly on its lower end and {} on its upper end: false mass that clamping piles up; use --boundary {}",
                percent(*low),
                percent(*high),
                Boundary::Reflect
            ),
            Warning::TooShort { diffusion_time, relaxation_time, steps } => {
                let times = diffusion_time / relaxation_time;
                let wanted = (super::plan::RELAXATIONS / times * *steps as f64).max(*steps as f64 + 1.0);
                write!(
                    f,
                    "not mixed: {times:.1} relaxation times (time {diffusion_time:.3}, slowest relaxation {relaxation_time:.3}) leave {} of the start; raise --steps to {:.0} or --step-size, or leave both to the default",
                    percent(super::plan::memory(*diffusion_time, *relaxation_time)),
                    wanted
                )
            }
            Warning::BasinMass { variable, low, high, exact, found } => write!(
                f,
                "not mixed: {variable} in [{low:.4}, {high:.4}] holds {found:.4} of the draws instead of {exact:.4}; raise --steps, or begin apart with --init uniform"
            ),
            Warning::Fit { variable, distance, p_value } => {
                write!(
                    f,
                    "the draws of `{variable}` do not fit the exact law: KS distance {distance:.4}, p = {p_value:.0e}; raise --steps or lower --final-step-size"
                )
            }
            Warning::RemembersStart { variable, rhat, threshold } => write!(
                f,
                "not mixed: chains that began apart in `{variable}` still are (nested R-hat {rhat:.3}, should be below {threshold:.3}); raise --steps"
            ),
            Warning::Stein { variable, z } => {
                write!(
                    f,
                    "the draws of `{variable}` break an identity of the density (Stein, z = {z:.1}); lower --final-step-size or raise --steps"
                )
            }
            Warning::OnePoint => {
                f.write_str("all chains began at one point, so a mode elsewhere would not be seen; try --init uniform or normal")
            }
            Warning::Temperature { last } => {
                write!(
                    f,
                    "the run ended at temperature {last}, so the draws follow p^(1/{last}), not p; end at 1 with --final-temperature 1"
                )
            }
            Warning::ClampedBoundary { variable } => {
                write!(
                    f,
                    "clamping `{variable}` errs like the root of the step size, reflecting like the step size; use --boundary reflect"
                )
            }
            Warning::Truncated { share } => {
                write!(
                    f,
                    "{} of the drifts were cut to 8 noise widths: the gradient is too steep for the step; lower --step-size",
                    percent(*share)
                )
            }
            Warning::NonFinite { count, at } => write!(f, "the gradient was not finite {count} times, first at {at}; see `langevin check`"),
            Warning::Zeros { share } => {
                write!(
                    f,
                    "the density is zero or undefined in parts of its range; {} of the moves went there and were refused",
                    percent(*share)
                )
            }
            Warning::Reference { relative_error } => {
                write!(f, "the quadrature reached a relative error of {relative_error:.1e} only; the comparison with it is as good as that")
            }
            Warning::NoReference { reason } => write!(f, "no exact reference: {reason}"),
            Warning::Jumps { functions } => {
                write!(f, "{functions} jump, and a gradient does not see jumps: the draws may be wrong beside them")
            }
            Warning::Incomplete { share } => write!(f, "ended early: {} of the steps were taken", percent(*share)),
        }
    }
}

/// Whether to trust the draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Everything that could be compared agrees.
    Yes,
    /// The draws do not follow the density.
    No,
    /// Nothing speaks against them, and too little for them.
    Unknown,
}

impl Trust {
    /// `yes`, `no` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Yes => "yes",
            Trust::No => "no",
            Trust::Unknown => "unknown",
        }
    }
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether to trust the draws.
    pub trust: Trust,
    /// One sentence: what the verdict rests on.
    pub because: String,
    /// What the user should know, gravest first.
    pub warnings: Vec<Warning>,
}

impl Verdict {
    /// The verdict that `warnings` add up to; `because` is the evidence for the draws.
    pub fn new(mut warnings: Vec<Warning>, because: String) -> Verdict {
        warnings.sort_by_key(|warning| std::cmp::Reverse(warning.weight()));
        let trust = match warnings.first().map(Warning::weight) {
            Some(Weight::Failure) => Trust::No,
            Some(Weight::Doubt) => Trust::Unknown,
            _ => Trust::Yes,
        };
        Verdict { trust, because, warnings }
    }
}
