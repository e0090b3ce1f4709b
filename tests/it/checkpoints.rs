//! A run that was killed and gone on with is the run that was not; `benches/checkpoints.py` kills two hundred. What is no checkpoint of it is
//! refused, with the reason.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::path::Path;
use std::process::Output;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use crate::common::{command, document, finish, langevin, sized, stderr};
use langevin::data::{Data, Table};
use langevin::density::{Meaning, Model};
use langevin::math::Level;
use langevin::run::{Batch, Run, Sampler, Sampling, sample_watched, targets};
use langevin::sampler::{Batches, Batching, Control, ControlVariates, Course, Journal};

/// Runs, from a journal if there is one, and writes all down whenever that can be done.
fn run(model: &Model, settings: &Sampling, from: Option<&[u8]>) -> (Run, Vec<Vec<u8>>) {
    let (written, watched) = (Arc::new(Mutex::new(Vec::new())), Arc::new(OnceLock::<Weak<Control>>::new()));
    let (book, control) = (Arc::clone(&written), Arc::clone(&watched));
    let make_due = |control: &Control| control.journal.iter().for_each(|journal| journal.due.store(true, Ordering::Relaxed));
    let journal = Journal::new(from, move |bytes| {
        book.lock().unwrap().push(bytes);
        control.get().and_then(Weak::upgrade).iter().for_each(|control| make_due(control));
    });
    let control = Arc::new(Control { journal: Some(journal.unwrap()), ..Control::default() });
    watched.set(Arc::downgrade(&control)).unwrap();
    make_due(&control);
    let run = sample_watched(model, settings, &control).unwrap();
    let pages = std::mem::take(&mut *written.lock().unwrap());
    (run, pages)
}

/// What has to be the same.
fn outcome(run: &Run) -> impl PartialEq + std::fmt::Debug + use<> {
    let bits: Vec<u64> = run.draws.columns().iter().flatten().map(|x| x.to_bits()).collect();
    let figures: Vec<u64> =
        run.variables.iter().flat_map(|variable| [variable.mean, variable.ess_bulk, variable.rhat]).map(f64::to_bits).collect();
    let film = match &run.method {
        langevin::run::Method::Population { film, .. } => {
            film.as_ref().map(|film| (0..film.steps().len()).map(|frame| film.counts(frame)).collect::<Vec<_>>())
        }
        _ => None,
    };
    (bits, figures, film, (run.chain_steps, run.gradients, run.complete), format!("{:?}", run.verdict))
}

/// Written down at every moment at which it can be, gone on with from some of them by other threads and at another level.
fn check(name: &str, model: &Model, settings: Sampling) {
    let settings = Sampling { seed: 3, threads: 1, ..settings };
    let whole = sample_watched(model, &settings, &Control::default()).unwrap();
    let (written, journals) = run(model, &settings, None);
    assert!(outcome(&written) == outcome(&whole), "{name}: writing down changed it");
    assert!(journals.len() > 3, "{name}: written down {} times only", journals.len());
    let elsewhere = Sampling { threads: 3, ..settings };
    let plain = model.clone().with_level(Level::Baseline);
    for part in 0..sized(2, 20) {
        let journal = &journals[(2 * part + 1) * (journals.len() - 1) / sized(4, 40)];
        let (resumed, rest) = run(&plain, &elsewhere, Some(journal));
        assert!(outcome(&resumed) == outcome(&whole), "{name}: gone on with from part {part}");
        assert!(rest.len() <= journals.len(), "{name}");
    }
    // The last one leaves nothing to do but the figures.
    let (_, rest) = run(&plain, &elsewhere, journals.last().map(Vec::as_slice));
    assert!(rest.len() < 1 + journals.len() / 2, "{name}: {} of {} steps were made again", rest.len(), journals.len());
}

fn bent() -> Model {
    Model::new("-x^2/2 - (y - x^2)^2/2 - z^2", Meaning::LogDensity, &[]).unwrap()
}

#[test]
fn populations_go_on() {
    let line = Model::new("(x-0.4)^4 - (x-0.2)^2 + 0.6", Meaning::Density, &["-0.7,1.5".parse().unwrap()]).unwrap();
    for sampler in [Sampler::Sgld, Sampler::Lm, Sampler::Psgld, Sampler::Underdamped] {
        let settings = Sampling { sampler, chains: Some(300), steps: Some(300), frames: 20, ..Sampling::default() };
        check(sampler.name(), &line, settings.clone());
        check(sampler.name(), &bent(), Sampling { frames: 0, ..settings });
    }
}

#[test]
fn chains_go_on_in_their_warm_up_and_after() {
    let model = bent();
    let few = Sampling { chains: Some(20), warmup: Some(100), draws: Some(12), ..Sampling::default() };
    let is_of_chains =
        |sampler: &Sampler| sampler.facts().is_some_and(|facts| facts.course == Course::Chains && facts.batches != Batches::Needed);
    for sampler in Sampler::ALL.into_iter().filter(is_of_chains) {
        check(sampler.name(), &model, Sampling { sampler, ..few.clone() });
    }
    // A population that approaches, in two blocks.
    check("approach", &model, Sampling { sampler: Sampler::Mams, chains: Some(300), ..few.clone() });
    check("until", &model, Sampling { sampler: Sampler::Nuts, until: targets("ess>300").unwrap(), draws: None, ..few.clone() });
    check("auto", &regression(), Sampling { sampler: Sampler::Auto, ..few });
}

/// y about 1 − x, by 40 rows.
fn regression() -> Model {
    let rows: String =
        (0..40).map(|row| (f64::from(row) * 0.7).sin()).map(|x| format!("{x},{}\n", i32::from(x * x > 0.4 + 0.3 * x))).collect();
    let table = Table::read("rows", format!("x,y\n{rows}").as_bytes(), None).unwrap();
    let text = "a in (-inf, inf)\nb in (-inf, inf)\nlog_density = -a^2 - b^2 + sum(bernoulli_logit_lpmf(y | a + b*x))";
    Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap()
}

