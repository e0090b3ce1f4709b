//! Tape and bounds to log density: the one place where the user's meaning becomes a sign.

mod batches;
mod bounds;
mod declare;
pub mod gallery;
mod jumps;
mod landmarks;
mod log_density;
mod logarithm;
mod model;
mod noncentered;
mod said;
mod transform;

pub use batches::BatchGradient;
pub use bounds::{Bound, Boundary, Declaration};
pub use landmarks::{End, Landmarks};
pub use log_density::{Evaluate, FromFn, LogDensity};
pub use model::Model;
pub use transform::Transform;

pub(crate) use logarithm::logarithm;

pub use crate::syntax::Meaning;
