//! What is known of a sampler before it runs: one row a sampler, beside its kernel; refusals, help, tables and `auto` read it.

use crate::density::{Bound, Boundary};
use crate::error::{Error, ErrorKind, Result};

/// What a run of a sampler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Many short chains, annealed; each gives one draw.
    Population,
    /// Chains with a warm-up that learns step size and metric.
    Chains,
    /// Chains at several temperatures that change places.
    Ladder,
    /// Independent draws by a law that is known.
    Law,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What a run of it is.
    pub course: Course,
    /// How far its draws are from the density, in the limit of many.
    pub bias: Bias,
    /// Whether momenta are drawn anew and the energy is conserved between, so that E-BFMI says how well energies are explored
    /// (Betancourt 2016).
    pub resamples_momentum: bool,
    /// The mean acceptance that its warm-up tunes the step size to; `None` where every step is accepted or none is tuned.
    pub target_acceptance: Option<f64>,
    /// Steps from one draw to the next: about what one step forgets.
    pub thin: usize,
    /// The fewest variables that it can have.
    pub least_dimension: usize,
    /// What may happen at the ends of a range.
    pub boundaries: &'static [Boundary],
    /// Whether it takes gradients from a few rows of the data.
    pub batches: Batches,
    /// Whether it has rungs at several temperatures.
    pub has_rungs: bool,
}

/// What is left of an error where draws are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bias {
    /// None.
    None,
    /// Proportional to the step size.
    First,
    /// To its square.
    Second,
}

/// How a sampler stands to gradients from a few rows of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batches {
    /// Its Metropolis test, or its law, needs the density of all rows.
    Never,
    /// It may have them.
    Allowed,
    /// Without their noise there is nothing that it is for.
    Needed,
}

/// Of steps in the variables themselves.
const STEPS: &[Boundary] = &[Boundary::Reflect, Boundary::Wrap, Boundary::Clamp, Boundary::Reject];
/// Of steps in transformed variables, with a Metropolis test that can reject.
const TESTED: &[Boundary] = &[Boundary::Reflect, Boundary::Wrap, Boundary::Reject, Boundary::Transform];
/// Of steps in transformed variables that are all accepted.
pub(crate) const ACCEPTED: &[Boundary] = &[Boundary::Reflect, Boundary::Wrap, Boundary::Transform];

impl Facts {
    /// An annealed population: no Metropolis test.
    pub(super) const POPULATION: Facts = Facts {
        name: "",
        summary: "",
        course: Course::Population,
        bias: Bias::First,
        resamples_momentum: false,
        target_acceptance: None,
        thin: 1,
        least_dimension: 1,
        boundaries: STEPS,
        batches: Batches::Never,
        has_rungs: false,
    };

    /// Chains with a Metropolis test.
    pub(super) const CHAINS: Facts = Facts { course: Course::Chains, bias: Bias::None, boundaries: TESTED, ..Facts::POPULATION };

    /// Chains over batches, all of whose steps are accepted.
    pub(super) const BATCHES: Facts =
        Facts { bias: Bias::Second, boundaries: ACCEPTED, batches: Batches::Needed, thin: 5, ..Facts::CHAINS };

    /// Of independent draws by a law that is known.
    pub(crate) const LAW: Facts = Facts {
        name: "exact",
        summary: "independent draws of one variable, or of several that the structure of the density takes apart",
        course: Course::Law,
        bias: Bias::None,
        boundaries: &Boundary::ALL,
        ..Facts::POPULATION
    };

    /// Refuses what it cannot do at the ends of a range, and too few variables.
    ///
    /// # Errors
    /// Kind `setting` with the variable and the way out.
    pub fn check(&self, bounds: &[Bound]) -> Result<()> {
        if bounds.len() < self.least_dimension {
            let message = format!("{} turns a direction, and one variable has none to turn", self.name);
            return Err(Error::new(ErrorKind::Setting, message).hint("use --sampler nuts"));
        }
        self.check_boundaries(bounds, self.boundaries)
    }

    /// Refuses what is not among `allowed` at the ends of a range.
    ///
    /// # Errors
    /// Kind `setting` with the variable and the way out.
    pub fn check_boundaries(&self, bounds: &[Bound], allowed: &[Boundary]) -> Result<()> {
        let Some(Bound { name, boundary, .. }) = bounds.iter().find(|bound| !allowed.contains(&bound.boundary)) else { return Ok(()) };
        let sampler = self.name;
        let (message, hint) = match boundary {
            Boundary::Transform => (
                format!("{sampler} steps in `{name}` itself and cannot transform it"),
                "--boundary reflect, or an exact sampler such as --sampler nuts",
            ),
            Boundary::Clamp if self.bias == Bias::None => (
                format!("{sampler} is for draws of the density, and clamping `{name}` adds false mass"),
                "leave --boundary to the default, which does not",
            ),
            boundary => (
                format!("{sampler} transforms bounded variables, and cannot {} at the ends of `{name}`", boundary.name()),
                "leave --boundary to the default",
            ),
        };
        Err(Error::new(ErrorKind::Setting, message).hint(hint))
    }
}
