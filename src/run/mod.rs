//! A question to an answer: plan a run from the problem, make it, compare it with what is known, judge it.

mod pilot;
mod plan;
mod sample;
mod settings;
mod summary;
mod verdict;

pub use pilot::{Pilot, pilot};
pub use plan::{Plan, plan};
pub use sample::{Run, sample, sample_density, sample_watched, view};
pub use settings::{Init, Sampling};
pub use summary::{BasinSummary, Fit, QUANTILES, VariableSummary};
pub use verdict::{Trust, Verdict, Warning, Weight};
