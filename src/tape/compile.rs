//! Operations to instructions: each value gets a place, reused once the value is dead.

use super::operations::{Builder, Multiple, Operation, Rounding, RowKinds, Start, Term, Twins, Value};
use crate::graph::{Binary, Graph, NodeId, Unary};
use crate::math::LANES;

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bank: Bank,
    pub(super) row: u32,
}

/// Rows that lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bank {
    Input,
    Output,
    Register,
}

impl Place {
    pub(super) fn input(row: u32) -> Place {
        Place { bank: Bank::Input, row }
    }

    fn output(row: u32) -> Place {
        Place { bank: Bank::Output, row }
    }

    fn register(row: u32) -> Place {
        Place { bank: Bank::Register, row }
    }
}

/// What one instruction does; it writes to a place that none of its operands has.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Constant(f64),
    Copy(Place),
    Unary(Unary, Place),
    Binary(Binary, Place, Place),
    BinaryRight(Binary, Place, f64),
    BinaryLeft(Binary, f64, Place),
    Power(Place, i32),
    Polygamma(u32, Place),
    Select(Place, Place, Place),
    LogSumExp(Vec<Place>),
    SumFromConstant(f64, Terms),
    SumFromValue(Place, Terms),
    /// What it begins with, if not with a number.
    Combination(f64, Option<Place>, Vec<Multiple>),
    Largest(Vec<Place>),
    Reciprocal(Place),
    ExpDifference(Place, Place),
    LogTotal(Place, Place),
    /// The place of the second result.
    Twins(Twins, Place, Place),
}

impl Action {
    /// The places of which it reads a number for each lane.
    fn rows(&self) -> Vec<Place> {
        use Action::*;
        match self {
            Constant(_) => vec![],
            Copy(a) | Unary(_, a) | BinaryRight(_, a, _) | BinaryLeft(_, _, a) | Power(a, _) | Polygamma(_, a) | Reciprocal(a) => vec![*a],
            Twins(_, a, _) => vec![*a],
            Binary(_, a, b) | ExpDifference(a, b) | LogTotal(a, b) => vec![*a, *b],
            Select(c, a, b) => vec![*c, *a, *b],
            LogSumExp(list) | Largest(list) => list.clone(),
            SumFromConstant(_, terms) => terms.sources(),
            SumFromValue(a, terms) => [terms.sources(), vec![*a]].concat(),
            Combination(_, start, multiples) => multiples.iter().map(|multiple| Place::input(multiple.column)).chain(*start).collect(),
        }
    }

    /// The places that it reads.
    fn sources(&self) -> Vec<Place> {
        let mut sources = self.rows();
        if let Action::Combination(_, _, multiples) = self {
            sources.extend(multiples.iter().map(|multiple| Place::input(multiple.number)));
        }
        sources
    }
}

/// The terms of a sum, in the order in which they are added.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    pub(super) shape: Shape,
    pub(super) list: Vec<Summand>,
}

/// What kinds of terms a sum has; each is a loop of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// How many scaled ones, how many products.
    Products([usize; 2]),
    /// The exponents, from high to low, as decimal digits.
    Powers(usize),
}

/// factor·(a − shift)ⁿ or factor·a·b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summand {
    pub(super) factor: f64,
    pub(super) a: Place,
    pub(super) b: Place,
    pub(super) shift: f64,
}

impl Terms {
    fn sources(&self) -> Vec<Place> {
        self.list.iter().flat_map(|summand| [summand.a, summand.b]).collect()
    }

