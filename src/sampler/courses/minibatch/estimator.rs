//! Estimates the gradients of one block of chains, each call from other batches.

use super::choice::Choice;
use super::saga::Seen;
use super::{Batching, ControlVariates, Minibatch};
use crate::density::{BatchGradient, Evaluate, LogDensity};
use crate::error::Result;
use crate::math::{Block, Lanes, Level};
use crate::random::{BlockRng, Purpose};
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::sampler::kernels::lanewise::{Sweep, each};
use crate::stored::{Archive, stored};
use crate::tape::Batches;

pub(super) struct Estimator<'a> {
    pub(super) owner: &'a Minibatch<'a>,
    block: u64,
    pub(super) level: Level,
    pub(super) active: usize,
    /// Gradients over batches; none where every batch is all rows.
    pub(super) batched: Option<BatchGradient<'a>>,
    /// Of gradients over all rows, once they are asked for.
    all: Option<Box<dyn Evaluate + 'a>>,
    pub(super) batches: Batches,
    choice: Choice,
    pub(super) u: Vec<Lanes>,
    pub(super) x: Vec<Lanes>,
    pub(super) row: Lanes,
    /// The block's own anchor, if it has one.
    anchor: Option<Anchor>,
    /// ∂ log p/∂x at the anchor, over the batch.
    there: Vec<Lanes>,
    /// Steps before the anchor is renewed.
    left: usize,
    pub(super) seen: Option<Seen>,
}

/// Where the control variates are taken.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) x: Vec<Lanes>,
    /// dx/du there.
    derivative: Vec<Lanes>,
    /// ∂ log p/∂x there, over all rows.
    all: Vec<Lanes>,
}

stored!(Anchor { x, derivative, all });

impl Anchor {
    /// The positions z of the first `lanes` chains; where that is one, of all.
    pub(super) fn new(coordinates: &Coordinates, all: &mut dyn Evaluate, z: &Block, lanes: usize, level: Level) -> Anchor {
        let rows = || vec![Lanes::default(); z.len()];
        let mut u = rows();
        coordinates.unconstrained(z, &mut u);
        let mut anchor = Anchor { x: u.clone(), derivative: derivatives(coordinates, &u, level), all: rows() };
        coordinates.constrain(&mut anchor.x);
        all.ask_for(lanes);
        all.gradient(&anchor.x, &mut anchor.all);
        if lanes == 1 {
            anchor.all.iter_mut().for_each(|row| *row = Lanes::splat(row[0]));
        }
        anchor
    }
}

/// dx/du at u.
pub(super) fn derivatives(coordinates: &Coordinates, u: &Block, level: Level) -> Vec<Lanes> {
    let mut rows = vec![Lanes::default(); u.len()];
    for ((transform, u), out) in coordinates.transforms.iter().zip(u).zip(&mut rows) {
        each(level, |lane| out[lane] = transform.derivative(u[lane]));
    }
    rows
}

/// The batches of so many chains of a block, none chosen yet, and who chooses them.
fn first_batches(owner: &Minibatch, block: u64, active: usize) -> (Batches, Choice) {
    let is_shared = owner.batching == Batching::Shared;
    let batches = if is_shared { owner.model.shared_batches(owner.batch) } else { owner.model.batches(owner.batch, active) };
    let noise = BlockRng::new(owner.seed, block, Purpose::Batch);
    let choice = Choice::new(&batches, owner.batching, if is_shared { 1 } else { active }, noise, owner.model.level());
    (batches, choice)
}

fn over_all<'e, 'a>(owner: &'a Minibatch<'a>, all: &'e mut Option<Box<dyn Evaluate + 'a>>) -> &'e mut (dyn Evaluate + 'a) {
    &mut **all.get_or_insert_with(|| owner.model.evaluator())
}

impl<'a> Estimator<'a> {
    pub(super) fn new(owner: &'a Minibatch<'a>, block: u64, active: usize) -> Self {
        let rows = || vec![Lanes::default(); owner.bounds.len()];
        let model = owner.model;
        let level = model.level();
        let (batches, choice) = first_batches(owner, block, active);
        let places = if matches!(owner.control_variates, ControlVariates::Mode | ControlVariates::Svrg) { 2 } else { 1 };
        Estimator {
            owner,
            block,
            level,
            active,
            batched: (!owner.is_exact()).then(|| model.batch_gradient(&owner.known().records, places)),
            all: None,
            choice,
            batches,
            u: rows(),
            x: rows(),
            row: Lanes::default(),
            anchor: None,
            there: rows(),
            left: 0,
            seen: None,
        }
    }

