//! Gradients estimated from a few rows of the data, with control variates, as a density in coordinates of its own.
//!
//! g(θ) = G_batch(θ) − G_batch(θ̂) + G_all(θ̂), where a batch's sums over rows are scaled up to all rows (Baker et al. 2019, section 3). The
//! anchor θ̂ is a mode, or the chain's own place at the beginning of each epoch (Dubey et al. 2016, algorithm 2, SVRG), or for each row
//! where the chain last saw it (algorithm 1, SAGA). Everything is in the whitened coordinates z of a [`Laplace`](super::Laplace)
//! approximation, so that bounds are no matter and a step suits every variable.

use super::coordinates::Coordinates;
use super::draws::Draws;
use super::lanewise::each;
use crate::density::{BatchGradient, Bound, Evaluate, LogDensity, Model};
use crate::math::{Block, LANES, Lanes, Level};
use crate::random::{BlockRng, Purpose, fill_normal, fill_uniform};
use crate::tape::{Batches, Records, Terms};
use std::sync::Arc;

/// How batches are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batching {
    /// Each step's anew, uniform over the sets of so many rows: what theory says of gradient noise holds as it stands.
    #[default]
    Uniform,
    /// In turn through all rows in an order shuffled for each chain and epoch; needs four bytes a row and chain.
    Shuffled,
}

/// What is subtracted from a batch's gradient, with its mean added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ControlVariates {
    /// Nothing.
    None,
    /// The batch's gradient at the centre of the coordinates.
    #[default]
    Mode,
    /// The batch's gradient where the chain was at the beginning of the epoch.
    Svrg,
    /// Each row's gradient where the chain was when it last saw the row; at first, at the centre of the coordinates. Needs
    /// [`memory`](Minibatch::memory).
    Saga,
}

macro_rules! named {
    ($type:ident: $($variant:ident = $name:literal),+) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }
        }
    };
}

named!(Batching: Uniform = "uniform", Shuffled = "shuffled");
named!(ControlVariates: None = "none", Mode = "mode", Svrg = "svrg", Saga = "saga");

/// Places that tell a bad approximation from a good one.
const PROBES: usize = 32;
/// Pairs of batches that tell a variance to 13 %.
const PAIRS: usize = 128;

/// A posterior whose gradients are estimates from batches, as a density of z.
#[derive(Debug)]
pub struct Minibatch<'a> {
    model: &'a Model,
    records: Arc<Records>,
    coordinates: Coordinates,
    batch: usize,
    batching: Batching,
    control_variates: ControlVariates,
    seed: u64,
    bounds: Vec<Bound>,
}

