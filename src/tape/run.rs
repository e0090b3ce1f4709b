//! The evaluator: an interpreter of tapes, compiled for each SIMD level.

use super::compile::{Action, Bank, Instruction, Place, Tape};
use super::loops::{PIECE, binary, binary_left, binary_right, map, map3, outlined2, power, sum, twins, unary};
use super::operations::Multiple;
use super::tiles::{TOGETHER, combine};
use crate::graph::{max, select};
use crate::math::{self, Block, LANES, Lanes, Level, Numbers, Work, dispatch};

/// One thread's scratch space for one tape.
#[derive(Debug, Clone)]
pub struct Evaluator {
    /// All registers one after the other, each as wide as the tape says; then one row more, for sums on the way.
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
        Evaluator::for_chains(tape, level, 1)
    }

    /// [`with_level`](Evaluator::with_level) for up to `chains` chains at a time.
    pub(super) fn for_chains(tape: &Tape, level: Level, chains: usize) -> Self {
        let doubles = (1..=chains).map(|chains| chains * tape.registers * tape.width_for(chains)).max().unwrap_or(0);
        Evaluator { registers: vec![Lanes::default(); doubles.div_ceil(LANES) + 1], level: level.min(Level::detect()) }
    }

    /// Evaluates `tape` at `inputs`, `[variable][lane]`, into `outputs`, `[expression][lane]`. Allocates nothing.
    ///
    /// # Panics
    /// If `inputs` or `outputs` has fewer rows than the tape, or `self` was made for a smaller tape.
    pub fn run(&mut self, tape: &Tape, inputs: &Block, outputs: &mut Block) {
        self.run_lanes(tape, inputs, LANES, outputs);
    }

    /// [`run`](Evaluator::run) for the first `lanes` lanes; what the others get means nothing.
    pub(super) fn run_lanes(&mut self, tape: &Tape, inputs: &Block, lanes: usize, outputs: &mut Block) {
        assert!(inputs.len() >= tape.inputs(), "a row for each variable");
        self.run_from(tape, Inputs::Together(inputs.as_ptr().cast()), 1, lanes.min(LANES), outputs);
    }

    /// [`run`](Evaluator::run) on a block of the rows of a table, of which the first `lanes` are asked for, for each of some chains, into
    /// `outputs`, `[chain][expression][lane]`.
    pub(super) fn run_rows(&mut self, tape: &Tape, inputs: RowInputs<'_>, lanes: usize, outputs: &mut Block) {
        assert!(inputs.len() >= tape.inputs(), "a row for each variable");
        self.run_from(tape, Inputs::Rows(inputs), inputs.chains, lanes.min(LANES), outputs);
    }

    fn run_from(&mut self, tape: &Tape, inputs: Inputs<'_>, chains: usize, lanes: usize, outputs: &mut Block) {
        assert!(outputs.len() >= chains * tape.outputs(), "a row for each expression");
        let doubles = chains * tape.registers * tape.width_for(chains);
        assert!(self.registers.len() > doubles.div_ceil(LANES), "an evaluator belongs to one tape");
        dispatch(self.level, Run { level: self.level, tape, inputs, chains, lanes, outputs, registers: &mut self.registers });
    }
}

/// Where the input rows are.
#[derive(Clone, Copy)]
enum Inputs<'a> {
    /// One after the other.
    Together(*const f64),
    Rows(RowInputs<'a>),
}

/// The inputs of a loop over rows, each where it lies: what is the same in all rows, what was picked for these rows, the columns.
#[derive(Clone, Copy)]
pub(super) struct RowInputs<'a> {
    /// At most [`TOGETHER`].
    pub(super) chains: usize,
    /// `[uniform][chain]`.
    pub(super) numbers: &'a [[f64; TOGETHER]],
    /// The same in every lane, `[chain][uniform][lane]`.
    pub(super) uniforms: &'a [Lanes],
    /// `[chain][gather][lane]`.
    pub(super) gathers: &'a [Lanes],
    /// How many gathers a chain has.
    pub(super) gathered: usize,
    pub(super) columns: Columns<'a>,
}

/// The columns of some rows.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    /// Those of one block of the table.
    Block(&'a [Numbers], usize),
    /// Those of rows from all over the table.
    Picked(&'a [Lanes]),
}

impl<'a> RowInputs<'a> {
    fn len(&self) -> usize {
        let columns = match self.columns {
            Columns::Block(columns, _) => columns.len(),
            Columns::Picked(columns) => columns.len(),
        };
        self.numbers.len() + self.gathered + columns
    }

    #[inline(always)]
    pub(super) fn get(&self, chain: usize, row: usize) -> &'a Lanes {
        let (uniforms, gathers) = (self.numbers.len(), self.gathered);
        if row < uniforms {
            &self.uniforms[chain * uniforms + row]
        } else if row < uniforms + gathers {
            &self.gathers[chain * gathers + row - uniforms]
        } else {
            match self.columns {
                Columns::Block(columns, block) => &columns[row - uniforms - gathers].blocks()[block],
                Columns::Picked(columns) => &columns[row - uniforms - gathers],
            }
        }
    }
}

struct Run<'a> {
    level: Level,
    tape: &'a Tape,
    inputs: Inputs<'a>,
    chains: usize,
    lanes: usize,
    outputs: &'a mut Block,
    registers: &'a mut [Lanes],
}

