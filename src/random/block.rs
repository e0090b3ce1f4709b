//! Noise for one block of chains: xoshiro256++ in structure-of-arrays form, Box–Muller in lanes.
//!
//! Blackman & Vigna (2021), "Scrambled linear pseudorandom number generators"; Box & Muller (1958). A stream is named by the seed, which
//! a [`Stage`](super::Stage) makes its own, the block's number and its purpose, never by a thread, and only additions, multiplications, fused or not, divisions and square roots make a normal:
//! the same bits on every machine, thread count and vector width.

use crate::error::Result;
use crate::math::{LANES, Lanes};
use crate::stored::{Archive, Stored};

/// Independent generators that run side by side; enough for the loops to vectorise at any width.
pub(super) const STREAMS: usize = 32;

/// What a stream is for: different purposes never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Initial positions.
    Initial,
    /// The noise of the dynamics.
    Noise,
    /// Pilot runs, proposals, random directions.
    Proposal,
    /// Which rows of data are in a batch.
    Batch,
}

/// The generator of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRng {
    state: [[u64; STREAMS]; 4],
    /// Lanes that it fills.
    lanes: usize,
    /// Its name until it is first used.
    #[cfg(test)]
    unused: Option<super::ledger::Name>,
}

impl BlockRng {
    /// No normal number is larger: √(−2 log 2⁻⁵²).
    pub const LARGEST_NORMAL: f64 = 8.5;

    /// The stream of (seed, block, purpose).
    pub fn new(seed: u64, block: u64, purpose: Purpose) -> Self {
        // Each word is mixed through the finaliser before the next is added, so neighbouring seeds and blocks share nothing.
        let mut key = mix(seed ^ 0x6C61_6E67_6576_696E);
        key = mix(key ^ block.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        key = mix(key ^ (purpose as u64 + 1).wrapping_mul(0xA076_1D64_78BD_642F));
        let mut state = [[0; STREAMS]; 4];
        for word in &mut state {
            for lane in word.iter_mut() {
                key = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
                *lane = mix(key);
            }
        }
        BlockRng {
            state,
            lanes: LANES,
            #[cfg(test)]
            unused: Some((seed, block, purpose)),
        }
    }

    /// The same, for the first `lanes` lanes: the others get the middle of the law, and what is next in the stream comes the sooner.
    #[must_use]
    pub fn for_lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes.next_multiple_of(2 * STREAMS).min(LANES);
        self
    }

    /// The lanes that get noise.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    #[inline(always)]
    pub(super) fn fill_bits(&mut self, out: &mut [u64; STREAMS]) {
        #[cfg(test)]
        super::ledger::enter(&mut self.unused);
        let [s0, s1, s2, s3] = &mut self.state;
        for lane in 0..STREAMS {
            out[lane] = s0[lane].wrapping_add(s3[lane]).rotate_left(23).wrapping_add(s0[lane]);
            let t = s1[lane] << 17;
            s2[lane] ^= s0[lane];
            s3[lane] ^= s1[lane];
            s1[lane] ^= s2[lane];
            s0[lane] ^= s3[lane];
            s2[lane] ^= t;
            s3[lane] = s3[lane].rotate_left(45);
        }
    }

    /// Uniform numbers in the open interval (0, 1), with 52 bits.
    #[inline(always)]
    pub fn fill_uniform(&mut self, out: &mut Lanes) {
        let mut bits = [0; STREAMS];
        let (used, idle) = out.split_at_mut(self.lanes);
        idle.fill(0.5);
        for out in used.as_chunks_mut::<STREAMS>().0 {
            self.fill_bits(&mut bits);
            for lane in 0..STREAMS {
                // The middle of one of 2⁵² cells: neither end can occur.
                out[lane] = (unit(bits[lane]) - 1.0) + f64::EPSILON / 2.0;
            }
        }
    }

    /// Standard normal numbers, |x| < 8.5.
    #[inline(always)]
    pub fn fill_normal(&mut self, out: &mut Lanes) {
        let (mut radius, mut angle) = ([0; STREAMS], [0; STREAMS]);
        let (used, idle) = out.split_at_mut(self.lanes);
        idle.fill(0.0);
        for pair in used.as_chunks_mut::<{ 2 * STREAMS }>().0 {
            self.fill_bits(&mut radius);
            self.fill_bits(&mut angle);
            let (first, second) = pair.split_at_mut(STREAMS);
            for lane in 0..STREAMS {
                let size = minus_two_log(2.0 - unit(radius[lane])).sqrt();
                let (x, y) = direction(angle[lane]);
                first[lane] = size * x;
                second[lane] = size * y;
            }
        }
    }
}

