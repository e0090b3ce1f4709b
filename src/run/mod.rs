//! A question to an answer: plan a run from the problem, make it, compare it with what is known, judge it.

mod advice;
mod chained;
mod compare;
mod derived;
mod diagnose;
mod discrepancy;
mod exact;
mod minibatch;
mod missed;
mod modes;
mod pilot;
mod plan;
mod population;
mod sample;
mod settings;
mod summary;
mod tempered;
mod until;
mod verdict;

pub use chained::ChainFigures;
pub use compare::{Comparison, Contender, Standing, Truth, compare, contestants, samplers};
pub use derived::{Derived, derive, reported};
pub use diagnose::{DrawsSummary, diagnose, draws_of};
pub use minibatch::{Batch, BatchFigures, BiasCheck, ReplicaFigures};
pub use pilot::{Pilot, pilot};
pub use plan::{Plan, plan};
pub use sample::{Method, Run, sample, sample_density, sample_watched, view};
pub use settings::{Init, Sampler, Sampling};
pub use summary::{BasinSummary, Fit, QUANTILES, VariableSummary};
pub use until::{Measure, Progress, Target, targets};
pub use verdict::{Trust, Verdict, Warning, Weight};
