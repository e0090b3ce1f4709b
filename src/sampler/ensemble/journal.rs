//! What a run writes down of itself, so that it can go on after it was killed.
//!
//! A run is a function of its question: whatever is not written down is made again, and comes out the same. Written down is what takes long,
//! the states of chains. A run is a row of courses (a population, chains, replicas), and a course has parts with a page each; an older page
//! is as right as a newer one, and only leaves more to do.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::stored::{Archive, Stored, foreign};

/// A part of a course that has a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sampler) enum Part {
    /// The approach of a large population.
    Approach,
    /// The windows of a warm-up.
    Windows,
    /// Steps before the first draw that learn nothing.
    Untuned,
    /// What ends with the draws.
    Draws,
}

/// The state of one part of a course.
#[derive(Debug, Clone, Default)]
struct Page {
    course: usize,
    part: usize,
    bytes: Vec<u8>,
}

impl Stored for Page {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.all(&mut [&mut self.course, &mut self.part])?;
        self.bytes.pass(archive)
    }
}

/// The pages of a run, and who keeps them.
pub struct Journal {
    /// Set it to have the run written down as soon as it can be: the library has no clock, and its caller may have one.
    pub due: AtomicBool,
    /// Courses begun.
    courses: AtomicUsize,
    pages: Mutex<Vec<Page>>,
    keep: Box<dyn Fn(Vec<u8>) + Send + Sync>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

impl Journal {
    /// Of a run that begins, or of one that goes on from the bytes that `keep` was given. `keep` is called while the chains wait.
    ///
    /// # Errors
    /// Kind `data` if the bytes are no journal.
    pub fn new(bytes: Option<&[u8]>, keep: impl Fn(Vec<u8>) + Send + Sync + 'static) -> Result<Journal> {
        let mut pages = Vec::new();
        if let Some(bytes) = bytes {
            let mut archive = Archive::In(bytes);
            archive.many(&mut pages)?;
            archive.end()?;
        }
        Ok(Journal { due: AtomicBool::new(false), courses: AtomicUsize::new(0), pages: Mutex::new(pages), keep: Box::new(keep) })
    }

    fn pages(&self) -> MutexGuard<'_, Vec<Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a course that begins.
    pub(in crate::sampler) fn begin_course(&self) -> usize {
        self.courses.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether the run is to be written down.
    pub(in crate::sampler) fn is_due(&self) -> bool {
        self.due.load(Ordering::Relaxed)
    }

    /// Whether there is a page.
    pub(in crate::sampler) fn has(&self, course: usize, part: Part) -> bool {
        self.pages().iter().any(|page| (page.course, page.part) == (course, part as usize))
    }

    /// Reads a page over `state`.
    pub(in crate::sampler) fn read(&self, course: usize, part: Part, state: &mut dyn Stored) -> Result<()> {
        let pages = self.pages();
        let page = pages.iter().find(|page| (page.course, page.part) == (course, part as usize));
        let mut archive = Archive::In(&page.ok_or_else(|| foreign("a page is missing"))?.bytes);
        state.pass(&mut archive)?;
        archive.end()
    }

    /// Writes the page of a part; those of the parts of its course before it are not needed any more.
    pub(in crate::sampler) fn write(&self, course: usize, part: Part, state: &mut dyn Stored) -> Result<()> {
        let mut archive = Archive::Out(Vec::new());
        state.pass(&mut archive)?;
        let mut pages = self.pages();
        pages.retain(|page| page.course != course);
        pages.push(Page { course, part: part as usize, bytes: archive.into_bytes() });
        Ok(())
    }

    /// Gives the pages as they are to whoever keeps them. What becomes due while they are kept is due.
    pub fn hand_over(&self) {
        self.due.store(false, Ordering::Relaxed);
        let mut archive = Archive::Out(Vec::new());
        // Into memory nothing fails.
        let _ = archive.many(&mut *self.pages());
        (self.keep)(archive.into_bytes());
    }
}
