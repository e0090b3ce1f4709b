//! The evaluator: an interpreter of tapes, compiled for each SIMD level.

use super::compile::{Action, Instruction, Place, Tape};
use super::loops::{binary, binary_left, binary_right, map, map3, outlined2, power, sum, twins, unary};
use crate::graph::{max, select};
use crate::math::{self, Block, LANES, Lanes, Level, Work, dispatch};

/// One thread's scratch space for one tape.
#[derive(Debug, Clone)]
pub struct Evaluator {
    /// All registers one after the other, each as wide as the tape says; then one more, for second results.
    registers: Vec<Lanes>,
    level: Level,
}

impl Evaluator {
    /// Scratch space for `tape`, for this machine's widest vectors.
    pub fn new(tape: &Tape) -> Self {
        Evaluator::with_level(tape, Level::detect())
    }

    /// Scratch space for `tape` at a given SIMD level; the results are the same bits at each.
    pub fn with_level(tape: &Tape, level: Level) -> Self {
        let doubles = tape.registers * tape.width();
        Evaluator { registers: vec![Lanes::default(); doubles.div_ceil(LANES) + 1], level: level.min(Level::detect()) }
    }

    /// Evaluates `tape` at `inputs`, `[variable][lane]`, into `outputs`, `[expression][lane]`. Allocates nothing.
    ///
    /// # Panics
    /// If `inputs` or `outputs` has fewer rows than the tape, or `self` was made for a smaller tape.
    pub fn run(&mut self, tape: &Tape, inputs: &Block, outputs: &mut Block) {
        assert!(inputs.len() >= tape.inputs() && outputs.len() >= tape.outputs(), "a row for each variable and expression");
        dispatch(self.level, Run { level: self.level, tape, inputs, outputs, registers: &mut self.registers });
    }
}

struct Run<'a> {
    level: Level,
    tape: &'a Tape,
    inputs: &'a Block,
    outputs: &'a mut Block,
    registers: &'a mut [Lanes],
}

impl Work for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Run { level, tape, inputs, outputs, registers } = self;
        let width = tape.width();
        let (scratch, registers) = registers.split_last_mut().expect("the evaluator has one row more");
        let registers = flattened(registers);
        for from in (0..LANES).step_by(width) {
            for instruction in &tape.instructions {
                execute(level, instruction, Rows { inputs, outputs, registers, from, width }, &mut scratch[..width]);
            }
        }
    }
}

/// Rows of lanes as one slice.
#[inline(always)]
fn flattened(rows: &mut [Lanes]) -> &mut [f64] {
    // SAFETY: `Lanes` is `repr(C)` over an array of `LANES` doubles, its size a multiple of its alignment, so rows lie without gaps.
    unsafe { std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len() * LANES) }
}

/// Everything an instruction may touch: lanes `from .. from + width` of inputs and outputs, and the registers.
struct Rows<'a> {
    inputs: &'a Block,
    outputs: &'a mut Block,
    registers: &'a mut [f64],
    from: usize,
    width: usize,
}

/// All rows but the target: those before it and those after it.
struct Sources<'a> {
    inputs: &'a Block,
    outputs: (&'a Block, &'a Block),
    registers: (&'a [f64], &'a [f64]),
    from: usize,
    width: usize,
}

impl<'a> Sources<'a> {
    #[inline(always)]
    fn get(&self, place: Place) -> &'a [f64] {
        let lanes = self.from..self.from + self.width;
        match place {
            Place::Input(row) => &self.inputs[row as usize][lanes],
            Place::Output(row) => {
                let ((before, after), row) = (self.outputs, row as usize);
                if row < before.len() { &before[row][lanes] } else { &after[row - before.len() - 1][lanes] }
            }
            Place::Register(register) => {
                let ((before, after), at) = (self.registers, register as usize * self.width);
                let (row, at) = if at < before.len() { (before, at) } else { (after, at - before.len() - self.width) };
                &row[at..at + self.width]
            }
        }
    }
}

