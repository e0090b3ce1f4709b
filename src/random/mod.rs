//! (seed, block, purpose) to streams of uniform and normal lanes.

mod block;

pub use block::{BlockRng, Purpose};
