//! Ast to graph: names resolved, sums and definitions expanded, functions put in terms of operators.

use std::collections::HashMap;
use std::fmt;

use super::{Binary, Graph, NodeId, Unary};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::syntax::{Arity, Ast, BinaryOperator, CONSTANTS, Comparison, Expr, ExprId, Fold, Formula, Function, IndexRange, UnaryOperator};

/// Expanding sums visits at most this many expressions, so that nested sums of nothing cannot hang.
const VISIT_LIMIT: usize = 2_000_000;

/// A scalar variable or one element of a vector variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableName {
    /// The name as typed.
    pub name: String,
    /// Which element (1-based), for a vector.
    pub index: Option<usize>,
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            None => f.write_str(&self.name),
            Some(index) => write!(f, "{}[{index}]", self.name),
        }
    }
}

/// A formula as a graph.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// The nodes.
    pub graph: Graph,
    /// The formula's value.
    pub root: NodeId,
    /// What each variable number is called.
    pub variables: Vec<VariableName>,
    /// Where each variable first appears; `None` for one that was only declared.
    pub spans: Vec<Option<Span>>,
}

/// Lowers `formula`. The variables of `declared` get the first numbers, in that order; others follow in order of appearance.
/// The length of a bare vector argument, as in `norm(x)`, is the largest element that is declared.
///
/// # Errors
/// Kinds `index`, `dimension`, `arity`, `too_long`, `unknown_name`, each with its place.
pub fn lower(formula: &Formula, declared: &[VariableName]) -> Result<Lowered> {
    let mut lowering = Lowering::new(formula.ast());
    for variable in declared {
        lowering.variable(variable.clone(), None);
    }
    let root = lowering.formula()?;
    lowering.graph.check_size()?;
    Ok(Lowered { graph: lowering.graph, root, variables: lowering.variables, spans: lowering.spans })
}

/// The value of a constant expression such as `2*pi`.
///
/// # Errors
/// Those of the language, and `unknown_name` if the expression is not constant.
pub fn constant(text: &str) -> Result<f64> {
    let formula: Formula = text.parse()?;
    let lowered = lower(&formula, &[])?;
    match (lowered.graph.number(lowered.root), lowered.variables.first()) {
        (Some(value), None) => Ok(value),
        (_, name) => {
            let name = name.map(ToString::to_string).unwrap_or_default();
            let span = lowered.spans.first().copied().flatten().unwrap_or_default();
            Err(Error::new(ErrorKind::UnknownName, format!("`{name}` is no constant")).at(span).hint("use numbers, pi, e and inf"))
        }
    }
}

/// The bound indices in force: a linked list in an arena.
#[derive(Clone, Copy)]
struct Scope<'a> {
    parent: Option<usize>,
    name: &'a str,
    value: i64,
}

/// What is left to do; the second field is the innermost scope.
enum Task {
    /// Leave the value of an expression.
    Visit(ExprId, Option<usize>),
    /// Leave a value that is known.
    Value(NodeId),
    /// Take the operands' values, leave the expression's.
    Build(ExprId),
    /// Take the ends of a range, visit the body for each index.
    Unroll(ExprId, Option<usize>),
    /// Take so many values, leave their sum or product.
    Fold(Fold, usize),
    /// Take the arguments of a call: of which so many belong to the first vector, so many in all.
    Call(Function, usize, usize, ExprId),
}

struct Lowering<'a> {
    ast: &'a Ast,
    graph: Graph,
    variables: Vec<VariableName>,
    spans: Vec<Option<Span>>,
    numbers: HashMap<VariableName, u32>,
    scalars: HashMap<&'a str, NodeId>,
    vectors: HashMap<&'a str, (i64, Vec<NodeId>)>,
    scopes: Vec<Scope<'a>>,
    tasks: Vec<Task>,
    values: Vec<NodeId>,
    visits: usize,
}

impl<'a> Lowering<'a> {
    fn new(ast: &'a Ast) -> Self {
        Lowering {
            ast,
            graph: Graph::new(),
            variables: Vec::new(),
            spans: Vec::new(),
            numbers: HashMap::new(),
            scalars: HashMap::new(),
            vectors: HashMap::new(),
            scopes: Vec::new(),
            tasks: Vec::new(),
            values: Vec::new(),
            visits: 0,
        }
    }

    fn variable(&mut self, variable: VariableName, span: Option<Span>) -> NodeId {
        let number = *self.numbers.entry(variable.clone()).or_insert_with(|| {
            self.variables.push(variable);
            self.spans.push(span);
            self.variables.len() as u32 - 1
        });
        let first = &mut self.spans[number as usize];
        *first = first.or(span);
        self.graph.variable(number)
    }

