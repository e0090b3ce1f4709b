//! Files that appear whole or not at all.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// A file under a temporary name beside its own; [`finish`](AtomicFile::finish) gives it its name. Dropped before that, it is gone
/// and whatever had the name is untouched.
#[derive(Debug)]
pub struct AtomicFile {
    writer: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins to write `path`.
    ///
    /// # Errors
    /// Kind `io`: no such folder, no permission.
    pub fn create(path: &Path) -> Result<AtomicFile> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if path.is_dir() {
            return Err(failure(path, "it is a folder"));
        }
        let file = tempfile::Builder::new().prefix(".langevin-").tempfile_in(folder).map_err(|error| match folder.is_dir() {
            // The error would name the temporary file, which is nothing to the reader.
            true => failure(path, std::io::Error::from(error.kind())),
            false => failure(path, format_args!("there is no folder {}", folder.display())),
        })?;
        Ok(AtomicFile { writer: BufWriter::new(file), path: path.to_path_buf() })
    }

    /// Flushes to the disk and renames.
    ///
    /// # Errors
    /// Kind `io`: the disk is full, the rename is refused.
    pub fn finish(self) -> Result<()> {
        let AtomicFile { writer, path } = self;
        let file = writer.into_inner().map_err(|error| failure(&path, error.error()))?;
        file.as_file().sync_all().map_err(|error| failure(&path, error))?;
        make_readable(file.as_file()).map_err(|error| failure(&path, error))?;
        file.persist(&path).map_err(|error| failure(&path, error.error))?;
        Ok(())
    }

    /// Writes all of `bytes` as the file at `path`.
    ///
    /// # Errors
    /// Kind `io`.
    pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
        let mut file = AtomicFile::create(path)?;
        file.write_all(bytes).map_err(|error| failure(path, error))?;
        file.finish()
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

/// The error of writing `path`.
pub fn failure(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Io, format!("cannot write {}: {cause}", path.display()))
}

/// Temporary files are private; a result is as readable as any new file.
#[cfg(unix)]
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_leaves_the_old_one_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("draws.csv");
        AtomicFile::write(&path, b"old").expect("written");
        let mut file = AtomicFile::create(&path).expect("begun");
        file.write_all(b"half of the n").expect("buffered");
        drop(file);
        assert_eq!(std::fs::read(&path).expect("still there"), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_missing_folder_is_an_error_with_the_path() {
        let error = AtomicFile::write(Path::new("/no/such/folder/x.csv"), b"").expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Io);
        assert!(error.message.contains("/no/such/folder/x.csv"), "{error}");
    }
}
