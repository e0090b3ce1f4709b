//! Runs a [`Program`] over a few rows of each table, other ones for each chain, its sums scaled up to all rows.
//!
//! If every result is linear in the sums and the rows are a uniform choice, the results have the expectation of those over all rows.

use super::compile::Tape;
use super::loops::PIECE;
use super::program::{Program, RowLoop, Source, Target};
use super::run::{Evaluator, RowInputs};
use super::tiles::{TOGETHER, pairwise};
use crate::graph::TableId;
use crate::math::{Block, LANES, Lanes, Level, Work, dispatch};

/// Chains that one thread takes in turn.
const IN_TURN: usize = 16;

/// Rows times chains from which on a step is shared between threads: a hundred microseconds of work.
#[cfg(feature = "parallel")]
const WORTH_A_THREAD: usize = 1 << 12;

/// Which rows of each table each chain sees.
#[derive(Debug, Clone)]
pub struct Batches {
    tables: Vec<Table>,
}

/// The rows of one table.
#[derive(Debug, Clone)]
struct Table {
    id: TableId,
    rows: usize,
    size: usize,
    /// `[lane][place in the batch]`, counted from 0.
    chosen: Vec<u32>,
}

impl Batches {
    /// `batch` rows of each table of `program` for each of `lanes` chains, or all rows of a table that has no more; the first ones.
    pub fn new(program: &Program, batch: usize, lanes: usize) -> Batches {
        let tables = program.tables().into_iter().map(|(id, rows)| {
            let size = batch.clamp(1, rows);
            Table { id, rows, size, chosen: (0..lanes).flat_map(|_| 0..size as u32).collect() }
        });
        Batches { tables: tables.collect() }
    }

    /// How many tables there are.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether no table is looped over.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The rows that table number `table` has.
    pub fn rows(&self, table: usize) -> usize {
        self.tables[table].rows
    }

    /// How many of them are in a batch.
    pub fn size(&self, table: usize) -> usize {
        self.tables[table].size
    }

    /// The batch of a chain, rows counted from 0.
    pub fn chosen(&self, table: usize, lane: usize) -> &[u32] {
        let Table { size, chosen, .. } = &self.tables[table];
        &chosen[lane * size..(lane + 1) * size]
    }

    /// The batch of a chain, to be chosen anew; each row at most once, and each below [`rows`](Batches::rows).
    pub fn chosen_mut(&mut self, table: usize, lane: usize) -> &mut [u32] {
        let Table { size, chosen, .. } = &mut self.tables[table];
        &mut chosen[lane * *size..(lane + 1) * *size]
    }
}

/// The columns that a program loops over, row by row: what a batch needs of a row lies together in memory.
#[derive(Debug, Clone)]
pub struct Records {
    /// For each loop its columns, `[row][column]`.
    loops: Vec<Vec<f64>>,
}

impl Records {
    /// A copy of the columns of `program`.
    pub fn new(program: &Program) -> Records {
        let by_row = |row_loop: &RowLoop| {
            let width = row_loop.columns.len();
            let mut records = vec![0.0; row_loop.rows * width];
            for (at, column) in row_loop.columns.iter().enumerate() {
                for (row, record) in records.chunks_exact_mut(width).enumerate() {
                    record[at] = column[row / LANES][row % LANES];
                }
            }
            records
        };
        Records { loops: program.stages.iter().flat_map(|stage| &stage.loops).map(by_row).collect() }
    }
}

/// One thread's scratch space for one program over batches.
#[derive(Debug, Clone)]
pub struct BatchEvaluator {
    level: Level,
    last: Evaluator,
    stages: Vec<Evaluator>,
    /// For each of some positions of the chains: variables, then sums; and what the rows need of the chains.
    places: Vec<Place>,
    /// For each loop scratch space for some chains; more for those that threads take at the same time.
    loops: Vec<Vec<Scratch>>,
    /// Variables, then the sums of single rows, row by row; and what the program makes of them.
    apart: [Vec<Lanes>; 2],
}

