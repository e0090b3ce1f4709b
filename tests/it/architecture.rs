//! Keeps the layout of ARCHITECTURE.md: each folder of src/ uses only folders above it, and each kind of outside
//! world (parser generator, pictures, files, terminal) lives in one place.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders from the bottom up; each may use those before it.
const ORDER: &[&str] = &[
    "error",
    "math",
    "stored",
    "data",
    "random",
    "syntax",
    "graph",
    "gradient",
    "enclosure",
    "tape",
    "density",
    "proof",
    "sampler",
    "quadrature",
    "diagnostics",
    "run",
    "report",
    "output",
    "plot",
    "bin",
];

/// What lib.rs re-exports from `error`.
const REEXPORTS: &[&str] = &["Error", "ErrorKind", "Result", "Span"];

/// What may be named only in certain folders.
const HOMES: &[(&str, &[&str])] = &[
    ("pest", &["syntax"]),
    ("pest_derive", &["syntax"]),
    ("pxfm", &["math"]),
    ("rand", &["random"]),
    ("flate2", &["data"]),
    ("memchr", &["data"]),
    ("rayon", &["data", "tape", "sampler", "plot"]),
    ("tempfile", &["output"]),
    ("serde_json", &["data", "report"]),
    ("plotters", &["plot"]),
    ("ab_glyph", &["plot"]),
    ("gif", &["plot"]),
    ("png", &["plot"]),
    ("clap", &["bin"]),
    ("clap_complete", &["bin"]),
    ("clap_mangen", &["bin"]),
    ("indicatif", &["bin"]),
    ("signal_hook", &["bin"]),
];

/// Text that may stand only in certain folders; macros and calls into the world.
const WORDS: &[(&str, &[&str])] = &[
    ("std::fs", &["output", "bin"]),
    ("fs::write", &["output"]),
    ("File::create", &["output"]),
    ("Instant::now", &["bin"]),
    ("SystemTime", &["bin"]),
    ("std::env", &["bin"]),
    ("std::process", &["bin"]),
    ("stdout()", &["bin"]),
    ("stderr()", &["bin"]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("print!", &[]),
    ("eprint!", &[]),
    ("dbg!", &[]),
];

/// A line of source with what the rules look at: code only, and where it is.
struct Line {
    number: usize,
    code: String,
    /// How many modules inside the file enclose it.
    nested: usize,
    test: bool,
}

struct Source {
    /// Relative to src/.
    path: PathBuf,
    folder: String,
    lines: Vec<Line>,
    text: String,
}

impl Source {
    fn is_root(&self) -> bool {
        self.path == Path::new("lib.rs")
    }

    /// How many modules enclose the file's own code: 1 for src/graph/mod.rs, 2 for src/graph/op.rs.
    fn depth(&self) -> usize {
        let parts = self.path.components().count();
        if self.path.ends_with("mod.rs") { parts - 1 } else { parts }
    }

    /// The code that is no test's.
    fn code(&self) -> String {
        self.lines.iter().filter(|line| !line.test).flat_map(|line| [&line.code, "\n"]).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // A prelude is text that printed programs begin with, no module of ours.
            if path.is_dir() && !path.ends_with("prelude") {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(source(&path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_path_buf();
    let folder = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_string();
    let all_test = path.ends_with("tests.rs");
    let (mut test, mut pending, mut nested) = (false, false, 0);
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let code = code_of(line);
            pending |= line == "#[cfg(test)]";
            if line.starts_with("mod ") && line.ends_with('{') {
                test |= pending;
                nested = 1;
            }
            let here = Line { number: index + 1, code, nested, test: all_test || test };
            if line.starts_with('}') {
                (test, pending, nested) = (false, false, 0);
            }
            if line.starts_with("mod ") && line.ends_with(';') {
                pending = false;
            }
            here
        })
        .collect();
    Source { path, folder, lines, text }
}

/// The line without comment and without the insides of strings.
fn code_of(line: &str) -> String {
    let mut code = String::new();
    let mut characters = line.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' if quoted => {
                characters.next();
            }
            // A quote as a character literal: '"'.
            '"' if !quoted && code.ends_with('\'') && characters.peek() == Some(&'\'') => code.push(character),
            '"' => {
                quoted = !quoted;
                code.push(character);
            }
            '/' if !quoted && characters.peek() == Some(&'/') => break,
            _ if !quoted => code.push(character),
            _ => {}
        }
    }
    code
}