impl<'a> Minibatch<'a> {
    /// `batch` rows of each table of `model` in the coordinates z. Whether the estimates are unbiased is for
    /// [`check_batches`](Model::check_batches) to say. A model without loops over rows has its exact gradient.
    pub fn new(
        model: &'a Model,
        coordinates: Coordinates,
        batch: usize,
        batching: Batching,
        control_variates: ControlVariates,
        seed: u64,
    ) -> Minibatch<'a> {
        let name = |bound: &Bound| Bound::new(bound.name.clone(), f64::NEG_INFINITY, f64::INFINITY);
        let bounds = model.bounds().iter().map(name).collect();
        Minibatch { model, records: Arc::new(model.records()), coordinates, batch, batching, control_variates, seed, bounds }
    }

    /// The same with another stream of batches.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Minibatch<'a> {
        let (records, coordinates, bounds) = (self.records.clone(), self.coordinates.clone(), self.bounds.clone());
        Minibatch { seed, records, coordinates, bounds, ..*self }
    }

    /// Steps until as many rows were seen as the longest table has; 1 without a table.
    pub fn steps_per_epoch(&self) -> usize {
        let batches = self.model.batches(self.batch, 0);
        (0..batches.len()).map(|table| batches.rows(table).div_ceil(batches.size(table))).max().unwrap_or(1)
    }

    /// The variance of log p(z) + |z|²/2 over `PROBES` draws z of the unit Gaussian: 0 if that is the law of z, infinite where p is 0.
    pub fn misfit(&self) -> f64 {
        let level = self.model.level();
        let mut rng = BlockRng::new(self.seed, u64::MAX, Purpose::Initial);
        let mut z = vec![Lanes::default(); self.bounds.len()];
        z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
        let mut log_weight = Lanes::default();
        Estimator::new(self, u64::MAX, PROBES).log_density(&z, &mut log_weight);
        for row in &z {
            each(level, |lane| log_weight[lane] = (0.5 * row[lane]).mul_add(row[lane], log_weight[lane]));
        }
        let mean = log_weight[..PROBES].iter().sum::<f64>() / PROBES as f64;
        let squares = log_weight[..PROBES].iter().map(|weight| (weight - mean) * (weight - mean));
        let variance = squares.sum::<f64>() / (PROBES - 1) as f64;
        if variance.is_nan() { f64::INFINITY } else { variance }
    }

    /// The bytes that the tables of gradients by rows of so many chains take: a number for each chain, row and variable with SAGA.
    pub fn memory(&self, chains: usize) -> usize {
        if self.control_variates != ControlVariates::Saga {
            return 0;
        }
        let batches = self.model.batches(self.batch, 0);
        let rows: usize = (0..batches.len()).map(|table| batches.rows(table)).sum();
        [chains, rows, self.bounds.len()].into_iter().fold(size_of::<f64>(), usize::saturating_mul)
    }

    /// The variance of each component of the gradient estimate given the position, the mean over positions of the unit Gaussian: from
    /// `PAIRS` pairs of batches. With SVRG the anchor is an independent position, as it is at the end of a long epoch; with SAGA one for
    /// each row.
    pub fn noise(&self) -> Vec<f64> {
        if self.control_variates == ControlVariates::Saga {
            return self.noise_of_rows();
        }
        let dimension = self.bounds.len();
        let level = self.model.level();
        let mut rng = BlockRng::new(self.seed, u64::MAX, Purpose::Proposal);
        let mut z = vec![Lanes::default(); dimension];
        let mut estimator = Estimator::new(self, u64::MAX, PAIRS);
        z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
        if self.control_variates == ControlVariates::Svrg {
            estimator.renew_anchor(&z);
            estimator.left = usize::MAX;
            z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
        }
        let (mut first, mut second) = (z.clone(), z.clone());
        estimator.gradient(&z, &mut first);
        estimator.gradient(&z, &mut second);
        let variance = |(a, b): (&Lanes, &Lanes)| {
            let squares = a.iter().zip(b.iter()).take(PAIRS).map(|(a, b)| 0.5 * (a - b) * (a - b));
            squares.filter(|square| square.is_finite()).sum::<f64>() / PAIRS as f64
        };
        first.iter().zip(&second).map(variance).collect()
    }

    /// N²(1 − B/N)/B times the variance over rows r of gᵣ(z) − gᵣ(zᵣ), from two rows a chain; summed over tables.
    fn noise_of_rows(&self) -> Vec<f64> {
        let dimension = self.bounds.len();
        let level = self.model.level();
        let mut rng = BlockRng::new(self.seed, u64::MAX, Purpose::Proposal);
        let (sizes, mut pairs) = (self.model.batches(self.batch, 0), self.model.batches(2, LANES));
        let noise = BlockRng::new(self.seed, u64::MAX, Purpose::Batch);
        Choice::new(&pairs, Batching::Uniform, LANES, noise, level).choose(&mut pairs);
        let mut z = vec![Lanes::default(); dimension];
        let mut differences = vec![vec![[Lanes::default(); 2]; dimension]; pairs.len()];
        let mut estimator = Estimator::new(self, u64::MAX, LANES);
        // At the chain's place for both rows, then at a place for either.
        for (rows, sign) in [([true, true], 1.0), ([true, false], -1.0), ([false, true], -1.0)] {
            z.iter_mut().for_each(|row| fill_normal(level, &mut rng, row));
            estimator.locate(&z);
            let derivative = estimator.derivatives();
            let mut rest = z.clone();
            estimator.batched.terms(&estimator.x, &pairs, LANES, &mut rest, &mut |Terms { lane, table, rows: seen, terms }| {
                for (at, _) in seen.iter().enumerate().filter(|(at, _)| rows[*at]) {
                    for variable in 0..dimension {
                        differences[table][variable][at][lane] += sign * derivative[variable][lane] * terms[variable][at];
                    }
                }
            });
        }
        let mut total = vec![0.0; dimension];
        for (table, pair) in differences.into_iter().enumerate() {
            let (n, b) = (sizes.rows(table) as f64, sizes.size(table) as f64);
            let mut gap: Vec<Lanes> = pair
                .into_iter()
                .map(|[mut first, second]| {
                    first.iter_mut().zip(second.iter()).for_each(|(a, b)| *a -= b);
                    first
                })
                .collect();
            self.coordinates.metric.pull_back(level, &mut gap);
            for (total, gap) in total.iter_mut().zip(&gap) {
                let squares = gap.iter().map(|gap| 0.5 * gap * gap).filter(|square| square.is_finite());
                *total += n * n * (1.0 - b / n) / b * squares.sum::<f64>() / LANES as f64;
            }
        }
        total
    }

    /// Draws of z as draws of the model's variables.
    pub fn positions(&self, draws: &Draws) -> Draws {
        let dimension = self.bounds.len();
        let count = draws.chains() * draws.draws();
        let mut columns = vec![Vec::with_capacity(count); dimension];
        let mut x = vec![Lanes::default(); dimension];
        let pooled = draws.pooled();
        for block in 0..pooled.blocks() {
            self.coordinates.unconstrained(&pooled.block(block), &mut x);
            self.coordinates.constrain(&mut x);
            let active = LANES.min(count - block * LANES);
            columns.iter_mut().zip(&x).for_each(|(column, row)| column.extend_from_slice(&row[..active]));
        }
        Draws::from_columns(columns, draws.chains())
    }
}

