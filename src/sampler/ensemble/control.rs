//! How a caller watches a run and ends it early.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, PoisonError};

use super::draws::Draws;
use super::journal::Journal;

/// What a run and its caller tell each other.
#[derive(Debug, Default)]
pub struct Control {
    /// Set it to end the run at the next step; what was drawn so far is returned.
    pub stop: AtomicBool,
    /// Chain-steps taken.
    pub chain_steps: AtomicU64,
    /// Chain-steps in all, known once the run is planned.
    pub chain_steps_wanted: AtomicU64,
    /// Hears when a run goes from one stage to another: the library has no clock, and its caller may have one.
    pub listener: Option<Listener>,
    /// The draws so far, from before their figures are computed: those may take longer than a caller waits who stops the run.
    pub kept: Mutex<Option<Draws>>,
    /// What is written down so that the run can be gone on with.
    pub journal: Option<Journal>,
}

/// What a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Finding the mass, warming up, drawing.
    Sampling,
    /// Computing figures of the draws, and the verdict.
    Judging,
}

/// What a caller does when the stage changes.
pub struct Listener(pub Box<dyn Fn(Stage) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Control {
    /// Leaves draws for a caller who stops the run while their figures are computed.
    pub(crate) fn keep(&self, draws: &Draws) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(draws.clone());
    }

    /// Tells the listener.
    pub(crate) fn enter(&self, stage: Stage) {
        if let Some(Listener(hear)) = &self.listener {
            hear(stage);
        }
    }
}
