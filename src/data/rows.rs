//! Rows of text to columns of numbers; threads share the rows where a row is a line.

use std::io::{BufRead, Read};

use super::cell::{Cell, cell, leading_number};
use super::records::{Records, unreadable};
use crate::error::{Error, ErrorKind, Result};
use crate::math::Numbers;

/// Most cells: 4 GiB of numbers.
pub(super) const CELLS: usize = 1 << 29;
/// Bytes that are read at a time: few enough that the memory they take is soon used again.
const BLOCK: usize = 1 << 20;
/// Bytes that are worth a thread of their own.
const PIECE: usize = 1 << 17;

/// What the rows of a file have in common.
#[derive(Clone, Copy)]
pub(super) struct Format<'a> {
    pub(super) source: &'a str,
    pub(super) separator: u8,
    /// The names of the columns as they stand in the file.
    pub(super) headers: &'a [String],
}

/// A column while it is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Growing {
    /// Those of the rows before, which threads have read in parts.
    parts: Vec<Vec<f64>>,
    values: Vec<f64>,
    problem: Option<Error>,
    marks: Marks,
}

/// Which decimal marks a column has used: one that uses both has thousands among them, and nobody can say which.
#[derive(Debug, Clone, Default)]
struct Marks {
    point: bool,
    comma: bool,
}

impl Marks {
    fn agree(&mut self, text: &str, comma: bool) -> Option<Cell> {
        if !comma {
            return None;
        }
        self.point |= text.contains('.') && matches!(cell(text, true), Cell::Number(_));
        self.comma |= text.contains(',');
        (self.point && self.comma).then_some(Cell::Text("decimal points and decimal commas in one column: use one of them"))
    }
}

/// Columns of one length, which is how many rows there are.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) columns: Vec<Growing>,
    pub(super) rows: usize,
}

impl Growing {
    fn ended(self) -> (Numbers, Option<Error>) {
        (Numbers::joined(self.parts.iter().chain([&self.values]).map(Vec::as_slice)), self.problem)
    }

    /// Adds a number. Nobody will read a column with a problem.
    fn add(&mut self, value: f64) {
        if self.problem.is_none() {
            self.values.push(value);
        }
    }

    /// Adds the cell in a line and column.
    fn push(&mut self, format: Format, text: &str, (line, at): (u64, usize)) {
        let comma = format.separator != b',';
        let (message, hint) = match self.marks.agree(text, comma).unwrap_or_else(|| cell(text, comma)) {
            Cell::Number(value) => return self.add(value),
            Cell::Missing => ("the value is missing".into(), "drop the row, or fill the value in; other columns can be used as they are"),
            Cell::Text(hint) => (format!("`{}` is not a number", short(text)), hint),
        };
        let error = || Error::new(ErrorKind::Data, format!("{}: {message}", format.place(line, at))).hint(hint);
        self.problem.get_or_insert_with(error);
    }
}

impl Columns {
    fn new(format: Format) -> Self {
        Columns { columns: vec![Growing::default(); format.headers.len()], rows: 0 }
    }

