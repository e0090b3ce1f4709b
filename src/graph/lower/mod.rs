//! Ast to graph: names resolved, sums and definitions expanded, functions put in terms of operators.

mod calls;
mod columns;
mod constrain;
mod distributions;
mod faults;
mod folds;
mod linear;
mod names;
mod ode;
mod statements;
mod value;

use std::collections::HashMap;
use std::fmt;

use super::{Binary, Graph, NodeId, TableId, Unary};
use crate::data::Data;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::syntax::{
    Ast, BinaryOperator, CONSTANTS, Comparison, Definition, DefinitionKind, Domain, Expr, ExprId, Fold, Formula, Function, IndexRange,
    Parameter, Statement, UnaryOperator,
};
pub use columns::Labels;
use value::{Array, Value};

/// Expanding sums visits at most this many expressions, so that nested sums of nothing cannot hang.
const VISIT_LIMIT: usize = 2_000_000;

/// A scalar variable or one element of a vector or matrix variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableName {
    /// The name as typed.
    pub name: String,
    /// Which element (1-based): none for a number, one for a vector, two for a matrix.
    pub indices: Vec<usize>,
}

impl VariableName {
    /// A number's name.
    pub fn scalar(name: impl Into<String>) -> Self {
        VariableName { name: name.into(), indices: Vec::new() }
    }

    /// Whether it is an element of something.
    pub fn is_element(&self) -> bool {
        !self.indices.is_empty()
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.is_element() {
            let indices: Vec<String> = self.indices.iter().map(ToString::to_string).collect();
            write!(f, "[{}]", indices.join(","))?;
        }
        Ok(())
    }
}

/// A parameter that the text declares.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// The variable.
    pub variable: VariableName,
    /// Where it may be.
    pub interval: (f64, f64),
    /// Where that is said.
    pub span: Span,
    /// Whether it is a missing cell of a column, which nobody declares.
    pub is_cell: bool,
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
    /// The parameters that the text declares, in order; each is a variable too.
    pub declared: Vec<Declared>,
    /// What definitions that depend on parameters, not on rows, are in terms of the variables, in order.
    pub defined: Vec<(VariableName, NodeId)>,
    /// What parameters on sets with a name are in terms of the variables, in order.
    pub transformed: Vec<(VariableName, NodeId)>,
    /// For each variable, whether a sum over rows of data depends on it; none if there is no such sum.
    pub reached: Vec<bool>,
    /// Names that texts of the data give to elements of arrays.
    pub labels: Labels,
    /// log |∂parameters/∂variables| of those, to be added to a log density of the parameters; a node of the graph.
    pub log_jacobian: NodeId,
    /// Which nodes the expressions of the text became, operands first; the first `ORIGINS` of a long text.
    pub origins: Vec<Origin>,
}

/// An expression of the text and a node that it became; in a sum there are several.
pub type Origin = (ExprId, NodeId);

/// Origins that are kept: 1 MB.
const ORIGINS: usize = 1 << 17;

/// Lowers `formula`. The variables of `known` get the first numbers, in that order; others follow in order of declaration, then of
/// appearance. The length of a vector that nothing declares is the largest element that appears.
///
/// # Errors
/// Kinds `index`, `dimension`, `arity`, `too_long`, `unknown_name`, `declaration`, `data`, each with its place.
pub fn lower(formula: &Formula, known: &[VariableName]) -> Result<Lowered> {
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let known: Vec<(VariableName, (f64, f64))> = known.iter().map(|variable| (variable.clone(), all)).collect();
    lower_with(formula, &known, &Data::default())
}

/// [`lower`], with the columns of `data` as names and the intervals of known variables, where conditions on arguments need not be asked.
///
/// # Errors
/// As [`lower`].
pub fn lower_with(formula: &Formula, known: &[(VariableName, (f64, f64))], data: &Data) -> Result<Lowered> {
    let mut lowering = Lowering::new(formula.ast(), data);
    for (variable, interval) in known {
        lowering.variable(variable.clone(), None);
        lowering.intervals.push(*interval);
    }
    let root = lowering.formula()?;
    lowering.graph.check_size()?;
    let (reached, labels) = (lowering.reached(), lowering.labels());
    let Lowering { graph, variables, spans, declared, defined, transformed, log_jacobian, origins, .. } = lowering;
    Ok(Lowered { graph, root, variables, spans, declared, defined, transformed, reached, labels, log_jacobian, origins })
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
    value: Bound,
}

