//! Chains as data: where they are, in which coordinates they move, and the threads that take them.

pub(in crate::sampler) mod block;
pub(in crate::sampler) mod chains;
pub(in crate::sampler) mod control;
pub(in crate::sampler) mod coordinates;
pub(in crate::sampler) mod draws;
mod initial;
pub(in crate::sampler) mod journal;
pub(in crate::sampler) mod metric;
pub(in crate::sampler) mod record;
pub(in crate::sampler) mod start;
#[cfg(test)]
mod tests;
mod whitened;
pub(in crate::sampler) mod workers;

pub use chains::{Crew, Ensemble};
pub use control::{Control, Listener, Stage};
pub use coordinates::{Coordinates, InCoordinates};
pub(crate) use draws::counted;
pub use draws::{Draws, Population};
pub use initial::initial_positions;
pub use journal::Journal;
pub use metric::{DENSE_LIMIT, Metric, MetricKind};
pub use record::Statistics;
pub use start::{Start, population};
pub use whitened::Whitened;
pub use workers::on_threads;
pub(crate) use workers::parallel_map;
