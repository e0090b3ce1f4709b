//! The coordinates in which a kernel moves: all real numbers, and roughly a unit Gaussian.
//!
//! z → u = centre + L·z → x = T(u). Kernels with unit masses in z are kernels with the mass matrix (LLᵀ)⁻¹ in u (Neal 2011, section
//! 4.1), so that a metric is written once for all of them.

use super::metric::Metric;
use crate::density::{Bound, Evaluate, Transform};
use crate::math::{Block, Lanes, Level};
use crate::sampler::kernels::lanewise::{Sweep, each};

/// A metric on top of the transforms of the bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinates {
    /// One a variable.
    pub transforms: Vec<Transform>,
    /// The linear part.
    pub metric: Metric,
    level: Level,
}

impl Coordinates {
    /// The transforms of `bounds` and the identity as metric.
    pub fn new(bounds: &[Bound], level: Level) -> Coordinates {
        let transforms: Vec<Transform> = bounds.iter().map(Transform::of).collect();
        Coordinates { metric: Metric::identity(transforms.len()), transforms, level }
    }

    /// Whether z is x.
    fn is_identity(&self) -> bool {
        self.metric.is_identity() && self.transforms.iter().all(|transform| *transform == Transform::Identity)
    }

    /// z → u.
    pub fn unconstrained(&self, z: &Block, u: &mut [Lanes]) {
        self.metric.forward(self.level, z, u);
        for (transform, u) in self.transforms.iter().zip(u) {
            if let Transform::Around { .. } = transform {
                // A full turn changes nothing, and moments want one turn.
                let turned = *u;
                transform.positions(self.level, &turned[..], &mut u[..]);
            }
        }
    }

    /// u → z.
    pub fn whitened(&self, u: &Block, z: &mut [Lanes]) {
        self.metric.backward(self.level, u, z);
    }

    /// z → u → x, the first `lanes` lanes.
    fn positions(&self, lanes: usize, z: &Block, u: &mut [Lanes], x: &mut [Lanes]) {
        self.metric.forward(Sweep::of(self.level, lanes), z, u);
        for ((transform, u), x) in self.transforms.iter().zip(u).zip(x) {
            transform.positions(self.level, &u[..lanes], &mut x[..lanes]);
        }
    }

    /// log p and its gradient by x, to those by z, the first `lanes` lanes; u as [`Coordinates::positions`] left it.
    fn pull_back(&self, lanes: usize, u: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        for ((transform, u), slope) in self.transforms.iter().zip(u).zip(&mut *gradient) {
            transform.pull_back(self.level, &u[..lanes], &mut log_density[..lanes], &mut slope[..lanes]);
        }
        self.metric.pull_back(Sweep::of(self.level, lanes), gradient);
    }

    /// u → x, in place.
    pub fn constrain(&self, u: &mut [Lanes]) {
        for (transform, u) in self.transforms.iter().zip(u) {
            if *transform != Transform::Identity {
                let from = *u;
                transform.positions(self.level, &from[..], &mut u[..]);
            }
        }
    }
}

/// An evaluator seen from the coordinates: log p + log |dx/du| and its gradient by z.
pub struct InCoordinates<'a, 'b> {
    /// The evaluator of positions x.
    pub inner: &'a mut (dyn Evaluate + 'b),
    /// The coordinates.
    pub coordinates: &'a Coordinates,
    /// Twice as many rows as variables.
    pub scratch: &'a mut [Lanes],
    /// Lanes in use: the density of the others is 0, so that no kernel moves them.
    pub active: usize,
}

impl Evaluate for InCoordinates<'_, '_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        if self.coordinates.is_identity() {
            self.inner.log_density(positions, log_density);
        } else {
            let Coordinates { transforms, level, .. } = self.coordinates;
            let (u, x) = self.scratch.split_at_mut(positions.len());
            self.coordinates.positions(self.active, positions, u, x);
            self.inner.log_density(x, log_density);
            for (transform, u) in transforms.iter().zip(&*u) {
                if *transform != Transform::Identity {
                    each(Sweep::of(*level, self.active), |lane| log_density[lane] += transform.log_jacobian(u[lane]));
                }
            }
        }
        log_density[self.active..].fill(f64::NEG_INFINITY);
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        if self.coordinates.is_identity() {
            return self.inner.gradient(positions, gradient);
        }
        let (u, x) = self.scratch.split_at_mut(positions.len());
        self.coordinates.positions(self.active, positions, u, x);
        self.inner.gradient(x, gradient);
        self.coordinates.pull_back(self.active, u, &mut Lanes::default(), gradient);
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        if self.coordinates.is_identity() {
            self.inner.log_density_and_gradient(positions, log_density, gradient);
        } else {
            let (u, x) = self.scratch.split_at_mut(positions.len());
            self.coordinates.positions(self.active, positions, u, x);
            self.inner.log_density_and_gradient(x, log_density, gradient);
            self.coordinates.pull_back(self.active, u, log_density, gradient);
        }
        log_density[self.active..].fill(f64::NEG_INFINITY);
    }

    fn lanes(&self) -> usize {
        self.active
    }
}