/// What an index stands for.
#[derive(Clone, Copy)]
enum Bound {
    Number(i64),
    /// A column of row numbers: the sum is a loop over rows.
    Rows(NodeId),
    /// What a parameter of a function is in a call: its place among the arguments.
    Argument(usize),
}

/// What is left to do; the second field is the innermost scope.
enum Task<'a> {
    /// Leave the value of an expression.
    Visit(ExprId, Option<usize>),
    /// Take the operands' values, leave the expression's.
    Build(ExprId),
    /// Take a condition, visit the arms that may be taken.
    Choose(ExprId, Option<usize>),
    /// Take the ends of a range, visit the body for each index.
    Unroll(ExprId, Option<usize>),
    /// Take so many values, leave their sum or product.
    Fold(Fold, usize, ExprId),
    /// Take what varies with the rows of a table, leave its sum.
    SumRows(TableId, ExprId),
    /// Take so many arguments.
    Call(Function, usize, ExprId),
    /// Take so many arguments, visit the body of a function of the text.
    Apply(&'a Definition, usize),
    /// Take the values of subscripts, leave the element.
    Element(ExprId, Option<usize>),
}

/// An indexed definition that is being made.
struct Growing<'a> {
    name: &'a str,
    /// The first value of each of its indices; one for a vector.
    firsts: Vec<i64>,
    /// The length of a row of a matrix.
    width: Option<usize>,
    /// Its elements so far, row by row.
    nodes: Vec<NodeId>,
}

struct Lowering<'a> {
    ast: &'a Ast,
    data: &'a Data,
    graph: Graph,
    /// The table of the graph that each table of the data became.
    tables: HashMap<usize, TableId>,
    variables: Vec<VariableName>,
    spans: Vec<Option<Span>>,
    numbers: HashMap<VariableName, u32>,
    /// Where the first variables may be.
    intervals: Vec<(f64, f64)>,
    declared: Vec<Declared>,
    defined: Vec<(VariableName, NodeId)>,
    transformed: Vec<(VariableName, NodeId)>,
    log_jacobian: NodeId,
    origins: Vec<Origin>,
    /// What was summed over rows.
    summed: Vec<NodeId>,
    /// What definitions and declarations mean.
    names: HashMap<&'a str, Value>,
    /// The functions of the text.
    functions: HashMap<&'a str, &'a Definition>,
    /// How many solutions of differential equations are being made, one for the rate of another.
    solving: usize,
    /// What parameters of functions were in the calls so far.
    arguments: Vec<Value>,
    growing: Option<Growing<'a>>,
    /// Rows without a value, which are errors only if they are read.
    faults: faults::Faults,
    /// Columns of texts and of missing cells that are in use.
    columns: columns::Columns,
    scopes: Vec<Scope<'a>>,
    tasks: Vec<Task<'a>>,
    values: Vec<Value>,
    visits: usize,
    /// Numbers that the indices of sums over rows have run through.
    counted: usize,
}

impl<'a> Lowering<'a> {
    fn new(ast: &'a Ast, data: &'a Data) -> Self {
        let mut graph = Graph::new();
        let log_jacobian = graph.constant(0.0);
        Lowering {
            ast,
            data,
            graph,
            tables: HashMap::new(),
            variables: Vec::new(),
            spans: Vec::new(),
            numbers: HashMap::new(),
            intervals: Vec::new(),
            declared: Vec::new(),
            defined: Vec::new(),
            transformed: Vec::new(),
            log_jacobian,
            origins: Vec::new(),
            summed: Vec::new(),
            names: HashMap::new(),
            functions: HashMap::new(),
            solving: 0,
            arguments: Vec::new(),
            growing: None,
            faults: faults::Faults::default(),
            columns: columns::Columns::default(),
            scopes: Vec::new(),
            tasks: Vec::new(),
            values: Vec::new(),
            visits: 0,
            counted: 0,
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

    /// Which variables are below what was summed over rows.
    fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; if self.summed.is_empty() { 0 } else { self.variables.len() }];
        for id in self.graph.order(&self.summed) {
            if let super::Node::Variable(variable) = self.graph.node(id) {
                reached[variable as usize] = true;
            }
        }
        reached
    }