    /// z → u → x.
    pub(super) fn locate(&mut self, z: &Block) {
        let Estimator { owner, level, active, u, x, .. } = self;
        owner.coordinates.metric.forward(Sweep::of(*level, *active), z, u);
        for ((transform, u), x) in owner.coordinates.transforms.iter().zip(u).zip(x) {
            transform.positions(*level, &u[..*active], &mut x[..*active]);
        }
    }

    /// Takes the chains' own positions z for their anchors, for so many steps.
    pub(super) fn renew_anchor(&mut self, z: &Block, steps: usize) {
        self.anchor = Some(Anchor::new(&self.owner.coordinates, over_all(self.owner, &mut self.all), z, self.active, self.level));
        self.left = steps;
    }

    /// The gradient by u at `x`, over all rows or estimated.
    fn unconstrained_gradient(&mut self, gradient: &mut Block) {
        let own = self.anchor.take();
        let Estimator { owner, level, active, batched, all, batches, u, x, row, there, .. } = self;
        let anchor = match batched {
            None => None,
            Some(_) if owner.control_variates == ControlVariates::Mode => owner.known().mode.as_ref(),
            Some(_) => own.as_ref(),
        };
        match (batched, anchor) {
            (None, _) => {
                let all = over_all(owner, all);
                all.ask_for(*active);
                all.gradient(x, gradient);
            }
            (Some(batched), Some(anchor)) => batched.at_both([x, &anchor.x], batches, *active, [&mut *gradient, there]),
            (Some(batched), None) => batched.at(x, batches, *active, gradient),
        }
        for (variable, (transform, slope)) in owner.coordinates.transforms.iter().zip(&mut *gradient).enumerate() {
            // What idle lanes hold would count as a fault.
            slope[*active..].fill(0.0);
            transform.pull_back(*level, &u[variable][..*active], &mut row[..*active], &mut slope[..*active]);
            if let Some(Anchor { derivative, all, .. }) = anchor {
                let (derivative, all, batch) = (&derivative[variable], &all[variable], &there[variable]);
                each(Sweep::of(*level, *active), |lane| slope[lane] += derivative[lane] * (all[lane] - batch[lane]));
            }
        }
        self.anchor = own;
    }
}

impl Evaluate for Estimator<'_> {
    /// Exact, over all rows. Whoever asks may move chains by what they are told: the next step takes its anchor anew.
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.left = 0;
        self.locate(positions);
        let all = over_all(self.owner, &mut self.all);
        all.ask_for(self.active);
        all.log_density(&self.x, log_density);
        for (transform, u) in self.owner.coordinates.transforms.iter().zip(&self.u) {
            each(self.level, |lane| log_density[lane] += transform.log_jacobian(u[lane]));
        }
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        let control_variates = self.owner.control_variates;
        if self.batched.is_some() {
            if control_variates == ControlVariates::Svrg && self.left == 0 {
                self.renew_anchor(positions, self.owner.steps_per_epoch());
            }
            self.left = self.left.saturating_sub(1);
            self.choice.choose(&mut self.batches);
        }
        self.locate(positions);
        if control_variates == ControlVariates::Saga && self.batched.is_some() {
            self.saga(gradient);
        } else {
            self.unconstrained_gradient(gradient);
        }
        self.owner.coordinates.metric.pull_back(Sweep::of(self.level, self.active), gradient);
    }

    /// The log density is not estimated: it is NaN.
    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        self.gradient(positions, gradient);
        log_density.fill(f64::NAN);
    }

    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Estimator { choice, anchor, left, seen, batches, active, u, .. } = self;
        let rows = || vec![Lanes::default(); u.len()];
        archive.all(&mut [choice, left])?;
        archive.option(anchor, || Anchor { x: rows(), derivative: rows(), all: rows() })?;
        archive.option(seen, || Seen::unseen(batches, u.len(), *active))
    }

    /// Begins anew, with the first batches of the block's stream.
    fn ask_for(&mut self, lanes: usize) {
        if lanes != self.active {
            (self.batches, self.choice) = first_batches(self.owner, self.block, lanes);
            (self.active, self.anchor, self.left, self.seen) = (lanes, None, 0, None);
        }
    }
}
