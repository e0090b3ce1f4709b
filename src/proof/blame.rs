//! Blame: the part of a formula that first has no finite value at a point, with what went into it and the way out.
//!
//! The scalar definition of the graph is evaluated at the point and followed from the value that is not finite down to the operator
//! whose operands all are. The place in the text is the smallest expression that became an operator above or at it.

use crate::density::{LogDensity, Meaning, Model};
use crate::error::{Span, plain};
use crate::graph::print::{Language, expression};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::syntax::Expr;

/// What is not finite at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Blame {
    /// The expression, as typed where it is part of the text.
    pub expression: String,
    /// Its value: NaN, ∞ or −∞; 0 for a density that is zero.
    pub value: f64,
    /// What it is made of, each with its value.
    pub inputs: Vec<(String, f64)>,
    /// Its place in the text.
    pub span: Option<Span>,
    /// The row of the data, from 1, if it varies with rows.
    pub row: Option<usize>,
    /// What happened and the way out.
    pub fix: String,
}

impl std::fmt::Display for Blame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is {}", self.expression, plain(self.value))?;
        if let Some(row) = self.row {
            write!(f, " in row {row}")?;
        }
        let inputs: Vec<String> = self.inputs.iter().map(|(text, value)| format!("{text} = {}", plain(*value))).collect();
        if inputs.is_empty() { Ok(()) } else { write!(f, ", as {}", inputs.join(", ")) }
    }
}

/// Expressions with their values.
type Inputs = Vec<(String, f64)>;

/// Inputs that are shown, and letters of an expression.
const SHOWN: usize = 6;
const LETTERS: usize = 100;

/// What is not finite where the model's log density or its gradient is not, at `position`, one entry a variable. `None` if both are
/// finite, or if there is no such position: of some, only other coordinates are known.
pub fn blame(model: &Model, position: &[f64]) -> Option<Blame> {
    if position.len() != model.bounds().len() {
        return None;
    }
    let graph = model.graph();
    let roots: Vec<NodeId> = [model.typed(), model.log_density_node()].into_iter().chain(model.gradient_nodes().iter().copied()).collect();
    let values = graph.values(&roots, position);
    let at = |id: NodeId| values[id.index()].first().copied().unwrap_or(0.0);
    let root = *roots[1..].iter().find(|root| !at(**root).is_finite())?;
    // The text is about the value as typed: where that is the fault, it is followed rather than its logarithm.
    let typed = at(model.typed());
    let is_zero = model.meaning() == Meaning::Density && typed == 0.0;
    let root = if root == model.log_density_node() && (!typed.is_finite() || is_zero) { model.typed() } else { root };
    let mut walk = Walk { model, graph, values, row: None };
    let culprit = walk.culprit(root);
    Some(walk.report(culprit))
}

struct Walk<'a> {
    model: &'a Model,
    graph: &'a Graph,
    values: Vec<Vec<f64>>,
    row: Option<usize>,
}

