//! The columns that a program loops over, row by row: what a batch needs of a row lies together in memory.

use super::loops::PIECE;
use super::program::{Program, RowLoop};
use crate::math::{LANES, Lanes, Level, Work, dispatch};

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
        Records { loops: program.stages.iter().flat_map(|stage| &stage.loops).map(LoopRecords::new).collect() }
    }
}

impl LoopRecords {
    fn new(row_loop: &RowLoop) -> LoopRecords {
        let columns = row_loop.columns.len();
        let mut records = LoopRecords::empty(columns, 0, row_loop.rows);
        for (at, column) in row_loop.columns.iter().enumerate() {
            for (row, record) in records.values.chunks_exact_mut(records.width).enumerate() {
                record[at] = column[row / LANES][row % LANES];
            }
        }
        records
    }

    fn empty(columns: usize, outputs: usize, rows: usize) -> LoopRecords {
        let width = (columns + outputs).next_multiple_of(TILE);
        LoopRecords { values: vec![0.0; width * rows], width, columns, outputs }
    }

    /// Whether outputs are known.
    pub(super) fn is_anchored(&self) -> bool {
        self.outputs > 0
    }

    /// The same with `outputs`, `[row][output]`, so many a row.
    pub(super) fn anchored(&self, outputs: &[f64], count: usize) -> LoopRecords {
        let columns = self.columns;
        let mut records = LoopRecords::empty(columns, count, outputs.len() / count);
        for ((record, outputs), row) in records.values.chunks_exact_mut(records.width).zip(outputs.chunks_exact(count)).zip(0..) {
            let row: usize = row;
            record[..columns].copy_from_slice(&self.values[row * self.width..][..columns]);
            record[columns..columns + count].copy_from_slice(outputs);
        }
        records
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
                    let row = if number < columns.len() { columns.get_mut(number) } else { outputs.get_mut(number - columns.len()) };
                    let Some(row) = row else { break };
                    row.as_chunks_mut().0[from / TILE] = *tile;
                }
            }
        }
    }
}
