//! Statements: definitions by name or element by element, and parameters with their ranges.

use std::rc::Rc;

use super::value::{Array, Value};
use super::{
    Bound, Declared, Definition, DefinitionKind, Domain, Error, ErrorKind, ExprId, Growing, IndexRange, Lowering, NodeId, Parameter,
    Result, Span, VariableName,
};
use crate::graph::Node;

impl<'a> Lowering<'a> {
    pub(super) fn define(&mut self, definition: &'a Definition) -> Result<()> {
        let name: &'a str = &definition.name;
        if self.data.holds(name) {
            return Err(shadows(name, definition.name_span));
        }
        let value = match &definition.kind {
            DefinitionKind::Function(_) => {
                self.functions.insert(name, definition);
                return Ok(());
            }
            DefinitionKind::Value => self.expression(definition.body, None)?,
            DefinitionKind::Elements(ranges) => self.elements(definition, ranges)?,
        };
        self.note_defined(name, &value);
        self.names.insert(name, value);
        Ok(())
    }

    /// A vector or a matrix, one element after the other; an element by one index may be a vector, a row of a matrix.
    fn elements(&mut self, definition: &'a Definition, ranges: &'a [IndexRange]) -> Result<Value> {
        let ends: Vec<(i64, i64)> = ranges.iter().map(|range| self.range(range, None)).collect::<Result<_>>()?;
        let length = |(first, last): &(i64, i64)| (last - first + 1).max(0) as usize;
        let count = ends.iter().map(length).product::<usize>();
        if count > super::super::NODE_LIMIT {
            let message = format!("`{}` has {count} elements", definition.name);
            return Err(Error::new(ErrorKind::TooLong, message).at(definition.name_span).hint("at most 200,000"));
        }
        let firsts = ends.iter().map(|(first, _)| *first).collect();
        let width = ends.get(1).map(length);
        self.growing = Some(Growing { name: &definition.name, firsts, width, nodes: Vec::new() });
        let (mut is_row, mut rows) = (false, 0);
        for first in ends[0].0..=ends[0].1 {
            let outer = self.scope(None, &ranges[0].name, Bound::Number(first));
            let inner = ends.get(1).map_or(0..=0, |(low, high)| *low..=*high);
            for second in inner {
                let scope = match ranges.get(1) {
                    Some(range) => self.scope(Some(outer), &range.name, Bound::Number(second)),
                    None => outer,
                };
                let value = self.expression(definition.body, Some(scope))?;
                let growing = self.growing.as_mut().expect("set above");
                let fits = match &value {
                    Value::Number(_) => !is_row,
                    Value::Array(array) => {
                        let fits = ranges.len() == 1
                            && array.shape.len() == 1
                            && growing.width.map_or(growing.nodes.is_empty(), |width| width == array.nodes.len());
                        (is_row, growing.width) = (true, Some(array.nodes.len()));
                        fits
                    }
                };
                if !fits {
                    return Err(self.misfit(definition, ranges.len(), is_row, &value));
                }
                growing.nodes.extend(value.nodes());
            }
            rows += 1;
        }
        let Growing { firsts, width, nodes, .. } = self.growing.take().expect("set above");
        let shape = width.map_or(vec![nodes.len()], |width| vec![rows, width]);
        Ok(Value::Array(Rc::new(Array { shape, first: firsts[0], nodes })))
    }

    fn misfit(&self, definition: &Definition, indices: usize, is_row: bool, value: &Value) -> Error {
        let (name, is) = (&definition.name, value.describe());
        let message = match (indices, is_row) {
            (1, true) => format!("the elements of `{name}` are vectors of one length, or numbers, and this is {is}"),
            _ => format!("each element of `{name}` must be a number, and this is {is}"),
        };
        self.error(definition.body, ErrorKind::Dimension, message).hint("add up or choose elements of it")
    }