#[test]
fn batches_go_on() {
    let model = regression();
    for batching in [Batching::Uniform, Batching::Shuffled] {
        for control_variates in [ControlVariates::Mode, ControlVariates::Svrg, ControlVariates::Saga, ControlVariates::None] {
            if (batching, control_variates) == (Batching::Shuffled, ControlVariates::Saga) {
                continue;
            }
            let batch = Batch { batching: Some(batching), control_variates: Some(control_variates), ..Batch::of(7) };
            let settings = Sampling { sampler: Sampler::Sgld, batch: Some(batch), chains: Some(40), draws: Some(8), ..Sampling::default() };
            check(&format!("{batching:?} {control_variates:?}"), &model, settings);
        }
    }
    let batch = Batch { check_bias: true, ..Batch::of(7) };
    for sampler in [Sampler::Lm, Sampler::Sghmc, Sampler::Sgnht] {
        check(sampler.name(), &model, Sampling { sampler, batch: Some(batch), chains: Some(40), draws: Some(8), ..Sampling::default() });
    }
    for batch in [None, Some(Batch::of(7))] {
        let settings = Sampling { sampler: Sampler::Sgld, rungs: Some(3), batch, chains: Some(40), draws: Some(8), ..Sampling::default() };
        check("replicas", &model, settings);
    }
}

const CHAINS: [&str; 11] =
    ["sample", "--log-density", "-x^2/2 - (y - x^2)^2/2", "--sampler", "nuts", "--chains", "300", "--draws", "200", "--seed", "4"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    CHAINS.iter().chain(more).copied().collect()
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    finish(command(arguments).current_dir(folder).spawn().unwrap(), b"", Duration::from_secs(120))
}

#[test]
fn a_command_that_was_killed_or_stopped_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(in_folder(folder, &with(&["-o", "whole.csv"])).status.success());
    let whole = std::fs::read(folder.join("whole.csv")).unwrap();
    for signal in ["-KILL", "-TERM"] {
        let mut child = command(&with(&["--threads", "1", "--checkpoint", "run.lgc,every=0.01s", "-o", "run.csv"]));
        let child = child.current_dir(folder).spawn().unwrap();
        while !folder.join("run.lgc").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(60));
        // One that has ended leaves a checkpoint too.
        let _ = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        finish(child, b"", Duration::from_secs(30));
        let resumed = in_folder(folder, &["resume", "run.lgc", "--threads", "2", "--simd", "baseline", "-o", "run.csv", "--json"]);
        assert!(resumed.status.success(), "{}", stderr(&resumed));
        assert!(std::fs::read(folder.join("run.csv")).unwrap() == whole, "{signal}");
        assert_eq!(document(&resumed)["run"]["complete"], true);
        std::fs::remove_file(folder.join("run.lgc")).unwrap();
    }
}

#[test]
fn what_has_changed_or_is_damaged_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("rows.csv", "x\n1\n2\n3\n");
    write("m.lgv", "m in (-inf, inf)\nlog_density = sum(normal_lpdf(x | m, 1))\n");
    let arguments = ["sample", "--model", "m.lgv", "--data", "rows.csv", "--sampler", "nuts", "--chains", "2", "--draws", "20"];
    let begun = in_folder(folder, &[&arguments[..], &["--checkpoint", "run.lgc", "-o", "run.csv"]].concat());
    assert!(begun.status.success(), "{}", stderr(&begun));
    let drawn = std::fs::read(folder.join("run.csv")).unwrap();
    let refused = |file: &str, why: &str| {
        let output = in_folder(folder, &["resume", file]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    };
    // The seed was drawn, and is known.
    assert!(in_folder(folder, &["resume", "run.lgc", "-o", "again.csv"]).status.success());
    assert!(std::fs::read(folder.join("again.csv")).unwrap() == drawn);
    write("rows.csv", "x\n1\n2\n4\n");
    refused("run.lgc", "rows.csv has changed");
    write("rows.csv", "x\n1\n2\n3\n");
    write("m.lgv", "m in (-inf, inf)\nlog_density = sum(normal_lpdf(x | m, 2))\n");
    refused("run.lgc", "m.lgv has changed");
    let bytes = std::fs::read(folder.join("run.lgc")).unwrap();
    std::fs::write(folder.join("short.lgc"), &bytes[..bytes.len() - 9]).unwrap();
    refused("short.lgc", "bytes of");
    refused("rows.csv", "no checkpoint");
    assert_eq!(in_folder(folder, &["resume", "none.lgc"]).status.code(), Some(5));
}

#[test]
fn what_cannot_be_written_down_is_refused_before_the_run() {
    let refused = |more: &[&str], why: &str| {
        let output = langevin(&[&["sample", "--density", "exp(-x^2)"], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{more:?}: {}", stderr(&output));
    };
    refused(&["--sampler", "tempering", "--checkpoint", "x.lgc"], "tempering");
    refused(&["--sampler", "exact", "--checkpoint", "x.lgc"], "takes no steps");
    refused(&["--checkpoint", "x.lgc,every=soon"], "no time");
    refused(&["--checkpoint", "x.lgc,every=-1s"], "no time");
    refused(&["--checkpoint", "x.csv", "-o", "x.csv"], "would replace");
    refused(&["--checkpoint", ",every=1s"], "has no file");
    assert_eq!(langevin(&["sample", "--density", "exp(-x^2)", "--checkpoint", "/no/such/folder/x.lgc"]).status.code(), Some(5));
}
