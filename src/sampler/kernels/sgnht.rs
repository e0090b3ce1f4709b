//! Stochastic-gradient Nosé–Hoover thermostats: a friction that finds by itself how much noise the gradient has.
//!
//! dx = v dt, dv = ∇log p(x) dt − ξv dt + √(2A) dW, dξ = (v² − T)/Q dt: Ding et al. (2014), section 3, with a thermostat for each variable,
//! as gradient noise differs between variables, and with the inertia Q. For a gradient of noise variance V the stationary ξ is about
//! A + hV/2, whatever V is; they begin there if an estimate of V is known.
//!
//! The step is the symmetric splitting of Chen, Ding & Carin (2015), "On the convergence of stochastic gradient MCMC algorithms with
//! high-order integrators", with one gradient: half of x and ξ, half of the friction, kick, half of the friction, half of x and ξ. In the
//! Euler step v runs half a step ahead of x and is hotter by 2/(2 − hξ), so its thermostat would cool x by as much. What bias is left
//! is that of [`thermostat_variance`]; schemes of this family are compared by Leimkuhler & Shang (2016), "Adaptive thermostats for noisy
//! gradient systems".

use super::lanewise::{each, map};
use super::sghmc::{draw, unbounded};
use super::unadjusted::{Guard, Place, Unadjusted, largest_drift};
use super::{Kernel, Parameters, StepInfo};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, asinh, cosh, exp, sinh};
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::Facts;
use crate::stored::stored;

/// Newton's steps: they converge from far.
const NEWTON: usize = 60;

/// The kernel, in coordinates without bounds.
pub type Sgnht = Unadjusted<Thermostats>;

/// The variance that a unit Gaussian comes out with: friction A, step h, a gradient of noise variance V, thermostats of large inertia.
///
/// Thermostats keep E v² = 1 between steps to the last digit, as they stand still only then. With ξ at its mean, κ = e^(−hξ/2) and X the
/// middle of a step, X′ = X + hv and v′ = κ²v − κhX′ + noise of variance κ²(2hA + h²V). The second moments do not change: E X²′ = E X²
/// says E Xv = −h/2, then E X′v′ says E X² = (1 + κ²)/2κ = cosh(hξ/2), and E v²′ = 1 which ξ it is:
/// sinh y·(cosh y − h²/4) = h(A + hV/2)/2 with y = hξ/2. The draws are half a drift later: cosh y − h²/4. A simulation with inertia 10
/// and h = 0.4 has 0.1 to 0.3 % less, for V from 0 to 3.
pub fn thermostat_variance(friction: f64, step_size: f64, noise: f64) -> f64 {
    let early = 0.25 * step_size * step_size;
    let heat = 0.5 * step_size * (friction + 0.5 * step_size * noise);
    // Newton's method from above: the left-hand side is convex where it rises.
    let mut y = asinh(heat.max(1.0)) + step_size;
    for _ in 0..NEWTON {
        let (s, c) = (sinh(y), cosh(y));
        y -= (s * (c - early) - heat) / (c * c + s * s - early * c);
    }
    cosh(y) - early
}

/// A thermostat for each variable.
#[derive(Debug, Clone)]
pub struct Thermostats {
    friction: f64,
    inertia: f64,
    noise: Vec<f64>,
}

impl Sgnht {
    /// What is known of it before it runs.
    pub const FACTS: Facts =
        Facts { name: "sgnht", summary: "the same with a thermostat for each variable, which finds the friction", ..Facts::BATCHES };

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

stored!(State { place, momentum, friction, begun });

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
