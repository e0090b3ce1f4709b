//! Runs a [`Program`]: the tapes of what does not vary over the chains, those of the rows chain by chain.

use std::ops::Range;

use super::compile::Tape;
use super::loops::PIECE;
use super::program::{Gathered, Program, RowLoop, STRETCH, Source};
use super::run::{Columns, Evaluator, RowInputs};
use super::sums::Sums;
use super::tiles::TOGETHER;
use crate::math::{Block, LANES, Lanes, Level};

/// Rows times chains from which on a pass is shared between threads: some hundred microseconds of work.
#[cfg(feature = "parallel")]
const WORTH_A_THREAD: usize = 1 << 14;

/// Instructions for each number that goes in or comes out from which on lanes that have not moved are left out: to find them and to close the
/// ranks costs some copies of these.
const WORTH_PACKING: usize = 32;

/// One thread's scratch space for one program.
#[derive(Debug, Clone)]
pub struct ProgramEvaluator {
    level: Level,
    last: Evaluator,
    stages: Vec<Evaluator>,
    /// Variables, then sums.
    inputs: Vec<Lanes>,
    /// What the rows need of the chains.
    uniforms: Vec<Lanes>,
    /// How many lanes are asked for.
    lanes: usize,
    /// How many lanes were evaluated, at the positions that `inputs` holds; and those of the lanes asked for whose sums are due, as they
    /// have moved since.
    known: usize,
    due: Vec<usize>,
    /// Of a long program without sums.
    packing: Option<Packing>,
    /// For each loop the sums of all rows, and scratch space for each thread that takes a part of them.
    loops: Vec<Loop>,
}

/// What lanes that have moved are evaluated in, side by side.
#[derive(Debug, Clone)]
struct Packing {
    inputs: Vec<Lanes>,
    outputs: Vec<Lanes>,
    /// `[expression][lane]` at the positions that are known.
    results: Vec<Lanes>,
}

impl Packing {
    /// For `program`, if it has no sums and is worth it.
    fn new(program: &Program) -> Option<Packing> {
        let (inputs, outputs) = (program.inputs(), program.last.outputs());
        let rows = |count: usize| vec![Lanes::default(); count];
        let is_worth_it = program.sums == 0 && program.last.instructions.len() >= WORTH_PACKING * (inputs + outputs);
        is_worth_it.then(|| Packing { inputs: rows(inputs), outputs: rows(outputs), results: rows(outputs) })
    }
}

#[derive(Debug, Clone)]
struct Loop {
    /// `[tile of chains][sum]`, a sum by groups for each group.
    totals: Vec<[f64; TOGETHER]>,
    parts: Vec<Scratch>,
}

/// What one thread needs to run one loop over some of the rows.
#[derive(Debug, Clone)]
struct Scratch {
    evaluator: Evaluator,
    /// What [`RowInputs`] has, but for the columns.
    numbers: Vec<[f64; TOGETHER]>,
    uniforms: Vec<Lanes>,
    gathers: Vec<Lanes>,
    /// `[chain][output][lane]`.
    outputs: Vec<Lanes>,
    sums: Sums,
    /// The sums of each stretch, `[tile of chains][stretch][sum]`.
    results: Vec<[f64; TOGETHER]>,
}

impl Scratch {
    fn new(row_loop: &RowLoop, level: Level) -> Self {
        let rows = |count: usize| vec![Lanes::default(); count];
        Scratch {
            evaluator: Evaluator::for_chains(&row_loop.tape, level, TOGETHER),
            numbers: vec![[0.0; TOGETHER]; row_loop.uniforms.len()],
            uniforms: rows(TOGETHER * row_loop.uniforms.len()),
            gathers: rows(TOGETHER * row_loop.gathers.len()),
            outputs: rows(TOGETHER * row_loop.tape.outputs()),
            sums: Sums::new(row_loop, TOGETHER),
            results: Vec::with_capacity(row_loop.results()),
        }
    }
}

impl ProgramEvaluator {
    /// Scratch space for `program`, at a SIMD level; the results are the same bits at each.
    pub fn new(program: &Program, level: Level) -> Self {
        let evaluator = |tape: &Tape| Evaluator::with_level(tape, level);
        let width = program.stages.iter().map(|stage| stage.before.outputs()).max().unwrap_or(0);
        let packing = Packing::new(program);
        let remembers = program.sums > 0 || packing.is_some();
        let inputs = if remembers { program.inputs() + program.sums } else { 0 };
        ProgramEvaluator {
            level,
            last: evaluator(&program.last),
            stages: program.stages.iter().map(|stage| evaluator(&stage.before)).collect(),
            inputs: vec![Lanes::default(); inputs],
            uniforms: vec![Lanes::default(); width],
            lanes: LANES,
            known: 0,
            due: Vec::with_capacity(if remembers { LANES } else { 0 }),
            packing,
            loops: program
                .stages
                .iter()
                .flat_map(|stage| &stage.loops)
                .map(|row_loop| Loop { totals: Vec::with_capacity(row_loop.results()), parts: vec![Scratch::new(row_loop, level)] })
                .collect(),
        }
    }