/// What rows of one chain's batch add to each expression, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Which chain.
    pub lane: usize,
    /// Which table.
    pub table: usize,
    /// Which rows.
    pub rows: &'a [u32],
    /// `[expression][number of the row among these]`, not scaled up.
    pub terms: &'a Block,
}

#[derive(Debug, Clone)]
struct Place {
    inputs: Vec<Lanes>,
    uniforms: Vec<Lanes>,
}

/// What one thread needs for a loop over the rows of batches.
#[derive(Debug, Clone)]
struct Scratch {
    evaluator: Evaluator,
    numbers: Vec<[f64; TOGETHER]>,
    uniforms: Vec<Lanes>,
    /// Elements by index, then the columns, both of the rows of the batch.
    picked: Vec<Lanes>,
    outputs: Vec<Lanes>,
    /// For each place its sums, those by groups one after the other, each for some chains.
    results: Vec<[f64; IN_TURN]>,
}

impl BatchEvaluator {
    /// Scratch space for `program` at `places` positions of each chain, at a SIMD level; the results are the same bits at each.
    pub fn new(program: &Program, places: usize, level: Level) -> BatchEvaluator {
        let evaluator = |tape: &Tape| Evaluator::with_level(tape, level);
        let width = program.stages.iter().map(|stage| stage.before.outputs()).max().unwrap_or(0);
        let rows = |count: usize| vec![Lanes::default(); count];
        let place = Place { inputs: rows(program.inputs() + program.sums), uniforms: rows(width) };
        let scratch = |row_loop: &RowLoop| Scratch {
            evaluator: evaluator(&row_loop.tape),
            numbers: vec![[0.0; TOGETHER]; row_loop.uniforms.len()],
            uniforms: rows(row_loop.uniforms.len()),
            picked: rows(row_loop.gathers.len() + row_loop.columns.len()),
            outputs: rows(row_loop.tape.outputs()),
            results: vec![[0.0; IN_TURN]; places * width_of(row_loop)],
        };
        BatchEvaluator {
            level,
            last: evaluator(&program.last),
            stages: program.stages.iter().map(|stage| evaluator(&stage.before)).collect(),
            places: vec![place; places],
            loops: program.stages.iter().flat_map(|stage| &stage.loops).map(|row_loop| vec![scratch(row_loop)]).collect(),
            apart: [rows(program.inputs() + program.sums), rows(program.last.outputs())],
        }
    }

