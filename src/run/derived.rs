//! What is reported beside the variables that are sampled: parameters on sets with a name, and definitions that are asked for.

use super::answer::Run;
use super::summary::{VariableSummary, summarise};
use crate::density::{Bound, LogDensity, Model};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{NodeId, VariableName};
use crate::math::{LANES, Lanes};
use crate::sampler::Draws;
use crate::syntax::suggest;
use crate::tape::ProgramEvaluator;

/// The draws as they are reported: the free variables of a simplex, say, replaced by the simplex, and definitions after them.
#[derive(Debug)]
pub struct Derived {
    /// The names, in order.
    pub names: Vec<String>,
    /// The draws, a column a name.
    pub draws: Draws,
    /// The figures of each column.
    pub variables: Vec<VariableSummary>,
}

/// What `model` reports beside its variables: its parameters on sets, then the definitions named in `extra`.
///
/// # Errors
/// Kind `unknown_name` for a name that defines nothing that depends on parameters only.
pub fn reported(model: &Model, extra: &[String]) -> Result<Vec<(VariableName, NodeId)>> {
    let mut nodes: Vec<(VariableName, NodeId)> = model.transformed().to_vec();
    let is_replaced = |defined: &VariableName| model.replaced().iter().any(|(_, name)| *name == defined.name);
    nodes.extend(model.defined().iter().filter(|(defined, _)| is_replaced(defined)).cloned());
    for name in extra {
        // What a parameter was replaced by is a variable, which is reported beside it.
        if model.replaced().iter().any(|(standard, parameter)| standard == name || parameter == name) {
            nodes.extend(model.variable_nodes(name));
            continue;
        }
        let elements: Vec<(VariableName, NodeId)> = model.defined().iter().filter(|(defined, _)| defined.name == *name).cloned().collect();
        if elements.is_empty() {
            let error = Error::new(ErrorKind::UnknownName, format!("`{name}` defines nothing that can be reported"));
            let known = model.defined().iter().map(|(defined, _)| defined.name.as_str());
            return Err(match suggest(name, known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("a definition of the model that depends on its parameters, not on rows of data"),
            });
        }
        nodes.extend(elements);
    }
    Ok(nodes)
}

/// The draws of `run` as they are reported, `nodes` being what [`reported`] found; `None` if that is just what was sampled.
pub fn derive(model: &Model, run: &Run, nodes: &[(VariableName, NodeId)]) -> Option<Derived> {
    if nodes.is_empty() {
        return None;
    }
    let values = evaluate(model, run, nodes);
    let bounds = model.bounds();
    let (mut summaries, mut columns) = (Vec::new(), Vec::new());
    let mut left: Vec<bool> = vec![true; nodes.len()];
    let add = |at: usize, summaries: &mut Vec<VariableSummary>, columns: &mut Vec<Vec<f64>>| {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        let draws = Draws::from_columns(vec![values[at].clone()], run.draws.chains());
        summaries.push(summarise(&Bound::new(nodes[at].0.to_string(), low, high), &draws, 0, None));
        columns.push(values[at].clone());
    };
    for (variable, bound) in bounds.iter().enumerate() {
        // The free variables of a parameter are called by its name and a tilde; those of a non-centred one have a name of their own.
        let own = bound.name.split('[').next().unwrap_or_default();
        let replaced = model.replaced().iter().find(|(standard, _)| standard == own).map(|(_, name)| name.as_str());
        let Some(stem) = replaced.or(bound.name.split_once('~').map(|(stem, _)| stem)) else {
            summaries.push(run.variables[variable].clone());
            columns.push(run.draws.column(variable).to_vec());
            continue;
        };
        for at in 0..nodes.len() {
            if left[at] && nodes[at].0.name == stem {
                left[at] = false;
                add(at, &mut summaries, &mut columns);
            }
        }
    }
    for at in (0..nodes.len()).filter(|&at| left[at]) {
        add(at, &mut summaries, &mut columns);
    }
    let names = summaries.iter().map(|summary| summary.bound.name.clone()).collect();
    Some(Derived { names, draws: Draws::from_columns(columns, run.draws.chains()), variables: summaries })
}

/// The value of each node at each draw, in the order of the draws.
fn evaluate(model: &Model, run: &Run, nodes: &[(VariableName, NodeId)]) -> Vec<Vec<f64>> {
    let roots: Vec<NodeId> = nodes.iter().map(|(_, node)| *node).collect();
    let program = model.program_of(&roots);
    let mut evaluator = ProgramEvaluator::new(&program, model.level());
    let pooled = run.draws.pooled();
    let mut rows = vec![Lanes::default(); nodes.len()];
    let mut values: Vec<Vec<f64>> = vec![Vec::with_capacity(pooled.chains()); nodes.len()];
    for block in 0..pooled.blocks() {
        let active = (pooled.chains() - block * LANES).min(LANES);
        evaluator.ask_for(active);
        evaluator.run(&program, &pooled.block(block), &mut rows);
        for (values, row) in values.iter_mut().zip(&rows) {
            values.extend_from_slice(&row[..active]);
        }
    }
    values
}