    /// Reads all that `reader` holds, of which the first line has the number `line`.
    ///
    /// # Errors
    /// That of the first row that has one.
    pub(super) fn read(format: Format, mut reader: impl BufRead, mut line: u64) -> Result<Columns> {
        let mut columns = Columns::new(format);
        let mut block = Vec::new();
        loop {
            let missing = (BLOCK - block.len()) as u64;
            let new = reader.by_ref().take(missing).read_to_end(&mut block).map_err(|error| unreadable(format.source, &error))?;
            let whole = if new == 0 { block.len() } else { block.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
            if whole == 0 && new == 0 {
                return Ok(columns);
            }
            if whole == 0 || !format.lines_are_rows(&block) {
                columns.append(format, Records::new(format.source, block.chain(reader), format.separator, line))?;
                return Ok(columns);
            }
            for part in format.share(&block[..whole], line) {
                columns.extend(format, part?)?;
            }
            line += line_ends(&block[..whole]);
            block.drain(..whole);
        }
    }

    /// What each column holds, and why it is no column of numbers if it is none.
    pub(super) fn ended(self) -> Vec<(Numbers, Option<Error>)> {
        #[cfg(feature = "parallel")]
        if self.rows * self.columns.len() > PIECE {
            use rayon::prelude::*;
            return self.columns.into_par_iter().map(Growing::ended).collect();
        }
        self.columns.into_iter().map(Growing::ended).collect()
    }

    /// Reads the rows of `records`.
    fn append(&mut self, format: Format, mut rows: Records<impl BufRead>) -> Result<()> {
        while rows.advance()? {
            let line = rows.line();
            format.check_width(rows.width(), line)?;
            for (at, bytes) in rows.cells().enumerate() {
                let Ok(text) = std::str::from_utf8(bytes) else {
                    let message = format!("{}: not UTF-8 text", format.place(line, at));
                    return Err(Error::new(ErrorKind::Data, message).hint("save the file as UTF-8"));
                };
                self.columns[at].push(format, text, (line, at));
            }
            self.rows += 1;
            self.check(format)?;
        }
        Ok(())
    }

    /// Reads the lines of `text`, each a row without quotes.
    fn append_lines(&mut self, format: Format, text: &str, first: u64) -> Result<()> {
        // As many rows as there would be if all were like the first one, of which each cell takes a byte at least.
        let length = text.find('\n').unwrap_or(0).max(self.columns.len());
        self.columns.iter_mut().for_each(|column| column.values.reserve(text.len() / length.max(1)));
        let (mut line, mut width, mut start) = (first, 0, 0);
        while start <= text.len() {
            let number = format.number(&text.as_bytes()[start..]);
            let length = number.map_or_else(|| memchr::memchr2(format.separator, b'\n', &text.as_bytes()[start..]), |(_, used)| Some(used));
            let end = length.map_or(text.len(), |length| start + length);
            let (cell, ends) = (&text[start..end], text.as_bytes().get(end) != Some(&format.separator));
            let cell = if ends { cell.strip_suffix('\r').unwrap_or(cell) } else { cell };
            start = end + 1;
            let is_blank = ends && width == 0 && number.is_none() && cell.bytes().all(|byte| byte.is_ascii_whitespace());
            if let Some(column) = self.columns.get_mut(width).filter(|_| !is_blank) {
                match number {
                    Some((value, _)) => column.add(value),
                    None => column.push(format, cell, (line, width)),
                }
            }
            width += 1;
            if ends && !is_blank {
                format.check_width(width, line)?;
                self.rows += 1;
            }
            if ends {
                (line, width) = (line + 1, 0);
            }
        }
        self.check(format)
    }

    /// Adds the rows that follow these.
    fn extend(&mut self, format: Format, more: Columns) -> Result<()> {
        self.rows += more.rows;
        self.check(format)?;
        for (column, more) in self.columns.iter_mut().zip(more.columns) {
            if column.problem.is_none() {
                column.parts.push(std::mem::take(&mut column.values));
                (column.values, column.problem) = (more.values, more.problem);
            }
            column.marks.point |= more.marks.point;
            column.marks.comma |= more.marks.comma;
        }
        Ok(())
    }

    fn check(&self, format: Format) -> Result<()> {
        if self.rows.saturating_mul(self.columns.len()) <= CELLS {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Data, format!("{}: more than 2^29 cells", format.source));
        Err(error.hint("keep only the columns and rows that the model needs"))
    }
}

impl Format<'_> {
    fn place(&self, line: u64, column: usize) -> String {
        format!("{}, line {line}, column {} (`{}`)", self.source, column + 1, self.headers[column])
    }

    fn check_width(&self, width: usize, line: u64) -> Result<()> {
        if width == self.headers.len() {
            return Ok(());
        }
        let cells = if width == 1 { "cell" } else { "cells" };
        let message = format!("{}, line {line}: {width} {cells}, and the header has {}", self.source, self.headers.len());
        Err(Error::new(ErrorKind::Data, message).hint("a cell for each column; quote cells that hold the separator"))
    }

    /// The number that the next cell is, and its length, where that needs no second look: no blanks, and no commas that may be decimal.
    #[inline]
    fn number(&self, text: &[u8]) -> Option<(f64, usize)> {
        let is_end = |next: &u8| *next == self.separator || *next == b'\n';
        let found = if self.separator == b',' { leading_number(text) } else { None };
        found.filter(|(_, used)| text.get(*used).is_none_or(is_end))
    }

    /// Whether each line is a row, and what a cell means does not hang on the rows before: no quotes, no returns that end a line alone, no
    /// decimal commas.
    fn lines_are_rows(&self, block: &[u8]) -> bool {
        let holds = |byte: u8| memchr::memchr(byte, block).is_some();
        let alone = || block.iter().zip(&block[1..]).any(|(byte, next)| *byte == b'\r' && *next != b'\n');
        !(holds(b'"') || holds(b'\r') && alone() || self.separator != b',' && holds(b','))
    }

