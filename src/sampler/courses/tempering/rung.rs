//! One rung of a ladder for one block of lanes: the density of the path at its β, and a step that leaves it invariant.

use super::reference::{ReferenceLaw, Scratch};
use crate::density::{Evaluate, LogDensity};
use crate::math::{Block, Lanes, Level};
use crate::random::BlockRng;
use crate::sampler::ensemble::coordinates::{Coordinates, InCoordinates};
use crate::sampler::kernels::lanewise::each;
use crate::sampler::kernels::nuts::{Nuts, State};
use crate::sampler::kernels::{Kernel, Parameters, Pointed, StepInfo};

/// What all rungs share.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) coordinates: Coordinates,
    pub(super) law: ReferenceLaw,
    pub(super) level: Level,
}

/// β·(log p + log |dx/du|) + (1 − β)·log r, seen from the ladder's coordinates.
struct OnPath<'a, 'b> {
    inner: InCoordinates<'a, 'b>,
    path: &'a Path,
    beta: f64,
    scratch: &'a mut Scratch,
}

impl Evaluate for OnPath<'_, '_> {
    fn log_density(&mut self, z: &Block, log_density: &mut Lanes) {
        self.inner.log_density(z, log_density);
        let Path { coordinates, law, level } = self.path;
        let u = &self.inner.scratch[..z.len()];
        law.temper(*level, self.beta, &coordinates.metric, (z, u), self.scratch, log_density, None);
    }

    fn gradient(&mut self, z: &Block, gradient: &mut Block) {
        self.log_density_and_gradient(z, &mut Lanes::default(), gradient);
    }

    fn log_density_and_gradient(&mut self, z: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        self.inner.log_density_and_gradient(z, log_density, gradient);
        let Path { coordinates, law, level } = self.path;
        let u = &self.inner.scratch[..z.len()];
        law.temper(*level, self.beta, &coordinates.metric, (z, u), self.scratch, log_density, Some(gradient));
    }
}

/// One rung of one block.
pub(super) struct Rung<'a> {
    evaluate: Box<dyn Evaluate + 'a>,
    noise: BlockRng,
    kernel: Nuts,
    state: State,
    pub(super) beta: f64,
    pub(super) step_size: f64,
    /// Where the lanes are, in the ladder's coordinates.
    pub(super) z: Vec<Lanes>,
    /// W there: log p + log |dx/du| − log r.
    pub(super) weight: Lanes,
    pub(super) info: StepInfo,
    pub(super) gradients: u64,
    pub(super) active: usize,
    rows: Vec<Lanes>,
    scratch: Scratch,
    log_density: Lanes,
    log_reference: Lanes,
}

impl<'a> Rung<'a> {
    /// At `z`.
    pub(super) fn new(
        density: &'a dyn LogDensity,
        path: &Path,
        kernel: Nuts,
        noise: BlockRng,
        (beta, step_size): (f64, f64),
        z: Vec<Lanes>,
        active: usize,
    ) -> Rung<'a> {
        let dimension = z.len();
        let mut evaluate = density.evaluator();
        evaluate.ask_for(active);
        let mut rows = vec![Lanes::default(); 2 * dimension];
        let inner = InCoordinates { inner: &mut *evaluate, coordinates: &path.coordinates, scratch: &mut rows, active };
        let mut scratch = Scratch::new(dimension);
        let state = kernel.init(z.clone(), &mut OnPath { inner, path, beta, scratch: &mut scratch });
        let mut rung = Rung {
            evaluate,
            noise,
            kernel,
            state,
            beta,
            step_size,
            z,
            weight: Lanes::splat(f64::NEG_INFINITY),
            info: StepInfo::default(),
            gradients: 0,
            active,
            rows,
            scratch,
            log_density: Lanes::default(),
            log_reference: Lanes::default(),
        };
        rung.weigh(path);
        rung
    }

    /// W at the present place.
    pub(super) fn weigh(&mut self, path: &Path) {
        let Rung { evaluate, z, active, rows, scratch, log_density, log_reference, weight, .. } = self;
        let mut target = InCoordinates { inner: &mut **evaluate, coordinates: &path.coordinates, scratch: rows, active: *active };
        target.log_density(z, log_density);
        path.law.log_density(path.level, z, &rows[..z.len()], scratch, log_reference);
        each(path.level, |lane| {
            let change = log_density[lane] - log_reference[lane];
            // A pole of the density is no place, as for every kernel.
            weight[lane] = if change.is_finite() { change } else { f64::NEG_INFINITY };
        });
    }

    /// One step: independent draws of the reference at β = 0, else one of the no-U-turn sampler by `share` of the step size.
    pub(super) fn explore(&mut self, path: &Path, share: f64) {
        if self.beta == 0.0 {
            let Rung { z, rows, noise, scratch, .. } = self;
            let u = &mut rows[..z.len()];
            path.law.draw(path.level, &path.coordinates.metric, noise, (z, u), scratch);
            return self.weigh(path);
        }
        let Rung { evaluate, z, active, rows, scratch, log_reference, weight, state, kernel, noise, info, .. } = self;
        let inner = InCoordinates { inner: &mut **evaluate, coordinates: &path.coordinates, scratch: rows, active: *active };
        let mut on_path = OnPath { inner, path, beta: self.beta, scratch };
        kernel.place(state, z, &mut on_path);
        kernel.step(state, &mut on_path, noise, Parameters::new(share * self.step_size), info);
        // One more for the place that a swap brought.
        self.gradients += info.gradients[..*active].iter().sum::<f64>() as u64 + *active as u64;
        z.copy_from_slice(kernel.positions(state));
        path.coordinates.metric.forward(path.level, z, &mut rows[..z.len()]);
        path.law.log_density(path.level, z, &rows[..z.len()], scratch, log_reference);
        let (log_density, beta) = (&kernel.point(state).log_density, self.beta);
        each(path.level, |lane| weight[lane] = (log_density[lane] - log_reference[lane]) / beta);
    }
}
