//! Tables of text to columns.

use std::io::{BufRead, BufReader, Read};

use super::cell::{Cell, cell};
use super::opening::Opening;
use super::part::Format;
use super::records::{Records, decoded};
use super::rows::{Columns, Ended};
use super::{Column, Table};
use crate::error::{Error, ErrorKind, Result};

/// Most columns: beyond, the file is no table.
pub(super) const COLUMNS: usize = 100_000;

pub(super) fn read(source: &str, reader: impl Read, length: Option<u64>) -> Result<Table> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let refuse = |message: &str, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}: {message}")).hint(hint));
    let Opening { header, header_line, rows, rows_line, layout, rows_have_names } = Opening::read(source, &mut reader)?;
    if header.is_empty() {
        return refuse("the file is empty", "a line with the names of the columns, then a line for each row");
    }
    let mut names_row = Records::new(source, header.as_slice(), layout, header_line);
    if !names_row.advance()? {
        return refuse("the file holds blank lines only", "a line with the names of the columns, then a line for each row");
    }
    let mut headers = texts(source, &names_row)?;
    if rows_have_names {
        headers.insert(0, String::new());
    }
    let names = names(source, names_row.line(), &headers)?;
    let found = Columns::read(Format { source, layout, headers: &headers }, rows.as_slice().chain(reader), length, rows_line)?;
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

fn texts<R: BufRead>(source: &str, row: &Records<'_, R>) -> Result<Vec<String>> {
    let cells: Vec<String> = row.cells().map(|cell| decoded(cell).trim().to_string()).collect();
    if cells.iter().any(|cell| cell.contains('\0')) {
        let message = format!("{source}, line {}: the file holds NUL bytes; it is no text", row.line());
        return Err(Error::new(ErrorKind::Data, message).hint("save the file as UTF-8 text"));
    }
    Ok(cells)
}
