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
    /// Whether all chains see those of the first.
    shared: bool,
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
        Batches { tables: tables.collect(), shared: false }
    }

    /// The same rows for all chains: `batch` rows of each table of `program`, or all rows of a table that has no more; the first ones.
    pub fn shared(program: &Program, batch: usize) -> Batches {
        Batches { shared: true, ..Batches::new(program, batch, 1) }
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
        let lane = if self.shared { 0 } else { lane };
        &chosen[lane * size..(lane + 1) * size]
    }

    /// The batch of a chain, to be chosen anew; each row at most once, and each below [`rows`](Batches::rows). That of chain 0 is that of
    /// all where it is shared.
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
    /// `[slot][output][row]`.
    outputs: Vec<Lanes>,
    sums: Sums,
    /// For each place the numbers that its sums are, each for some chains.
    results: Vec<[f64; IN_TURN]>,
}

/// A position of a chain that a tile of several is evaluated at.
#[derive(Debug, Clone, Copy)]
struct Slot {
    place: usize,
    lane: usize,
}

/// The inputs of some rows in some slots: see [`RowInputs`].
#[derive(Debug, Clone)]
struct Tile {
    numbers: Vec<[f64; TOGETHER]>,
    uniforms: Vec<Lanes>,
    gathers: Vec<Lanes>,
    gathered: usize,
    columns: Vec<Lanes>,
}

impl Tile {
    fn inputs(&self, slots: usize) -> RowInputs<'_> {
        let Tile { numbers, uniforms, gathers, gathered, columns } = self;
        RowInputs { chains: slots, numbers, uniforms, gathers, gathered: *gathered, columns: Columns::Picked(columns) }
    }
}

