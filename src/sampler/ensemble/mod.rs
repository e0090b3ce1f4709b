//! Chains as data: where they are, in which coordinates they move, and the threads that take them.

pub(in crate::sampler) mod control;
pub(in crate::sampler) mod coordinates;
pub(in crate::sampler) mod draws;
mod initial;
pub(in crate::sampler) mod metric;
pub(in crate::sampler) mod start;
mod whitened;
pub(in crate::sampler) mod workers;

pub use control::{Control, Listener, Stage};
pub use coordinates::{Coordinates, InCoordinates};
pub(crate) use draws::counted;
pub use draws::{Draws, Population};
pub use initial::initial_positions;
pub use metric::{DENSE_LIMIT, Metric, MetricKind};
pub use start::{Start, population};
pub use whitened::Whitened;
pub use workers::on_threads;
pub(crate) use workers::parallel_map;