impl LogDensity for Minibatch<'_> {
    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        self.block_evaluator(0)
    }

    /// The batches of a block of chains come from a stream of its own.
    fn block_evaluator(&self, block: u64) -> Box<dyn Evaluate + '_> {
        Box::new(Estimator::new(self, block, LANES))
    }

    fn level(&self) -> Level {
        self.model.level()
    }
}

/// Estimates the gradients of one block of chains; each call uses other batches.
struct Estimator<'a> {
    owner: &'a Minibatch<'a>,
    block: u64,
    level: Level,
    active: usize,
    batched: BatchGradient<'a>,
    all: Box<dyn Evaluate + 'a>,
    batches: Batches,
    choice: Choice,
    u: Vec<Lanes>,
    x: Vec<Lanes>,
    row: Lanes,
    anchor: Option<Anchor>,
    /// Steps before the anchor is renewed.
    left: usize,
    seen: Option<Seen>,
}

/// The gradients by u of the rows of each table where each chain last saw them.
struct Seen {
    tables: Vec<SeenTable>,
    /// dx/du where the chains are.
    derivative: Vec<Lanes>,
    /// What the rows of the batches add to the estimates.
    added: Vec<Lanes>,
}

struct SeenTable {
    /// `[lane][row][variable]`.
    gradients: Vec<f64>,
    /// Their sums over the rows, `[variable][lane]`.
    sums: Vec<Lanes>,
}

/// Where the control variates are taken.
struct Anchor {
    x: Vec<Lanes>,
    /// dx/du there.
    derivative: Vec<Lanes>,
    /// ∂ log p/∂x there, over all rows and over the batch.
    all: Vec<Lanes>,
    batch: Vec<Lanes>,
}

