//! Statements: definitions by name or element by element, and parameters with their ranges.

use super::value::Value;
use super::{Bound, Declared, Definition, Domain, Error, ErrorKind, ExprId, Lowering, NodeId, Parameter, Result, Span, VariableName};

impl<'a> Lowering<'a> {
    pub(super) fn define(&mut self, definition: &'a Definition) -> Result<()> {
        let name: &'a str = &definition.name;
        if self.data.find(name).is_some() {
            return Err(shadows(name, definition.name_span));
        }
        let Some(range) = &definition.range else {
            let value = self.expression(definition.body, None)?;
            self.note_defined(name, &value);
            self.names.insert(name, value);
            return Ok(());
        };
        let (first, last) = self.range(range, None)?;
        self.growing = Some((name, first, Vec::new()));
        for value in first..=last {
            let scope = self.scope(None, &range.name, Bound::Number(value));
            let element = match self.expression(definition.body, Some(scope))? {
                Value::Number(node) => node,
                Value::Array(array) => {
                    let message = format!("each element of `{name}` must be a number, and this is {}", array.describe());
                    return Err(self.error(definition.body, ErrorKind::Dimension, message).hint("add up or choose elements of it"));
                }
            };
            self.growing.as_mut().expect("set above").2.push(element);
        }
        let (_, first, elements) = self.growing.take().expect("set above");
        let value = Value::vector_from(first, elements);
        self.note_defined(name, &value);
        self.names.insert(name, value);
        Ok(())
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
        if self.data.find(&parameter.name).is_some() {
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
                let interval = (self.end(*low)?, self.end(*high)?);
                self.declare_variables(&parameter.name, &shape, interval, parameter.domain_span)
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
    fn end(&mut self, id: ExprId) -> Result<f64> {
        let value = self.expression(id, None)?;
        value.number().and_then(|node| self.graph.number(node)).ok_or_else(|| {
            let error = self.error(id, ErrorKind::BoundsMalformed, "an end of a range must be a constant");
            error.hint("numbers, pi, e, inf; for one parameter above another: c[2] in ordered")
        })
    }
}

fn shadows(name: &str, span: Span) -> Error {
    let error = Error::new(ErrorKind::Declaration, format!("`{name}` is a column of the data and cannot be defined again")).at(span);
    error.hint(format!("choose another name, such as `{name}_1`"))
}
