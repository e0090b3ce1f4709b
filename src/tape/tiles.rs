//! Products of a table with what belongs to chains, in tiles of several chains that stay in registers: columns times numbers, and sums
//! over the rows of columns times values.
//!
//! Each number that comes out is the same chain of additions whatever the tile, so how many chains there are changes no bit.

use super::operations::Multiple;
use super::program::PARTIAL;
use crate::math::{Level, Work, dispatch};

/// Chains that share one pass over the data, so that it is read once for all of them.
pub(super) const TOGETHER: usize = 4;

/// Multiples that are added in one go.
const MOST: usize = 16;

/// Rows of a tile of sums: with two chains and two columns its sums fill half of sixteen registers of four doubles.
const STEP: usize = 8;

/// out ← out + Σ factor·number·column, for each chain; `column` finds the rows of a column, `out` those of a chain.
#[inline(always)]
pub(super) fn combine<'a>(
    level: Level,
    chains: usize,
    numbers: &[[f64; TOGETHER]],
    multiples: &[Multiple],
    column: impl Fn(&Multiple) -> &'a [f64],
    out: impl Fn(usize) -> &'a mut [f64],
) {
    for some in multiples.chunks(MOST) {
        let mut terms: [Term; MOST] = [(&[], [0.0; TOGETHER]); MOST];
        for (term, multiple) in terms.iter_mut().zip(some) {
            *term = (column(multiple), numbers[multiple.number as usize].map(|number| multiple.factor * number));
        }
        let terms = &terms[..some.len()];
        let mut first = 0;
        while first < chains {
            // A tile has thirty-two sums: long ones for one chain, short ones for several.
            first += match chains - first {
                1 => dispatch(level, Combine::<1, 32> { terms, first, out: [out(first)] }),
                2 | 3 => dispatch(level, Combine::<2, 16> { terms, first, out: [out(first), out(first + 1)] }),
                _ => {
                    let out = [out(first), out(first + 1), out(first + 2), out(first + 3)];
                    dispatch(level, Combine::<4, 8> { terms, first, out })
                }
            };
        }
    }
}

/// A column and its factors for the chains.
type Term<'a> = (&'a [f64], [f64; TOGETHER]);

struct Combine<'a, const CHAINS: usize, const ROWS: usize> {
    terms: &'a [Term<'a>],
    first: usize,
    out: [&'a mut [f64]; CHAINS],
}

impl<const CHAINS: usize, const ROWS: usize> Work for Combine<'_, CHAINS, ROWS> {
    type Output = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let Combine { terms, first, out } = self;
        let out = out.map(|row| row.as_chunks_mut::<ROWS>().0);
        for tile in 0..out[0].len() {
            let mut total: [[f64; ROWS]; CHAINS] = std::array::from_fn(|chain| out[chain][tile]);
            for (column, factors) in terms {
                let x = &column.as_chunks::<ROWS>().0[tile];
                for chain in 0..CHAINS {
                    let factor = factors[first + chain];
                    for row in 0..ROWS {
                        total[chain][row] = factor.mul_add(x[row], total[chain][row]);
                    }
                }
            }
            for chain in 0..CHAINS {
                out[chain][tile] = total[chain];
            }
        }
        CHAINS
    }
}

/// Adds value·column over a block of rows to the partial sums, row r to number r mod [`PARTIAL`], for each chain and each of some columns.
/// The sums are those from `at` on, `stride` further for each chain.
pub(super) fn add_products<'a>(
    level: Level,
    partial: &mut [[f64; PARTIAL]],
    (at, stride): (usize, usize),
    (chains, columns): (usize, usize),
    value: impl Fn(usize) -> &'a [f64],
    column: impl Fn(usize) -> &'a [f64],
) {
    let mut chain = 0;
    while chain < chains {
        let pair = chain + 1 < chains;
        let mut first = 0;
        while first < columns {
            let at = at + chain * stride + first;
            let (a, b) = (|more: usize| value(chain + more), |more: usize| column(first + more));
            first += match (pair, columns - first) {
                (true, 1) => dispatch(level, AddProducts { partial, at, stride, a: [a(0), a(1)], b: [b(0)] }),
                (true, _) => dispatch(level, AddProducts { partial, at, stride, a: [a(0), a(1)], b: [b(0), b(1)] }),
                (false, 1..4) => dispatch(level, AddProducts { partial, at, stride, a: [a(0)], b: [b(0)] }),
                (false, _) => dispatch(level, AddProducts { partial, at, stride, a: [a(0)], b: [b(0), b(1), b(2), b(3)] }),
            };
        }
        chain += 1 + usize::from(pair);
    }
}

