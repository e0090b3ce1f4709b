//! Files that appear whole or not at all.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind as Io, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, ErrorKind, Result};

/// A file under a temporary name beside its own; [`finish`](AtomicFile::finish) gives it its name. Dropped before that, it is gone
/// and whatever had the name is untouched. A link is followed and stays; an existing file keeps its mode, and a new one has that of the
/// umask. What is no file but a pipe or a device is written as it stands.
#[derive(Debug)]
pub struct AtomicFile {
    to: To,
    path: PathBuf,
}

#[derive(Debug)]
enum To {
    /// A temporary file, and what it replaces.
    File(BufWriter<NamedTempFile>, PathBuf),
    Stream(BufWriter<File>),
}

/// What temporary names begin with.
const PREFIX: &str = ".langevin-";
/// And the random letters after that.
const RANDOM: usize = 6;
/// How many links are followed from one to the next; Linux follows as many.
const LINKS: usize = 40;

impl AtomicFile {
    /// Begins to write `path`. Temporary files that killed programs left in its folder are removed.
    ///
    /// # Errors
    /// Kind `io`: no such folder, no permission.
    pub fn create(path: &Path) -> Result<AtomicFile> {
        let to = match Target::of(path)? {
            Target::Stream => {
                let stream = OpenOptions::new().write(true).open(path).map_err(|error| failure(path, error))?;
                To::Stream(BufWriter::new(stream))
            }
            Target::File { target, mode } => {
                let folder = folder_of(&target);
                remove_abandoned(folder);
                To::File(BufWriter::new(temporary(path, folder, mode)?), target)
            }
        };
        Ok(AtomicFile { to, path: path.to_path_buf() })
    }

    /// Whether [`create`](AtomicFile::create) would find nothing against `path`; nothing is left behind and no pipe is opened.
    ///
    /// # Errors
    /// As of [`create`](AtomicFile::create).
    pub fn check(path: &Path) -> Result<()> {
        match Target::of(path)? {
            Target::Stream => Ok(()),
            Target::File { .. } => AtomicFile::create(path).map(drop),
        }
    }

    /// Flushes to the disk and renames.
    ///
    /// # Errors
    /// Kind `io`: the disk is full, the rename is refused.
    pub fn finish(self) -> Result<()> {
        let AtomicFile { to, path } = self;
        match to {
            To::Stream(mut writer) => writer.flush().map_err(|error| failure(&path, error)),
            To::File(writer, target) => {
                // The error would name the temporary file.
                let file = writer.into_inner().map_err(|error| failure(&path, std::io::Error::from(error.error().kind())))?;
                file.as_file().sync_all().map_err(|error| failure(&path, error))?;
                file.persist(&target).map_err(|error| failure(&path, error.error))?;
                Ok(())
            }
        }
    }

    /// Writes all of `bytes` as the file at `path`.
    ///
    /// # Errors
    /// As of [`create`](AtomicFile::create) and [`finish`](AtomicFile::finish).
    pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
        let mut file = AtomicFile::create(path)?;
        file.write_all(bytes).map_err(|error| failure(path, std::io::Error::from(error.kind())))?;
        file.finish()
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.to {
            To::File(writer, _) => writer.write(bytes),
            To::Stream(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.to {
            To::File(writer, _) => writer.flush(),
            To::Stream(writer) => writer.flush(),
        }
    }
}

/// The error of writing `path`.
pub fn failure(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Io, format!("cannot write {}: {cause}", path.display()))
}

/// Whether both are names of one file that is there.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
    };
    #[cfg(not(unix))]
    let identity = |path: &Path| std::fs::canonicalize(path).ok();
    identity(a).is_some_and(|of_a| identity(b) == Some(of_a))
}

/// What stands at a path.
enum Target {
    /// A file or nothing yet, at the end of all links; the mode of a file that is there.
    File { target: PathBuf, mode: Option<Permissions> },
    /// A pipe, a device, a socket: nothing to keep whole.
    Stream,
}

impl Target {
    fn of(path: &Path) -> Result<Target> {
        match std::fs::metadata(path) {
            Ok(about) if about.is_dir() => Err(failure(path, "it is a folder")),
            Ok(about) if about.is_file() => {
                // What must not be written is not replaced either.
                OpenOptions::new().append(true).open(path).map_err(|error| failure(path, error))?;
                let target = std::fs::canonicalize(path).map_err(|error| failure(path, error))?;
                Ok(Target::File { target, mode: Some(about.permissions()) })
            }
            Ok(_) => Ok(Target::Stream),
            Err(error) if error.kind() == Io::NotFound => Ok(Target::File { target: end_of_links(path)?, mode: None }),
            Err(error) => Err(failure(path, error)),
        }
    }
}

/// The name at the end of links of which the last points to nothing yet.
fn end_of_links(path: &Path) -> Result<PathBuf> {
    let mut target = path.to_path_buf();
    for _ in 0..LINKS {
        match std::fs::read_link(&target) {
            Ok(link) => target = folder_of(&target).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(failure(path, "too many links from one to the next"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file in `folder` that others see is in use; the error is about `path`.
fn temporary(path: &Path, folder: &Path, mode: Option<Permissions>) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM);
    // Of a new file the umask takes its part.
    #[cfg(unix)]
    builder.permissions(mode.clone().unwrap_or_else(|| std::os::unix::fs::PermissionsExt::from_mode(0o666)));
    loop {
        let file = builder.tempfile_in(folder).map_err(|error| match folder.is_dir() {
            // The error would name the temporary file, which is nothing to the reader.
            true => failure(path, std::io::Error::from(error.kind())),
            false => failure(path, format_args!("there is no folder {}", folder.display())),
        })?;
        // Where there are no locks, nobody removes what is abandoned either.
        let _ = file.as_file().lock();
        if let Some(mode) = &mode {
            file.as_file().set_permissions(mode.clone()).map_err(|error| failure(path, error))?;
        }
        // Between its making and its lock another program may have taken it for abandoned.
        if file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the temporary files of programs that are no more: the system has taken their locks away.
fn remove_abandoned(folder: &Path) {
    let is_ours = |name: &std::ffi::OsStr| name.as_encoded_bytes().strip_prefix(PREFIX.as_bytes()).is_some_and(|rest| rest.len() == RANDOM);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_ours(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_file())) {
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
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

    #[test]
    fn what_a_killed_program_left_is_removed_and_what_is_in_use_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = folder.path().join(".langevin-Ab12Cd");
        AtomicFile::write(&left, b"half").expect("written");
        let in_use = AtomicFile::create(&folder.path().join("a.csv")).expect("begun");
        AtomicFile::write(&folder.path().join("b.csv"), b"whole").expect("written");
        assert!(!left.exists());
        in_use.finish().expect("its temporary file is still there");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_modes_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let [real, link, dangling, new] = ["real.csv", "link.csv", "dangling.csv", "new.csv"].map(|name| folder.path().join(name));
        AtomicFile::write(&real, b"old").expect("written");
        std::fs::set_permissions(&real, Permissions::from_mode(0o600)).expect("ours");
        symlink("real.csv", &link).expect("linked");
        symlink("new.csv", &dangling).expect("linked");
        AtomicFile::write(&link, b"through").expect("written");
        AtomicFile::write(&dangling, b"made").expect("written");
        assert!(is_same_file(&real, &link) && !is_same_file(&real, &new));
        assert_eq!(std::fs::read(&real).expect("there"), b"through");
        assert_eq!(std::fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&new).expect("there"), b"made");
        assert!([&link, &dangling].iter().all(|path| path.is_symlink()));
    }
}
