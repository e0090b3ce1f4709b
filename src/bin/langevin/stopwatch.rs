//! How long a run took, and how much of that was sampling.
#![allow(clippy::disallowed_methods, reason = "the program says how long it took")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use langevin::report::sample::Elapsed;
use langevin::sampler::{Listener, Stage};

/// Runs from its making.
#[derive(Clone)]
pub(crate) struct Stopwatch {
    began: Instant,
    /// Of a run that goes on: what it took before.
    before: Elapsed,
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
    /// One that is told of stages by its listener, of a run that has taken so long `before`.
    pub(crate) fn start(before: Elapsed) -> (Stopwatch, Listener) {
        let sampling = Arc::new(Mutex::new(Sampling::default()));
        let watched = Arc::clone(&sampling);
        let listener = Listener(Box::new(move |stage| {
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.pause();
            if stage == Stage::Sampling {
                watched.since = Some(Instant::now());
            }
        }));
        (Stopwatch { began: Instant::now(), before, sampling }, listener)
    }

    /// The seconds so far.
    pub(crate) fn elapsed(&self) -> Elapsed {
        let sampling = self.sampling.lock().unwrap_or_else(PoisonError::into_inner);
        let sampled = sampling.before + sampling.since.map_or(Duration::ZERO, |since| since.elapsed());
        let Elapsed { total, sampling } = self.before;
        Elapsed { total: total + self.began.elapsed().as_secs_f64(), sampling: sampling + sampled.as_secs_f64() }
    }
}
