//! `langevin sample`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use langevin::density::Model;
use langevin::error::{Error, ErrorKind};
use langevin::output::{AtomicFile, write_csv};
use langevin::plot::{DrawsPlot, Picture, run_gif, run_plot, run_png, run_svg};
use langevin::report::{self, Paint};
use langevin::run::{Derived, Run, Sampler, Sampling, Trust, derive, reported, sample_watched};
use langevin::sampler::{Control, Draws};

use crate::Outcome;
use crate::args::{Output, Sample};
use crate::exit::{Failure, NOT_TRUSTED, fail};
use crate::format::{Format, check_writable, deliver, targets};
use crate::input;
use crate::progress::Progress;
use crate::signals;
use crate::stopwatch::Stopwatch;
use crate::terminal::{Talk, colour, print, write_out};

pub(crate) fn run(arguments: &Sample, talk: Talk) -> Outcome {
    let settings = input::sampling(&arguments.sampling)?;
    let model = input::sampled_model(&arguments.density, &settings)?;
    sample(&model, settings, &arguments.output, &input::sources(&arguments.density), arguments.show, talk)
}

/// Samples `model`, which was read from `sources`, and writes what was asked for; `show` draws in the terminal.
pub(crate) fn sample(model: &Model, mut settings: Sampling, output: &Output, sources: &[PathBuf], show: bool, talk: Talk) -> Outcome {
    let targets = targets(&output.output)?;
    let shows_chains = |format: &Format| matches!(format, Format::Plot(DrawsPlot::Chains(_), _));
    if settings.sampler == Sampler::Auto && targets.iter().any(|(_, format)| shows_chains(format)) {
        // How chains went is asked for: independent draws and populations have none.
        settings.sampler = Sampler::Nuts;
    }
    check_pictures(&targets, &settings)?;
    check_writable(&targets, sources)?;
    let csv_on_stdout = targets.iter().any(|(path, _)| path.as_os_str() == "-");
    if csv_on_stdout && talk.json {
        return Err(Error::new(ErrorKind::Setting, "-o - and --json both want standard output")
            .hint("-o FILE.csv, or -o FILE.json")
            .into());
    }
    if targets.iter().any(|(_, format)| *format == Format::Gif) {
        settings.frames = output.frames.max(2);
    }
    let reported = reported(model, &output.report)?;
    let (stopwatch, listener) = Stopwatch::start();
    let control = Arc::new(Control { listener: Some(listener), ..Control::default() });
    // What is sampled is what is reported.
    let names = if reported.is_empty() { model.names() } else { Vec::new() };
    let tables = targets.iter().filter(|(_, format)| *format == Format::Csv).map(|(path, _)| path.to_path_buf()).collect();
    signals::stops(&control, move |draws| save(draws, &names, tables));
    let progress = Progress::watch(&control, talk);
    let source = model.formula().source();
    let run = sample_watched(model, &settings, &control).map_err(|error| Failure::of(error, source));
    let elapsed = stopwatch.elapsed();
    drop(progress);
    let run = match run {
        // Nothing was drawn yet.
        Err(failure) if signals::came() => {
            signals::answer();
            fail(&failure, talk);
            return Ok(ExitCode::from(signals::exit_code()));
        }
        run => run?,
    };
    if signals::came() {
        talk.say(format_args!("stopped by {}: kept {}", signals::name(), run.shape()));
    }
    if talk.verbose > 0 {
        talk.say(report::sample::plan(&run));
    }
    let derived = derive(model, &run, &reported);
    let derived = derived.as_ref();
    let document = || format!("{:#}", report::sample::json(&run, derived, source, model.meaning().name(), elapsed));
    let text = || {
        let paint = Paint(colour(&std::io::stdout()));
        let report = report::sample::text(model, &run, derived, elapsed, paint);
        if show { report + "\n" + &report::show::run(model, &run, derived, paint) } else { report }
    };
    let answer = || {
        Ok(match (csv_on_stdout, talk.json) {
            (true, _) => write_out(|out| write_draws(model, &run, derived, out)),
            (false, true) => print(&document()),
            (false, false) => print(&text()),
        }?)
    };
    deliver(talk, &targets, talk.json || csv_on_stdout, answer, |format| {
        Ok(match format {
            Format::Csv => {
                let mut bytes = Vec::new();
                write_draws(model, &run, derived, &mut bytes)?;
                bytes
            }
            Format::Json => (document() + "\n").into_bytes(),
            Format::Picture(Picture::Png) => run_png(model, &run)?,
            Format::Picture(Picture::Svg) => run_svg(model, &run)?.into_bytes(),
            Format::Plot(plot, picture) => run_plot(model, &run, derived, plot, picture)?,
            Format::Gif => run_gif(model, &run)?,
        })
    })?;
    Ok(ExitCode::from(match (run.complete && !signals::came(), run.verdict.trust) {
        (false, _) => signals::exit_code(),
        (true, trust) if output.strict && trust != Trust::Yes => NOT_TRUSTED,
        _ => 0,
    }))
}

/// A picture that the sampler cannot give is refused before it runs.
fn check_pictures(targets: &[(&Path, Format)], settings: &Sampling) -> Result<(), Failure> {
    let sampler = settings.sampler;
    for (path, format) in targets {
        match format {
            Format::Plot(DrawsPlot::Chains(plot), _) if !sampler.is_chained() && sampler != Sampler::Auto => {
                return Err(plot.refusal(&format!("a run of {sampler}")).into());
            }
            Format::Gif if !settings.is_filmed() => {
                let message =
                    format!("`{}`: an animation shows a population on its way, and this run of {sampler} has none", path.display());
                return Err(Error::new(ErrorKind::Setting, message)
                    .hint("--sampler sgld, lm, psgld or underdamped without --batch and --rungs; or a picture, .png")
                    .into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// The draws as they are reported.
fn write_draws(model: &Model, run: &Run, derived: Option<&Derived>, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    match derived {
        Some(derived) => write_csv(&derived.names, &derived.draws, run.complete, out),
        None => write_csv(&model.names(), &run.draws, run.complete, out),
    }
}

/// Writes draws that a signal left without figures as the `tables` that were asked for; what became of them.
fn save(draws: &Draws, names: &[String], tables: Vec<PathBuf>) -> Result<String, Failure> {
    let stopped = format!("stopped by {}, too early for figures of {}", signals::name(), draws.shape());
    if tables.is_empty() || names.is_empty() {
        return Ok(format!("{stopped}: nothing is kept"));
    }
    let mut bytes = Vec::new();
    write_csv(names, draws, false, &mut bytes)?;
    for path in &tables {
        match path.as_os_str() == "-" {
            true => std::io::stdout().lock().write_all(&bytes)?,
            false => AtomicFile::write(path, &bytes)?,
        }
    }
    let list: Vec<String> = tables.iter().map(|path| path.display().to_string()).collect();
    Ok(format!("{stopped}: they are kept in {}", list.join(" and ")))
}
