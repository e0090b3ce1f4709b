//! Runs a [`Program`]: the tapes of what does not vary over the chains, those of the rows chain by chain.

use super::compile::Tape;
use super::program::{Gathered, PARTIAL, Products, Program, RowLoop, STRETCH, Source, Sum, Target};
use super::run::{Evaluator, RowInputs};
use super::tiles::{AddUp, TOGETHER, add_products, pairwise};
use crate::math::{Block, LANES, Lanes, Level, dispatch};

/// Rows times chains from which on a pass is shared between threads: some hundred microseconds of work.
#[cfg(feature = "parallel")]
const WORTH_A_THREAD: usize = 1 << 14;

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
    /// For each loop scratch space for the chains that share a pass; more for those that threads take at the same time.
    loops: Vec<Vec<Scratch>>,
}

/// What one thread needs to run one loop over rows.
#[derive(Debug, Clone)]
struct Scratch {
    evaluator: Evaluator,
    /// What [`RowInputs`] has, but for the columns.
    numbers: Vec<[f64; TOGETHER]>,
    uniforms: Vec<Lanes>,
    gathers: Vec<Lanes>,
    /// `[chain][output][lane]`.
    outputs: Vec<Lanes>,
    /// For each of some chains, the partial sums of each sum of all rows.
    partial: Vec<[f64; PARTIAL]>,
    /// For each of some chains, the sums by groups, one after the other.
    groups: Vec<f64>,
    /// For each sum, by groups for each group, its values for some chains.
    results: Vec<[f64; TOGETHER]>,
}

impl Scratch {
    fn new(row_loop: &RowLoop, level: Level) -> Self {
        let rows = |count: usize| vec![Lanes::default(); count];
        let groups: usize = row_loop.sums.iter().map(|sum| sum.target.groups()).sum();
        Scratch {
            evaluator: Evaluator::for_chains(&row_loop.tape, level, TOGETHER),
            numbers: vec![[0.0; TOGETHER]; row_loop.uniforms.len()],
            uniforms: rows(TOGETHER * row_loop.uniforms.len()),
            gathers: rows(TOGETHER * row_loop.gathers.len()),
            outputs: rows(TOGETHER * row_loop.tape.outputs()),
            partial: vec![[0.0; PARTIAL]; TOGETHER * row_loop.sums.len()],
            groups: vec![0.0; TOGETHER * groups],
            results: vec![[0.0; TOGETHER]; row_loop.sums.iter().map(|sum| sum.target.groups().max(1)).sum()],
        }
    }
}

impl Target {
    pub(super) fn groups(&self) -> usize {
        match self {
            Target::All(_) => 0,
            Target::Groups { slots, .. } => slots.len(),
        }
    }
}

impl ProgramEvaluator {
    /// Scratch space for `program`, at a SIMD level; the results are the same bits at each.
    pub fn new(program: &Program, level: Level) -> Self {
        let evaluator = |tape: &Tape| Evaluator::with_level(tape, level);
        let width = program.stages.iter().map(|stage| stage.before.outputs()).max().unwrap_or(0);
        let inputs = if program.sums > 0 { program.inputs() + program.sums } else { 0 };
        ProgramEvaluator {
            level,
            last: evaluator(&program.last),
            stages: program.stages.iter().map(|stage| evaluator(&stage.before)).collect(),
            inputs: vec![Lanes::default(); inputs],
            uniforms: vec![Lanes::default(); width],
            lanes: LANES,
            known: 0,
            due: Vec::with_capacity(if program.sums > 0 { LANES } else { 0 }),
            loops: program.stages.iter().flat_map(|stage| &stage.loops).map(|row_loop| vec![Scratch::new(row_loop, level)]).collect(),
        }
    }

    /// From now on only the first `lanes` lanes are asked for; the others get what the first one has.
    pub fn ask_for(&mut self, lanes: usize) {
        self.lanes = lanes.clamp(1, LANES);
    }

