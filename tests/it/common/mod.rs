//! What the tests share: known answers, the program, comparison of floats.

#![allow(clippy::disallowed_methods, reason = "tests write files and watch the clock")]

pub(crate) mod dual;
pub(crate) mod formulas;
pub(crate) mod map;

use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How large a sweep is: `usual`, or `whole` where the environment has THOROUGH, as in CI's step of that name.
pub(crate) fn sized(usual: usize, whole: usize) -> usize {
    if std::env::var_os("THOROUGH").is_some() { whole } else { usual }
}

/// The known answers in `tests/data/NAME.json`.
pub(crate) fn data(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// A number that may be written as text ("inf" and "-inf" too); NaN for null.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| match value.as_str() {
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{text} is no number")),
        None => f64::NAN,
    })
}

/// Fails unless `found` is within `absolute` or `relative` of `expected`.
#[track_caller]
pub(crate) fn assert_close(label: &str, found: f64, expected: f64, absolute: f64, relative: f64) {
    let allowed = absolute.max(relative * expected.abs());
    let miss = (found - expected).abs();
    assert!(
        found == expected || miss <= allowed,
        "{label}: found {found:e}, expected {expected:e}, off by {miss:.2e}, allowed {allowed:.2e}"
    );
}

/// The program, with nothing on stdin.
pub(crate) fn langevin(arguments: &[&str]) -> Output {
    langevin_with(arguments, b"")
}

/// The program with `stdin`.
pub(crate) fn langevin_with(arguments: &[&str], stdin: &[u8]) -> Output {
    finish(spawn(arguments), stdin, Duration::from_secs(60))
}

/// The program, not yet fed.
pub(crate) fn spawn(arguments: &[&str]) -> Child {
    command(arguments).spawn().unwrap()
}

/// The program with all streams piped.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_langevin"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("RUST_BACKTRACE");
    command
}

/// Feeds `child`, collects what it says; fails if it is not done in time.
#[track_caller]
pub(crate) fn finish(mut child: Child, stdin: &[u8], limit: Duration) -> Output {
    let mut input = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    // A refused input is not read to the end: a broken pipe is no failure here.
    let feeder = std::thread::spawn(move || drop(input.write_all(&bytes)));
    let mut stdout = child.stdout.take();
    let mut stderr = child.stderr.take();
    let read = |stream: &mut dyn Read| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map(|_| bytes).unwrap_or_default()
    };
    let out = std::thread::spawn(move || stdout.as_mut().map(|stream| read(stream)).unwrap_or_default());
    let talk = std::thread::spawn(move || stderr.as_mut().map(|stream| read(stream)).unwrap_or_default());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > limit {
            child.kill().unwrap();
            panic!("not done after {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    feeder.join().unwrap();
    Output { status, stdout: out.join().unwrap(), stderr: talk.join().unwrap() }
}

/// What stdout says.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What stderr says.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The document on stdout.
#[track_caller]
pub(crate) fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: stdout {:?}, stderr {:?}", stdout(output), stderr(output)))
}

/// Twenty rows of a table without a name, three of one called `g`.
pub(crate) fn tables() -> langevin::data::Data {
    let mut text = String::from("y,k,x1,x2,x3,school,name,gap\n");
    for row in 0..20 {
        let gap = if row == 4 { "NA".to_string() } else { row.to_string() };
        text += &format!("{},{},{},{},{},{},r{row},{gap}\n", row * row % 7, row % 4, row, 20 - row, row % 3, row % 3 + 1);
    }
    let rows = langevin::data::Table::from_csv("data.csv", text.as_bytes()).unwrap();
    let groups = langevin::data::Table::from_csv("groups.csv", "size,y\n10,1\n20,2\n30,4\n".as_bytes()).unwrap().named("g");
    langevin::data::Data::new(vec![rows, groups])
}
