//! (seed, block, purpose) to streams of uniform and normal lanes.

mod block;
mod stream;

pub use block::{BlockRng, Purpose};
pub use stream::Stream;