    fn formula(&mut self) -> Result<NodeId> {
        for definition in self.ast.definitions() {
            match &definition.range {
                None => {
                    let value = self.expression(definition.body, None)?;
                    self.scalars.insert(&definition.name, value);
                }
                Some(range) => {
                    let (first, last) = self.range(range, None)?;
                    let mut elements = Vec::new();
                    for value in first..=last {
                        let scope = self.scope(None, &range.name, value);
                        elements.push(self.expression(definition.body, Some(scope))?);
                    }
                    self.vectors.insert(&definition.name, (first, elements));
                }
            }
        }
        self.expression(self.ast.root(), None)
    }

    fn scope(&mut self, parent: Option<usize>, name: &'a str, value: i64) -> usize {
        self.scopes.push(Scope { parent, name, value });
        self.scopes.len() - 1
    }

    /// The value of `root`, by an explicit stack: visit the operands, then build the node from their values.
    fn expression(&mut self, root: ExprId, scope: Option<usize>) -> Result<NodeId> {
        let floor = self.tasks.len();
        self.tasks.push(Task::Visit(root, scope));
        while self.tasks.len() > floor {
            match self.tasks.pop().expect("the loop's condition") {
                Task::Visit(expr, scope) => self.visit(expr, scope)?,
                Task::Build(expr) => self.build(expr)?,
                Task::Unroll(expr, scope) => self.unroll(expr, scope)?,
                Task::Value(value) => self.values.push(value),
                Task::Call(function, split, count, id) => {
                    let operands = self.values.split_off(self.values.len() - count);
                    if function == Function::Polygamma {
                        self.check_order(id, operands[0])?;
                    }
                    let value = self.call(function, &operands, split);
                    self.values.push(value);
                }
                Task::Fold(fold, count) => {
                    let first = self.values.len() - count;
                    let value = self.fold(fold, first);
                    self.values.truncate(first);
                    self.values.push(value);
                }
            }
        }
        Ok(self.values.pop().expect("an expression leaves one value"))
    }

