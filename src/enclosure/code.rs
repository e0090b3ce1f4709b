//! The graph as steps over any kind of number that encloses: intervals, Taylor series, germs.

use rustc_hash::FxHashMap as HashMap;

use super::functions::{self, Enclosed};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::math::Interval;

/// A kind of number that every operator of the graph is defined on.
pub(crate) trait Enclosing: Clone + From<Interval> {
    /// A constant of the formula.
    fn literal(value: f64) -> Self;
    /// An operator of one operand.
    fn unary(op: Unary, x: &Self) -> Self;
    /// An operator of two operands.
    fn binary(op: Binary, a: &Self, b: &Self) -> Self;
    /// An integer power.
    fn power(x: &Self, n: i32) -> Self;
    /// ψ⁽ⁿ⁾.
    fn polygamma(n: u32, x: &Self) -> Self;
    /// `if(condition, then, otherwise)`.
    fn select(condition: &Self, then: &Self, otherwise: &Self) -> Self;
    /// log Σ exp.
    fn log_sum_exp(operands: &[&Self]) -> Self;
    /// One of several, nobody knows which.
    fn one_of(operands: &[&Self]) -> Self {
        let _ = operands;
        Interval::ALL.into()
    }
    /// A sum over the rows of a table.
    fn row_sum(body: &Self) -> Self {
        let _ = body;
        Interval::ALL.into()
    }
    /// Hears at which of the known roots in the box the value is exactly zero, one bit a root.
    fn vanishes_at(&mut self, roots: u32) {
        let _ = roots;
    }
}

impl From<Interval> for Enclosed {
    fn from(range: Interval) -> Self {
        Enclosed::total(range)
    }
}

impl Enclosing for Enclosed {
    fn literal(value: f64) -> Self {
        if value.is_nan() { Enclosed::undefined() } else { Enclosed::total(Interval::literal(value)) }
    }

    fn unary(op: Unary, x: &Self) -> Self {
        functions::unary(op, x.range).partial_if(x.partial).nowhere_if(x.nowhere).jumps_if(x.jumps)
    }

    fn binary(op: Binary, a: &Self, b: &Self) -> Self {
        let (partial, nowhere) = (a.partial || b.partial, a.nowhere || b.nowhere);
        functions::binary(op, a.range, b.range).partial_if(partial).nowhere_if(nowhere).jumps_if(a.jumps || b.jumps)
    }

    fn power(x: &Self, n: i32) -> Self {
        Enclosed { range: x.range.powi(n), jumps: x.jumps || n < 0 && x.range.contains(0.0), ..*x }
    }

    fn polygamma(n: u32, x: &Self) -> Self {
        functions::polygamma(n, x.range).partial_if(x.partial).nowhere_if(x.nowhere).jumps_if(x.jumps)
    }

    fn select(condition: &Self, then: &Self, otherwise: &Self) -> Self {
        functions::select(*condition, *then, *otherwise)
    }

    fn log_sum_exp(operands: &[&Self]) -> Self {
        let any = |of: fn(&Enclosed) -> bool| operands.iter().any(|operand| of(operand));
        Enclosed::total(functions::log_sum_exp(operands.iter().map(|operand| operand.range)))
            .partial_if(any(|x| x.partial))
            .nowhere_if(any(|x| x.nowhere))
            .jumps_if(any(|x| x.jumps))
    }

    fn one_of(operands: &[&Self]) -> Self {
        let hull = |a: Enclosed, b: Enclosed| Enclosed { range: a.range.hull(b.range), ..a }.partial_if(b.partial).jumps_if(b.jumps);
        operands.iter().map(|operand| **operand).reduce(hull).unwrap_or(Enclosed::undefined())
    }

    fn row_sum(body: &Self) -> Self {
        // The sum of any number of terms of one sign has that sign.
        let low = if body.range.is_nonnegative() { 0.0 } else { f64::NEG_INFINITY };
        let high = if body.range.is_nonpositive() { 0.0 } else { f64::INFINITY };
        Enclosed { range: Interval { low, high }, ..*body }
    }
}

