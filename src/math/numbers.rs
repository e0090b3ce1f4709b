//! Columns of numbers, shared by all who read them: one after another or in blocks of lanes.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::lanes::{LANES, Lanes};

/// Shared numbers. Behind the last one their blocks repeat it, so that idle lanes raise no fault of their own.
#[derive(Clone)]
pub struct Numbers {
    blocks: Arc<[Lanes]>,
    count: usize,
}

impl Numbers {
    /// Those of all parts, in order.
    pub fn joined<'a>(parts: impl Iterator<Item = &'a [f64]> + Clone) -> Numbers {
        let count = parts.clone().map(<[f64]>::len).sum();
        let (mut rest, mut part, mut last) = (parts, &[][..], 0.0);
        let block = |_| {
            let mut block = Lanes::default();
            let mut filled = 0;
            while filled < LANES {
                if part.is_empty() {
                    let Some(next) = rest.next() else { break };
                    part = next;
                }
                let (here, later) = part.split_at(part.len().min(LANES - filled));
                block[filled..filled + here.len()].copy_from_slice(here);
                (filled, part, last) = (filled + here.len(), later, here.last().copied().unwrap_or(last));
            }
            block[filled..].fill(last);
            block
        };
        Numbers { blocks: (0..usize::div_ceil(count, LANES)).map(block).collect(), count }
    }

    /// In blocks.
    pub fn blocks(&self) -> &[Lanes] {
        &self.blocks
    }

    /// Whether both share one place in memory.
    pub fn is(&self, other: &Numbers) -> bool {
        Arc::ptr_eq(&self.blocks, &other.blocks)
    }
}

impl Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        // SAFETY: blocks of `LANES` numbers without gaps (`repr(C)`, and a multiple of the alignment), and `count` is at most what they hold.
        unsafe { std::slice::from_raw_parts(self.blocks.as_ptr().cast(), self.count) }
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(values: Vec<f64>) -> Numbers {
        Numbers::joined(std::iter::once(&values[..]))
    }
}

impl FromIterator<f64> for Numbers {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Numbers {
        values.into_iter().collect::<Vec<f64>>().into()
    }
}

const _: () = assert!(size_of::<Lanes>() == LANES * size_of::<f64>());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_any_length_are_joined_in_order_and_the_last_number_fills_its_block() {
        for lengths in [&[][..], &[0], &[1], &[255, 0, 1], &[256], &[3, 600, 0, 41, 256]] {
            let count: usize = lengths.iter().sum();
            let all: Vec<f64> = (0..count).map(|i| i as f64 + 0.5).collect();
            let mut rest = &all[..];
            let parts: Vec<&[f64]> = lengths.iter().map(|&length| rest.split_off(..length).unwrap()).collect();
            let numbers = Numbers::joined(parts.into_iter());
            assert_eq!(numbers[..], all[..]);
            assert_eq!(numbers.blocks().len(), count.div_ceil(LANES));
            let padding = numbers.blocks().iter().flat_map(|block| block.iter()).skip(count);
            assert!(padding.into_iter().all(|value| Some(value) == all.last()));
        }
    }
}
