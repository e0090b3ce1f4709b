//! Models by example: tests/models/*.txt hold texts over a small table and what becomes of them.
//!
//! A case is the lines that begin with `> ` and the lines up to the next empty line: the log density that is made of the text, or the
//! error's kind and how it is shown. `BLESS=1 cargo test --release models` writes what is the case, to be read before it is committed.
#![allow(clippy::disallowed_methods, reason = "blessing rewrites the cases")]

use std::fs;
use std::path::Path;

use langevin::data::Data;
use langevin::density::Model;
use langevin::graph::print::{Language, expression};
use langevin::syntax::{Constraint, Distribution, Form, Function};

use crate::common::tables;

fn outcome(text: &str, data: &Data) -> String {
    let made = text.parse().and_then(|formula| Model::with_data(formula, None, &[], data));
    match made {
        Ok(model) => {
            let names = model.names();
            let loops: String = model.value_program().loops().iter().map(|(_, rows)| format!("; a loop over {rows} rows")).collect();
            let log_density = expression(model.graph(), model.log_density_node(), &names, Language::Text);
            let short: String = log_density.chars().take(200).collect();
            format!("{}\n{short}{}{loops}", names.join(" "), if short.len() < log_density.len() { "..." } else { "" })
        }
        Err(error) => format!("{}\n{}", error.kind.name(), error.render(text)),
    }
}

#[track_caller]
fn check_file(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let data = tables();
    let (mut blessed, mut wrong) = (Vec::new(), Vec::new());
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let lines = || block.trim_matches('\n').lines();
        let head: Vec<&str> = lines().filter(|line| line.starts_with(">") || line.starts_with("//")).collect();
        let model: Vec<&str> = lines().filter_map(|line| line.strip_prefix('>')).map(|line| line.trim_start_matches(' ')).collect();
        let found = outcome(&model.join("\n"), &data);
        let expected: Vec<&str> = lines().filter(|line| !line.starts_with('>') && !line.starts_with("//")).collect();
        if found != expected.join("\n") {
            wrong.push(format!("{}\nis\n{found}\nbut was to be\n{}\n", head.join("\n"), expected.join("\n")));
        }
        blessed.push(format!("{}\n{found}\n", head.join("\n")));
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, blessed.join("\n")).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every example of the reference, and every name that it should hold.
#[test]
fn the_reference_is_what_the_language_is() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language.md")).unwrap();
    let data = tables();
    let examples: Vec<&str> = text.split("```lgv\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 9);
    for example in &examples {
        let made = example.parse().and_then(|formula| Model::with_data(formula, None, &[], &data));
        assert!(made.is_ok(), "{example}\n{}", made.unwrap_err().render(example));
    }
    let examples = examples.concat();
    let called = |name: &str| examples.contains(&format!("{name}("));
    for function in Function::ALL {
        assert!(called(function.names()[0]), "no example of {}", function.names()[0]);
    }
    for distribution in Distribution::ALL {
        let name = distribution.name(Form::LogDensity);
        assert!(called(&name), "no example of {name}");
        let row = format!("`{}`", distribution.signature(Form::LogDensity).replace('|', "\\|"));
        assert!(text.contains(&row), "no row {row}");
    }
    for constraint in Constraint::ALL {
        assert!(examples.contains(&format!("in {}", constraint.name())), "no example of {}", constraint.name());
    }
}

#[test]
fn models_mean_these_log_densities() {
    check_file("accepted.txt");
}

#[test]
fn models_with_mistakes_are_refused() {
    check_file("refused.txt");
}

#[test]
fn refusals_show_a_place_and_a_way_out_within_100_columns() {
    let data = tables();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/refused.txt")).unwrap();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let model: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix('>')).map(|line| line.trim_start_matches(' ')).collect();
        let model = model.join("\n");
        let Err(error) = model.parse().and_then(|formula| Model::with_data(formula, None, &[], &data)) else {
            panic!("accepted:\n{model}")
        };
        assert!(error.span.is_some() && error.hint.is_some(), "no place or no way out: {}", error.render(&model));
        assert!(error.render(&model).lines().all(|line| line.chars().count() <= 130), "too wide: {}", error.render(&model));
    }
}
