//! Underdamped Langevin dynamics by the BAOAB splitting: kick, drift, fresh noise on the momentum, drift, kick.
//!
//! Leimkuhler & Matthews (2013), "Robust and efficient configurational molecular sampling": on a Gaussian the positions have the exact
//! variance at every stable step. The step h = √(2ε), so that a step size moves as far as in the overdamped kernels. At a wall that
//! reflects, the momentum turns as the position does.

use super::lanewise::{any_beyond, each};
use super::unadjusted::{Guard, Place, Unadjusted, largest_drift, reflections_are_odd};
use super::{Kernel, Parameters, StepInfo};
use crate::density::{Bound, Boundary, Evaluate};
use crate::error::Result;
use crate::math::{LANES, Lanes, Level, exp};
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::{Bias, Facts};
use crate::stored::{Archive, Stored};

/// The kernel for a density's bounds.
pub type Underdamped = Unadjusted<Baoab>;

/// The splitting.
#[derive(Debug, Clone, Copy)]
pub struct Baoab {
    /// γ, in inverse units of h.
    friction: f64,
}

impl Underdamped {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "underdamped",
        summary: "Langevin steps with momenta, by the BAOAB splitting",
        bias: Bias::Second,
        ..Facts::POPULATION
    };

    /// The kernel for `bounds` with friction γ.
    pub fn new(bounds: &[Bound], guard: Guard, friction: f64) -> Self {
        Unadjusted::of(Baoab { friction }, bounds, guard)
    }
}

/// Where a block of chains is with the gradient there, and its momenta.
#[derive(Debug, Clone)]
pub struct State {
    place: Place,
    momentum: Option<Vec<Lanes>>,
}

impl Stored for State {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.place.pass(archive)?;
        archive.option(&mut self.momentum, || self.place.positions.clone())
    }
}

impl Kernel for Underdamped {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let mut place = self.place(positions);
        evaluate.gradient(&place.positions, &mut place.gradient);
        State { place, momentum: None }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        let State { place, momentum } = state;
        let h = (2.0 * step_size).sqrt();
        let momentum = momentum.get_or_insert_with(|| {
            let mut first = vec![Lanes::default(); self.bounds.len()];
            for row in &mut first {
                fill_normal(self.level, noise, row);
                row.iter_mut().for_each(|p| *p *= temperature.sqrt());
            }
            first
        });
        // A kick of h/2·g drifts by h²/2·g = ε·g: the drift to cut is that of the overdamped kernels.
        let largest = largest_drift(step_size);
        self.cut_drift(place, largest, info);
        place.look_back();
        let kept = exp(-self.scheme.friction * h);
        let fresh = (temperature * (1.0 - kept * kept)).sqrt();
        let Place { positions, gradient, row, .. } = &mut *place;
        for (variable, bound) in self.bounds.iter().enumerate() {
            let (x, p, slope) = (&mut positions[variable], &mut momentum[variable], &gradient[variable]);
            fill_normal(self.level, noise, row);
            each(self.level, |lane| p[lane] = (0.5 * h).mul_add(slope[lane], p[lane]));
            drift(self.level, x, p, 0.5 * h, bound);
            each(self.level, |lane| p[lane] = kept.mul_add(p[lane], fresh * row[lane]));
            drift(self.level, x, p, 0.5 * h, bound);
        }
        self.refuse(place, evaluate, info, |lane| momentum.iter_mut().for_each(|p| p[lane] = -p[lane]));
        evaluate.gradient(&place.positions, &mut place.gradient);
        self.cut_drift(place, largest, info);
        for (p, slope) in momentum.iter_mut().zip(&place.gradient) {
            each(self.level, |lane| p[lane] = (0.5 * h).mul_add(slope[lane], p[lane]));
        }
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.place.positions
    }
}

/// x ← x + h·p; at an end the boundary's way, and where the position is mirrored or kept the momentum turns: each such map keeps volume.
fn drift(level: Level, x: &mut Lanes, p: &mut Lanes, h: f64, bound: &Bound) {
    let Bound { low, high, boundary, .. } = bound;
    let before = *x;
    each(level, |lane| x[lane] = h.mul_add(p[lane], x[lane]));
    if any_beyond(level, x, *low, *high) {
        for lane in 0..LANES {
            let is_outside = x[lane] < *low || x[lane] > *high;
            let turns = match boundary {
                Boundary::Reflect => reflections_are_odd(x[lane], *low, *high),
                Boundary::Wrap => false,
                _ => is_outside,
            };
            if turns {
                p[lane] = -p[lane];
            }
            x[lane] = boundary.apply(before[lane], x[lane], *low, *high);
        }
    }
}
