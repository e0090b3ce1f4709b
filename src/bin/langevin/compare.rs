//! `langevin compare`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use langevin::error::{Error, ErrorKind};
use langevin::plot::comparison_plot;
use langevin::report::{self, Paint};
use langevin::run::{Contender, Sampling, compare, contestants, sample_watched, samplers};
use langevin::sampler::Control;

use crate::Outcome;
use crate::args::Compare;
use crate::exit::Failure;
use crate::format::{Format, check_writable, deliver, targets};
use crate::input;
use crate::progress::Progress;
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Compare, talk: Talk) -> Outcome {
    if let Some(one) = &arguments.sampling.sampler {
        return Err(Error::new(ErrorKind::Setting, format!("compare runs several samplers, and --sampler {one} names one"))
            .hint(format!("--samplers {one},nuts"))
            .into());
    }
    let samplers = arguments.samplers.as_deref().map_or_else(|| Ok(contestants()), samplers)?;
    let targets = targets(&arguments.output)?;
    for (path, format) in &targets {
        if !matches!(format, Format::Picture(_) | Format::Json) {
            return Err(Error::new(ErrorKind::Setting, format!("`{}`: compare writes one picture or its figures", path.display()))
                .hint("end it in .png, .svg or .json")
                .into());
        }
    }
    check_writable(&targets, &input::sources(&arguments.density))?;
    let model = input::model(&arguments.density, None)?;
    let settings = input::sampling(&arguments.sampling)?;
    let source = model.formula().source();
    // What is no density is no sampler's fault.
    langevin::proof::inspect(&model).refuse(&model).map_err(|error| Failure::of(error, source))?;
    let contenders = samplers.into_iter().map(|sampler| {
        let control = Arc::new(Control::default());
        let progress = Progress::watch(&control, talk);
        #[allow(clippy::disallowed_methods, reason = "the program says how long it took")]
        let began = Instant::now();
        let run = sample_watched(&model, &Sampling { sampler, ..settings.clone() }, &control);
        let seconds = began.elapsed().as_secs_f64();
        drop(progress);
        Contender { sampler, run, seconds }
    });
    let comparison = compare(&model, contenders.collect());
    let document = || format!("{:#}", report::compare::json(&model, &comparison, settings.seed));
    let text = || report::compare::text(&model, &comparison, settings.seed, Paint(colour(&std::io::stdout())));
    let answer = || Ok(print(&if talk.json { document() } else { text() })?);
    deliver(talk, &targets, talk.json, answer, |format| {
        Ok(match format {
            Format::Picture(picture) => comparison_plot(&model, &comparison, picture)?,
            _ => (document() + "\n").into_bytes(),
        })
    })?;
    Ok(ExitCode::SUCCESS)
}
