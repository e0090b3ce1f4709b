//! Graph to operations, each one pass over the lanes, in the order in which they run.

use std::collections::{HashMap, HashSet};

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// What a tape may do to the roundings of a formula. Neither changes from machine to machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// A sum, with the products in it, is one chain of fused multiply-adds: n terms are rounded n times at most, in an order of the
    /// tape's choosing; of a log-sum-exp and its derivatives the exponentials are computed once. Nothing else is re-associated,
    /// expanded or divided out.
    #[default]
    Fused,
    /// Every operation is rounded by itself, in the order in which it was written: bit for bit the scalar definition.
    AsWritten,
}

/// The result of an operation, by the operation's number.
pub(super) type Value = u32;

/// What is added to a sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Term {
    Scaled(f64, Value),
    Product(Value, Value),
    NegativeProduct(Value, Value),
}

/// What a sum begins with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    Constant(f64),
    Value(Value),
}

/// Two functions of one operand that share most of their work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Twins {
    SinCos,
    SoftplusSigmoid,
}

impl Twins {
    const ALL: [Twins; 2] = [Twins::SinCos, Twins::SoftplusSigmoid];

    fn members(self) -> [Unary; 2] {
        match self {
            Twins::SinCos => [Unary::Sin, Unary::Cos],
            Twins::SoftplusSigmoid => [Unary::Softplus, Unary::Sigmoid],
        }
    }
}

/// One pass over the lanes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    Input(u32),
    Constant(f64),
    Unary(Unary, Value),
    Binary(Binary, Value, Value),
    /// The right operand is a number.
    BinaryRight(Binary, Value, f64),
    /// The left operand is a number.
    BinaryLeft(Binary, f64, Value),
    /// An integer power.
    Power(Value, i32),
    /// A derivative of digamma.
    Polygamma(u32, Value),
    /// Condition, then, otherwise.
    Select(Value, Value, Value),
    /// log Σ exp.
    LogSumExp(Vec<Value>),
    /// A chain of fused multiply-adds; at most [`LONGEST_SUM`] terms, scaled ones first, negative products last.
    Sum(Start, Vec<Term>),
    /// The largest of some.
    Largest(Vec<Value>),
    /// exp(a − b).
    ExpDifference(Value, Value),
    /// m + log(total), or m where that is infinite: the end of a log-sum-exp.
    LogTotal(Value, Value),
    /// The first of two; the second is the operation after it.
    Twins(Twins, Value),
    /// The second result of the operation before it.
    SecondTwin,
}

/// More terms than a machine has registers for gain nothing.
pub(super) const LONGEST_SUM: usize = 4;

impl Operation {
    /// The operands.
    pub(super) fn operands(&self) -> Vec<Value> {
        use Operation::*;
        match self {
            Input(_) | Constant(_) | SecondTwin => vec![],
            Unary(_, a) | BinaryRight(_, a, _) | BinaryLeft(_, _, a) | Power(a, _) | Polygamma(_, a) | Twins(_, a) => vec![*a],
            Binary(_, a, b) | ExpDifference(a, b) | LogTotal(a, b) => vec![*a, *b],
            Select(c, a, b) => vec![*c, *a, *b],
            LogSumExp(list) | Largest(list) => list.clone(),
            Sum(start, terms) => {
                let mut all: Vec<Value> = terms
                    .iter()
                    .flat_map(|term| match *term {
                        Term::Scaled(_, a) => [a, a],
                        Term::Product(a, b) | Term::NegativeProduct(a, b) => [a, b],
                    })
                    .collect();
                if let Start::Value(value) = start {
                    all.push(*value);
                }
                all
            }
        }
    }
}

/// What to compute for a node, before its operands have values.
enum Plan {
    /// The node's own operation.
    Plain,
    /// The sum of a constant and of terms over nodes.
    Sum(f64, Vec<(f64, Factors)>),
    /// The log-sum-exp of a node, by its parts.
    LogSumExp,
    /// The weight of an operand within a log-sum-exp: exp(operand − logsumexp).
    Weight(NodeId, NodeId),
}

#[derive(Clone, Copy)]
enum Factors {
    One(NodeId),
    Two(NodeId, NodeId),
}

