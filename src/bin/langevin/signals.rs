//! SIGINT and SIGTERM end a run early and keep what was drawn; a second one ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use langevin::sampler::Control;

/// The signal that came, if one did.
pub(crate) struct Signals {
    received: Arc<AtomicU8>,
}

impl Signals {
    /// Whether one came.
    pub(crate) fn came(&self) -> bool {
        self.received.load(Ordering::Relaxed) != 0
    }

    /// 130 for SIGINT, 143 for SIGTERM.
    pub(crate) fn exit_code(&self) -> u8 {
        128 + self.received.load(Ordering::Relaxed).max(2)
    }
}

/// From now on a signal stops the run of `control`.
pub(crate) fn watch(control: &Arc<Control>) -> Signals {
    let received = Arc::new(AtomicU8::new(0));
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let (control, received) = (Arc::clone(control), Arc::clone(&received));
        // Without the watch a signal ends the program as it always does.
        if let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) {
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    let number = u8::try_from(signal).unwrap_or(2);
                    received.store(number, Ordering::Relaxed);
                    if control.stop.swap(true, Ordering::Relaxed) {
                        std::process::exit(128 + i32::from(number));
                    }
                }
            });
        }
    }
    #[cfg(not(unix))]
    let _ = control;
    Signals { received }
}
