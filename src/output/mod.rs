//! Draws and summaries to files: the only place that writes files.

mod csv;
mod file;
mod json;

pub use csv::write_csv;
pub use file::{AtomicFile, failure};
pub use json::{SCHEMA, error_document, integral, number, quantiles, sample_document};
