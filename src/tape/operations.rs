//! Graph to operations, each one pass over the lanes, in the order in which they run.

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// What a tape may do to the roundings of a formula. Neither changes from machine to machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// A sum, with the products and powers in it, is one chain of fused multiply-adds in an order of the tape's choosing; quotients
    /// that are added and share a divisor are divided once; division by a number is multiplication by its reciprocal; the
    /// exponentials of a log-sum-exp serve its derivatives too. Nothing else is re-associated, and nothing is expanded: every
    /// difference is taken as it was written.
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
    /// factor·(a − shift).
    Scaled { factor: f64, a: Value, shift: f64 },
    /// factor·a·b.
    Product { factor: f64, a: Value, b: Value },
    /// factor·(a − shift)ⁿ, n from 1 to [`HIGHEST_POWER`].
    Power { factor: f64, a: Value, shift: f64, exponent: i32 },
}

/// Powers up to this one are computed within a sum, even twice: a multiplication costs less than a pass.
pub(super) const HIGHEST_POWER: i32 = 4;

/// factor·number·column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Multiple {
    pub(super) factor: f64,
    /// By the number of the input, as [`column`](Multiple::column).
    pub(super) number: u32,
    pub(super) column: u32,
}

/// What the inputs of a tape over rows are: numbers of a chain, the same in all rows, come first, columns of the table, the same for all
/// chains, last. Their products are computed for several chains at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowKinds {
    /// How many numbers there are.
    pub(super) numbers: u32,
    /// The first column.
    pub(super) columns: u32,
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
    /// start + Σ terms, a chain of fused multiply-adds: at most [`LONGEST_SUM`] scaled terms, then products; or at most
    /// [`LONGEST_POWER_SUM`] powers, the highest first.
    Sum(Start, Vec<Term>),
    /// The largest of some.
    Largest(Vec<Value>),
    /// start + Σ factor·number·column, a chain of fused multiply-adds; see [`RowKinds`].
    Combination(Start, Vec<Multiple>),
    /// 1/a.
    Reciprocal(Value),
    /// exp(a − b).
    ExpDifference(Value, Value),
    /// m + log(total), or m where that is infinite: the end of a log-sum-exp.
    LogTotal(Value, Value),
    /// The first of two; the second is the operation after it.
    Twins(Twins, Value),
    /// The second result of the operation before it.
    SecondTwin,
}

/// Each number of scaled terms and products is a loop of its own, as is each choice of exponents.
pub(super) const LONGEST_SUM: usize = 6;
pub(super) const LONGEST_POWER_SUM: usize = 3;

impl Operation {
    /// The operands.
    pub(super) fn operands(&self) -> Vec<Value> {
        use Operation::*;
        match self {
            Input(_) | Constant(_) | SecondTwin => vec![],
            Unary(_, a) | BinaryRight(_, a, _) | BinaryLeft(_, _, a) | Power(a, _) | Polygamma(_, a) | Twins(_, a) | Reciprocal(a) => {
                vec![*a]
            }
            Binary(_, a, b) | ExpDifference(a, b) | LogTotal(a, b) => vec![*a, *b],
            Select(c, a, b) => vec![*c, *a, *b],
            LogSumExp(list) | Largest(list) => list.clone(),
            Sum(start, terms) => {
                let mut all: Vec<Value> = terms
                    .iter()
                    .flat_map(|term| match *term {
                        Term::Scaled { a, .. } | Term::Power { a, .. } => [a, a],
                        Term::Product { a, b, .. } => [a, b],
                    })
                    .collect();
                if let Start::Value(value) = start {
                    all.push(*value);
                }
                all
            }
            // The others are inputs, which no place is freed for.
            Combination(Start::Value(value), _) => vec![*value],
            Combination(Start::Constant(_), _) => vec![],
        }
    }
}

/// What to compute for a node, before its operands have values.
enum Plan {
    /// The node's own operation.
    Plain,
    /// A sum over nodes, times a number.
    Sum(f64, Total),
    /// A node times a number.
    Scaled(f64, NodeId),
    /// The log-sum-exp of a node, by its parts.
    LogSumExp,
    /// The weight of an operand within a log-sum-exp: exp(operand − logsumexp).
    Weight(NodeId, NodeId),
}

/// constant + Σ factor·summand + Σ numerator/divisor.
#[derive(Default)]
struct Total {
    constant: f64,
    terms: Vec<(f64, Summand)>,
    quotients: Vec<(NodeId, Total)>,
}

