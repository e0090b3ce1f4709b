//! `langevin sample`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use langevin::density::Model;
use langevin::output::{AtomicFile, write_csv};
use langevin::plot::{DrawsPlot, Picture, run_gif, run_plot, run_png, run_svg};
use langevin::report::{self, Paint};
use langevin::run::{Derived, Run, Sampler, Sampling, Trust, derive, reported, sample_watched};
use langevin::sampler::{Control, on_threads};

use crate::Outcome;
use crate::args::{Output, Sample};
use crate::exit::{Failure, NOT_TRUSTED, fail};
use crate::format::{Format, check_writable, targets};
use crate::input;
use crate::progress::Progress;
use crate::signals;
use crate::stopwatch::Stopwatch;
use crate::terminal::{Talk, colour, print, write_out};

pub(crate) fn run(arguments: &Sample, talk: Talk) -> Outcome {
    let model = on_threads(arguments.sampling.threads, || input::model(&arguments.density, None))??;
    let is_model = arguments.density.model.is_some() || !arguments.density.data.is_empty();
    let settings = input::sampling(&arguments.sampling, is_model)?;
    sample(&model, settings, &arguments.output, arguments.show, talk)
}

/// Samples `model` and writes what was asked for; `show` draws in the terminal.
pub(crate) fn sample(model: &Model, mut settings: Sampling, output: &Output, show: bool, talk: Talk) -> Outcome {
    let targets = targets(&output.output)?;
    check_chains(&targets, settings.sampler)?;
    check_writable(&targets)?;
    if targets.iter().any(|(_, format)| *format == Format::Gif) {
        settings.frames = output.frames.max(2);
    }
    let reported = reported(model, &output.report)?;
    let (stopwatch, listener) = Stopwatch::start();
    let control = Arc::new(Control { listener: Some(listener), ..Control::default() });
    let signals = signals::watch(&control);
    let progress = Progress::watch(&control, talk);
    let source = model.formula().source();
    let run = sample_watched(model, &settings, &control).map_err(|error| Failure::of(error, source));
    let elapsed = stopwatch.elapsed();
    drop(progress);
    let run = match run {
        // Nothing was drawn yet.
        Err(failure) if signals.came() => {
            fail(&failure, talk);
            return Ok(ExitCode::from(signals.exit_code()));
        }
        run => run?,
    };
    if talk.verbose > 0 {
        talk.say(report::sample::plan(&run));
    }
    let derived = derive(model, &run, &reported);
    let derived = derived.as_ref();
    let document = || format!("{:#}", report::sample::json(&run, derived, source, model.meaning().name(), elapsed));
    let csv_on_stdout = targets.iter().any(|(path, _)| path.as_os_str() == "-");
    if csv_on_stdout {
        write_out(|out| write_draws(model, &run, derived, out))?;
    } else if talk.json {
        print(&document())?;
    } else {
        let paint = Paint(colour(&std::io::stdout()));
        print(&report::sample::text(model, &run, derived, elapsed, paint))?;
        if show {
            print(&report::show::run(model, &run, derived, paint))?;
        }
    }
    for (path, format) in targets.iter().filter(|(path, _)| path.as_os_str() != "-") {
        write(model, &run, derived, path, *format, &document)?;
        if !talk.json && !csv_on_stdout {
            talk.say(format_args!("  wrote   {}", path.display()));
        }
    }
    Ok(ExitCode::from(match (run.complete, run.verdict.trust) {
        (false, _) => signals.exit_code(),
        (true, trust) if output.strict && trust != Trust::Yes => NOT_TRUSTED,
        _ => 0,
    }))
}

/// A picture of chains that the sampler cannot give is refused before it runs.
fn check_chains(targets: &[(&Path, Format)], sampler: Sampler) -> Result<(), Failure> {
    for (_, format) in targets {
        if let Format::Plot(DrawsPlot::Chains(plot), _) = format
            && !sampler.is_chained()
            && sampler != Sampler::Auto
        {
            return Err(plot.refusal(&format!("a run of {sampler}")).into());
        }
    }
    Ok(())
}

/// The draws as they are reported.
fn write_draws(model: &Model, run: &Run, derived: Option<&Derived>, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    match derived {
        Some(derived) => write_csv(&derived.names, &derived.draws, out),
        None => write_csv(&model.names(), &run.draws, out),
    }
}

fn write(
    model: &Model,
    run: &Run,
    derived: Option<&Derived>,
    path: &Path,
    format: Format,
    document: &dyn Fn() -> String,
) -> Result<(), Failure> {
    let bytes = match format {
        Format::Csv => {
            let mut bytes = Vec::new();
            write_draws(model, run, derived, &mut bytes)?;
            bytes
        }
        Format::Json => (document() + "\n").into_bytes(),
        Format::Picture(Picture::Png) => run_png(model, run)?,
        Format::Picture(Picture::Svg) => run_svg(model, run)?.into_bytes(),
        Format::Plot(plot, picture) => run_plot(model, run, derived, plot, picture)?,
        Format::Gif => run_gif(model, run)?,
    };
    AtomicFile::write(path, &bytes)?;
    Ok(())
}