    /// Evaluates `program` at `variables`, `[variable][lane]`, into `outputs`, `[expression][lane]`. A lane that is where it was when it was
    /// last evaluated costs no pass over the rows.
    ///
    /// # Panics
    /// If `variables` or `outputs` has fewer rows than the program, or `self` was made for another.
    pub fn run(&mut self, program: &Program, variables: &Block, outputs: &mut Block) {
        if program.sums == 0 {
            return self.last.run(&program.last, variables, outputs);
        }
        self.find_due(&variables[..program.inputs()]);
        self.inputs[..program.inputs()].copy_from_slice(&variables[..program.inputs()]);
        let mut scratch = self.loops.iter_mut();
        for (stage, evaluator) in program.stages.iter().zip(&mut self.stages) {
            evaluator.run(&stage.before, &self.inputs, &mut self.uniforms);
            for row_loop in &stage.loops {
                let scratch = scratch.next().expect("scratch for each loop");
                let job = |lanes| Job { row_loop, uniforms: &self.uniforms, lanes, level: self.level };
                let slots = &mut self.inputs[program.inputs()..];
                #[cfg(feature = "parallel")]
                if self.due.len() > 1 && row_loop.rows * self.due.len() >= WORTH_A_THREAD && rayon::current_num_threads() > 1 {
                    use rayon::prelude::*;
                    // So few chains to a pass that every thread has some.
                    let together = self.due.len().div_ceil(rayon::current_num_threads()).min(TOGETHER);
                    let passes = self.due.len().div_ceil(together);
                    if scratch.len() < passes {
                        let first = scratch[0].clone();
                        scratch.resize(passes, first);
                    }
                    let pairs = scratch.par_iter_mut().zip(self.due.par_chunks(together));
                    pairs.for_each(|(scratch, lanes)| job(lanes).run(scratch));
                    for (scratch, lanes) in scratch.iter().zip(self.due.chunks(together)) {
                        job(lanes).store(scratch, slots, program.inputs());
                    }
                    continue;
                }
                for lanes in self.due.chunks(TOGETHER) {
                    job(lanes).run(&mut scratch[0]);
                    job(lanes).store(&scratch[0], slots, program.inputs());
                }
            }
        }
        for row in &mut self.inputs[program.inputs()..] {
            let first = row[0];
            row[self.lanes..].fill(first);
        }
        self.known = self.lanes;
        self.last.run(&program.last, &self.inputs, outputs);
    }

    /// Finds the lanes that are not where they were.
    fn find_due(&mut self, variables: &Block) {
        let mut moved = [0; LANES];
        for (before, now) in self.inputs.iter().zip(variables) {
            for (moved, (before, now)) in moved.iter_mut().zip(before.iter().zip(now.iter())) {
                *moved |= before.to_bits() ^ now.to_bits();
            }
        }
        self.due.clear();
        self.due.extend((0..self.lanes).filter(|&lane| lane >= self.known || moved[lane] != 0));
    }
}

/// One loop over all rows for a few chains.
#[derive(Clone, Copy)]
struct Job<'a> {
    row_loop: &'a RowLoop,
    uniforms: &'a [Lanes],
    /// Those of the chains, at most [`TOGETHER`].
    lanes: &'a [usize],
    level: Level,
}

