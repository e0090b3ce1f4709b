//! The progress bar: on stderr, only if it is a terminal, only for what takes over a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use langevin::sampler::Control;

use crate::terminal::Talk;

/// Watches a run from a thread of its own until it is dropped.
pub(crate) struct Progress {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows `control`'s count of chain-steps.
    pub(crate) fn watch(control: &Arc<Control>, talk: Talk) -> Progress {
        let done = Arc::new(AtomicBool::new(false));
        if talk.quiet || !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            return Progress { done, thread: None };
        }
        let (control, stop) = (Arc::clone(control), Arc::clone(&done));
        let thread = std::thread::Builder::new().spawn(move || {
            #[allow(clippy::disallowed_methods, reason = "a progress bar tells time")]
            let began = Instant::now();
            let mut bar: Option<ProgressBar> = None;
            while !stop.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(100));
                let total = control.chain_steps_wanted.load(Ordering::Relaxed);
                let taken = control.chain_steps.load(Ordering::Relaxed);
                if began.elapsed() > Duration::from_secs(1) && total > 0 && !stop.load(Ordering::Relaxed) {
                    let bar = bar.get_or_insert_with(|| new_bar(total, began));
                    bar.set_position(taken);
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        // Without a thread there is no bar.
        Progress { done, thread: thread.ok() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn new_bar(total: u64, began: Instant) -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:32.cyan/dim} {percent:>3} %  {per_sec}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("per_sec", |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0} M chain-steps/s", state.per_sec() / 1e6);
        })
        .progress_chars("━━─");
    ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style).with_elapsed(began.elapsed())
}
