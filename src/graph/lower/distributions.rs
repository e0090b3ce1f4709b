//! Calls of distributions: what their arguments must satisfy is decided where it can be, and asked at each point where it cannot.

use super::value::Value;
use super::{Binary, Error, ErrorKind, Expr, ExprId, Lowering, NodeId, Result, Unary};
use crate::graph::Node;
use crate::graph::distributions::{Condition, multivariate, univariate};
use crate::math::Interval;
use crate::syntax::{Distribution, Form};

/// How deep an argument is looked into for its sign.
const DEPTH: usize = 12;

impl Lowering<'_> {
    pub(super) fn distribution(&mut self, id: ExprId, distribution: Distribution, form: Form, arguments: Vec<Value>) -> Result<Value> {
        use Distribution::{Dirichlet, MultiNormal, MultiNormalCholesky};
        if matches!(distribution, Dirichlet | MultiNormal | MultiNormalCholesky) {
            return self.multivariate(id, distribution, &arguments);
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

    fn multivariate(&mut self, id: ExprId, distribution: Distribution, arguments: &[Value]) -> Result<Value> {
        let signature = distribution.signature(Form::LogDensity);
        let refuse = |lowering: &Self, what: String| {
            Err(lowering.error(id, ErrorKind::Dimension, what).hint(format!("{signature} is of vectors: x[n], mu[n], a matrix [n, n]")))
        };
        let Some(outcome) = arguments[0].as_array().filter(|array| array.shape.len() == 1).map(|array| array.nodes.clone()) else {
            return refuse(self, format!("the outcome of `{}` is {}", distribution.name(Form::LogDensity), arguments[0].describe()));
        };
        let n = outcome.len();
        let mut parameters = Vec::new();
        for (place, argument) in arguments[1..].iter().enumerate() {
            let is_matrix = place == 1;
            let nodes = match argument {
                Value::Number(node) if !is_matrix => vec![*node; n],
                Value::Array(array) if !is_matrix && array.shape == [n] => array.nodes.clone(),
                Value::Array(array) if is_matrix && array.shape == [n, n] => array.nodes.clone(),
                _ => {
                    let name = distribution.parameters()[place];
                    return refuse(self, format!("`{name}` is {}, and the outcome a vector of {n}", argument.describe()));
                }
            };
            parameters.push(nodes);
        }
        let all: Vec<NodeId> = outcome.iter().chain(parameters.iter().flatten()).copied().collect();
        self.same_table(id, &all)?;
        let (value, conditions) = multivariate(&mut self.graph, distribution, &outcome, &parameters);
        self.where_all_hold(id, distribution, Form::LogDensity, value, &conditions).map(Value::Number)
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
        for condition in conditions {
            if self.graph.number(condition.holds) == Some(0.0) {
                return Err(self.fails(id, distribution, form, condition, None));
            }
            if self.graph.is_data(condition.holds) {
                if let Some(row) = self.graph.values_by_row(condition.holds).iter().position(|holds| *holds == 0.0) {
                    return Err(self.fails(id, distribution, form, condition, Some(row)));
                }
                continue;
            }
            if self.always(condition.holds) {
                continue;
            }
            let above = condition.says.starts_with('<');
            let otherwise = match form {
                Form::LogDensity => f64::NEG_INFINITY,
                _ if condition.argument > 0 => f64::NAN,
                Form::Cdf => f64::from(above),
                Form::LogCdf if above => 0.0,
                Form::LogCcdf if !above => 0.0,
                Form::LogCdf | Form::LogCcdf => f64::NEG_INFINITY,
            };
            let otherwise = self.graph.constant(otherwise);
            result = self.graph.select(condition.holds, result, otherwise);
        }
        Ok(result)
    }

    fn fails(&self, id: ExprId, distribution: Distribution, form: Form, condition: &Condition, row: Option<usize>) -> Error {
        let name = match condition.argument {
            0 => "the outcome",
            place => distribution.parameters()[place - 1],
        };
        let is = if condition.says.starts_with(['<', '>']) { condition.says.to_string() } else { format!("to be {}", condition.says) };
        let row = row.map_or(String::new(), |row| format!(", and row {} of the data breaks it", row + 1));
        let message = format!("`{}` needs {name} {is}{row}", distribution.name(form));
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
