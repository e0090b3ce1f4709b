//! `langevin explain`: the architecture as a command.

use std::process::ExitCode;

use langevin::density::{LogDensity, Model};
use langevin::graph::NodeId;
use langevin::graph::print::{Language, expression};
use langevin::output::SCHEMA;
use langevin::tape::Program;
use serde_json::json;

use crate::Outcome;
use crate::args::Explain;
use crate::forms::{file, flags};
use crate::input;
use crate::report::{Paint, range};
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Explain, talk: Talk) -> Outcome {
    let model = input::model(&arguments.density, arguments.formula.as_ref())?;
    let stages = stages(&model);
    if talk.json {
        let listed: Vec<_> = stages.iter().map(|(stage, text)| json!({ "stage": stage, "text": text })).collect();
        print(&format!("{:#}", json!({ "schema": SCHEMA, "version": env!("CARGO_PKG_VERSION"), "stages": listed })))?;
        return Ok(ExitCode::SUCCESS);
    }
    let paint = Paint(colour(&std::io::stdout()));
    let mut lines = Vec::new();
    for (stage, text) in stages {
        let mut rows = text.lines();
        lines.push(format!("{} {}", paint.bold(&format!("{stage:<9}")), rows.next().unwrap_or_default()));
        lines.extend(rows.map(|row| format!("          {row}")));
    }
    print(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What each folder of the source tree makes of the formula, in the order of the pipeline.
fn stages(model: &Model) -> Vec<(&'static str, String)> {
    let names = model.names();
    let graph = model.graph();
    let show = |node: NodeId| expression(graph, node, &names, Language::Text);
    let gradient: Vec<String> =
        names.iter().zip(model.gradient_nodes()).take(8).map(|(name, node)| format!("d/d{name} log p = {}", show(*node))).collect();
    let more = names.len().saturating_sub(8);
    let bounds: Vec<String> = model.bounds().iter().take(8).map(range).collect();
    let range = model.typed_range();
    let marks = model.landmarks();
    let tape = |program: &Program| {
        let tape = program.tape();
        let loops =
            program.loops().iter().map(|(instructions, rows)| format!(", and {instructions} for each of {rows} rows")).collect::<String>();
        format!("{} instructions, {} registers{loops}", tape.len(), tape.registers())
    };
    let landmarks: Vec<String> = names.iter().zip(&marks.points).take(4).map(|(name, points)| format!("{name}: {points:?}")).collect();
    let statistics = match graph.sufficient_statistics() {
        0 => String::new(),
        1 => "\n1 sum over rows needs sums over the data only".to_string(),
        count => format!("\n{count} sums over rows need sums over the data only"),
    };
    vec![
        ("flags", flags(model)),
        ("file", file(model)),
        ("syntax", format!("{}\n{} expressions", model.formula(), model.formula().ast().exprs().len())),
        ("graph", format!("{}\n{} nodes in all, shared{statistics}", show(model.typed()), graph.len())),
        ("range", format!("the value lies in [{}, {}]", range.low, range.high)),
        ("density", format!("log p = {}\n{}", show(model.log_density_node()), bounds.join("\n"))),
        ("gradient", gradient.join("\n") + &if more > 0 { format!("\n… and {more} more") } else { String::new() }),
        ("landmarks", landmarks.join("; ")),
        (
            "tape",
            format!(
                "value: {}\ngradient: {}\nvector instructions: {}",
                tape(model.value_program()),
                tape(model.gradient_program()),
                model.level()
            ),
        ),
    ]
}
