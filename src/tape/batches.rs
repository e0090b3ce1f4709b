//! Runs a [`Program`] over a few rows of each table, other ones for each chain, its sums scaled up to all rows.
//!
//! If every result is linear in the sums and the rows are a uniform choice, the results have the expectation of those over all rows.

use super::compile::Tape;
use super::loops::PIECE;
use super::program::{Program, RowLoop, Source, Sum, Target};
use super::records::{LoopRecords, Records};
use super::run::{Columns, Evaluator, RowInputs};
use super::sums::Sums;
use super::tiles::TOGETHER;
use crate::graph::TableId;
use crate::math::{Block, LANES, Lanes, Level};

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

/// One thread's scratch space for one program over batches.
#[derive(Debug, Clone)]
pub struct BatchEvaluator {
    level: Level,
    last: Evaluator,
    stages: Vec<Evaluator>,
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

/// One position of each chain: variables, then sums; and what the rows need of the chains.
#[derive(Debug, Clone)]
struct Place {
    inputs: Vec<Lanes>,
    uniforms: Vec<Lanes>,
}

/// What one thread needs for a loop over the rows of batches.
#[derive(Debug, Clone)]
struct Scratch {
    evaluator: Evaluator,
    tile: Tile,
    /// `[place][output][row]`.
    outputs: Vec<Lanes>,
    sums: Sums,
    /// For each place the numbers that its sums are, each for some chains.
    results: Vec<[f64; IN_TURN]>,
}

/// The inputs of some rows at some places of one chain: see [`RowInputs`].
#[derive(Debug, Clone)]
struct Tile {
    numbers: Vec<[f64; TOGETHER]>,
    uniforms: Vec<Lanes>,
    gathers: Vec<Lanes>,
    gathered: usize,
    columns: Vec<Lanes>,
}

impl Tile {
    fn inputs(&self, places: usize) -> RowInputs<'_> {
        let Tile { numbers, uniforms, gathers, gathered, columns } = self;
        RowInputs { chains: places, numbers, uniforms, gathers, gathered: *gathered, columns: Columns::Picked(columns) }
    }
}

impl Scratch {
    fn new(row_loop: &RowLoop, places: usize, level: Level) -> Scratch {
        let rows = |count: usize| vec![Lanes::default(); count];
        Scratch {
            evaluator: Evaluator::for_chains(&row_loop.tape, level, places),
            tile: Tile {
                numbers: vec![[0.0; TOGETHER]; row_loop.uniforms.len()],
                uniforms: rows(places * row_loop.uniforms.len()),
                gathers: rows(places * row_loop.gathers.len()),
                gathered: row_loop.gathers.len(),
                columns: rows(row_loop.columns.len()),
            },
            outputs: rows(places * row_loop.tape.outputs()),
            sums: Sums::new(row_loop, places),
            results: vec![[0.0; IN_TURN]; places * row_loop.results()],
        }
    }
}

impl BatchEvaluator {
    /// Scratch space for `program` at `places` positions of each chain, at a SIMD level; the results are the same bits at each.
    ///
    /// # Panics
    /// If there are more than four places.
    pub fn new(program: &Program, places: usize, level: Level) -> BatchEvaluator {
        assert!(places <= TOGETHER, "places are a tile");
        let evaluator = |tape: &Tape| Evaluator::with_level(tape, level);
        let width = program.stages.iter().map(|stage| stage.before.outputs()).max().unwrap_or(0);
        let rows = |count: usize| vec![Lanes::default(); count];
        let place = Place { inputs: rows(program.inputs() + program.sums), uniforms: rows(width) };
        let loops = program.loops_over_rows();
        BatchEvaluator {
            level,
            last: evaluator(&program.last),
            stages: program.stages.iter().map(|stage| evaluator(&stage.before)).collect(),
            places: vec![place; places],
            loops: loops.map(|row_loop| vec![Scratch::new(row_loop, places, level)]).collect(),
            apart: [rows(program.inputs() + program.sums), rows(program.last.outputs())],
        }
    }

