//! Lanes of f64 and the elementary functions on them.
//!
//! Functions are total: NaN outside the domain, ±∞ at poles, never a panic. They are ours, not the platform's, and their operations
//! are fixed one by one, fused or not, so that the bits are the same on every machine and at every SIMD level; within 2 ULP unless
//! their own lines say otherwise.

mod arithmetic;
mod double;
mod error_function;
mod exponential;
mod gamma;
mod interval;
mod lanes;
mod logarithm;
mod numbers;
mod simd;
mod trigonometry;

pub use arithmetic::{cbrt, hypot, modulo, sign};
pub use error_function::{erf, erfc, erfcx, log_erfc, normal_cdf, normal_pdf};
pub use exponential::{cosh, exp, expm1, sigmoid, sinh, tanh};
pub use gamma::{digamma, gamma, lgamma, polygamma};
pub use interval::Interval;
pub use lanes::{Block, LANES, Lanes};
pub use logarithm::{acosh, asinh, atanh, log, log1m_exp, log1p, pow, softplus};
pub use numbers::{Growing, Numbers};
pub use simd::{Level, Work, dispatch};
pub use trigonometry::{acos, asin, atan, atan2, cos, sin, tan};

pub(crate) use gamma::{digamma_right, gamma_right, is_left, lgamma_right};
pub(crate) use interval::{above, below};
pub(crate) use logarithm::softplus_sigmoid;
pub(crate) use trigonometry::{cos_near, is_far, sin_cos_near, sin_near, tan_near};
