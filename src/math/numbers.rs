//! Columns of numbers, shared by all who read them: one after another or in blocks of lanes.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::lanes::{LANES, Lanes};

/// Shared numbers. Behind the last one their blocks repeat it, so that idle lanes raise no fault of their own.
#[derive(Clone)]
pub struct Numbers {
    blocks: Arc<Vec<Lanes>>,
    count: usize,
}

/// Numbers that more are added to.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    blocks: Vec<Lanes>,
    count: usize,
}

impl Growing {
    /// Sets memory aside for so many in all, if there is that much.
    pub fn expect(&mut self, count: usize) {
        let blocks = count.div_ceil(LANES).saturating_sub(self.blocks.len());
        // Where there is not, adding numbers asks for what it needs.
        let _ = self.blocks.try_reserve_exact(blocks);
    }

    /// Adds these.
    pub fn extend(&mut self, mut more: &[f64]) {
        while !more.is_empty() {
            let filled = self.count % LANES;
            if filled == 0 {
                self.blocks.push(Lanes::default());
            }
            let here = more.split_off(..more.len().min(LANES - filled)).expect("no more than there are");
            self.blocks[self.count / LANES][filled..filled + here.len()].copy_from_slice(here);
            self.count += here.len();
        }
    }

    /// These and no more.
    pub fn ended(mut self) -> Numbers {
        if let Some(last) = self.blocks.last_mut()
            && let filled @ 1.. = self.count % LANES
        {
            let value = last[filled - 1];
            last[filled..].fill(value);
        }
        Numbers { blocks: Arc::new(self.blocks), count: self.count }
    }
}

impl Numbers {
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
        let mut growing = Growing::default();
        growing.expect(values.len());
        growing.extend(&values);
        growing.ended()
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
            let (mut rest, mut growing) = (&all[..], Growing::default());
            for &length in lengths {
                growing.extend(rest.split_off(..length).unwrap());
            }
            let numbers = growing.ended();
            assert_eq!(numbers[..], all[..]);
            assert_eq!(numbers.blocks().len(), count.div_ceil(LANES));
            let padding = numbers.blocks().iter().flat_map(|block| block.iter()).skip(count);
            assert!(padding.into_iter().all(|value| Some(value) == all.last()));
        }
    }
}