    /// Evaluates the terms that the rows of each chain's batch add to the expressions of `program` at `positions`, and hands them to
    /// `each`, some rows of one chain at a time; into `rest`, `[expression][lane]`, goes what the expressions are without any rows.
    ///
    /// # Panics
    /// As [`run`](Self::run); and if a sum lies inside another ([`Program::is_flat`]).
    #[allow(clippy::too_many_arguments, reason = "those of `run`, and who takes the terms")]
    pub fn run_apart(
        &mut self,
        program: &Program,
        records: &Records,
        positions: &Block,
        batches: &Batches,
        lanes: usize,
        rest: &mut Block,
        each: &mut dyn FnMut(Terms<'_>),
    ) {
        assert!(program.is_flat(), "a sum inside a sum has no terms by rows");
        let inputs = program.inputs();
        let place = &mut self.places[0];
        place.inputs[..inputs].copy_from_slice(&positions[..inputs]);
        place.inputs[inputs..].fill(Lanes::default());
        self.last.run_lanes(&program.last, &place.inputs, lanes, rest);
        let (Some(stage), Some(before)) = (program.stages.first(), self.stages.first_mut()) else { return };
        before.run_lanes(&stage.before, &place.inputs, lanes, &mut place.uniforms);
        let [spread, terms] = &mut self.apart;
        for (lane, table) in (0..lanes).flat_map(|lane| (0..batches.len()).map(move |table| (lane, table))) {
            for (row, x) in spread.iter_mut().zip(positions) {
                row.fill(x[lane]);
            }
            for rows in batches.chosen(table, lane).chunks(LANES) {
                spread[inputs..].fill(Lanes::default());
                for ((row_loop, scratch), records) in stage.loops.iter().zip(&mut self.loops).zip(&records.loops) {
                    if row_loop.table == batches.tables[table].id {
                        let job = Job { row_loop, records, batches, table, first: lane, chains: 1, level: self.level };
                        job.spread(rows, place, &mut scratch[0], &mut spread[inputs..], inputs);
                    }
                }
                self.last.run_lanes(&program.last, spread, rows.len(), terms);
                for (row, rest) in terms.iter_mut().zip(&*rest) {
                    row[..rows.len()].iter_mut().for_each(|term| *term -= rest[lane]);
                }
                each(Terms { lane, table, rows, terms });
            }
        }
    }

    /// Evaluates `program` for the first `lanes` chains, each over its batch, at each of `positions`, `[place][variable][lane]`, into
    /// `outputs`, `[place][expression][lane]`. What other lanes get means nothing. Allocates nothing after the first call.
    ///
    /// # Panics
    /// If there are more positions than places, a block has fewer rows than the program, or `self`, `records` or `batches` was made for
    /// another.
    pub fn run(
        &mut self,
        program: &Program,
        records: &Records,
        positions: &[&Block],
        batches: &Batches,
        lanes: usize,
        outputs: &mut [&mut Block],
    ) {
        let places = &mut self.places[..positions.len()];
        let inputs = program.inputs();
        for (place, position) in places.iter_mut().zip(positions) {
            place.inputs[..inputs].copy_from_slice(&position[..inputs]);
        }
        let mut scratch = self.loops.iter_mut().zip(&records.loops);
        for (stage, evaluator) in program.stages.iter().zip(&mut self.stages) {
            for place in &mut *places {
                evaluator.run_lanes(&stage.before, &place.inputs, lanes, &mut place.uniforms);
            }
            for row_loop in &stage.loops {
                let (scratch, records) = scratch.next().expect("scratch for each loop");
                let table = batches.tables.iter().position(|table| table.id == row_loop.table).expect("a batch of each table");
                let groups = lanes.div_ceil(IN_TURN);
                let job = |group: usize| {
                    let first = group * IN_TURN;
                    Job { row_loop, records, batches, table, first, chains: (lanes - first).min(IN_TURN), level: self.level }
                };
                #[cfg(feature = "parallel")]
                if groups > 1 && batches.size(table) * lanes >= WORTH_A_THREAD && rayon::current_num_threads() > 1 {
                    use rayon::prelude::*;
                    if scratch.len() < groups {
                        let first = scratch[0].clone();
                        scratch.resize(groups, first);
                    }
                    let shared = &*places;
                    scratch[..groups].par_iter_mut().enumerate().for_each(|(group, scratch)| job(group).run(scratch, shared));
                    for (group, scratch) in scratch[..groups].iter().enumerate() {
                        job(group).store(scratch, places, inputs);
                    }
                    continue;
                }
                for group in 0..groups {
                    job(group).run(&mut scratch[0], places);
                    job(group).store(&scratch[0], places, inputs);
                }
            }
        }
        for (place, outputs) in places.iter_mut().zip(outputs) {
            for row in &mut place.inputs[inputs..] {
                // Idle lanes are to raise no fault of their own.
                let first = row[0];
                row[lanes..].fill(first);
            }
            self.last.run_lanes(&program.last, &place.inputs, lanes, outputs);
        }
    }
}

/// How many numbers the sums of a loop are.
fn width_of(row_loop: &RowLoop) -> usize {
    row_loop.sums.iter().map(|sum| sum.target.groups().max(1)).sum()
}

/// One loop over the batches of some chains.
struct Job<'a> {
    row_loop: &'a RowLoop,
    records: &'a [f64],
    batches: &'a Batches,
    table: usize,
    first: usize,
    chains: usize,
    level: Level,
}

