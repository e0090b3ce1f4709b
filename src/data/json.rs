//! JSON data as Stan takes it: numbers are constants, arrays columns; also the records and the columns that pandas writes.

use std::collections::HashSet;

use serde_json::Value;

use super::cell::{Cell, cell};
use super::csv::name;
use super::groups::Groups;
use super::{Column, Table};
use crate::error::{Error, ErrorKind, Result};

/// Most bytes: the tree of a text takes some forty times as many.
pub(super) const BYTES: u64 = 1 << 28;

/// What a document holds: columns of one length are a table.
pub(super) struct Found {
    pub(super) tables: Vec<Table>,
    pub(super) constants: Vec<(String, f64)>,
}

pub(super) fn read(source: &str, bytes: &[u8]) -> Result<Found> {
    let refuse = |message: String, hint: &str| Error::new(ErrorKind::Data, message).hint(hint);
    if bytes.len() as u64 > BYTES {
        return Err(refuse(format!("{source}: more than 256 MiB of JSON"), "save it as CSV"));
    }
    let document: Value = serde_json::from_slice(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).map_err(|error| {
        let place = format!("{source}, line {}, column {}", error.line(), error.column());
        refuse(format!("{place}: the file begins as JSON and does not go on so"), SHAPE)
    })?;
    let mut found = Reading { source, names: HashSet::new(), tables: Vec::new(), constants: Vec::new() };
    match &document {
        Value::Object(entries) => entries.iter().try_for_each(|(name, value)| found.entry(name, value))?,
        Value::Array(records) if records.first().is_some_and(Value::is_object) => {
            for name in records[0].as_object().into_iter().flat_map(|first| first.keys()) {
                let cells: Vec<&Value> = records.iter().map(|record| record.get(name).unwrap_or(&Value::Null)).collect();
                found.column(name, &cells)?;
            }
        }
        _ => return Err(refuse(format!("{source}: this JSON is neither an object nor records"), SHAPE)),
    }
    if found.tables.is_empty() && found.constants.is_empty() {
        return Err(refuse(format!("{source}: no numbers and no arrays of numbers"), SHAPE));
    }
    Ok(Found { tables: found.tables, constants: found.constants })
}

const SHAPE: &str = "numbers and arrays by name: {\"N\": 3, \"y\": [1.5, 2, null]}";

struct Reading<'a> {
    source: &'a str,
    names: HashSet<String>,
    tables: Vec<Table>,
    constants: Vec<(String, f64)>,
}

impl Reading<'_> {
    /// A number, an array of them, or an array of rows; what is deeper is passed over, as a model cannot name it.
    fn entry(&mut self, name: &str, value: &Value) -> Result<()> {
        match value {
            Value::Array(cells) if cells.is_empty() => Ok(()),
            Value::Array(cells) if cells.iter().all(Value::is_array) => {
                let rows: Vec<&Vec<Value>> = cells.iter().filter_map(Value::as_array).collect();
                let width = rows[0].len();
                let is_matrix = rows.iter().all(|row| row.len() == width && row.iter().all(is_scalar));
                if !is_matrix {
                    return Ok(());
                }
                for at in 0..width {
                    let cells: Vec<&Value> = rows.iter().map(|row| &row[at]).collect();
                    let column = if width == 1 { name.to_string() } else { format!("{name}_{}", at + 1) };
                    self.column(&column, &cells)?;
                }
                Ok(())
            }
            Value::Array(cells) if cells.iter().all(is_scalar) => self.column(name, &cells.iter().collect::<Vec<_>>()),
            Value::Object(cells) if !cells.is_empty() && cells.values().all(is_scalar) => {
                self.column(name, &cells.values().collect::<Vec<_>>())
            }
            value => match number(value) {
                Some(number) if number.is_finite() => {
                    let name = self.new_name(name)?;
                    self.constants.push((name, number));
                    Ok(())
                }
                _ => Ok(()),
            },
        }
    }

    /// Adds a column to the table of its length.
    fn column(&mut self, header: &str, cells: &[&Value]) -> Result<()> {
        let name = self.new_name(header)?;
        let (mut values, mut groups) = (Vec::with_capacity(cells.len()), Groups::default());
        let (mut problem, mut missing) = (None, None);
        for (at, value) in cells.iter().enumerate() {
            let error = |message: String, hint: &str| {
                Error::new(ErrorKind::Data, format!("{}, `{header}`, element {}: {message}", self.source, at + 1)).hint(hint)
            };
            match number(value) {
                Some(value) if value.is_nan() => {
                    groups.push(None);
                    missing.get_or_insert_with(|| error("the value is missing".into(), super::part::MISSING));
                    values.push(f64::NAN);
                }
                Some(value) => {
                    groups.end();
                    values.push(value);
                }
                None => {
                    let text = value.as_str().unwrap_or_default();
                    groups.push(Some(text));
                    let (text, hint) = (super::part::short(text), "texts pick elements of a vector, a[column]");
                    problem.get_or_insert_with(|| error(format!("`{text}` is not a number"), hint));
                    values.push(f64::NAN);
                }
            }
        }
        let groups = groups.ended().map(|(names, codes)| (names.into(), codes.into()));
        let column = Column { name, header: header.into(), values: values.into(), problem, missing, groups };
        match self.tables.iter_mut().find(|table| table.rows == cells.len()) {
            Some(table) => table.columns.push(column),
            None => self.tables.push(Table { name: None, source: self.source.into(), columns: vec![column], rows: cells.len() }),
        }
        Ok(())
    }

    fn new_name(&mut self, header: &str) -> Result<String> {
        let name = name(header, self.names.len());
        if self.names.insert(name.clone()) {
            return Ok(name);
        }
        let error = Error::new(ErrorKind::Data, format!("{}: two entries are both called `{name}`", self.source));
        Err(error.hint("give each a name of its own; signs other than letters and digits count as `_`"))
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// The number of a scalar, NaN for a missing one; `None` for a text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Null => Some(f64::NAN),
        Value::String(text) => match cell(text, false) {
            Cell::Number(value) if !text.trim().starts_with(char::is_alphabetic) => Some(value),
            Cell::Missing => Some(f64::NAN),
            _ => None,
        },
        Value::Array(_) | Value::Object(_) => None,
    }
}
