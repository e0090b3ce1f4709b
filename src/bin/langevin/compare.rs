//! `langevin compare`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use langevin::error::{Error, ErrorKind};
use langevin::output::{AtomicFile, comparison_document};
use langevin::plot::comparison_plot;
use langevin::run::{Comparison, Contender, Sampling, compare, contestants, sample_watched, samplers};
use langevin::sampler::{Control, on_threads};

use crate::Outcome;
use crate::args::Compare;
use crate::exit::Failure;
use crate::format::{Format, check_writable, targets};
use crate::input;
use crate::progress::Progress;
use crate::report::{self, Paint, wrap};
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
    check_writable(&targets)?;
    let model = on_threads(arguments.sampling.threads, || input::model(&arguments.density, None))??;
    let settings = input::sampling(&arguments.sampling, true)?;
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
    let document = || format!("{:#}", comparison_document(&comparison, source, model.meaning().name(), settings.seed));
    if talk.json {
        print(&document())?;
    } else {
        let paint = Paint(colour(&std::io::stdout()));
        print(&format!("{}\n{}", report::headline(&model, paint), table(&comparison, settings.seed, paint)))?;
    }
    for (path, format) in targets {
        let bytes = match format {
            Format::Picture(picture) => comparison_plot(&model, &comparison, picture)?,
            _ => (document() + "\n").into_bytes(),
        };
        AtomicFile::write(path, &bytes)?;
        if !talk.json {
            talk.say(format_args!("  wrote   {}", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The table, 80 columns.
fn table(comparison: &Comparison, seed: u64, paint: Paint) -> String {
    let mut lines = vec![format!("seed {seed}"), String::new()];
    lines.push(paint.dim(&format!(
        "  {:<11} {:>7} {:>7} {:>7} {:>8} {:>6} {:>8} {:>7}  {}",
        "", "draws", "ess", "ess/s", "ess/1000", "rhat", "error", "time", "trust"
    )));
    let figure = |value: f64| if value.is_finite() { report::short(value) } else { "-".into() };
    for (contender, standing) in comparison.contenders.iter().zip(&comparison.standings) {
        let name = contender.sampler.name();
        match (&contender.run, standing) {
            (Ok(run), Some(standing)) => lines.push(format!(
                "  {name:<11} {:>7} {:>7} {:>7} {:>8} {:>6} {:>8} {:>7}  {}",
                report::count(standing.draws as f64),
                report::count(standing.ess),
                report::count(standing.ess_per_second),
                figure(standing.ess_per_1000_gradients),
                if standing.rhat.is_finite() { format!("{:.3}", standing.rhat) } else { "-".into() },
                figure(standing.error),
                report::time(contender.seconds),
                paint.trust(run.verdict.trust),
            )),
            (Err(error), _) => {
                let mut words = wrap(&format!("{name:<11} cannot: {}", error.message), 14);
                lines.append(&mut words);
            }
            _ => {}
        }
    }
    lines.push(String::new());
    lines.extend(wrap(
        "ess     the smallest bulk ESS of the variables; /s a second, warm-up included; /1000 for a thousand gradients, warm-up included",
        10,
    ));
    lines.extend(wrap(&format!("error   {}", comparison.truth.describe().trim_start_matches("error is ")), 10));
    lines.join("\n")
}
