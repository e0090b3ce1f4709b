//! Type a density, get samples you can believe.

pub mod density;
pub mod diagnostics;
pub mod error;
pub mod gradient;
pub mod graph;
pub mod math;
pub mod output;
pub mod quadrature;
pub mod random;
pub mod run;
pub mod sampler;
pub mod syntax;
pub mod tape;

pub use error::{Error, ErrorKind, Result, Span};
