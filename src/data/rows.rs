//! Rows of text to columns of numbers; threads share the rows where a row is a line.

use std::io::{BufRead, Read};

use super::groups::Groups;
use super::part::{Format, Marks, Part};
use super::records::{Records, unreadable};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{Growing, Numbers};

/// Most cells: 4 GiB of numbers.
pub(super) const CELLS: usize = 1 << 29;
/// Bytes that are read at a time: few enough that they stay in the cache, and the memory they take is soon used again.
const BLOCK: usize = 1 << 19;
/// Bytes that a thread turns into numbers at a time.
const PIECE: usize = 1 << 16;

/// Columns of one length, which is how many rows there are.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    pub(super) rows: usize,
}

/// A column of all rows so far.
#[derive(Debug, Clone, Default)]
struct Column {
    values: Growing,
    problem: Option<Error>,
    missing: Option<Error>,
    groups: Groups,
    marks: Marks,
}

/// What a column holds.
pub(super) struct Ended {
    pub(super) values: Numbers,
    /// The first text.
    pub(super) problem: Option<Error>,
    /// The first missing cell, if it stands before that.
    pub(super) missing: Option<Error>,
    pub(super) groups: Groups,
}

impl Columns {
    fn new(format: Format) -> Self {
        Columns { columns: vec![Column::default(); format.headers.len()], rows: 0 }
    }

    /// Reads all that `reader` holds, of which the first line has the number `line`; `length` is how many bytes that is, where it is known.
    ///
    /// # Errors
    /// That of the first row that has one.
    pub(super) fn read(format: Format, mut reader: impl BufRead, length: Option<u64>, mut line: u64) -> Result<Columns> {
        let mut columns = Columns::new(format);
        let mut parts = Vec::new();
        let (mut block, mut next) = (Vec::new(), Vec::new());
        let mut fill = |block: &mut Vec<u8>| {
            let missing = (BLOCK - block.len()) as u64;
            let new = reader.by_ref().take(missing).read_to_end(block).map_err(|error| unreadable(format.source, &error))?;
            Ok((new as u64) < missing)
        };
        let mut is_last = fill(&mut block)?;
        while !block.is_empty() {
            let whole = if is_last { block.len() } else { memchr::memrchr(b'\n', &block).map_or(0, |at| at + 1) };
            if whole == 0 || !format.lines_are_rows(&block) {
                columns.append(format, Records::new(format.source, block.chain(reader), format.layout, line))?;
                break;
            }
            let (lines, rest) = block.split_at(whole);
            next.clear();
            next.extend_from_slice(rest);
            let (shares, next_line) = shares(lines, line);
            parts.resize_with(parts.len().max(shares.len()), || Part::new(format.headers.len()));
            let parts = &mut parts[..shares.len()];
            let (read, filled) = read_beside(format, &shares, parts, || fill(&mut next));
            read?;
            if let Some(length) = length.filter(|_| columns.rows == 0) {
                // As many as there would be if all lines were like these, and a few more.
                let rows: usize = parts.iter().map(|part| part.rows).sum();
                columns.expect((1.05 * rows as f64 * length as f64 / whole as f64) as usize);
            }
            columns.extend(format, parts)?;
            (line, is_last) = (next_line, filled?);
            std::mem::swap(&mut block, &mut next);
        }
        Ok(columns)
    }

    /// What each column holds.
    pub(super) fn ended(self) -> impl Iterator<Item = Ended> {
        self.columns.into_iter().map(|Column { values, problem, missing, groups, .. }| Ended {
            values: values.ended(),
            problem,
            missing,
            groups,
        })
    }

    /// Reads the rows of `records`, one after another.
    fn append(&mut self, format: Format, mut records: Records<impl BufRead>) -> Result<()> {
        let mut part = Part::new(self.columns.len());
        part.columns.iter_mut().zip(&self.columns).for_each(|(part, column)| part.marks = column.marks);
        while records.advance()? {
            part.append(format, &records)?;
            if part.rows * self.columns.len() >= PIECE {
                self.extend(format, std::slice::from_ref(&part))?;
                part.clear();
            }
        }
        self.extend(format, &[part])
    }

    /// Sets memory aside for so many rows.
    fn expect(&mut self, rows: usize) {
        let rows = rows.min(CELLS / self.columns.len());
        self.columns.iter_mut().for_each(|column| column.values.expect(rows));
    }

    /// Adds the rows of these parts.
    fn extend(&mut self, format: Format, parts: &[Part]) -> Result<()> {
        self.rows += parts.iter().map(|part| part.rows).sum::<usize>();
        let cells = self.rows.saturating_mul(self.columns.len());
        if cells > CELLS {
            let error = Error::new(ErrorKind::Data, format!("{}: more than 2^29 cells", format.source));
            return Err(error.hint("keep only the columns and rows that the model needs"));
        }
        let join = |(at, column): (usize, &mut Column)| {
            for more in parts.iter().map(|part| &part.columns[at]) {
                if column.problem.is_none() {
                    column.values.extend(&more.values);
                    column.problem.clone_from(&more.problem);
                    column.missing = column.missing.take().or_else(|| more.missing.clone());
                }
                column.groups.extend(&more.groups);
                column.marks = column.marks.or(more.marks);
            }
        };
        #[cfg(feature = "parallel")]
        if parts.len() > 1 {
            use rayon::prelude::*;
            self.columns.par_iter_mut().enumerate().for_each(join);
            return Ok(());
        }
        self.columns.iter_mut().enumerate().for_each(join);
        Ok(())
    }
}

