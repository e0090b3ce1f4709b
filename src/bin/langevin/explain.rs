//! `langevin explain`.

use std::process::ExitCode;

use langevin::report::{self, Paint};

use crate::Outcome;
use crate::args::Explain;
use crate::input;
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Explain, talk: Talk) -> Outcome {
    let model = input::model(&arguments.density, arguments.formula.as_ref())?;
    print(&if talk.json {
        format!("{:#}", report::explain::json(&model))
    } else {
        report::explain::text(&model, Paint(colour(&std::io::stdout())))
    })?;
    Ok(ExitCode::SUCCESS)
}
