//! Draws and documents to files: the only place that writes files.

mod draws;
mod file;

pub use draws::write_csv;
pub use file::{AtomicFile, failure, is_same_file};
