//! `langevin sample`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use langevin::density::Model;
use langevin::error::{Error, ErrorKind};
use langevin::output::{AtomicFile, write_csv};
use langevin::plot::{DrawsPlot, Picture, run_gif, run_plot, run_png, run_svg};
use langevin::report::sample::Elapsed;
use langevin::report::{self, Paint};
use langevin::run::{Derived, Run, Sampler, Sampling, Trust, derive, reported, sample_watched};
use langevin::sampler::{Control, Draws};

use crate::Outcome;
use crate::args::{Output, Sample};
use crate::checkpoint::{Keeping, Resumed};
use crate::exit::{Failure, NOT_TRUSTED, fail};
use crate::format::{Format, check_writable, deliver, targets};
use crate::input;
use crate::progress::Progress;
use crate::signals;
use crate::stopwatch::Stopwatch;
use crate::terminal::{Talk, colour, print, write_out};

pub(crate) fn run(arguments: &Sample, resumed: Option<&Resumed>, talk: Talk) -> Outcome {
    let settings = input::sampling(&arguments.sampling)?;
    let model = input::sampled_model(&arguments.density, &settings)?;
    let (sources, show) = (&input::sources(&arguments.density)[..], arguments.show);
    sample(&model, settings, Files { output: &arguments.output, sources, resumed }, show, talk)
}

/// What is read and written.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a> {
    pub(crate) output: &'a Output,
    /// The files that the model was read from.
    pub(crate) sources: &'a [PathBuf],
    /// The run that this one goes on with.
    pub(crate) resumed: Option<&'a Resumed>,
}

/// Samples `model` and writes what was asked for; `show` draws in the terminal.
pub(crate) fn sample(model: &Model, mut settings: Sampling, files: Files, show: bool, talk: Talk) -> Outcome {
    let Files { output, sources, resumed } = files;
    let mut targets = targets(&output.output)?;
    let shows_chains = |format: &Format| matches!(format, Format::Plot(DrawsPlot::Chains(_), _));
    if settings.sampler == Sampler::Auto && targets.iter().any(|(_, format)| shows_chains(format)) {
        // How chains went is asked for: independent draws and populations have none.
        settings.sampler = Sampler::Nuts;
    }
    check_pictures(&targets, &settings)?;
    if targets.iter().any(|(_, format)| *format == Format::Gif) {
        settings.frames = output.frames.max(2);
    }
    if let Some(Resumed { output: others, .. }) = resumed.filter(|resumed| !resumed.output.is_empty()) {
        targets = self::targets(others)?;
        check_pictures(&targets, &settings)?;
        if let Some((path, _)) = targets.iter().find(|(_, format)| *format == Format::Gif && settings.frames == 0) {
            let message = format!("`{}`: the run began without an animation, and its first frames are gone", path.display());
            return Err(Error::new(ErrorKind::Setting, message).hint("a picture, .png").into());
        }
    }
    check_writable(&targets, sources)?;
    let keeping = output.checkpoint.as_deref().map(Keeping::of).transpose()?;
    if let Some(keeping) = &keeping {
        keeping.check(&settings, sources, &output.output)?;
    }
    let csv_on_stdout = targets.iter().any(|(path, _)| path.as_os_str() == "-");
    if csv_on_stdout && talk.json {
        return Err(Error::new(ErrorKind::Setting, "-o - and --json both want standard output")
            .hint("-o FILE.csv, or -o FILE.json")
            .into());
    }
    let reported = reported(model, &output.report)?;
    let then = resumed.map(|resumed| &resumed.checkpoint);
    let (total, sampling) = then.map_or((0.0, 0.0), |then| then.seconds);
    let (stopwatch, listener) = Stopwatch::start(Elapsed { total, sampling });
    let journal = keeping.as_ref().map(|keeping| keeping.journal(settings.seed, sources, then, stopwatch.clone(), talk)).transpose()?;
    let control = Arc::new(Control { listener: Some(listener), journal, ..Control::default() });
    if let Some(keeping) = &keeping {
        keeping.watch(&control, resumed.is_none());
    }
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
        if let Some(keeping) = &keeping {
            talk.say(format_args!("`langevin resume {}` goes on", keeping.path.display()));
        }
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
