//! An answer to text and JSON: a file for each command, shared by the program and whoever calls the library.
//!
//! Text is lines of 80 columns, in colours if [`Paint`] says so; JSON is one document with the layout's number, [`SCHEMA`].
//!
//! ```
//! use langevin::density::{Meaning, Model};
//! use langevin::quadrature::{CERTIFY, Tolerance, evidence};
//! use langevin::report::{Paint, integrate};
//! let cauchy = Model::new("1/(1 + x^2)", Meaning::Density, &[])?;
//! let found = evidence(&cauchy, Tolerance::default(), CERTIFY)?;
//! assert!(integrate::text(&cauchy, &found, Paint(false)).contains("  Z       3.14159265"));
//! assert_eq!(integrate::json(&cauchy, &found)["normalizer"]["converged"], true);
//! # Ok::<(), langevin::Error>(())
//! ```

mod braille;
pub mod check;
pub mod compare;
pub mod diagnose;
pub mod explain;
mod forms;
pub mod gallery;
pub mod gradient;
pub mod integrate;
mod json;
mod lines;
mod model;
mod numbers;
pub mod sample;
pub mod samplers;
pub mod show;
mod verdict;

pub use json::{SCHEMA, refusal};
pub use lines::Paint;

/// Variables shown of a large model.
const ROWS: usize = 24;
/// Basins shown of an oscillating density.
const BASINS: usize = 6;
