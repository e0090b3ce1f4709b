//! Stochastic-gradient Nosé–Hoover thermostats: a friction that finds by itself how much noise the gradient has.
//!
//! v ← v + h∇log p(x) − hξv + √(2hA)·ζ, x ← x + h·v, ξ ← ξ + (h/Q)(v² − T). Ding et al. (2014), algorithm 2, with a thermostat for each
//! variable (their general diagonal form), as gradient noise differs between variables, and with the inertia Q. For a gradient of noise
//! variance V the stationary ξ is about A + hV/2 with variance 1/Q, whatever V is; they begin there if an estimate of V is known.

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::each;
use super::sghmc::{draw, unbounded};
use super::unadjusted::{Guard, Place, Unadjusted, largest_drift};
use crate::density::Evaluate;
use crate::math::{Lanes, Level};
use crate::random::{BlockRng, fill_normal};

/// The kernel, in coordinates without bounds.
pub type Sgnht = Unadjusted<Thermostats>;

/// A thermostat for each variable.
#[derive(Debug, Clone)]
pub struct Thermostats {
    friction: f64,
    inertia: f64,
    noise: Vec<f64>,
}

impl Sgnht {
    /// For so many unbounded variables: the friction A, the inertia Q of the thermostats in units of time squared, and where known the
    /// variance of each component of the gradient, else 0.
    pub fn new(friction: f64, inertia: f64, noise: Vec<f64>, level: Level) -> Self {
        let bounds = unbounded(noise.len());
        Unadjusted::of(Thermostats { friction, inertia, noise }, &bounds, Guard::None).with_level(level)
    }
}

/// Where a block of chains is, its momenta and its frictions.
#[derive(Debug, Clone)]
pub struct State {
    place: Place,
    momentum: Vec<Lanes>,
    friction: Vec<Lanes>,
    begun: bool,
}

impl Kernel for Sgnht {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        State { momentum: positions.clone(), friction: positions.clone(), place: self.place(positions), begun: false }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size: h, temperature, .. } = parameters;
        let State { place, momentum, friction: frictions, begun } = state;
        let Thermostats { friction, inertia, noise: variances } = &self.scheme;
        if !std::mem::replace(begun, true) {
            draw(self.level, momentum, temperature, noise);
            for (row, variance) in frictions.iter_mut().zip(variances) {
                row.fill(friction + 0.5 * h * variance);
            }
        }
        evaluate.gradient(&place.positions, &mut place.gradient);
        self.cut_drift(place, largest_drift(0.5 * h * h), info);
        let Place { positions, gradient, row, .. } = place;
        let spread = (2.0 * h * friction * temperature).sqrt();
        let pace = h / inertia;
        for (((x, v), slope), xi) in positions.iter_mut().zip(momentum).zip(gradient).zip(frictions) {
            fill_normal(self.level, noise, row);
            each(self.level, |lane| {
                let kept = 1.0 - h * xi[lane];
                v[lane] = spread.mul_add(row[lane], h.mul_add(slope[lane], kept * v[lane]));
                x[lane] = h.mul_add(v[lane], x[lane]);
                xi[lane] = pace.mul_add(v[lane].mul_add(v[lane], -temperature), xi[lane]);
            });
        }
        info.gradients = Lanes::splat(1.0);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.place.positions
    }
}
