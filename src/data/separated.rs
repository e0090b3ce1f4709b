//! Comma-separated values to tables.

use std::io::{BufRead, BufReader, Read};

use super::cell::{Cell, cell};
use super::{Column, Table};
use crate::error::{Error, ErrorKind, Result};

/// Most columns, and most bytes before the first line end: beyond, the file is no table.
const COLUMNS: usize = 100_000;
const HEADER: usize = 1 << 23;

pub(super) fn read(source: &str, reader: impl Read) -> Result<Table> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let start = reader.fill_buf().map_err(|error| unreadable(source, &error))?;
    let refuse = |message: &str, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}: {message}")).hint(hint));
    match start {
        [] => return refuse("the file is empty", "a line with the names of the columns, then a line for each row"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return refuse("the file is UTF-16 text", "save it as UTF-8"),
        [b'P', b'K', 3, 4, ..] => return refuse("the file is a spreadsheet or an archive, not text", "save it as CSV"),
        [b'P', b'A', b'R', b'1', ..] => return refuse("the file is Parquet, not text", "save it as CSV"),
        [0x1F, 0x8B, ..] => return refuse("the file is compressed", "decompress it first"),
        [0xEF, 0xBB, 0xBF, ..] => reader.consume(3),
        _ => {}
    }
    let mut head = Vec::new();
    // Blank lines before the header, then the header's line, to find the separator.
    loop {
        let buffer = reader.fill_buf().map_err(|error| unreadable(source, &error))?;
        if buffer.is_empty() || head.len() > HEADER {
            break;
        }
        let from = if head.is_empty() { buffer.iter().take_while(|byte| is_line_end(byte)).count() } else { 0 };
        let stop = buffer[from..].iter().position(is_line_end);
        head.extend_from_slice(&buffer[from..stop.map_or(buffer.len(), |stop| from + stop)]);
        let used = stop.map_or(buffer.len(), |stop| from + stop);
        reader.consume(used);
        if stop.is_some() {
            break;
        }
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return refuse("the file holds blank lines only", "a line with the names of the columns, then a line for each row");
    }
    let count = |separator: u8| head.iter().filter(|byte| **byte == separator).count();
    let separator = [b',', b'\t', b';'].into_iter().max_by_key(|&separator| (count(separator), separator == b',')).unwrap_or(b',');
    let whole = head.as_slice().chain(reader);
    let mut rows = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(whole);
    let mut record = ::csv::ByteRecord::new();
    rows.read_byte_record(&mut record).map_err(|error| broken(source, error))?;
    let headers = texts(source, &record, 1)?;
    let mut columns = columns(source, &headers)?;
    let (comma, width) = (separator != b',', headers.len());
    let mut count = 0usize;
    while rows.read_byte_record(&mut record).map_err(|error| broken(source, error))? {
        let line = record.position().map_or(0, ::csv::Position::line);
        // A line of blanks is a blank line.
        if record.len() == 1 && width > 1 && record.get(0).is_some_and(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
            continue;
        }
        if record.len() != width {
            let message = format!("{source}, line {line}: {} cells, and the header has {width}", record.len());
            return Err(Error::new(ErrorKind::Data, message).hint("a cell for each column; quote cells that hold the separator"));
        }
        for (at, (column, bytes)) in columns.iter_mut().zip(&record).enumerate() {
            let place = || format!("{source}, line {line}, column {} (`{}`)", at + 1, column.header);
            let Ok(text) = std::str::from_utf8(bytes) else {
                return Err(Error::new(ErrorKind::Data, format!("{}: not UTF-8 text", place())).hint("save the file as UTF-8"));
            };
            let value = match cell(text, comma) {
                Cell::Number(value) => value,
                Cell::Missing => {
                    if column.problem.is_none() {
                        let error = Error::new(ErrorKind::Data, format!("{}: the value is missing", place()));
                        column.problem = Some(error.hint("drop the row, or fill the value in; other columns can be used as they are"));
                    }
                    f64::NAN
                }
                Cell::Text(hint) => {
                    if column.problem.is_none() {
                        let error = Error::new(ErrorKind::Data, format!("{}: `{}` is not a number", place(), short(text)));
                        column.problem = Some(error.hint(hint));
                    }
                    f64::NAN
                }
            };
            // Nobody will read a column with a problem.
            if column.problem.is_none() {
                column.values.push(value);
            }
        }
        count += 1;
    }
    if count == 0 {
        return refuse("there is a header and no row", "a line for each row below the names");
    }
    let columns = columns
        .into_iter()
        .map(|column| Column { name: column.name, header: column.header, values: column.values.into(), problem: column.problem })
        .collect();
    Ok(Table { name: None, source: source.into(), columns, rows: count })
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// A column while it is read.
struct Growing {
    name: String,
    header: String,
    values: Vec<f64>,
    problem: Option<Error>,
}

fn columns(source: &str, headers: &[String]) -> Result<Vec<Growing>> {
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}, line 1: {message}")).hint(hint));
    if headers.len() > COLUMNS {
        return refuse(format!("{} columns are too many", headers.len()), "at most 100,000; is this a table?");
    }
    if headers.iter().all(|header| matches!(cell(header, true), Cell::Number(_))) {
        return refuse("the first line holds numbers, not the names of the columns".into(), "add a line of names such as x,y");
    }
    let mut columns: Vec<Growing> = Vec::with_capacity(headers.len());
    let mut known = std::collections::HashMap::new();
    for (at, header) in headers.iter().enumerate() {
        let name = name(header, at);
        if let Some(before) = known.insert(name.clone(), at) {
            let message = format!("columns {} and {} are both called `{name}`", before + 1, at + 1);
            return refuse(message, "give each column a name of its own; signs other than letters and digits count as `_`");
        }
        columns.push(Growing { name, header: header.clone(), values: Vec::new(), problem: None });
    }
    Ok(columns)
}

/// What a formula calls a column: a column without a header by its number, as R writes the names of rows.
fn name(header: &str, at: usize) -> String {
    let name: String = header.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    match name.chars().next() {
        None => format!("column_{}", at + 1),
        Some(first) if first.is_numeric() => format!("_{name}"),
        Some(_) => name,
    }
}

fn texts(source: &str, record: &::csv::ByteRecord, line: u64) -> Result<Vec<String>> {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err("the file holds NUL bytes; it is no text"),
        Ok(text) => Ok(text.trim().to_string()),
        Err(_) => Err("not UTF-8 text"),
    };
    let cells: std::result::Result<Vec<String>, &str> = record.iter().map(text).collect();
    cells.map_err(|what| Error::new(ErrorKind::Data, format!("{source}, line {line}: {what}")).hint("save the file as UTF-8 text"))
}

/// A cell for a message.
fn short(text: &str) -> String {
    let shown: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(24).collect();
    if text.trim().chars().count() > 24 { format!("{shown}...") } else { shown }
}

fn unreadable(source: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read {source}: {error}"))
}

fn broken(source: &str, error: ::csv::Error) -> Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => unreadable(source, &error),
        other => Error::new(ErrorKind::Data, format!("{source}: {other:?}")).hint("a line with names, then a line for each row"),
    }
}
