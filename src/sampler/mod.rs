//! Log density to draws: algorithms, the chains that they move, and the courses that chains take.

mod courses;
mod ensemble;
mod facts;
mod kernels;
mod mode;
mod nearly_normal;
mod pathfinder;

pub use courses::{
    Annealed, Annealing, Arrival, Batching, Chained, Chaining, ControlVariates, Exchanged, Film, FilmPlan, Known, Ladder, Minibatch, Noise,
    Replicas, Rounds, Schedule, Shape, Shot, Tempered, anneal, arrive, sample_chains, sample_replicas, sample_rounds, sample_tempered,
    sample_untuned,
};
pub use ensemble::{
    Control, Coordinates, Crew, DENSE_LIMIT, Draws, Ensemble, InCoordinates, Journal, Listener, Metric, MetricKind, Population, Stage,
    Start, Statistics, Whitened, initial_positions, on_threads, population,
};
pub(crate) use ensemble::{counted, parallel_map};
pub(crate) use facts::ACCEPTED;
pub use facts::{Batches, Bias, Course, Facts};
pub use kernels::lanewise::Point;
pub use kernels::{
    Barker, Exchange, Guard, Hmc, Kernel, Lm, Mala, Mams, Mclmc, Nuts, Parameters, Pcn, Psgld, Rwm, Sghmc, Sgld, Sgnht, StepInfo, Tuning,
    Unadjusted, Underdamped, thermostat_variance,
};
pub use mode::{Laplace, laplace};
pub use nearly_normal::{NearlyNormal, misfit, nearly_normal};
pub use pathfinder::{Paths, pathfinder};