impl Job<'_> {
    fn run(&self, scratch: &mut Scratch, places: &[Place]) {
        scratch.results.fill([0.0; IN_TURN]);
        for chain in 0..self.chains {
            for rows in self.batches.chosen(self.table, self.first + chain).chunks(LANES) {
                self.pick(rows, &mut scratch.picked[self.row_loop.gathers.len()..]);
                let mut from = 0;
                for place in places {
                    self.evaluate(rows, chain, place, scratch);
                    self.add(rows, chain, scratch, from);
                    from += width_of(self.row_loop);
                }
            }
        }
    }

    /// The columns of `rows`, those of the last of them repeated as far as the tape may look.
    fn pick(&self, rows: &[u32], columns: &mut [Lanes]) {
        let width = columns.len();
        if width == 0 {
            return;
        }
        // A cache line of a column at a time: columns lie a power of two apart, and would push each other out of the cache.
        const LINE: usize = 8;
        let record = |row: u32| &self.records[row as usize * width..(row as usize + 1) * width];
        for (line, rows) in rows.chunks(LINE).enumerate() {
            let records: [&[f64]; LINE] = std::array::from_fn(|at| record(rows[at.min(rows.len() - 1)]));
            for (number, column) in columns.iter_mut().enumerate() {
                for (value, record) in column[line * LINE..(line + 1) * LINE].iter_mut().zip(records) {
                    *value = record[number];
                }
            }
        }
        columns.iter_mut().for_each(|column| repeat_last(column, rows.len()));
    }

    /// Runs the tape over `rows` at the position of a chain.
    fn evaluate(&self, rows: &[u32], chain: usize, place: &Place, scratch: &mut Scratch) {
        let Scratch { evaluator, numbers, uniforms, picked, outputs, .. } = scratch;
        let lane = self.first + chain;
        for (out, gathered) in picked.iter_mut().zip(&self.row_loop.gathers) {
            for (out, &row) in out.iter_mut().zip(rows) {
                *out = place.uniforms[gathered.elements[gathered.index[row as usize] as usize - 1]][lane];
            }
            repeat_last(out, rows.len());
        }
        for ((out, number), &uniform) in uniforms.iter_mut().zip(&mut *numbers).zip(&self.row_loop.uniforms) {
            number[0] = place.uniforms[uniform][lane];
            out[..rows.len().next_multiple_of(PIECE)].fill(number[0]);
        }
        let inputs = inputs_of(numbers, uniforms, picked);
        evaluator.run_rows(&self.row_loop.tape, inputs, rows.len(), outputs);
    }

    /// Adds what the tape made of `rows` to the results from number `from` on.
    fn add(&self, rows: &[u32], chain: usize, scratch: &mut Scratch, mut from: usize) {
        let Scratch { numbers, uniforms, picked, outputs, results, .. } = scratch;
        let inputs = inputs_of(numbers, uniforms, picked);
        for sum in &self.row_loop.sums {
            let (a, b) = (factor(sum.factor, outputs, inputs), sum.other.map(|other| factor(other, outputs, inputs)));
            match &sum.target {
                Target::All(_) => {
                    results[from][chain] += dispatch(self.level, Total { a: &a[..rows.len()], b: b.map(|b| &b[..rows.len()]) });
                    from += 1;
                }
                Target::Groups { index, slots } => {
                    for (lane, &row) in rows.iter().enumerate() {
                        let value = b.map_or(a[lane], |b| a[lane] * b[lane]);
                        results[from + index[row as usize] as usize - 1][chain] += value;
                    }
                    from += slots.len();
                }
            }
        }
    }

    /// Puts the term of each of `rows` where its sum goes, row by row; slots are counted from `offset`.
    fn spread(&self, rows: &[u32], place: &Place, scratch: &mut Scratch, slots: &mut [Lanes], offset: usize) {
        self.pick(rows, &mut scratch.picked[self.row_loop.gathers.len()..]);
        self.evaluate(rows, 0, place, scratch);
        let Scratch { numbers, uniforms, picked, outputs, .. } = scratch;
        let inputs = inputs_of(numbers, uniforms, picked);
        for sum in &self.row_loop.sums {
            let (a, b) = (factor(sum.factor, outputs, inputs), sum.other.map(|other| factor(other, outputs, inputs)));
            for (lane, &row) in rows.iter().enumerate() {
                let slot = match &sum.target {
                    Target::All(slot) => Some(*slot),
                    Target::Groups { index, slots } => slots[index[row as usize] as usize - 1],
                };
                if let Some(slot) = slot {
                    slots[slot - offset][lane] = b.map_or(a[lane], |b| a[lane] * b[lane]);
                }
            }
        }
    }

    /// Puts each sum where it goes, scaled up; slots are counted from `offset`.
    fn store(&self, scratch: &Scratch, places: &mut [Place], offset: usize) {
        let RowLoop { rows, sums, .. } = self.row_loop;
        let scale = *rows as f64 / self.batches.size(self.table) as f64;
        let mut results = scratch.results.iter();
        for place in places {
            let out = &mut place.inputs[offset..];
            for sum in sums {
                let all = match &sum.target {
                    Target::All(slot) => &[Some(*slot)][..],
                    Target::Groups { slots, .. } => slots,
                };
                for slot in all {
                    let values = results.next().expect("a result for each");
                    if let Some(slot) = slot {
                        let out = &mut out[slot - offset][self.first..self.first + self.chains];
                        out.iter_mut().zip(values).for_each(|(out, value)| *out = scale * value);
                    }
                }
            }
        }
    }
}

