//! The Leimkuhler–Matthews scheme: unadjusted Langevin whose noise is the mean of this step's and the last step's.
//!
//! x ← x + ε∇log p(x) + √(εT/2)·(ξₖ + ξₖ₊₁). Leimkuhler & Matthews (2013), eq. 1.3, at the price of an Euler step: exact on Gaussians at
//! every stable step size, of second order elsewhere. Where a wall reflects the position, the noise that is carried on changes sign with
//! it, as the mirror image of the step would have carried it; kept as it is, the error at the wall is larger than Euler's.
//!
//! An estimate of the gradient with variance V adds ε²V a step, which on a unit Gaussian is εV/(2 − ε) of variance: x ← (1 − ε)x has
//! ε²V/(1 − (1 − ε)²). So much less is injected, as Vollmer, Zygalakis & Teh (2016, mSGLD) do for Euler's scheme.

use super::lanewise::{Sweep, any_beyond, each};
use super::unadjusted::{Place, Unadjusted, largest_drift, reflections_are_odd};
use super::{Exchange, Kernel, Parameters, StepInfo};
use crate::density::{Bound, Boundary, Evaluate};
use crate::error::Result;
use crate::math::{LANES, Lanes};
use crate::random::{BlockRng, fill_normal};
use crate::sampler::facts::{Batches, Bias, Facts};
use crate::stored::{Archive, Stored};

/// The kernel for a density's bounds.
pub type Lm = Unadjusted<MeanNoise>;

/// The scheme of Leimkuhler and Matthews.
#[derive(Debug, Clone, Default)]
pub struct MeanNoise {
    /// The variance of each component of the gradient; none for the exact gradient.
    of_gradient: Vec<f64>,
}

impl Lm {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "lm",
        summary: "the same with the noise of Leimkuhler & Matthews",
        bias: Bias::Second,
        batches: Batches::Allowed,
        has_rungs: true,
        ..Facts::POPULATION
    };

    /// The same for gradients that are estimates, each component with a variance, in coordinates in which the density is roughly a unit
    /// Gaussian.
    #[must_use]
    pub fn with_noise(mut self, of_gradient: Vec<f64>) -> Self {
        self.scheme = MeanNoise { of_gradient };
        self
    }
}

/// Where a block of chains is, and the noise it carries.
#[derive(Debug, Clone)]
pub struct State {
    place: Place,
    carried: Option<Vec<Lanes>>,
}

impl Stored for State {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.place.pass(archive)?;
        archive.option(&mut self.carried, || self.place.positions.clone())
    }
}

impl Kernel for Lm {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        State { place: self.place(positions), carried: None }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let Parameters { step_size, temperature, .. } = parameters;
        let State { place, carried } = state;
        evaluate.gradient(&place.positions, &mut place.gradient);
        self.cut_drift(place, largest_drift(step_size) * temperature.max(1.0).sqrt(), info);
        place.look_back();
        let Place { positions, gradient, before, row } = &mut *place;
        let carried = carried.get_or_insert_with(|| {
            let mut first = vec![Lanes::default(); gradient.len()];
            first.iter_mut().for_each(|row| fill_normal(self.level, noise, row));
            first
        });
        for (variable, Bound { low, high, boundary, .. }) in self.bounds.iter().enumerate() {
            let taken = self.scheme.of_gradient.get(variable).map_or(0.0, |variance| step_size * variance / (2.0 - step_size));
            let spread = (0.5 * step_size * (temperature - taken).max(0.0)).sqrt();
            fill_normal(self.level, noise, row);
            let (x, carried, slope) = (&mut positions[variable], &mut carried[variable], &gradient[variable]);
            each(Sweep::of(self.level, noise.lanes()), |lane| {
                x[lane] = spread.mul_add(carried[lane] + row[lane], step_size.mul_add(slope[lane], x[lane]));
                carried[lane] = row[lane];
            });
            if any_beyond(self.level, x, *low, *high) {
                let before = before.get(variable);
                for lane in 0..LANES {
                    if *boundary == Boundary::Reflect && reflections_are_odd(x[lane], *low, *high) {
                        carried[lane] = -carried[lane];
                    }
                    let from = before.map_or(x[lane], |before| before[lane]);
                    x[lane] = boundary.apply(from, x[lane], *low, *high);
                }
            }
        }
        self.refuse(place, evaluate, info, |_| ());
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.place.positions
    }
}

impl Exchange for Lm {
    /// The noise that is carried is part of where the chain is.
    fn exchange(&self, a: &mut State, b: &mut State, lane: usize) {
        a.place.exchange(&mut b.place, lane);
        if let (Some(a), Some(b)) = (&mut a.carried, &mut b.carried) {
            for (a, b) in a.iter_mut().zip(b) {
                std::mem::swap(&mut a[lane], &mut b[lane]);
            }
        }
    }
}
