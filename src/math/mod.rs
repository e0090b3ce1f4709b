//! Lanes of f64 and the elementary functions on them.

mod lanes;
mod simd;

pub use lanes::{Block, LANES, Lanes};
pub use simd::{Level, Work, dispatch};
mod elementary;
mod special;
pub use elementary::*;
pub use special::*;
