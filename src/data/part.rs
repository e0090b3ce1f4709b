//! Some rows of text to columns of numbers, by one thread.

use std::io::BufRead;

use super::cell::{Cell, cell, leading_number};
use super::groups::Groups;
use super::records::{BLANKS, Layout, Records, decoded};
use crate::error::{Error, ErrorKind, Result};

/// What the rows of a file have in common.
#[derive(Clone, Copy)]
pub(super) struct Format<'a> {
    pub(super) source: &'a str,
    pub(super) layout: Layout,
    /// The names of the columns as they stand in the file.
    pub(super) headers: &'a [String],
}

/// A column of some rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretch {
    /// Up to the first text; NaN where a cell is missing.
    pub(super) values: Vec<f64>,
    /// The first text.
    pub(super) problem: Option<Error>,
    /// The first missing cell, if it stands before that.
    pub(super) missing: Option<Error>,
    pub(super) groups: Groups,
    pub(super) marks: Marks,
}

/// Some rows, by column: those that a thread reads before they are added to the others.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) columns: Vec<Stretch>,
    pub(super) rows: usize,
}

/// Which decimal marks a column has used: one that uses both has thousands among them, and nobody can say which.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    point: bool,
    comma: bool,
}

impl Marks {
    /// Those that either has used.
    pub(super) fn or(self, other: Marks) -> Marks {
        Marks { point: self.point || other.point, comma: self.comma || other.comma }
    }

    fn agree(&mut self, text: &str, comma: bool) -> Option<Cell> {
        if !comma {
            return None;
        }
        self.point |= text.contains('.') && matches!(cell(text, true), Cell::Number(_));
        self.comma |= text.contains(',');
        (self.point && self.comma).then_some(Cell::Text("decimal points and decimal commas in one column: use one of them"))
    }
}

impl Stretch {
    /// Adds a number.
    fn add(&mut self, value: f64) {
        self.groups.end();
        self.keep(value);
    }

    /// Nobody will read the numbers of a column with a problem.
    fn keep(&mut self, value: f64) {
        if self.problem.is_none() {
            self.values.push(value);
        }
    }

    /// Adds the cell in a line and column.
    fn push(&mut self, format: Format, text: &str, (line, at): (u64, usize)) {
        let comma = format.layout.separator != b',';
        let error = |message: &str, hint: &str| Error::new(ErrorKind::Data, format!("{}: {message}", format.place(line, at))).hint(hint);
        match self.marks.agree(text, comma).unwrap_or_else(|| cell(text, comma)) {
            // A word for a truth value may be one of several texts.
            Cell::Number(value) if text.trim().starts_with(char::is_alphabetic) => {
                self.groups.push(Some(text));
                self.keep(value);
            }
            Cell::Number(value) => self.add(value),
            Cell::Missing => {
                self.groups.push(None);
                self.keep(f64::NAN);
                if self.problem.is_none() {
                    self.missing.get_or_insert_with(|| error("the value is missing", MISSING));
                }
            }
            Cell::Text(hint) => {
                self.groups.push(Some(text));
                self.problem.get_or_insert_with(|| error(&format!("`{}` is not a number", short(text)), hint));
            }
        }
    }
}

/// The way out.
pub(super) const MISSING: &str = "drop such rows, or tell them apart: if(is_missing(x), ..., ...); other columns can be used as they are";

impl Part {
    /// No rows of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Part { columns: vec![Stretch::default(); columns], rows: 0 }
    }

    /// Forgets the rows, not the memory that they took.
    pub(super) fn clear(&mut self) {
        self.rows = 0;
        for column in &mut self.columns {
            column.values.clear();
            (column.problem, column.missing, column.groups) = (None, None, Groups::default());
        }
    }

    /// Reads the row at which `records` is.
    pub(super) fn append(&mut self, format: Format, row: &Records<impl BufRead>) -> Result<()> {
        let line = row.line();
        if row.width() != format.headers.len() && row.is_comment() {
            return Ok(());
        }
        format.check_width(row.width(), line)?;
        for (at, bytes) in row.cells().enumerate() {
            self.columns[at].push(format, &decoded(bytes), (line, at));
        }
        self.rows += 1;
        Ok(())
    }

    /// Reads the lines of `text`, each a row without quotes, in place of the rows before.
    pub(super) fn read(&mut self, format: Format, text: &[u8], first: u64) -> Result<()> {
        self.clear();
        match std::str::from_utf8(text) {
            Ok(text) => self.append_lines(format, text, first),
            Err(_) => {
                let mut rows = Records::new(format.source, text, format.layout, first);
                while rows.advance()? {
                    self.append(format, &rows)?;
                }
                Ok(())
            }
        }
    }

    fn append_lines(&mut self, format: Format, text: &str, first: u64) -> Result<()> {
        // As many rows as there would be if all were like the first one, of which each cell takes a byte at least.
        let length = text.find('\n').unwrap_or(0).max(self.columns.len());
        self.columns.iter_mut().for_each(|column| column.values.reserve(text.len() / length.max(1)));
        let (mut line, mut width, mut start) = (first, 0, 0);
        while start <= text.len() {
            let number = format.number(&text.as_bytes()[start..]);
            let length =
                number.map_or_else(|| memchr::memchr2(format.layout.separator, b'\n', &text.as_bytes()[start..]), |(_, used)| Some(used));
            let end = length.map_or(text.len(), |length| start + length);
            let (cell, ends) = (&text[start..end], text.as_bytes().get(end) != Some(&format.layout.separator));
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
        Ok(())
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
        let is_end = |next: &u8| *next == self.layout.separator || *next == b'\n';
        let found = if self.layout.separator == b',' { leading_number(text) } else { None };
        found.filter(|(_, used)| text.get(*used).is_none_or(is_end))
    }

    /// Whether each line is a row, and what a cell means does not hang on the rows before: no quotes, no comments, no returns that end a
    /// line alone, no decimal commas; and whether one byte parts cells.
    pub(super) fn lines_are_rows(&self, block: &[u8]) -> bool {
        let holds = |byte: u8| memchr::memchr(byte, block).is_some();
        let alone = || block.iter().zip(&block[1..]).any(|(byte, next)| *byte == b'\r' && *next != b'\n');
        let Layout { separator, .. } = self.layout;
        !(separator == BLANKS || holds(b'"') || holds(b'#') || holds(b'\r') && alone() || separator != b',' && holds(b','))
    }
}

/// A cell for a message.
pub(super) fn short(text: &str) -> String {
    let shown: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(24).collect();
    if text.trim().chars().count() > 24 { format!("{shown}...") } else { shown }
}