/// What is to be computed: a node's value, or the parts of a log-sum-exp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Goal {
    Value(NodeId),
    Parts(NodeId),
}

/// Builds the list of operations, depth first, so that a value is computed shortly before it is used.
pub(super) struct Builder<'a> {
    graph: &'a Graph,
    rounding: Rounding,
    /// How often each node is read, outputs included.
    uses: HashMap<NodeId, u32>,
    /// How many registers a node's value takes to compute, counted as for a tree (Sethi & Ullman 1970).
    need: HashMap<NodeId, u32>,
    operations: Vec<Operation>,
    values: HashMap<NodeId, Value>,
    /// Of a log-sum-exp: the largest operand, the sum of the weights; and each weight by its operand.
    parts: HashMap<NodeId, (Value, Value)>,
    weights: HashMap<(NodeId, NodeId), Value>,
    present: HashSet<NodeId>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(graph: &'a Graph, outputs: &[NodeId], rounding: Rounding) -> Self {
        let order = graph.order(outputs);
        let mut uses: HashMap<NodeId, u32> = HashMap::new();
        let mut need: HashMap<NodeId, u32> = HashMap::new();
        for &id in &order {
            let mut needs: Vec<u32> = graph.operands(id).map(|operand| need[&operand]).collect();
            needs.sort_unstable_by(|a, b| b.cmp(a));
            let most = needs.iter().zip(0..).map(|(&need, held)| need + held).max();
            need.insert(id, if graph.number(id).is_some() { 0 } else { most.unwrap_or(0).max(1) });
            for operand in graph.operands(id) {
                *uses.entry(operand).or_default() += 1;
            }
        }
        for &output in outputs {
            *uses.entry(output).or_default() += 1;
        }
        let present = order.into_iter().collect();
        let (operations, values, parts, weights) = (Vec::new(), HashMap::new(), HashMap::new(), HashMap::new());
        Builder { graph, rounding, uses, need, operations, values, parts, weights, present }
    }

    /// All operations, and the value of each output.
    pub(super) fn build(mut self, outputs: &[NodeId]) -> (Vec<Operation>, Vec<Value>) {
        for &output in outputs {
            self.compute(output);
        }
        let values = outputs.iter().map(|output| self.values[output]).collect();
        (self.operations, values)
    }

    fn compute(&mut self, output: NodeId) {
        // Each goal is met twice: first its operands are asked for, then it is emitted.
        let mut stack = vec![(Goal::Value(output), None)];
        while let Some((goal, plan)) = stack.pop() {
            if self.is_met(goal) {
                continue;
            }
            match plan {
                Some(plan) => self.emit(goal, plan),
                None => {
                    let plan = self.plan(goal);
                    let mut operands = self.asked_for(goal, &plan);
                    operands.retain(|&operand| !self.is_met(operand));
                    // The last pushed is computed first: what needs most registers, while most are free.
                    operands.sort_by_key(|goal| match goal {
                        Goal::Value(id) | Goal::Parts(id) => self.need[id],
                    });
                    stack.push((goal, Some(plan)));
                    stack.extend(operands.into_iter().map(|operand| (operand, None)));
                }
            }
        }
    }

    fn is_met(&self, goal: Goal) -> bool {
        match goal {
            Goal::Value(id) => self.values.contains_key(&id),
            Goal::Parts(id) => self.parts.contains_key(&id),
        }
    }

    fn plan(&self, goal: Goal) -> Plan {
        let Goal::Value(id) = goal else { return Plan::Plain };
        if self.rounding == Rounding::AsWritten {
            return Plan::Plain;
        }
        match self.graph.node(id) {
            Node::LogSumExp(_) => Plan::LogSumExp,
            Node::Unary(Unary::Exp, difference) => match self.graph.node(difference) {
                Node::Binary(Binary::Subtract, operand, total) => match self.graph.node(total) {
                    Node::LogSumExp(list) if self.graph.list(list).contains(&operand) => Plan::Weight(operand, total),
                    _ => Plan::Plain,
                },
                _ => Plan::Plain,
            },
            Node::Binary(Binary::Add | Binary::Subtract, ..) => self.plan_sum(id),
            _ => Plan::Plain,
        }
    }

    /// The terms of a sum: inner sums, products and squares that nothing else reads become part of it.
    fn plan_sum(&self, id: NodeId) -> Plan {
        let graph = self.graph;
        let mine = |node: NodeId| node == id || self.uses[&node] == 1;
        let mut constant = 0.0;
        let mut terms = Vec::new();
        let mut stack = vec![(id, 1.0)];
        while let Some((node, sign)) = stack.pop() {
            if let Some(number) = graph.number(node) {
                constant += sign * number;
                continue;
            }
            match graph.node(node) {
                Node::Binary(Binary::Add, a, b) if mine(node) => stack.extend([(b, sign), (a, sign)]),
                Node::Binary(Binary::Subtract, a, b) if mine(node) => stack.extend([(b, -sign), (a, sign)]),
                Node::Unary(Unary::Negate, a) if mine(node) => stack.push((a, -sign)),
                Node::Power(a, 2) if mine(node) => terms.push((sign, Factors::Two(a, a))),
                Node::Binary(Binary::Multiply, a, b) if mine(node) => terms.push(match (graph.number(a), graph.number(b)) {
                    (Some(factor), None) => (sign * factor, Factors::One(b)),
                    (None, Some(factor)) => (sign * factor, Factors::One(a)),
                    _ => (sign, Factors::Two(a, b)),
                }),
                _ => terms.push((sign, Factors::One(node))),
            }
        }
        let plain = terms.iter().all(|(_, factors)| matches!(factors, Factors::One(_)));
        let scaled = terms.iter().filter(|(factor, _)| factor.abs() != 1.0).count();
        // Two numbers added need no chain.
        if plain && scaled == 0 && terms.len() + usize::from(constant != 0.0) <= 2 { Plan::Plain } else { Plan::Sum(constant, terms) }
    }

    /// What a plan needs first.
    fn asked_for(&self, goal: Goal, plan: &Plan) -> Vec<Goal> {
        let values = |list: &[NodeId]| list.iter().map(|&id| Goal::Value(id)).collect();
        match (goal, plan) {
            (Goal::Parts(id), _) => match self.graph.node(id) {
                Node::LogSumExp(list) => values(self.graph.list(list)),
                _ => unreachable!("only a log-sum-exp has parts"),
            },
            (Goal::Value(id), Plan::LogSumExp) => vec![Goal::Parts(id)],
            (_, Plan::Weight(_, total)) => vec![Goal::Parts(*total)],
            (_, Plan::Sum(_, terms)) => terms
                .iter()
                .flat_map(|(_, factors)| match *factors {
                    Factors::One(a) => [a, a],
                    Factors::Two(a, b) => [a, b],
                })
                .map(Goal::Value)
                .collect(),
            (Goal::Value(id), Plan::Plain) => {
                let operands = self.graph.operands(id);
                match self.graph.node(id) {
                    Node::Binary(_, a, b) if self.is_immediate(b) && !self.is_immediate(a) => vec![Goal::Value(a)],
                    Node::Binary(_, a, b) if self.is_immediate(a) && !self.is_immediate(b) => vec![Goal::Value(b)],
                    _ => operands.map(Goal::Value).collect(),
                }
            }
        }
    }

    fn is_immediate(&self, id: NodeId) -> bool {
        self.graph.number(id).is_some()
    }

    fn push(&mut self, operation: Operation) -> Value {
        self.operations.push(operation);
        self.operations.len() as Value - 1
    }

    fn emit(&mut self, goal: Goal, plan: Plan) {
        let id = match goal {
            Goal::Parts(id) => return self.emit_parts(id),
            Goal::Value(id) => id,
        };
        let value = match plan {
            Plan::Plain => self.emit_plain(id),
            Plan::Sum(constant, terms) => self.emit_sum(constant, &terms),
            Plan::LogSumExp => {
                let (largest, total) = self.parts[&id];
                self.push(Operation::LogTotal(largest, total))
            }
            Plan::Weight(operand, total) => {
                let (weight, total) = (self.weights[&(total, operand)], self.parts[&total].1);
                self.push(Operation::Binary(Binary::Divide, weight, total))
            }
        };
        self.values.insert(id, value);
    }

    fn emit_parts(&mut self, id: NodeId) {
        let Node::LogSumExp(list) = self.graph.node(id) else { unreachable!("only a log-sum-exp has parts") };
        let operands = self.graph.list(list);
        let values: Vec<Value> = operands.iter().map(|operand| self.values[operand]).collect();
        let largest = self.push(Operation::Largest(values.clone()));
        let weights: Vec<Value> = values.iter().map(|&value| self.push(Operation::ExpDifference(value, largest))).collect();
        for (&operand, &weight) in operands.iter().zip(&weights) {
            self.weights.insert((id, operand), weight);
        }
        let terms = weights.iter().map(|&weight| Term::Scaled(1.0, weight)).collect();
        let total = self.chain(0.0, terms);
        self.parts.insert(id, (largest, total));
    }

    fn emit_sum(&mut self, constant: f64, terms: &[(f64, Factors)]) -> Value {
        let terms = terms
            .iter()
            .map(|&(factor, factors)| match factors {
                Factors::One(a) => Term::Scaled(factor, self.values[&a]),
                Factors::Two(a, b) if factor > 0.0 => Term::Product(self.values[&a], self.values[&b]),
                Factors::Two(a, b) => Term::NegativeProduct(self.values[&a], self.values[&b]),
            })
            .collect();
        self.chain(constant, terms)
    }

    /// constant + Σ terms, in pieces of [`LONGEST_SUM`].
    fn chain(&mut self, constant: f64, mut terms: Vec<Term>) -> Value {
        let mut start = Start::Constant(constant);
        if constant == 0.0 && let Some(at) = terms.iter().position(|term| matches!(term, Term::Scaled(1.0, _))) {
            let Term::Scaled(_, value) = terms.remove(at) else { unreachable!("just found") };
            start = Start::Value(value);
        }
        let mut pieces = terms.chunks_mut(LONGEST_SUM);
        let mut total = None;
        while let Some(piece) = pieces.next() {
            piece.sort_by_key(|term| match term {
                Term::Scaled(..) => 0,
                Term::Product(..) => 1,
                Term::NegativeProduct(..) => 2,
            });
            let value = self.push(Operation::Sum(start, piece.to_vec()));
            total = Some(value);
            start = Start::Value(value);
        }
        total.unwrap_or_else(|| match start {
            Start::Value(value) => value,
            Start::Constant(number) => self.push(Operation::Constant(number)),
        })
    }

    fn emit_plain(&mut self, id: NodeId) -> Value {
        let graph = self.graph;
        let value = |id: NodeId| self.values[&id];
        let operation = match graph.node(id) {
            Node::Constant(bits) => Operation::Constant(f64::from_bits(bits)),
            Node::Variable(variable) => Operation::Input(variable),
            Node::Unary(op, a) => return self.emit_unary(op, a),
            Node::Binary(op, a, b) => match (graph.number(a), graph.number(b)) {
                (None, Some(b)) => Operation::BinaryRight(op, value(a), b),
                (Some(a), None) => Operation::BinaryLeft(op, a, value(b)),
                _ => Operation::Binary(op, value(a), value(b)),
            },
            Node::Power(a, n) => Operation::Power(value(a), n),
            Node::Polygamma(n, a) => Operation::Polygamma(n, value(a)),
            Node::Select(c, a, b) => Operation::Select(value(c), value(a), value(b)),
            Node::LogSumExp(list) => Operation::LogSumExp(graph.list(list).iter().map(|&operand| value(operand)).collect()),
        };
        self.push(operation)
    }

    /// A function of one operand; with its twin, if that is wanted too: the bits are the same either way.
    fn emit_unary(&mut self, op: Unary, a: NodeId) -> Value {
        let operand = self.values[&a];
        for twins in Twins::ALL {
            let nodes = twins.members().map(|member| self.graph.find(Node::Unary(member, a)).filter(|id| self.present.contains(id)));
            if let [Some(first), Some(second)] = nodes
                && twins.members().contains(&op)
            {
                let value = self.push(Operation::Twins(twins, operand));
                self.push(Operation::SecondTwin);
                self.values.insert(first, value);
                self.values.insert(second, value + 1);
                return if op == twins.members()[0] { value } else { value + 1 };
            }
        }
        self.push(Operation::Unary(op, operand))
    }
}
