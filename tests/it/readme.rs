//! The README does what it says: each shell line runs, and prints what stands under it. Rust blocks are doctests of lib.rs.
//!
//! `UPDATE_README=1 cargo test --release readme` writes the present output into the README.
#![allow(clippy::disallowed_methods, reason = "writes the README when asked to")]

use std::path::Path;
use std::process::Command;

const SET_UP: [&str; 2] =
    ["cargo run --release -- sample --density \"(x-0.4)^4 - (x-0.2)^2 + 0.6\" --range -0.7,1.5 -o langevin.gif", "cargo test --release"];

/// A fenced block: its language, its lines, and the line of the file where the lines begin, from 0.
struct Block<'a> {
    language: &'a str,
    lines: Vec<&'a str>,
    begin: usize,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            found.push(Block { language, lines: inside, begin: number + 1 });
        }
    }
    found
}

/// The command, and the exit code that a comment such as `# exit 4` states.
fn command_and_code(line: &str) -> (&str, i32) {
    match line.rsplit_once("# exit ") {
        Some((command, code)) => (command.trim_end(), code.parse().unwrap()),
        None => (line, 0),
    }
}

/// Runs one line in `folder`; what it printed on both streams. Times differ from run to run, so speed is left out.
fn run(line: &str, folder: &Path) -> String {
    let (command, code) = command_and_code(line);
    let program = Path::new(env!("CARGO_BIN_EXE_langevin")).parent().unwrap();
    let path = std::env::join_paths([program.to_path_buf()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
    let script = format!("exec 2>&1\n{}", command.replacen("cargo run --release -- ", "langevin ", 1));
    let output = Command::new("sh").arg("-c").arg(script).current_dir(folder).env("PATH", path.unwrap()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "README: `{command}` printed\n{text}");
    text
}

/// What can be compared: everything but the line of speed.
fn lasting(lines: &[&str]) -> String {
    lines.iter().filter(|line| !line.starts_with("  speed ")).map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_set_up_is_two_commands() {
    let readme = include_str!("../../README.md");
    let cargo: Vec<&str> = blocks(readme)
        .iter()
        .filter(|block| block.language == "sh")
        .flat_map(|block| block.lines.clone())
        .filter(|line| line.starts_with("cargo "))
        .collect();
    assert_eq!(cargo, SET_UP);
}

#[test]
fn shell_blocks_print_what_stands_under_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let update = std::env::var_os("UPDATE_README").is_some();
    let folder = tempfile::tempdir().unwrap();
    // The models that the README runs lie where a clone has them.
    let models = folder.path().join("examples/models");
    std::fs::create_dir_all(&models).unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), models.join(entry.file_name())).unwrap();
    }
    let blocks = blocks(&readme);
    let mut replacements = Vec::new();
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        let mut printed = String::new();
        for line in &block.lines {
            let known = line.starts_with("langevin ") || line.contains("| langevin ") || SET_UP.contains(line);
            assert!(known, "README: `{line}` is neither langevin nor a set-up command");
            if *line != SET_UP[1] {
                printed += &run(line, folder.path());
            }
        }
        // Output stands under its command, with nothing but an empty line between.
        let Some(shown) = blocks.get(index + 1).filter(|next| next.language == "text" && next.begin <= block.begin + block.lines.len() + 3)
        else {
            continue;
        };
        if lasting(&shown.lines) != lasting(&printed.lines().collect::<Vec<_>>()) {
            assert!(update, "README: {:?} now prints\n{printed}\nUPDATE_README=1 cargo test --release readme writes it in", block.lines);
            replacements.push((shown.begin, shown.lines.len(), printed));
        }
    }
    if !replacements.is_empty() {
        let mut lines: Vec<String> = readme.lines().map(|line| line.trim_end().to_string()).collect();
        for (begin, count, printed) in replacements.into_iter().rev() {
            lines.splice(begin..begin + count, printed.lines().map(|line| line.trim_end().to_string()));
        }
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

#[test]
fn the_table_of_samplers_is_that_of_their_facts() {
    let readme = include_str!("../../README.md");
    let table = langevin::report::samplers::markdown();
    assert!(readme.contains(&table), "README's table of samplers should be\n{table}");
}
