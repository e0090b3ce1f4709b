//! Dots in text: a grid of braille characters, two dots across and four down in each.

/// A grid of dots.
pub(super) struct Dots {
    columns: usize,
    rows: usize,
    cells: Vec<u8>,
}

/// Bits of the dots of a character, `[down][across]` (Unicode 15, block U+2800).
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Dots {
    /// An empty grid of so many characters.
    pub(super) fn new(columns: usize, rows: usize) -> Dots {
        Dots { columns, rows, cells: vec![0; columns * rows] }
    }

    /// Dots across.
    pub(super) fn width(&self) -> usize {
        2 * self.columns
    }

    /// Dots down.
    pub(super) fn height(&self) -> usize {
        4 * self.rows
    }

    /// Sets the dot `x` from the left and `y` from the foot; none outside the grid.
    pub(super) fn set(&mut self, x: usize, y: usize) {
        if x < self.width() && y < self.height() {
            let down = self.height() - 1 - y;
            self.cells[down / 4 * self.columns + x / 2] |= BITS[down % 4][x % 2];
        }
    }

    /// Clears a dot.
    pub(super) fn clear(&mut self, x: usize, y: usize) {
        if x < self.width() && y < self.height() {
            let down = self.height() - 1 - y;
            self.cells[down / 4 * self.columns + x / 2] &= !BITS[down % 4][x % 2];
        }
    }

    /// Sets the dots of column `x` from `from` to `to`, in either order.
    pub(super) fn column(&mut self, x: usize, from: usize, to: usize) {
        (from.min(to)..=from.max(to)).for_each(|y| self.set(x, y));
    }

    /// The lines of text, from the top; empty characters are blanks of the same width.
    pub(super) fn lines(&self) -> Vec<String> {
        let character = |cell: &u8| char::from_u32(0x2800 + u32::from(*cell)).unwrap_or(' ');
        self.cells.chunks(self.columns.max(1)).map(|row| row.iter().map(character).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_where_unicode_has_it() {
        let mut dots = Dots::new(2, 1);
        dots.set(0, 3);
        dots.set(3, 0);
        dots.set(9, 9);
        assert_eq!(dots.lines(), ["\u{2801}\u{2880}"]);
        dots.clear(0, 3);
        dots.column(2, 3, 0);
        assert_eq!(dots.lines(), ["\u{2800}\u{28C7}"]);
    }
}
