//! What the caller may set about a run; everything has a default that the problem decides.

use crate::sampler::Shape;

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

/// Settings of an annealed population. `None` means: choose from the problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampling {
    /// How many chains; each gives one draw.
    pub chains: Option<usize>,
    /// How many steps.
    pub steps: Option<usize>,
    /// The step size's schedule.
    pub schedule: Option<Shape>,
    /// ε at the first step.
    pub step_size: Option<f64>,
    /// ε at the last step.
    pub final_step_size: Option<f64>,
    /// T at the first step; 1 unless set.
    pub temperature: Option<f64>,
    /// T at the last step; 1 unless set.
    pub final_temperature: Option<f64>,
    /// Where chains begin.
    pub init: Init,
    /// The seed.
    pub seed: u64,
    /// How many threads; 0 for as many as the machine has.
    pub threads: usize,
    /// How many frames to keep for an animation; 0 for none.
    pub frames: usize,
}
