//! The gradient and the Hessian as expressions, code or values; `langevin gradient`.

use std::cell::Cell;
use std::collections::HashMap;
use std::iter;

use serde_json::{Map, Value, json};

use super::json::{SCHEMA, number, span};
use crate::density::Model;
use crate::error::Result;
use crate::graph::print::{Language, expression, program};
use crate::graph::{Graph, NodeId};
use crate::proof::blame;

/// Nodes gone through and letters written in all expressions of one answer: a few seconds' work. Each is written by itself, with what it
/// shares with others, so that thousands of them would take minutes and gigabytes.
const WORK: usize = 200_000_000;

/// The derivatives of a formula.
pub struct Derivatives {
    graph: Graph,
    root: NodeId,
    derivatives: Vec<NodeId>,
    hessian: Vec<Vec<NodeId>>,
    names: Vec<String>,
}

impl Derivatives {
    /// Of log p, or of the formula as it was typed; with the Hessian, or without.
    ///
    /// # Errors
    /// Kind `too_long` if the derivatives have more nodes than the language allows.
    pub fn new(model: &Model, of_log: bool, with_hessian: bool) -> Result<Derivatives> {
        let root = if of_log { model.log_density_node() } else { model.typed() };
        let (graph, derivatives) = model.gradient_of(root)?;
        let (graph, hessian) = if with_hessian { model.hessian_in(graph, root)? } else { (graph, Vec::new()) };
        Ok(Derivatives { graph, root, derivatives, hessian, names: model.names() })
    }

    /// The entries of the Hessian on and above the diagonal, as (row, column, node).
    fn second(&self) -> impl Iterator<Item = (usize, usize, NodeId)> + '_ {
        self.hessian.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().skip(i).map(move |(j, node)| (i, j, *node)))
    }

    /// As expressions or as code.
    pub fn text(&self, language: Language) -> String {
        if !matches!(language, Language::Text | Language::Latex) {
            let mut outputs = vec![("value".to_string(), self.root)];
            outputs.extend(self.names.iter().cloned().zip(self.derivatives.iter().copied()));
            outputs.extend(self.second().map(|(i, j, node)| (format!("{}_{}", self.names[i], self.names[j]), node)));
            return program(&self.graph, &outputs, &self.names, language);
        }
        let left = Cell::new(WORK);
        let show = |node| self.written(node, language, &left);
        // The only derivative needs no label: what is printed can be pasted.
        if let ([derivative], true) = (&self.derivatives[..], self.hessian.is_empty()) {
            return show(*derivative).unwrap_or_default();
        }
        let latex = |index: usize| latex_name(index, &self.names);
        let first = self.derivatives.iter().enumerate().map(|(index, node)| {
            Some(match language {
                Language::Latex => format!("\\partial_{{{}}} &= {} \\\\", latex(index), show(*node)?),
                _ => format!("d/d{}: {}", self.names[index], show(*node)?),
            })
        });
        let second = self.second().map(|(i, j, node)| {
            Some(match language {
                Language::Latex => format!("\\partial_{{{}}} \\partial_{{{}}} &= {} \\\\", latex(i), latex(j), show(node)?),
                _ => format!("d2/d{} d{}: {}", self.names[i], self.names[j], show(node)?),
            })
        });
        let mut lines: Vec<String> = first.chain(second).map_while(|line| line).collect();
        let all = self.derivatives.len() + self.second().count();
        if lines.len() < all {
            lines.push(format!("… and {} more, too long to print; --to c writes all of them as a program", all - lines.len()));
        }
        lines.join("\n")
    }

    /// An expression, if there is work left for it.
    fn written(&self, node: NodeId, language: Language, left: &Cell<usize>) -> Option<String> {
        let text = (left.get() > 0).then(|| expression(&self.graph, node, &self.names, language))?;
        left.set(left.get().saturating_sub(node.index() + text.len()));
        Some(text)
    }

    /// The values at a point.
    pub fn values(&self, point: &[f64]) -> String {
        let mut roots = vec![self.root];
        roots.extend(&self.derivatives);
        let second: Vec<(usize, usize, NodeId)> = self.second().collect();
        roots.extend(second.iter().map(|(_, _, node)| *node));
        let values = self.graph.eval(&roots, point);
        let mut lines = vec![format!("value: {:?}", values[0])];
        lines.extend(self.names.iter().zip(&values[1..]).map(|(name, value)| format!("d/d{name}: {value:?}")));
        let rest = &values[1 + self.names.len()..];
        lines.extend(second.iter().zip(rest).map(|((i, j, _), value)| format!("d2/d{} d{}: {value:?}", self.names[*i], self.names[*j])));
        lines.join("\n")
    }

    /// The expressions, null for those that are too long to print, and with a point the values there and what is to blame for one that is not finite.
    pub fn json(&self, model: &Model, point: Option<&[f64]>) -> Value {
        let left = Cell::new(WORK);
        let show = |node| Value::from(self.written(node, Language::Text, &left));
        let by_name = |value: &dyn Fn(usize) -> Value| -> Map<String, Value> {
            self.names.iter().enumerate().map(|(index, name)| (name.clone(), value(index))).collect()
        };
        let mut document = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "formula": model.formula().source(),
            "expressions": by_name(&|index| show(self.derivatives[index])),
        });
        let rows = |value: &dyn Fn(NodeId) -> Value| -> Value {
            self.hessian.iter().map(|row| row.iter().map(|node| value(*node)).collect::<Vec<_>>()).collect::<Vec<_>>().into()
        };
        if !self.hessian.is_empty() {
            document["hessian_expressions"] = rows(&show);
        }
        if let Some(point) = point {
            let roots: Vec<NodeId> =
                iter::once(&self.root).chain(&self.derivatives).chain(self.hessian.iter().flatten()).copied().collect();
            let values: HashMap<NodeId, f64> = roots.iter().copied().zip(self.graph.eval(&roots, point)).collect();
            let value = |node| number(values[&node]);
            document["at"] = by_name(&|index| number(point[index])).into();
            document["value"] = value(self.root);
            document["gradient"] = by_name(&|index| value(self.derivatives[index])).into();
            if !self.hessian.is_empty() {
                document["hessian"] = rows(&value);
            }
        }
        if let Some(found) = point.and_then(|point| blame(model, point)) {
            document["blame"] = json!({
                "expression": found.expression,
                "value": number(found.value),
                "inputs": found.inputs.iter().map(|(text, value)| (text.clone(), number(*value))).collect::<Map<_, _>>(),
                "row": found.row,
                "span": span(found.span),
                "hint": found.fix,
            });
        }
        document
    }
}

fn latex_name(index: usize, names: &[String]) -> String {
    let mut graph = Graph::new();
    let variable = graph.variable(index as u32);
    expression(&graph, variable, names, Language::Latex)
}
