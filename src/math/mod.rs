//! Lanes of f64 and the elementary functions on them.

mod lanes;

pub use lanes::{Block, LANES, Lanes};
mod stub;
pub use stub::*;
