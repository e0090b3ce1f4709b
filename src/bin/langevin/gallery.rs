//! `langevin gallery`.

use std::process::ExitCode;

use clap::Parser;
use langevin::density::gallery::{Entry, GALLERY};
use langevin::error::{Error, ErrorKind};
use langevin::report::{Paint, gallery};
use langevin::syntax::suggest;

use crate::Outcome;
use crate::args::{Cli, Command, Gallery, SamplingFlags};
use crate::checkpoint::Resumed;
use crate::sample::Files;
use crate::terminal::{Talk, colour, print};
use crate::{input, sample};

pub(crate) fn run(arguments: &Gallery, resumed: Option<&Resumed>, talk: Talk) -> Outcome {
    let Some(name) = &arguments.name else {
        print(&if talk.json { format!("{:#}", gallery::json()) } else { gallery::text(Paint(colour(&std::io::stdout()))) })?;
        return Ok(ExitCode::SUCCESS);
    };
    let entry = Entry::named(name).ok_or_else(|| {
        let error = Error::new(ErrorKind::UnknownName, format!("the gallery has no `{name}`"));
        match suggest(name, GALLERY.iter().map(|entry| entry.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`langevin gallery` lists what it has"),
        }
    })?;
    if arguments.show {
        print(&gallery::command(entry))?;
        return Ok(ExitCode::SUCCESS);
    }
    // The entry's own flags are parsed as the program's, so that they mean what they mean on the command line.
    let words = ["langevin", "sample", "--density=1"].into_iter().chain(entry.flags.iter().copied());
    let Ok(Cli { command: Command::Sample(own), .. }) = Cli::try_parse_from(words) else {
        unreachable!("the tests parse the flags of every entry");
    };
    let mut model = entry.model()?;
    for boundary in &own.density.boundary {
        model = model.with_boundary_of(boundary)?;
    }
    let model = input::with_engine(model, &arguments.engine)?;
    let flags = merge(own.sampling, &arguments.sampling);
    let files = Files { output: &arguments.output, sources: &[], resumed };
    sample::sample(&model, input::sampling(&flags)?, files, false, talk)
}

/// The entry's flags, except where the user says otherwise.
fn merge(own: SamplingFlags, given: &SamplingFlags) -> SamplingFlags {
    SamplingFlags {
        sampler: given.sampler.clone().or(own.sampler),
        chains: given.chains.or(own.chains),
        warmup: given.warmup.or(own.warmup),
        draws: given.draws.or(own.draws),
        until: if given.until.is_empty() { own.until } else { given.until.clone() },
        thin: given.thin.or(own.thin),
        target_acceptance: given.target_acceptance.or(own.target_acceptance),
        metric: given.metric,
        batch: given.batch,
        batching: given.batching,
        control_variates: given.control_variates,
        check_bias: given.check_bias,
        rungs: given.rungs.or(own.rungs),
        steps: given.steps.or(own.steps),
        step_size: given.step_size.or(own.step_size),
        final_step_size: given.final_step_size.or(own.final_step_size),
        schedule: given.schedule.clone().or(own.schedule),
        temperature: given.temperature.or(own.temperature),
        final_temperature: given.final_temperature.or(own.final_temperature),
        init: given.init.clone().or(own.init),
        seed: given.seed,
        threads: given.threads,
    }
}
