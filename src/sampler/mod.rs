//! Log density to draws: one file an algorithm, and the loop that runs it.

mod anneal;
mod draws;
mod film;
mod kernel;
mod schedule;
mod sgld;
mod start;

pub use anneal::{Annealed, Annealing, Control, anneal};
pub use draws::Population;
pub use film::{Film, FilmPlan, Shot};
pub use kernel::{Kernel, Parameters, StepInfo};
pub use schedule::{Schedule, Shape};
pub use sgld::{Guard, Sgld};
pub use start::{Start, population};
