//! Stochastic-gradient Hamiltonian Monte Carlo: momenta with friction, which takes out what the gradient's noise puts in.
//!
//! v ← v + h∇log p(x) − hC·v + √(2hA)·ξ, x ← x + h·v. Chen, Fox & Guestrin (2014), eq. 13, where the injected noise is 2(C − B̂)h with
//! B̂ = hV/2, V the variance of the gradient estimate; here C = A + B̂ for each variable, so that C ≥ B̂ whatever the noise. If V is right
//! the law is that of the exact gradient at friction C: on a Gaussian of precision Λ the variance (1/Λ)/(1 − h²Λ/(2(2 − hC))), from the
//! AR(2) x″ = (2 − hC − h²Λ)x′ − (1 − hC)x + noise of variance 2h³C.

use super::lanewise::each;
use super::unadjusted::{Guard, Place, Unadjusted, largest_drift};
use super::{Kernel, Parameters, StepInfo};
use crate::density::{Bound, Evaluate};
use crate::math::{Lanes, Level};
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::Facts;
use crate::stored::stored;

/// The kernel, in coordinates without bounds.
pub type Sghmc = Unadjusted<Friction>;

/// Friction that knows the gradient's noise.
#[derive(Debug, Clone)]
pub struct Friction {
    friction: f64,
    noise: Vec<f64>,
}

impl Sghmc {
    /// What is known of it before it runs.
    pub const FACTS: Facts =
        Facts { name: "sghmc", summary: "stochastic-gradient Hamiltonian Monte Carlo: momenta with friction", ..Facts::BATCHES };

    /// For so many unbounded variables: the friction A that the injected noise belongs to, and the variance V of each component of the
    /// gradient, all 0 for the exact gradient.
    pub fn new(friction: f64, noise: Vec<f64>, level: Level) -> Self {
        let bounds = unbounded(noise.len());
        Unadjusted::of(Friction { friction, noise }, &bounds, Guard::None).with_level(level)
    }
}

/// Variables without names or ends.
pub(in crate::sampler) fn unbounded(dimension: usize) -> Vec<Bound> {
    vec![Bound::new("", f64::NEG_INFINITY, f64::INFINITY); dimension]
}

/// Where a block of chains is, and its momenta.
#[derive(Debug, Clone)]
pub struct State {
    place: Place,
    momentum: Vec<Lanes>,
    drawn: bool,
}

stored!(State { place, momentum, drawn });

impl Kernel for Sghmc {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        State { momentum: positions.clone(), place: self.place(positions), drawn: false }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size: h, temperature, .. } = parameters;
        let State { place, momentum, drawn } = state;
        if !std::mem::replace(drawn, true) {
            draw(self.level, momentum, temperature, noise);
        }
        evaluate.gradient(&place.positions, &mut place.gradient);
        self.cut_drift(place, largest_drift(0.5 * h * h), info);
        let Place { positions, gradient, row, .. } = place;
        let Friction { friction, noise: variances } = &self.scheme;
        let spread = (2.0 * h * friction * temperature).sqrt();
        for (((x, v), slope), variance) in positions.iter_mut().zip(momentum).zip(gradient).zip(variances) {
            fill_normal(self.level, noise, row);
            let kept = 1.0 - h * (friction + 0.5 * h * variance);
            each(self.level, |lane| {
                v[lane] = spread.mul_add(row[lane], h.mul_add(slope[lane], kept * v[lane]));
                x[lane] = h.mul_add(v[lane], x[lane]);
            });
        }
        info.gradients = Lanes::splat(1.0);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.place.positions
    }
}

/// Momenta of unit mass at a temperature.
pub(in crate::sampler) fn draw(level: Level, momentum: &mut [Lanes], temperature: f64, noise: &mut BlockRng) {
    let spread = temperature.sqrt();
    for row in momentum {
        fill_normal(level, noise, row);
        each(level, |lane| row[lane] *= spread);
    }
}
