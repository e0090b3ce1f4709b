//! The program: arguments in, the library's answers out; the only place that prints.

mod args;
mod check;
mod checkpoint;
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
mod memory;
mod progress;
mod sample;
mod signals;
mod stopwatch;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use checkpoint::Resumed;
use exit::Failure;
use langevin::sampler::on_threads;
use terminal::Talk;

fn main() -> ExitCode {
    exit::report_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let talk = Talk { json: cli.json, quiet: cli.quiet, verbose: cli.verbose };
    signals::watch(talk);
    let (command, resumed, talk) = match cli.command {
        Command::Resume(arguments) => match checkpoint::resume(arguments, talk) {
            Ok((command, resumed, talk)) => (command, Some(resumed), talk),
            Err(failure) => return exit::fail(&failure, talk),
        },
        command => (command, None, talk),
    };
    // All that a command shares between threads, pictures and reports too, is shared between these.
    let run = || run(&command, resumed.as_ref(), talk);
    let outcome = match threads(&command) {
        Some(threads) => on_threads(threads, run).unwrap_or_else(|error| Err(error.into())),
        None => run(),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            signals::answer();
            exit::fail(&failure, talk)
        }
    }
}

/// The threads that a command asks for, 0 for all; `None` for one that shares nothing.
fn threads(command: &Command) -> Option<usize> {
    match command {
        Command::Sample(arguments) => Some(arguments.sampling.threads),
        Command::Compare(arguments) => Some(arguments.sampling.threads),
        Command::Gallery(arguments) => Some(arguments.sampling.threads),
        Command::Integrate(_) | Command::Check(_) | Command::Diagnose(_) => Some(0),
        _ => None,
    }
}

fn run(command: &Command, resumed: Option<&Resumed>, talk: Talk) -> Outcome {
    match command {
        Command::Sample(arguments) => sample::run(arguments, resumed, talk),
        Command::Compare(arguments) => compare::run(arguments, talk),
        Command::Integrate(arguments) => integrate::run(arguments, talk),
        Command::Gradient(arguments) => gradient::run(arguments, talk),
        Command::Check(arguments) => check::run(arguments, talk),
        Command::Diagnose(arguments) => diagnose::run(arguments, talk),
        Command::Explain(arguments) => explain::run(arguments, talk),
        Command::Gallery(arguments) => gallery::run(arguments, resumed, talk),
        // It has become the command that it goes on with.
        Command::Resume(_) => Ok(ExitCode::SUCCESS),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man { folder } => manual::pages(folder.as_deref()),
    }
}

/// What a command ends with.
type Outcome = Result<ExitCode, Failure>;
