//! What a run takes in memory by the counts that were set, and whether the machine has it: asked before anything runs.

use super::settings::Sampling;
use crate::error::{Error, ErrorKind, Result};

/// Bytes for each number drawn: the number, its copies in other coordinates, its rank and the places of a sort. Peaks measured on two
/// million numbers: 40 of `exact`, 74 of `sgld` in one variable, 93 of `nuts` in two.
const NUMBER: u128 = 96;
/// Bytes for each number of a chain's state (position, gradient, momentum and what they were): of a million chains of `rwm` 577.
const STATE: u128 = 600;
/// Bytes of a frame of an animation: the positions that are shown, as it is drawn.
const FRAME: u128 = 12_000;

/// Refuses counts whose memory is not there.
///
/// # Errors
/// Kind `resources` with the bytes and the flag.
pub(super) fn check(settings: &Sampling, dimension: usize) -> Result<()> {
    let Some(Need { bytes, flag, count }) = need(settings, dimension) else { return Ok(()) };
    let room = settings.memory.map_or(u128::MAX, u128::from);
    // Asked for and given back: address space alone, not a page is touched.
    let is_there = bytes <= room && usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    if is_there {
        return Ok(());
    }
    let of = settings.memory.map_or(String::new(), |room| format!(", and {} are free", gigabytes(room.into())));
    Err(Error::new(ErrorKind::Resources, format!("{flag} {count} takes {bytes} bytes of memory ({}){of}", gigabytes(bytes)))
        .hint(format!("a smaller {flag}")))
}

/// The need of a run and what has the largest part in it.
struct Need {
    bytes: u128,
    flag: &'static str,
    count: usize,
}

/// At least so much, as defaults are smaller than what fits; `None` if nothing is set that takes memory.
fn need(settings: &Sampling, dimension: usize) -> Option<Need> {
    let set = |count: Option<usize>| count.unwrap_or(1) as u128;
    let (chains, draws, rungs) = (set(settings.chains), set(settings.draws), set(settings.rungs));
    let numbers = chains.saturating_mul(draws).saturating_mul(dimension as u128).saturating_mul(NUMBER);
    let is_stateful = settings.sampler.is_chained() || settings.batch.is_some() || settings.rungs.is_some();
    let states = chains.saturating_mul(rungs).saturating_mul(dimension as u128).saturating_mul(if is_stateful { STATE } else { 0 });
    // No step is filmed twice.
    let frames = (settings.frames as u128).min(settings.steps.map_or(u128::MAX, |steps| steps as u128 + 1)).saturating_mul(FRAME);
    let flags =
        [("--chains", settings.chains), ("--draws", settings.draws), ("--rungs", settings.rungs), ("--frames", Some(settings.frames))];
    let (flag, count) = match frames > numbers.saturating_add(states) {
        true => flags[3],
        false => flags[..3].iter().copied().max_by_key(|(_, count)| *count)?,
    };
    let count = count.filter(|count| *count > 0)?;
    Some(Need { bytes: numbers.saturating_add(states).saturating_add(frames), flag, count })
}

/// Bytes as people count them.
fn gigabytes(bytes: u128) -> String {
    let size = bytes as f64 / 1e9;
    if size < 1e6 { format!("{size:.1} GB") } else { format!("{size:.1e} GB") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Sampler;

    #[test]
    fn counts_that_do_not_fit_are_refused_with_bytes_and_flag() {
        let most = usize::MAX;
        let refused = |settings: Sampling| check(&settings, 2).map_err(|error| error.message);
        let fits = Sampling { memory: Some(1 << 30), ..Sampling::default() };
        assert_eq!(refused(fits.clone()), Ok(()));
        assert_eq!(refused(Sampling { chains: Some(1_000_000), ..fits.clone() }), Ok(()));
        for (settings, flag) in [
            (Sampling { chains: Some(10_000_000), ..fits.clone() }, "--chains 10000000 takes 1920000000 bytes"),
            (Sampling { chains: Some(most), ..Sampling::default() }, "--chains"),
            (Sampling { draws: Some(most), sampler: Sampler::Exact, ..Sampling::default() }, "--draws"),
            (Sampling { chains: Some(most), draws: Some(most), ..fits.clone() }, "--"),
            (Sampling { chains: Some(1_000_000), sampler: Sampler::Nuts, ..fits.clone() }, "--chains"),
            (Sampling { rungs: Some(most), sampler: Sampler::Tempering, ..fits.clone() }, "--rungs"),
            (Sampling { frames: most, ..fits.clone() }, "--frames"),
        ] {
            let message = refused(settings).expect_err("too much");
            assert!(message.starts_with(flag) && message.contains("bytes of memory"), "{message}");
        }
        assert_eq!(refused(Sampling { frames: most, steps: Some(1000), ..fits }), Ok(()));
    }
}
