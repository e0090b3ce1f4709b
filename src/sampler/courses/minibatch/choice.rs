//! Which rows are in the batches of a block of chains, step by step.

use super::Batching;
use crate::error::Result;
use crate::math::{LANES, Lanes, Level};
use crate::random::{BlockRng, fill_uniform};
use crate::stored::{Archive, Stored};
use crate::tape::Batches;

/// Chooses the rows of batches.
pub(super) struct Choice {
    noise: BlockRng,
    level: Level,
    uniform: Lanes,
    used: usize,
    batching: Batching,
    lanes: usize,
    tables: Vec<Order>,
}

/// The rows of one table in an order: of the block, or of each chain in turn.
struct Order {
    rows: usize,
    order: Vec<u32>,
    /// How many rows of the order are used up; of all chains at the same time.
    used: usize,
}

impl Stored for Choice {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.all(&mut [&mut self.noise, &mut self.uniform])?;
        archive.below(&mut self.used, LANES + 1)?;
        self.tables.pass(archive)
    }
}

impl Stored for Order {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        for row in &mut self.order {
            let mut number = *row as usize;
            archive.below(&mut number, self.rows)?;
            *row = number as u32;
        }
        archive.below(&mut self.used, self.rows + 1)
    }
}

impl Choice {
    pub(super) fn new(batches: &Batches, batching: Batching, lanes: usize, noise: BlockRng, level: Level) -> Choice {
        let orders = if batching == Batching::Shuffled { lanes } else { 1 };
        let order = |table: usize| {
            let rows = batches.rows(table);
            // Used up: shuffled before the first use.
            Order { rows, order: (0..orders).flat_map(|_| 0..rows as u32).collect(), used: rows }
        };
        let tables = (0..batches.len()).map(order).collect();
        Choice { noise, level, uniform: Lanes::default(), used: LANES, batching, lanes, tables }
    }

    /// Fills the first `count` places of the order of a table's rows that begins at `first`: the first steps of a shuffle (Fisher & Yates)
    /// are a uniform choice from whatever order there was.
    fn shuffle(&mut self, table: usize, first: usize, count: usize) {
        let Order { rows, order, .. } = &mut self.tables[table];
        let order = &mut order[first..first + *rows];
        let mut at = 0;
        while at < count {
            if self.used == LANES {
                fill_uniform(self.level, &mut self.noise, &mut self.uniform);
                self.used = 0;
            }
            let some = (LANES - self.used).min(count - at);
            for uniform in &self.uniform[self.used..self.used + some] {
                let left = *rows - at;
                order.swap(at, at + ((uniform * left as f64) as usize).min(left - 1));
                at += 1;
            }
            self.used += some;
        }
    }

    /// Chooses the batches of the next step.
    pub(super) fn choose(&mut self, batches: &mut Batches) {
        for table in 0..self.tables.len() {
            let size = batches.size(table);
            let Order { rows, used, .. } = self.tables[table];
            if size == rows {
                continue;
            }
            let renews = self.batching == Batching::Shuffled && used + size > rows;
            let from = if renews || self.batching != Batching::Shuffled { 0 } else { used };
            for lane in 0..self.lanes {
                let (first, count) = match (self.batching, renews) {
                    (Batching::Uniform | Batching::Shared, _) => (0, size),
                    (Batching::Shuffled, true) => (lane * rows, rows),
                    (Batching::Shuffled, false) => (lane * rows, 0),
                };
                self.shuffle(table, first, count);
                batches.chosen_mut(table, lane).copy_from_slice(&self.tables[table].order[first + from..first + from + size]);
            }
            self.tables[table].used = from + size;
        }
    }
}
