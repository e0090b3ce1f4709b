//! Tape and bounds to log density.
mod bounds;
mod logarithm;
pub use bounds::{Bound, Boundary, Declaration};
