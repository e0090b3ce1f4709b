//! The same model as flags and as a file.

use crate::density::{LogDensity, Model};

/// The parameters with their ranges, a vector or matrix as one: name, dimensions, ends. `None` if an element has a range of its own.
fn parameters(model: &Model) -> Option<Vec<(String, String, [String; 2])>> {
    let mut found: Vec<(String, Vec<usize>, [String; 2])> = Vec::new();
    for bound in model.bounds() {
        let ends = [bound.low, bound.high].map(|end| format!("{end:?}").trim_end_matches(".0").to_string());
        let (stem, indices) = match bound.name.split_once('[') {
            None => (bound.name.clone(), vec![]),
            Some((stem, indices)) => {
                (stem.to_string(), indices.trim_end_matches(']').split(',').filter_map(|index| index.parse().ok()).collect())
            }
        };
        match found.iter_mut().find(|(known, ..)| *known == stem) {
            None => found.push((stem, indices, ends)),
            // Elements come in order: the last one has the lengths.
            Some((_, lengths, known)) if *known == ends => *lengths = indices,
            Some(_) => return None,
        }
    }
    let shape = |lengths: &[usize]| match lengths {
        [] => String::new(),
        _ => format!("[{}]", lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    Some(found.into_iter().map(|(name, lengths, ends)| (name, shape(&lengths), ends)).collect())
}

/// The text without declarations and meaning.
fn bare(model: &Model) -> String {
    let text = model.formula().to_string();
    let declared = model.formula().ast().parameters().count();
    let mut pieces = text.split("; ").filter(|piece| declared == 0 || !is_declaration(piece, model)).collect::<Vec<_>>();
    let last = pieces.pop().unwrap_or_default();
    let value = match model.formula().ast().meaning() {
        Some(_) => last.split_once(" = ").map_or(last, |(_, value)| value),
        None => last,
    };
    pieces.push(value);
    pieces.join("; ")
}

fn is_declaration(piece: &str, model: &Model) -> bool {
    let declares = |name: &str| {
        let rest = piece.strip_prefix(name)?;
        Some(rest.starts_with(" in ") || (rest.starts_with('[') && rest.contains("] in ")))
    };
    model.formula().ast().parameters().any(|parameter| declares(&parameter.name) == Some(true))
}

/// The command that says the same.
pub(super) fn flags(model: &Model) -> String {
    let meaning = model.meaning().name();
    match parameters(model).filter(|_| model.transformed().is_empty()) {
        Some(parameters) => {
            let ranges = parameters.iter().map(|(name, _, [low, high])| format!(" --range {name}={low},{high}"));
            format!("--{meaning} \"{}\"{}", bare(model), ranges.collect::<String>())
        }
        None => format!("--{meaning} \"{}\"", model.formula()),
    }
}

/// The model file that says the same.
pub(super) fn file(model: &Model) -> String {
    let word = model.meaning().word();
    if model.formula().ast().parameters().next().is_some() || parameters(model).is_none() {
        let text = model.formula().to_string().replace("; ", "\n");
        return if model.formula().ast().meaning().is_some() { text } else { text + &format!("\n# meant as {word}") };
    }
    let mut lines: Vec<String> =
        parameters(model).into_iter().flatten().map(|(name, shape, [low, high])| format!("{name}{shape} in ({low}, {high})")).collect();
    let text = bare(model);
    let mut pieces: Vec<&str> = text.split("; ").collect();
    let value = pieces.pop().unwrap_or_default();
    lines.extend(pieces.into_iter().map(String::from));
    lines.push(format!("{word} = {value}"));
    lines.join("\n")
}
