//! Whether to believe the draws: each judge adds its warnings, and the verdict is what they weigh together.
//!
//! A file has the warnings of one family, each a function that returns its row: name, weight, text, advice.

mod batches;
mod because;
mod chains;
mod formula;
mod ladder;
mod law;
mod places;
mod population;
mod progress;
mod stein;
mod step;

pub(super) use chains::{Agreement, judge_alone};

use std::cmp::Reverse;
use std::fmt;

use super::drawn::{Drawn, Method};
use super::figures::Figures;
use super::law::Law;
use super::question::Question;
use super::samplers::Sampler;

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
pub struct Warning {
    kind: &'static str,
    weight: Weight,
    text: String,
    advice: Option<String>,
}

impl Warning {
    /// A row: the stable name that tools rely on, the weight, and what was seen.
    fn new(kind: &'static str, weight: Weight, text: impl Into<String>) -> Warning {
        Warning { kind, weight, text: text.into(), advice: None }
    }

    /// The row with the way out, which names the flag to change.
    fn advise(self, advice: impl Into<String>) -> Warning {
        Warning { advice: Some(advice.into()), ..self }
    }

    /// The stable name that tools rely on.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What it does to the verdict.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// What was seen.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The way out, if there is one.
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.advice.iter().try_for_each(|advice| write!(f, "; {advice}"))
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
    pub(super) fn new(mut warnings: Vec<Warning>, because: String) -> Verdict {
        warnings.sort_by_key(|warning| Reverse(warning.weight));
        let trust = match warnings.first().map(Warning::weight) {
            Some(Weight::Failure) => Trust::No,
            Some(Weight::Doubt) => Trust::Unknown,
            _ => Trust::Yes,
        };
        Verdict { trust, because, warnings }
    }
}

/// What the judges look at: all that is known of a run.
pub(super) struct Case<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) law: &'a Law,
    pub(super) sampler: Sampler,
    pub(super) drawn: &'a Drawn,
    pub(super) figures: &'a Figures,
}

impl Case<'_> {
    /// Whether a chain has draws that follow each other.
    fn has_chains(&self) -> bool {
        matches!(self.drawn.method, Method::Chains(_) | Method::Batches(_))
    }
}

/// Adds what one family has to say.
type Judge = fn(&Case, &mut Vec<Warning>);

/// Every judge; the order is that of warnings of one weight. The last one looks at what the others found.
const JUDGES: [Judge; 10] = [
    progress::judge,
    population::judge,
    places::judge,
    chains::judge,
    stein::judge,
    law::judge,
    step::judge,
    ladder::judge,
    batches::judge,
    formula::judge,
];

/// The verdict on a run.
pub(super) fn judge(case: &Case) -> Verdict {
    let mut warnings = Vec::new();
    JUDGES.iter().for_each(|judge| judge(case, &mut warnings));
    Verdict::new(warnings, because::because(case))
}

/// A figure with so many decimals; `-` where the draws are too few for one.
fn figure(value: f64, decimals: usize) -> String {
    if value.is_nan() { "-".into() } else { format!("{value:.decimals$}") }
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
