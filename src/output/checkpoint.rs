//! Checkpoints: a run under way as a file, from which `langevin resume` goes on.
//!
//! The bytes: `langevin`, the number of the format, the length of what follows and its checksum, eight bytes each; then a [`Checkpoint`], field
//! by field. The file is replaced whole, and the one before it is kept beside it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::file::{AtomicFile, failure};
use crate::error::{Error, ErrorKind, Result};
use crate::random::mix;
use crate::stored::{Archive, Stored};

const MAGIC: &[u8; 8] = b"langevin";
const FORMAT: u64 = 1;
const HEAD: usize = 32;
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Bytes of a file that are read at a time.
const PIECE: u64 = 1 << 20;
/// A word of zeros changes the sum too; 2⁶⁴ over the golden ratio, as SplitMix64 adds.
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// All that it takes to go on with a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint {
    /// The command line after the program's name, with the seed in it, as the system passes text.
    pub words: Vec<Vec<u8>>,
    /// What the command read from stdin.
    pub stdin: Option<Vec<u8>>,
    /// The files that it read.
    pub sources: Vec<Source>,
    /// Seconds that the run has taken, and those of them in which it sampled.
    pub seconds: (f64, f64),
    /// What a [`Journal`](crate::sampler::Journal) hands over.
    pub journal: Vec<u8>,
}

impl Checkpoint {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.many(&mut self.words)?;
        archive.option(&mut self.stdin, Vec::new)?;
        archive.many(&mut self.sources)?;
        archive.all(&mut [&mut self.seconds, &mut self.journal])?;
        archive.end()
    }

    /// Replaces the checkpoint at `path`; the one that is there stays under [`previous`]'s name.
    ///
    /// # Errors
    /// Kind `io`.
    pub fn write(mut self, path: &Path) -> Result<()> {
        let (mut version, mut archive) = (VERSION.as_bytes().to_vec(), Archive::Out(Vec::new()));
        version.pass(&mut archive)?;
        self.pass(&mut archive)?;
        let body = archive.into_bytes();
        let mut file = AtomicFile::create(path)?;
        let head = [u64::from_le_bytes(*MAGIC), FORMAT, body.len() as u64, checksum(&body, 0)].map(u64::to_le_bytes);
        [head.as_flattened(), &body].into_iter().try_for_each(|part| file.write_all(part)).map_err(|error| failure(path, error))?;
        keep_previous(path)?;
        file.finish()
    }

    /// The checkpoint at `path`.
    ///
    /// # Errors
    /// Kind `io` if it cannot be read, `data`, with the reason, if it is none that this program wrote and whole.
    pub fn read(path: &Path) -> Result<Checkpoint> {
        let name = path.display();
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(|error| Error::new(ErrorKind::Io, format!("cannot read {name}: {error}")).hint(way_out(path)))?;
        let refuse = |why: String| Error::new(ErrorKind::Data, format!("cannot go on from {name}: {why}")).hint(way_out(path));
        let (head, body) = bytes.split_first_chunk::<HEAD>().ok_or_else(|| refuse("it is no checkpoint, or cut short".into()))?;
        let word = |number: usize| head.as_chunks().0.get(number).map_or(0, |word| u64::from_le_bytes(*word));
        let (length, sum) = (word(2), word(3));
        if word(0) != u64::from_le_bytes(*MAGIC) {
            return Err(refuse("it is no checkpoint".into()));
        }
        if word(1) != FORMAT {
            return Err(refuse(format!("its format is number {}, and this program reads number {FORMAT}", word(1))));
        }
        if body.len() as u64 != length {
            return Err(refuse(format!("it has {} bytes of {length} after its head", body.len())));
        }
        if checksum(body, 0) != sum {
            return Err(refuse("it is damaged: its bytes do not have its checksum".into()));
        }
        let (mut version, mut archive) = (Vec::new(), Archive::In(body));
        version.pass(&mut archive).map_err(|error| refuse(error.message))?;
        if version != VERSION.as_bytes() {
            let version = String::from_utf8_lossy(&version);
            return Err(refuse(format!("langevin {version} wrote it, this is {VERSION}, and another version may draw other numbers")));
        }
        let mut checkpoint = Checkpoint::default();
        checkpoint.pass(&mut archive).map_err(|error| refuse(error.message))?;
        Ok(checkpoint)
    }
}

/// The name of the checkpoint before the one at `path`.
pub fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".previous");
    name.into()
}

fn way_out(path: &Path) -> String {
    let previous = previous(path);
    match previous.is_file() {
        true => format!("the checkpoint before it is {}", previous.display()),
        false => "give the FILE of --checkpoint FILE".into(),
    }
}

/// Gives the checkpoint at `path` a second name, so that at any moment there is a whole one under the first.
fn keep_previous(path: &Path) -> Result<()> {
    let (Ok(target), previous) = (std::fs::canonicalize(path), previous(path)) else { return Ok(()) };
    if !target.is_file() {
        return Ok(());
    }
    let _ = std::fs::remove_file(&previous);
    // Where there are no links, a copy does.
    let kept = std::fs::hard_link(&target, &previous).or_else(|_| std::fs::copy(&target, &previous).map(drop));
    kept.map_err(|error| failure(&previous, error))
}