/// Where a factor of a sum over the rows of a batch is.
fn factor<'a>(source: Source, outputs: &'a [Lanes], inputs: RowInputs<'a>) -> &'a Lanes {
    match source {
        Source::Output(row) => &outputs[row],
        Source::Input(row) => inputs.get(0, row),
    }
}

/// The inputs of one chain, its columns picked with its gathers.
fn inputs_of<'a>(numbers: &'a [[f64; TOGETHER]], uniforms: &'a [Lanes], picked: &'a [Lanes]) -> RowInputs<'a> {
    RowInputs { chains: 1, numbers, uniforms, gathers: picked, picked: picked.len(), columns: &[], block: 0 }
}

/// Fills with the last of `count` values as far as a tape may look.
fn repeat_last(row: &mut Lanes, count: usize) {
    let last = row[count - 1];
    row[count..count.next_multiple_of(PIECE)].fill(last);
}

/// Σ a, or Σ ab: row r to partial sum r mod 16, the partial sums pairwise.
struct Total<'a> {
    a: &'a [f64],
    b: Option<&'a [f64]>,
}

impl Work for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        const PARTIAL: usize = 16;
        let mut sums = [0.0; PARTIAL];
        let (whole, rest) = self.a.as_chunks::<PARTIAL>();
        match self.b {
            None => {
                for chunk in whole {
                    for lane in 0..PARTIAL {
                        sums[lane] += chunk[lane];
                    }
                }
                for (sum, value) in sums.iter_mut().zip(rest) {
                    *sum += value;
                }
            }
            Some(b) => {
                let (whole_b, rest_b) = b.as_chunks::<PARTIAL>();
                for (chunk, chunk_b) in whole.iter().zip(whole_b) {
                    for lane in 0..PARTIAL {
                        sums[lane] = chunk[lane].mul_add(chunk_b[lane], sums[lane]);
                    }
                }
                for (sum, (value, value_b)) in sums.iter_mut().zip(rest.iter().zip(rest_b)) {
                    *sum = value.mul_add(*value_b, *sum);
                }
            }
        }
        pairwise(sums)
    }
}