struct AddProducts<'a, const CHAINS: usize, const COLUMNS: usize> {
    partial: &'a mut [[f64; PARTIAL]],
    at: usize,
    stride: usize,
    a: [&'a [f64]; CHAINS],
    b: [&'a [f64]; COLUMNS],
}

impl<const CHAINS: usize, const COLUMNS: usize> Work for AddProducts<'_, CHAINS, COLUMNS> {
    type Output = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let AddProducts { partial, at, stride, a, b } = self;
        let (whole_a, rest_a) = (a.map(|a| a.as_chunks::<PARTIAL>().0), a.map(|a| a.as_chunks::<PARTIAL>().1));
        let (whole_b, rest_b) = (b.map(|b| b.as_chunks::<PARTIAL>().0), b.map(|b| b.as_chunks::<PARTIAL>().1));
        for step in 0..PARTIAL / STEP {
            let mut sums: [[[f64; STEP]; COLUMNS]; CHAINS] =
                std::array::from_fn(|i| std::array::from_fn(|j| partial[at + i * stride + j].as_chunks().0[step]));
            for chunk in 0..whole_a[0].len() {
                let x: [&[f64; STEP]; COLUMNS] = std::array::from_fn(|j| &whole_b[j][chunk].as_chunks().0[step]);
                for i in 0..CHAINS {
                    let value: &[f64; STEP] = &whole_a[i][chunk].as_chunks().0[step];
                    for j in 0..COLUMNS {
                        for row in 0..STEP {
                            sums[i][j][row] = value[row].mul_add(x[j][row], sums[i][j][row]);
                        }
                    }
                }
            }
            for i in 0..CHAINS {
                for j in 0..COLUMNS {
                    partial[at + i * stride + j].as_chunks_mut().0[step] = sums[i][j];
                }
            }
        }
        for i in 0..CHAINS {
            for j in 0..COLUMNS {
                let sums = &mut partial[at + i * stride + j];
                for (sum, (a, b)) in sums.iter_mut().zip(rest_a[i].iter().zip(rest_b[j])) {
                    *sum = a.mul_add(*b, *sum);
                }
            }
        }
        COLUMNS
    }
}

/// Adds a block of rows to the partial sums: row r to number r mod [`PARTIAL`].
pub(super) struct AddUp<'a> {
    pub(super) total: &'a mut [f64; PARTIAL],
    pub(super) a: &'a [f64],
    pub(super) b: Option<&'a [f64]>,
}

impl Work for AddUp<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let AddUp { total, a, b } = self;
        let Some(b) = b else {
            let (whole, rest) = a.as_chunks::<PARTIAL>();
            let mut sums = *total;
            for chunk in whole {
                for row in 0..PARTIAL {
                    sums[row] += chunk[row];
                }
            }
            *total = sums;
            for (sum, value) in total.iter_mut().zip(rest) {
                *sum += value;
            }
            return;
        };
        AddProducts { partial: std::slice::from_mut(total), at: 0, stride: 0, a: [a], b: [b] }.run();
    }
}

/// The sum of the partial sums, two by two.
pub(super) fn pairwise(mut partial: [f64; PARTIAL]) -> f64 {
    let mut left = PARTIAL / 2;
    while left > 0 {
        for at in 0..left {
            partial[at] += partial[at + left];
        }
        left /= 2;
    }
    partial[0]
}
