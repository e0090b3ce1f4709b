//! `langevin diagnose`.

use std::path::Path;
use std::process::ExitCode;

use langevin::error::{Error, ErrorKind};
use langevin::plot::{DrawsPlot, draws_plot};
use langevin::report::{self, Paint};
use langevin::run::{Trust, diagnose, draws_of};

use crate::Outcome;
use crate::args::Diagnose;
use crate::exit::{Failure, NOT_TRUSTED};
use crate::format::{Format, check_writable, deliver, targets};
use crate::input;
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Diagnose, talk: Talk) -> Outcome {
    let targets = targets(&arguments.output)?;
    targets.iter().try_for_each(|(path, format)| refuse(path, *format))?;
    check_writable(&targets, std::slice::from_ref(&arguments.file))?;
    let (names, draws) = draws_of(&input::table(&arguments.file)?)?;
    let (variables, verdict) = diagnose(&names, &draws);
    let document = || format!("{:#}", report::diagnose::json(&variables, &draws, &verdict));
    let title = if arguments.file.as_os_str() == "-" { "standard input".into() } else { arguments.file.display().to_string() };
    let text = || {
        let paint = Paint(colour(&std::io::stdout()));
        let report = report::diagnose::text(&variables, &draws, &verdict, paint);
        if arguments.show { report + "\n" + &report::show::draws(&names, &draws, None, paint) } else { report }
    };
    let answer = || Ok(print(&if talk.json { document() } else { text() })?);
    deliver(talk, &targets, talk.json, answer, |format| {
        Ok(match format {
            Format::Plot(plot, picture) => draws_plot(&title, &names, &draws, plot, picture)?,
            Format::Picture(picture) => draws_plot(&title, &names, &draws, DrawsPlot::Pairs, picture)?,
            _ => (document() + "\n").into_bytes(),
        })
    })?;
    Ok(ExitCode::from(if arguments.strict && verdict.trust != Trust::Yes { NOT_TRUSTED } else { 0 }))
}

/// What a file of draws cannot become.
fn refuse(path: &Path, format: Format) -> Result<(), Failure> {
    match format {
        Format::Csv | Format::Gif => {
            Err(Error::new(ErrorKind::Setting, format!("`{}`: diagnose writes pictures and figures", path.display()))
                .hint("end it in .trace.png, .ranks.png, .autocorrelation.png, .running.png, .pairs.png, .svg in place of .png, or .json")
                .into())
        }
        _ => Ok(()),
    }
}
