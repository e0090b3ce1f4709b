//! The program: arguments in, the library's answers out; the only place that prints.

mod args;
mod check;
mod compare;
mod diagnose;
mod exit;
mod explain;
mod format;
mod gallery;
mod gradient;
mod input;
mod integrate;
mod manual;
mod progress;
mod sample;
mod signals;
mod stopwatch;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Failure;

fn main() -> ExitCode {
    exit::report_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let talk = terminal::Talk { json: cli.json, quiet: cli.quiet, verbose: cli.verbose };
    let outcome = match &cli.command {
        Command::Sample(arguments) => sample::run(arguments, talk),
        Command::Compare(arguments) => compare::run(arguments, talk),
        Command::Integrate(arguments) => integrate::run(arguments, talk),
        Command::Gradient(arguments) => gradient::run(arguments, talk),
        Command::Check(arguments) => check::run(arguments, talk),
        Command::Diagnose(arguments) => diagnose::run(arguments, talk),
        Command::Explain(arguments) => explain::run(arguments, talk),
        Command::Gallery(arguments) => gallery::run(arguments, talk),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man { folder } => manual::pages(folder.as_deref()),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => exit::fail(&failure, talk),
    }
}

/// What a command ends with.
type Outcome = Result<ExitCode, Failure>;
