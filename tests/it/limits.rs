//! docs/limits.md: each limit that it states is met by the command beside it; and numbers of any size.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use std::time::Duration;

use crate::common::{command, document, finish, langevin, stderr, stdout};

/// The words of a command of a table; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('"').enumerate();
    let split = |(at, piece): (usize, &str)| -> Vec<String> {
        if at % 2 == 1 { vec![piece.to_string()] } else { piece.split_whitespace().map(String::from).collect() }
    };
    pieces.flat_map(split).skip(1).collect()
}

#[test]
fn the_table_of_limits_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../docs/limits.md");
    let rows = text.lines().filter(|line| line.contains("`langevin ")).map(|line| line.split(" | ").collect::<Vec<_>>());
    let mut seen = 0;
    for row in rows {
        let [.., refused, code, says] = row[..] else { panic!("{row:?}") };
        let [refused, says] = [refused, says].map(|cell| cell.trim_end_matches(" |").trim_matches('`'));
        let arguments = words(refused);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let child = command(&arguments).current_dir(folder.path()).spawn().unwrap();
        let output = finish(child, b"", Duration::from_secs(20));
        assert_eq!(output.status.code(), code.parse().ok(), "{refused}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{refused}: {}", stderr(&output));
        seen += 1;
    }
    assert!(seen >= 8, "{seen} rows");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn every_count_has_its_refusal() {
    let most = usize::MAX.to_string();
    for flag in ["--chains", "--draws", "--rungs"] {
        for sampler in ["sgld", "exact", "nuts", "tempering", "auto"] {
            for count in [&most, "100000000000000"] {
                let output = langevin(&["sample", "--density", "exp(-x^2)", "--sampler", sampler, flag, count, "--json"]);
                let message = document(&output)["error"]["message"].as_str().unwrap().to_string();
                let is_about_it = message.contains(flag) || message.contains("--rungs");
                assert!(is_about_it && [2, 5].contains(&output.status.code().unwrap()), "{sampler} {flag} {count}: {message}");
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn without_memory_the_program_ends_in_order() {
    let limited = |kibibytes: u32, arguments: &[&str]| {
        let script = format!("ulimit -v {kibibytes}; exec \"$0\" \"$@\"");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_langevin")]).args(arguments).output().unwrap()
    };
    let quick = ["sample", "--density", "exp(-x^2)", "--seed", "1"];
    let many = limited(500_000, &[&quick[..], &["--chains", "10000000"]].concat());
    assert!(many.status.code() == Some(5) && stderr(&many).contains("--chains 10000000"), "{}", stderr(&many));
    // Of ever less address space: threads that cannot be had are done without, and what ends early ends with a code of ours.
    for kibibytes in [400_000, 100_000, 60_000, 40_000, 30_000, 25_000] {
        let output = limited(kibibytes, &quick);
        assert!(matches!(output.status.code(), Some(0 | 5 | 127)), "{kibibytes}: {:?} {}", output.status, stderr(&output));
    }
}

#[test]
fn long_numbers_are_short_and_nan_is_not_printed() {
    for arguments in [
        &["explain", "1e308*x + 1e-308"][..],
        &["sample", "--density", "1", "--range=-1e308,-1e307", "--seed", "1", "--chains", "64"],
        &["sample", "--density", "exp(-x^2)", "--range", "1e308,1e307"],
        &["sample", "--density", "exp(-x^2)", "--range=0,1e308", "--init=-1e308"],
        &["sample", "--log-density", "-x^2 - y^2", "--sampler", "nuts", "--chains", "1", "--draws", "1", "--seed", "1"],
        &["sample", "--log-density", "-x^2 - y^2", "--sampler", "tempering", "--chains", "4", "--draws", "2", "--seed", "1"],
        &["integrate", "--density", "exp(-x^2)*1e300", "--range=-1e308,1e308"],
        &["check", "--density", "exp(-(x/1e300)^2)"],
    ] {
        let output = langevin(arguments);
        let said = stdout(&output) + &stderr(&output);
        assert!(!said.contains("NaN") && !said.contains("nan "), "{arguments:?}: {said}");
        let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count();
        assert!(said.split_whitespace().all(|word| digits(word) < 40), "{arguments:?}: {said}");
    }
}

#[test]
fn a_huge_cell_under_batch_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.csv");
    let model = "a in (-10, 10); b in (-10, 10); log_density = sum(bernoulli_logit_lpmf(y | a + b*x)) + normal_lpdf(b | 0, 1)";
    for cell in ["1e308", "1e200", "-1e308", "1e9", "5e-324"] {
        let rows: String = (0..40).map(|row| format!("{},{}\n", row % 2, if row == 7 { cell } else { "0.5" })).collect();
        std::fs::write(&path, format!("y,x\n{rows}")).unwrap();
        let batch = ["sample", "--log-density", model, "--data", path.to_str().unwrap(), "--batch", "8", "--seed", "1", "--chains", "32"];
        let output = langevin(&batch);
        assert!(matches!(output.status.code(), Some(0 | 4)), "{cell}: {:?} {}", output.status, stderr(&output));
    }
}
