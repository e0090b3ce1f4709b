//! The noise, ten million numbers at a time, a hundred million where thorough: law, tails, independence of lanes, blocks and seeds, evenness of every bit.

use crate::common::sized;
use langevin::math::{LANES, Lanes, Level, erfc};
use langevin::random::{BlockRng, Purpose, Stream, fill_normal};
use rand::Rng;

fn fill(rng: &mut BlockRng, out: &mut Lanes) {
    fill_normal(Level::detect(), rng, out);
}

/// P(Z > z).
fn tail(z: f64) -> f64 {
    0.5 * erfc(z / 2.0_f64.sqrt())
}

/// Counts in cells against their expectation: (χ² − k)/√(2k), which is near standard normal for so many cells.
fn chi_square(counts: &[u64], expected: impl Fn(usize) -> f64) -> f64 {
    let cells = counts.len() as f64;
    let sum: f64 = counts.iter().enumerate().map(|(cell, &count)| (count as f64 - expected(cell)).powi(2) / expected(cell)).sum();
    (sum - (cells - 1.0)) / (2.0 * (cells - 1.0)).sqrt()
}

#[test]
fn many_normals_are_normal() {
    let fills = sized(10_000_000, 100_000_000) / LANES;
    const CELLS: usize = 800;
    const EDGE: f64 = 4.0;
    let mut rng = BlockRng::new(2024, 0, Purpose::Noise);
    let mut out = Lanes::default();
    let mut moments = [0.0; 4];
    let mut counts = vec![0_u64; CELLS + 2];
    let mut beyond = [0_u64; 2];
    // Neighbouring lanes, and the same lane of the next fill.
    let (mut beside, mut after) = (0.0, 0.0);
    let mut before = Lanes::default();
    for _ in 0..fills {
        fill(&mut rng, &mut out);
        for lane in 0..LANES {
            let z = out[lane];
            let square = z * z;
            for (moment, power) in moments.iter_mut().zip([z, square, square * z, square * square]) {
                *moment += power;
            }
            beside += z * out[(lane + 1) % LANES];
            after += z * before[lane];
            let cell = ((z + EDGE) / (2.0 * EDGE) * CELLS as f64).floor();
            counts[if cell < 0.0 {
                CELLS
            } else if cell >= CELLS as f64 {
                CELLS + 1
            } else {
                cell as usize
            }] += 1;
            beyond[0] += u64::from(z.abs() > 5.0);
            beyond[1] += u64::from(z.abs() > 5.5);
        }
        before = out;
    }
    let n = (fills * LANES) as f64;
    // Each in standard errors: moments of order k have variance E z²ᵏ − (E zᵏ)².
    for (order, (sum, (mean, variance))) in moments.iter().zip([(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0_f64)]).enumerate() {
        let z = (sum / n - mean) * (n / variance).sqrt();
        assert!(z.abs() < 4.0, "moment {}: {z} standard errors", order + 1);
    }
    for (what, sum) in [("beside", beside), ("after", after)] {
        assert!((sum / n.sqrt()).abs() < 4.0, "correlation with the lane {what}: {} standard errors", sum / n.sqrt());
    }
    let edge = |cell: usize| -EDGE + 2.0 * EDGE * cell as f64 / CELLS as f64;
    let expected = |cell: usize| n * if cell < CELLS { tail(edge(cell)) - tail(edge(cell + 1)) } else { tail(EDGE) };
    let z = chi_square(&counts, expected);
    assert!(z.abs() < 4.0, "χ² over {} cells: {z} standard deviations", CELLS + 2);
    for (count, bound) in beyond.iter().zip([5.0, 5.5]) {
        let mean = 2.0 * tail(bound) * n;
        assert!((*count as f64 - mean).abs() < 4.0 * mean.sqrt(), "{count} beyond {bound}, {mean:.1} expected");
    }
}

#[test]
fn neighbouring_blocks_and_seeds_are_independent() {
    let count = 2_000_000 / LANES;
    for (name, other) in [
        ("block", BlockRng::new(7, 4, Purpose::Noise)),
        ("seed", BlockRng::new(8, 3, Purpose::Noise)),
        ("purpose", BlockRng::new(7, 3, Purpose::Proposal)),
    ] {
        let (mut a, mut b) = (BlockRng::new(7, 3, Purpose::Noise), other);
        let (mut x, mut y) = (Lanes::default(), Lanes::default());
        // Products, and products of squares: dependence that correlation does not see.
        let (mut products, mut squares) = (0.0, 0.0);
        for _ in 0..count {
            fill(&mut a, &mut x);
            fill(&mut b, &mut y);
            for lane in 0..LANES {
                products += x[lane] * y[lane];
                squares += (x[lane] * x[lane] - 1.0) * (y[lane] * y[lane] - 1.0) / 2.0;
            }
        }
        let n = (count * LANES) as f64;
        for (what, sum) in [("values", products), ("squares", squares)] {
            assert!((sum / n.sqrt()).abs() < 4.0, "{what} of the next {name}: {} standard errors", sum / n.sqrt());
        }
    }
}

/// Bits of the scalar stream: each as often 1 as 0, no two of a word alike or unlike too often, bytes evenly spread, also in pairs.
#[test]
fn every_bit_is_even_and_bytes_are_spread() {
    let mut stream = Stream::new(5, 0, Purpose::Noise);
    let n = 1_000_000;
    let mut ones = [0_u64; 64];
    let mut alike = [0_u64; 64];
    let mut pairs = vec![0_u64; 1 << 16];
    for _ in 0..n {
        let word = stream.next_u64();
        let neighbours = word ^ word.rotate_left(1);
        for bit in 0..64 {
            ones[bit] += word >> bit & 1;
            alike[bit] += neighbours >> bit & 1;
        }
        for half in 0..4 {
            pairs[(word >> (16 * half) & 0xFFFF) as usize] += 1;
        }
    }
    // 128 tests at 4.5 standard errors: one in a thousand correct generators.
    for (bit, count) in ones.iter().chain(&alike).enumerate() {
        let z = (*count as f64 - n as f64 / 2.0) / (n as f64 / 4.0).sqrt();
        assert!(z.abs() < 4.5, "bit {}: {z} standard errors", bit % 64);
    }
    let z = chi_square(&pairs, |_| 4.0 * n as f64 / 65536.0);
    assert!(z.abs() < 4.0, "pairs of bytes: {z} standard deviations");
}