/// All that decides what comes next, but for the lanes.
impl Stored for BlockRng {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.state.as_flattened_mut().iter_mut().try_for_each(|word| word.pass(archive))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014, variant 13 of Stafford).
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number in [1, 2) from the top 52 bits.
#[inline(always)]
fn unit(bits: u64) -> f64 {
    f64::from_bits(bits >> 12 | 0x3FF0_0000_0000_0000)
}

/// −2 log x for a normal x in (0, 1], without a branch; relative error below 2⁻⁴⁸.
/// x = 2ᵏ·m, m in [√½, √2), log m = 2 artanh((m − 1)/(m + 1)).
#[inline(always)]
fn minus_two_log(x: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    /// −2·(artanh(s)·2/s − 2)/s² in s²: Chebyshev expansion.
    const SERIES: [f64; 6] = [
        -1.333_333_333_333_241_6,
        -0.800_000_000_224_244,
        -0.571_428_482_730_327,
        -0.444_457_257_536_990_5,
        -0.362_803_704_049_864_96,
        -0.332_438_941_803_548,
    ];
    let shifted = x.to_bits().wrapping_sub(ROOT_HALF);
    // Arithmetic shift: k is negative or zero; biased by 2⁵²·1.5 it becomes a double without a conversion that vectors lack.
    let k = (shifted as i64) >> 52;
    let exponent = f64::from_bits((0x4338_0000_0000_0000_i64 + k) as u64) - 6_755_399_441_055_744.0;
    let m = f64::from_bits((shifted & 0x000F_FFFF_FFFF_FFFF).wrapping_add(ROOT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    exponent.mul_add(-2.0 * std::f64::consts::LN_2, s * z.mul_add(horner(&SERIES, z), -4.0))
}

#[inline(always)]
fn horner<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    coefficients.iter().rev().skip(1).fold(coefficients[N - 1], |value, &coefficient| value.mul_add(x, coefficient))
}

/// A uniform direction (x, y) of length 1, absolute error below 2⁻⁵²: an angle within an eighth of a turn of the first axis from 52
/// bits, and which of the four half-axes that axis is from two more.
#[inline(always)]
fn direction(bits: u64) -> (f64, f64) {
    /// (sin(πq/2)/q − π/2)/q² and (cos(πq/2) − 1)/q² in q² ≤ ¼: Chebyshev expansions.
    const SINE: [f64; 6] = [
        -0.645_964_097_506_246_2,
        0.079_692_626_246_144_19,
        -0.004_681_754_134_252_506_5,
        0.000_160_441_166_592_323_23,
        -3.598_702_839_039_564e-6,
        5.642_205_475_028_842e-8,
    ];
    const COSINE: [f64; 6] = [
        -1.233_700_550_136_169,
        0.253_669_507_900_83,
        -0.020_863_480_753_180_65,
        0.000_919_260_101_234_959_1,
        -2.520_070_269_427_864e-5,
        4.663_186_412_744_042e-7,
    ];
    // The angle in quarter turns.
    let q = f64::from_bits(bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000) - 1.5;
    let w = q * q;
    let sine = q * w.mul_add(horner(&SINE, w), std::f64::consts::FRAC_PI_2);
    let cosine = w.mul_add(horner(&COSINE, w), 1.0);
    let cosine = f64::from_bits(cosine.to_bits() ^ bits & 1 << 63);
    let swap = bits & 1 << 62 != 0;
    if swap { (sine, cosine) } else { (cosine, sine) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(seed: u64, block: u64, count: usize) -> Vec<f64> {
        let mut rng = BlockRng::new(seed, block, Purpose::Noise);
        let mut out = Lanes::default();
        let mut values = Vec::with_capacity(count);
        while values.len() < count {
            rng.fill_normal(&mut out);
            values.extend_from_slice(&out[..]);
        }
        values
    }

    #[test]
    fn the_first_stream_is_xoshiro256_plus_plus() {
        // The published recurrence, one stream at a time.
        let mut rng = BlockRng::new(7, 3, Purpose::Noise);
        let mut s = [0, 1, 2, 3].map(|word| rng.state[word][5]);
        for _ in 0..4 {
            let mut out = [0; STREAMS];
            rng.fill_bits(&mut out);
            let expected = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
            let t = s[1] << 17;
            s[2] ^= s[0];
            s[3] ^= s[1];
            s[1] ^= s[2];
            s[0] ^= s[3];
            s[2] ^= t;
            s[3] = s[3].rotate_left(45);
            assert_eq!(out[5], expected);
        }
    }

    #[test]
    fn logarithm_and_direction_agree_with_an_oracle() {
        let mut rng = BlockRng::new(1, 0, Purpose::Noise);
        let mut u = Lanes::default();
        for _ in 0..200 {
            rng.fill_uniform(&mut u);
            for &x in u.iter() {
                let exact = -2.0 * pxfm::f_log(x);
                assert!((minus_two_log(x) - exact).abs() <= 2.0_f64.powi(-48) * exact.abs(), "log {x}");
                // A direction is that of its angle, and has length 1.
                let bits = x.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let (a, b) = direction(bits);
                let q = (bits % (1 << 52)) as f64 / (1_u64 << 52) as f64 - 0.5;
                let angle = q * std::f64::consts::FRAC_PI_2;
                let (c, s) = (pxfm::f_cos(angle).copysign(if bits >> 63 == 1 { -1.0 } else { 1.0 }), pxfm::f_sin(angle));
                let (x, y) = if bits >> 62 & 1 == 1 { (s, c) } else { (c, s) };
                // Half a unit in the last place for the angle, as much for the function.
                assert!((a - x).abs() < 4e-16 && (b - y).abs() < 4e-16, "direction {bits:x}: {a} {b} {x} {y}");
            }
        }
    }

    #[test]
    fn normals_have_the_moments_of_a_normal() {
        let values = normals(11, 0, 1 << 20);
        let n = values.len() as f64;
        let moment = |k: i32| values.iter().map(|x| x.powi(k)).sum::<f64>() / n;
        // Standard errors √(var xᵏ / n): 1, √2, √15, √96 over √n; 4 of them.
        for (k, expected, sd) in [(1, 0.0, 1.0), (2, 1.0, 2.0_f64.sqrt()), (3, 0.0, 15.0_f64.sqrt()), (4, 3.0, 96.0_f64.sqrt())] {
            let z = (moment(k) - expected) / (sd / n.sqrt());
            assert!(z.abs() < 4.0, "moment {k}: z = {z}");
        }
    }

    #[test]
    fn neighbouring_seeds_blocks_and_lanes_do_not_correlate() {
        let count = 1 << 16;
        let base = normals(5, 8, count);
        let shifted: Vec<f64> = base[1..].iter().chain(&base[..1]).copied().collect();
        for (what, other) in [("seed", normals(6, 8, count)), ("block", normals(5, 9, count)), ("lane", shifted)] {
            let correlation = base.iter().zip(&other).map(|(a, b)| a * b).sum::<f64>() / (count as f64).sqrt();
            assert!(correlation.abs() < 4.0, "{what}: z = {correlation}");
        }
    }

    #[test]
    fn noise_for_some_lanes_is_the_stream_without_gaps() {
        let mut rng = BlockRng::new(5, 8, Purpose::Noise).for_lanes(100);
        let (mut first, mut second) = (Lanes::splat(7.0), Lanes::splat(7.0));
        rng.fill_normal(&mut first);
        rng.fill_normal(&mut second);
        // Sixty-four at a time.
        assert_eq!([&first[..128], &second[..128]].concat(), normals(5, 8, 256));
        assert!(first[128..].iter().all(|x| *x == 0.0));
        rng.fill_uniform(&mut first);
        assert!(first[..128].iter().all(|x| *x != 0.5) && first[128..].iter().all(|x| *x == 0.5));
    }

    #[test]
    fn purposes_differ_and_streams_repeat() {
        assert_eq!(normals(5, 8, 256), normals(5, 8, 256));
        assert_ne!(BlockRng::new(5, 8, Purpose::Noise), BlockRng::new(5, 8, Purpose::Initial));
    }
}
