//! The samplers, a row each, from their facts: the help of `--sampler` and the table of README.

use super::lines::wrap;
use crate::run::Sampler;
use crate::sampler::{Batches, Bias, Course, Facts};

/// What `auto` does.
const AUTO: &str = "by the problem: sgld for one variable where it arrives in a moment, exact where the law is known, rwm where the density \
    jumps, tempering where climbs end at far modes, pcn where the density is nearly normal, mams otherwise; lm with --batch";

fn all() -> impl Iterator<Item = &'static Facts> {
    Sampler::ALL.into_iter().filter_map(Sampler::facts)
}

fn course(facts: &Facts) -> &'static str {
    match facts.course {
        Course::Population => "annealed population, one draw a chain",
        Course::Chains => "chains with a warm-up",
        Course::Ladder => "chains at several temperatures",
        Course::Law => "independent draws",
    }
}

fn bias(facts: &Facts) -> &'static str {
    match facts.bias {
        Bias::None => "none",
        Bias::First => "first order in the step",
        Bias::Second => "second order in the step",
    }
}

fn batches(facts: &Facts) -> &'static str {
    match facts.batches {
        Batches::Never => "no",
        Batches::Allowed => "allowed",
        Batches::Needed => "needed",
    }
}

/// Lines of 80 columns: name and summary.
pub fn text() -> String {
    let row = |name: &str, summary: &str| {
        let lines = wrap(summary, 14);
        format!("  {name:<11} {}", lines.join("\n").trim_start())
    };
    let rows: Vec<String> = all().map(|facts| row(facts.name, facts.summary)).chain([row(Sampler::Auto.name(), AUTO)]).collect();
    rows.join("\n")
}

/// The table in Markdown.
pub fn markdown() -> String {
    let rows = all().map(|facts| {
        let Facts { name, summary, least_dimension, .. } = facts;
        let least = if *least_dimension > 1 { format!("; {least_dimension} variables or more") } else { String::new() };
        format!("| `{name}` | {summary}{least} | {} | {} | {} |\n", course(facts), bias(facts), batches(facts))
    });
    let head = "| sampler | its steps | a run | bias that many draws leave | `--batch` |\n| --- | --- | --- | --- | --- |\n";
    head.to_string() + &rows.collect::<String>()
}
