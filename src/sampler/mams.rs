//! Metropolis-adjusted microcanonical sampling: a trajectory of unit speed whose direction the gradient turns, then a Metropolis test.
//!
//! Robnik, Cohn-Gordon & Seljak (2025), "Metropolis adjusted microcanonical Hamiltonian Monte Carlo", algorithm 1; the isokinetic update
//! of the direction is that of Robnik & Seljak (2023), "Fluctuation without dissipation". The momentum is a point on the unit sphere,
//! drawn anew for each trajectory; the energy error is the change of −log p plus that of the direction's own entropy.

use super::hmc::DIVERGENCE;
use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{Point, add_scaled, dot, each};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, exp, log1p};
use crate::random::{BlockRng, fill_normal, fill_uniform};

/// Steps of one trajectory at most.
const LONGEST: usize = 1024;

/// The kernel; with one variable its directions are only two, so it needs at least two.
#[derive(Debug, Clone, Copy)]
pub struct Mams {
    /// The SIMD level of its loops.
    pub level: Level,
}

/// Where a block is, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    proposal: Point,
    direction: Vec<Lanes>,
    rows: Rows,
}

#[derive(Debug, Clone, Default)]
struct Rows {
    row: Lanes,
    ratio: Lanes,
    /// The change of the kinetic part along the trajectory.
    kinetic: Lanes,
    size: Lanes,
    along: Lanes,
    scale: Lanes,
    turn: Lanes,
    step: Lanes,
}

impl Kernel for Mams {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let point = Point::new(positions, evaluate);
        State { direction: point.position.clone(), proposal: point.clone(), point, rows: Rows::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, direction, rows } = state;
        let Parameters { step_size, length, .. } = parameters;
        // Unit speed in d dimensions: √d as far as a momentum of unit variance goes.
        let dimension = direction.len() as f64;
        let epsilon = step_size * dimension.sqrt();
        proposal.copy_from(point);
        for row in direction.iter_mut() {
            fill_normal(self.level, noise, row);
        }
        normalise(self.level, direction, &mut rows.row);
        fill_uniform(self.level, noise, &mut rows.row);
        let steps = (2.0 * rows.row[0] * length / step_size).ceil().clamp(1.0, LONGEST as f64);
        rows.kinetic = Lanes::default();
        rows.step = Lanes::splat(epsilon);
        for _ in 0..steps as usize {
            self.turn(proposal, direction, rows, 0.5 * epsilon);
            add_scaled(self.level, &mut proposal.position, &rows.step, direction);
            proposal.evaluate(evaluate);
            self.turn(proposal, direction, rows, 0.5 * epsilon);
        }
        let Rows { ratio, kinetic, row, .. } = rows;
        let divergent = &mut info.divergent;
        each(self.level, |lane| {
            ratio[lane] = proposal.log_density[lane] - point.log_density[lane] - kinetic[lane];
            divergent[lane] = if ratio[lane] > -DIVERGENCE { 0.0 } else { 1.0 };
        });
        info.gradients = Lanes::splat(steps);
        point.metropolis(self.level, proposal, ratio, row, noise, info);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn target_acceptance(&self) -> Option<f64> {
        Some(0.9)
    }
}

impl Mams {
    /// Turns the direction u towards the gradient for a time: with δ = time·|g|/(d − 1), e = g/|g| and c = e·u,
    /// u ← (u + e·(sinh δ + c(cosh δ − 1)))/(cosh δ + c·sinh δ); the kinetic part grows by (d − 1)·log of the denominator.
    fn turn(&self, point: &Point, direction: &mut [Lanes], rows: &mut Rows, time: f64) {
        let others = direction.len() as f64 - 1.0;
        dot(self.level, &point.gradient, &point.gradient, &mut rows.size);
        dot(self.level, &point.gradient, direction, &mut rows.along);
        let Rows { size, along, scale, turn, kinetic, row, .. } = rows;
        each(self.level, |lane| {
            let length = size[lane].sqrt();
            // At a stationary point nothing turns.
            let inverse = if length > 0.0 { 1.0 / length } else { 0.0 };
            let cosine = along[lane] * inverse;
            let delta = time * length / others.max(1.0);
            // Over e^δ, so that a steep gradient does not overflow: z = e^−δ.
            let z = exp(-delta);
            let squared = z * z;
            // 2·e^−δ times numerator and denominator.
            scale[lane] = 2.0 * z;
            turn[lane] = ((1.0 - squared) + cosine * (1.0 - z) * (1.0 - z)) * inverse;
            let weight = 0.5 * ((1.0 + cosine) + (1.0 - cosine) * squared);
            kinetic[lane] += others * (delta + log1p(weight - 1.0));
        });
        for (u, slope) in direction.iter_mut().zip(&point.gradient) {
            each(self.level, |lane| u[lane] = scale[lane].mul_add(u[lane], turn[lane] * slope[lane]));
        }
        normalise(self.level, direction, row);
    }
}

/// Scales to unit length.
fn normalise(level: Level, direction: &mut [Lanes], row: &mut Lanes) {
    dot(level, direction, direction, row);
    each(level, |lane| row[lane] = 1.0 / row[lane].sqrt());
    for u in direction.iter_mut() {
        each(level, |lane| u[lane] *= row[lane]);
    }
}
