//! The variables of a formula, in their final order, each with its range: from the text, from flags, or from its uses.

use super::{Bound, Declaration};
use crate::data::Data;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Declared, Labels, Lowered, VariableName, lower_with};
use crate::syntax::{Formula, suggest};

/// Lowers `formula` with its variables in their final order: those of flags, those that the text declares, or those that it uses; each
/// with its range.
pub(super) fn declare(formula: &Formula, declarations: &[Declaration], data: &Data) -> Result<(Lowered, Vec<Bound>)> {
    // A first lowering finds the elements of vectors; a second one numbers them, if their order is another, and knows their ranges.
    let lowered = lower_with(formula, &[], data)?;
    let variables = in_order(&lowered, declarations, data)?;
    let known = |(variable, bound): &(VariableName, Bound)| (variable.clone(), (bound.low, bound.high));
    let same = variables.iter().map(|(variable, _)| variable).eq(&lowered.variables);
    let in_text = |variable: &VariableName| lowered.declared.iter().any(|declared| declared.variable == *variable);
    let is_news = |(variable, bound): &(VariableName, Bound)| (bound.low.is_finite() || bound.high.is_finite()) && !in_text(variable);
    let lowered = if same && !variables.iter().any(is_news) {
        lowered
    } else {
        let known: Vec<(VariableName, (f64, f64))> = variables.iter().map(known).collect();
        lower_with(formula, &known, data)?
    };
    let named = |(variable, bound): (VariableName, Bound)| match label(&variable, &lowered.labels) {
        Some(name) => Bound { name, ..bound },
        None => bound,
    };
    let bounds = variables.into_iter().map(named).collect();
    Ok((lowered, bounds))
}

/// What an element is called that a text of the data picks: `a[Ada]`.
pub(super) fn label(variable: &VariableName, labels: &Labels) -> Option<String> {
    let dimensions = labels.get(&variable.name)?;
    let part = |(dimension, index): (usize, &usize)| {
        let texts = dimensions.get(dimension).and_then(Option::as_ref);
        texts.and_then(|texts| texts.get(index - 1).cloned()).unwrap_or_else(|| index.to_string())
    };
    let parts: Vec<String> = variable.indices.iter().enumerate().map(part).collect();
    Some(format!("{}[{}]", variable.name, parts.join(",")))
}