impl Work for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Run { level, tape, inputs, chains, lanes, outputs, registers } = self;
        // Few lanes need a part of the width; registers then lie closer.
        let width = tape.width_for(chains).min(lanes.next_multiple_of(PIECE));
        let (scratch, registers) = registers.split_last_mut().expect("the evaluator has one row more");
        let (outputs, registers): (*mut f64, *mut f64) = (outputs.as_mut_ptr().cast(), registers.as_mut_ptr().cast());
        for from in (0..lanes).step_by(width) {
            let rows = |chain: usize| {
                let banks = [outputs.wrapping_add(chain * tape.outputs() * LANES), registers.wrapping_add(chain * tape.registers * width)];
                Rows { inputs, chain, banks, from, width }
            };
            for instruction in &tape.instructions {
                // SAFETY: `Evaluator::run_from` has checked that there are as many rows as the tape has inputs, and for each chain outputs
                // and registers; `Tape::check` that every place is one of those and that no target is among its sources.
                unsafe {
                    if let (Action::Combination(constant, start, multiples), Inputs::Rows(inputs)) = (&instruction.action, inputs) {
                        for chain in 0..chains {
                            begin(instruction.target, *constant, *start, &rows(chain));
                        }
                        let column = |multiple: &Multiple| &inputs.get(0, multiple.column as usize)[from..from + width];
                        combine(level, chains, inputs.numbers, multiples, column, |chain| rows(chain).get_mut(instruction.target));
                        continue;
                    }
                    for chain in 0..chains {
                        execute(level, instruction, &rows(chain), &mut scratch[..width]);
                    }
                }
            }
        }
    }
}

/// Everything an instruction may touch: lanes `from .. from + width` of inputs and outputs, and the registers, each `width` wide.
struct Rows<'a> {
    inputs: Inputs<'a>,
    chain: usize,
    /// Where outputs and registers begin.
    banks: [*mut f64; 2],
    from: usize,
    width: usize,
}

impl Rows<'_> {
    #[inline(always)]
    fn pointer(&self, place: Place) -> *mut f64 {
        let row = place.row as usize;
        // `Lanes` is `repr(C)` over an array of `LANES` doubles, so rows lie without gaps.
        match place.bank {
            Bank::Register => self.banks[1].wrapping_add(row * self.width),
            Bank::Output => self.banks[0].wrapping_add(row * LANES + self.from),
            Bank::Input => match self.inputs {
                // Nothing is written to inputs.
                Inputs::Together(first) => first.wrapping_add(row * LANES + self.from).cast_mut(),
                Inputs::Rows(rows) => rows.get(self.chain, row).as_ptr().wrapping_add(self.from).cast_mut(),
            },
        }
    }

    /// # Safety
    /// The place exists, and nobody writes to it while the result lives.
    #[inline(always)]
    unsafe fn get<'a>(&self, place: Place) -> &'a [f64] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.pointer(place), self.width) }
    }

    /// # Safety
    /// The place exists, is no input, and nobody else reads or writes it while the result lives.
    #[inline(always)]
    unsafe fn get_mut<'a>(&self, place: Place) -> &'a mut [f64] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.pointer(place), self.width) }
    }
}

/// # Safety
/// Every place of the instruction is a row of `rows`, its targets no inputs, distinct and different from its sources.
#[inline(always)]
unsafe fn execute(level: Level, instruction: &Instruction, rows: &Rows<'_>, scratch: &mut [f64]) {
    // SAFETY: the caller's promise.
    let out = unsafe { rows.get_mut(instruction.target) };
    // SAFETY: as above.
    let get = |place: Place| unsafe { rows.get(place) };
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
            largest(out, operands.iter().map(|&operand| get(operand)));
            scratch.fill(0.0);
            for &operand in operands {
                dispatch(level, AddExp { total: scratch, x: get(operand), largest: out });
            }
            dispatch(level, FinishLogSumExp { largest: out, total: scratch });
        }
        Action::SumFromConstant(constant, terms) => sum(level, out, *constant, terms, get),
        Action::SumFromValue(a, terms) => sum(level, out, get(*a), terms, get),
        Action::Reciprocal(a) => map(out, get(*a), |x| 1.0 / x),
        Action::Combination(..) => unreachable!("computed for all chains together"),
        Action::Largest(operands) => largest(out, operands.iter().map(|&operand| get(operand))),
        Action::ExpDifference(a, b) => outlined2(level, out, get(*a), get(*b), |a, b| math::exp(a - b)),
        Action::LogTotal(a, b) => outlined2(level, out, get(*a), get(*b), log_total),
        // SAFETY: the caller's promise.
        Action::Twins(pair, a, second) => twins(level, *pair, out, unsafe { rows.get_mut(*second) }, get(*a)),
    }
}

/// What a combination begins with.
///
/// # Safety
/// As for [`execute`].
#[inline(always)]
unsafe fn begin(target: Place, constant: f64, start: Option<Place>, rows: &Rows<'_>) {
    // SAFETY: the caller's promise.
    let out = unsafe { rows.get_mut(target) };
    match start {
        // SAFETY: as above.
        Some(start) => out.copy_from_slice(unsafe { rows.get(start) }),
        None => out.fill(constant),
    }
}

#[inline(always)]
fn largest<'a>(out: &mut [f64], operands: impl Iterator<Item = &'a [f64]>) {
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
        for (largest, &total) in self.largest.iter_mut().zip(self.total) {
            *largest = log_total(*largest, total);
        }
    }
}
