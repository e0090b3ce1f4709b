//! How long this process computed, all of its threads together.

use std::time::Duration;

/// Processor time: what other programs take in between does not count.
#[cfg(unix)]
pub(crate) fn of_process() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("nanoseconds below a second"))
}

/// Wall clock, where std alone must do.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "a timing asks the clock")]
pub(crate) fn of_process() -> Duration {
    use std::{sync::OnceLock, time::Instant};
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