impl<'a> Estimator<'a> {
    fn new(owner: &'a Minibatch<'a>, block: u64, active: usize) -> Self {
        let dimension = owner.bounds.len();
        let model = owner.model;
        let batches = model.batches(owner.batch, active);
        let level = model.level();
        Estimator {
            owner,
            block,
            level,
            active,
            batched: model.batch_gradient(&owner.records, 2),
            all: model.evaluator(),
            choice: Choice::new(&batches, owner.batching, active, BlockRng::new(owner.seed, block, Purpose::Batch), level),
            batches,
            u: vec![Lanes::default(); dimension],
            x: vec![Lanes::default(); dimension],
            row: Lanes::default(),
            anchor: None,
            left: 0,
            seen: None,
        }
    }

    /// Whether every batch is all rows.
    fn is_exact(&self) -> bool {
        (0..self.batches.len()).all(|table| self.batches.size(table) == self.batches.rows(table))
    }

    /// z → u → x.
    fn locate(&mut self, z: &Block) {
        let Coordinates { transforms, .. } = &self.owner.coordinates;
        self.owner.coordinates.unconstrained(z, &mut self.u);
        for ((transform, u), x) in transforms.iter().zip(&self.u).zip(&mut self.x) {
            transform.positions(self.level, u, x);
        }
    }

    /// dx/du where the chains are.
    fn derivatives(&self) -> Vec<Lanes> {
        let mut rows = vec![Lanes::default(); self.u.len()];
        for ((transform, u), out) in self.owner.coordinates.transforms.iter().zip(&self.u).zip(&mut rows) {
            each(self.level, |lane| out[lane] = transform.derivative(u[lane]));
        }
        rows
    }

    /// The gradient of every row at the centre, as if each chain had seen all rows there.
    fn look_at_all_rows(&mut self) -> Seen {
        let dimension = self.x.len();
        self.locate(&vec![Lanes::default(); dimension]);
        let derivative = self.derivatives();
        let all = self.owner.model.batches(usize::MAX, 1);
        let mut rest = vec![Lanes::default(); dimension];
        let mut tables: Vec<Vec<f64>> = (0..all.len()).map(|table| vec![0.0; all.rows(table) * dimension]).collect();
        self.batched.terms(&self.x, &all, 1, &mut rest, &mut |Terms { table, rows, terms, .. }| {
            for (at, &row) in rows.iter().enumerate() {
                for variable in 0..dimension {
                    tables[table][row as usize * dimension + variable] = derivative[variable][0] * terms[variable][at];
                }
            }
        });
        let table = |one: Vec<f64>| {
            let sum = |variable: usize| one.iter().skip(variable).step_by(dimension).sum::<f64>();
            SeenTable { sums: (0..dimension).map(|variable| Lanes::splat(sum(variable))).collect(), gradients: one.repeat(self.active) }
        };
        Seen { tables: tables.into_iter().map(table).collect(), derivative, added: vec![Lanes::default(); dimension] }
    }

