//! Stochastic-gradient Nosé–Hoover thermostats: a friction that finds by itself how much noise the gradient has.
//!
//! dx = v dt, dv = ∇log p(x) dt − ξv dt + √(2A) dW, dξ = (v² − T)/Q dt: Ding et al. (2014), eq. 8, with a thermostat for each variable,
//! as gradient noise differs between variables, and with the inertia Q. For a gradient of noise variance V the stationary ξ is about
//! A + hV/2, whatever V is; they begin there if an estimate of V is known.
//!
//! The step is the symmetric splitting of Chen, Ding & Carin (2015), "On the convergence of stochastic gradient MCMC algorithms with
//! high-order integrators", with one gradient: half of x and ξ, half of the friction, kick, half of the friction, half of x and ξ. In the
//! Euler step v runs half a step ahead of x and is hotter by 2/(2 − hξ), so its thermostat would cool x by as much.

use super::kernel::{Kernel, Parameters, StepInfo};
use super::lanewise::{each, map};
use super::sghmc::{draw, unbounded};
use super::unadjusted::{Guard, Place, Unadjusted, largest_drift};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, exp};
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
        let level = self.level;
        let half = 0.5 * h;
        let pace = half / inertia;
        let drift = |positions: &mut [Lanes], momentum: &[Lanes], frictions: &mut [Lanes]| {
            for ((x, v), xi) in positions.iter_mut().zip(momentum).zip(frictions) {
                each(level, |lane| {
                    x[lane] = half.mul_add(v[lane], x[lane]);
                    xi[lane] = pace.mul_add(v[lane].mul_add(v[lane], -temperature), xi[lane]);
                });
            }
        };
        drift(&mut place.positions, momentum, frictions);
        evaluate.gradient(&place.positions, &mut place.gradient);
        self.cut_drift(place, largest_drift(half * h), info);
        let Place { positions, gradient, row, .. } = place;
        let spread = (2.0 * h * friction * temperature).sqrt();
        let mut kept = Lanes::default();
        for ((v, slope), xi) in momentum.iter_mut().zip(gradient).zip(&*frictions) {
            each(level, |lane| kept[lane] = -half * xi[lane]);
            map(level, &mut kept, exp);
            fill_normal(level, noise, row);
            each(level, |lane| v[lane] = kept[lane] * kept[lane].mul_add(v[lane], spread.mul_add(row[lane], h * slope[lane])));
        }
        drift(positions, momentum, frictions);
        info.gradients = Lanes::splat(1.0);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.place.positions
    }
}
