//! The program from outside: exit codes, streams, documents, files, signals.
#![allow(clippy::disallowed_methods, reason = "tests write files and watch the clock")]

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use crate::common::{command, document, finish, langevin, langevin_with, number, stderr, stdout};
use serde_json::Value;

const CLASSIC: &str = "(x-0.4)^4 - (x-0.2)^2 + 0.6";
const QUICK: [&str; 7] = ["sample", "--density", CLASSIC, "--range", "-0.7,1.5", "--seed", "1"];

#[track_caller]
fn check_code(arguments: &[&str], code: i32) -> Output {
    let output = langevin(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: stdout {:?}, stderr {:?}", stdout(&output), stderr(&output));
    output
}

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    base.iter().chain(more).copied().collect()
}

/// Fails unless each dotted path is in the document; a number is a place in a list.
#[track_caller]
fn check_keys(document: &Value, paths: &[&str]) {
    for path in paths {
        let pointer = format!("/{}", path.replace('.', "/"));
        assert!(document.pointer(&pointer).is_some(), "no {path} in {document:#}");
    }
}

#[test]
fn success_is_zero() {
    check_code(&QUICK, 0);
    check_code(&["integrate", "--density", "exp(-x^2)"], 0);
    check_code(&["gradient", "x^2"], 0);
    check_code(&["gradient", "x^2", "--at", "x=3"], 0);
    check_code(&["check", "--density", "exp(-x^2)"], 0);
    check_code(&["explain", "exp(-x^2)"], 0);
    check_code(&["gallery"], 0);
}