    /// Writes to `records` what every row is at `anchor`, the first lane of it. There a batch then costs no more than adding up.
    ///
    /// # Panics
    /// If `records` have no room for that, or a sum lies inside another.
    pub(super) fn anchor(&mut self, program: &Program, records: &mut Records, anchor: &Block) {
        assert!(program.is_flat(), "a row below a sum that lies inside another has no value of its own");
        let Some(stage) = program.stages.first() else { return };
        let place = &mut self.places[..1];
        place[0].inputs[..program.inputs()].copy_from_slice(&anchor[..program.inputs()]);
        self.stages[0].run_lanes(&stage.before, &place[0].inputs, 1, &mut place[0].uniforms);
        let batches = Batches { tables: Vec::new() };
        for ((row_loop, scratch), records) in stage.loops.iter().zip(&mut self.loops).zip(&mut records.loops) {
            let (scratch, count) = (&mut scratch[0], row_loop.tape.outputs());
            let mut numbers = [0; LANES];
            for first in (0..row_loop.rows as u32).step_by(LANES) {
                let rows = &mut numbers[..LANES.min(row_loop.rows - first as usize)];
                rows.iter_mut().zip(first..).for_each(|(row, number)| *row = number);
                let job = Job { row_loop, records, batches: &batches, table: 0, first: 0, chains: 1, level: self.level };
                job.spread(0, place, scratch);
                job.evaluate(rows, 0, place, scratch);
                records.know(first as usize, rows.len(), &scratch.outputs[..count]);
            }
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
                        job.terms(rows, place, &mut scratch[0], &mut spread[inputs..], inputs);
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
    /// If `records` know what the rows are at an anchor, the last of several positions is taken for that.
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

/// One loop over the batches of some chains.
struct Job<'a> {
    row_loop: &'a RowLoop,
    records: &'a LoopRecords,
    batches: &'a Batches,
    table: usize,
    first: usize,
    chains: usize,
    level: Level,
}

impl Job<'_> {
    fn run(&self, scratch: &mut Scratch, places: &[Place]) {
        let width = self.row_loop.results();
        for chain in 0..self.chains {
            let lane = self.first + chain;
            scratch.sums.clear();
            self.spread(lane, places, scratch);
            for rows in self.batches.chosen(self.table, lane).chunks(LANES) {
                self.evaluate(rows, lane, places, scratch);
                let Scratch { tile, outputs, sums, .. } = scratch;
                let value = |place: usize, source| self.factor(source, place, &tile.inputs(places.len()), outputs, rows.len());
                sums.add(self.level, self.row_loop, places.len(), value, |at| rows[at] as usize);
            }
            let Scratch { sums, results, .. } = scratch;
            sums.tell(self.row_loop, places.len(), |result, place, value| results[place * width + result][chain] = value);
        }
    }

    /// Writes the numbers of a chain that are the same in all rows where the tape finds them.
    fn spread(&self, lane: usize, places: &[Place], scratch: &mut Scratch) {
        let Tile { numbers, uniforms, .. } = &mut scratch.tile;
        for (number, place) in (0..).zip(places) {
            for (numbers, &uniform) in numbers.iter_mut().zip(&self.row_loop.uniforms) {
                numbers[number] = place.uniforms[uniform][lane];
            }
            for &at in &self.row_loop.spread {
                uniforms[number * self.row_loop.uniforms.len() + at].fill(numbers[at][number]);
            }
        }
    }

    /// Runs the tape over `rows` at the places of a chain; where the outputs of the last of several are known it only picks them.
    fn evaluate(&self, rows: &[u32], lane: usize, places: &[Place], scratch: &mut Scratch) {
        let Scratch { evaluator, tile, outputs, .. } = scratch;
        let RowLoop { tape, gathers, .. } = self.row_loop;
        for (out, (place, gathered)) in
            tile.gathers.iter_mut().zip(places.iter().flat_map(|place| gathers.iter().map(move |one| (place, one))))
        {
            for (out, &row) in out.iter_mut().zip(rows) {
                *out = place.uniforms[gathered.elements[gathered.index[row as usize] as usize - 1]][lane];
            }
            let last = out[rows.len() - 1];
            out[rows.len()..rows.len().next_multiple_of(PIECE)].fill(last);
        }
        let is_known = places.len() > 1 && self.records.is_anchored();
        let evaluated = places.len() - usize::from(is_known);
        let known = if is_known { &mut outputs[evaluated * tape.outputs()..] } else { &mut [][..] };
        self.records.pick(self.level, rows, &mut tile.columns, known);
        evaluator.run_rows(tape, tile.inputs(evaluated), rows.len(), outputs);
    }

    /// What a factor of a sum has in each of some rows.
    fn factor<'s>(&self, source: Source, place: usize, inputs: &RowInputs<'s>, outputs: &'s [Lanes], rows: usize) -> &'s [f64] {
        match source {
            Source::Output(row) => &outputs[place * self.row_loop.tape.outputs() + row][..rows],
            Source::Input(row) => &inputs.get(place, row)[..rows],
        }
    }

    /// Puts the term of each of `rows` where its sum goes, row by row; slots are counted from `offset`.
    fn terms(&self, rows: &[u32], place: &Place, scratch: &mut Scratch, slots: &mut [Lanes], offset: usize) {
        let places = std::slice::from_ref(place);
        self.spread(self.first, places, scratch);
        self.evaluate(rows, self.first, places, scratch);
        let Scratch { tile, outputs, .. } = scratch;
        for sum in &self.row_loop.sums {
            let factor = |source| self.factor(source, 0, &tile.inputs(1), outputs, rows.len());
            let (a, b) = (factor(sum.factor), sum.other.map(factor));
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
        let scale = self.row_loop.rows as f64 / self.batches.size(self.table) as f64;
        let mut results = scratch.results.iter();
        for place in places {
            let out = &mut place.inputs[offset..];
            for slot in self.row_loop.sums.iter().flat_map(Sum::slots) {
                let values = results.next().expect("a result for each");
                if let Some(slot) = slot {
                    let out = &mut out[slot - offset][self.first..self.first + self.chains];
                    out.iter_mut().zip(values).for_each(|(out, value)| *out = scale * value);
                }
            }
        }
    }
}
