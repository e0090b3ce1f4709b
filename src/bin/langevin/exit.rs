//! Exit codes, and how failures are shown.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use langevin::error::{Error, ErrorKind, Fault};
use langevin::report::refusal;

use crate::terminal::Talk;

/// The run is complete, but the verdict is not yes and `--strict` was given.
pub(crate) const NOT_TRUSTED: u8 = 3;
const BUG: u8 = 70;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    /// The formula, for the caret.
    source: String,
    /// Whether it is standard output itself that takes no more.
    is_of_stdout: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { error, source: String::new(), is_of_stdout: false }
    }
}

impl Failure {
    /// A failure about `source`.
    pub(crate) fn of(error: Error, source: &str) -> Self {
        Failure { error, source: source.to_string(), is_of_stdout: false }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let error = Error::new(ErrorKind::Io, format!("cannot write the output: {error}"));
        Failure { error, source: String::new(), is_of_stdout: true }
    }
}

/// Shows the failure; the exit code of its kind.
pub(crate) fn fail(failure: &Failure, talk: Talk) -> ExitCode {
    let Failure { error, source, is_of_stdout } = failure;
    let is_told = talk.json && !is_of_stdout && writeln!(std::io::stdout(), "{:#}", refusal(error)).is_ok();
    if !is_told {
        let text = error.render(source);
        let text = match crate::terminal::colour(&std::io::stderr()) {
            true => text.replacen("error:", "\u{1b}[1;31merror:\u{1b}[0m", 1),
            false => text,
        };
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    ExitCode::from(match error.kind.fault() {
        Fault::Input => 2,
        Fault::Density => 4,
        Fault::Files => 5,
    })
}

/// Says what became of a command that a signal stopped.
pub(crate) fn stopped(told: &str, talk: Talk) {
    let document = || refusal(&Error::new(ErrorKind::Interrupted, told));
    if !talk.json || writeln!(std::io::stdout(), "{:#}", document()).is_err() {
        let _ = writeln!(std::io::stderr(), "{told}");
    }
}

/// clap's own message, or the JSON form of it if the command asked for JSON.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && asks_for_json() {
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string();
        let document = refusal(&Error::new(ErrorKind::Setting, first).hint("langevin --help"));
        let _ = writeln!(std::io::stdout(), "{document:#}");
        return ExitCode::from(2);
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// A panic is a bug of ours: says so, and exits with 70.
pub(crate) fn report_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::io::stderr().is_terminal() || std::env::var_os("RUST_BACKTRACE").is_some() {
            default(info);
        }
        let told = format!("this is a bug in langevin ({info}); please report it with the command that led here");
        if !asks_for_json() || writeln!(std::io::stdout(), "{:#}", refusal(&Error::new(ErrorKind::Bug, told.as_str()))).is_err() {
            let _ = writeln!(std::io::stderr(), "error: {told}");
        }
        std::process::exit(i32::from(BUG));
    }));
}

/// Whether the command line has --json, before it is known whether it makes sense.
fn asks_for_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}
