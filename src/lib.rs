//! Type a density, get samples you can believe.

pub mod error;
pub mod math;
pub mod quadrature;
pub mod syntax;

pub use error::{Error, ErrorKind, Result, Span};
