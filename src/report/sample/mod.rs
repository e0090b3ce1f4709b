//! A run; `langevin sample`.

mod json;
mod text;

pub use json::json;
pub use text::{plan, text};

/// Seconds by the clock of the caller; the library has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elapsed {
    /// Of the whole run.
    pub total: f64,
    /// Of those, in [`Stage::Sampling`](crate::sampler::Stage): warm-up and draws, not figures and checks.
    pub sampling: f64,
}
