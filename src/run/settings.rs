//! What the caller may set about a run; everything has a default that the problem decides.

use std::str::FromStr;

use super::samplers::Sampler;
use super::until::Target;
use crate::density::Bound;
use crate::error::{Error, ErrorKind, plain};
use crate::graph::constant;
use crate::sampler::{Batching, ControlVariates, Course, MetricKind, Shape};

/// Where chains begin, as asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Init {
    /// Apart, by the problem: uniform over a finite range, else normal around where the mass was found.
    #[default]
    Auto,
    /// At one point, one entry a variable; a single entry serves all.
    Point(Vec<f64>),
    /// Uniform over the range; an infinite one is cut to where the mass was found.
    Uniform,
    /// Normal around where the mass was found.
    Normal,
}

impl FromStr for Init {
    type Err = Error;

    /// `uniform`, `normal`, or a point of constant expressions with commas between them.
    fn from_str(text: &str) -> Result<Self, Error> {
        let coordinate = |text: &str| {
            let refuse = |cause: String| {
                Error::new(ErrorKind::Setting, format!("--init `{text}`: {cause}"))
                    .hint("a point such as 0.4 or 0.4,1, `uniform` or `normal`")
            };
            let value = constant(text).map_err(|error| refuse(error.message))?;
            if value.is_finite() { Ok(value) } else { Err(refuse("not a finite number".into())) }
        };
        match text {
            "uniform" => Ok(Init::Uniform),
            "normal" => Ok(Init::Normal),
            point => Ok(Init::Point(point.split(',').map(coordinate).collect::<Result<_, _>>()?)),
        }
    }
}

impl Init {
    /// The point, an entry a variable, if one was given.
    ///
    /// # Errors
    /// Kind `setting` if it has another number of entries or is outside of `bounds`.
    pub(super) fn point(&self, bounds: &[Bound]) -> Result<Option<Vec<f64>>, Error> {
        let Init::Point(point) = self else { return Ok(None) };
        if point.len() != 1 && point.len() != bounds.len() {
            let message = format!("--init has {} numbers for {} variables", point.len(), bounds.len());
            return Err(Error::new(ErrorKind::Setting, message).hint("one number for all, or one for each in order"));
        }
        let entry = |(variable, Bound { name, low, high, .. }): (usize, &Bound)| {
            let x = if point.len() == 1 { point[0] } else { point[variable] };
            if !(*low..=*high).contains(&x) {
                let [at, low, high] = [x, *low, *high].map(plain);
                let message = format!("--init {at} is outside the range of `{name}`, [{low}, {high}]");
                return Err(Error::new(ErrorKind::Setting, message).hint("begin inside the range"));
            }
            Ok(x)
        };
        bounds.iter().enumerate().map(entry).collect::<Result<_, _>>().map(Some)
    }
}

/// What to do with the rows of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Rows of each table in a batch.
    pub rows: usize,
    /// How they are chosen; `None` for a batch of all chains where they stay as good as independent, else one for each.
    pub batching: Option<Batching>,
    /// Control variates; `None` for those at the mode where one is found.
    pub control_variates: Option<ControlVariates>,
    /// Whether to run again at half the step size and compare.
    pub check_bias: bool,
}

impl Batch {
    /// So many rows, the rest by default.
    pub fn of(rows: usize) -> Batch {
        Batch { rows, batching: None, control_variates: None, check_bias: false }
    }
}

/// Settings of a run. `None` means: choose from the problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampling {
    /// The algorithm.
    pub sampler: Sampler,
    /// How many chains; each of an annealed population gives one draw.
    pub chains: Option<usize>,
    /// Steps before the first draw of a chain.
    pub warmup: Option<usize>,
    /// Draws of each chain.
    pub draws: Option<usize>,
    /// Steps from one draw of a chain to the next.
    pub thin: Option<usize>,
    /// The acceptance that chains tune their step size to.
    pub target_acceptance: Option<f64>,
    /// The metric that chains learn.
    pub metric: MetricKind,
    /// Gradients from a few rows of the data.
    pub batch: Option<Batch>,
    /// Rungs of a tempering ladder.
    pub rungs: Option<usize>,
    /// How many steps of an annealed population.
    pub steps: Option<usize>,
    /// The step size's schedule.
    pub schedule: Option<Shape>,
    /// ε at the first step; of chains the step size, untuned.
    pub step_size: Option<f64>,
    /// ε at the last step.
    pub final_step_size: Option<f64>,
    /// T at the first step; 1 unless set.
    pub temperature: Option<f64>,
    /// T at the last step; 1 unless set.
    pub final_temperature: Option<f64>,
    /// Draw until these are met; `draws` is then the most that is allowed.
    pub until: Vec<Target>,
    /// Where chains begin.
    pub init: Init,
    /// The seed.
    pub seed: u64,
    /// How many threads; 0 for as many as the machine has.
    pub threads: usize,
    /// How many frames to keep for an animation; 0 for none.
    pub frames: usize,
    /// The most bytes of memory that the run may take; `None` for what an allocation gets.
    pub memory: Option<u64>,
}

impl Sampling {
    /// The sampler where nobody names one: sgld where what only an annealed population has is set, else `auto`.
    pub fn usual_sampler(&self) -> Sampler {
        let of_a_population = self.steps.is_some()
            || self.schedule.is_some()
            || self.final_step_size.is_some()
            || self.temperature.is_some()
            || self.final_temperature.is_some();
        if of_a_population { Sampler::Sgld } else { Sampler::Auto }
    }

    /// Whether the run is a population whose way can be filmed, as `auto` takes one where a film is asked for.
    pub fn is_filmed(&self) -> bool {
        let is_population = matches!(self.sampler.course(), None | Some(Course::Population));
        is_population && self.batch.is_none() && self.rungs.is_none()
    }

    /// Refuses settings that no run can have.
    ///
    /// # Errors
    /// Kind `setting` with the flag.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |flag: &str, what: &str| Err(Error::new(ErrorKind::Setting, format!("{flag} must be {what}")));
        for (flag, value) in [("--step-size", self.step_size), ("--final-step-size", self.final_step_size)] {
            if value.is_some_and(|value| value.is_nan() || value <= 0.0 || value.is_infinite()) {
                return refuse(flag, "a positive number");
            }
        }
        let batch = self.batch.as_ref().map(|batch| batch.rows);
        let counts =
            [("--chains", self.chains), ("--steps", self.steps), ("--draws", self.draws), ("--thin", self.thin), ("--batch", batch)];
        match counts.iter().find(|(_, value)| *value == Some(0)) {
            Some((flag, _)) => refuse(flag, "1 or more"),
            None => Ok(()),
        }
    }
}
