//! `langevin diagnose`.

use std::process::ExitCode;

use langevin::output::diagnose_document;
use langevin::run::{Trust, diagnose, draws_of};

use crate::Outcome;
use crate::args::Diagnose;
use crate::exit::NOT_TRUSTED;
use crate::input;
use crate::report::{self, Paint};
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Diagnose, talk: Talk) -> Outcome {
    let (names, draws) = draws_of(&input::table(&arguments.file)?)?;
    let (variables, verdict) = diagnose(&names, &draws);
    if talk.json {
        print(&format!("{:#}", diagnose_document(&variables, &draws, &verdict)))?;
    } else {
        print(&report::diagnosis(&variables, &draws, &verdict, Paint(colour(&std::io::stdout()))))?;
    }
    Ok(ExitCode::from(if arguments.strict && verdict.trust != Trust::Yes { NOT_TRUSTED } else { 0 }))
}
