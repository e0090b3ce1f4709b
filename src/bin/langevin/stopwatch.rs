//! How long a run took, and how much of that was sampling.
#![allow(clippy::disallowed_methods, reason = "the program says how long it took")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use langevin::report::sample::Elapsed;
use langevin::sampler::{Listener, Stage};

/// Runs from its making.
pub(crate) struct Stopwatch {
    began: Instant,
    sampling: Arc<Mutex<Sampling>>,
}

#[derive(Default)]
struct Sampling {
    since: Option<Instant>,
    before: Duration,
}

impl Sampling {
    fn pause(&mut self) {
        self.before += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }
}

impl Stopwatch {
    /// One that is told of stages by its listener.
    pub(crate) fn start() -> (Stopwatch, Listener) {
        let sampling = Arc::new(Mutex::new(Sampling::default()));
        let watched = Arc::clone(&sampling);
        let listener = Listener(Box::new(move |stage| {
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.pause();
            if stage == Stage::Sampling {
                watched.since = Some(Instant::now());
            }
        }));
        (Stopwatch { began: Instant::now(), sampling }, listener)
    }

    /// The seconds so far.
    pub(crate) fn elapsed(&self) -> Elapsed {
        let mut sampling = self.sampling.lock().unwrap_or_else(PoisonError::into_inner);
        sampling.pause();
        Elapsed { total: self.began.elapsed().as_secs_f64(), sampling: sampling.before.as_secs_f64() }
    }
}
