//! A question to an answer: plan a run from the problem, make it, compare it with what is known, judge it.

mod advice;
mod answer;
mod chained;
mod choice;
mod compare;
mod derived;
mod diagnose;
mod discrepancy;
mod drawn;
mod exact;
mod figures;
mod judge;
mod law;
mod memory;
mod minibatch;
mod missed;
mod modes;
mod noise;
mod pilot;
mod plan;
mod population;
mod question;
mod sample;
mod samplers;
mod settings;
mod starts;
#[cfg(test)]
mod streams;
mod summary;
mod twins;
mod until;

pub use answer::Run;
pub use compare::{Comparison, Contender, Standing, Truth, compare, contestants, samplers};
pub use derived::{Derived, derive, reported};
pub use diagnose::{DrawsSummary, INCOMPLETE, diagnose, draws_of};
pub use drawn::{BatchFigures, BiasCheck, ChainFigures, Method, ReplicaFigures};
pub use judge::{Trust, Verdict, Warning, Weight};
pub use law::view;
pub use pilot::{Pilot, pilot};
pub use plan::{Plan, plan};
pub use sample::{sample, sample_density, sample_watched};
pub use samplers::Sampler;
pub use settings::{Batch, Init, Sampling};
pub use starts::prefers_noncentered;
pub use summary::{BasinSummary, Fit, QUANTILES, TAIL, VariableSummary};
pub use until::{Measure, Progress, Target, targets};