    fn visit(&mut self, id: ExprId, scope: Option<usize>) -> Result<()> {
        self.visits += 1;
        if self.visits > VISIT_LIMIT {
            return Err(self.error(id, ErrorKind::TooLong, "the sums of this formula expand to too many terms"));
        }
        self.graph.check_size()?;
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Number(value) => {
                let value = self.graph.constant(*value);
                self.values.push(value);
            }
            Expr::Name(name) => {
                let value = self.name(id, name, scope)?;
                self.values.push(value);
            }
            Expr::Index { index, .. } => self.push(Task::Build(id), &[*index], scope),
            Expr::Unary { operand, .. } => self.push(Task::Build(id), &[*operand], scope),
            Expr::Binary { left, right, .. } => self.push(Task::Build(id), &[*left, *right], scope),
            Expr::If { condition, then, otherwise } => self.push(Task::Build(id), &[*condition, *then, *otherwise], scope),
            Expr::Comparison { first, rest } => {
                let operands: Vec<ExprId> = std::iter::once(*first).chain(rest.iter().map(|(_, operand)| *operand)).collect();
                self.push(Task::Build(id), &operands, scope);
            }
            Expr::Call { function, arguments } => self.visit_call(id, *function, arguments, scope)?,
            Expr::Fold { range, .. } => self.push(Task::Unroll(id, scope), &[range.first, range.last], scope),
        }
        Ok(())
    }

    /// First the operands, from left to right, then `last`.
    fn push(&mut self, last: Task, operands: &[ExprId], scope: Option<usize>) {
        self.tasks.push(last);
        self.tasks.extend(operands.iter().rev().map(|&operand| Task::Visit(operand, scope)));
    }

    fn unroll(&mut self, id: ExprId, scope: Option<usize>) -> Result<()> {
        let Expr::Fold { fold, range, body } = self.ast.expr(id) else { unreachable!("only folds unroll") };
        let last = self.values.pop().expect("the range's last value");
        let first = self.values.pop().expect("the range's first value");
        let (first, last) = (self.integer(range.first, first)?, self.integer(range.last, last)?);
        let count = self.count(range, first, last)?;
        self.tasks.push(Task::Fold(*fold, count));
        for value in (first..first + count as i64).rev() {
            let inner = self.scope(scope, &range.name, value);
            self.tasks.push(Task::Visit(*body, Some(inner)));
        }
        Ok(())
    }

    fn range(&mut self, range: &IndexRange, scope: Option<usize>) -> Result<(i64, i64)> {
        let first = self.expression(range.first, scope)?;
        let last = self.expression(range.last, scope)?;
        let (first, last) = (self.integer(range.first, first)?, self.integer(range.last, last)?);
        self.count(range, first, last)?;
        Ok((first, last))
    }

    fn count(&self, range: &IndexRange, first: i64, last: i64) -> Result<usize> {
        let count = (last - first + 1).max(0) as usize;
        if count > super::NODE_LIMIT {
            return Err(self.error(range.last, ErrorKind::TooLong, format!("the range of `{}` has {count} values", range.name)));
        }
        Ok(count)
    }

    fn fold(&mut self, fold: Fold, first: usize) -> NodeId {
        let terms = self.values[first..].to_vec();
        match fold {
            Fold::Sum => self.total(&terms),
            Fold::Product => {
                let mut product = self.graph.constant(1.0);
                for term in terms {
                    product = self.graph.multiply(product, term);
                }
                product
            }
        }
    }

    fn total(&mut self, terms: &[NodeId]) -> NodeId {
        let mut total = self.graph.constant(0.0);
        for &term in terms {
            total = self.graph.add(total, term);
        }
        total
    }

    fn name(&mut self, id: ExprId, name: &str, scope: Option<usize>) -> Result<NodeId> {
        if let Some(value) = self.bound(name, scope) {
            return Ok(self.graph.constant(value as f64));
        }
        if let Some(&value) = self.scalars.get(name) {
            return Ok(value);
        }
        if let Some((_, value)) = CONSTANTS.iter().find(|(constant, _)| *constant == name) {
            return Ok(self.graph.constant(*value));
        }
        if self.vectors.contains_key(name) || self.variables.iter().any(|variable| variable.name == name && variable.index.is_some()) {
            return Err(self
                .error(id, ErrorKind::Dimension, format!("`{name}` is a vector; a number is needed here"))
                .hint(format!("write {name}[1], or sum(i in 1..n, … {name}[i] …)")));
        }
        Ok(self.variable(VariableName { name: name.into(), index: None }, Some(self.ast.span(id))))
    }

    /// The value of a bound index.
    fn bound(&self, name: &str, mut scope: Option<usize>) -> Option<i64> {
        while let Some(index) = scope {
            let inner = self.scopes[index];
            if inner.name == name {
                return Some(inner.value);
            }
            scope = inner.parent;
        }
        None
    }

    fn build(&mut self, id: ExprId) -> Result<()> {
        let ast = self.ast;
        let value = match ast.expr(id) {
            Expr::Index { name, index } => {
                let number = self.values.pop().expect("an index");
                self.element(id, name, *index, number)?
            }
            Expr::Unary { operator, .. } => {
                let operand = self.values.pop().expect("an operand");
                match operator {
                    UnaryOperator::Negate => self.graph.negate(operand),
                    UnaryOperator::Not => self.graph.unary(Unary::Not, operand),
                }
            }
            Expr::Binary { operator, .. } => {
                let right = self.values.pop().expect("a right operand");
                let left = self.values.pop().expect("a left operand");
                let op = match operator {
                    BinaryOperator::Add => Binary::Add,
                    BinaryOperator::Subtract => Binary::Subtract,
                    BinaryOperator::Multiply => Binary::Multiply,
                    BinaryOperator::Divide => Binary::Divide,
                    BinaryOperator::Power => Binary::Pow,
                    BinaryOperator::And => Binary::And,
                    BinaryOperator::Or => Binary::Or,
                };
                self.graph.binary(op, left, right)
            }
            Expr::Comparison { rest, .. } => {
                let operands = self.values.split_off(self.values.len() - rest.len() - 1);
                self.comparison(&operands, rest)
            }
            Expr::If { .. } => {
                let operands = self.values.split_off(self.values.len() - 3);
                self.graph.select(operands[0], operands[1], operands[2])
            }
            Expr::Number(_) | Expr::Name(_) | Expr::Call { .. } | Expr::Fold { .. } => unreachable!("has no build step"),
        };
        self.values.push(value);
        Ok(())
    }

    fn comparison(&mut self, operands: &[NodeId], rest: &[(Comparison, ExprId)]) -> NodeId {
        let mut all = None;
        for (pair, (comparison, _)) in operands.windows(2).zip(rest) {
            let (op, a, b) = match comparison {
                Comparison::Less => (Binary::Less, pair[0], pair[1]),
                Comparison::LessEqual => (Binary::LessEqual, pair[0], pair[1]),
                Comparison::Greater => (Binary::Less, pair[1], pair[0]),
                Comparison::GreaterEqual => (Binary::LessEqual, pair[1], pair[0]),
                Comparison::Equal => (Binary::Equal, pair[0], pair[1]),
                Comparison::NotEqual => (Binary::NotEqual, pair[0], pair[1]),
            };
            let one = self.graph.binary(op, a, b);
            all = Some(match all {
                None => one,
                Some(before) => self.graph.binary(Binary::And, before, one),
            });
        }
        all.expect("a comparison compares")
    }

    fn element(&mut self, id: ExprId, name: &str, index_expr: ExprId, index: NodeId) -> Result<NodeId> {
        let index = self.integer(index_expr, index)?;
        if let Some((first, elements)) = self.vectors.get(name) {
            let at = usize::try_from(index - first).ok();
            return at.and_then(|at| elements.get(at)).copied().ok_or_else(|| {
                let last = first + elements.len() as i64 - 1;
                self.error(index_expr, ErrorKind::Index, format!("`{name}` has the elements {first} to {last}, not {index}"))
            });
        }
        if self.scalars.contains_key(name) || CONSTANTS.iter().any(|(constant, _)| *constant == name) {
            return Err(self.error(id, ErrorKind::Dimension, format!("`{name}` is a number, not a vector")));
        }
        if self.variables.iter().any(|variable| variable.name == name && variable.index.is_none()) {
            return Err(self.error(id, ErrorKind::Dimension, format!("`{name}` is used both as a number and as a vector")));
        }
        match usize::try_from(index) {
            Ok(index @ 1..) => Ok(self.variable(VariableName { name: name.into(), index: Some(index) }, Some(self.ast.span(id)))),
            _ => Err(self.error(index_expr, ErrorKind::Index, format!("index {index}: elements count from 1"))),
        }
    }

    /// The elements of `argument`, if it is the bare name of a vector.
    fn vector(&mut self, argument: ExprId) -> Option<Vec<NodeId>> {
        let Expr::Name(name) = self.ast.expr(argument) else { return None };
        if let Some((_, elements)) = self.vectors.get(name.as_str()) {
            return Some(elements.clone());
        }
        let indexed = |variable: &&VariableName| variable.name == *name && variable.index.is_some();
        let mut elements: Vec<VariableName> = self.variables.iter().filter(indexed).cloned().collect();
        elements.sort();
        (!elements.is_empty()).then(|| elements.into_iter().map(|element| self.variable(element, None)).collect())
    }

    fn visit_call(&mut self, id: ExprId, function: Function, arguments: &[ExprId], scope: Option<usize>) -> Result<()> {
        let of_vectors = matches!(function.arity(), Arity::AtLeast(_) | Arity::TwoVectors);
        let mut lengths = Vec::with_capacity(arguments.len());
        let mut tasks = Vec::with_capacity(arguments.len());
        for &argument in arguments {
            match if of_vectors { self.vector(argument) } else { None } {
                Some(elements) => {
                    lengths.push(elements.len());
                    tasks.extend(elements.into_iter().map(Task::Value));
                }
                None => {
                    lengths.push(1);
                    tasks.push(Task::Visit(argument, scope));
                }
            }
        }
        if function.arity() == Arity::TwoVectors && lengths[0] != lengths[1] {
            let message = format!("the vectors have {} and {} elements", lengths[0], lengths[1]);
            return Err(self.error(id, ErrorKind::Dimension, message));
        }
        self.tasks.push(Task::Call(function, lengths[0], tasks.len(), id));
        self.tasks.extend(tasks.into_iter().rev());
        Ok(())
    }

    /// A function of numbers; `split` is where the second vector of `dot` begins.
    fn call(&mut self, function: Function, arguments: &[NodeId], split: usize) -> NodeId {
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
            Function::Beta | Function::Lbeta => {
                let y = arguments[1];
                let both = graph.add(x, y);
                let [a, b, c] = [x, y, both].map(|argument| graph.unary(Unary::Lgamma, argument));
                let top = graph.add(a, b);
                let log = graph.subtract(top, c);
                if function == Function::Beta { graph.unary(Unary::Exp, log) } else { log }
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
            Function::Dot => {
                let (left, right) = arguments.split_at(split);
                let products: Vec<NodeId> = left.iter().zip(right).map(|(&a, &b)| graph.multiply(a, b)).collect();
                self.total(&products)
            }
            Function::Norm => {
                let squares: Vec<NodeId> = arguments.iter().map(|&a| graph.power(a, 2)).collect();
                let total = self.total(&squares);
                self.graph.unary(Unary::Sqrt, total)
            }
        }
    }

    /// The order of a polygamma function: a small whole number, so that its factorial is a double.
    fn check_order(&self, id: ExprId, node: NodeId) -> Result<()> {
        let order = self.integer(id, node)?;
        if (0..=100).contains(&order) {
            return Ok(());
        }
        Err(self.error(id, ErrorKind::Index, format!("the order of polygamma must be 0 to 100, not {order}")))
    }

    /// The whole number that a constant node is.
    fn integer(&self, id: ExprId, node: NodeId) -> Result<i64> {
        let Some(value) = self.graph.number(node) else {
            return Err(self.error(id, ErrorKind::Index, "an index must be a constant, such as 3 or i + 1"));
        };
        if value != value.trunc() || value.abs() > 1e15 {
            return Err(self.error(id, ErrorKind::Index, format!("an index must be a whole number, not {value}")));
        }
        Ok(value as i64)
    }

    fn error(&self, id: ExprId, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).at(self.ast.span(id))
    }
}
