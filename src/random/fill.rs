//! Noise in lanes, compiled for a SIMD level.

use super::block::BlockRng;
use crate::math::{Lanes, Level, Work, dispatch};

/// [`BlockRng::fill_normal`] at a level; the same bits at each.
pub fn fill_normal(level: Level, noise: &mut BlockRng, out: &mut Lanes) {
    struct Normal<'a>(&'a mut BlockRng, &'a mut Lanes);
    impl Work for Normal<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            self.0.fill_normal(self.1);
        }
    }
    dispatch(level, Normal(noise, out));
}

/// [`BlockRng::fill_uniform`] at a level; the same bits at each.
pub fn fill_uniform(level: Level, noise: &mut BlockRng, out: &mut Lanes) {
    struct Uniform<'a>(&'a mut BlockRng, &'a mut Lanes);
    impl Work for Uniform<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            self.0.fill_uniform(self.1);
        }
    }
    dispatch(level, Uniform(noise, out));
}