impl Walk<'_> {
    fn value(&self, id: NodeId) -> f64 {
        match &self.values[id.index()][..] {
            [value] => *value,
            [] => 0.0,
            rows => rows[self.row.unwrap_or(0).min(rows.len() - 1)],
        }
    }

    /// Down from `root`, which is not finite or zero, to the operator that made it so.
    fn culprit(&mut self, root: NodeId) -> NodeId {
        let mut id = root;
        // Operands come before their operators: this ends.
        loop {
            let value = self.value(id);
            let below = match self.graph.node(id) {
                Node::RowSum(body) => {
                    let rows = &self.values[body.index()];
                    self.row = rows.iter().position(|x| x.is_nan()).or_else(|| rows.iter().position(|x| x.is_infinite()));
                    self.row.map(|_| body)
                }
                Node::Select(condition, then, otherwise) => {
                    let taken = if self.value(condition) == 0.0 { otherwise } else { then };
                    match self.undefined_below(condition) {
                        Some(inside) => Some(inside),
                        None => self.graph.number(taken).is_none().then_some(taken),
                    }
                }
                _ if value == 0.0 => match self.graph.node(id) {
                    Node::Binary(Binary::Multiply, a, b) => [a, b].into_iter().find(|&operand| self.value(operand) == 0.0),
                    Node::Binary(Binary::Divide, a, _) => (self.value(a) == 0.0).then_some(a),
                    Node::Unary(Unary::Exp, a) => (self.value(a) == f64::NEG_INFINITY).then_some(a),
                    _ => None,
                },
                _ => {
                    let fits =
                        |operand: &NodeId| if value.is_nan() { self.value(*operand).is_nan() } else { self.value(*operand).is_infinite() };
                    self.graph.operands(id).find(fits)
                }
            };
            match below.filter(|below| self.graph.number(*below).is_none()) {
                Some(below) => id = below,
                None => return id,
            }
        }
    }

    /// A NaN that made a condition false: comparisons swallow it.
    fn undefined_below(&self, condition: NodeId) -> Option<NodeId> {
        let order = self.graph.order(&[condition]);
        let all_rows = |id: &NodeId| self.value(*id).is_nan();
        order.into_iter().find(all_rows)
    }

    fn report(&self, culprit: NodeId) -> Blame {
        let names = self.model.names();
        let show = |id: NodeId| shortened(&expression(self.graph, id, &names, Language::Text));
        let value = self.value(culprit);
        let varies = self.graph.table_of(culprit).is_some();
        let typed = self.typed(culprit);
        let operands: Vec<(String, f64)> = self
            .graph
            .operands(culprit)
            .filter(|&operand| self.graph.number(operand).is_none())
            .map(|operand| (show(operand), self.value(operand)))
            .collect();
        let (text, inputs, span) = match typed {
            Some((text, inputs, span)) => (text, inputs, Some(span)),
            None => (show(culprit), operands.clone(), None),
        };
        let operand = operands.first().map(|(text, _)| text.clone()).unwrap_or_default();
        Blame {
            expression: text,
            value,
            inputs: inputs.into_iter().take(SHOWN).collect(),
            span,
            row: self.row.filter(|_| varies).map(|row| row + 1),
            fix: self.fix(culprit, &operand),
        }
    }

    /// The smallest piece of the text that holds `culprit`, its parts with their values, and its place.
    fn typed(&self, culprit: NodeId) -> Option<(String, Inputs, Span)> {
        let (ast, source) = (self.model.formula().ast(), self.model.formula().source());
        let origins = self.model.origins();
        let above = self.above(culprit);
        let width = |span: Span| span.end - span.start;
        let holds = |node: NodeId| above.get(node.index()).copied().unwrap_or(false);
        let (place, (expr, node)) = origins
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, (_, node))| holds(*node))
            // The name of a definition is its use, not the fault.
            .min_by_key(|&(place, (expr, node))| {
                (node != culprit, matches!(ast.expr(expr), Expr::Name(_)), width(ast.span(expr)), place)
            })?;
        let span = ast.span(expr);
        let below = self.graph.reachable(&[node]);
        let mut inputs = Vec::new();
        for part in ast.expr(expr).operands() {
            if matches!(ast.expr(part), Expr::Number(_)) {
                continue;
            }
            let is_below = |id: NodeId| below.get(id.index()).copied().unwrap_or(false);
            let own = origins[..place].iter().rev().find(|(known, node)| *known == part && is_below(*node));
            if let Some((_, node)) = own {
                let text = match self.graph.node(*node) {
                    Node::Variable(variable) => self.model.names()[variable as usize].clone(),
                    Node::Constant(_) => continue,
                    _ => shortened(&source[ast.span(part).start..ast.span(part).end]),
                };
                inputs.push((text, self.value(*node)));
            }
        }
        Some((shortened(&source[span.start..span.end]), inputs, span))
    }

    /// Which nodes have `culprit` below them, or are it.
    fn above(&self, culprit: NodeId) -> Vec<bool> {
        let mut above = vec![false; self.values.len().max(culprit.index() + 1)];
        above[culprit.index()] = true;
        for id in self.graph.order(&[self.model.typed(), self.model.log_density_node()]) {
            if id > culprit && id.index() < above.len() {
                above[id.index()] = self.graph.operands(id).any(|operand| above[operand.index()]);
            }
        }
        above
    }

    /// What happened at `culprit`, whose first operand is `operand`, and the way out.
    fn fix(&self, culprit: NodeId, operand: &str) -> String {
        let is_infinite = |id: NodeId| self.value(id).is_infinite();
        // A variable by itself has a range; of anything else only the person knows how to keep it inside.
        let keep = |id: NodeId, condition: &str, low: f64, high: f64| match self.graph.node(id) {
            Node::Variable(variable) => {
                let bound = &self.model.bounds()[variable as usize];
                format!("--range {}={},{}", bound.name, bound.low.max(low), bound.high.min(high))
            }
            _ => format!("restrict --range to where {operand} {condition}, or guard it: if({operand} {condition}, …)"),
        };
        let overflow = match self.model.meaning() {
            Meaning::Density => "too large for a double: give the logarithm, --log-density …".to_string(),
            _ => "too large for a double: narrow --range, or write it with logsumexp, softplus or log1p".to_string(),
        };
        let infinity = f64::INFINITY;
        match self.graph.node(culprit) {
            Node::Unary(Unary::Log, a) if self.value(a) < 0.0 => {
                format!("the logarithm of a negative number: {}", keep(a, "> 0", 0.0, infinity))
            }
            Node::Unary(Unary::Log, a) if self.value(a) == 0.0 => format!("the logarithm of 0: {}", keep(a, "> 0", 0.0, infinity)),
            Node::Unary(Unary::Log1p, a) => format!("log1p needs more than -1: {}", keep(a, "> -1", -1.0, infinity)),
            Node::Unary(Unary::Sqrt, a) => format!("the square root of a negative number: {}", keep(a, ">= 0", 0.0, infinity)),
            Node::Unary(op @ (Unary::Asin | Unary::Acos | Unary::Atanh), a) => {
                format!("{} is for -1 to 1: {}", op.name(), keep(a, "in -1 to 1", -1.0, 1.0))
            }
            Node::Unary(Unary::Acosh, a) => format!("acosh is for 1 and more: {}", keep(a, ">= 1", 1.0, infinity)),
            Node::Unary(Unary::Log1mExp, a) => format!("log1m_exp is for negative numbers: {}", keep(a, "< 0", -infinity, 0.0)),
            Node::Unary(Unary::Exp | Unary::Expm1 | Unary::Sinh | Unary::Cosh, _) => overflow,
            Node::Unary(Unary::Gamma, a) if self.value(a) > 1.0 => "too large for a double: lgamma is its logarithm".into(),
            Node::Unary(op @ (Unary::Gamma | Unary::Lgamma | Unary::Digamma), a) => {
                format!("{} has a pole there: {}", op.name(), keep(a, "> 0", 0.0, infinity))
            }
            Node::Binary(Binary::Divide, a, b) if self.value(b) == 0.0 && !self.value(a).is_nan() => {
                let names = self.model.names();
                let below = shortened(&expression(self.graph, b, &names, Language::Text));
                format!("division by zero: restrict --range to where {below} is not 0, or guard it: if({below} != 0, …)")
            }
            Node::Binary(Binary::Pow, a, _) if self.value(a) < 0.0 => {
                format!("a negative number to a power that is no whole number: {}", keep(a, ">= 0", 0.0, infinity))
            }
            Node::Power(a, n) if n < 0 && self.value(a) == 0.0 => {
                format!("division by zero: restrict --range to where {operand} is not 0, or guard it: if({operand} != 0, …)")
            }
            Node::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, a, b) if is_infinite(a) || is_infinite(b) => {
                let from = if is_infinite(a) { a } else { b };
                let mut walk = Walk { model: self.model, graph: self.graph, values: self.values.clone(), row: self.row };
                let source = walk.culprit(from);
                if source < culprit && source != from {
                    return walk.report(source).fix;
                }
                match self.graph.node(from) {
                    Node::Unary(..) | Node::Power(..) => walk.report(from).fix,
                    _ => overflow,
                }
            }
            Node::Select(..) => "outside the support: the density is zero there; narrow --range to where it is positive".into(),
            Node::Binary(..) | Node::Power(..) => overflow,
            _ => "narrow --range to where it is defined".into(),
        }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LETTERS { text.to_string() } else { text.chars().take(LETTERS - 1).chain(['…']).collect() }
}
