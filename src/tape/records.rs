//! The columns that a program loops over, row by row: what a batch needs of a row lies together in memory.

use super::batches::BatchEvaluator;
use super::loops::PIECE;
use super::program::{Program, RowLoop};
use crate::math::{Block, LANES, Lanes, Level, Work, dispatch};

/// The data of a program, and what its tapes make of every row at an anchor if that is known.
#[derive(Debug, Clone)]
pub struct Records {
    pub(super) loops: Vec<LoopRecords>,
}

/// Those of one loop.
#[derive(Debug, Clone)]
pub(super) struct LoopRecords {
    /// `[row][number]`: the columns, then the outputs at the anchor, then nothing up to whole tiles.
    values: Vec<f64>,
    width: usize,
    columns: usize,
    outputs: usize,
}

/// Rows and numbers that are turned at a time.
const TILE: usize = 4;

impl Records {
    /// A copy of the columns of `program`.
    pub fn new(program: &Program) -> Records {
        Records { loops: program.loops_over_rows().map(|row_loop| LoopRecords::new(row_loop, 0)).collect() }
    }

    /// A copy with what every row is at `anchor`, the first lane of it. The same as without where sums lie inside each other, as a row has
    /// no value of its own then.
    pub fn at(program: &Program, anchor: &Block, level: Level) -> Records {
        if !program.is_flat() {
            return Records::new(program);
        }
        let loops = program.loops_over_rows().map(|row_loop| LoopRecords::new(row_loop, row_loop.tape.outputs()));
        let mut records = Records { loops: loops.collect() };
        BatchEvaluator::new(program, 1, level).anchor(program, &mut records, anchor);
        records
    }
}

impl LoopRecords {
    /// The columns, with room for so many outputs.
    fn new(row_loop: &RowLoop, outputs: usize) -> LoopRecords {
        let columns = row_loop.columns.len();
        let width = (columns + outputs).next_multiple_of(TILE);
        let mut values = vec![0.0; width * row_loop.rows];
        // Few rows at a time: they stay in the cache until each column has written to them.
        let fill = |(block, records): (usize, &mut [f64])| {
            for (at, column) in row_loop.columns.iter().enumerate() {
                for (record, value) in records.chunks_exact_mut(width).zip(column.blocks()[block].iter()) {
                    record[at] = *value;
                }
            }
        };
        let block = (width * LANES).max(1);
        #[cfg(feature = "parallel")]
        {
            use rayon::prelude::*;
            values.par_chunks_mut(block).enumerate().for_each(fill);
        }
        #[cfg(not(feature = "parallel"))]
        values.chunks_mut(block).enumerate().for_each(fill);
        LoopRecords { values, width, columns, outputs }
    }

    /// Whether outputs are known.
    pub(super) fn is_anchored(&self) -> bool {
        self.outputs > 0
    }

    /// Writes `outputs`, `[output][row]`, of so many rows from `first` on.
    pub(super) fn know(&mut self, first: usize, count: usize, outputs: &Block) {
        let LoopRecords { values, width, columns, .. } = self;
        for (row, record) in values[first * *width..].chunks_exact_mut((*width).max(1)).take(count).enumerate() {
            record[*columns..].iter_mut().zip(outputs).for_each(|(value, output)| *value = output[row]);
        }
    }

    /// Writes the columns of `rows`, and of what follows them to the end of a piece those of the last one; and their outputs to as many of
    /// `outputs`.
    pub(super) fn pick(&self, level: Level, rows: &[u32], columns: &mut [Lanes], outputs: &mut [Lanes]) {
        dispatch(level, Pick { records: self, rows, columns, outputs });
    }
}

struct Pick<'a> {
    records: &'a LoopRecords,
    rows: &'a [u32],
    columns: &'a mut [Lanes],
    outputs: &'a mut [Lanes],
}

impl Work for Pick<'_> {
    type Output = ();

    /// Tile by tile: columns lie a power of two apart, and would push each other out of the cache.
    #[inline(always)]
    fn run(self) {
        let Pick { records: LoopRecords { values, width, .. }, rows, columns, outputs } = self;
        let last = rows.len() - 1;
        for from in (0..rows.len().next_multiple_of(PIECE)).step_by(TILE) {
            let mut records = [&[][..]; TILE];
            for (place, record) in records.iter_mut().enumerate() {
                let row = rows[(from + place).min(last)] as usize;
                *record = &values[row * width..(row + 1) * width];
            }
            for first in (0..columns.len() + outputs.len()).step_by(TILE) {
                let mut tile = [[0.0; TILE]; TILE];
                for (place, record) in records.iter().enumerate() {
                    let numbers: &[f64; TILE] = &record.as_chunks().0[first / TILE];
                    for number in 0..TILE {
                        tile[number][place] = numbers[number];
                    }
                }
                for (number, tile) in (first..).zip(&tile) {
                    let row = match number.checked_sub(columns.len()) {
                        None => &mut columns[number],
                        Some(output) if output < outputs.len() => &mut outputs[output],
                        Some(_) => break,
                    };
                    row.as_chunks_mut().0[from / TILE] = *tile;
                }
            }
        }
    }
}
