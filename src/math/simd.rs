//! The same code compiled for several vector widths, chosen at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::{Error, ErrorKind, Result};

/// A set of vector instructions. Results are the same bits at each; only the time differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What every machine of the architecture has.
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 F, DQ, VL and BW.
    Avx512,
}

impl Level {
    /// The widest level of this machine.
    #[inline(always)]
    pub fn detect() -> Level {
        // Asked at every instruction of a tape: one load once known.
        static DETECTED: AtomicU8 = AtomicU8::new(UNKNOWN);
        const UNKNOWN: u8 = u8::MAX;
        match DETECTED.load(Ordering::Relaxed) {
            0 => Level::Baseline,
            1 => Level::Avx2,
            2 => Level::Avx512,
            _ => {
                let level = Level::ask_the_processor();
                DETECTED.store(level as u8, Ordering::Relaxed);
                level
            }
        }
    }

    #[cold]
    fn ask_the_processor() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma");
            if avx2 && has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("avx512bw") {
                return Level::Avx512;
            }
            if avx2 {
                return Level::Avx2;
            }
        }
        Level::Baseline
    }

    /// The level, if this machine has it.
    ///
    /// # Errors
    /// Kind `setting` if it does not.
    pub fn if_available(self) -> Result<Level> {
        if self <= Level::detect() {
            return Ok(self);
        }
        let available: Vec<String> = Level::available().iter().map(ToString::to_string).collect();
        Err(Error::new(ErrorKind::Setting, format!("this machine has no {self} instructions"))
            .hint(format!("auto, or one of {}", available.join(", "))))
    }

    /// Every level of this machine, narrowest first.
    pub fn available() -> Vec<Level> {
        let widest = Level::detect();
        [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(|level| *level <= widest).collect()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Baseline => "baseline",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        })
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Level::detect()),
            "baseline" => Ok(Level::Baseline),
            "avx2" => Ok(Level::Avx2),
            "avx512" => Ok(Level::Avx512),
            _ => Err(Error::new(ErrorKind::Setting, format!("unknown SIMD level `{text}`")).hint("auto, baseline, avx2 or avx512")),
        }
    }
}

/// Code to run at a level; [`run`](Work::run) and all it calls in its loops must be `#[inline(always)]`, or it will not vectorise.
pub trait Work {
    /// What it returns.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Runs `work` compiled for `level`, or for the widest level of this machine below it.
///
/// Each kind of work becomes a function of its own at each level. A loop over a large formula should be one: among many others in one
/// function it may fail to vectorise.
#[inline]
pub fn dispatch<W: Work>(level: Level, work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        match level.min(Level::detect()) {
            // SAFETY: `detect` has just confirmed that the processor has these instructions.
            Level::Avx512 => return unsafe { x86::avx512(work) },
            // SAFETY: as above.
            Level::Avx2 => return unsafe { x86::avx2(work) },
            Level::Baseline => {}
        }
    }
    let _ = level;
    work.run()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Work;

    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
    pub(super) fn avx512<W: Work>(work: W) -> W::Output {
        work.run()
    }

    #[inline(never)]
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2<W: Work>(work: W) -> W::Output {
        work.run()
    }
}
