//! Throws mangled texts at the language and mangled bytes at the tables: each must give a model or an error with a place, never a panic.
//!
//! `cargo run --release --example fuzz_language -- 600` goes on for 600 seconds; without a number it makes a short round.
#![allow(clippy::disallowed_methods, reason = "reads its seeds and watches the clock")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use langevin::data::{Data, Table};
use langevin::density::{LogDensity, Meaning, Model};
use langevin::math::Lanes;
use langevin::random::{BlockRng, Purpose};
use langevin::syntax::{Distribution, Formula, Function};

const WORDS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "^",
    "**",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    "\n",
    "=",
    "<",
    "<=",
    "==",
    "?",
    ":",
    "..",
    "|",
    "&&",
    "not ",
    " and ",
    " in ",
    "in (0, inf)",
    "in simplex",
    "in ordered",
    "in cov_matrix",
    "if(",
    "sum(",
    "prod(",
    "mean(",
    "i in 1..3, ",
    "t in 2..rows, ",
    "x",
    "y",
    "v",
    "W",
    "h",
    "school",
    "g.y",
    "rows",
    "pi",
    "e",
    "inf",
    "1",
    "0",
    "3",
    "0.5",
    "1e300",
    "-1",
    "[1, 2]",
    "[2, 2]",
    "x1",
    "²",
    "log_density = ",
    "density = ",
    "energy = ",
    "#",
    "y[t-1]",
    "v[school]",
    "h[j-1]",
    "dot(",
    "lpdf",
    ".",
    "é",
    "\u{0}",
    "9999999999",
];

struct Dice {
    rng: BlockRng,
    row: Lanes,
    next: usize,
}

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        if self.next == self.row.len() {
            self.rng.fill_uniform(&mut self.row);
            self.next = 0;
        }
        self.next += 1;
        ((self.row[self.next - 1] * sides as f64) as usize).min(sides - 1)
    }
}

/// What is being read, and since when; a thread ends the program, and says with which text, when that takes ten seconds.
fn watched() -> Arc<Mutex<(Instant, String)>> {
    let current = Arc::new(Mutex::new((Instant::now(), String::new())));
    let seen = Arc::clone(&current);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let (since, text) = &*seen.lock().expect("no thread panics with it");
            if since.elapsed() > Duration::from_secs(10) {
                eprintln!("stuck on:\n{text}");
                std::process::exit(1);
            }
        }
    });
    current
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: Option<u64> = std::env::args().nth(1).map(|text| text.parse()).transpose()?;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    for folder in ["tests/language", "tests/models", "examples/models"] {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            let text = std::fs::read_to_string(&path)?;
            if path.extension().is_some_and(|ending| ending == "txt") {
                seeds.extend(text.split("\n\n").map(|block| {
                    let lines: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("> ")).collect();
                    lines.join("\n")
                }));
            } else {
                seeds.push(text);
            }
        }
    }
    let functions: Vec<String> =
        Function::ALL.iter().map(|function| format!("{}(", function.names()[0])).chain(Distribution::all_names()).collect();
    let table = "y,x1,x2,school,name\n1,2,3,1,a\n2,1,0.5,2,b\n4,,1,3,c\n";
    let data = Data::new(vec![Table::from_csv("t", table.as_bytes())?, Table::from_csv("g", table.as_bytes())?.named("g")]);
    let mut dice = Dice { rng: BlockRng::new(1, 0, Purpose::Noise), row: Lanes::default(), next: 256 };
    let current = watched();
    let began = Instant::now();
    let (mut texts, mut models, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while seconds.map_or(texts < 20_000, |seconds| began.elapsed() < Duration::from_secs(seconds)) {
        let mut text = seeds[dice.roll(seeds.len())].clone();
        for _ in 0..dice.roll(6) {
            let cuts: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
            let (a, b) = (cuts[dice.roll(cuts.len())], cuts[dice.roll(cuts.len())]);
            let (a, b) = (a.min(b), a.max(b));
            let word = match dice.roll(3) {
                0 => functions[dice.roll(functions.len())].clone(),
                _ => WORDS[dice.roll(WORDS.len())].to_string(),
            };
            match dice.roll(4) {
                0 => text.insert_str(a, &word),
                1 if b - a < 40 => text.replace_range(a..b, ""),
                2 if b - a < 40 => text.replace_range(a..b, &word),
                _ => {
                    let piece = text[a..b].chars().take(60).collect::<String>();
                    text.insert_str(b, &piece);
                }
            }
        }
        texts += 1;
        *current.lock().expect("no thread panics with it") = (Instant::now(), text.clone());
        let start = Instant::now();
        let made = text.parse::<Formula>().and_then(|formula| {
            let meaning = formula.ast().meaning().unwrap_or(Meaning::LogDensity);
            Model::with_data(formula, Some(meaning), &[], &data)
        });
        match made {
            Ok(model) => {
                models += 1;
                let mut evaluator = model.evaluator();
                let block = vec![Lanes::splat(0.3); model.dimension()];
                let mut gradient = block.clone();
                evaluator.gradient(&block, &mut gradient);
            }
            Err(error) => assert!(!error.render(&text).is_empty()),
        }
        slowest = slowest.max(start.elapsed());
        assert!(start.elapsed() < Duration::from_secs(3), "slow:\n{text}");
        // The same for a table.
        let mut bytes = table.as_bytes().to_vec();
        for _ in 0..dice.roll(5) {
            let (at, byte) = (dice.roll(bytes.len()), dice.roll(256) as u8);
            if dice.roll(2) == 0 { bytes.insert(at, byte) } else { bytes[at] = byte }
        }
        if let Ok(table) = Table::from_csv("mangled", bytes.as_slice()) {
            table.columns().iter().for_each(|column| drop(column.values()));
        }
    }
    println!("{texts} texts, {models} of them models, the slowest in {} ms: no panic", slowest.as_millis());
    Ok(())
}
