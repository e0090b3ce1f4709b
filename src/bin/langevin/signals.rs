//! SIGINT, SIGTERM and SIGHUP end any command within a second: a run first has a moment to come to its end by itself and keep what was
//! drawn; a second signal ends the program at once.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use langevin::sampler::{Control, Draws};

use crate::exit::{self, Failure};
use crate::terminal::Talk;

/// The signal that came; 0 for none.
static RECEIVED: AtomicU8 = AtomicU8::new(0);
/// The run that there is to stop, and what to do with draws that it left before it could judge them.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);
/// Who says how the command ended, the command or the signal, but never both.
static LAST_WORD: AtomicU8 = AtomicU8::new(NOBODY);
const NOBODY: u8 = 0;
const COMMAND: u8 = 1;
const SIGNAL: u8 = 2;

/// How long a run has to end by itself: a third of the second, as draws are still to be written then.
const GRACE: Duration = Duration::from_millis(350);

struct Running {
    control: Arc<Control>,
    save: Box<Save>,
}

/// Does something with draws and says what.
type Save = dyn FnOnce(&Draws) -> Result<String, Failure> + Send;

/// From now on a signal ends the program.
pub(crate) fn watch(talk: Talk) {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
        // Memory that ran out where nobody asked for it beforehand: std has said so, and aborts.
        let _ = signal_hook::flag::register_conditional_shutdown(SIGABRT, 5, Arc::new(true.into()));
        // A file beyond the limit of its size is an error of writing, not the end of the program.
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
        let watched = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP));
        let Ok(mut signals) = signal_hook::iterator::Signals::new(watched) else { return };
        // Without the watch a signal ends the program as it always does.
        let watch = std::thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                let number = u8::try_from(signal).unwrap_or(2);
                if RECEIVED.swap(number, Ordering::Relaxed) != 0 {
                    std::process::exit(128 + signal);
                }
                if let Some(running) = &*running() {
                    running.control.stop.store(true, Ordering::Relaxed);
                }
                let _ = std::thread::Builder::new().spawn(move || end(talk));
            }
        });
        drop(watch);
    }
    #[cfg(not(unix))]
    let _ = talk;
}

/// Whether whoever started the program has it ignore the signal, as nohup does; where the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

fn running() -> MutexGuard<'static, Option<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A signal stops the run of `control` from now on. `save` says what it did with draws whose figures take too long.
pub(crate) fn stops(control: &Arc<Control>, save: impl FnOnce(&Draws) -> Result<String, Failure> + Send + 'static) {
    *running() = Some(Running { control: Arc::clone(control), save: Box::new(save) });
    if came() {
        control.stop.store(true, Ordering::Relaxed);
    }
}

/// Whether one came.
pub(crate) fn came() -> bool {
    RECEIVED.load(Ordering::Relaxed) != 0
}

/// 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM.
pub(crate) fn exit_code() -> u8 {
    match RECEIVED.load(Ordering::Relaxed) {
        // Ended early for another reason.
        0 => 130,
        number => 128 + number,
    }
}

/// The signal as it is called.
pub(crate) fn name() -> &'static str {
    match exit_code() {
        129 => "SIGHUP",
        143 => "SIGTERM",
        _ => "SIGINT",
    }
}

/// The command has its answer, and no signal speaks after that. Never returns where a signal was first: it is about to end the program.
pub(crate) fn answer() {
    while LAST_WORD.compare_exchange(NOBODY, COMMAND, Ordering::Relaxed, Ordering::Relaxed) == Err(SIGNAL) {
        std::thread::park();
    }
}

/// Ends the program if the command does not do so in time.
#[cfg(unix)]
fn end(talk: Talk) {
    let code = i32::from(exit_code());
    if running().is_some() {
        std::thread::sleep(GRACE);
    }
    if LAST_WORD.compare_exchange(NOBODY, SIGNAL, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        // The command has begun to answer.
        std::thread::sleep(GRACE);
        std::process::exit(code);
    }
    let kept = running().take().and_then(|Running { control, save }| {
        let draws = control.kept.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(save(&draws))
    });
    match kept {
        Some(Err(failure)) => drop(exit::fail(&failure, talk)),
        Some(Ok(told)) => exit::stopped(&told, talk),
        None => exit::stopped(&format!("stopped by {}: nothing was drawn or found that could be kept", name()), talk),
    }
    std::process::exit(code);
}