    fn new(terms: &[Term], place: impl Fn(Value) -> Place) -> Self {
        let (mut counts, mut exponents) = ([0; 2], 0);
        let list = terms
            .iter()
            .map(|term| match *term {
                Term::Scaled { factor, a, shift } => {
                    counts[0] += 1;
                    Summand { factor, a: place(a), b: place(a), shift }
                }
                Term::Product { factor, a, b } => {
                    counts[1] += 1;
                    Summand { factor, a: place(a), b: place(b), shift: 0.0 }
                }
                Term::Power { factor, a, shift, exponent } => {
                    exponents = 10 * exponents + exponent as usize;
                    Summand { factor, a: place(a), b: place(a), shift }
                }
            })
            .collect();
        Terms { shape: if exponents > 0 { Shape::Powers(exponents) } else { Shape::Products(counts) }, list }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Instruction {
    pub(super) action: Action,
    pub(super) target: Place,
}

/// Compiled expressions; immutable, shared between threads.
#[derive(Debug, Clone)]
pub struct Tape {
    pub(super) instructions: Vec<Instruction>,
    pub(super) registers: usize,
    inputs: usize,
    outputs: usize,
}

/// Registers that fit half of a small second-level cache at full width; with more, blocks are evaluated in parts.
const CACHE: usize = 256 * 1024 / (8 * LANES);

impl Tape {
    /// Compiles `outputs`, expressions of `graph` in the variables `0..inputs`.
    pub fn compile(graph: &Graph, outputs: &[NodeId], inputs: usize, rounding: Rounding) -> Tape {
        Tape::compile_with(graph, outputs, inputs, rounding, None)
    }

    /// [`compile`](Tape::compile) for a loop over rows.
    pub(super) fn compile_rows(graph: &Graph, outputs: &[NodeId], inputs: usize, rounding: Rounding, kinds: RowKinds) -> Tape {
        Tape::compile_with(graph, outputs, inputs, rounding, Some(kinds))
    }

    fn compile_with(graph: &Graph, outputs: &[NodeId], inputs: usize, rounding: Rounding, kinds: Option<RowKinds>) -> Tape {
        let (operations, values) = Builder::new(graph, outputs, rounding, kinds).build(outputs);
        let mut places = Places::new(&operations, &values);
        let mut instructions = Vec::with_capacity(operations.len() + outputs.len());
        for (at, operation) in operations.iter().enumerate() {
            let at = at as Value;
            match operation {
                Operation::Input(variable) => places.put(at, Place::input(*variable)),
                // Its place was given by its twin.
                Operation::SecondTwin => {}
                _ => {
                    let target = places.allocate(at);
                    if let Operation::Twins(..) = operation {
                        places.allocate(at + 1);
                    }
                    instructions.push(Instruction { action: action(operation, at, &places), target });
                }
            }
            places.release(at, operation);
        }
        // The first row that shows a value was written directly; inputs and further rows are copies.
        for (row, &value) in values.iter().enumerate() {
            let (target, place) = (Place::output(row as u32), places.of(value));
            if place != target {
                instructions.push(Instruction { action: Action::Copy(place), target });
            }
        }
        let tape = Tape { instructions, registers: places.registers as usize, inputs, outputs: outputs.len() };
        tape.check();
        tape
    }

    /// What the evaluator relies on: every place exists, no target is one of its own sources, and no input is a target.
    ///
    /// # Panics
    /// If it does not hold, which would be a fault of this file.
    fn check(&self) {
        let exists = |place: Place| {
            let rows = match place.bank {
                Bank::Input => self.inputs,
                Bank::Output => self.outputs,
                Bank::Register => self.registers,
            };
            (place.row as usize) < rows
        };
        for Instruction { action, target } in &self.instructions {
            let mut targets = vec![*target];
            if let Action::Twins(_, _, second) = action {
                targets.push(*second);
                assert_ne!(second, target, "two results need two places");
            }
            for target in targets {
                assert!(exists(target) && target.bank != Bank::Input, "a result is written to a register or an output");
                assert!(action.sources().into_iter().all(|source| exists(source) && source != target), "a target is no source");
            }
        }
    }

    /// For each row of the input block, whether an instruction reads a number for each lane from it, not one for all.
    pub(super) fn rows_read(&self) -> Vec<bool> {
        let mut read = vec![false; self.inputs];
        for place in self.instructions.iter().flat_map(|instruction| instruction.action.rows()) {
            if place.bank == Bank::Input {
                read[place.row as usize] = true;
            }
        }
        read
    }

    /// How many rows the input block has.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many expressions it computes.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many instructions it has.
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// Whether there is nothing to compute.
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// How many registers of [`width`](Tape::width) doubles it needs.
    pub fn registers(&self) -> usize {
        self.registers
    }

    /// How many lanes are evaluated at a time: all, unless the registers would not fit the cache.
    pub fn width(&self) -> usize {
        self.width_for(1)
    }

    /// [`width`](Tape::width) where so many chains are evaluated together, each with registers of its own.
    pub(super) fn width_for(&self, chains: usize) -> usize {
        match chains * self.registers {
            0..=CACHE => LANES,
            registers if registers <= 2 * CACHE => LANES / 2,
            _ => LANES / 4,
        }
    }
}

/// Which value is where, while instructions are made.
struct Places {
    /// The last operation that reads each value.
    last_use: Vec<Value>,
    /// The first output row of a value.
    row: Vec<Option<u32>>,
    place: Vec<Option<Place>>,
    free: Vec<u32>,
    registers: u32,
}

impl Places {
    fn new(operations: &[Operation], outputs: &[Value]) -> Self {
        let mut last_use: Vec<Value> = (0..operations.len() as Value).collect();
        for (at, operation) in operations.iter().enumerate() {
            for operand in operation.operands() {
                last_use[operand as usize] = at as Value;
            }
        }
        let mut row = vec![None; operations.len()];
        for (index, &value) in outputs.iter().enumerate().rev() {
            row[value as usize] = Some(index as u32);
        }
        Places { last_use, row, place: vec![None; operations.len()], free: Vec::new(), registers: 0 }
    }

    fn put(&mut self, value: Value, place: Place) {
        self.place[value as usize] = Some(place);
    }

    fn of(&self, value: Value) -> Place {
        self.place[value as usize].expect("operands come before what reads them")
    }

    fn allocate(&mut self, value: Value) -> Place {
        let place = match self.row[value as usize] {
            Some(row) => Place::output(row),
            None => Place::register(self.free.pop().unwrap_or_else(|| {
                self.registers += 1;
                self.registers - 1
            })),
        };
        self.put(value, place);
        place
    }

    /// Frees the registers of what the operation was last to read, or that nobody reads. Only now, after its target was chosen: a
    /// target never equals a source.
    fn release(&mut self, at: Value, operation: &Operation) {
        let mut dead = operation.operands();
        dead.push(at);
        dead.sort_unstable();
        dead.dedup();
        // A twin lives until the second result has its place.
        for value in dead.into_iter().filter(|&value| self.last_use[value as usize] == at) {
            if let Some(Place { bank: Bank::Register, row }) = self.place[value as usize] {
                self.free.push(row);
            }
        }
    }
}

fn action(operation: &Operation, at: Value, places: &Places) -> Action {
    let place = |value: Value| places.of(value);
    let all = |values: &[Value]| values.iter().map(|&value| place(value)).collect();
    match *operation {
        Operation::Input(_) | Operation::SecondTwin => unreachable!("no instruction"),
        Operation::Constant(number) => Action::Constant(number),
        Operation::Unary(op, a) => Action::Unary(op, place(a)),
        Operation::Binary(op, a, b) => Action::Binary(op, place(a), place(b)),
        Operation::BinaryRight(op, a, b) => Action::BinaryRight(op, place(a), b),
        Operation::BinaryLeft(op, a, b) => Action::BinaryLeft(op, a, place(b)),
        Operation::Power(a, n) => Action::Power(place(a), n),
        Operation::Polygamma(n, a) => Action::Polygamma(n, place(a)),
        Operation::Select(c, a, b) => Action::Select(place(c), place(a), place(b)),
        Operation::LogSumExp(ref list) => Action::LogSumExp(all(list)),
        Operation::Largest(ref list) => Action::Largest(all(list)),
        Operation::Reciprocal(a) => Action::Reciprocal(place(a)),
        Operation::ExpDifference(a, b) => Action::ExpDifference(place(a), place(b)),
        Operation::LogTotal(a, b) => Action::LogTotal(place(a), place(b)),
        Operation::Twins(twins, a) => Action::Twins(twins, place(a), place(at + 1)),
        Operation::Sum(start, ref terms) => {
            let terms = Terms::new(terms, place);
            match start {
                Start::Constant(number) => Action::SumFromConstant(number, terms),
                Start::Value(value) => Action::SumFromValue(place(value), terms),
            }
        }
        Operation::Combination(start, ref multiples) => match start {
            Start::Constant(number) => Action::Combination(number, None, multiples.clone()),
            Start::Value(value) => Action::Combination(0.0, Some(place(value)), multiples.clone()),
        },
    }
}