    fn formula(&mut self) -> Result<NodeId> {
        let ast = self.ast;
        for statement in ast.statements() {
            match statement {
                Statement::Definition(definition) => self.define(definition)?,
                Statement::Parameter(parameter) => self.declare(parameter)?,
            }
        }
        let root = ast.root();
        match self.expression(root, None)? {
            Value::Number(node) if self.graph.table_of(node).is_some() => Err(self
                .error(root, ErrorKind::Dimension, "the value varies from row to row of the data; it must be one number")
                .hint("add the rows up: sum(...)")),
            Value::Number(node) => Ok(node),
            Value::Array(array) => Err(self
                .error(root, ErrorKind::Dimension, format!("the value is {}; it must be one number", array.describe()))
                .hint("add the elements up: sum(...), or choose one: x[1]")),
        }
    }

    fn scope(&mut self, parent: Option<usize>, name: &'a str, value: Bound) -> usize {
        self.scopes.push(Scope { parent, name, value });
        self.scopes.len() - 1
    }

    /// The value of `root`, by an explicit stack: visit the operands, then build the node from their values.
    fn expression(&mut self, root: ExprId, scope: Option<usize>) -> Result<Value> {
        let floor = self.tasks.len();
        self.tasks.push(Task::Visit(root, scope));
        while self.tasks.len() > floor {
            let waiting = self.tasks.len();
            let done = match self.tasks.pop().expect("the loop's condition") {
                Task::Visit(expr, scope) => {
                    self.visit(expr, scope)?;
                    // An expression without operands has its value at once.
                    (self.tasks.len() < waiting).then_some(expr)
                }
                Task::Build(expr) => {
                    self.build(expr)?;
                    Some(expr)
                }
                Task::Choose(expr, scope) => {
                    self.choose(expr, scope)?;
                    None
                }
                Task::Unroll(expr, scope) => {
                    self.unroll(expr, scope)?;
                    None
                }
                Task::SumRows(table, expr) => {
                    self.sum_rows(table, expr)?;
                    Some(expr)
                }
                Task::Call(function, count, id) => {
                    let arguments = self.take(count);
                    let value = self.call(id, function, arguments)?;
                    self.values.push(value);
                    Some(id)
                }
                Task::Apply(definition, count) => {
                    self.apply(definition, count);
                    None
                }
                Task::Element(id, scope) => {
                    self.element(id, scope)?;
                    Some(id)
                }
                Task::Fold(fold, count, id) => {
                    let terms = self.take(count);
                    let value = self.fold(id, fold, terms)?;
                    self.values.push(value);
                    Some(id)
                }
            };
            if let (Some(expr), Some(value)) = (done, self.values.last()) {
                let room = ORIGINS - self.origins.len();
                self.origins.extend(value.nodes().iter().take(room).map(|&node| (expr, node)));
            }
        }
        Ok(self.pop())
    }

    fn pop(&mut self) -> Value {
        self.values.pop().expect("an expression leaves one value")
    }

