//! The sums of a loop over rows, for each of some chains, while rows are added.

use super::program::{PARTIAL, Products, RowLoop, Source, Sum, Target};
use super::tiles::{AddUp, add_products, pairwise};
use crate::math::{Level, dispatch};

/// For a sum over all rows partial sums, row r of those added to number r mod [`PARTIAL`]; for one by groups a sum for each.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// `[chain][sum]`.
    partial: Vec<[f64; PARTIAL]>,
    /// Chain by chain, the groups of one sum after those of the other.
    groups: Vec<f64>,
}

impl RowLoop {
    /// How many numbers its sums are.
    pub(super) fn results(&self) -> usize {
        self.sums.iter().map(|sum| sum.target.groups().max(1)).sum()
    }
}

impl Sum {
    /// Where its numbers go.
    pub(super) fn slots(&self) -> impl Iterator<Item = Option<usize>> {
        let (one, many) = match &self.target {
            Target::All(slot) => (Some(Some(*slot)), &[][..]),
            Target::Groups { slots, .. } => (None, &slots[..]),
        };
        one.into_iter().chain(many.iter().copied())
    }
}

impl Target {
    fn groups(&self) -> usize {
        match self {
            Target::All(_) => 0,
            Target::Groups { slots, .. } => slots.len(),
        }
    }
}

impl Sums {
    /// Those of `row_loop` for up to `chains` chains.
    pub(super) fn new(row_loop: &RowLoop, chains: usize) -> Sums {
        let groups: usize = row_loop.sums.iter().map(|sum| sum.target.groups()).sum();
        Sums { partial: vec![[0.0; PARTIAL]; chains * row_loop.sums.len()], groups: vec![0.0; chains * groups] }
    }

    /// No rows.
    pub(super) fn clear(&mut self) {
        self.partial.fill([0.0; PARTIAL]);
        self.groups.fill(0.0);
    }

    /// Adds rows: `value` is what a factor has in each of them for a chain, `number` which row of the table is the k-th of them.
    pub(super) fn add<'a>(
        &mut self,
        level: Level,
        row_loop: &RowLoop,
        chains: usize,
        value: impl Fn(usize, Source) -> &'a [f64],
        number: impl Fn(usize) -> usize,
    ) {
        let Sums { partial, groups } = self;
        let RowLoop { sums, products, .. } = row_loop;
        for Products { first, output, columns } in products {
            let factor = |chain: usize| value(chain, Source::Output(*output));
            let column = |at: usize| value(0, Source::Input(columns[at]));
            add_products(level, partial, (*first, sums.len()), (chains, columns.len()), factor, column);
        }
        let done = products.last().map_or(0, |last| last.first + last.columns.len());
        let mut group = 0;
        for chain in 0..chains {
            for (at, Sum { factor, other, target }) in sums.iter().enumerate().skip(done) {
                let (a, b) = (value(chain, *factor), other.map(|other| value(chain, other)));
                match target {
                    Target::All(_) => dispatch(level, AddUp { total: &mut partial[chain * sums.len() + at], a, b }),
                    Target::Groups { index, slots } => {
                        for row in 0..a.len() {
                            groups[group + index[number(row)] as usize - 1] += b.map_or(a[row], |b| a[row] * b[row]);
                        }
                        group += slots.len();
                    }
                }
            }
        }
    }

    /// Tells `put` the numbers that the sums of each of the first `chains` chains are: the number of the result, the chain, the value.
    pub(super) fn tell(&self, row_loop: &RowLoop, chains: usize, mut put: impl FnMut(usize, usize, f64)) {
        let mut groups = self.groups.iter();
        for chain in 0..chains {
            let mut result = 0;
            for (at, sum) in row_loop.sums.iter().enumerate() {
                match &sum.target {
                    Target::All(_) => {
                        put(result, chain, pairwise(self.partial[chain * row_loop.sums.len() + at]));
                        result += 1;
                    }
                    Target::Groups { slots, .. } => {
                        for value in groups.by_ref().take(slots.len()) {
                            put(result, chain, *value);
                            result += 1;
                        }
                    }
                }
            }
        }
    }
}
