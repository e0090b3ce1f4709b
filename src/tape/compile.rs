//! Graph to instructions: one per node, constants as immediates, registers reused once their value is dead.

use std::collections::HashMap;

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// Where an operand is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A row of the input block.
    Input(u32),
    /// A register.
    Register(u32),
}

/// What one instruction does; its result goes to a register that none of its operands uses.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// A number in every lane.
    Constant(f64),
    /// One operand.
    Unary(Unary, Source),
    /// Two operands.
    Binary(Binary, Source, Source),
    /// Two operands, the right one a number.
    BinaryRight(Binary, Source, f64),
    /// Two operands, the left one a number.
    BinaryLeft(Binary, f64, Source),
    /// An integer power.
    Power(Source, i32),
    /// A derivative of digamma.
    Polygamma(u32, Source),
    /// Condition, then, otherwise.
    Select(Source, Source, Source),
    /// log Σ exp.
    LogSumExp(Vec<Source>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Instruction {
    pub(super) action: Action,
    pub(super) target: u32,
}

/// Compiled expressions; immutable, shared between threads.
#[derive(Debug, Clone)]
pub struct Tape {
    pub(super) instructions: Vec<Instruction>,
    pub(super) outputs: Vec<Source>,
    pub(super) registers: usize,
    inputs: usize,
}

impl Tape {
    /// Compiles `outputs`, expressions of `graph` in the variables `0..inputs`.
    pub fn compile(graph: &Graph, outputs: &[NodeId], inputs: usize) -> Tape {
        let order = graph.order(outputs);
        let immediate = |id: NodeId| graph.number(id);
        // The last instruction that reads each node; outputs are read after the end.
        let mut last_use: HashMap<NodeId, usize> = HashMap::new();
        let mut needs_register: HashMap<NodeId, bool> = HashMap::new();
        for (at, &id) in order.iter().enumerate() {
            for (operand, folded) in operands(graph, id) {
                last_use.insert(operand, at);
                *needs_register.entry(operand).or_default() |= !folded;
            }
        }
        for &output in outputs {
            last_use.insert(output, usize::MAX);
            needs_register.insert(output, true);
        }
        let mut places: HashMap<NodeId, Source> = HashMap::new();
        let mut free: Vec<u32> = Vec::new();
        let mut registers = 0;
        let mut instructions = Vec::with_capacity(order.len());
        for (at, &id) in order.iter().enumerate() {
            if let Node::Variable(variable) = graph.node(id) {
                places.insert(id, Source::Input(variable));
                continue;
            }
            if immediate(id).is_some() && !needs_register.get(&id).copied().unwrap_or(false) {
                continue;
            }
            let target = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            let action = action(graph, id, &places);
            instructions.push(Instruction { action, target });
            places.insert(id, Source::Register(target));
            // Operands die only now, after the target was chosen: a target never equals a source.
            let mut dead: Vec<NodeId> = graph.operands(id).filter(|operand| last_use.get(operand) == Some(&at)).collect();
            dead.sort_unstable();
            dead.dedup();
            free.extend(dead.iter().filter_map(|operand| match places.get(operand) {
                Some(Source::Register(register)) => Some(*register),
                _ => None,
            }));
        }
        let outputs = outputs.iter().map(|output| places[output]).collect();
        Tape { instructions, outputs, registers: registers as usize, inputs }
    }

    /// How many rows the input block has.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many expressions it computes.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// How many instructions it has.
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// Whether there is nothing to compute.
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// How many registers of [`LANES`](crate::math::LANES) doubles it needs.
    pub fn registers(&self) -> usize {
        self.registers
    }
}

/// The operands of a node, and whether each is folded into the instruction as a number.
fn operands(graph: &Graph, id: NodeId) -> Vec<(NodeId, bool)> {
    match graph.node(id) {
        Node::Binary(_, a, b) if graph.number(b).is_some() && graph.number(a).is_none() => vec![(a, false), (b, true)],
        Node::Binary(_, a, b) if graph.number(a).is_some() && graph.number(b).is_none() => vec![(a, true), (b, false)],
        _ => graph.operands(id).map(|operand| (operand, false)).collect(),
    }
}

fn action(graph: &Graph, id: NodeId, places: &HashMap<NodeId, Source>) -> Action {
    let place = |id: NodeId| places[&id];
    match graph.node(id) {
        Node::Constant(bits) => Action::Constant(f64::from_bits(bits)),
        Node::Variable(_) => unreachable!("variables are inputs"),
        Node::Unary(op, a) => Action::Unary(op, place(a)),
        Node::Binary(op, a, b) => match (graph.number(a), graph.number(b)) {
            (None, Some(b)) => Action::BinaryRight(op, place(a), b),
            (Some(a), None) => Action::BinaryLeft(op, a, place(b)),
            _ => Action::Binary(op, place(a), place(b)),
        },
        Node::Power(a, n) => Action::Power(place(a), n),
        Node::Polygamma(n, a) => Action::Polygamma(n, place(a)),
        Node::Select(c, a, b) => Action::Select(place(c), place(a), place(b)),
        Node::LogSumExp(list) => Action::LogSumExp(graph.list(list).iter().map(|&operand| place(operand)).collect()),
    }
}