impl Total {
    fn summands(&self) -> impl Iterator<Item = &(f64, Summand)> {
        self.terms.iter().chain(self.quotients.iter().flat_map(|(_, numerator)| &numerator.terms))
    }
}

#[derive(Clone, Copy)]
enum Summand {
    One(NodeId),
    Two(NodeId, NodeId),
    /// (node − shift)ⁿ.
    Power(NodeId, f64, i32),
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
    kinds: Option<RowKinds>,
    /// How often each node is read, outputs included.
    uses: HashMap<NodeId, u32>,
    /// How many registers a node's value takes to compute, counted as for a tree (Sethi & Ullman 1970).
    need: HashMap<NodeId, u32>,
    operations: Vec<Operation>,
    values: HashMap<NodeId, Value>,
    /// Of a log-sum-exp: the largest operand, the sum of the weights; and each weight by its operand.
    parts: HashMap<NodeId, (Value, Value)>,
    weights: HashMap<(NodeId, NodeId), Value>,
    inverses: HashMap<NodeId, Value>,
    present: HashSet<NodeId>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(graph: &'a Graph, outputs: &[NodeId], rounding: Rounding, kinds: Option<RowKinds>) -> Self {
        let order = graph.order(outputs);
        let mut uses: HashMap<NodeId, u32> = HashMap::default();
        let mut need: HashMap<NodeId, u32> = HashMap::default();
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
        Builder {
            graph,
            rounding,
            kinds,
            uses,
            need,
            operations: Vec::new(),
            values: HashMap::default(),
            parts: HashMap::default(),
            weights: HashMap::default(),
            inverses: HashMap::default(),
            present,
        }
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
            Node::Binary(Binary::Add | Binary::Subtract, ..) if self.shifted(id).is_none() => self.plan_sum(1.0, id),
            Node::Binary(Binary::Multiply, a, b) => match (self.graph.number(a), self.graph.number(b)) {
                (Some(factor), None) => self.plan_scaled(factor, b),
                (None, Some(factor)) => self.plan_scaled(factor, a),
                _ => Plan::Plain,
            },
            Node::Binary(Binary::Divide, a, b) => match self.graph.number(b).map(|number| 1.0 / number) {
                Some(factor) if factor.is_normal() => self.plan_scaled(factor, a),
                _ => Plan::Plain,
            },
            _ => Plan::Plain,
        }
    }

    /// A number times a node: times the sum that the node is, if nothing else reads it.
    fn plan_scaled(&self, factor: f64, node: NodeId) -> Plan {
        let is_sum = matches!(self.graph.node(node), Node::Binary(Binary::Add | Binary::Subtract, ..));
        if is_sum && self.uses[&node] == 1 && !self.is_met(Goal::Value(node)) {
            self.plan_sum(factor, node)
        } else {
            Plan::Scaled(factor, node)
        }
    }

    /// The terms of a sum: inner sums, products and quotients that nothing else reads become part of it.
    fn plan_sum(&self, factor: f64, id: NodeId) -> Plan {
        let total = self.total(id);
        let plain = total.terms.iter().all(|(factor, summand)| factor.abs() == 1.0 && matches!(summand, Summand::One(_)));
        let few = total.terms.len() + usize::from(total.constant != 0.0) <= 2;
        // Two numbers added need no chain.
        if factor == 1.0 && plain && few && total.quotients.is_empty() { Plan::Plain } else { Plan::Sum(factor, total) }
    }

    fn total(&self, id: NodeId) -> Total {
        let graph = self.graph;
        let mine = |node: NodeId| node == id || self.uses[&node] == 1;
        let mut total = Total::default();
        let mut stack = vec![(id, 1.0)];
        let mut quotients: Vec<(NodeId, NodeId, f64)> = Vec::new();
        while let Some((node, sign)) = stack.pop() {
            match graph.node(node) {
                _ if graph.number(node).is_some() => total.constant += sign * graph.number(node).unwrap_or_default(),
                Node::Binary(Binary::Add, a, b) if mine(node) && self.shifted(node).is_none() => stack.extend([(b, sign), (a, sign)]),
                Node::Binary(Binary::Subtract, a, b) if mine(node) && self.shifted(node).is_none() => stack.extend([(b, -sign), (a, sign)]),
                Node::Unary(Unary::Negate, a) if mine(node) => stack.push((a, -sign)),
                Node::Binary(Binary::Divide, a, b) if mine(node) && graph.number(b).is_none() => quotients.push((b, a, sign)),
                _ => total.terms.push(self.term(node, sign)),
            }
        }
        // Only divisors that occur twice are worth a sum of numerators.
        let mut divisors: Vec<NodeId> = Vec::new();
        for &(divisor, numerator, sign) in &quotients {
            if quotients.iter().filter(|(other, ..)| *other == divisor).count() < 2 {
                let quotient = graph.find(Node::Binary(Binary::Divide, numerator, divisor)).expect("the node was just seen");
                total.terms.push((sign, Summand::One(quotient)));
            } else {
                let at = divisors.iter().position(|known| *known == divisor).unwrap_or_else(|| {
                    divisors.push(divisor);
                    total.quotients.push((divisor, Total::default()));
                    divisors.len() - 1
                });
                total.quotients[at].1.terms.push(self.term(numerator, sign));
            }
        }
        total
    }

    /// x, c and the sign of ±(x − c), unless x is itself a sum, product or power that becomes part of the sum.
    fn shifted(&self, node: NodeId) -> Option<(NodeId, f64, f64)> {
        let (x, shift, sign) = match self.graph.node(node) {
            Node::Binary(Binary::Subtract, a, b) => match (self.graph.number(a), self.graph.number(b)) {
                (None, Some(c)) => (a, c, 1.0),
                (Some(c), None) => (b, c, -1.0),
                _ => return None,
            },
            Node::Binary(Binary::Add, x, c) => (x, -self.graph.number(c)?, 1.0),
            _ => return None,
        };
        let absorbed = match self.graph.node(x) {
            Node::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, ..) => self.uses[&x] == 1,
            Node::Power(_, 2..=HIGHEST_POWER) => true,
            _ => false,
        };
        (!absorbed).then_some((x, shift, sign))
    }

    /// sign·node as a term.
    fn term(&self, node: NodeId, sign: f64) -> (f64, Summand) {
        let graph = self.graph;
        match graph.node(node) {
            Node::Power(a, n @ 2..=HIGHEST_POWER) => {
                let (a, shift, turned) = self.shifted(a).unwrap_or((a, 0.0, 1.0));
                (if n % 2 == 1 { sign * turned } else { sign }, Summand::Power(a, shift, n))
            }
            Node::Binary(Binary::Multiply, a, b) if self.uses[&node] == 1 => match (graph.number(a), graph.number(b)) {
                (Some(factor), None) => self.scaled_term(sign * factor, b),
                (None, Some(factor)) => self.scaled_term(sign * factor, a),
                _ => (sign, Summand::Two(a, b)),
            },
            Node::Binary(Binary::Divide, a, b) if self.uses[&node] == 1 => match graph.number(b).map(|number| 1.0 / number) {
                Some(factor) if factor.is_normal() => self.scaled_term(sign * factor, a),
                _ => (sign, Summand::One(node)),
            },
            _ => self.scaled_term(sign, node),
        }
    }

    /// factor·node, where the node may be a power or a shift.
    fn scaled_term(&self, factor: f64, node: NodeId) -> (f64, Summand) {
        match (self.graph.node(node), self.shifted(node)) {
            (Node::Power(_, 2..=HIGHEST_POWER), _) => {
                let (sign, summand) = self.term(node, 1.0);
                (sign * factor, summand)
            }
            (_, Some((x, shift, sign))) => (factor * sign, Summand::Power(x, shift, 1)),
            // A product with a number before it.
            (Node::Binary(Binary::Multiply, a, b), _) if self.uses[&node] == 1 && !self.is_immediate(a) && !self.is_immediate(b) => {
                (factor, Summand::Two(a, b))
            }
            _ => (factor, Summand::One(node)),
        }
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
            (_, Plan::Scaled(_, node)) => vec![Goal::Value(*node)],
            (_, Plan::Sum(_, total)) => {
                let summands = total.summands().flat_map(|(_, summand)| match *summand {
                    Summand::One(a) | Summand::Power(a, ..) => [a, a],
                    Summand::Two(a, b) => [a, b],
                });
                summands.chain(total.quotients.iter().map(|(divisor, _)| *divisor)).map(Goal::Value).collect()
            }
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
            Plan::Sum(factor, total) => self.emit_sum(factor, &total),
            Plan::Scaled(factor, node) => self.push(Operation::BinaryRight(Binary::Multiply, self.values[&node], factor)),
            Plan::LogSumExp => {
                let (largest, total) = self.parts[&id];
                self.push(Operation::LogTotal(largest, total))
            }
            Plan::Weight(operand, total) => {
                let weight = self.weights[&(total, operand)];
                let inverse = self.inverse_total(total);
                self.push(Operation::Binary(Binary::Multiply, weight, inverse))
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
        let terms = weights.iter().map(|&weight| Term::Scaled { factor: 1.0, a: weight, shift: 0.0 }).collect();
        let total = self.chain(0.0, terms);
        self.parts.insert(id, (largest, total));
    }

    /// 1/Σ of a log-sum-exp's weights; the sum is at least 1, so nothing overflows.
    fn inverse_total(&mut self, id: NodeId) -> Value {
        if let Some(&value) = self.inverses.get(&id) {
            return value;
        }
        let value = self.push(Operation::Reciprocal(self.parts[&id].1));
        self.inverses.insert(id, value);
        value
    }

    /// factor·total.
    fn emit_sum(&mut self, factor: f64, total: &Total) -> Value {
        let mut terms: Vec<Term> = total.terms.iter().map(|&(own, summand)| self.as_term(factor * own, summand)).collect();
        for (divisor, numerator) in &total.quotients {
            let numerator = self.emit_sum(1.0, numerator);
            let quotient = self.push(Operation::Binary(Binary::Divide, numerator, self.values[divisor]));
            terms.push(Term::Scaled { factor, a: quotient, shift: 0.0 });
        }
        self.chain(factor * total.constant, terms)
    }

    fn as_term(&self, factor: f64, summand: Summand) -> Term {
        match summand {
            Summand::One(a) => Term::Scaled { factor, a: self.values[&a], shift: 0.0 },
            Summand::Two(a, b) => Term::Product { factor, a: self.values[&a], b: self.values[&b] },
            Summand::Power(a, shift, 1) => Term::Scaled { factor, a: self.values[&a], shift },
            Summand::Power(a, shift, exponent) => Term::Power { factor, a: self.values[&a], shift, exponent },
        }
    }

    /// constant + Σ terms, in pieces.
    fn chain(&mut self, constant: f64, mut terms: Vec<Term>) -> Value {
        let mut start = Start::Constant(constant);
        let plain = |term: &Term| matches!(term, Term::Scaled { factor: 1.0, shift: 0.0, .. });
        if constant == 0.0
            && let Some(at) = terms.iter().position(plain)
        {
            let Term::Scaled { a, .. } = terms.remove(at) else { unreachable!("just found") };
            start = Start::Value(a);
        }
        let powers = terms.iter().filter(|term| matches!(term, Term::Power { .. })).count();
        if powers > 0 && terms.len() <= LONGEST_POWER_SUM {
            // Scaled terms join the powers, as first powers.
            for term in &mut terms {
                if let Term::Scaled { factor, a, shift } = *term {
                    *term = Term::Power { factor, a, shift, exponent: 1 };
                }
            }
        }
        let rank = |term: &Term| match *term {
            Term::Power { exponent, .. } => -exponent,
            Term::Scaled { .. } => 1,
            Term::Product { .. } => 2,
        };
        terms.sort_by_key(rank);
        let others = terms.partition_point(|term| rank(term) < 0);
        let (powers, others) = terms.split_at(others);
        let multiples: Vec<Multiple> = others.iter().filter_map(|term| self.multiple(term)).collect();
        // A single one is cheaper as it is.
        let is_combined = multiples.len() > 1;
        let others: Vec<Term> = others.iter().copied().filter(|term| !(is_combined && self.multiple(term).is_some())).collect();
        for piece in powers.chunks(LONGEST_POWER_SUM).chain(others.chunks(LONGEST_SUM)) {
            start = Start::Value(self.push(Operation::Sum(start, piece.to_vec())));
        }
        if is_combined {
            start = Start::Value(self.push(Operation::Combination(start, multiples)));
        }
        match start {
            Start::Value(value) => value,
            Start::Constant(number) => self.push(Operation::Constant(number)),
        }
    }

    /// A term that is a multiple of a column by a number of the chain.
    fn multiple(&self, term: &Term) -> Option<Multiple> {
        let RowKinds { numbers, columns } = self.kinds?;
        let Term::Product { factor, a, b } = *term else { return None };
        match (&self.operations[a as usize], &self.operations[b as usize]) {
            (&Operation::Input(number), &Operation::Input(column)) | (&Operation::Input(column), &Operation::Input(number))
                if number < numbers && column >= columns =>
            {
                Some(Multiple { factor, number, column })
            }
            _ => None,
        }
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
            Node::Column(_) | Node::Gather(..) | Node::RowSum(_) | Node::GroupSum(..) => {
                unreachable!("a program evaluates rows apart from what does not vary")
            }
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
