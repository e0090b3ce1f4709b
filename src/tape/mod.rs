//! Graph to tape: straight-line code evaluated over blocks of lanes.
//!
//! [`Rounding`] says how the tape may differ from the scalar definition [`Graph::eval`](crate::graph::Graph::eval). A [`Tape`] is
//! shared between threads; an [`Evaluator`] is one thread's scratch space. Its results are the same bits at every SIMD level.

mod batches;
mod compile;
mod loops;
mod operations;
mod program;
mod records;
mod rows;
mod run;
mod sums;
mod tiles;

pub use batches::{BatchEvaluator, Batches, Terms};
pub use compile::Tape;
pub use operations::Rounding;
pub use program::Program;
pub use records::Records;
pub use rows::ProgramEvaluator;
pub use run::Evaluator;
