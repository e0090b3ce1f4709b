//! How a table of text begins: comments, what separates its cells, and the line that names its columns.

use std::io::BufRead;

use super::cell::{Cell, cell};
use super::records::{BLANKS, Layout, Records, unreadable};
use crate::error::Result;

/// Most bytes of one line: beyond, the file is no table.
const LINE: usize = 1 << 23;

/// The beginning of a table of text.
pub(super) struct Opening {
    /// The names of the columns.
    pub(super) header: Vec<u8>,
    /// The number of its first line.
    pub(super) header_line: u64,
    /// What was read beyond it: a row, and comments before it.
    pub(super) rows: Vec<u8>,
    /// The number of its first line.
    pub(super) rows_line: u64,
    pub(super) layout: Layout,
    /// Whether each row begins with its name, for which the header has no cell, as R writes tables.
    pub(super) rows_have_names: bool,
}

impl Opening {
    pub(super) fn read(source: &str, reader: &mut impl BufRead) -> Result<Opening> {
        let (mut comment, mut told, mut line) = (None, None, 1);
        let mut header = loop {
            let text = whole_line(source, reader)?;
            if is_comment(&text) {
                comment = Some((line, text.clone()));
            } else if let (None, Some(separator)) = (told, told_separator(&text)) {
                told = Some(separator);
            } else {
                break text;
            }
            line += lines(&text);
        };
        let (mut header_line, mut rows_line) = (line, line + lines(&header));
        let mut rows = Vec::new();
        loop {
            let text = whole_line(source, reader)?;
            rows.extend_from_slice(&text);
            if !(is_comment(&text) && comment.is_some()) {
                break;
            }
        }
        let comments = comment.is_some();
        let layout = |header: &[u8], row: &[u8]| {
            let separator = told.or_else(|| separator(header)).unwrap_or_else(|| if are_words(header, row) { BLANKS } else { b',' });
            Layout { separator, comments }
        };
        // The names may stand in the last comment.
        if let Some((comment_line, text)) = comment {
            let mut named = text;
            if let Some(sign) = named.iter().position(|byte| *byte == b'#') {
                named[sign] = b' ';
            }
            let [named_cells, cells] = [&named, &header].map(|text| cells(source, text, layout(&named, &header)));
            let are_numbers = cells.iter().all(|text| matches!(cell(text, true), Cell::Number(_)));
            if are_numbers && named_cells.len() == cells.len() {
                rows.splice(..0, std::mem::replace(&mut header, named));
                (header_line, rows_line) = (comment_line, line);
            }
        }
        let layout = layout(&header, &rows);
        let (names, first) = (cells(source, &header, layout), cells(source, &rows, layout));
        let is_quoted = rows.trim_ascii_start().starts_with(b"\"");
        let rows_have_names = first.len() == names.len() + 1 && (is_quoted || layout.separator == BLANKS);
        Ok(Opening { header, header_line, rows, rows_line, layout, rows_have_names })
    }
}

/// The bytes up to and with the first line end that is neither inside quotes nor behind blanks only; in a comment quotes are nothing.
fn whole_line(source: &str, reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let (mut line, mut quoted, mut blank, mut is_comment, mut after_return) = (Vec::new(), false, true, false, false);
    while line.len() < LINE {
        let buffer = reader.fill_buf().map_err(|error| unreadable(source, &error))?;
        if after_return {
            let used = usize::from(buffer.first() == Some(&b'\n'));
            line.extend_from_slice(&buffer[..used]);
            reader.consume(used);
            break;
        }
        if buffer.is_empty() {
            break;
        }
        let stop = buffer.iter().position(|byte| {
            is_comment |= blank && *byte == b'#';
            quoted ^= *byte == b'"' && !is_comment;
            blank &= byte.is_ascii_whitespace();
            matches!(byte, b'\n' | b'\r') && !quoted && !blank
        });
        let used = stop.map_or(buffer.len(), |stop| stop + 1);
        line.extend_from_slice(&buffer[..used]);
        after_return = stop.is_some() && line.ends_with(b"\r");
        reader.consume(used);
        if stop.is_some() && !after_return {
            break;
        }
    }
    Ok(line)
}

fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"#")
}

/// How many lines end in a text.
fn lines(text: &[u8]) -> u64 {
    let ends = |at: usize| text[at] == b'\n' || text[at] == b'\r' && text.get(at + 1) != Some(&b'\n');
    (0..text.len()).filter(|&at| ends(at)).count() as u64
}

/// The separator that a spreadsheet tells in the first line: `sep=;`.
fn told_separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let told = line.get(..4).filter(|start| start.eq_ignore_ascii_case(b"sep=")).map(|_| &line[4..])?;
    match told {
        [separator, b'\r' | b'\n', ..] | [separator] if !matches!(separator, b'"' | b'\n' | b'\r' | b'#') => Some(*separator),
        _ => None,
    }
}

/// The separator that a line has most of, outside quotes.
fn separator(line: &[u8]) -> Option<u8> {
    let count = |separator: u8| {
        let mut quoted = false;
        let outside = line.trim_ascii().iter().filter(|byte| {
            quoted ^= **byte == b'"';
            **byte == separator && !quoted
        });
        outside.count()
    };
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|&separator| count(separator)).filter(|&separator| count(separator) > 0)
}

/// Whether blanks part the words of the header and the cells of the row below it: as many, or one more where each row has a name.
fn are_words(header: &[u8], row: &[u8]) -> bool {
    let blanks = Layout { separator: BLANKS, comments: true };
    let [names, found] = [header, row].map(|text| cells("", text, blanks).len());
    let is_quoted = row.trim_ascii_start().starts_with(b"\"");
    names >= 2 && (found == names || found == names + 1) || names == 1 && found == 2 && is_quoted
}

/// The cells of the first row in a text, as far as they can be read.
fn cells(source: &str, text: &[u8], layout: Layout) -> Vec<String> {
    let mut records = Records::new(source, text, layout, 1);
    match records.advance() {
        Ok(true) => records.cells().map(|cell| String::from_utf8_lossy(cell).trim().to_string()).collect(),
        _ => Vec::new(),
    }
}
