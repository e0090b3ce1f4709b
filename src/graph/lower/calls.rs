//! Calls: functions of numbers element by element, functions of vectors, and sums over rows.

use super::value::Value;
use super::{Binary, Error, ErrorKind, Expr, ExprId, Function, Graph, Lowering, NodeId, Result, Unary};
use crate::graph::distributions::{log_beta, log_choose};
use crate::syntax::Arity;

impl Lowering<'_> {
    pub(super) fn call(&mut self, id: ExprId, function: Function, arguments: Vec<Value>) -> Result<Value> {
        match function {
            Function::Sum | Function::Product | Function::Mean | Function::Sd => return self.reduce(id, function, &arguments[0]),
            Function::Dot => return self.dot(id, &arguments[0], &arguments[1]),
            Function::Min | Function::Max if arguments.len() == 1 && self.rows_of(&arguments[0]) => {
                let node = arguments[0].nodes()[0];
                if !self.graph.is_data(node) {
                    return Err(self.not_over_rows(id, function));
                }
                self.read(node)?;
                let description = self.graph.describe(node);
                let value = if function == Function::Min { description.low } else { description.high };
                return Ok(Value::Number(self.graph.constant(value)));
            }
            Function::Norm if arguments.len() == 1 && self.rows_of(&arguments[0]) => {
                let square = arguments[0].map(|node| self.graph.power(node, 2));
                let sum = self.reduce(id, Function::Sum, &square)?;
                return Ok(sum.map(|node| self.graph.unary(Unary::Sqrt, node)));
            }
            Function::Logsumexp if arguments.len() == 1 && self.rows_of(&arguments[0]) => return Err(self.not_over_rows(id, function)),
            Function::Polygamma => self.check_order(id, &arguments[0])?,
            _ if function.is_of_arrays() => return self.linear(id, function, &arguments),
            Function::Ode => return self.ode(id, &arguments),
            Function::Total => return self.grand_total(id, &arguments[0]),
            Function::IsMissing => return self.is_missing(id, &arguments[0]),
            Function::Levels => return self.levels(id, &arguments[0]),
            Function::Softmax | Function::LogSoftmax => return self.softmax(id, function, &arguments[0]),
            _ => {}
        }
        if let Arity::AtLeast(_) = function.arity() {
            let nodes: Vec<NodeId> = arguments.iter().flat_map(|argument| argument.nodes().iter().copied()).collect();
            if nodes.is_empty() {
                return Err(self.error(id, ErrorKind::Dimension, format!("`{}` of nothing", function.names()[0])));
            }
            self.same_table(id, &nodes)?;
            return Ok(Value::Number(self.function(function, &nodes)));
        }
        self.elementwise(id, &arguments, |lowering, nodes| lowering.function(function, nodes))
    }

    /// v − log Σ exp(v), or its exponential.
    fn softmax(&mut self, id: ExprId, function: Function, argument: &Value) -> Result<Value> {
        if argument.as_array().is_none() {
            let name = function.names()[0];
            let error = self.error(id, ErrorKind::Dimension, format!("`{name}` of one number: it needs a vector"));
            return Err(error.hint(format!("{name}([a, b, c])")));
        }
        self.same_table(id, argument.nodes())?;
        let total = self.graph.log_sum_exp(argument.nodes());
        Ok(argument.map(|node| {
            let log = self.graph.subtract(node, total);
            if function == Function::Softmax { self.graph.unary(Unary::Exp, log) } else { log }
        }))
    }

    /// Whether the value is one number for each row of a table.
    fn rows_of(&self, value: &Value) -> bool {
        value.number().is_some_and(|node| self.graph.table_of(node).is_some())
    }

    fn not_over_rows(&self, id: ExprId, function: Function) -> Error {
        let name = function.names()[0];
        let message = format!("`{name}` of one argument cannot run over rows that depend on parameters");
        self.error(id, ErrorKind::Unsupported, message).hint("sum(...) and mean(...) can")
    }

    /// Of a vector or over the rows: the sum, the product, the mean, the standard deviation.
    fn reduce(&mut self, id: ExprId, function: Function, argument: &Value) -> Result<Value> {
        if let Value::Number(node) = *argument {
            let Some(table) = self.graph.table_of(node) else {
                if let Some(error) = self.no_column(id) {
                    return Err(error);
                }
                let name = function.names()[0];
                return Err(self
                    .error(id, ErrorKind::Dimension, format!("`{name}` of one number: it needs a vector, or a column of the data"))
                    .hint(format!("{name}(i in 1..n, ...) runs over an index; --data FILE brings columns")));
            };
            self.read(node)?;
            let rows = self.graph.table_rows(table) as f64;
            self.summed.push(node);
            let value = match function {
                Function::Sum => self.graph.row_sum(table, node),
                Function::Mean | Function::Sd if self.graph.is_data(node) => {
                    let description = self.graph.describe(node);
                    self.graph.constant(if function == Function::Mean { description.mean } else { description.sd })
                }
                Function::Product => return Err(self.not_over_rows(id, function)),
                _ => {
                    let (total, count) = (self.graph.row_sum(table, node), self.graph.constant(rows));
                    let mean = self.graph.divide(total, count);
                    if function == Function::Mean {
                        mean
                    } else {
                        let centred = self.graph.subtract(node, mean);
                        let square = self.graph.power(centred, 2);
                        let (total, less) = (self.graph.row_sum(table, square), self.graph.constant(rows - 1.0));
                        let variance = self.graph.divide(total, less);
                        self.graph.unary(Unary::Sqrt, variance)
                    }
                }
            };
            return Ok(Value::Number(value));
        }
        let nodes = argument.nodes();
        self.same_table(id, nodes)?;
        let value = match function {
            Function::Product => {
                let one = self.graph.constant(1.0);
                nodes.iter().fold(one, |product, &node| self.graph.multiply(product, node))
            }
            Function::Sum => self.total(nodes),
            _ => {
                let (total, count) = (self.total(nodes), self.graph.constant(nodes.len() as f64));
                let mean = self.graph.divide(total, count);
                if function == Function::Mean {
                    mean
                } else {
                    let squares: Vec<NodeId> = nodes
                        .iter()
                        .map(|&node| {
                            let centred = self.graph.subtract(node, mean);
                            self.graph.power(centred, 2)
                        })
                        .collect();
                    let (total, less) = (self.total(&squares), self.graph.constant(nodes.len() as f64 - 1.0));
                    let variance = self.graph.divide(total, less);
                    self.graph.unary(Unary::Sqrt, variance)
                }
            }
        };
        Ok(Value::Number(value))
    }

    /// Whatever it is, as one number: elements and rows are added up.
    fn grand_total(&mut self, id: ExprId, argument: &Value) -> Result<Value> {
        if argument.as_array().is_some_and(|array| array.nodes.iter().any(|&node| self.graph.table_of(node).is_some())) {
            self.refuse_vectors(id, argument)?;
        }
        let value = if argument.as_array().is_some() { self.reduce(id, Function::Sum, argument)? } else { argument.clone() };
        if self.rows_of(&value) { self.reduce(id, Function::Sum, &value) } else { Ok(value) }
    }

    /// Refuses a vector of log densities in each row whose outcome is a column, one number: all but one would be counted too often.
    fn refuse_vectors(&mut self, id: ExprId, value: &Value) -> Result<()> {
        let ast = self.ast;
        let Expr::Call { arguments, .. } = ast.expr(id) else { return Ok(()) };
        // Behind a truncation stands if(low <= y, lpdf - mass, -inf).
        let mut of = ast.expr(arguments[0]);
        while let Expr::If { then: inner, .. } | Expr::Binary { left: inner, .. } = of {
            of = ast.expr(*inner);
        }
        let Expr::Distribution { arguments, .. } = of else { return Ok(()) };
        let Expr::Name(name) = ast.expr(arguments[0]) else { return Ok(()) };
        if self.data.find(name).is_none() {
            return Ok(());
        }
        let message = format!("`{name}` is one number a row, and its distribution has {}", value.describe());
        Err(self.error(arguments[0], ErrorKind::Dimension, message).hint("for the product of columns and coefficients: dot(x, b)"))
    }

    pub(super) fn total(&mut self, terms: &[NodeId]) -> NodeId {
        let zero = self.graph.constant(0.0);
        terms.iter().fold(zero, |total, &term| self.graph.add(total, term))
    }

    /// The product of vectors and matrices; a vector is a row on the left and a column on the right.
    fn dot(&mut self, id: ExprId, left: &Value, right: &Value) -> Result<Value> {
        // A number is a vector of one element.
        let shape = |value: &Value| value.as_array().map_or(vec![1], |array| array.shape.clone());
        let (left_shape, right_shape) = (shape(left), shape(right));
        let inner = *left_shape.last().expect("an array has a shape");
        if inner != right_shape[0] {
            let message = match (&left_shape[..], &right_shape[..]) {
                ([a], [b]) => format!("the vectors have {a} and {b} elements"),
                _ => format!("{} and {} do not go together", left.describe(), right.describe()),
            };
            return Err(self.error(id, ErrorKind::Dimension, message).hint("as many columns on the left as rows on the right"));
        }
        let rows = if left_shape.len() == 2 { left_shape[0] } else { 1 };
        let columns = if right_shape.len() == 2 { right_shape[1] } else { 1 };
        let (left, right) = (left.nodes(), right.nodes());
        let mut nodes = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            for column in 0..columns {
                let mut total = self.graph.constant(0.0);
                for k in 0..inner {
                    let (a, b) = (left[row * inner + k], right[k * columns + column]);
                    self.same_table(id, &[a, b, total])?;
                    let product = self.graph.multiply(a, b);
                    total = self.graph.add(total, product);
                }
                self.graph.check_size()?;
                nodes.push(total);
            }
        }
        let shape: Vec<usize> =
            [(left_shape.len() == 2).then_some(rows), (right_shape.len() == 2).then_some(columns)].into_iter().flatten().collect();
        Ok(if shape.is_empty() { Value::Number(nodes[0]) } else { Value::array(shape, nodes) })
    }

    /// A function of numbers.
    fn function(&mut self, function: Function, arguments: &[NodeId]) -> NodeId {
        let graph = &mut self.graph;
        let x = arguments[0];
        let unary = |graph: &mut Graph, op| graph.unary(op, x);
        match function {
            Function::Exp => unary(graph, Unary::Exp),
            Function::Expm1 => unary(graph, Unary::Expm1),
            Function::Log => {
                let top = unary(graph, Unary::Log);
                match arguments.get(1) {
                    None => top,
                    Some(&base) => {
                        let base = graph.unary(Unary::Log, base);
                        graph.divide(top, base)
                    }
                }
            }
            Function::Log1p => unary(graph, Unary::Log1p),
            Function::Log1mExp => unary(graph, Unary::Log1mExp),
            Function::Log2 | Function::Log10 => {
                let base = if function == Function::Log2 { std::f64::consts::LN_2 } else { std::f64::consts::LN_10 };
                let (top, base) = (unary(graph, Unary::Log), graph.constant(base));
                graph.divide(top, base)
            }
            Function::Sqrt => unary(graph, Unary::Sqrt),
            Function::Cbrt => unary(graph, Unary::Cbrt),
            Function::Abs => unary(graph, Unary::Abs),
            Function::Sign => unary(graph, Unary::Sign),
            Function::Min => arguments.iter().copied().reduce(|a, b| graph.binary(Binary::Min, a, b)).expect("one or more"),
            Function::Max => arguments.iter().copied().reduce(|a, b| graph.binary(Binary::Max, a, b)).expect("one or more"),
            Function::Clamp => {
                let raised = graph.binary(Binary::Max, x, arguments[1]);
                graph.binary(Binary::Min, raised, arguments[2])
            }
            Function::Floor => unary(graph, Unary::Floor),
            Function::Ceil => unary(graph, Unary::Ceil),
            Function::Round => unary(graph, Unary::Round),
            Function::Mod => graph.binary(Binary::Mod, x, arguments[1]),
            Function::Sin => unary(graph, Unary::Sin),
            Function::Cos => unary(graph, Unary::Cos),
            Function::Tan => unary(graph, Unary::Tan),
            Function::Asin => unary(graph, Unary::Asin),
            Function::Acos => unary(graph, Unary::Acos),
            Function::Atan => unary(graph, Unary::Atan),
            Function::Atan2 => graph.binary(Binary::Atan2, x, arguments[1]),
            Function::Sinh => unary(graph, Unary::Sinh),
            Function::Cosh => unary(graph, Unary::Cosh),
            Function::Tanh => unary(graph, Unary::Tanh),
            Function::Asinh => unary(graph, Unary::Asinh),
            Function::Acosh => unary(graph, Unary::Acosh),
            Function::Atanh => unary(graph, Unary::Atanh),
            Function::Erf => unary(graph, Unary::Erf),
            Function::Erfc => unary(graph, Unary::Erfc),
            Function::Erfcx => unary(graph, Unary::Erfcx),
            Function::LogErfc => unary(graph, Unary::LogErfc),
            Function::NormalCdf => {
                let z = match arguments {
                    [x, mean, sd] => {
                        let centred = graph.subtract(*x, *mean);
                        graph.divide(centred, *sd)
                    }
                    _ => x,
                };
                let root = graph.constant(std::f64::consts::SQRT_2);
                let scaled = graph.divide(z, root);
                let mirrored = graph.negate(scaled);
                let (tail, two) = (graph.unary(Unary::Erfc, mirrored), graph.constant(2.0));
                graph.divide(tail, two)
            }
            Function::Gamma => unary(graph, Unary::Gamma),
            Function::Lgamma => unary(graph, Unary::Lgamma),
            Function::Digamma => unary(graph, Unary::Digamma),
            Function::Polygamma => {
                let order = graph.number(x).unwrap_or_default() as u32;
                graph.polygamma(order, arguments[1])
            }
            Function::Lbeta => log_beta(graph, x, arguments[1]),
            Function::Beta => {
                let y = arguments[1];
                let both = graph.add(x, y);
                let log = log_beta(graph, x, y);
                let size = graph.unary(Unary::Exp, log);
                // The sign of each gamma function, which its logarithm lacks.
                [x, y, both].into_iter().fold(size, |value, argument| match self.is_nonnegative(argument) {
                    true => value,
                    false => {
                        let sign = sign_of_gamma(&mut self.graph, argument);
                        self.graph.multiply(sign, value)
                    }
                })
            }
            Function::Lchoose => log_choose(graph, x, arguments[1]),
            Function::LogDiffExp => {
                let less = graph.subtract(arguments[1], x);
                let rest = graph.unary(Unary::Log1mExp, less);
                graph.add(x, rest)
            }
            Function::LogMix => {
                let mirrored = graph.negate(x);
                let (share, rest) = (graph.unary(Unary::Log, x), graph.unary(Unary::Log1p, mirrored));
                let (first, second) = (graph.add(share, arguments[1]), graph.add(rest, arguments[2]));
                graph.log_sum_exp(&[first, second])
            }
            Function::Sigmoid => unary(graph, Unary::Sigmoid),
            Function::Logit => {
                let negative = graph.negate(x);
                let (top, bottom) = (graph.unary(Unary::Log, x), graph.unary(Unary::Log1p, negative));
                graph.subtract(top, bottom)
            }
            Function::Softplus => unary(graph, Unary::Softplus),
            Function::Logsumexp => graph.log_sum_exp(arguments),
            Function::Hypot => graph.binary(Binary::Hypot, x, arguments[1]),
            Function::Norm => {
                let squares: Vec<NodeId> = arguments.iter().map(|&a| graph.power(a, 2)).collect();
                let total = self.total(&squares);
                self.graph.unary(Unary::Sqrt, total)
            }
            Function::Dot | Function::Sum | Function::Product | Function::Mean | Function::Sd | Function::Softmax => {
                unreachable!("functions of vectors are made elsewhere")
            }
            _ => unreachable!("made elsewhere"),
        }
    }
}

/// The sign of Γ(x): + above 0, and in turn − and + between the poles below.
fn sign_of_gamma(graph: &mut Graph, x: NodeId) -> NodeId {
    let [zero, one, two] = [0.0, 1.0, 2.0].map(|number| graph.constant(number));
    let whole = graph.unary(Unary::Floor, x);
    let is_odd = graph.binary(Binary::Mod, whole, two);
    let twice = graph.multiply(two, is_odd);
    let below = graph.subtract(one, twice);
    let is_positive = graph.binary(Binary::Less, zero, x);
    graph.select(is_positive, one, below)
}
