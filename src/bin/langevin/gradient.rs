//! `langevin gradient`.

use std::process::ExitCode;

use langevin::error::{Error, ErrorKind};
use langevin::graph::print::Language;
use langevin::proof::blame;
use langevin::report::gradient::Derivatives;

use crate::Outcome;
use crate::args::{Gradient, Notation};
use crate::exit::Failure;
use crate::input;
use crate::terminal::{Talk, print};

pub(crate) fn run(arguments: &Gradient, talk: Talk) -> Outcome {
    let positional = arguments.formula.as_ref();
    let model =
        if arguments.log { input::model(&arguments.density, positional) } else { input::expression_model(&arguments.density, positional) }?;
    let about = |error| Failure::of(error, model.formula().source());
    let derivatives = Derivatives::new(&model, arguments.log, arguments.hessian).map_err(about)?;
    let point = if arguments.at.is_empty() { None } else { Some(model.point(&arguments.at)?) };
    let language = match arguments.to {
        Notation::Text => Some(Language::Text),
        Notation::Latex => Some(Language::Latex),
        Notation::Rust => Some(Language::Rust),
        Notation::C => Some(Language::C),
        Notation::Python => Some(Language::Python),
        Notation::Json => None,
    };
    let Some(language) = language.filter(|_| !talk.json) else {
        print(&format!("{:#}", derivatives.json(&model, point.as_deref())))?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(point) = point else {
        print(&derivatives.text(language))?;
        return Ok(ExitCode::SUCCESS);
    };
    print(&derivatives.values(&point))?;
    if let Some(found) = blame(&model, &point) {
        let note = Error { span: found.span, ..Error::new(ErrorKind::Domain, found.to_string()).hint(found.fix) };
        talk.say(note.render(model.formula().source()).replacen("error:", "note:", 1));
    }
    Ok(ExitCode::SUCCESS)
}