fn in_order(lowered: &Lowered, declarations: &[Declaration], data: &Data) -> Result<Vec<(VariableName, Bound)>> {
    let (named, unnamed): (Vec<&Declaration>, Vec<&Declaration>) = declarations.iter().partition(|declaration| declaration.name.is_some());
    let mut variables = lowered.variables.clone();
    let in_text = lowered.declared.iter().find(|declared| !declared.is_cell);
    if let (Some(declared), false) = (in_text, unnamed.is_empty()) {
        let error = Error::new(ErrorKind::BoundsMalformed, "the ranges stand in the text; a --range without a name cannot be added");
        return Err(error.at(declared.span).hint("drop --range"));
    }
    if unnamed.len() > 1 {
        return Err(two_without_a_name(&variables));
    }
    // A variable without a range of its own has the one without a name; that of the whole line only where no range is named.
    let is_open = in_text.is_none();
    let elsewhere = match unnamed.first() {
        Some(declaration) => Some((declaration.low, declaration.high)),
        None if is_open && named.is_empty() => Some((f64::NEG_INFINITY, f64::INFINITY)),
        None => None,
    };
    if variables.is_empty() && named.is_empty() && is_open {
        variables.push(VariableName::scalar("x"));
    }
    if let (Some((low, high)), true) = (elsewhere, named.is_empty()) {
        let bound = |variable: &VariableName| {
            let cell = lowered.declared.iter().find(|declared| declared.variable == *variable);
            let (low, high) = cell.map_or((low, high), |cell| cell.interval);
            Bound::new(variable.to_string(), low, high)
        };
        let bounds: Vec<_> = group_vectors(variables).into_iter().map(|variable| (variable.clone(), bound(&variable))).collect();
        bounds.iter().try_for_each(|(_, bound)| bound.check())?;
        return Ok(bounds);
    }
    let mut declared: Vec<(VariableName, Bound)> = Vec::new();
    for declaration in &named {
        let name = declaration.name.as_deref().unwrap_or_default();
        let mut elements: Vec<VariableName> = variables
            .iter()
            .filter(|variable| variable.to_string() == name || (variable.is_element() && variable.name == name))
            .cloned()
            .collect();
        elements.sort();
        if elements.is_empty() {
            elements.push(parse_name(name));
        }
        for element in elements {
            let in_text = lowered.declared.iter().any(|declared| declared.variable == element);
            if in_text || declared.iter().any(|(variable, _)| *variable == element) {
                return Err(Error::new(ErrorKind::Declaration, format!("`{element}` has two ranges")).hint("keep one --range for it"));
            }
            let bound = Bound::new(element.to_string(), declaration.low, declaration.high);
            bound.check()?;
            declared.push((element, bound));
        }
    }
    for Declared { variable, interval: (low, high), span, .. } in &lowered.declared {
        let bound = Bound::new(variable.to_string(), *low, *high);
        bound.check().map_err(|error| error.at(*span))?;
        declared.push((variable.clone(), bound));
    }
    let mut others = Vec::new();
    for (variable, span) in variables.iter().zip(&lowered.spans) {
        if !declared.iter().any(|(known, _)| known == variable) {
            let declared = declared.iter().map(|(known, _)| known.to_string());
            let names: Vec<String> = declared.chain(data.names()).collect();
            let unused = |name: &&str| !variables.iter().any(|variable| variable.to_string() == **name);
            let near = suggest(&variable.to_string(), names.iter().map(String::as_str).filter(unused));
            if elsewhere.is_some() && near.is_none() {
                others.push(variable.clone());
                continue;
            }
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if lowered.declared.iter().all(|declared| declared.is_cell) => format!("declare it: --range {variable}=-inf,inf"),
                None if data.names().is_empty() => {
                    format!("declare it: {variable} in (-inf, inf); if it is a column, give its file: --data FILE")
                }
                None => {
                    let columns: Vec<String> = data.names().into_iter().take(12).collect();
                    format!("declare it: {variable} in (-inf, inf); the columns of the data are {}", columns.join(", "))
                }
            };
            let error = Error::new(ErrorKind::UnknownName, format!("`{variable}` has no range, though other variables have")).hint(hint);
            return Err(match span {
                Some(span) => error.at(*span),
                None => error,
            });
        }
    }
    for variable in group_vectors(others) {
        let (low, high) = elsewhere.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let bound = Bound::new(variable.to_string(), low, high);
        bound.check()?;
        declared.push((variable, bound));
    }
    Ok(declared)
}

/// Two ranges of which neither says whose it is.
fn two_without_a_name(variables: &[VariableName]) -> Error {
    let examples: Vec<String> = variables.iter().take(2).map(|name| format!("--range {name}=0,1")).collect();
    let example = if examples.is_empty() { "--range x=0,1".into() } else { examples.join(" ") };
    Error::new(ErrorKind::BoundsMalformed, "there are two ranges without a name, and one serves all variables that have no other")
        .hint(format!("name each range: {example}"))
}

/// Elements of a vector stand together, ascending, where the vector first appears.
fn group_vectors(variables: Vec<VariableName>) -> Vec<VariableName> {
    let mut order: Vec<&str> = Vec::new();
    for variable in &variables {
        if !order.contains(&variable.name.as_str()) {
            order.push(&variable.name);
        }
    }
    let mut grouped = variables.clone();
    grouped.sort_by_key(|variable| (order.iter().position(|name| *name == variable.name), variable.indices.clone()));
    grouped
}

fn parse_name(name: &str) -> VariableName {
    match name.split_once('[') {
        Some((stem, indices)) => {
            let indices = indices.trim_end_matches(']').split(',').filter_map(|index| index.trim().parse().ok()).collect();
            VariableName { name: stem.into(), indices }
        }
        None => VariableName::scalar(name),
    }
}
