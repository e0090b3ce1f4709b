//! SIGINT, SIGTERM and SIGHUP at any moment of any command; `benches/signals.py` sends a hundred of them and looks at the clock too.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use crate::common::{command, document, finish, stderr};

/// Sends a signal to a command in `folder` after so many milliseconds.
fn stopped(folder: &Path, arguments: &[&str], signal: &str, after: u64) -> Output {
    let child = command(arguments).current_dir(folder).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(after));
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success(), "{arguments:?} had ended already");
    finish(child, b"", Duration::from_secs(30))
}

const FOREVER: [&str; 7] = ["sample", "--log-density", "-x^2 - y^2", "--sampler", "nuts", "--seed", "1"];

fn forever<'a>(more: &[&'a str]) -> Vec<&'a str> {
    FOREVER.iter().chain(more).copied().collect()
}

#[test]
fn every_command_stops_with_the_code_of_the_signal_and_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let signals = [("-INT", 130), ("-TERM", 143), ("-HUP", 129)];
    let commands = [
        vec!["sample", "--density", "exp(-x^2)", "--steps", "100000000000", "-o", "x.gif"],
        vec!["sample", "--density", "exp(-x^2)", "--sampler", "exact", "--draws", "20000000"],
        forever(&["--thin", "1000000000"]),
        vec!["compare", "--density", "exp(-x^2 - y^2)", "--samplers", "nuts", "--draws", "1000000"],
        vec!["integrate", "--log-density", "sum(i in 1..300, -(x - i)^2*(y + i)^2*(z - i*x)^2) - x^2 - y^2 - z^2"],
    ];
    for ((arguments, (signal, code)), after) in commands.iter().zip(signals.into_iter().cycle()).zip([300, 100, 200, 400, 500]) {
        let output = stopped(folder.path(), arguments, signal, after);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("nothing was drawn") || stderr(&output).contains("kept"), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no temporary file is left");
}

#[test]
fn what_was_drawn_is_kept_and_marked_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = forever(&["--chains", "4", "--warmup", "100", "--draws", "10000000", "-o", "x.csv", "--json"]);
    let output = stopped(folder.path(), &arguments, "-HUP", 700);
    assert_eq!(output.status.code(), Some(129), "{}", stderr(&output));
    let told = document(&output);
    // Either there was time for figures, or it is said that there was none.
    assert!(told["run"]["complete"] == false || told["error"]["kind"] == "interrupted", "{told:#}");
    let table = std::fs::read_to_string(folder.path().join("x.csv")).unwrap();
    assert!(table.starts_with("chain,draw,x,y,incomplete\n") && table.lines().skip(1).all(|line| line.ends_with(",1")));
    let again = finish(command(&["diagnose", "x.csv", "--json"]).current_dir(folder.path()).spawn().unwrap(), b"", Duration::from_secs(60));
    assert_eq!(document(&again)["variables"].as_array().unwrap().len(), 2, "the mark is no variable");
}