    /// From now on only the first `lanes` lanes are asked for; the others get 0, so that they raise no fault.
    pub fn ask_for(&mut self, lanes: usize) {
        self.lanes = lanes.clamp(1, LANES);
    }

    /// Evaluates `program` at `variables`, `[variable][lane]`, into `outputs`, `[expression][lane]`. A lane that is where it was when it was
    /// last evaluated costs no pass over the rows, and none through a long program.
    ///
    /// # Panics
    /// If `variables` or `outputs` has fewer rows than the program, or `self` was made for another.
    pub fn run(&mut self, program: &Program, variables: &Block, outputs: &mut Block) {
        if let Some(mut packing) = self.packing.take() {
            self.run_packed(program, variables, &mut packing, outputs);
            self.packing = Some(packing);
            return;
        }
        if program.sums == 0 {
            return self.finish(program, variables, outputs);
        }
        self.find_due(&variables[..program.inputs()]);
        self.remember(&variables[..program.inputs()]);
        let mut loops = self.loops.iter_mut();
        for (stage, evaluator) in program.stages.iter().zip(&mut self.stages) {
            evaluator.run_lanes(&stage.before, &self.inputs, self.lanes, &mut self.uniforms);
            for row_loop in &stage.loops {
                let Loop { totals, parts } = loops.next().expect("scratch for each loop");
                let job = Job { row_loop, uniforms: &self.uniforms, lanes: &self.due, level: self.level };
                job.run(totals, parts);
                job.store(totals, &mut self.inputs[program.inputs()..], program.inputs());
            }
        }
        self.known = self.lanes;
        let inputs = std::mem::take(&mut self.inputs);
        self.finish(program, &inputs, outputs);
        self.inputs = inputs;
    }

    /// Evaluates the lanes that have moved, side by side where that makes fewer pieces of them. A lane has the same bits wherever it stands.
    fn run_packed(&mut self, program: &Program, variables: &Block, packing: &mut Packing, outputs: &mut Block) {
        let Packing { inputs, outputs: packed, results } = packing;
        assert!(outputs.len() >= results.len(), "a row for each expression");
        self.find_due(&variables[..program.inputs()]);
        self.remember(&variables[..program.inputs()]);
        if self.due.len().next_multiple_of(PIECE) >= self.lanes {
            self.last.run_lanes(&program.last, &self.inputs, self.lanes, results);
        } else if let Some(&first) = self.due.first() {
            for (row, from) in inputs.iter_mut().zip(&self.inputs) {
                // Idle lanes are to raise no fault of their own.
                row.fill(from[first]);
                row.iter_mut().zip(&self.due).for_each(|(to, &lane)| *to = from[lane]);
            }
            self.last.run_lanes(&program.last, inputs, self.due.len(), packed);
            for (row, from) in results.iter_mut().zip(&*packed) {
                from.iter().zip(&self.due).for_each(|(from, &lane)| row[lane] = *from);
            }
        }
        self.known = self.lanes;
        for (out, row) in outputs.iter_mut().zip(&*results) {
            *out = *row;
            out[self.lanes..].fill(0.0);
        }
    }

    /// The results from variables and sums.
    fn finish(&mut self, program: &Program, inputs: &Block, outputs: &mut Block) {
        self.last.run_lanes(&program.last, inputs, self.lanes, outputs);
        outputs[..program.last.outputs()].iter_mut().for_each(|row| row[self.lanes..].fill(0.0));
    }

    /// Keeps where the lanes are.
    fn remember(&mut self, variables: &Block) {
        let lanes = self.lanes;
        self.inputs.iter_mut().zip(variables).for_each(|(kept, row)| kept[..lanes].copy_from_slice(&row[..lanes]));
    }

    /// Finds the lanes that are not where they were.
    fn find_due(&mut self, variables: &Block) {
        let mut moved = [0; LANES];
        for (before, now) in self.inputs.iter().zip(variables) {
            for (moved, (before, now)) in moved[..self.lanes].iter_mut().zip(before.iter().zip(now.iter())) {
                *moved |= before.to_bits() ^ now.to_bits();
            }
        }
        self.due.clear();
        self.due.extend((0..self.lanes).filter(|&lane| lane >= self.known || moved[lane] != 0));
    }
}

/// One loop over all rows for some chains.
#[derive(Clone, Copy)]
struct Job<'a> {
    row_loop: &'a RowLoop,
    uniforms: &'a [Lanes],
    /// Those of the chains.
    lanes: &'a [usize],
    level: Level,
}