    /// Keeps what a definition means, for reports of it.
    fn note_defined(&mut self, name: &str, value: &Value) {
        let reportable = |node: &NodeId| self.graph.is_free(*node) && self.graph.table_of(*node).is_none();
        if value.nodes().iter().any(|node| !reportable(node)) {
            return;
        }
        for (element, &node) in value.nodes().iter().enumerate() {
            let indices = value.as_array().map_or(vec![], |array| match array.shape[..] {
                [_, columns] => vec![element / columns + 1, element % columns + 1],
                _ => vec![element + 1],
            });
            self.defined.push((VariableName { name: name.into(), indices }, node));
        }
    }

    pub(super) fn declare(&mut self, parameter: &'a Parameter) -> Result<()> {
        if self.data.holds(&parameter.name) {
            return Err(shadows(&parameter.name, parameter.name_span));
        }
        let mut shape = Vec::new();
        for &length in &parameter.shape {
            let length = self.constant_integer(length)?;
            match usize::try_from(length) {
                Ok(length @ 1..=super::super::NODE_LIMIT) => shape.push(length),
                _ => {
                    let message = format!("`{}` cannot have {length} elements", parameter.name);
                    return Err(Error::new(ErrorKind::Dimension, message).at(parameter.name_span).hint("a length from 1 to 200,000"));
                }
            }
        }
        if shape.iter().product::<usize>() > super::super::NODE_LIMIT {
            return Err(Error::new(ErrorKind::TooLong, format!("`{}` has too many elements", parameter.name)).at(parameter.name_span));
        }
        let value = match &parameter.domain {
            Domain::Interval { low, high, .. } => {
                let ends = [self.end(*low)?, self.end(*high)?];
                match ends.map(|end| self.graph.number(end)) {
                    [Some(low), Some(high)] => self.declare_variables(&parameter.name, &shape, (low, high), parameter.domain_span),
                    _ => self.between(parameter, ends, &shape),
                }
            }
            Domain::Constraint(constraint) => self.constrain(parameter, *constraint, &shape)?,
        };
        self.names.insert(&parameter.name, value);
        Ok(())
    }

    /// Variables for every element of `shape`, and the array of them.
    pub(super) fn declare_variables(&mut self, name: &str, shape: &[usize], interval: (f64, f64), span: Span) -> Value {
        let count = shape.iter().product();
        let mut nodes = Vec::with_capacity(count);
        for element in 0..count {
            let indices = match shape {
                [] => vec![],
                [_] => vec![element + 1],
                [_, columns, ..] => vec![element / columns + 1, element % columns + 1],
            };
            let variable = VariableName { name: name.into(), indices };
            self.declared.push(Declared { variable: variable.clone(), interval, span, is_cell: false });
            nodes.push(self.variable(variable, Some(span)));
        }
        if shape.is_empty() { Value::Number(nodes[0]) } else { Value::array(shape.to_vec(), nodes) }
    }

    /// The end of an interval.
    fn end(&mut self, id: ExprId) -> Result<NodeId> {
        let value = self.expression(id, None)?;
        let is_known = |node: &NodeId| self.graph.table_of(*node).is_none() && !self.is_undeclared(*node);
        value.number().filter(is_known).ok_or_else(|| {
            let error = self.error(id, ErrorKind::BoundsMalformed, "an end of a range must be a constant or made of parameters above it");
            error.hint("numbers, pi, e, inf, as in (0, 1 - a); for vectors: c[2] in ordered")
        })
    }

    /// Whether a name is below the node that no declaration above has.
    fn is_undeclared(&self, node: NodeId) -> bool {
        let known = |variable: u32| {
            let name = &self.variables[variable as usize];
            self.declared.iter().any(|declared| declared.variable == *name)
        };
        self.graph.order(&[node]).into_iter().any(|id| matches!(self.graph.node(id), Node::Variable(variable) if !known(variable)))
    }
}

fn shadows(name: &str, span: Span) -> Error {
    let error = Error::new(ErrorKind::Declaration, format!("`{name}` belongs to the data and cannot be defined again")).at(span);
    error.hint(format!("choose another name, such as `{name}_1`"))
}
