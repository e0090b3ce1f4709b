//! Draws and documents to files: the only place that writes files.

mod checkpoint;
mod draws;
mod file;

pub use checkpoint::{Checkpoint, Source, check_sources, previous};
pub use draws::write_csv;
pub use file::{AtomicFile, failure, is_same_file};