    /// The gradient by u where the chains are by Dubey et al. (2016), algorithm 1: G = rest + Σ α + N/B·Σ (g − α) over the batch, with α
    /// each row's gradient where it was last seen; then α = g.
    fn saga(&mut self, gradient: &mut Block) {
        let mut seen = self.seen.take().unwrap_or_else(|| {
            let (u, x) = (self.u.clone(), self.x.clone());
            let seen = self.look_at_all_rows();
            (self.u, self.x) = (u, x);
            seen
        });
        let Estimator { owner, level, active, batched, batches, u, x, row, .. } = self;
        let Seen { tables, derivative, added } = &mut seen;
        for ((transform, u), out) in owner.coordinates.transforms.iter().zip(&*u).zip(&mut *derivative) {
            each(*level, |lane| out[lane] = transform.derivative(u[lane]));
        }
        added.fill(Lanes::default());
        batched.terms(x, batches, *active, gradient, &mut |Terms { lane, table, rows, terms }| {
            let SeenTable { gradients, sums } = &mut tables[table];
            let (all, size) = (batches.rows(table), batches.size(table));
            let scale = all as f64 / size as f64;
            let dimension = terms.len();
            for (at, &row) in rows.iter().enumerate() {
                let known = &mut gradients[(lane * all + row as usize) * dimension..][..dimension];
                for (variable, known) in known.iter_mut().enumerate() {
                    let now = derivative[variable][lane] * terms[variable][at];
                    let change = now - std::mem::replace(known, now);
                    sums[variable][lane] += change;
                    // Once it is in the sum.
                    added[variable][lane] += (scale - 1.0) * change;
                }
            }
        });
        for (variable, (transform, slope)) in owner.coordinates.transforms.iter().zip(&mut *gradient).enumerate() {
            slope[*active..].fill(0.0);
            transform.pull_back(*level, &u[variable], row, slope);
            for sums in tables.iter().map(|table| &table.sums[variable]) {
                each(*level, |lane| slope[lane] += if lane < *active { sums[lane] } else { 0.0 });
            }
            each(*level, |lane| slope[lane] += added[variable][lane]);
        }
        self.seen = Some(seen);
    }

    /// Takes the gradient of all rows at z for that of the anchor from now on.
    fn renew_anchor(&mut self, z: &Block) {
        self.locate(z);
        let dimension = self.x.len();
        let rows = || vec![Lanes::default(); dimension];
        let anchor = self.anchor.get_or_insert_with(|| Anchor { x: rows(), derivative: rows(), all: rows(), batch: rows() });
        anchor.x.copy_from_slice(&self.x);
        for ((transform, u), out) in self.owner.coordinates.transforms.iter().zip(&self.u).zip(&mut anchor.derivative) {
            each(self.level, |lane| out[lane] = transform.derivative(u[lane]));
        }
        // All chains share one anchor at the mode.
        let lanes = if self.owner.control_variates == ControlVariates::Mode { 1 } else { self.active };
        self.all.ask_for(lanes);
        self.all.gradient(&anchor.x, &mut anchor.all);
        for row in &mut anchor.all {
            let first = row[0];
            row[lanes..].fill(first);
        }
        self.left = self.owner.steps_per_epoch();
    }
}

impl Evaluate for Estimator<'_> {
    /// Exact, over all rows. Whoever asks may move chains by what they are told: the next step takes its anchor anew.
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.left = 0;
        self.locate(positions);
        self.all.ask_for(self.active);
        self.all.log_density(&self.x, log_density);
        for (transform, u) in self.owner.coordinates.transforms.iter().zip(&self.u) {
            each(self.level, |lane| log_density[lane] += transform.log_jacobian(u[lane]));
        }
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        let exact = self.is_exact();
        let renews = match self.owner.control_variates {
            ControlVariates::None | ControlVariates::Saga => false,
            ControlVariates::Mode => self.anchor.is_none(),
            ControlVariates::Svrg => self.left == 0,
        };
        if renews && !exact {
            match self.owner.control_variates {
                ControlVariates::Mode => self.renew_anchor(&vec![Lanes::default(); positions.len()]),
                _ => self.renew_anchor(positions),
            }
        }
        self.left = self.left.saturating_sub(1);
        self.locate(positions);
        if self.owner.control_variates == ControlVariates::Saga && !exact {
            self.choice.choose(&mut self.batches);
            self.saga(gradient);
            return self.owner.coordinates.metric.pull_back(self.level, gradient);
        }
        let Estimator { level, active, batched, all, batches, choice, u, x, row, anchor, .. } = self;
        if exact {
            all.ask_for(*active);
            all.gradient(x, gradient);
        } else {
            choice.choose(batches);
            match anchor {
                Some(Anchor { x: there, batch, .. }) => batched.at_both([x, there], batches, *active, [&mut *gradient, batch]),
                None => batched.at(x, batches, *active, gradient),
            }
        }
        let Coordinates { transforms, metric, .. } = &self.owner.coordinates;
        for (variable, (transform, slope)) in transforms.iter().zip(&mut *gradient).enumerate() {
            // What idle lanes hold would count as a fault.
            slope[*active..].fill(0.0);
            transform.pull_back(*level, &u[variable], row, slope);
            if let Some(Anchor { derivative, all, batch, .. }) = anchor.as_ref().filter(|_| !exact) {
                let (derivative, all, batch) = (&derivative[variable], &all[variable], &batch[variable]);
                each(*level, |lane| {
                    let correction = if lane < *active { derivative[lane] * (all[lane] - batch[lane]) } else { 0.0 };
                    slope[lane] += correction;
                });
            }
        }
        metric.pull_back(*level, gradient);
    }

    /// The log density is not estimated: it is NaN.
    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        self.gradient(positions, gradient);
        log_density.fill(f64::NAN);
    }

    /// Begins anew, with the first batches of the block's stream.
    fn ask_for(&mut self, lanes: usize) {
        if lanes != self.active {
            *self = Estimator::new(self.owner, self.block, lanes);
        }
    }
}

