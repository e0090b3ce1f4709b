//! Draws and summaries to files: the only place that writes files.

mod draws;
mod file;
mod json;

pub use draws::write_csv;
pub use file::{AtomicFile, failure};
pub use json::{Elapsed, SCHEMA, comparison_document, diagnose_document, error_document, integral, number, quantiles, sample_document};
