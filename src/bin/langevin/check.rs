//! `langevin check`.

use std::process::ExitCode;

use langevin::error::{ErrorKind, Fault};
use langevin::report::{Paint, check::Findings};

use crate::Outcome;
use crate::args::Check;
use crate::exit::Failure;
use crate::input;
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Check, talk: Talk) -> Outcome {
    let model = input::model(&arguments.density, None)?;
    let findings = Findings::of(&model);
    if talk.json {
        print(&format!("{:#}", findings.json(&model)))?;
    } else if let Some(problem) = findings.problem() {
        return Err(Failure::of(problem.clone(), model.formula().source()));
    } else {
        print(&findings.text(&model, Paint(colour(&std::io::stdout()))))?;
    }
    Ok(match findings.problem().map(|problem| problem.kind) {
        None => ExitCode::SUCCESS,
        Some(kind) if kind.fault() == Fault::Density || kind == ErrorKind::ZeroDensity => ExitCode::from(4),
        Some(_) => ExitCode::from(2),
    })
}