impl Rows<'_> {
    /// The target's lanes, and everything else.
    #[inline(always)]
    fn split(&mut self, target: Place) -> (&mut [f64], Sources<'_>) {
        let (inputs, from, width) = (self.inputs, self.from, self.width);
        match target {
            Place::Output(row) => {
                let (before, rest) = self.outputs.split_at_mut(row as usize);
                let (target, after) = rest.split_first_mut().expect("an output for each expression");
                let sources = Sources { inputs, outputs: (before, after), registers: (self.registers, &[]), from, width };
                (&mut target[from..from + width], sources)
            }
            Place::Register(register) => {
                let (before, rest) = self.registers.split_at_mut(register as usize * width);
                let (target, after) = rest.split_at_mut(width);
                (target, Sources { inputs, outputs: (self.outputs, &[]), registers: (before, after), from, width })
            }
            Place::Input(_) => unreachable!("an input is no target"),
        }
    }
}

#[inline(always)]
fn execute(level: Level, instruction: &Instruction, mut rows: Rows<'_>, scratch: &mut [f64]) {
    let (out, sources) = rows.split(instruction.target);
    let get = |place: Place| sources.get(place);
    match &instruction.action {
        Action::Constant(value) => out.fill(*value),
        Action::Copy(a) => out.copy_from_slice(get(*a)),
        Action::Unary(op, a) => unary(level, *op, out, get(*a)),
        Action::Binary(op, a, b) => binary(level, *op, out, get(*a), get(*b)),
        Action::BinaryRight(op, a, b) => binary_right(level, *op, out, get(*a), *b),
        Action::BinaryLeft(op, a, b) => binary_left(level, *op, out, *a, get(*b)),
        Action::Power(a, n) => power(out, get(*a), *n),
        Action::Polygamma(n, a) => map(out, get(*a), |x| math::polygamma(*n, x)),
        Action::Select(c, a, b) => map3(out, get(*c), get(*a), get(*b), select),
        Action::LogSumExp(operands) => {
            largest(out, &mut operands.iter().map(|&operand| get(operand)));
            scratch.fill(0.0);
            for &operand in operands {
                dispatch(level, AddExp { total: scratch, x: get(operand), largest: out });
            }
            dispatch(level, FinishLogSumExp { largest: out, total: scratch });
        }
        Action::SumFromConstant(constant, terms) => sum(level, out, *constant, terms, get),
        Action::SumFromValue(a, terms) => sum(level, out, get(*a), terms, get),
        Action::Reciprocal(a) => map(out, get(*a), |x| 1.0 / x),
        Action::Largest(operands) => largest(out, &mut operands.iter().map(|&operand| get(operand))),
        Action::ExpDifference(a, b) => outlined2(level, out, get(*a), get(*b), |a, b| math::exp(a - b)),
        Action::LogTotal(a, b) => outlined2(level, out, get(*a), get(*b), log_total),
        Action::Twins(pair, a, second) => {
            twins(level, *pair, out, scratch, get(*a));
            rows.split(*second).0.copy_from_slice(scratch);
        }
    }
}

#[inline(always)]
fn largest<'a>(out: &mut [f64], operands: &mut dyn Iterator<Item = &'a [f64]>) {
    out.fill(f64::NEG_INFINITY);
    for x in operands {
        let x = &x[..out.len()];
        for lane in 0..out.len() {
            out[lane] = max(out[lane], x[lane]);
        }
    }
}

/// The end of a log-sum-exp.
#[inline(always)]
fn log_total(largest: f64, total: f64) -> f64 {
    let sum = largest + math::log(total);
    if largest.is_finite() { sum } else { largest }
}

struct AddExp<'a> {
    total: &'a mut [f64],
    x: &'a [f64],
    largest: &'a [f64],
}

impl Work for AddExp<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (x, largest) = (&self.x[..self.total.len()], &self.largest[..self.total.len()]);
        for lane in 0..self.total.len() {
            self.total[lane] += math::exp(x[lane] - largest[lane]);
        }
    }
}

struct FinishLogSumExp<'a> {
    largest: &'a mut [f64],
    total: &'a [f64],
}

impl Work for FinishLogSumExp<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let total = &self.total[..self.largest.len()];
        for lane in 0..self.largest.len() {
            self.largest[lane] = log_total(self.largest[lane], total[lane]);
        }
    }
}
