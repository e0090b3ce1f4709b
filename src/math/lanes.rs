//! Blocks of lanes: the unit of every evaluation.

use std::ops::{Deref, DerefMut};

/// How many chains are evaluated together. 256 doubles are four pages of L1 at most for a dozen live registers, and the measured optimum.
pub const LANES: usize = 256;

/// One value for each lane, aligned to a cache line so that no vector load straddles two.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes(pub [f64; LANES]);

impl Lanes {
    /// The same value in each lane.
    pub const fn splat(value: f64) -> Self {
        Lanes([value; LANES])
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Lanes::splat(0.0)
    }
}

impl Deref for Lanes {
    type Target = [f64; LANES];
    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Lanes {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// A block of positions or gradients, structure of arrays: `[dimension][lane]`.
pub type Block = [Lanes];