/// Names that follow `prefix::` in `code`, also inside one level of braces: `crate::{density::Model, math}`.
fn following(code: &str, prefix: &str) -> Vec<String> {
    let word = |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if ends_in_word(&code[..at]) {
            continue;
        }
        let Some(rest) = code[at + prefix.len()..].strip_prefix("::") else { continue };
        let Some(list) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let (mut depth, mut expects_name) = (0, true);
        for (place, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => expects_name = true,
                c if expects_name && (c.is_alphabetic() || c == '_') => {
                    names.push(word(&list[place..]));
                    expects_name = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn ends_in_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
}

/// Whether `code` has `word` as a whole word at its beginning, and not as the end of a longer path.
fn contains_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_'))
}

fn rank(folder: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == folder)
}

/// Fails with all violations at once, each with file and line.
fn check(rule: &str, find: impl Fn(&Source, &Line) -> Option<String>) {
    let mut report = String::new();
    for source in sources() {
        for line in &source.lines {
            if let Some(problem) = find(&source, line) {
                writeln!(report, "src/{}:{}: {problem}", source.path.display(), line.number).unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{rule}\n{report}");
}

#[test]
fn every_folder_has_its_place_in_the_order() {
    for source in sources().iter().filter(|source| !source.is_root()) {
        assert!(rank(&source.folder).is_some(), "src/{} is not in ORDER", source.path.display());
    }
    for folder in ORDER {
        assert!(sources().iter().any(|source| source.folder == *folder), "src/{folder} is in ORDER but not there");
    }
}

#[test]
fn a_folder_uses_only_folders_above_it() {
    check("each folder uses only folders above it in the order of ARCHITECTURE.md", |source, line| {
        // lib.rs names all; in the program `crate` is the program.
        if source.is_root() || source.folder == "bin" {
            return None;
        }
        let own = rank(&source.folder)?;
        following(&line.code, "crate").into_iter().find_map(|name| match rank(&name) {
            Some(used) if used > own => Some(format!("{} uses {name}, which is below it", source.folder)),
            Some(_) => None,
            None if REEXPORTS.contains(&name.as_str()) => None,
            None => Some(format!("crate::{name} is no folder of ORDER")),
        })
    });
}

/// The folders that still have files, or folders, that use each other in a circle. No other may have one, and of these
/// each that is mended leaves the list.
const CIRCLES: &[&str] = &["sampler/courses/chains", "sampler/courses/minibatch", "syntax", "tape"];

/// A file or a folder inside a folder, and the others beside it that it uses.
type Module = (String, Vec<String>);

/// What stands in `folder`, with what each names of the others: by `super` or `crate`, also through what the folder's
/// `mod.rs` takes out of them.
fn uses_inside(folder: &Path, sources: &[Source]) -> Vec<Module> {
    let depth = folder.components().count();
    let absolute = folder.iter().fold("crate".to_string(), |path, part| format!("{path}::{}", part.to_str().unwrap()));
    let inside = |source: &&Source| source.path.starts_with(folder) && source.path != folder.join("mod.rs");
    let mut found: Vec<Module> = Vec::new();
    for source in sources.iter().filter(inside) {
        let own = source.path.iter().nth(depth).and_then(|part| part.to_str()).unwrap().trim_end_matches(".rs").to_string();
        let relative = vec!["super"; source.depth() - depth].join("::");
        let named = [&relative, &absolute].map(|prefix| following(&source.code(), prefix)).concat();
        match found.iter_mut().find(|(name, _)| *name == own) {
            Some((_, uses)) => uses.extend(named),
            None => found.push((own, named)),
        }
    }
    let root = sources.iter().find(|source| source.path == folder.join("mod.rs")).map(Source::code).unwrap_or_default();
    found.retain(|(name, _)| !is_for_tests(name, &root));
    let modules: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let exports: Vec<Module> = modules.iter().map(|name| (name.clone(), following(&root, name))).collect();
    let home = |name: &String| {
        modules
            .contains(name)
            .then(|| name.clone())
            .or_else(|| exports.iter().find(|(_, names)| names.contains(name)).map(|(module, _)| module.clone()))
    };
    found
        .into_iter()
        .map(|(own, named)| {
            let uses = named.iter().filter_map(home).filter(|name| *name != own).collect();
            (own, uses)
        })
        .collect()
}

/// Whether `root`, the code of a `mod.rs`, declares the module `name` for tests only.
fn is_for_tests(name: &str, root: &str) -> bool {
    let lines: Vec<&str> = root.lines().collect();
    lines.windows(2).any(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with(&format!("mod {name};")))
}

/// The modules that are left when those that use none of those left, or are used by none, are taken away again and
/// again: circles, and what lies between two of them.
fn circles(mut modules: Vec<Module>) -> Vec<String> {
    loop {
        let left: Vec<String> = modules.iter().map(|(name, _)| name.clone()).collect();
        let used: Vec<String> = modules.iter().flat_map(|(_, uses)| uses.clone()).collect();
        modules.retain(|(name, uses)| used.contains(name) && uses.iter().any(|name| left.contains(name)));
        if modules.len() == left.len() {
            return left;
        }
    }
}

#[test]
fn files_of_a_folder_use_each_other_in_one_direction() {
    let sources = sources();
    let folders: BTreeSet<&Path> =
        sources.iter().filter(|source| source.path.ends_with("mod.rs")).filter_map(|source| source.path.parent()).collect();
    let mut report = String::new();
    for folder in folders {
        let circles = circles(uses_inside(folder, &sources));
        let listed = CIRCLES.iter().any(|name| Path::new(name) == folder);
        match (circles.is_empty(), listed) {
            (false, false) => writeln!(report, "src/{} has a circle: {}", folder.display(), circles.join(", ")).unwrap(),
            (true, true) => writeln!(report, "src/{} has no circle: take it off CIRCLES", folder.display()).unwrap(),
            _ => {}
        }
    }
    assert!(report.is_empty(), "files of a folder use each other in one direction\n{report}");
    let run = uses_inside(Path::new("run"), &sources);
    assert!(run.iter().any(|(_, uses)| !uses.is_empty()), "src/run names nothing of its own");
}

#[test]
fn no_path_climbs_out_of_its_folder() {
    check("`super` stays in the folder; say `crate::folder`", |source, line| {
        if source.is_root() || source.folder == "bin" {
            return None;
        }
        let climbs = line.code.split("use ").last()?.split_whitespace().map(|word| word.matches("super::").count()).max()?;
        (climbs >= source.depth() + line.nested).then(|| "leaves its folder through super".to_string())
    });
}

#[test]
fn the_program_sees_only_the_public_library() {
    check("src/bin uses `langevin::…` only", |source, line| {
        let folder = source.folder == "bin" && line.code.contains("#[path");
        folder.then(|| "includes a file of the library".to_string())
    });
}

#[test]
fn each_crate_has_its_home() {
    check("a crate is named only in its folders", |source, line| {
        if line.test {
            return None;
        }
        HOMES.iter().find_map(|(name, homes)| {
            let begins = |(at, _): (usize, &str)| !ends_in_word(&line.code[..at]) && line.code[at + name.len()..].starts_with("::");
            let named = line.code.match_indices(name).any(begins) || line.code.contains(&format!("use {name};"));
            (named && !homes.contains(&source.folder.as_str())).then(|| format!("{name} belongs in {homes:?}"))
        })
    });
}

#[test]
fn the_world_is_touched_in_one_place() {
    check("files in output, clock and terminal in bin, printing through the terminal's handle", |source, line| {
        // Making a folder for manual pages is the program's business; files are not.
        if line.test || (source.folder == "bin" && line.code.contains("fs::create_dir_all")) {
            return None;
        }
        WORDS.iter().find_map(|(word, homes)| {
            let named = contains_word(&line.code, word);
            (named && !homes.contains(&source.folder.as_str())).then(|| format!("{word} belongs in {homes:?}"))
        })
    });
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "src/{} does not begin with //!", source.path.display());
    }
}

#[test]
fn the_rules_see_what_they_forbid() {
    assert_eq!(following("use crate::{density::{Bound, Model}, math, run};", "crate"), ["density", "math", "run"]);
    assert_eq!(following("    crate::run::sample(langevin_crate::x)", "crate"), ["run"]);
    let module = |name: &str, uses: &[&str]| (name.to_string(), uses.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(circles(vec![module("a", &["b"]), module("b", &["c"]), module("c", &["b"]), module("d", &[])]), ["b", "c"]);
    assert!(circles(vec![module("a", &["b", "c"]), module("b", &["c"]), module("c", &[])]).is_empty());
    let root = "mod a;\n#[cfg(test)]\npub(crate) mod b;\nmod c;";
    assert_eq!(["a", "b", "c"].map(|name| is_for_tests(name, root)), [false, true, false]);
    assert_eq!(code_of("let a = \"crate::run\"; // crate::plot"), "let a = \"\"; ");
    assert_eq!(code_of("'\"' => 1, // \""), "'\"' => 1, ");
    assert!(contains_word("println!()", "println!") && !contains_word("eprintln!()", "println!"));
}