    /// The columns of parts of some lines, in order.
    fn share(self, lines: &[u8], first: u64) -> Vec<Result<Columns>> {
        #[cfg(feature = "parallel")]
        let threads = rayon::current_num_threads();
        #[cfg(not(feature = "parallel"))]
        let threads = 1;
        let mut parts = vec![(first, lines)];
        while let Some(&(line, rest)) = parts.last().filter(|_| parts.len() < threads) {
            // What is left, in as many parts as there are threads for it.
            let wanted = (rest.len() / (threads - parts.len() + 1)).max(PIECE);
            let Some(end) = rest.get(wanted..).and_then(|later| later.iter().position(|byte| *byte == b'\n')) else { break };
            let (here, later) = rest.split_at(wanted + end + 1);
            if later.is_empty() {
                break;
            }
            parts.pop();
            parts.extend([(line, here), (line + line_ends(here), later)]);
        }
        let read = |(line, text): (u64, &[u8])| {
            let mut columns = Columns::new(self);
            let read = match std::str::from_utf8(text) {
                Ok(text) => columns.append_lines(self, text, line),
                // To say where.
                Err(_) => columns.append(self, Records::new(self.source, text, self.separator, line)),
            };
            read.map(|()| columns)
        };
        #[cfg(feature = "parallel")]
        if parts.len() > 1 {
            use rayon::prelude::*;
            return parts.into_par_iter().with_max_len(1).map(read).collect();
        }
        parts.into_iter().map(read).collect()
    }
}

/// How many lines end in `text`, where every end has a line feed.
fn line_ends(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// A cell for a message.
fn short(text: &str) -> String {
    let shown: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(24).collect();
    if text.trim().chars().count() > 24 { format!("{shown}...") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows enough for several parts, with one cell that is none: which line it is on, and every value, are the same however they are read.
    #[test]
    fn parts_are_the_rows_of_the_whole() {
        let headers = ["a".to_string(), "b".to_string()];
        let format = Format { source: "t.csv", separator: b',', headers: &headers };
        // More than are read at a time.
        let rows = BLOCK / 8;
        for end in ["\n", "\r\n", "\n \n"] {
            let lines = end.matches('\n').count();
            let row = |row: usize| if row == rows - 7 { format!("{row},oops{end}") } else { format!("{row},{}{end}", row % 97) };
            let text: String = (0..rows).map(row).collect();
            let found = Columns::read(format, text.as_bytes(), 2).unwrap();
            let mut alone = Columns::new(format);
            alone.append(format, Records::new("t.csv", text.as_bytes(), b',', 2)).unwrap();
            assert_eq!((found.rows, alone.rows), (rows, rows));
            let (found, alone) = (found.ended(), alone.ended());
            assert!(found[0].0.iter().copied().eq((0..rows).map(|row| row as f64)));
            assert_eq!(found[1].0[..], alone[1].0[..]);
            let problem = found[1].1.as_ref().unwrap();
            assert_eq!(problem.message, alone[1].1.as_ref().unwrap().message);
            assert!(problem.message.contains(&format!("line {},", (rows - 7) * lines + 2)), "{}", problem.message);
            // The first row in error is the one that is told, whichever thread meets its own first.
            let text = text.replace(&format!("{},", rows / 2), &format!("1,2,3,{},", rows / 2)).replace(&format!("{},", rows - 2), "1,");
            let error = Columns::read(format, text.as_bytes(), 2).unwrap_err();
            assert!(error.message.contains(&format!("line {}:", rows / 2 * lines + 2)), "{}", error.message);
        }
    }

    #[test]
    fn a_line_of_separators_is_a_row_of_nothing() {
        let headers = ["a".to_string(), "b".to_string()];
        let format = Format { source: "t.csv", separator: b'\t', headers: &headers };
        let found = Columns::read(format, "1\t2\n\t\n".as_bytes(), 2).unwrap();
        assert_eq!(found.rows, 2);
        assert!(found.columns[0].problem.as_ref().unwrap().message.contains("line 3, column 1 (`a`): the value is missing"));
    }

    #[test]
    fn marks_of_one_part_are_known_to_the_others() {
        let headers = ["a".to_string()];
        let format = Format { source: "t.csv", separator: b';', headers: &headers };
        let text = "1.5\n".to_string() + &"2\n".repeat(4 * PIECE) + "1,5\n";
        let found = Columns::read(format, text.as_bytes(), 2).unwrap();
        let problem = found.columns[0].problem.as_ref().unwrap();
        assert!(problem.message.contains(&format!("line {},", 4 * PIECE + 3)), "{}", problem.message);
        assert!(problem.hint.as_deref().unwrap().contains("use one of them"));
    }
}
