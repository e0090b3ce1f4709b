//! Gradients estimated from a few rows of the data, with control variates, as a density in coordinates of its own.
//!
//! g(θ) = G_batch(θ) − G_batch(θ̂) + G_all(θ̂), where a batch's sums over rows are scaled up to all rows (Baker et al. 2019, section 3). The
//! anchor θ̂ is a mode, or the chain's own place at the beginning of each epoch (Dubey et al. 2016, algorithm 2, SVRG), or for each row
//! where the chain last saw it (algorithm 1, SAGA). Everything is in the whitened coordinates z of a [`Laplace`](crate::sampler::Laplace)
//! approximation, so that bounds are no matter and a step suits every variable.

mod choice;
mod estimator;
mod noise;
mod saga;

use self::estimator::{Anchor, Estimator};
pub use self::noise::Noise;
use crate::density::{Bound, Evaluate, LogDensity, Model};
use crate::math::{LANES, Lanes, Level};
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::sampler::ensemble::draws::Draws;
use crate::tape::Records;
use std::sync::{Arc, OnceLock};

/// How batches are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batching {
    /// Each step's anew, uniform over the sets of so many rows: what theory says of gradient noise holds as it stands.
    #[default]
    Uniform,
    /// The same, one for all chains of a block, which read the rows together: many times as fast. Given the batches chains are independent;
    /// what a batch adds to all alike is its error at their mean, which control variates at the mode take out but for what the mean is
    /// away from the mode. Where there is much noise, standard deviations scatter more than their errors say, as a block is wide together.
    Shared,
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

named!(Batching: Uniform = "uniform", Shared = "shared", Shuffled = "shuffled");
named!(ControlVariates: None = "none", Mode = "mode", Svrg = "svrg", Saga = "saga");

/// A posterior whose gradients are estimates from batches, as a density of z.
#[derive(Debug)]
pub struct Minibatch<'a> {
    model: &'a Model,
    known: OnceLock<Arc<Known>>,
    coordinates: Coordinates,
    batch: usize,
    batching: Batching,
    control_variates: ControlVariates,
    seed: u64,
    bounds: Vec<Bound>,
}

/// The data row by row, and the anchor at the mode if that is where control variates are taken.
#[derive(Debug)]
struct Known {
    records: Records,
    mode: Option<Anchor>,
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
        Minibatch { model, known: OnceLock::new(), coordinates, batch, batching, control_variates, seed, bounds }
    }

    /// The same with another stream of batches.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Minibatch<'a> {
        let (known, coordinates, bounds) = (self.known.clone(), self.coordinates.clone(), self.bounds.clone());
        Minibatch { seed, known, coordinates, bounds, ..*self }
    }

    /// The same with other batches.
    #[must_use]
    pub fn with_batching(&self, batching: Batching) -> Minibatch<'a> {
        Minibatch { batching, ..self.with_seed(self.seed) }
    }

    /// Steps until as many rows were seen as the longest table has; 1 without a table.
    pub fn steps_per_epoch(&self) -> usize {
        let batches = self.model.batches(self.batch, 0);
        (0..batches.len()).map(|table| batches.rows(table).div_ceil(batches.size(table))).max().unwrap_or(1)
    }

    /// Whether every batch is all rows.
    fn is_exact(&self) -> bool {
        let batches = self.model.batches(self.batch, 0);
        (0..batches.len()).all(|table| batches.size(table) == batches.rows(table))
    }

    /// What estimates are made of; found when it is first asked for.
    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            if self.control_variates != ControlVariates::Mode {
                return Arc::new(Known { records: self.model.records(), mode: None });
            }
            let z = vec![Lanes::default(); self.bounds.len()];
            let mode = Anchor::new(&self.coordinates, &mut *self.model.evaluator(), &z, 1, self.model.level());
            Arc::new(Known { records: self.model.records_at(&mode.x), mode: Some(mode) })
        })
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
