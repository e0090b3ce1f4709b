//! Bytes to records: cells between separators, quotes undone, and the line on which each record begins.

use std::borrow::Cow;
use std::io::BufRead;

use crate::error::{Error, ErrorKind, Result};

/// Most bytes of one record: beyond, the file is no table.
const RECORD: usize = 1 << 23;

/// The separator of cells that runs of blanks and tabs part.
pub(super) const BLANKS: u8 = b' ';

/// How lines are cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) separator: u8,
    /// Whether lines that begin with `#` are none.
    pub(super) comments: bool,
}

/// Where in a cell the next byte falls.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// Behind a quote that ends the cell, or is the first of two that stand for one.
    Closed,
    /// In a line that is none.
    Comment,
}

/// The records of a file, one at a time in a buffer that they share.
///
/// A crate for CSV would read `"1"2` as 12 and a quote that nobody closes as one long cell: wrong numbers, and rows lost, in silence.
pub(super) struct Records<'a, R> {
    source: &'a str,
    reader: R,
    layout: Layout,
    /// The bytes that are no plain text: a table is quicker than comparisons.
    marks: [bool; 256],
    /// Of the next byte, from 1.
    next_line: u64,
    line: u64,
    after_return: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a, R: BufRead> Records<'a, R> {
    /// `line` is the number of the first line.
    pub(super) fn new(source: &'a str, reader: R, layout: Layout, line: u64) -> Self {
        let mut marks = [false; 256];
        [b'"', b'\n', b'\r', b'#', layout.separator].into_iter().for_each(|byte| marks[usize::from(byte)] = true);
        marks[usize::from(b'\t')] |= layout.separator == BLANKS;
        Records { source, reader, layout, marks, next_line: line, line, after_return: false, text: Vec::new(), ends: Vec::new() }
    }

    /// The line on which the record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Whether the record begins with `#`.
    pub(super) fn is_comment(&self) -> bool {
        self.text.starts_with(b"#")
    }

    /// How many cells the record has.
    pub(super) fn width(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// Reads the next record that is no line of blanks; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool> {
        self.begin();
        let (mut state, mut quotes) = (State::Start, false);
        loop {
            let buffer = self.reader.fill_buf().map_err(|error| unreadable(self.source, &error))?;
            if buffer.is_empty() {
                if state == State::Quoted {
                    return Err(self.refuse("a quote is opened and never closed", "close it with a second `\"`"));
                }
                let blank = !quotes && self.ends.is_empty() && self.text.iter().all(u8::is_ascii_whitespace);
                self.end_row(state);
                return Ok(!blank);
            }
            let (mut used, mut whole) = (0, false);
            while let Some(&byte) = buffer.get(used) {
                // Most bytes are text between separators, and are taken together.
                if matches!(state, State::Start | State::Plain) {
                    let plain = buffer[used..].iter().position(|byte| self.marks[usize::from(*byte)]).unwrap_or(buffer.len() - used);
                    if plain > 0 {
                        self.text.extend_from_slice(&buffer[used..used + plain]);
                        (used, state, self.after_return) = (used + plain, State::Plain, false);
                        continue;
                    }
                }
                used += 1;
                let second = std::mem::replace(&mut self.after_return, byte == b'\r') && byte == b'\n';
                let line_end = matches!(byte, b'\n' | b'\r');
                self.next_line += u64::from(line_end && !second);
                match (state, byte) {
                    (State::Quoted, b'"') => state = State::Closed,
                    (State::Quoted, _) => self.text.push(byte),
                    _ if second => {}
                    (State::Comment, _) if !line_end => {}
                    (State::Start, b'#') if self.layout.comments && self.ends.is_empty() => state = State::Comment,
                    _ if line_end => {
                        if quotes || !self.ends.is_empty() || !self.text.iter().all(u8::is_ascii_whitespace) {
                            whole = true;
                            break;
                        }
                        self.text.clear();
                        self.line = self.next_line;
                        state = State::Start;
                    }
                    (State::Start, b' ' | b'\t') if self.layout.separator == BLANKS => {}
                    (_, byte) if byte == self.layout.separator || byte == b'\t' && self.layout.separator == BLANKS => {
                        self.ends.push(self.text.len());
                        state = State::Start;
                    }
                    (State::Start, b'"') => (state, quotes) = (State::Quoted, true),
                    (State::Closed, b'"') => {
                        self.text.push(byte);
                        state = State::Quoted;
                    }
                    (State::Closed, b' ' | b'\t') => {}
                    (State::Closed, _) => {
                        return Err(self.refuse("text follows a closing quote", "a quote inside a quoted cell is written twice"));
                    }
                    _ => {
                        self.text.push(byte);
                        state = State::Plain;
                    }
                }
            }
            self.reader.consume(used);
            if whole {
                self.end_row(state);
                return Ok(true);
            }
            if self.text.len() > RECORD || self.ends.len() > RECORD {
                return Err(self.refuse("a row of more than 8 MiB", "is this a table? a quote may be open"));
            }
        }
    }

    /// Ends the last cell; blanks at the end of a row begin none.
    fn end_row(&mut self, state: State) {
        if !(self.layout.separator == BLANKS && state == State::Start && !self.ends.is_empty()) {
            self.ends.push(self.text.len());
        }
    }

    fn begin(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.line = self.next_line;
    }

    fn refuse(&self, message: &str, hint: &str) -> Error {
        Error::new(ErrorKind::Data, format!("{}, line {}: {message}", self.source, self.line)).hint(hint)
    }
}

/// The text that bytes are: UTF-8, or else Latin-1, which any bytes are.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|&byte| byte as char).collect(), Cow::Borrowed)
}

pub(super) fn unreadable(source: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read {source}: {error}"))
}
