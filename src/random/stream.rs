//! One number at a time: the scalar view of a block's generator, for code away from the hot path.

use std::convert::Infallible;

use rand::TryRng;

use super::block::STREAMS;
use super::{BlockRng, Purpose};

/// A scalar stream named like a block: by seed, number and purpose. It implements rand's traits, so the distributions of rand_distr draw
/// from it.
///
/// ```
/// use langevin::random::{Purpose, Stream};
/// use rand_distr::{Distribution, Gamma};
/// let mut stream = Stream::new(1, 0, Purpose::Proposal);
/// let gamma = Gamma::new(2.0, 0.5).expect("positive shape and scale");
/// let mean = (0..10_000).map(|_| gamma.sample(&mut stream)).sum::<f64>() / 1e4;
/// assert!((mean - 1.0).abs() < 0.03);
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    rng: BlockRng,
    bits: [u64; STREAMS],
    used: usize,
}

impl Stream {
    /// The stream of (seed, number, purpose).
    pub fn new(seed: u64, number: u64, purpose: Purpose) -> Self {
        Stream { rng: BlockRng::new(seed, number, purpose), bits: [0; STREAMS], used: STREAMS }
    }

    fn next(&mut self) -> u64 {
        if self.used == self.bits.len() {
            self.rng.fill_bits(&mut self.bits);
            self.used = 0;
        }
        self.used += 1;
        self.bits[self.used - 1]
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The upper half: the lower bits of xoshiro256++ are as good, but older generators taught everyone to take these.
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}
