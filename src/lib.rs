//! Type a density, get samples you can believe.

pub mod error;
pub mod math;
#[cfg(feature = "plot")]
pub mod plot;
pub mod syntax;

pub use error::{Error, ErrorKind, Result, Span};