/// Some lines in parts, each with the number of its first line; and the number of the line that follows.
fn shares(mut lines: &[u8], mut line: u64) -> (Vec<(u64, &[u8])>, u64) {
    let mut shares = Vec::new();
    while !lines.is_empty() {
        let end = lines.get(PIECE..).and_then(|later| memchr::memchr(b'\n', later));
        let (here, later) = lines.split_at(end.map_or(lines.len(), |end| PIECE + end + 1));
        shares.push((line, here));
        line += memchr::memchr_iter(b'\n', here).count() as u64;
        lines = later;
    }
    (shares, line)
}

/// Reads each share into a part, while this thread does something else first; the error is that of the first share that has one.
fn read_beside<T>(format: Format, shares: &[(u64, &[u8])], parts: &mut [Part], other: impl FnOnce() -> T) -> (Result<()>, T) {
    let mut found: Vec<Result<()>> = vec![Ok(()); shares.len()];
    let work = parts.iter_mut().zip(shares).zip(&mut found);
    #[cfg(feature = "parallel")]
    let other = rayon::in_place_scope(|scope| {
        for ((part, &(line, text)), found) in work {
            scope.spawn(move |_| *found = part.read(format, text, line));
        }
        other()
    });
    #[cfg(not(feature = "parallel"))]
    let other = {
        for ((part, &(line, text)), found) in work {
            *found = part.read(format, text, line);
        }
        other()
    };
    (found.into_iter().collect(), other)
}

#[cfg(test)]
mod tests {
    use super::super::records::Layout;
    use super::*;

    fn format(separator: u8, headers: &[String]) -> Format<'_> {
        Format { source: "t.csv", layout: Layout { separator, comments: false }, headers }
    }

    /// Rows enough for several parts, with one cell that is none: which line it is on, and every value, are the same however they are read.
    #[test]
    fn parts_are_the_rows_of_the_whole() {
        let headers = ["a".to_string(), "b".to_string()];
        let format = format(b',', &headers);
        // More than are read at a time.
        let rows = BLOCK / 8;
        for end in ["\n", "\r\n", "\n \n"] {
            let lines = end.matches('\n').count();
            let row = |row: usize| if row == rows - 7 { format!("{row},oops{end}") } else { format!("{row},{}{end}", row % 97) };
            let text: String = (0..rows).map(row).collect();
            let found = Columns::read(format, text.as_bytes(), None, 2).unwrap();
            let mut alone = Columns::new(format);
            alone.append(format, Records::new("t.csv", text.as_bytes(), format.layout, 2)).unwrap();
            assert_eq!((found.rows, alone.rows), (rows, rows));
            let (found, alone): (Vec<_>, Vec<_>) = (found.ended().collect(), alone.ended().collect());
            assert!(found[0].values.iter().copied().eq((0..rows).map(|row| row as f64)));
            assert_eq!(found[1].values[..], alone[1].values[..]);
            let problem = found[1].problem.as_ref().unwrap();
            assert_eq!(problem.message, alone[1].problem.as_ref().unwrap().message);
            assert!(problem.message.contains(&format!("line {},", (rows - 7) * lines + 2)), "{}", problem.message);
            // The first row in error is the one that is told, whichever thread meets its own first.
            let text = text.replace(&format!("{},", rows / 2), &format!("1,2,3,{},", rows / 2)).replace(&format!("{},", rows - 2), "1,");
            let error = Columns::read(format, text.as_bytes(), None, 2).unwrap_err();
            assert!(error.message.contains(&format!("line {}:", rows / 2 * lines + 2)), "{}", error.message);
        }
    }

    #[test]
    fn a_line_of_separators_is_a_row_of_nothing() {
        let headers = ["a".to_string(), "b".to_string()];
        let format = format(b'\t', &headers);
        let found = Columns::read(format, "1\t2\n\t\n".as_bytes(), None, 2).unwrap();
        assert_eq!(found.rows, 2);
        assert!(found.columns[0].missing.as_ref().unwrap().message.contains("line 3, column 1 (`a`): the value is missing"));
    }

    #[test]
    fn marks_of_one_part_are_known_to_the_others() {
        let headers = ["a".to_string()];
        let format = format(b';', &headers);
        let text = "1.5\n".to_string() + &"2\n".repeat(4 * PIECE) + "1,5\n";
        let found = Columns::read(format, text.as_bytes(), None, 2).unwrap();
        let problem = found.columns[0].problem.as_ref().unwrap();
        assert!(problem.message.contains(&format!("line {},", 4 * PIECE + 3)), "{}", problem.message);
        assert!(problem.hint.as_deref().unwrap().contains("use one of them"));
    }
}
