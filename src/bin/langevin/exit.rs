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
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { error, source: String::new() }
    }
}

impl Failure {
    /// A failure about `source`.
    pub(crate) fn of(error: Error, source: &str) -> Self {
        Failure { error, source: source.to_string() }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Error::new(ErrorKind::Io, format!("cannot write the output: {error}")).into()
    }
}

/// Shows the failure; the exit code of its kind.
pub(crate) fn fail(failure: &Failure, talk: Talk) -> ExitCode {
    let Failure { error, source } = failure;
    if talk.json {
        let _ = writeln!(std::io::stdout(), "{:#}", refusal(error));
    } else {
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

/// clap's own message, or the JSON form of it if the command asked for JSON.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
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
        let _ = writeln!(std::io::stderr(), "error: this is a bug in langevin ({info}); please report it with the command that led here");
        std::process::exit(i32::from(BUG));
    }));
}
