//! What sampling returns: positions of many chains.

use crate::math::{LANES, Lanes};

/// One position a chain, `[variable][chain]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    columns: Vec<Vec<f64>>,
    chains: usize,
    per_block: usize,
}

impl Population {
    /// All at the origin.
    pub fn new(dimension: usize, chains: usize) -> Self {
        Population { columns: vec![vec![0.0; chains]; dimension], chains, per_block: LANES }
    }

    /// A population given by its columns, one a variable, all of one length.
    pub fn from_columns(columns: Vec<Vec<f64>>) -> Self {
        let chains = columns.first().map_or(0, Vec::len);
        debug_assert!(columns.iter().all(|column| column.len() == chains));
        Population { columns, chains, per_block: LANES }
    }

    /// The same in blocks of so many chains, fewer than there are lanes: several threads can then take what would fit one block.
    #[must_use]
    pub fn in_blocks_of(mut self, chains: usize) -> Self {
        self.per_block = chains.clamp(1, LANES);
        self
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
        self.chains.div_ceil(self.per_block)
    }

    /// How many chains a block has.
    pub fn chains_of(&self, block: usize) -> usize {
        self.range(block).len()
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

    pub(in crate::sampler) fn store(&mut self, block: usize, rows: &[Lanes]) {
        let range = self.range(block);
        for (column, row) in self.columns.iter_mut().zip(rows) {
            column[range.clone()].copy_from_slice(&row[..range.len()]);
        }
    }

    fn range(&self, block: usize) -> std::ops::Range<usize> {
        block * self.per_block..((block + 1) * self.per_block).min(self.chains)
    }
}

/// What chains returned, `[chain][draw][variable]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    /// `[variable]`, each with all draws of chain 0, then of chain 1, and so on.
    columns: Vec<Vec<f64>>,
    chains: usize,
    draws: usize,
}

impl Draws {
    /// Draws given by their columns, `[variable]`, each with `draws` numbers of each chain in turn.
    pub fn from_columns(columns: Vec<Vec<f64>>, chains: usize) -> Draws {
        let draws = columns.first().map_or(0, Vec::len) / chains.max(1);
        debug_assert!(columns.iter().all(|column| column.len() == chains * draws));
        Draws { columns, chains, draws }
    }

    /// How many chains.
    pub fn chains(&self) -> usize {
        self.chains
    }

    /// How many draws a chain has.
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// How many variables.
    pub fn dimension(&self) -> usize {
        self.columns.len()
    }

    /// All draws of one variable, chain by chain.
    pub fn column(&self, variable: usize) -> &[f64] {
        &self.columns[variable]
    }

    /// All columns.
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The draws of one variable, a slice a chain.
    pub fn by_chain(&self, variable: usize) -> Vec<&[f64]> {
        match self.draws {
            0 => vec![&[]; self.chains],
            draws => self.columns[variable].chunks_exact(draws).collect(),
        }
    }

    /// One in `stride` draws of each chain, the last of so many; `stride` of 1 or more.
    pub(crate) fn every(&self, stride: usize) -> Draws {
        let kept = |column: &Vec<f64>| {
            let chains = column.chunks_exact(self.draws.max(1));
            chains.flat_map(|chain| chain.iter().skip(stride - 1).step_by(stride)).copied().collect()
        };
        Draws { columns: self.columns.iter().map(kept).collect(), chains: self.chains, draws: self.draws / stride }
    }

    /// How many there are, in words: `4 chains of 1000 draws`.
    pub fn shape(&self) -> String {
        format!("{} of {}", counted(self.chains, "chain"), counted(self.draws, "draw"))
    }

    /// All draws as one population, for what does not ask which chain they come from.
    pub fn pooled(&self) -> Population {
        Population { columns: self.columns.clone(), chains: self.chains * self.draws, per_block: LANES }
    }
}

/// So many things, in words.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

impl From<Population> for Draws {
    fn from(population: Population) -> Draws {
        Draws { chains: population.chains, draws: 1, columns: population.columns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_chain_is_no_chains() {
        let shape = |draws: usize, chains: usize| Draws::from_columns(vec![vec![0.0; draws * chains]], chains).shape();
        assert_eq!([shape(1, 2), shape(2, 1)], ["2 chains of 1 draw", "1 chain of 2 draws"]);
    }

    #[test]
    fn blocks_hold_every_chain_once() {
        let column: Vec<f64> = (0..70).map(f64::from).collect();
        for (per_block, sizes) in [(32, &[32, 32, 6][..]), (1000, &[70])] {
            let mut population = Population::from_columns(vec![column.clone()]).in_blocks_of(per_block);
            let found: Vec<usize> = (0..population.blocks()).map(|block| population.chains_of(block)).collect();
            assert_eq!(found, sizes);
            for block in 0..population.blocks() {
                let mut rows = population.block(block);
                rows[0].iter_mut().for_each(|x| *x += 0.5);
                population.store(block, &rows);
            }
            assert!(population.column(0).iter().zip(&column).all(|(found, before)| *found == before + 0.5));
        }
    }
}