/// One operator, its operands by the steps that made them.
#[derive(Debug, Clone)]
enum Step {
    Literal(f64),
    Variable(u32),
    Unary(Unary, u32),
    Binary(Binary, u32, u32),
    Power(u32, i32),
    Polygamma(u32, u32),
    Select(u32, u32, u32),
    LogSumExp(Box<[u32]>),
    /// What stands for rows of data: a range that is known beforehand.
    Known(Interval),
    /// A sum over rows, of which the sign is known by that of its terms.
    Sum(u32),
    /// One of several.
    Any(Box<[u32]>),
}

/// The steps that compute some nodes of a graph, children first.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    steps: Vec<Step>,
    roots: Vec<u32>,
}

impl Code {
    /// The steps for `roots`.
    pub(crate) fn new(graph: &Graph, roots: &[NodeId]) -> Code {
        let mut places: HashMap<NodeId, u32> = HashMap::default();
        let mut steps = Vec::new();
        for id in graph.order(roots) {
            let at = |id: NodeId| places[&id];
            let list = |list| graph.list(list).iter().map(|&operand| at(operand)).collect::<Box<[u32]>>();
            let step = match graph.node(id) {
                Node::Constant(bits) => Step::Literal(f64::from_bits(bits)),
                Node::Variable(variable) => Step::Variable(variable),
                Node::Unary(op, x) => Step::Unary(op, at(x)),
                Node::Binary(op, a, b) => Step::Binary(op, at(a), at(b)),
                Node::Power(x, n) => Step::Power(at(x), n),
                Node::Polygamma(n, x) => Step::Polygamma(n, at(x)),
                Node::Select(c, a, b) => Step::Select(at(c), at(a), at(b)),
                Node::LogSumExp(operands) => Step::LogSumExp(list(operands)),
                Node::Column(column) => {
                    let values = graph.column_values(column);
                    let ends = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
                    Step::Known(Interval::new(ends.0, ends.1))
                }
                Node::Gather(elements, _) => Step::Any(list(elements)),
                Node::RowSum(body) | Node::GroupSum(body, ..) => Step::Sum(at(body)),
            };
            places.insert(id, steps.len() as u32);
            steps.push(step);
        }
        Code { steps, roots: roots.iter().map(|root| places[root]).collect() }
    }

    /// How many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The place of root number `root` among the values.
    pub(crate) fn root(&self, root: usize) -> usize {
        self.roots[root] as usize
    }

    /// The value of each step at `inputs`, one entry a variable; `zeros` has for each step the roots at which it vanishes, or is empty.
    pub(crate) fn run<A: Enclosing>(&self, inputs: &[A], zeros: &[u32], values: &mut Vec<A>) {
        values.clear();
        for (index, step) in self.steps.iter().enumerate() {
            let of = |at: &u32| &values[*at as usize];
            let mut value = match step {
                Step::Literal(value) => A::literal(*value),
                Step::Variable(variable) => inputs[*variable as usize].clone(),
                Step::Unary(op, x) => A::unary(*op, of(x)),
                Step::Binary(op, a, b) => A::binary(*op, of(a), of(b)),
                Step::Power(x, n) => A::power(of(x), *n),
                Step::Polygamma(n, x) => A::polygamma(*n, of(x)),
                Step::Select(c, a, b) => A::select(of(c), of(a), of(b)),
                Step::LogSumExp(list) => A::log_sum_exp(&list.iter().map(of).collect::<Vec<_>>()),
                Step::Known(range) => A::from(*range),
                Step::Any(list) => A::one_of(&list.iter().map(of).collect::<Vec<_>>()),
                Step::Sum(body) => A::row_sum(of(body)),
            };
            if let Some(&roots) = zeros.get(index).filter(|roots| **roots != 0) {
                value.vanishes_at(roots);
            }
            values.push(value);
        }
    }

    /// The range of each step over a box, and where it is undefined or jumps.
    pub(crate) fn ranges(&self, ends: &[Interval], values: &mut Vec<Enclosed>) {
        let inputs: Vec<Enclosed> = ends.iter().map(|range| Enclosed::total(*range)).collect();
        self.run(&inputs, &[], values);
    }
}
