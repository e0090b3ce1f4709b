//! Log density to draws: one file an algorithm, and the loops that run it.

mod adapt;
mod anneal;
mod barker;
mod chains;
mod coordinates;
mod draws;
mod film;
mod hmc;
mod kernel;
mod lanewise;
mod mala;
mod nuts;
mod rwm;
mod schedule;
mod sgld;
mod start;
mod workers;

pub use anneal::{Annealed, Annealing, Control, anneal};
pub use barker::Barker;
pub use chains::{Chained, Chaining, DENSE_LIMIT, MetricKind, Statistics, sample_chains};
pub use coordinates::{Coordinates, InCoordinates, Metric};
pub use draws::{Draws, Population};
pub use film::{Film, FilmPlan, Shot};
pub use hmc::Hmc;
pub use kernel::{Kernel, Parameters, StepInfo};
pub use lanewise::Point;
pub use mala::Mala;
pub use nuts::Nuts;
pub use rwm::Rwm;
pub use schedule::{Schedule, Shape};
pub use sgld::{Guard, Sgld};
pub use start::{Start, population};
