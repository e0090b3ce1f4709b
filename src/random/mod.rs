//! (seed, block, purpose) to streams of uniform and normal lanes.

mod block;
mod fill;
mod stream;

pub use block::{BlockRng, Purpose};
pub use fill::{fill_normal, fill_uniform};
pub use stream::Stream;