impl Scratch {
    fn new(row_loop: &RowLoop, places: usize, level: Level) -> Scratch {
        let rows = |count: usize| vec![Lanes::default(); count];
        Scratch {
            evaluator: Evaluator::for_chains(&row_loop.tape, level, TOGETHER),
            tile: Tile {
                numbers: vec![[0.0; TOGETHER]; row_loop.uniforms.len()],
                uniforms: rows(TOGETHER * row_loop.uniforms.len()),
                gathers: rows(TOGETHER * row_loop.gathers.len()),
                gathered: row_loop.gathers.len(),
                columns: rows(row_loop.columns.len()),
            },
            outputs: rows(TOGETHER * row_loop.tape.outputs()),
            sums: Sums::new(row_loop, TOGETHER),
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
        let batches = Batches { tables: Vec::new(), shared: false };
        for ((row_loop, scratch), records) in stage.loops.iter().zip(&mut self.loops).zip(&mut records.loops) {
            let (scratch, count) = (&mut scratch[0], row_loop.tape.outputs());
            let mut numbers = [0; LANES];
            for first in (0..row_loop.rows as u32).step_by(LANES) {
                let rows = &mut numbers[..LANES.min(row_loop.rows - first as usize)];
                rows.iter_mut().zip(first..).for_each(|(row, number)| *row = number);
                let job = Job { row_loop, records, batches: &batches, table: 0, first: 0, chains: 1, level: self.level };
                let slots = [Slot { place: 0, lane: 0 }];
                job.spread(&slots, place, scratch);
                job.pick(rows, scratch, None);
                job.evaluate(rows, &slots, 1, place, scratch);
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
            for (row, position) in place.inputs[..inputs].iter_mut().zip(*position) {
                row[..lanes].copy_from_slice(&position[..lanes]);
            }
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
                // Idle lanes that are evaluated beside the others are to raise no fault of their own.
                let first = row[0];
                row[lanes..lanes.next_power_of_two().clamp(PIECE, LANES)].fill(first);
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
        let last = places.len() - 1;
        let anchored = last > 0 && self.records.is_anchored();
        let lanes = self.first..self.first + self.chains;
        if !self.batches.shared {
            for (chain, lane) in lanes.enumerate() {
                let slots: [Slot; TOGETHER] = std::array::from_fn(|place| Slot { place, lane });
                self.add_up(&slots[..places.len()], anchored, places, scratch, true);
                let Scratch { sums, results, .. } = scratch;
                sums.tell(self.row_loop, places.len(), |result, place, value| results[place * width + result][chain] = value);
            }
            return;
        }
        // Rows that fit the tile are picked for the first chains only.
        let fits = self.batches.size(self.table) <= LANES;
        for place in 0..places.len() - usize::from(anchored) {
            for first in lanes.clone().step_by(TOGETHER) {
                let slots: [Slot; TOGETHER] = std::array::from_fn(|more| Slot { place, lane: first + more });
                let slots = &slots[..TOGETHER.min(lanes.end - first)];
                self.add_up(slots, false, places, scratch, !fits || place == 0 && first == lanes.start);
                let Scratch { sums, results, .. } = scratch;
                let chain = first - lanes.start;
                sums.tell(self.row_loop, slots.len(), |result, slot, value| results[place * width + result][chain + slot] = value);
            }
        }
        if anchored {
            // The same for all chains.
            self.add_up(&[Slot { place: last, lane: self.first }], true, places, scratch, true);
            let Scratch { sums, results, .. } = scratch;
            sums.tell(self.row_loop, 1, |result, _, value| results[last * width + result].fill(value));
        }
    }

    /// The sums over the batch of some slots, which see the same rows; `anchored` if the last slot is the anchor, whose outputs the records
    /// know. Rows that are not to be picked are there from the last call.
    fn add_up(&self, slots: &[Slot], anchored: bool, places: &[Place], scratch: &mut Scratch, picks: bool) {
        scratch.sums.clear();
        self.spread(slots, places, scratch);
        let evaluated = slots.len() - usize::from(anchored);
        for rows in self.batches.chosen(self.table, slots[0].lane).chunks(LANES) {
            if picks {
                self.pick(rows, scratch, anchored.then_some(evaluated));
            }
            self.evaluate(rows, slots, evaluated, places, scratch);
            let Scratch { tile, outputs, sums, .. } = scratch;
            let value = |slot: usize, source| self.factor(source, slot, &tile.inputs(slots.len()), outputs, rows.len());
            sums.add(self.level, self.row_loop, slots.len(), value, |at| rows[at] as usize);
        }
    }

    /// Writes the numbers of the slots that are the same in all rows where the tape finds them.
    fn spread(&self, slots: &[Slot], places: &[Place], scratch: &mut Scratch) {
        let Tile { numbers, uniforms, .. } = &mut scratch.tile;
        for (number, slot) in slots.iter().enumerate() {
            for (numbers, &uniform) in numbers.iter_mut().zip(&self.row_loop.uniforms) {
                numbers[number] = places[slot.place].uniforms[uniform][slot.lane];
            }
            for &at in &self.row_loop.spread {
                uniforms[number * self.row_loop.uniforms.len() + at].fill(numbers[at][number]);
            }
        }
    }

    /// Finds what `rows` have in the columns, and in the outputs at the anchor if there is a slot for them.
    fn pick(&self, rows: &[u32], scratch: &mut Scratch, anchor: Option<usize>) {
        let Scratch { tile, outputs, .. } = scratch;
        let width = self.row_loop.tape.outputs();
        let known = anchor.map_or(0..0, |slot| slot * width..(slot + 1) * width);
        self.records.pick(self.level, rows, &mut tile.columns, &mut outputs[known]);
    }

    /// Runs the tape over the rows that were picked, in the first `evaluated` slots.
    fn evaluate(&self, rows: &[u32], slots: &[Slot], evaluated: usize, places: &[Place], scratch: &mut Scratch) {
        let Scratch { evaluator, tile, outputs, .. } = scratch;
        let RowLoop { tape, gathers, .. } = self.row_loop;
        for (out, (slot, gathered)) in tile.gathers.iter_mut().zip(slots.iter().flat_map(|slot| gathers.iter().map(move |one| (slot, one))))
        {
            for (out, &row) in out.iter_mut().zip(rows) {
                *out = places[slot.place].uniforms[gathered.elements[gathered.index[row as usize] as usize - 1]][slot.lane];
            }
            let last = out[rows.len() - 1];
            out[rows.len()..rows.len().next_multiple_of(PIECE)].fill(last);
        }
        if evaluated > 0 {
            evaluator.run_rows(tape, tile.inputs(evaluated), rows.len(), outputs);
        }
    }

    /// What a factor of a sum has in each of some rows.
    fn factor<'s>(&self, source: Source, slot: usize, inputs: &RowInputs<'s>, outputs: &'s [Lanes], rows: usize) -> &'s [f64] {
        match source {
            Source::Output(row) => &outputs[slot * self.row_loop.tape.outputs() + row][..rows],
            Source::Input(row) => &inputs.get(slot, row)[..rows],
        }
    }

    /// Puts the term of each of `rows` where its sum goes, row by row; slots are counted from `offset`.
    fn terms(&self, rows: &[u32], place: &Place, scratch: &mut Scratch, slots: &mut [Lanes], offset: usize) {
        let (places, slot) = (std::slice::from_ref(place), [Slot { place: 0, lane: self.first }]);
        self.spread(&slot, places, scratch);
        self.pick(rows, scratch, None);
        self.evaluate(rows, &slot, 1, places, scratch);
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