#[test]
fn a_range_without_a_name_is_that_of_every_variable_without_one() {
    let bounds = |arguments: &[&str]| -> Vec<String> {
        let told = document(&check_code(&[&["sample", "--seed", "1", "--json", "--density"], arguments].concat(), 0));
        let of = |variable: &serde_json::Value| format!("{}={},{}", variable["name"].as_str().unwrap(), variable["low"], variable["high"]);
        told["variables"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(bounds(&["x + y", "--range", "0,1"]), ["x=0.0,1.0", "y=0.0,1.0"]);
    assert_eq!(bounds(&["x*y", "--range", "0,1", "--range", "y=2,3"]), ["y=2.0,3.0", "x=0.0,1.0"]);
    check_code(&["sample", "--density", "exp(-x^2)*y", "--range", "y=2,3"], 2);
    let two = check_code(&["sample", "--density", "x + y", "--range", "0,1", "--range", "2,3"], 2);
    assert!(stderr(&two).contains("--range x=0,1 --range y=0,1"), "{}", stderr(&two));
}

#[test]
fn wrong_commands_formulas_and_settings_are_two() {
    for arguments in [
        &["sample"][..],
        &["no-such-command"],
        &["sample", "--density", "exp(-x"],
        &["sample", "--density", "exp(-x^2)", "--range", "1,0"],
        &["sample", "--density", "exp(-x^2)", "--range", "y=0,1"],
        &["sample", "--density", "exp(-x^2)", "--chains", "0"],
        &["sample", "--density", "exp(-x^2)", "--chains", "many"],
        &["sample", "--density", "exp(-x^2)", "--step-size", "-1"],
        &["sample", "--density", "exp(-x^2)", "--step-size", "nan"],
        &["sample", "--density", "exp(-x^2)", "--schedule", "zigzag"],
        &["sample", "--density", "exp(-x^2)", "--boundary", "bounce"],
        &["sample", "--density", "exp(-x^2)", "--boundary", "wrap"],
        &["sample", "--density", "exp(-x^2)", "--range", "0,1", "--init", "7"],
        &["sample", "--density", "exp(-x^2)", "--energy", "x^2"],
        &["sample", "--density", "exp(-x^2)", "-o", "draws.xyz"],
        &["sample", "--density", "exp(-x^2)", "-o", "no-ending"],
        &["integrate", "--density", "v[7] in (-1, 1); cosh(prod(v))"],
        &["integrate", "--density", "exp(-x^2)", "--tolerance", "2"],
        &["gradient", "foo(x)"],
        &["gradient", "x^2", "--at", "y=1"],
        &["gallery", "no-such-entry"],
    ] {
        let output = check_code(arguments, 2);
        assert!(output.stdout.is_empty(), "{arguments:?} wrote to stdout: {}", stdout(&output));
        assert!(stderr(&output).starts_with("error:") || stderr(&output).contains("Usage"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn densities_that_fail_are_four() {
    for formula in ["-1 - x^2", "0*x", "1/x", "log(x)"] {
        for command in ["sample", "integrate", "check"] {
            let output = check_code(&[command, "--density", formula, "--range", "0,0.5"], 4);
            assert!(stderr(&output).starts_with("error:"), "{command} {formula}: {}", stderr(&output));
        }
    }
}

#[test]
fn strict_turns_distrust_into_three() {
    check_code(&with(&QUICK, &["--strict"]), 0);
    check_code(&["gallery", "classic", "--seed", "1"], 0);
    check_code(&["gallery", "classic", "--seed", "1", "--strict"], 3);
}

#[test]
fn results_go_to_stdout_and_talk_to_stderr() {
    let output = check_code(&with(&QUICK, &["--quiet"]), 0);
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
    assert!(!output.stdout.is_empty());
    let json = check_code(&with(&QUICK, &["--json"]), 0);
    document(&json);
    assert!(!stderr(&json).contains('%'), "no progress bar without a terminal: {}", stderr(&json));
    let csv = check_code(&with(&QUICK, &["-o", "-"]), 0);
    assert!(stdout(&csv).lines().all(|line| line.split(',').count() == 3), "only CSV on stdout");
}

#[test]
fn a_seed_that_was_drawn_is_told() {
    let base = ["sample", "--density", "exp(-x^2)", "--json"];
    let first = document(&check_code(&base, 0));
    let seed = first["run"]["seed"].to_string();
    let again = document(&check_code(&with(&base, &["--seed", &seed]), 0));
    assert_eq!(first["variables"], again["variables"]);
    let other = document(&check_code(&base, 0));
    assert_ne!(first["run"]["seed"], other["run"]["seed"]);
    let shown = check_code(&base[..3], 0);
    assert!((stdout(&shown) + &stderr(&shown)).contains("seed"));
}

#[test]
fn sample_documents_have_the_keys_that_tools_rely_on() {
    let found = document(&check_code(&with(&QUICK, &["--json"]), 0));
    check_keys(
        &found,
        &[
            "schema",
            "variables.0.name",
            "variables.0.low",
            "variables.0.high",
            "variables.0.mean",
            "variables.0.sd",
            "variables.0.mcse_mean",
            "variables.0.ess_bulk",
            "variables.0.ess_tail",
            "variables.0.rhat",
            "variables.0.quantiles",
            "normalizer.value",
            "normalizer.log_value",
            "normalizer.error",
            "normalizer.evaluations",
            "normalizer.method",
            "normalizer.certified",
            "reference.0.name",
            "reference.0.mean",
            "reference.0.sd",
            "reference.0.ks",
            "reference.0.ks_p",
            "reference.0.wasserstein1",
            "run.sampler",
            "run.chains",
            "run.warmup",
            "run.draws",
            "run.seed",
            "run.threads",
            "run.seconds",
            "run.sampling_seconds",
            "run.chain_steps_per_second",
            "run.gradient_evaluations",
            "run.complete",
            "verdict.trust",
            "verdict.warnings",
        ],
    );
    let quantiles: Vec<&String> = found["variables"][0]["quantiles"].as_object().unwrap().keys().collect();
    assert_eq!(quantiles, ["0.05", "0.25", "0.5", "0.75", "0.95"]);
    assert_eq!((&found["run"]["complete"], &found["verdict"]["trust"]), (&Value::Bool(true), &Value::from("yes")));
    assert!((number(&found["normalizer"]["value"]) - 0.9888706666666667).abs() < 1e-13);
    let warned = document(&check_code(&["gallery", "classic", "--seed", "1", "--json"], 0));
    check_keys(&warned, &["verdict.warnings.0.kind", "verdict.warnings.0.message"]);
    assert_eq!(warned["verdict"]["trust"], "no");
}

#[test]
fn other_documents_have_the_keys_that_tools_rely_on() {
    let integral = document(&check_code(&["integrate", "--density", "1/(1+x^2)", "--json"], 0));
    check_keys(&integral, &["schema", "normalizer.value", "normalizer.error", "variables.0.name", "variables.0.quantiles"]);
    assert_eq!(integral["variables"][0]["mean"], Value::Null, "Cauchy has no mean");
    let gradient = document(&check_code(&["gradient", "x^2*y", "--at", "x=3,y=2", "--json"], 0));
    check_keys(&gradient, &["schema", "value", "gradient.x", "gradient.y", "expressions.x", "expressions.y"]);
    assert_eq!([&gradient["value"], &gradient["gradient"]["x"], &gradient["gradient"]["y"]].map(number), [18.0, 12.0, 9.0]);
    let same = document(&check_code(&["gradient", "x^2*y", "--at", "x=3,y=2", "--to", "json"], 0));
    assert_eq!(gradient, same);
    let good = document(&check_code(&["check", "--density", "exp(-x^2)", "--json"], 0));
    check_keys(&good, &["schema", "ok", "nonnegative", "problems"]);
    assert_eq!((&good["ok"], &good["nonnegative"]), (&Value::Bool(true), &Value::from("proved")));
    let bad = document(&check_code(&["check", "--density", "x", "--range", "-1,2", "--json"], 4));
    check_keys(&bad, &["witness.x", "problems.0.kind", "problems.0.message", "problems.0.span"]);
    assert_eq!((&bad["ok"], &bad["nonnegative"]), (&Value::Bool(false), &Value::from("refuted")));
    assert!(number(&bad["witness"]["x"]) < 0.0);
}

#[test]
fn refusals_have_a_json_form_with_the_same_code() {
    for (arguments, code, kind) in [
        (&["integrate", "--density", "exp(-", "--json"][..], 2, "syntax"),
        (&["sample", "--density", "expp(-x)", "--json"], 2, "unknown_name"),
        (&["integrate", "--density", "1/x", "--range", "0,1", "--json"], 4, "infinite_Z"),
        (&["sample", "--density", "0*x", "--range", "0,1", "--json"], 4, "zero_density"),
        (&["sample", "--density", "exp(-x^2)", "--json", "--no-such-flag"], 2, "setting"),
        (&["sample", "--density", "exp(-x^2)", "--json", "-o", "/no/such/folder/x.csv"], 5, "io"),
    ] {
        let output = check_code(arguments, code);
        let found = document(&output);
        check_keys(&found, &["schema", "error.kind", "error.message", "error.span", "error.hint"]);
        assert_eq!(found["error"]["kind"], kind, "{arguments:?}");
    }
    let placed = document(&check_code(&["integrate", "--density", "x + foo(x)", "--json"], 2));
    assert_eq!((&placed["error"]["span"]["start"], &placed["error"]["span"]["end"]), (&Value::from(4), &Value::from(7)));
}

#[test]
fn a_formula_comes_from_stdin_too() {
    let output = langevin_with(&["integrate", "--density", "-", "--json"], b"exp(-x^2)\n");
    assert!((number(&document(&output)["normalizer"]["value"]) - std::f64::consts::PI.sqrt()).abs() < 1e-12);
}

#[test]
fn csv_is_tidy_and_the_same_for_one_seed_on_any_number_of_threads() {
    let csv = |more: &[&str]| check_code(&with(&with(&QUICK, &["-o", "-", "--chains", "700", "--steps", "50"]), more), 0).stdout;
    let text = String::from_utf8(csv(&[])).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!((rows[0], rows.len()), ("chain,draw,x", 701));
    for (chain, row) in rows[1..].iter().enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        let value: f64 = cells[2].parse().unwrap();
        assert_eq!((cells[0], cells[1]), ((chain + 1).to_string().as_str(), "1"));
        assert!((-0.7..=1.5).contains(&value));
    }
    for threads in ["1", "2", "3"] {
        assert!(csv(&["--threads", threads]) == text.as_bytes(), "{threads} threads");
    }
    let other = check_code(&["sample", "--density", CLASSIC, "--range", "-0.7,1.5", "--seed", "2", "-o", "-"], 0);
    assert!(stdout(&other).lines().nth(1) != Some(rows[1]), "the seed has no effect");
}

#[test]
fn files_are_what_their_endings_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (csv, json, png, svg, gif) = (path("a.csv"), path("a.json"), path("a.png"), path("a.svg"), path("a.GIF"));
    std::fs::write(&csv, "old").unwrap();
    check_code(&with(&QUICK, &["-o", &csv, "-o", &json, "-o", &png, "-o", &svg, "-o", &gif, "--frames", "5"]), 0);
    let read = |path: &str| std::fs::read(path).unwrap();
    assert!(read(&csv).starts_with(b"chain,draw,x\n1,1,"));
    let summary: Value = serde_json::from_slice(&read(&json)).unwrap();
    assert_eq!(summary["run"]["seed"], 1);
    assert!(read(&png).starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(String::from_utf8(read(&svg)).unwrap().contains("<svg"));
    assert!(read(&gif).starts_with(b"GIF89a"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5, "no temporary file is left");
}

#[test]
fn what_cannot_be_written_is_five_before_anything_is_sampled() {
    // A run that would take minutes, so that only an early refusal is in time.
    let long = ["sample", "--density", "exp(-x^2)", "--chains", "1000000", "--steps", "1000000", "-o", "/no/such/folder/x.csv"];
    let output = finish(crate::common::spawn(&long), b"", Duration::from_secs(5));
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("/no/such/folder/x.csv"), "{}", stderr(&output));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("folder.csv");
    std::fs::create_dir(&path).unwrap();
    check_code(&with(&QUICK, &["-o", path.to_str().unwrap()]), 5);
}

#[test]
fn nothing_replaces_a_file_when_the_density_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "old").unwrap();
    check_code(&["sample", "--density", "0*x", "--range", "0,1", "-o", path.to_str().unwrap()], 4);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_five() {
    for arguments in [&with(&QUICK, &["-o", "-"])[..], &QUICK, &["integrate", "--density", "exp(-x^2)"], &["gallery"], &["man"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(arguments).stdout(full).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_ends_quietly() {
    for arguments in [&with(&QUICK, &["-o", "-", "--quiet", "--chains", "20000"])[..], &["gallery"], &["completions", "bash"]] {
        let mut child = command(arguments).spawn().unwrap();
        // Gone before a byte was read, as `head` would be after the first.
        drop(child.stdout.take());
        let output = finish(child, b"", Duration::from_secs(30));
        assert_eq!(stderr(&output), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_costs_no_file_and_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (draws, picture, again) = (path("a.csv"), path("a.png"), path("a.pairs.png"));
    // One step from the start: not to be trusted.
    let sample = with(&QUICK, &["--steps", "1", "--strict", "--quiet", "-o", "-", "-o", &draws, "-o", &picture]);
    let diagnose = ["diagnose", &draws, "-o", &again, "--quiet"];
    let compare =
        ["compare", "--density", "exp(-x^2)", "--samplers", "exact,rwm", "--seed", "1", "--quiet", "-o", &path("c.svg")].map(String::from);
    let compare: Vec<&str> = compare.iter().map(String::as_str).collect();
    for (arguments, code, files) in [(&sample[..], 3, &[&draws, &picture][..]), (&diagnose, 0, &[&again]), (&compare, 0, &[&path("c.svg")])]
    {
        let mut child = command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = finish(child, b"", Duration::from_secs(30));
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(code), ""), "{arguments:?}");
        assert!(files.iter().all(|file| std::fs::metadata(file).unwrap().len() > 100), "{arguments:?}");
    }
}

#[test]
fn no_escape_codes_without_a_terminal_or_with_no_color() {
    for arguments in [&QUICK[..], &["gallery"], &["explain", "exp(-x^2)"], &["integrate", "--density", "exp(-x"]] {
        for colour in [None, Some(("NO_COLOR", "1")), Some(("CLICOLOR_FORCE", "0"))] {
            let mut command = command(arguments);
            command.envs(colour);
            let output = finish(command.spawn().unwrap(), b"", Duration::from_secs(30));
            assert!(!stdout(&output).contains('\u{1b}') && !stderr(&output).contains('\u{1b}'), "{arguments:?}");
        }
    }
}

#[test]
fn hostile_text_never_reaches_the_terminal_raw() {
    let output = langevin_with(&["integrate", "--density", "-"], b"\x1b[2Jx");
    assert_eq!(output.status.code(), Some(2));
    assert!(!stderr(&output).contains('\u{1b}'));
}

#[test]
fn every_entry_of_the_gallery_runs() {
    let list = document(&check_code(&["gallery", "--json"], 0));
    let entries = list["gallery"].as_array().unwrap();
    assert!(entries.len() >= 12);
    for entry in entries {
        let name = entry["name"].as_str().unwrap();
        let shown = stdout(&check_code(&["gallery", name, "--show"], 0));
        assert!(shown.starts_with("langevin sample --"), "{shown}");
        // Few chains and steps: that the flags are understood is the question here.
        let found = document(&check_code(&["gallery", name, "--seed", "1", "--chains", "256", "--steps", "20", "--json"], 0));
        assert_eq!((&found["run"]["chains"], &found["run"]["steps"]), (&Value::from(256), &Value::from(20)), "{name}");
        assert_eq!(found["formula"], entry["formula"], "{name}");
    }
}

/// What `--show` prints does what the entry does.
#[test]
#[cfg(unix)]
fn the_command_that_the_gallery_shows_is_the_entry() {
    let shown = stdout(&check_code(&["gallery", "classic", "--show"], 0));
    let program = Path::new(env!("CARGO_BIN_EXE_langevin")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let line = format!("{} --seed 5 -o - --quiet", shown.trim());
    let typed = std::process::Command::new("sh").args(["-c", &line]).env("PATH", path).stdin(Stdio::null()).output().unwrap();
    assert!(typed.status.success(), "{}", stderr(&typed));
    let own = check_code(&["gallery", "classic", "--seed", "5", "-o", "-", "--quiet"], 0);
    assert!(typed.stdout == own.stdout && own.stdout.len() > 10_000);
}

#[test]
fn help_and_version_are_results() {
    let version = stdout(&check_code(&["--version"], 0));
    assert_eq!(version.trim(), format!("langevin {}", env!("CARGO_PKG_VERSION")));
    let help = stdout(&check_code(&["--help"], 0));
    for command in ["sample", "integrate", "gradient", "check", "explain", "gallery", "completions", "man"] {
        assert!(help.contains(command), "{command} is not in the help");
        let own = stdout(&check_code(&[command, "--help"], 0));
        assert!(own.contains("Usage"), "{own}");
        assert!(own.lines().all(|line| line.chars().count() <= 100), "{command}: a line of help is too long");
    }
}

#[test]
fn completions_and_manual_pages_are_written() {
    for shell in ["bash", "zsh", "fish"] {
        let text = stdout(&check_code(&["completions", shell], 0));
        assert!(text.contains("langevin") && text.contains("integrate"), "{shell}");
    }
    assert!(stdout(&check_code(&["man"], 0)).contains(".TH langevin"));
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    check_code(&["man", pages.to_str().unwrap()], 0);
    for page in ["langevin.1", "langevin-sample.1", "langevin-integrate.1"] {
        assert!(std::fs::read_to_string(pages.join(page)).unwrap().contains(".SH"), "{page}");
    }
}

#[test]
#[cfg(unix)]
fn bash_accepts_its_completions() {
    let text = check_code(&["completions", "bash"], 0).stdout;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("langevin.bash");
    std::fs::write(&path, text).unwrap();
    match std::process::Command::new("bash").arg("-n").arg(&path).output() {
        Ok(output) => assert!(output.status.success(), "{}", stderr(&output)),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
}

/// Sends `signal` to a run that would take minutes.
#[cfg(unix)]
fn interrupted(long: &[&str], signal: &str) -> Output {
    let child = crate::common::spawn(long);
    std::thread::sleep(Duration::from_millis(700));
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    finish(child, b"", Duration::from_secs(30))
}

/// The exit code of such a run and what it saved.
#[cfg(unix)]
fn interrupt(signal: &str) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (csv, json) = (path("x.csv"), path("x.json"));
    let long = ["sample", "--density", CLASSIC, "--range", "-0.7,1.5", "--chains", "2000", "--steps", "100000000", "-o", &csv, "-o", &json];
    let output = interrupted(&long, signal);
    let saved = std::fs::read(&json).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (output.status.code(), serde_json::from_slice(&saved).unwrap(), std::fs::read_to_string(&csv).unwrap())
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_saves_what_it_has_and_says_so() {
    let (code, saved, csv) = interrupt("-INT");
    assert_eq!(code, Some(130));
    assert_eq!(saved["run"]["complete"], false);
    assert_ne!(saved["verdict"]["trust"], "yes");
    assert_eq!(csv.lines().count(), 2001);
}

#[test]
#[cfg(unix)]
fn a_run_that_is_interrupted_before_it_drew_says_so() {
    let long = ["sample", "--density", CLASSIC, "--range", "-0.7,1.5", "--sampler", "rwm", "--seed", "1", "--warmup", "100000000"];
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let output = interrupted(&long, signal);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains("nothing was drawn") && output.stdout.is_empty(), "{}", stderr(&output));
    }
}

#[test]
#[cfg(unix)]
fn a_terminated_run_saves_what_it_has_and_says_so() {
    let (code, saved, csv) = interrupt("-TERM");
    assert_eq!(code, Some(143));
    assert_eq!(saved["run"]["complete"], false);
    assert_eq!(csv.lines().count(), 2001);
}

#[test]
fn check_notes_what_is_odd_about_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.csv");
    std::fs::write(&path, "e,y\n1,2\n3,4\n").unwrap();
    let data = path.to_str().unwrap();
    let text = "a in (0, 1); b in (0, inf); c in (0, inf); d in (-1, 1); log_density = -c + sum(normal_lpdf(y | d, 1))";
    let output = langevin(&["check", "--log-density", text, "--data", data, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kinds: Vec<&str> = document["problems"].as_array().unwrap().iter().map(|problem| problem["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["infinite_Z", "unused_parameter", "flat_direction", "out_of_reach", "hidden_column"]);
    // The data speak of `tau` by way of `theta`.
    let text =
        "tau in (0, 9); theta[2] in (-inf, inf); log_density = -tau + sum(normal_lpdf(theta | 0, tau)) + sum(normal_lpdf(y | theta, 1))";
    let output = langevin(&["check", "--log-density", text, "--data", data, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let is_said = document["problems"].as_array().unwrap().iter().any(|problem| problem["kind"] == "out_of_reach");
    assert!(!is_said, "{}", document["problems"]);
}

#[test]
fn chains_are_sampled_saved_and_diagnosed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("draws.csv");
    let file = file.to_str().unwrap();
    let arguments =
        ["sample", "--log-density", "-x^2/2 - y^2/2", "--sampler", "nuts", "--chains", "4", "--draws", "200", "--seed", "1", "--json"];
    let found = document(&check_code(&with(&arguments, &["-o", file]), 0));
    check_keys(&found, &["variables.1.rhat", "run.warmup", "run.draws", "run.gradient_evaluations", "run.divergences", "verdict.trust"]);
    assert_eq!((found["run"]["sampler"].as_str(), found["run"]["draws"].as_u64()), (Some("nuts"), Some(200)));
    let again = document(&check_code(&["diagnose", file, "--json"], 0));
    check_keys(&again, &["variables.0.ess_bulk", "variables.0.mcse_sd", "run.chains", "verdict.because"]);
    assert_eq!(again["variables"][0]["ess_bulk"], found["variables"][0]["ess_bulk"]);
    check_code(&["sample", "--density", "exp(-x^2)", "--sampler", "nutz"], 2);
    check_code(&["diagnose", "/nonexistent/draws.csv"], 5);
}
