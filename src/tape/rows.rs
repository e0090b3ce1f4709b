//! Runs a [`Program`]: the tapes of what does not vary over the chains, those of the rows chain by chain.

use super::compile::Tape;
use super::program::{Gathered, PARTIAL, Program, RowLoop, STRETCH, Source, Sum, Target};
use super::run::{Evaluator, RowInputs};
use crate::math::{Block, LANES, Lanes, Level, Work, dispatch};

/// Chains that share one pass over the data, so that it is read from memory once for all of them.
const TOGETHER: usize = 8;

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
    /// For each loop scratch space for the chains that share a pass; more for those that threads take at the same time.
    loops: Vec<Vec<Scratch>>,
}

/// What one thread needs to run one loop over rows.
#[derive(Debug, Clone)]
struct Scratch {
    evaluator: Evaluator,
    /// For each of some chains, its uniforms in every lane.
    uniforms: Vec<Lanes>,
    gathers: Vec<Lanes>,
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
            evaluator: Evaluator::with_level(&row_loop.tape, level),
            uniforms: rows(TOGETHER * row_loop.uniforms.len()),
            gathers: rows(row_loop.gathers.len()),
            outputs: rows(row_loop.tape.outputs()),
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
            loops: program.stages.iter().flat_map(|stage| &stage.loops).map(|row_loop| vec![Scratch::new(row_loop, level)]).collect(),
        }
    }

    /// From now on only the first `lanes` lanes are asked for; the others get what the first one has.
    pub fn ask_for(&mut self, lanes: usize) {
        self.lanes = lanes.clamp(1, LANES);
    }

    /// Evaluates `program` at `variables`, `[variable][lane]`, into `outputs`, `[expression][lane]`.
    ///
    /// # Panics
    /// If `variables` or `outputs` has fewer rows than the program, or `self` was made for another.
    pub fn run(&mut self, program: &Program, variables: &Block, outputs: &mut Block) {
        if program.sums == 0 {
            return self.last.run(&program.last, variables, outputs);
        }
        self.inputs[..program.inputs()].copy_from_slice(&variables[..program.inputs()]);
        let mut scratch = self.loops.iter_mut();
        for (stage, evaluator) in program.stages.iter().zip(&mut self.stages) {
            evaluator.run(&stage.before, &self.inputs, &mut self.uniforms);
            for row_loop in &stage.loops {
                let scratch = scratch.next().expect("scratch for each loop");
                let groups = self.lanes.div_ceil(TOGETHER);
                let job = |group: usize| {
                    let first = group * TOGETHER;
                    Job { row_loop, uniforms: &self.uniforms, first, chains: (self.lanes - first).min(TOGETHER), level: self.level }
                };
                let slots = &mut self.inputs[program.inputs()..];
                #[cfg(feature = "parallel")]
                if groups > 1 && row_loop.rows * self.lanes >= WORTH_A_THREAD && rayon::current_num_threads() > 1 {
                    use rayon::prelude::*;
                    if scratch.len() < groups {
                        let first = scratch[0].clone();
                        scratch.resize(groups, first);
                    }
                    scratch[..groups].par_iter_mut().enumerate().for_each(|(group, scratch)| job(group).run(scratch));
                    for (group, scratch) in scratch[..groups].iter().enumerate() {
                        job(group).store(scratch, slots, program.inputs());
                    }
                    continue;
                }
                for group in 0..groups {
                    job(group).run(&mut scratch[0]);
                    job(group).store(&scratch[0], slots, program.inputs());
                }
            }
        }
        for row in &mut self.inputs[program.inputs()..] {
            let first = row[0];
            row[self.lanes..].fill(first);
        }
        self.last.run(&program.last, &self.inputs, outputs);
    }
}

/// One loop over all rows for a few chains.
#[derive(Clone, Copy)]
struct Job<'a> {
    row_loop: &'a RowLoop,
    uniforms: &'a [Lanes],
    first: usize,
    chains: usize,
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
                    slots[slot - offset][self.first..self.first + self.chains].copy_from_slice(&values[..self.chains]);
                }
            }
        }
    }

    #[allow(clippy::needless_range_loop, reason = "a chain is a column of several arrays")]
    fn add_stretches(&self, scratch: &mut Scratch, results: &mut [[f64; TOGETHER]]) {
        let sums = &self.row_loop.sums;
        let mut add = |scratch: &Scratch| {
            let mut group = 0;
            for chain in 0..self.chains {
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
        let Scratch { evaluator, uniforms, gathers, outputs, partial, groups, .. } = scratch;
        let RowLoop { rows, tape, sums, .. } = self.row_loop;
        let rows = *rows;
        partial.fill([0.0; PARTIAL]);
        groups.fill(0.0);
        let width = self.row_loop.uniforms.len();
        for chain in 0..self.chains {
            for (at, &uniform) in self.row_loop.uniforms.iter().enumerate() {
                uniforms[chain * width + at] = Lanes::splat(self.uniforms[uniform][self.first + chain]);
            }
        }
        for block in stretch * STRETCH..((stretch + 1) * STRETCH).min(rows.div_ceil(LANES)) {
            let from = block * LANES;
            let count = (rows - from).min(LANES);
            let mut group = 0;
            for chain in 0..self.chains {
                for (row, gathered) in gathers.iter_mut().zip(&self.row_loop.gathers) {
                    self.gather(row, gathered, from, count, self.first + chain);
                }
                let uniforms = &uniforms[chain * width..(chain + 1) * width];
                let inputs = RowInputs { uniforms, gathers, columns: &self.row_loop.columns, block };
                evaluator.run_rows(tape, inputs, count, outputs);
                let lanes = |source: Source| match source {
                    Source::Output(row) => &outputs[row],
                    Source::Input(row) => inputs.get(row),
                };
                for (number, sum) in sums.iter().enumerate() {
                    let Sum { factor, other, target } = sum;
                    let (a, b) = (lanes(*factor), other.map(lanes));
                    match target {
                        Target::All(_) => {
                            let total = &mut partial[chain * sums.len() + number];
                            dispatch(self.level, AddUp { total, a, b, count });
                        }
                        Target::Groups { index, slots } => {
                            for lane in 0..count {
                                let value = b.map_or(a[lane], |b| a[lane] * b[lane]);
                                groups[group + index[from + lane] as usize - 1] += value;
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

/// Adds a block of rows to the partial sums: row r to number r mod [`PARTIAL`].
struct AddUp<'a> {
    total: &'a mut [f64; PARTIAL],
    a: &'a Lanes,
    b: Option<&'a Lanes>,
    count: usize,
}

impl Work for AddUp<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let AddUp { total, a, b, count } = self;
        let (whole, rest) = a[..count].as_chunks::<PARTIAL>();
        let mut sums = *total;
        match b {
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
                let (whole_b, rest_b) = b[..count].as_chunks::<PARTIAL>();
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
        *total = sums;
    }
}

/// The sum of the partial sums, two by two; their number is a power of two.
#[inline(always)]
pub(super) fn pairwise<const COUNT: usize>(mut partial: [f64; COUNT]) -> f64 {
    let mut left = COUNT / 2;
    while left > 0 {
        for at in 0..left {
            partial[at] += partial[at + left];
        }
        left /= 2;
    }
    partial[0]
}