impl Job<'_> {
    /// Adds up all stretches of rows in order.
    fn run(&self, scratch: &mut Scratch) {
        let mut results = std::mem::take(&mut scratch.results);
        results.fill([0.0; TOGETHER]);
        self.add_stretches(scratch, &mut results);
        scratch.results = results;
    }

    /// Puts each sum where it goes; slots are counted from `offset`.
    fn store(&self, scratch: &Scratch, slots: &mut [Lanes], offset: usize) {
        let mut results = scratch.results.iter();
        for sum in &self.row_loop.sums {
            let all = match &sum.target {
                Target::All(slot) => &[Some(*slot)][..],
                Target::Groups { slots, .. } => slots,
            };
            for slot in all {
                let values = results.next().expect("a result for each");
                if let Some(slot) = slot {
                    for (&lane, value) in self.lanes.iter().zip(values) {
                        slots[slot - offset][lane] = *value;
                    }
                }
            }
        }
    }

    #[allow(clippy::needless_range_loop, reason = "a chain is a column of several arrays")]
    fn add_stretches(&self, scratch: &mut Scratch, results: &mut [[f64; TOGETHER]]) {
        let sums = &self.row_loop.sums;
        let mut add = |scratch: &Scratch| {
            let mut group = 0;
            for chain in 0..self.lanes.len() {
                let mut result = 0;
                for (number, sum) in sums.iter().enumerate() {
                    match &sum.target {
                        Target::All(_) => {
                            results[result][chain] += pairwise(scratch.partial[chain * sums.len() + number]);
                            result += 1;
                        }
                        Target::Groups { slots, .. } => {
                            for at in 0..slots.len() {
                                results[result + at][chain] += scratch.groups[group + at];
                            }
                            group += slots.len();
                            result += slots.len();
                        }
                    }
                }
            }
        };
        let blocks = self.row_loop.rows.div_ceil(LANES);
        let stretches = blocks.div_ceil(STRETCH);
        #[cfg(feature = "parallel")]
        if stretches > 1 && rayon::current_num_threads() > 1 {
            use rayon::prelude::*;
            // Some stretches for each thread at a time, so that their sums need little room.
            let batch = 4 * rayon::current_num_threads();
            let mut done: Vec<Scratch> = vec![scratch.clone(); batch.min(stretches)];
            for from in (0..stretches).step_by(batch) {
                let now = &mut done[..batch.min(stretches - from)];
                now.par_iter_mut().enumerate().for_each(|(at, scratch)| self.stretch(scratch, from + at));
                now.iter().for_each(&mut add);
            }
            return;
        }
        for stretch in 0..stretches {
            self.stretch(scratch, stretch);
            add(scratch);
        }
    }

    /// The sums of one stretch of rows.
    fn stretch(&self, scratch: &mut Scratch, stretch: usize) {
        let Scratch { evaluator, numbers, uniforms, gathers, outputs, partial, groups, .. } = scratch;
        let RowLoop { rows, tape, sums, columns, products, gathers: gathered, .. } = self.row_loop;
        let (chains, width, picked) = (self.lanes.len(), numbers.len(), gathered.len());
        partial.fill([0.0; PARTIAL]);
        groups.fill(0.0);
        for (chain, &lane) in self.lanes.iter().enumerate() {
            for (at, &uniform) in self.row_loop.uniforms.iter().enumerate() {
                numbers[at][chain] = self.uniforms[uniform][lane];
                uniforms[chain * width + at] = Lanes::splat(numbers[at][chain]);
            }
        }
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
            let inputs = RowInputs { chains, numbers, uniforms, gathers, picked, columns, block };
            evaluator.run_rows(tape, inputs, count, outputs);
            let values = |chain: usize, source: Source| match source {
                Source::Output(row) => &outputs[chain * tape.outputs() + row][..count],
                Source::Input(row) => &inputs.get(chain, row)[..count],
            };
            for Products { first, output, columns } in products {
                let value = |chain: usize| values(chain, Source::Output(*output));
                let column = |at: usize| values(0, Source::Input(columns[at]));
                add_products(self.level, partial, (*first, sums.len()), (chains, columns.len()), value, column);
            }
            let done = products.last().map_or(0, |last| last.first + last.columns.len());
            let mut group = 0;
            for chain in 0..chains {
                for (number, Sum { factor, other, target }) in sums.iter().enumerate().skip(done) {
                    let (a, b) = (values(chain, *factor), other.map(|other| values(chain, other)));
                    match target {
                        Target::All(_) => {
                            let total = &mut partial[chain * sums.len() + number];
                            dispatch(self.level, AddUp { total, a, b });
                        }
                        Target::Groups { index, slots } => {
                            for (row, &index) in index[from..from + count].iter().enumerate() {
                                groups[group + index as usize - 1] += b.map_or(a[row], |b| a[row] * b[row]);
                            }
                            group += slots.len();
                        }
                    }
                }
            }
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
