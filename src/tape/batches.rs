//! Runs a [`Program`] over a few rows of each table, other ones for each chain, its sums scaled up to all rows.
//!
//! If every result is linear in the sums and the rows are a uniform choice, the results have the expectation of those over all rows.

use super::compile::Tape;
use super::loops::PIECE;
use super::program::{PARTIAL, Program, RowLoop, Source, Target};
use super::run::{Evaluator, RowInputs};
use super::tiles::{AddUp, TOGETHER, pairwise};
use crate::graph::TableId;
use crate::math::{Block, LANES, Lanes, Level, dispatch};

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

/// One thread's scratch space for one program over batches.
#[derive(Debug, Clone)]
pub struct BatchEvaluator {
    level: Level,
    last: Evaluator,
    stages: Vec<Evaluator>,
    /// For each of some positions of the chains: variables, then sums; and what the rows need of the chains.
    places: Vec<Place>,
    loops: Vec<Scratch>,
}

#[derive(Debug, Clone)]
struct Place {
    inputs: Vec<Lanes>,
    uniforms: Vec<Lanes>,
}

/// What a loop over the rows of a batch needs.
#[derive(Debug, Clone)]
struct Scratch {
    evaluator: Evaluator,
    numbers: Vec<[f64; TOGETHER]>,
    uniforms: Vec<Lanes>,
    /// Elements by index, then the columns, both of the rows of the batch.
    picked: Vec<Lanes>,
    outputs: Vec<Lanes>,
    /// For each place, the partial sums of each sum of all rows.
    partial: Vec<[f64; PARTIAL]>,
    /// For each place, the sums by groups, one after the other.
    groups: Vec<f64>,
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
            partial: vec![[0.0; PARTIAL]; places * row_loop.sums.len()],
            groups: vec![0.0; places * groups(row_loop)],
        };
        BatchEvaluator {
            level,
            last: evaluator(&program.last),
            stages: program.stages.iter().map(|stage| evaluator(&stage.before)).collect(),
            places: vec![place; places],
            loops: program.stages.iter().flat_map(|stage| &stage.loops).map(scratch).collect(),
        }
    }

    /// Evaluates `program` for the first `lanes` chains, each over its batch, at each of `positions`, `[place][variable][lane]`, into
    /// `outputs`, `[place][expression][lane]`. What other lanes get means nothing. Allocates nothing.
    ///
    /// # Panics
    /// If there are more positions than places, a block has fewer rows than the program, or `self` or `batches` was made for another.
    pub fn run(&mut self, program: &Program, positions: &[&Block], batches: &Batches, lanes: usize, outputs: &mut [&mut Block]) {
        let places = &mut self.places[..positions.len()];
        let inputs = program.inputs();
        for (place, position) in places.iter_mut().zip(positions) {
            place.inputs[..inputs].copy_from_slice(&position[..inputs]);
        }
        let mut scratch = self.loops.iter_mut();
        for (stage, evaluator) in program.stages.iter().zip(&mut self.stages) {
            for place in &mut *places {
                evaluator.run_lanes(&stage.before, &place.inputs, lanes, &mut place.uniforms);
            }
            for row_loop in &stage.loops {
                let scratch = scratch.next().expect("scratch for each loop");
                let table = batches.tables.iter().position(|table| table.id == row_loop.table).expect("a batch of each table");
                for lane in 0..lanes {
                    let job = Job { row_loop, rows: batches.chosen(table, lane), lane, level: self.level };
                    job.run(scratch, places);
                    job.store(scratch, places, inputs);
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

fn groups(row_loop: &RowLoop) -> usize {
    row_loop.sums.iter().map(|sum| sum.target.groups()).sum()
}

/// One loop over the batch of one chain.
struct Job<'a> {
    row_loop: &'a RowLoop,
    rows: &'a [u32],
    lane: usize,
    level: Level,
}

impl Job<'_> {
    fn run(&self, scratch: &mut Scratch, places: &[Place]) {
        let Scratch { evaluator, numbers, uniforms, picked, outputs, partial, groups, .. } = scratch;
        let RowLoop { tape, sums, gathers, columns, .. } = self.row_loop;
        partial.fill([0.0; PARTIAL]);
        groups.fill(0.0);
        for rows in self.rows.chunks(LANES) {
            for (out, column) in picked[gathers.len()..].iter_mut().zip(columns) {
                // Each way from row to block and lane is a shift and a mask.
                fill(out, rows, |row| column[row / LANES][row % LANES]);
            }
            let mut group = 0;
            for (number, place) in places.iter().enumerate() {
                for (out, gathered) in picked.iter_mut().zip(gathers) {
                    fill(out, rows, |row| place.uniforms[gathered.elements[gathered.index[row] as usize - 1]][self.lane]);
                }
                for ((out, number), &uniform) in uniforms.iter_mut().zip(&mut *numbers).zip(&self.row_loop.uniforms) {
                    number[0] = place.uniforms[uniform][self.lane];
                    out[..rows.len().next_multiple_of(PIECE)].fill(number[0]);
                }
                let inputs = RowInputs { chains: 1, numbers, uniforms, gathers: picked, picked: picked.len(), columns: &[], block: 0 };
                evaluator.run_rows(tape, inputs, rows.len(), outputs);
                let lanes = |source: Source| match source {
                    Source::Output(row) => &outputs[row][..rows.len()],
                    Source::Input(row) => &inputs.get(0, row)[..rows.len()],
                };
                for (at, sum) in sums.iter().enumerate() {
                    let (a, b) = (lanes(sum.factor), sum.other.map(lanes));
                    match &sum.target {
                        Target::All(_) => {
                            let total = &mut partial[number * sums.len() + at];
                            dispatch(self.level, AddUp { total, a, b });
                        }
                        Target::Groups { index, slots } => {
                            for (lane, &row) in rows.iter().enumerate() {
                                let value = b.map_or(a[lane], |b| a[lane] * b[lane]);
                                groups[group + index[row as usize] as usize - 1] += value;
                            }
                            group += slots.len();
                        }
                    }
                }
            }
        }
    }

    /// Puts each sum where it goes, scaled up; slots are counted from `offset`.
    fn store(&self, scratch: &Scratch, places: &mut [Place], offset: usize) {
        let RowLoop { rows, sums, .. } = self.row_loop;
        let scale = *rows as f64 / self.rows.len() as f64;
        let mut group = 0;
        for (number, place) in places.iter_mut().enumerate() {
            let out = &mut place.inputs[offset..];
            for (at, sum) in sums.iter().enumerate() {
                match &sum.target {
                    Target::All(slot) => out[slot - offset][self.lane] = scale * pairwise(scratch.partial[number * sums.len() + at]),
                    Target::Groups { slots, .. } => {
                        for (slot, value) in slots.iter().zip(&scratch.groups[group..]) {
                            if let Some(slot) = slot {
                                out[slot - offset][self.lane] = scale * value;
                            }
                        }
                        group += slots.len();
                    }
                }
            }
        }
    }
}

/// The values of `rows`, and of the last of them as far as the tape may look.
fn fill(out: &mut Lanes, rows: &[u32], value: impl Fn(usize) -> f64) {
    for (out, &row) in out.iter_mut().zip(rows) {
        *out = value(row as usize);
    }
    let last = out[rows.len() - 1];
    out[rows.len()..rows.len().next_multiple_of(PIECE)].fill(last);
}