/// Chooses the rows of batches.
struct Choice {
    noise: BlockRng,
    level: Level,
    uniform: Lanes,
    used: usize,
    batching: Batching,
    lanes: usize,
    tables: Vec<Order>,
}

/// The rows of one table in an order: of the block, or of each chain in turn.
struct Order {
    rows: usize,
    order: Vec<u32>,
    /// How many rows of the order are used up; of all chains at the same time.
    used: usize,
}

impl Choice {
    fn new(batches: &Batches, batching: Batching, lanes: usize, noise: BlockRng, level: Level) -> Choice {
        let orders = if batching == Batching::Shuffled { lanes } else { 1 };
        let order = |table: usize| {
            let rows = batches.rows(table);
            // Used up: shuffled before the first use.
            Order { rows, order: (0..orders).flat_map(|_| 0..rows as u32).collect(), used: rows }
        };
        let tables = (0..batches.len()).map(order).collect();
        Choice { noise, level, uniform: Lanes::default(), used: LANES, batching, lanes, tables }
    }

    /// A whole number below `limit`, uniform.
    fn below(&mut self, limit: usize) -> usize {
        if self.used == LANES {
            fill_uniform(self.level, &mut self.noise, &mut self.uniform);
            self.used = 0;
        }
        self.used += 1;
        ((self.uniform[self.used - 1] * limit as f64) as usize).min(limit - 1)
    }

    /// Chooses the batches of the next step.
    fn choose(&mut self, batches: &mut Batches) {
        for table in 0..self.tables.len() {
            let size = batches.size(table);
            let Order { rows, used, .. } = self.tables[table];
            if size == rows {
                continue;
            }
            let renews = self.batching == Batching::Shuffled && used + size > rows;
            let from = if renews { 0 } else { used };
            for lane in 0..self.lanes {
                let (first, count) = match (self.batching, renews) {
                    (Batching::Uniform, _) => (0, size),
                    (Batching::Shuffled, true) => (lane * rows, rows),
                    (Batching::Shuffled, false) => (lane * rows, 0),
                };
                // The first steps of a shuffle (Fisher & Yates) are a uniform choice from whatever order there was.
                for at in 0..count {
                    let other = at + self.below(rows - at);
                    self.tables[table].order.swap(first + at, first + other);
                }
                let from = first + if self.batching == Batching::Uniform { 0 } else { from };
                batches.chosen_mut(table, lane).copy_from_slice(&self.tables[table].order[from..from + size]);
            }
            self.tables[table].used = from + size;
        }
    }
}
