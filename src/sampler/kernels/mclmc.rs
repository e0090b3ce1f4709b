//! Microcanonical Langevin dynamics without a Metropolis test: a motion of unit speed whose direction the gradient turns and noise blurs.
//!
//! Robnik & Seljak (2023), "Fluctuation without dissipation: microcanonical Langevin Monte Carlo", with the tuning of Robnik et al.
//! (2023), "Microcanonical Hamiltonian Monte Carlo", section 4: the step size by the variance of the energy error, the length L after
//! which a direction is forgotten in proportion to √(Σσᵢ²), which is √d in coordinates of unit variance.
//!
//! The bias is of second order. On a unit Gaussian in many dimensions a step of ε = h√d gives the variance V with
//! √V·tanh(h√V/2) = h/2, so V = 1 + h²/12 + O(h⁴). Derivation: |g| = √(dV), so half a turn takes δ = h√V/2 and, where u stands at right
//! angles to the gradient, makes u·g/|g| = tanh δ; the move changes |x|² by h²d − 2h·√V·tanh δ·d, which in the stationary law is 0; the
//! second half turn is the first one backwards, and a refreshment keeps u at right angles on average.

use super::hmc::DIVERGENCE;
use super::isokinetic::Directions;
use super::lanewise::{Point, Sweep, each, select, select_row};
use super::{Kernel, Parameters, Pointed, StepInfo, Tuning};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, expm1};
use crate::random::BlockRng;
use crate::sampler::facts::{Bias, Facts};
use crate::stored::stored;

/// Energy variance a dimension that the step size is tuned to (Robnik et al. 2023, section 4.2).
const ENERGY_VARIANCE: f64 = 5e-4;

/// The kernel; with one variable its directions are only two, so it needs at least two.
#[derive(Debug, Clone, Copy)]
pub struct Mclmc {
    /// The SIMD level of its loops.
    pub level: Level,
}

/// Where a block is, its directions once drawn, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    proposal: Point,
    directions: Directions,
    drawn: bool,
    stays: Lanes,
}

stored!(State { point, directions, drawn });

impl Mclmc {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "mclmc",
        summary: "microcanonical steps, one gradient each",
        bias: Bias::Second,
        thin: 5,
        least_dimension: 2,
        ..Facts::CHAINS
    };
}

impl Kernel for Mclmc {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let directions = Directions::new(positions.len());
        let point = Point::new(positions, evaluate);
        State { proposal: point.clone(), point, directions, drawn: false, stays: Lanes::default() }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let State { point, proposal, directions, drawn, stays } = state;
        let Parameters { step_size, length, .. } = parameters;
        let dimension = point.position.len() as f64;
        let over = Sweep::of(self.level, evaluate.lanes());
        if !*drawn {
            directions.renew(over, noise);
            *drawn = true;
        }
        directions.kinetic = Lanes::default();
        proposal.copy_from(over, point);
        // Unit speed in d dimensions: √d as far as a momentum of unit variance goes.
        directions.leapfrog(over, proposal, step_size * dimension.sqrt(), evaluate);
        let StepInfo { energy_error, divergent, acceptance, energy, gradients, .. } = info;
        each(over, |lane| {
            let error = directions.kinetic[lane] - (proposal.log_density[lane] - point.log_density[lane]);
            // Comparisons with NaN are false: a step to where the density is zero is refused like one that diverges. One that climbs is
            // not: a chain that begins far away, where every step diverges, comes home by it.
            let goes = (error.abs() < DIVERGENCE) | (proposal.log_density[lane] > point.log_density[lane]);
            energy_error[lane] = if error.abs() < DIVERGENCE { error } else { DIVERGENCE };
            divergent[lane] = if goes { 0.0 } else { 1.0 };
            acceptance[lane] = if goes { 1.0 } else { 0.0 };
            stays[lane] = divergent[lane];
        });
        let Point { position, gradient, log_density } = &mut *proposal;
        select(over, stays, position, &point.position);
        select(over, stays, gradient, &point.gradient);
        select_row(over, stays, log_density, &point.log_density);
        std::mem::swap(point, proposal);
        if stays.contains(&1.0) {
            directions.renew_where(over, stays, noise);
        }
        // ν = √((e^(2ε/L) − 1)/d), with ε/L = h/length.
        directions.refresh(over, (expm1(2.0 * step_size / length) / dimension).sqrt(), noise);
        each(over, |lane| energy[lane] = -point.log_density[lane]);
        *gradients = Lanes::splat(1.0);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn tuning(&self) -> Tuning {
        Tuning::EnergyVariance(ENERGY_VARIANCE)
    }
}

impl Pointed for Mclmc {
    fn point<'a>(&self, state: &'a State) -> &'a Point {
        &state.point
    }
}
