//! What `-o` may name: links, pipes, devices, files that are read; and one document under --json whatever fails.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::common::{command, document, finish, stderr, stdout};

const QUICK: [&str; 7] = ["sample", "--density", "exp(-x^2)", "--seed", "1", "--chains", "1000"];

/// The program in `folder`.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    finish(command(arguments).current_dir(folder).spawn().unwrap(), b"", Duration::from_secs(60))
}

/// The program in `folder`, after what a shell does first.
fn run_after(folder: &Path, first: &str, arguments: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    let script = format!("{first}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_langevin")]).args(arguments).current_dir(folder).output().unwrap()
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    QUICK.iter().chain(more).copied().collect()
}

#[test]
fn a_link_stays_and_what_it_names_is_new() {
    let folder = tempfile::tempdir().unwrap();
    symlink("real.csv", folder.path().join("link.csv")).unwrap();
    assert!(run(folder.path(), &with(&["-o", "link.csv"])).status.success());
    assert!(folder.path().join("link.csv").is_symlink());
    assert!(std::fs::read_to_string(folder.path().join("real.csv")).unwrap().starts_with("chain,draw,x\n"));
}

#[test]
fn modes_and_the_umask_hold() {
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    let private = folder.path().join("private.csv");
    std::fs::write(&private, "old").unwrap();
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600)).unwrap();
    let files = with(&["-o", "private.csv", "-o", "new.csv"]);
    assert!(run_after(folder.path(), "umask 027", &files).status.success());
    assert_eq!((mode("private.csv"), mode("new.csv")), (0o600, 0o640));
}

#[test]
fn a_pipe_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    assert!(run(folder.path(), &with(&["-o", "pipe.csv"])).status.success());
    assert_eq!(reader.join().unwrap().lines().count(), 1001);
}

#[test]
fn what_is_read_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.csv");
    std::fs::write(&data, "y\n1\n2\n").unwrap();
    std::fs::hard_link(&data, folder.path().join("same.csv")).unwrap();
    let model = ["sample", "--log-density", "sum(normal_lpdf(y | x, 1))"];
    for arguments in [
        [&model[..], &["--data", "data.csv", "-o", "data.csv"]].concat(),
        vec!["sample", "--log-density", "sum(normal_lpdf(t.y | x, 1))", "--data", "t=data.csv", "-o", "./same.csv"],
        vec!["compare", "--log-density", "sum(normal_lpdf(y | x, 1))", "--data", "data.csv", "-o", "data.json", "-o", "x.json"],
    ] {
        let output = run(folder.path(), &arguments);
        if arguments.contains(&"data.json") {
            // Another name: nothing is replaced.
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            continue;
        }
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("which is read"), "{}", stderr(&output));
    }
    assert_eq!(std::fs::read(&data).unwrap(), b"y\n1\n2\n");
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is_sampled() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}.csv", "a".repeat(300));
    for (more, code) in [
        (&["-o", &long[..]][..], 5),
        (&["-o", "x.gif", "--sampler", "nuts"], 2),
        (&["-o", "x.gif", "--sampler", "exact"], 2),
        (&["-o", "x.gif", "--rungs", "4", "--temperature", "3"], 2),
        (&["-o", "-", "--json"], 2),
    ] {
        // A run that would take minutes, so that only an early refusal is in time.
        let output = run(folder.path(), &with(&[&["--steps", "1000000000"], more].concat()));
        assert_eq!(output.status.code(), Some(code), "{more:?}: {}", stderr(&output));
    }
}

#[test]
fn one_document_whatever_fails() {
    let folder = tempfile::tempdir().unwrap();
    symlink("/dev/full", folder.path().join("full.csv")).unwrap();
    symlink("/dev/full", folder.path().join("full.json")).unwrap();
    for (first, arguments) in [
        ("true", with(&["--json", "-o", "full.csv", "-o", "whole.csv"])),
        ("ulimit -f 1", with(&["--json", "-o", "big.csv"])),
        ("true", vec!["compare", "--json", "--density", "exp(-x^2)", "--samplers", "exact", "-o", "full.json"]),
        ("true", vec!["sample", "--json", "--density", "exp(-x^2)", "--chains", "1000000000000"]),
    ] {
        let output = run_after(folder.path(), first, &arguments);
        assert_eq!(output.status.code(), Some(5), "{arguments:?}: {}", stderr(&output));
        assert!(document(&output)["error"]["message"].is_string(), "{arguments:?}: {}", stdout(&output));
    }
    // One that fails keeps no other from being written.
    assert!(folder.path().join("whole.csv").exists() && !folder.path().join("big.csv").exists());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&with(&["--json"])).stdout(full).spawn().unwrap().wait_with_output().unwrap();
    assert!(output.status.code() == Some(5) && stderr(&output).contains("No space left"), "{}", stderr(&output));
}