    fn take(&mut self, count: usize) -> Vec<Value> {
        self.values.split_off(self.values.len() - count)
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
                let value = Value::Number(self.graph.constant(*value));
                self.values.push(value);
            }
            Expr::Name(name) => {
                let value = self.name(id, name, scope)?;
                self.values.push(value);
            }
            Expr::Index { subscripts, .. } => {
                let parts: Vec<ExprId> = subscripts.iter().flat_map(|subscript| subscript.exprs()).collect();
                self.push(Task::Element(id, scope), &parts, scope);
            }
            Expr::Apply { name, arguments } => {
                let definition = self.functions.get(name.as_str()).copied();
                let definition = definition.ok_or_else(|| self.error(id, ErrorKind::UnknownName, format!("unknown function `{name}`")))?;
                self.push(Task::Apply(definition, arguments.len()), arguments, scope);
            }
            Expr::List(elements) => self.push(Task::Build(id), elements, scope),
            Expr::Unary { operand, .. } => self.push(Task::Build(id), &[*operand], scope),
            Expr::Binary { left, right, .. } => self.push(Task::Build(id), &[*left, *right], scope),
            Expr::If { condition, .. } => self.push(Task::Choose(id, scope), &[*condition], scope),
            Expr::Comparison { first, rest } => {
                let operands: Vec<ExprId> = std::iter::once(*first).chain(rest.iter().map(|(_, operand)| *operand)).collect();
                self.push(Task::Build(id), &operands, scope);
            }
            // The first argument is a function, which has no value.
            Expr::Call { function: Function::Ode, arguments } => self.push(Task::Call(Function::Ode, 4, id), &arguments[1..], scope),
            Expr::Call { function, arguments } => self.push(Task::Call(*function, arguments.len(), id), arguments, scope),
            Expr::Distribution { arguments, .. } => self.push(Task::Build(id), arguments, scope),
            Expr::Fold { range, .. } => self.push(Task::Unroll(id, scope), &[range.first, range.last], scope),
        }
        Ok(())
    }

    /// First the operands, from left to right, then `last`.
    fn push(&mut self, last: Task<'a>, operands: &[ExprId], scope: Option<usize>) {
        self.tasks.push(last);
        self.tasks.extend(operands.iter().rev().map(|&operand| Task::Visit(operand, scope)));
    }

    /// A condition that is known decides which arm is read: `if(t == 1, 0, h[t-1])` needs no element 0.
    fn choose(&mut self, id: ExprId, scope: Option<usize>) -> Result<()> {
        let Expr::If { then, otherwise, .. } = self.ast.expr(id) else { unreachable!("only choices choose") };
        let condition = self.pop();
        if let Some(value) = condition.number().and_then(|node| self.graph.number(node)) {
            let taken = if value != 0.0 { *then } else { *otherwise };
            self.tasks.push(Task::Visit(taken, scope));
            return Ok(());
        }
        self.values.push(condition);
        self.push(Task::Build(id), &[*then, *otherwise], scope);
        Ok(())
    }

    fn build(&mut self, id: ExprId) -> Result<()> {
        let ast = self.ast;
        let value = match ast.expr(id) {
            Expr::List(elements) => {
                let parts = self.take(elements.len());
                self.list(id, parts)?
            }
            Expr::Distribution { distribution, form, arguments } => {
                let arguments = self.take(arguments.len());
                self.distribution(id, *distribution, *form, arguments)?
            }
            Expr::Unary { operator, .. } => {
                let operand = self.pop();
                operand.map(|node| match operator {
                    UnaryOperator::Negate => self.graph.negate(node),
                    UnaryOperator::Not => self.graph.unary(Unary::Not, node),
                })
            }
            Expr::Binary { operator, .. } => {
                let (right, left) = (self.pop(), self.pop());
                let op = match operator {
                    BinaryOperator::Add => Binary::Add,
                    BinaryOperator::Subtract => Binary::Subtract,
                    BinaryOperator::Multiply => Binary::Multiply,
                    BinaryOperator::Divide => Binary::Divide,
                    BinaryOperator::Power => Binary::Pow,
                    BinaryOperator::And => Binary::And,
                    BinaryOperator::Or => Binary::Or,
                };
                self.pairwise(id, &left, &right, |graph, a, b| graph.binary(op, a, b))?
            }
            Expr::Comparison { rest, .. } => {
                let operands = self.take(rest.len() + 1);
                self.elementwise(id, &operands, |lowering, operands| lowering.comparison(operands, rest))?
            }
            Expr::If { .. } => {
                let operands = self.take(3);
                self.elementwise(id, &operands, |lowering, nodes| lowering.graph.select(nodes[0], nodes[1], nodes[2]))?
            }
            Expr::Number(_) | Expr::Name(_) | Expr::Index { .. } | Expr::Call { .. } | Expr::Apply { .. } | Expr::Fold { .. } => {
                unreachable!("has no build step")
            }
        };
        self.values.push(value);
        Ok(())
    }

    /// Visits the body of a function with its arguments bound.
    fn apply(&mut self, definition: &'a Definition, count: usize) {
        let values = self.take(count);
        let scope = self.with_arguments(definition, values);
        self.tasks.push(Task::Visit(definition.body, scope));
    }

    /// The scope of a function's body.
    fn with_arguments(&mut self, definition: &'a Definition, values: Vec<Value>) -> Option<usize> {
        let mut scope = None;
        for (name, value) in definition.parameters().iter().zip(values) {
            self.arguments.push(value);
            scope = Some(self.scope(scope, name, Bound::Argument(self.arguments.len() - 1)));
        }
        scope
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

    /// An operator on two values, element by element.
    fn pairwise(&mut self, id: ExprId, a: &Value, b: &Value, mut f: impl FnMut(&mut Graph, NodeId, NodeId) -> NodeId) -> Result<Value> {
        if let (Value::Number(a), Value::Number(b)) = (a, b) {
            self.same_table(id, &[*a, *b])?;
            return Ok(Value::Number(f(&mut self.graph, *a, *b)));
        }
        self.elementwise(id, &[a.clone(), b.clone()], |lowering, nodes| f(&mut lowering.graph, nodes[0], nodes[1]))
    }

    /// A function of numbers on values of one shape; numbers go with every element.
    fn elementwise(&mut self, id: ExprId, operands: &[Value], mut f: impl FnMut(&mut Self, &[NodeId]) -> NodeId) -> Result<Value> {
        let mut common: Option<&Array> = None;
        for array in operands.iter().filter_map(Value::as_array) {
            match common {
                Some(first) if first.shape != array.shape => {
                    let message = format!("{} and {} do not go together", first.describe(), array.describe());
                    return Err(self.error(id, ErrorKind::Dimension, message).hint("for a product of a matrix and a vector: dot(W, x)"));
                }
                _ => common = Some(array),
            }
        }
        let paired = self.by_rows(operands)?;
        let (operands, common) = match &paired {
            Some(paired) => (&paired[..], None),
            None => (operands, common),
        };
        let at = |element: usize| operands.iter().map(|operand| operand.element(element)).collect::<Vec<NodeId>>();
        let Some(array) = common else {
            let nodes = at(0);
            self.same_table(id, &nodes)?;
            return Ok(Value::Number(f(self, &nodes)));
        };
        let mut nodes = Vec::with_capacity(array.nodes.len());
        for element in 0..array.nodes.len() {
            let operands = at(element);
            self.same_table(id, &operands)?;
            nodes.push(f(self, &operands));
            self.graph.check_size()?;
        }
        Ok(Value::Array(std::rc::Rc::new(Array { shape: array.shape.clone(), first: array.first, nodes })))
    }

    /// Vectors with an element for each row of a table, where they meet a number that varies with its rows: as such numbers.
    fn by_rows(&mut self, operands: &[Value]) -> Result<Option<Vec<Value>>> {
        let table = operands.iter().filter_map(Value::number).find_map(|node| self.graph.table_of(node));
        let Some(table) = table.filter(|table| self.tables.values().any(|known| known == table)) else { return Ok(None) };
        let rows = self.graph.table_rows(table);
        let varies = |array: &Array| array.nodes.iter().any(|&node| self.graph.table_of(node).is_some());
        let is_paired = |operand: &Value| operand.as_array().is_none_or(|array| array.shape == [rows] && !varies(array));
        if rows < 2 || operands.iter().all(|operand| operand.as_array().is_none()) || !operands.iter().all(is_paired) {
            return Ok(None);
        }
        let numbers: Vec<f64> = (1..=rows).map(|row| row as f64).collect();
        let number = self.graph.column(table, "", numbers.into());
        let pair = |operand: &Value| match operand {
            Value::Number(node) => Ok(Value::Number(*node)),
            Value::Array(array) => self.graph.gather(&array.nodes, number).map(Value::Number),
        };
        operands.iter().map(pair).collect::<Result<Vec<Value>>>().map(Some)
    }

    /// Refuses numbers from the rows of two tables.
    fn same_table(&self, id: ExprId, nodes: &[NodeId]) -> Result<()> {
        let mut tables = nodes.iter().filter_map(|&node| self.graph.table_of(node));
        let Some(first) = tables.next() else { return Ok(()) };
        if tables.all(|table| table == first) {
            return Ok(());
        }
        Err(self
            .error(id, ErrorKind::Dimension, "columns of two tables meet here, and their rows do not correspond")
            .hint("pick by an index: s.y[school], or add the rows of one up first: sum(...)"))
    }

    /// The order of a polygamma function: a small whole number, so that its factorial is a double.
    fn check_order(&self, id: ExprId, order: &Value) -> Result<()> {
        let order = self.integer(id, order)?;
        if (0..=100).contains(&order) {
            return Ok(());
        }
        Err(self.error(id, ErrorKind::Index, format!("the order of polygamma must be 0 to 100, not {order}")))
    }

    fn constant_integer(&mut self, id: ExprId) -> Result<i64> {
        let value = self.expression(id, None)?;
        self.integer(id, &value)
    }

    /// The whole number that a constant is.
    fn integer(&self, id: ExprId, value: &Value) -> Result<i64> {
        let Some(value) = value.number().and_then(|node| self.graph.number(node)) else {
            let error = self.error(id, ErrorKind::Index, "an index must be a constant, such as 3 or i + 1");
            return Err(error.hint("a number, an index of a sum, or a column of whole numbers: --data FILE brings columns"));
        };
        if value != value.trunc() || value.abs() > 1e15 {
            let error = self.error(id, ErrorKind::Index, format!("an index must be a whole number, not {value}"));
            return Err(error.hint("round it: floor(...)"));
        }
        Ok(value as i64)
    }

    fn error(&self, id: ExprId, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).at(self.ast.span(id))
    }
}
