//! (seed, stage, block, purpose) to streams of uniform and normal lanes.

mod block;
mod fill;
#[cfg(test)]
pub(crate) mod ledger;
mod stage;
mod stream;

pub(crate) use block::mix;
pub use block::{BlockRng, Purpose};
pub use fill::{fill_normal, fill_uniform};
pub use stage::Stage;
pub use stream::Stream;
