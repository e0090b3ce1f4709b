//! Gradients estimated from a few rows of the data, with control variates, as a density in coordinates of its own.
//!
//! g(θ) = G_batch(θ) − G_batch(θ̂) + G_all(θ̂), where a batch's sums over rows are scaled up to all rows (Baker et al. 2019, section 3). The
//! anchor θ̂ is a mode, or the chain's own place at the beginning of each epoch (Dubey et al. 2016, SVRG). Everything is in the whitened
//! coordinates z of a [`Laplace`](super::Laplace) approximation, so that bounds are no matter and a step suits every variable.

use super::coordinates::Coordinates;
use super::draws::Draws;
use super::lanewise::each;
use crate::density::{BatchGradient, Bound, Evaluate, LogDensity, Model};
use crate::math::{Block, LANES, Lanes, Level};
use crate::random::{BlockRng, Purpose, fill_normal, fill_uniform};
use crate::tape::Batches;

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
named!(ControlVariates: None = "none", Mode = "mode", Svrg = "svrg");

/// Pairs of batches that tell a variance to 13 %.
const PAIRS: usize = 128;

/// A posterior whose gradients are estimates from batches, as a density of z.
#[derive(Debug)]
pub struct Minibatch<'a> {
    model: &'a Model,
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
        Minibatch { model, coordinates, batch, batching, control_variates, seed, bounds }
    }

    /// The same with another stream of batches.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Minibatch<'a> {
        Minibatch { seed, coordinates: self.coordinates.clone(), bounds: self.bounds.clone(), ..*self }
    }

    /// Steps until as many rows were seen as the longest table has; 1 without a table.
    pub fn steps_per_epoch(&self) -> usize {
        let batches = self.model.batches(self.batch, 0);
        (0..batches.len()).map(|table| batches.rows(table).div_ceil(batches.size(table))).max().unwrap_or(1)
    }

    /// The variance of each component of the gradient estimate given the position, the mean over positions of the unit Gaussian: from
    /// `PAIRS` pairs of batches. With SVRG the anchor is an independent position, as it is at the end of a long epoch.
    pub fn noise(&self) -> Vec<f64> {
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
            batched: model.batch_gradient(2),
            all: model.evaluator(),
            choice: Choice::new(&batches, owner.batching, active, BlockRng::new(owner.seed, block, Purpose::Batch), level),
            batches,
            u: vec![Lanes::default(); dimension],
            x: vec![Lanes::default(); dimension],
            row: Lanes::default(),
            anchor: None,
            left: 0,
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
    /// Exact, over all rows.
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
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
            ControlVariates::None => false,
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