/// A file that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    path: String,
    length: u64,
    checksum: u64,
}

impl Source {
    /// The file as it is now.
    ///
    /// # Errors
    /// Kind `io` if it cannot be read, `setting` if it cannot be read again.
    pub fn of(path: &Path) -> Result<Source> {
        let cannot = |error| Error::new(ErrorKind::Io, format!("cannot read {}: {error}", path.display()));
        let mut file = File::open(path).map_err(cannot)?;
        if !file.metadata().map_err(cannot)?.is_file() {
            let message = format!("a checkpoint is for files that can be read again, and {} is none", path.display());
            return Err(Error::new(ErrorKind::Setting, message).hint("write its bytes to a file first"));
        }
        let mut source = Source { path: path.display().to_string(), length: 0, checksum: 0 };
        let mut piece = Vec::new();
        while (&mut file).take(PIECE).read_to_end(&mut piece).map_err(cannot)? > 0 {
            source.checksum = checksum(&piece, source.checksum);
            source.length += piece.len() as u64;
            piece.clear();
        }
        Ok(source)
    }
}

impl Stored for Source {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut path = std::mem::take(&mut self.path).into_bytes();
        path.pass(archive)?;
        self.path = String::from_utf8_lossy(&path).into_owned();
        archive.all(&mut [&mut self.length, &mut self.checksum])
    }
}

/// Refuses files that are not what they were when the run began.
///
/// # Errors
/// Kind `data`, which names what has changed.
pub fn check_sources(then: &[Source], now: &[Source]) -> Result<()> {
    let changed = then.iter().zip(now).find(|(then, now)| then != now).map(|(then, _)| then.path.as_str());
    let other = (then.len() != now.len()).then_some("the list of files that are read");
    match changed.or(other) {
        None => Ok(()),
        Some(what) => Err(Error::new(ErrorKind::Data, format!("cannot go on: {what} has changed since the run began"))
            .hint("bring it back as it was, or begin anew with `langevin sample`")),
    }
}

/// Of the bytes, after those of which it was `before`: each word is mixed through a bijection before the next is added.
fn checksum(bytes: &[u8], before: u64) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let sum = words.iter().chain([&last]).fold(before, |sum, word| mix(sum.wrapping_add(u64::from_le_bytes(*word)) ^ ODD));
    mix(sum ^ bytes.len() as u64)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests damage files")]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let words = vec![b"sample".to_vec(), b"--seed=1".to_vec()];
        let journal = (0..=255).collect();
        Checkpoint { words, stdin: Some(b"exp(-x^2)".to_vec()), sources: Vec::new(), seconds: (2.5, 1.5), journal }
    }

    #[test]
    fn a_checkpoint_reads_back_and_the_one_before_it_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.lgc");
        checkpoint().write(&path).expect("written");
        assert_eq!(Checkpoint::read(&path), Ok(checkpoint()));
        let second = Checkpoint { stdin: None, ..checkpoint() };
        second.clone().write(&path).expect("written");
        assert_eq!((Checkpoint::read(&path), Checkpoint::read(&previous(&path))), (Ok(second), Ok(checkpoint())));
    }

    #[test]
    fn bytes_that_are_no_whole_checkpoint_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.lgc");
        checkpoint().write(&path).expect("written");
        let whole = std::fs::read(&path).expect("read");
        let refused = |bytes: &[u8], why: &str| {
            std::fs::write(&path, bytes).expect("written");
            let error = Checkpoint::read(&path).expect_err("refused");
            assert!(error.kind == ErrorKind::Data && error.message.contains(why), "{why}: {error}");
        };
        refused(b"", "no checkpoint");
        refused(&[b'x'; 100], "no checkpoint");
        (HEAD..whole.len()).for_each(|end| refused(&whole[..end], "bytes of"));
        refused(&[&whole[..], b"x"].concat(), "bytes of");
        for at in HEAD..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1 << (at % 8);
            refused(&other, "damaged");
        }
        let mut other = whole.clone();
        other[8] += 1;
        refused(&other, "format");
        // Another version, with a checksum that is right.
        let mut other = whole.clone();
        other[HEAD + 8] ^= 1;
        let sum = checksum(&other[HEAD..], 0);
        other[24..HEAD].copy_from_slice(&sum.to_le_bytes());
        refused(&other, "wrote it");
    }

    #[test]
    fn a_file_that_has_changed_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data.csv");
        let source = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            vec![Source::of(&path).expect("read")]
        };
        let long = vec![7; PIECE as usize + 3];
        let (then, zeros) = (source(&long), source(&[0; 8]));
        assert_eq!(check_sources(&then, &source(&long)), Ok(()));
        for other in [&long[1..], &[0; 9], &[0; 16], b""] {
            let now = source(other);
            assert!(now != then && now != zeros);
            assert!(check_sources(&then, &now).is_err_and(|error| error.message.contains("data.csv has changed")));
        }
        assert!(Source::of(folder.path()).is_err() && Source::of(&folder.path().join("none")).is_err());
    }
}
