//! Calls of distributions: what their arguments must satisfy is decided where it can be, and asked at each point where it cannot.

use super::value::Value;
use super::{Binary, Error, ErrorKind, Expr, ExprId, Lowering, NodeId, Result, Unary};
use crate::graph::Node;
use crate::graph::distributions::{Condition, multivariate, univariate};
use crate::math::Interval;
use crate::syntax::{Distribution, Form, Shape};

/// How deep an argument is looked into for its sign.
const DEPTH: usize = 12;

impl Lowering<'_> {
    pub(super) fn distribution(&mut self, id: ExprId, distribution: Distribution, form: Form, arguments: Vec<Value>) -> Result<Value> {
        if let Some(shapes) = distribution.shapes() {
            return self.multivariate(id, distribution, form, shapes, &arguments);
        }
        let mut failure = None;
        let value = self.elementwise(id, &arguments, |lowering, nodes| {
            let (value, conditions) = univariate(&mut lowering.graph, distribution, form, nodes);
            lowering.where_all_hold(id, distribution, form, value, &conditions).unwrap_or_else(|error| {
                failure.get_or_insert(error);
                value
            })
        })?;
        match failure {
            None => Ok(value),
            Some(error) => Err(error),
        }
    }

    fn multivariate(&mut self, id: ExprId, distribution: Distribution, form: Form, shapes: &[Shape], arguments: &[Value]) -> Result<Value> {
        let size = |(shape, argument): (&Shape, &Value)| match (shape, &argument.as_array()?.shape[..]) {
            (Shape::Vector, &[n]) => Some(n),
            (Shape::Matrix, &[n, m]) if n == m => Some(n),
            _ => None,
        };
        let n = shapes.iter().zip(arguments).find_map(size).unwrap_or(1);
        // A column is a vector where there are as many rows.
        let has_rows = |lowering: &Self, value: &Value| {
            let table = value.number().and_then(|node| lowering.graph.table_of(node));
            n > 1 && table.is_some_and(|table| lowering.graph.table_rows(table) == n)
        };
        let arguments: Vec<Value> = shapes
            .iter()
            .zip(arguments)
            .map(|(shape, value)| if *shape == Shape::Vector && has_rows(self, value) { self.whole(id, value) } else { Ok(value.clone()) })
            .collect::<Result<_>>()?;
        let arguments = &arguments[..];
        let mut parts = Vec::new();
        for (place, (shape, argument)) in shapes.iter().zip(arguments).enumerate() {
            let nodes = match (shape, argument) {
                (Shape::Number, Value::Number(node)) => vec![*node],
                // A number for the outcome would hide a vector that is missing.
                (Shape::Vector, Value::Number(node)) if place > 0 && n > 1 => vec![*node; n],
                (Shape::Vector, Value::Array(array)) if array.shape == [n] => array.nodes.clone(),
                (Shape::Matrix, Value::Array(array)) if array.shape == [n, n] => array.nodes.clone(),
                _ => return Err(self.misshapen(id, distribution, shapes, place, n, argument)),
            };
            parts.push(nodes);
        }
        let all: Vec<NodeId> = parts.iter().flatten().copied().collect();
        self.same_table(id, &all)?;
        let faults = if shapes[0] == Shape::Number { self.faults_of(parts[0][0]) } else { None };
        if shapes[0] == Shape::Number && self.graph.is_free(parts[0][0]) {
            let error =
                self.error(id, ErrorKind::Argument, format!("the outcome of `{}` must be data", distribution.name(Form::LogDensity)));
            return Err(error.hint("add up over what it may be: log_sum_exp(...)"));
        }
        let (log, conditions) = multivariate(&mut self.graph, distribution, &parts);
        let value = if form == Form::Density { self.graph.unary(Unary::Exp, log) } else { log };
        let value = self.where_all_hold(id, distribution, form, value, &conditions)?;
        faults.iter().for_each(|faults| self.inherit(value, faults));
        Ok(Value::Number(value))
    }

    fn misshapen(&self, id: ExprId, distribution: Distribution, shapes: &[Shape], place: usize, n: usize, argument: &Value) -> Error {
        let name = |place: usize| match place {
            0 => "the outcome".to_string(),
            _ => format!("`{}`", distribution.parameters()[place - 1]),
        };
        let wanted = |shape: Shape| match shape {
            Shape::Number => "a number".to_string(),
            Shape::Vector if n == 1 => "a vector".to_string(),
            Shape::Vector => format!("a vector of {n}"),
            Shape::Matrix if n == 1 => "a square matrix".to_string(),
            Shape::Matrix => format!("a {n} by {n} matrix"),
        };
        let call = distribution.name(Form::LogDensity);
        let message = format!("{} of `{call}` is {}, not {}", name(place), argument.describe(), wanted(shapes[place]));
        let all: Vec<String> = shapes.iter().enumerate().map(|(place, &shape)| format!("{} {}", name(place), wanted(shape))).collect();
        self.error(id, ErrorKind::Dimension, message).hint(format!("{}: {}", distribution.signature(Form::LogDensity), all.join(", ")))
    }

    /// The value where all conditions hold; elsewhere −∞, or what the distribution function is beyond the support. A condition that is
    /// known never to hold is an error.
    fn where_all_hold(
        &mut self,
        id: ExprId,
        distribution: Distribution,
        form: Form,
        value: NodeId,
        conditions: &[Condition],
    ) -> Result<NodeId> {
        let mut result = value;
        // What cannot be decided now, by what the value is where it does not hold.
        let mut asked: Vec<(NodeId, f64)> = Vec::new();
        for condition in conditions {
            let above = condition.says.starts_with('<');
            let is_outcome = condition.argument == 0;
            let otherwise = match form {
                Form::LogDensity => f64::NEG_INFINITY,
                Form::Density => 0.0,
                Form::Cdf if !is_outcome => f64::NAN,
                Form::Cdf => f64::from(above),
                Form::LogCdf if is_outcome && above => 0.0,
                Form::LogCcdf if is_outcome && !above => 0.0,
                Form::LogCdf | Form::LogCcdf => f64::NEG_INFINITY,
            };
            // A distribution function knows what it is beyond the support.
            let is_refused = matches!(form, Form::LogDensity | Form::Density) || !is_outcome;
            match self.graph.number(condition.holds) {
                Some(0.0) if is_refused => return Err(self.fails(id, distribution, form, condition)),
                Some(0.0) => return Ok(self.graph.constant(otherwise)),
                Some(_) => continue,
                None => {}
            }
            if self.graph.is_data(condition.holds) {
                let rows = self.graph.values_by_row(condition.holds);
                if rows.iter().all(|holds| *holds != 0.0) {
                    continue;
                }
                let beyond = self.graph.constant(otherwise);
                result = self.graph.select(condition.holds, result, beyond);
                if is_refused {
                    let error = self.fails(id, distribution, form, condition);
                    let message = error.message.clone();
                    let says = move |row: usize| Error {
                        message: format!("{message}, and row {} of the data breaks it", row + 1),
                        ..error.clone()
                    };
                    self.fault(result, rows.iter().map(|holds| *holds == 0.0), says);
                }
                continue;
            }
            if self.always(condition.holds) {
                continue;
            }
            let varies = self.graph.table_of(condition.holds).is_some();
            let same =
                |(all, known): &&mut (NodeId, f64)| known.to_bits() == otherwise.to_bits() && self.graph.table_of(*all).is_some() == varies;
            match asked.iter_mut().find(same) {
                Some((all, _)) => *all = self.graph.binary(Binary::And, *all, condition.holds),
                None => asked.push((condition.holds, otherwise)),
            }
        }
        // What is the same in all rows is asked outside.
        asked.sort_by_key(|(holds, _)| self.graph.table_of(*holds).is_none());
        for (holds, otherwise) in asked {
            let otherwise = self.graph.constant(otherwise);
            result = self.graph.select(holds, result, otherwise);
        }
        Ok(result)
    }

    fn fails(&self, id: ExprId, distribution: Distribution, form: Form, condition: &Condition) -> Error {
        let name = match condition.argument {
            0 => "the outcome",
            place => distribution.parameters()[place - 1],
        };
        let is = if condition.says.starts_with(['<', '>']) { condition.says.to_string() } else { format!("to be {}", condition.says) };
        let message = format!("`{}` needs {name} {is}", distribution.name(form));
        let place = match self.ast.expr(id) {
            Expr::Distribution { arguments, .. } => arguments[condition.argument],
            _ => id,
        };
        self.error(place, ErrorKind::Argument, message).hint(distribution.signature(form))
    }

    /// Whether a condition holds for every value of the parameters.
    fn always(&self, condition: NodeId) -> bool {
        let Node::Binary(op @ (Binary::Less | Binary::LessEqual), a, b) = self.graph.node(condition) else { return false };
        let (a, b) = (self.interval(a, DEPTH), self.interval(b, DEPTH));
        if op == Binary::Less { a.high < b.low } else { a.high <= b.low }
    }

    /// Whether the node has no negative value, by the intervals of the parameters.
    pub(super) fn is_nonnegative(&self, id: NodeId) -> bool {
        self.interval(id, DEPTH).is_nonnegative()
    }

    /// An interval that holds the node's values, by the intervals of the parameters. What is positive but may underflow reaches down to 0.
    fn interval(&self, id: NodeId, depth: usize) -> Interval {
        let all = Interval::ALL;
        let Some(deeper) = depth.checked_sub(1) else { return all };
        let of = |id: NodeId| self.interval(id, deeper);
        match self.graph.node(id) {
            Node::Constant(bits) => Interval::new(f64::from_bits(bits), f64::from_bits(bits)),
            Node::Variable(number) => {
                let variable = &self.variables[number as usize];
                let declared = || self.declared.iter().find(|declared| declared.variable == *variable).map(|declared| declared.interval);
                let known = self.intervals.get(number as usize).copied().or_else(declared);
                // No density is asked at the ends of an interval.
                known.map_or(all, |(low, high)| Interval::new(low.next_up(), high.next_down()))
            }
            Node::Unary(Unary::Exp | Unary::Softplus, _) => Interval::new(0.0, f64::INFINITY),
            Node::Unary(Unary::Sigmoid, _) => Interval::new(0.0, 1.0),
            Node::Unary(Unary::Sqrt | Unary::Abs, a) if of(a).is_nonnegative() => Interval::new(0.0, f64::INFINITY),
            Node::Binary(Binary::Multiply | Binary::Divide | Binary::Add, a, b) if of(a).is_nonnegative() && of(b).is_nonnegative() => {
                Interval::new(0.0, f64::INFINITY)
            }
            Node::Power(a, n) if n % 2 == 0 || of(a).is_nonnegative() => Interval::new(0.0, f64::INFINITY),
            Node::Gather(list, _) => {
                let elements = self.graph.list(list).iter().map(|&element| of(element));
                elements.reduce(|a, b| Interval::new(a.low.min(b.low), a.high.max(b.high))).unwrap_or(all)
            }
            _ => all,
        }
    }
}
