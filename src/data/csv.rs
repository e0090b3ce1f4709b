//! Comma-separated values to tables.

use std::io::{BufRead, BufReader, Cursor, Read};

use super::cell::{Cell, cell};
use super::part::Format;
use super::records::{Records, unreadable};
use super::rows::{Columns, Ended};
use super::{Column, Table};
use crate::error::{Error, ErrorKind, Result};

/// Most columns, and most bytes before the first line end: beyond, the file is no table.
pub(super) const COLUMNS: usize = 100_000;
const HEADER: usize = 1 << 23;

pub(super) fn read(source: &str, reader: impl Read, length: Option<u64>) -> Result<Table> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    // A reader may give one byte at a time; what the file is shows in the first four.
    let mut start = Vec::new();
    reader.by_ref().take(4).read_to_end(&mut start).map_err(|error| unreadable(source, &error))?;
    let refuse = |message: &str, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}: {message}")).hint(hint));
    match start.as_slice() {
        [] => return refuse("the file is empty", "a line with the names of the columns, then a line for each row"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return refuse("the file is UTF-16 text", "save it as UTF-8"),
        [b'P', b'K', 3, 4, ..] => return refuse("the file is a spreadsheet or an archive, not text", "save it as CSV"),
        [b'P', b'A', b'R', b'1', ..] => return refuse("the file is Parquet, not text", "build with --features parquet, or save it as CSV"),
        [0x1F, 0x8B, ..] => return refuse("the file is compressed", "decompress it first"),
        [0xEF, 0xBB, 0xBF, ..] => drop(start.drain(..3)),
        _ => {}
    }
    let mut reader = Cursor::new(start).chain(reader);
    let head = head(source, &mut reader)?;
    let separator = separator(&head);
    let mut rows = Records::new(source, head.as_slice().chain(reader), separator, 1);
    if !rows.advance()? {
        return refuse("the file holds blank lines only", "a line with the names of the columns, then a line for each row");
    }
    let headers = texts(source, &rows)?;
    let names = names(source, rows.line(), &headers)?;
    let (rest, line) = rows.rest()?;
    let found = Columns::read(Format { source, separator, headers: &headers }, rest, length, line)?;
    let rows = found.rows;
    if rows == 0 {
        return refuse("there is a header and no row", "a line for each row below the names");
    }
    let column = |((name, header), ended): ((String, String), Ended)| {
        let groups = ended.groups.ended().map(|(names, codes)| (names.into(), codes.into()));
        Column { name, header, values: ended.values, problem: ended.problem, missing: ended.missing, groups }
    };
    let columns = names.into_iter().zip(headers).zip(found.ended()).map(column).collect();
    Ok(Table { name: None, source: source.into(), columns, rows })
}

/// The bytes up to the first line end that is neither inside quotes nor behind blanks only.
fn head(source: &str, reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let (mut head, mut quoted, mut blank) = (Vec::new(), false, true);
    while head.len() < HEADER {
        let buffer = reader.fill_buf().map_err(|error| unreadable(source, &error))?;
        if buffer.is_empty() {
            break;
        }
        let stop = buffer.iter().position(|byte| {
            quoted ^= *byte == b'"';
            blank &= byte.is_ascii_whitespace();
            matches!(byte, b'\n' | b'\r') && !quoted && !blank
        });
        let used = stop.unwrap_or(buffer.len());
        head.extend_from_slice(&buffer[..used]);
        reader.consume(used);
        if stop.is_some() {
            break;
        }
    }
    Ok(head)
}

/// The separator that the header has most of, outside quotes; a comma where it has none.
fn separator(head: &[u8]) -> u8 {
    let count = |separator: u8| {
        let mut quoted = false;
        let outside = head.iter().filter(|byte| {
            quoted ^= **byte == b'"';
            **byte == separator && !quoted
        });
        outside.count()
    };
    [b'\t', b';', b','].into_iter().max_by_key(|&separator| count(separator)).unwrap_or(b',')
}

/// What formulas call the columns.
fn names(source: &str, line: u64, headers: &[String]) -> Result<Vec<String>> {
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}, line {line}: {message}")).hint(hint));
    if headers.len() > COLUMNS {
        return refuse(format!("{} columns are too many", headers.len()), "at most 100,000; is this a table?");
    }
    if headers.iter().all(|header| matches!(cell(header, true), Cell::Number(_))) {
        return refuse("the first line holds numbers, not the names of the columns".into(), "add a line of names such as x,y");
    }
    let mut names = Vec::with_capacity(headers.len());
    let mut known = std::collections::HashMap::new();
    for (at, header) in headers.iter().enumerate() {
        let name = name(header, at);
        if let Some(before) = known.insert(name.clone(), at) {
            let message = format!("columns {} and {} are both called `{name}`", before + 1, at + 1);
            return refuse(message, "give each column a name of its own; signs other than letters and digits count as `_`");
        }
        names.push(name);
    }
    Ok(names)
}

/// What a formula calls a column: a column without a header by its number, as R writes the names of rows.
pub(super) fn name(header: &str, at: usize) -> String {
    let name: String = header.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    match name.chars().next() {
        None => format!("column_{}", at + 1),
        Some(first) if first.is_numeric() => format!("_{name}"),
        Some(_) => name,
    }
}

fn texts<R: BufRead>(source: &str, rows: &Records<'_, R>) -> Result<Vec<String>> {
    let line = rows.line();
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err("the file holds NUL bytes; it is no text"),
        Ok(text) => Ok(text.trim().to_string()),
        Err(_) => Err("not UTF-8 text"),
    };
    let cells: std::result::Result<Vec<String>, &str> = rows.cells().map(text).collect();
    cells.map_err(|what| Error::new(ErrorKind::Data, format!("{source}, line {line}: {what}")).hint("save the file as UTF-8 text"))
}
