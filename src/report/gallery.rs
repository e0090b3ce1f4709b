//! The named densities; `langevin gallery`.

use serde_json::{Value, json};

use super::json::SCHEMA;
use super::lines::{Paint, wrap};
use crate::density::gallery::{Entry, GALLERY};

/// The list.
pub fn text(paint: Paint) -> String {
    let mut lines = Vec::new();
    for entry in GALLERY {
        lines.push(format!("  {} {}", paint.bold(&format!("{:<12}", entry.name)), entry.formula));
        lines.extend(wrap(entry.about, 15).iter().map(|line| paint.dim(&format!("{:15}{}", "", line.trim_start()))));
    }
    lines.push(String::new());
    lines.push("  langevin gallery NAME samples it; --show prints its command; -o FILE.gif animates it".into());
    lines.join("\n")
}

/// The list with what each entry is made of.
pub fn json() -> Value {
    let entry = |entry: &Entry| {
        json!({
            "name": entry.name,
            "about": entry.about,
            "formula": entry.formula,
            "meaning": entry.meaning.name(),
            "ranges": entry.ranges,
            "flags": entry.flags,
        })
    };
    json!({ "schema": SCHEMA, "gallery": GALLERY.iter().map(entry).collect::<Vec<_>>() })
}

/// The command that an entry stands for.
pub fn command(entry: &Entry) -> String {
    let ranges: String = entry.ranges.iter().map(|range| format!(" --range {range}")).collect();
    let flags: String = entry.flags.iter().map(|flag| format!(" {flag}")).collect();
    format!("langevin sample --{} \"{}\"{ranges}{flags}", entry.meaning.name(), entry.formula)
}
