//! `langevin integrate`.

use std::process::ExitCode;

use langevin::proof::inspect;
use langevin::quadrature::{Tolerance, evidence};
use langevin::report::{self, Paint};

use crate::Outcome;
use crate::args::Integrate;
use crate::exit::{Failure, NOT_TRUSTED};
use crate::input;
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Integrate, talk: Talk) -> Outcome {
    let model = input::model(&arguments.density, None)?;
    let source = model.formula().source();
    let about = |error| Failure::of(error, source);
    inspect(&model).refuse(&model).map_err(about)?;
    let tolerance = Tolerance { relative: arguments.tolerance, ..Tolerance::default() };
    let found = evidence(&model, tolerance, arguments.certify).map_err(about)?;
    if talk.json {
        print(&format!("{:#}", report::integrate::json(&model, &found)))?;
    } else {
        print(&report::integrate::text(&model, &found, Paint(colour(&std::io::stdout()))))?;
    }
    Ok(ExitCode::from(if arguments.strict && !found.integral.converged { NOT_TRUSTED } else { 0 }))
}
