//! Graph to tape: straight-line code evaluated over blocks of lanes.
//!
//! The tape agrees bit for bit with the scalar definition [`Graph::eval`](crate::graph::Graph::eval): nothing is contracted or
//! re-associated, and both call the same elementary functions. A [`Tape`] is shared between threads; an [`Evaluator`] is one
//! thread's scratch space.

mod compile;
mod run;

pub use compile::Tape;
pub use run::Evaluator;
