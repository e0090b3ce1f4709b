//! What sampling returns: positions of many chains.

use crate::math::{LANES, Lanes};

/// One position a chain, `[variable][chain]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    columns: Vec<Vec<f64>>,
    chains: usize,
}

impl Population {
    /// All at the origin.
    pub fn new(dimension: usize, chains: usize) -> Self {
        Population { columns: vec![vec![0.0; chains]; dimension], chains }
    }

    /// A population given by its columns, one a variable, all of one length.
    pub fn from_columns(columns: Vec<Vec<f64>>) -> Self {
        let chains = columns.first().map_or(0, Vec::len);
        debug_assert!(columns.iter().all(|column| column.len() == chains));
        Population { columns, chains }
    }

    /// How many chains.
    pub fn chains(&self) -> usize {
        self.chains
    }

    /// How many variables.
    pub fn dimension(&self) -> usize {
        self.columns.len()
    }

    /// The values of one variable, a chain each.
    pub fn column(&self, variable: usize) -> &[f64] {
        &self.columns[variable]
    }

    /// All columns.
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The position of one chain.
    pub fn position(&self, chain: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[chain]).collect()
    }

    /// How many blocks of lanes hold the population; the last may be part idle.
    pub fn blocks(&self) -> usize {
        self.chains.div_ceil(LANES)
    }

    /// Block number `block`, `[variable][lane]`; idle lanes repeat the block's first chain.
    pub fn block(&self, block: usize) -> Vec<Lanes> {
        let range = self.range(block);
        let row = |column: &Vec<f64>| {
            let mut row = Lanes::splat(column[range.start]);
            row[..range.len()].copy_from_slice(&column[range.clone()]);
            row
        };
        self.columns.iter().map(row).collect()
    }

    pub(super) fn store(&mut self, block: usize, rows: &[Lanes]) {
        let range = self.range(block);
        for (column, row) in self.columns.iter_mut().zip(rows) {
            column[range.clone()].copy_from_slice(&row[..range.len()]);
        }
    }

    fn range(&self, block: usize) -> std::ops::Range<usize> {
        block * LANES..((block + 1) * LANES).min(self.chains)
    }
}
