//! What each stage makes of one formula: the architecture as a command; `langevin explain`.

use serde_json::{Value, json};

use super::forms::{file, flags};
use super::json::SCHEMA;
use super::lines::Paint;
use super::model::range;
use crate::density::{LogDensity, Model};
use crate::error::plain;
use crate::graph::NodeId;
use crate::graph::print::{Language, expression};
use crate::tape::Program;

/// A paragraph for each stage.
pub fn text(model: &Model, paint: Paint) -> String {
    let mut lines = Vec::new();
    for (stage, text) in stages(model) {
        let mut rows = text.lines();
        lines.push(format!("{} {}", paint.bold(&format!("{stage:<9}")), rows.next().unwrap_or_default()));
        lines.extend(rows.map(|row| format!("          {row}")));
    }
    lines.join("\n")
}

/// The stages and their texts.
pub fn json(model: &Model) -> Value {
    let listed: Vec<_> = stages(model).iter().map(|(stage, text)| json!({ "stage": stage, "text": text })).collect();
    json!({ "schema": SCHEMA, "version": env!("CARGO_PKG_VERSION"), "stages": listed })
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
        ("range", format!("the value lies in [{}, {}]", plain(range.low), plain(range.high))),
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
