//! Products of a table with what belongs to chains, in tiles of several chains that stay in registers: columns times numbers, and sums
//! over the rows of columns times values.
//!
//! Each number that comes out is the same chain of additions whatever the tile, so how many chains there are changes no bit. Arrays are
//! filled by loops, as a closure handed to `from_fn` or `map` may stay a call, compiled for no level.

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
            term.0 = column(multiple);
            for (factor, number) in term.1.iter_mut().zip(&numbers[multiple.number as usize]) {
                *factor = multiple.factor * number;
            }
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
        for tile in 0..out[0].len() / ROWS {
            let mut total = [[0.0; ROWS]; CHAINS];
            for chain in 0..CHAINS {
                total[chain] = out[chain].as_chunks().0[tile];
            }
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
                out[chain].as_chunks_mut().0[tile] = total[chain];
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
        let whole = a[0].len() / PARTIAL;
        for step in 0..PARTIAL / STEP {
            let mut sums = [[[0.0; STEP]; COLUMNS]; CHAINS];
            for i in 0..CHAINS {
                for j in 0..COLUMNS {
                    sums[i][j] = partial[at + i * stride + j].as_chunks().0[step];
                }
            }
            for chunk in 0..whole {
                let from = chunk * (PARTIAL / STEP) + step;
                for i in 0..CHAINS {
                    let value: &[f64; STEP] = &a[i].as_chunks().0[from];
                    for j in 0..COLUMNS {
                        let x: &[f64; STEP] = &b[j].as_chunks().0[from];
                        for row in 0..STEP {
                            sums[i][j][row] = value[row].mul_add(x[row], sums[i][j][row]);
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
                for (sum, (a, b)) in sums.iter_mut().zip(a[i][whole * PARTIAL..].iter().zip(&b[j][whole * PARTIAL..])) {
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

/// The sum of the partial sums, two by two; their number is a power of two.
#[inline(always)]
pub(super) fn pairwise<const COUNT: usize>(mut partial: [f64; COUNT]) -> f64 {
    let mut left = COUNT / 2;
    while left > 0 {
        for at in 0..left {
            partial[at] += partial[at + left];
        }
        left /= 2;
    }
    partial[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 64;
    const COLUMNS: usize = 19;

    /// Any numbers, with digits enough that another order of additions would show.
    fn number(i: usize, j: usize) -> f64 {
        crate::math::sin((7 * i + 131 * j + 1) as f64)
    }

    fn table(rows: usize) -> Vec<Vec<f64>> {
        (0..COLUMNS).map(|column| (0..rows).map(|row| number(row, column)).collect()).collect()
    }

    #[test]
    fn columns_times_numbers_are_one_chain_of_additions_for_any_number_of_chains() {
        let columns = table(ROWS);
        let numbers: Vec<[f64; TOGETHER]> = (0..COLUMNS).map(|j| [0, 1, 2, 3].map(|chain| number(j, 50 + chain))).collect();
        let multiples: Vec<Multiple> =
            (0..COLUMNS as u32).map(|j| Multiple { factor: 0.3 + f64::from(j), number: COLUMNS as u32 - 1 - j, column: j }).collect();
        for chains in 1..=TOGETHER {
            let start = |chain: usize| (0..ROWS).map(move |row| number(row, 90 + chain)).collect::<Vec<f64>>();
            let mut out: Vec<Vec<f64>> = (0..chains).map(start).collect();
            let first = out.as_mut_ptr();
            let row = |chain: usize| {
                assert!(chain < chains);
                // SAFETY: within the vector, and each chain is asked for once at a time.
                unsafe { (*first.add(chain)).as_mut_slice() }
            };
            combine(Level::detect(), chains, &numbers, &multiples, |multiple| &columns[multiple.column as usize], row);
            for (chain, out) in out.iter().enumerate() {
                let expected = start(chain).into_iter().enumerate().map(|(row, start)| {
                    let add = |sum: f64, m: &Multiple| {
                        (m.factor * numbers[m.number as usize][chain]).mul_add(columns[m.column as usize][row], sum)
                    };
                    multiples.iter().fold(start, add).to_bits()
                });
                assert!(out.iter().map(|x| x.to_bits()).eq(expected), "chain {chain} of {chains}");
            }
        }
    }

    #[test]
    fn sums_over_rows_are_the_same_for_any_number_of_chains_and_columns() {
        // Whole blocks, and rows that fill no chunk.
        for rows in [256, 32, 100, 7] {
            let columns = table(rows);
            let values: Vec<Vec<f64>> = (0..TOGETHER).map(|chain| (0..rows).map(|row| number(row, 50 + chain)).collect()).collect();
            for (chains, count) in (1..=TOGETHER).flat_map(|chains| (1..=COLUMNS).map(move |count| (chains, count))) {
                // A sum more for each chain, which nobody adds to.
                let mut partial = vec![[0.25; PARTIAL]; chains * (count + 1)];
                add_products(Level::detect(), &mut partial, (1, count + 1), (chains, count), |i| &values[i], |j| &columns[j]);
                for (at, found) in partial.iter().enumerate() {
                    let (chain, column) = (at / (count + 1), at % (count + 1));
                    let mut expected = [0.25_f64; PARTIAL];
                    for row in (0..rows).filter(|_| column > 0) {
                        let sum = &mut expected[row % PARTIAL];
                        *sum = values[chain][row].mul_add(columns[column - 1][row], *sum);
                    }
                    assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{rows} rows, chain {chain} of {chains}, {column}");
                }
            }
        }
    }
}
