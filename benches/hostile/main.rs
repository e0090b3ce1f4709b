//! Which samplers can be believed on densities that are hard on purpose: whether `yes` is right, and what it took.
//!
//!     cargo bench --bench hostile                              the plain command on all of them
//!     cargo bench --bench hostile -- auto,nuts --only mixture  two samplers on those with `mixture` in their names
//!     cargo bench --bench hostile -- --every 5 --seed 7        each fifth, with another seed
//!
//! Each run is a process of its own, ended after forty seconds of processor time. `-v` has a line for each run.

mod case;
mod cases;
mod clock;
mod truth;

use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use case::Case;
use langevin::data::Data;
use langevin::density::Model;
use langevin::run::{Sampler, Sampling, Trust, sample};

/// Runs at a time.
const PARALLEL: usize = 2;
/// Processor time that a run may take.
const LIMIT: Duration = Duration::from_secs(40);

/// What became of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    YesRight,
    YesWrong,
    /// No or unknown of draws that are right.
    Alarm,
    NoWrong,
    Refused,
    TimedOut,
}

const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::YesRight, "yes, right"),
    (Outcome::YesWrong, "yes, WRONG"),
    (Outcome::Alarm, "no or unknown, right"),
    (Outcome::NoWrong, "no or unknown, wrong"),
    (Outcome::Refused, "refused"),
    (Outcome::TimedOut, "timed out"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |flag: &str| arguments.iter().position(|argument| argument == flag).and_then(|at| arguments.get(at + 1));
    let cases = cases::all();
    let seed = value("--seed").map_or("1", String::as_str);
    if let (Some(name), Some(sampler)) = (value("--case"), value("--sampler")) {
        let Some(case) = cases.iter().find(|case| case.name == *name) else { return ExitCode::from(2) };
        std::thread::spawn(watch);
        println!("{}", run(case, sampler, seed));
        return ExitCode::SUCCESS;
    }
    let every: usize = value("--every").and_then(|every| every.parse().ok()).unwrap_or(1);
    let only = value("--only").map_or("", String::as_str);
    let samplers = arguments.first().filter(|first| !first.starts_with('-')).map_or("plain", String::as_str);
    let chosen: Vec<&Case> = cases.iter().filter(|case| case.name.contains(only)).step_by(every.max(1)).collect();
    let verbose = arguments.iter().any(|argument| argument == "-v");
    println!("{} densities", chosen.len());
    for sampler in samplers.split(',') {
        report(sampler, &chosen, seed, verbose);
    }
    ExitCode::SUCCESS
}

/// Runs a sampler on the cases and prints what came of it.
fn report(sampler: &str, cases: &[&Case], seed: &str, verbose: bool) {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, String)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let line = in_its_own_process(case, sampler, seed);
                    if verbose {
                        println!("{sampler:9} {:32} {line}", case.name);
                    }
                    let at = cases.iter().position(|other| other.name == case.name).unwrap_or(0);
                    if let Ok(mut results) = results.lock() {
                        results.push((at, line));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort();
    let outcome = |line: &str| OUTCOMES.iter().find(|(_, name)| line.starts_with(name)).map(|(outcome, _)| *outcome);
    println!("\n{sampler}");
    for (kind, name) in OUTCOMES {
        println!("  {name:22} {}", results.iter().filter(|(_, line)| outcome(line) == Some(kind)).count());
    }
    let mut seconds: Vec<f64> =
        results.iter().filter_map(|(_, line)| line.split('|').nth(1)?.trim().split(' ').next()?.parse().ok()).collect();
    seconds.sort_by(f64::total_cmp);
    if let (Some(median), Some(longest)) = (seconds.get(seconds.len() / 2), seconds.last()) {
        println!("  processor seconds      {:.1} in all, median {median:.2}, longest {longest:.2}", seconds.iter().sum::<f64>());
    }
    for (at, line) in results.iter().filter(|(_, line)| outcome(line) == Some(Outcome::YesWrong)) {
        println!("  {:32} {line}", cases[*at].name);
    }
}

/// The line that a process of this program prints for one run.
fn in_its_own_process(case: &Case, sampler: &str, seed: &str) -> String {
    let Ok(program) = std::env::current_exe() else { return "no program".into() };
    let arguments = ["--case", &case.name, "--sampler", sampler, "--seed", seed];
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string()).unwrap_or_default();
    if text.is_empty() { "crashed".into() } else { text }
}

/// Ends this process once it has computed for too long.
fn watch() {
    while clock::of_process() < LIMIT {
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("{}", OUTCOMES[5].1);
    std::process::exit(0);
}

/// One run, as a line: what it came to, processor seconds, why.
fn run(case: &Case, sampler: &str, seed: &str) -> String {
    let Ok(seed) = seed.parse() else { return "refused | a seed is a whole number".into() };
    let mut settings = Sampling { seed, threads: 1, ..Sampling::default() };
    match sampler.parse::<Sampler>() {
        Ok(sampler) => settings.sampler = sampler,
        Err(_) if sampler == "plain" => settings.sampler = settings.usual_sampler(),
        Err(error) => return format!("refused | {error}"),
    }
    let start = clock::of_process();
    let found = case.text.parse().and_then(|formula| Model::with_data(formula, None, &[], &Data::default()));
    let found = found.and_then(|model| sample(&model, &settings));
    let seconds = (clock::of_process() - start).as_secs_f64();
    let run = match found {
        Ok(run) => run,
        Err(error) => return format!("refused | {seconds:.2} s | {}", error.message),
    };
    let count = (run.draws.chains() * run.draws.draws()) as f64;
    let ess = run.variables.iter().map(|variable| variable.ess_bulk.min(variable.ess_tail)).fold(count, f64::min);
    let worst = truth::worst(case, run.draws.columns(), ess);
    // Draws that are worth less than a hundred cannot be seen to be right.
    let is_right = ess >= 100.0 && worst.as_ref().is_some_and(|worst| worst.excess <= 1.0);
    let outcome = match (run.verdict.trust == Trust::Yes, is_right) {
        (true, true) => Outcome::YesRight,
        (true, false) => Outcome::YesWrong,
        (false, true) => Outcome::Alarm,
        (false, false) => Outcome::NoWrong,
    };
    let name = OUTCOMES.iter().find(|(kind, _)| *kind == outcome).map_or("", |(_, name)| name);
    let detail = match worst {
        Some(worst) => format!("{}: {:.4} for {:.4} ({:.1})", worst.event, worst.found, worst.exact, worst.excess),
        None => "there is no law".into(),
    };
    let kinds: Vec<&str> = run.verdict.warnings.iter().map(|warning| warning.kind()).collect();
    format!("{name} | {seconds:.2} s | {} | {:?} ESS {ess:.0} | {detail} | {}", run.sampler, run.verdict.trust, kinds.join(" "))
}
