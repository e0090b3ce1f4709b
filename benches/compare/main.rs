//! The library against the same work in hand-written intrinsics, in plain Rust, and by a tree walk: nanoseconds per chain-step, one thread.
//!
//! `cargo bench --bench compare` runs everything, `-- --quick` a smoke test, `-- ring dense` only those problems.

#[cfg(target_arch = "x86_64")]
mod by_hand;
mod check;
mod clock;
mod contender;
mod ours;
mod problems;
mod scalar;
mod tree_walk;

use contender::{Contender, Run};
use langevin::density::{LogDensity, Model};
use langevin::math::Level;
use langevin::sampler::{Population, population};
use problems::{PROBLEMS, Problem};

const CHAINS: usize = 5120;
/// Chains and steps of the comparison of laws; the tree walk is slow.
const CHECKED: (usize, usize) = (1024, 60);
const SEED: u64 = 1;

/// How long to measure.
struct Effort {
    /// Seconds that one contender computes in one round, about.
    slice: f64,
    rounds: usize,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let given = |flag: &str| words.iter().any(|word| word == flag);
    // Without Cargo's `--bench` this is a test run.
    let quick = given("--quick") || !given("--bench");
    let effort = if quick { Effort { slice: 0.003, rounds: 3 } } else { Effort { slice: 0.03, rounds: 15 } };
    let all = words.iter().all(|word| word.starts_with('-'));
    println!("ns per chain-step (gradient, drift, noise, bounds), one thread, {CHAINS} chains, {} rounds in turn", effort.rounds);
    println!("ratio: time against the library at its widest level, median over the rounds");
    for problem in PROBLEMS.iter().filter(|problem| all || given(problem.name)) {
        let model = problem.model();
        let contenders = contenders(problem, &model);
        let starts = |chains| population(&vec![problem.start; problem.dimension], &model, SEED, chains);
        let (chains, steps) = CHECKED;
        check::gradients(&contenders, &starts(chains));
        check::laws(&contenders, &Run { starts: &starts(chains), steps, step_size: problem.step_size, seed: SEED });
        report(problem, &contenders, &measure(problem, &contenders, &starts(CHAINS), &effort));
    }
}

/// The library at its widest level first: the others are compared with it.
fn contenders<'a>(problem: &Problem, model: &'a Model) -> Vec<Box<dyn Contender + 'a>> {
    let widest_first = Level::available().into_iter().rev();
    let mut all: Vec<Box<dyn Contender + 'a>> =
        widest_first.map(|level| Box::new(ours::Ours::new(model, problem.start, level)) as Box<dyn Contender>).collect();
    #[cfg(target_arch = "x86_64")]
    all.extend(by_hand::contenders(problem.name, model.bounds()).into_iter().map(|contender| contender as Box<dyn Contender>));
    all.push(scalar::contender(problem.name, model.bounds()));
    all.push(tree_walk::contender(model));
    all
}

/// What [`measure`] found.
struct Timings {
    /// Nanoseconds per chain-step, `[contender][round]`.
    steps: Vec<Vec<f64>>,
    /// Seconds before the first step, `[contender][round]`.
    beginnings: Vec<Vec<f64>>,
}

fn measure(problem: &Problem, contenders: &[Box<dyn Contender + '_>], starts: &Population, effort: &Effort) -> Timings {
    let time = |contender: &dyn Contender, steps: usize| {
        let before = clock::now();
        std::hint::black_box(contender.run(&Run { starts, steps, step_size: problem.step_size, seed: SEED }));
        (clock::now() - before).as_secs_f64()
    };
    let steps: Vec<usize> = contenders
        .iter()
        .map(|contender| {
            let mut steps = 2;
            while time(&**contender, steps) < effort.slice / 2.0 + 2.0 * time(&**contender, 0) {
                steps *= 2;
            }
            steps
        })
        .collect();
    let mut timings = Timings { steps: vec![Vec::new(); contenders.len()], beginnings: vec![Vec::new(); contenders.len()] };
    for _ in 0..effort.rounds {
        for (at, contender) in contenders.iter().enumerate() {
            // A run's beginning is not a chain-step: it places the chains and makes scratch space.
            let beginning = time(&**contender, 0);
            let taken = time(&**contender, steps[at]) - beginning;
            timings.beginnings[at].push(beginning);
            timings.steps[at].push(taken * 1e9 / (steps[at] * starts.chains()) as f64);
        }
    }
    timings
}

fn report(problem: &Problem, contenders: &[Box<dyn Contender + '_>], timings: &Timings) {
    println!("\n{}: {}", problem.name, problem.about);
    println!("  {:<24} {:>9} {:>9} {:>7} {:>10}", "contender", "p10", "median", "ratio", "precision");
    for (contender, own) in contenders.iter().zip(&timings.steps) {
        let ratios: Vec<f64> = own.iter().zip(&timings.steps[0]).map(|(own, ours)| own / ours).collect();
        let (low, middle, ratio) = (quantile(own, 0.1), quantile(own, 0.5), quantile(&ratios, 0.5));
        println!("  {:<24} {low:>9.2} {middle:>9.2} {ratio:>7.2} {:>10}", contender.name(), "f64");
    }
    println!("  a run of the library begins in {:.2} ms, not counted above", quantile(&timings.beginnings[0], 0.5) * 1e3);
}

fn quantile(values: &[f64], probability: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(probability * (sorted.len() - 1) as f64).round() as usize]
}