impl Job<'_> {
    /// The sums of all rows, added up stretch by stretch in order, whoever took them. Threads share the rows, not the chains: so each reads
    /// its part of the data once for a tile of chains, and every call the same part.
    fn run(&self, totals: &mut Vec<[f64; TOGETHER]>, parts: &mut Vec<Scratch>) {
        let stretches = self.row_loop.rows.div_ceil(LANES).div_ceil(STRETCH);
        let (tiles, results) = (self.lanes.len().div_ceil(TOGETHER), self.row_loop.results());
        totals.clear();
        totals.resize(tiles * results, [0.0; TOGETHER]);
        let shares = self.shares().clamp(1, stretches.max(1));
        while parts.len() < shares {
            parts.push(parts[0].clone());
        }
        let range = |share: usize| share * stretches / shares..(share + 1) * stretches / shares;
        let body = |(share, part): (usize, &mut Scratch)| self.sum(part, range(share));
        #[cfg(feature = "parallel")]
        if shares > 1 {
            use rayon::prelude::*;
            parts[..shares].par_iter_mut().enumerate().with_max_len(1).for_each(body);
        } else {
            body((0, &mut parts[0]));
        }
        #[cfg(not(feature = "parallel"))]
        body((0, &mut parts[0]));
        for (share, part) in parts[..shares].iter().enumerate() {
            let own = range(share).len() * results;
            for (tile, totals) in totals.chunks_mut(results).enumerate() {
                for found in part.results[tile * own..(tile + 1) * own].chunks(results) {
                    for (total, found) in totals.iter_mut().zip(found) {
                        total.iter_mut().zip(found).for_each(|(total, found)| *total += found);
                    }
                }
            }
        }
    }

    /// Threads that it is worth sharing with.
    #[cfg(feature = "parallel")]
    fn shares(&self) -> usize {
        if self.row_loop.rows * self.lanes.len() >= WORTH_A_THREAD { rayon::current_num_threads() } else { 1 }
    }

    #[cfg(not(feature = "parallel"))]
    fn shares(&self) -> usize {
        1
    }

    /// Puts each sum where it goes; slots are counted from `offset`.
    fn store(&self, totals: &[[f64; TOGETHER]], slots: &mut [Lanes], offset: usize) {
        let mut totals = totals.iter();
        for lanes in self.lanes.chunks(TOGETHER) {
            for sum in &self.row_loop.sums {
                for slot in sum.slots() {
                    let values = totals.next().expect("a total for each");
                    if let Some(slot) = slot {
                        for (&lane, value) in lanes.iter().zip(values) {
                            slots[slot - offset][lane] = *value;
                        }
                    }
                }
            }
        }
    }

    /// The sums of some stretches, tile by tile of chains.
    fn sum(&self, scratch: &mut Scratch, stretches: Range<usize>) {
        scratch.results.clear();
        for lanes in self.lanes.chunks(TOGETHER) {
            let tile = Job { lanes, ..*self };
            tile.spread(scratch);
            for stretch in stretches.clone() {
                tile.stretch(scratch, stretch);
                tile.add(scratch);
            }
        }
    }

    /// Writes the numbers that are the same in all rows where the tape finds them.
    fn spread(&self, scratch: &mut Scratch) {
        let width = scratch.numbers.len();
        for (chain, &lane) in self.lanes.iter().enumerate() {
            for (at, &uniform) in self.row_loop.uniforms.iter().enumerate() {
                scratch.numbers[at][chain] = self.uniforms[uniform][lane];
            }
            for &at in &self.row_loop.spread {
                scratch.uniforms[chain * width + at].fill(scratch.numbers[at][chain]);
            }
        }
    }

    /// Appends the sums of the stretch that was last taken.
    fn add(&self, scratch: &mut Scratch) {
        let from = scratch.results.len();
        scratch.results.resize(from + self.row_loop.results(), [0.0; TOGETHER]);
        let results = &mut scratch.results[from..];
        scratch.sums.tell(self.row_loop, self.lanes.len(), |result, chain, value| results[result][chain] = value);
    }

    /// The sums of one stretch of rows.
    fn stretch(&self, scratch: &mut Scratch, stretch: usize) {
        let Scratch { evaluator, numbers, uniforms, gathers, outputs, sums, .. } = scratch;
        let RowLoop { rows, tape, columns, gathers: gathered, .. } = self.row_loop;
        let (chains, picked) = (self.lanes.len(), gathered.len());
        sums.clear();
        for block in stretch * STRETCH..((stretch + 1) * STRETCH).min(rows.div_ceil(LANES)) {
            let from = block * LANES;
            let count = (rows - from).min(LANES);
            if picked > 0 {
                for (gathers, &lane) in gathers.chunks_mut(picked).zip(self.lanes) {
                    for (row, gathered) in gathers.iter_mut().zip(gathered) {
                        self.gather(row, gathered, from, count, lane);
                    }
                }
            }
            let inputs = RowInputs { chains, numbers, uniforms, gathers, gathered: picked, columns: Columns::Block(columns, block) };
            evaluator.run_rows(tape, inputs, count, outputs);
            let value = |chain: usize, source: Source| match source {
                Source::Output(row) => &outputs[chain * tape.outputs() + row][..count],
                Source::Input(row) => &inputs.get(chain, row)[..count],
            };
            sums.add(self.level, self.row_loop, chains, value, |row| from + row);
        }
    }

    fn gather(&self, row: &mut Lanes, gathered: &Gathered, from: usize, count: usize, lane: usize) {
        for (value, &index) in row.iter_mut().zip(&gathered.index[from..from + count]) {
            *value = self.uniforms[gathered.elements[index as usize - 1]][lane];
        }
        let last = row[count - 1];
        row[count..].fill(last);
    }
}
