//! Parquet files to tables: columns of numbers and truth values; the others have a problem, as text has in CSV.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::csv::{COLUMNS, name};
use super::rows::CELLS;
use super::{Column, Table};
use crate::error::{Error, ErrorKind, Result};

/// Rows read at a time.
const BATCH: usize = 1 << 16;
/// Whole numbers from here on are not all doubles.
const WHOLE: f64 = 9_007_199_254_740_992.0;

pub(super) fn read(source: &str, bytes: Vec<u8>) -> Result<Table> {
    // The reader trusts what a file says of itself, and panics where that is not so.
    quietly(|| decode(source, bytes.into())).unwrap_or_else(|| Err(unreadable(source, "it contradicts itself")))
}

fn unreadable(source: &str, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Data, format!("{source}: cannot be read as Parquet: {why}")).hint("write the file anew, or save it as CSV")
}

/// What `work` returns; `None`, and no message, if it panics.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    QUIET.set(true);
    let found = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    found.ok()
}

fn decode(source: &str, bytes: Bytes) -> Result<Table> {
    let unreadable = |error: ParquetError| unreadable(source, error);
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}: {message}")).hint(hint));
    let reader = SerializedFileReader::new(bytes).map_err(unreadable)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let rows = usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    if rows == 0 || schema.num_columns() == 0 {
        return refuse("the table has no rows".into(), "one row at least");
    }
    if schema.num_columns() > COLUMNS || rows.saturating_mul(schema.num_columns()) > CELLS {
        return refuse("more than 2^29 cells".into(), "keep only the columns and rows that the model needs");
    }
    let mut columns: Vec<Growing> = Vec::with_capacity(schema.num_columns());
    let mut known = HashMap::new();
    for (at, about) in schema.columns().iter().enumerate() {
        let header = about.path().string();
        let name = name(&header, at);
        if let Some(before) = known.insert(name.clone(), at) {
            let message = format!("columns {} and {} are both called `{name}`", before + 1, at + 1);
            return refuse(message, "give each column a name of its own; signs other than letters and digits count as `_`");
        }
        let kind = Kind::of(about);
        let problem = kind.err().map(|what| {
            let message = format!("{source}, column {} (`{header}`): {what}", at + 1);
            Error::new(ErrorKind::Data, message).hint("convert it to numbers; other columns can be used as they are")
        });
        let place = format!("{source}, column {} (`{header}`)", at + 1);
        columns.push(Growing { name, header, place, kind: kind.ok(), values: Vec::new(), problem });
    }
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(unreadable)?;
        for (at, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.problem.is_none()) {
            column.append(group.get_column_reader(at).map_err(unreadable)?, rows).map_err(unreadable)?;
        }
    }
    if let Some(column) = columns.iter().find(|column| column.problem.is_none() && column.values.len() != rows) {
        return refuse(format!("the column `{}` has {} of {rows} rows", column.header, column.values.len()), "write the file anew");
    }
    let columns = columns.into_iter().map(|column| Column {
        name: column.name,
        header: column.header,
        values: column.values.into(),
        problem: column.problem,
        missing: None,
        groups: None,
    });
    Ok(Table { name: None, source: source.into(), columns: columns.collect(), rows })
}

/// How stored values become numbers.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Number,
    Unsigned,
    /// Whole numbers over this power of ten.
    Decimal(f64),
}

impl Kind {
    /// Of a column; what is wrong with it where it holds no numbers.
    fn of(about: &ColumnDescriptor) -> std::result::Result<Kind, &'static str> {
        if about.max_rep_level() > 0 {
            return Err("it holds lists");
        }
        match about.physical_type() {
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => return Err("it holds texts or other bytes, not numbers"),
            Type::INT96 => return Err("it holds times"),
            Type::BOOLEAN | Type::FLOAT | Type::DOUBLE => return Ok(Kind::Number),
            Type::INT32 | Type::INT64 => {}
        }
        match (about.converted_type(), about.logical_type_ref()) {
            (ConvertedType::DECIMAL, _) if (0..=22).contains(&about.type_scale()) => Ok(Kind::Decimal(10_f64.powi(about.type_scale()))),
            (ConvertedType::DECIMAL, _) => Err("it holds decimals of a scale that no double has"),
            (ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64, _) => Ok(Kind::Unsigned),
            (_, None | Some(LogicalType::Integer(_))) if !is_time(about.converted_type()) => Ok(Kind::Number),
            _ => Err("it holds dates or times"),
        }
    }
}

fn is_time(converted: ConvertedType) -> bool {
    use ConvertedType::*;
    matches!(converted, DATE | TIME_MILLIS | TIME_MICROS | TIMESTAMP_MILLIS | TIMESTAMP_MICROS | INTERVAL)
}

/// A column while it is read.
struct Growing {
    name: String,
    header: String,
    /// The file and the column, for messages.
    place: String,
    kind: Option<Kind>,
    values: Vec<f64>,
    problem: Option<Error>,
}

impl Growing {
    /// Takes the values of one row group; never more than `rows` in all.
    fn append(&mut self, reader: ColumnReader, rows: usize) -> std::result::Result<(), ParquetError> {
        let unsigned = matches!(self.kind, Some(Kind::Unsigned));
        match reader {
            ColumnReader::BoolColumnReader(reader) => self.take(reader, rows, |&value| f64::from(u8::from(value))),
            ColumnReader::Int32ColumnReader(reader) if unsigned => self.take(reader, rows, |&value| f64::from(value.cast_unsigned())),
            ColumnReader::Int32ColumnReader(reader) => self.take(reader, rows, |&value| f64::from(value)),
            ColumnReader::Int64ColumnReader(reader) if unsigned => self.take(reader, rows, |&value| value.cast_unsigned() as f64),
            ColumnReader::Int64ColumnReader(reader) => self.take(reader, rows, |&value| value as f64),
            ColumnReader::FloatColumnReader(reader) => self.take(reader, rows, |&value| f64::from(value)),
            ColumnReader::DoubleColumnReader(reader) => self.take(reader, rows, |&value| value),
            ColumnReader::Int96ColumnReader(_)
            | ColumnReader::ByteArrayColumnReader(_)
            | ColumnReader::FixedLenByteArrayColumnReader(_) => {
                Err(ParquetError::General("a column of another type than its schema says".into()))
            }
        }
    }

    fn take<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        rows: usize,
        number: impl Fn(&T::T) -> f64,
    ) -> std::result::Result<(), ParquetError> {
        let whole = matches!(T::get_physical_type(), Type::INT32 | Type::INT64);
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        loop {
            levels.clear();
            values.clear();
            let (records, filled, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
            if records == 0 {
                return Ok(());
            }
            if self.values.len() + records > rows {
                return Err(ParquetError::General(format!("more rows than the {rows} it says")));
            }
            if filled < records {
                // Levels are there only where a column may have gaps; the row is one whose level falls short of the deepest.
                let deepest = levels.iter().copied().max().unwrap_or(0);
                let gap = levels.iter().position(|&level| filled == 0 || level < deepest).unwrap_or(0);
                return self.refuse(
                    gap,
                    "the value is missing",
                    "drop the row, or fill the value in; other columns can be used as they are",
                );
            }
            for (at, value) in values.iter().map(&number).enumerate() {
                if value.is_nan() {
                    return self.refuse(at, "the value is missing", "drop the row, or fill the value in");
                }
                if whole && value.abs() >= WHOLE {
                    return self.refuse(at, "a whole number too large for a double", "below 2^53 they are exact; is it an identifier?");
                }
                self.values.push(match self.kind {
                    Some(Kind::Decimal(power)) => value / power,
                    _ => value,
                });
            }
        }
    }

    /// Gives the column up at a row of this batch.
    fn refuse(&mut self, at: usize, what: &str, hint: &str) -> std::result::Result<(), ParquetError> {
        let message = format!("{}, row {}: {what}", self.place, self.values.len() + at + 1);
        self.problem = Some(Error::new(ErrorKind::Data, message).hint(hint));
        self.values = Vec::new();
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Written by tests/data/parquet.py: five rows in groups of two, a codec for each of the first five columns.
    const TABLE: &[u8] = include_bytes!("../../tests/data/table.parquet");

    #[test]
    fn a_table_from_a_pipe_is_known_by_its_first_bytes() {
        /// As a pipe may: a byte at a time.
        struct Slow<'a>(&'a [u8]);
        impl std::io::Read for Slow<'_> {
            fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
                let count = to.len().min(1);
                std::io::Read::read(&mut self.0, &mut to[..count])
            }
        }
        assert_eq!(Table::read("stdin", Slow(TABLE), None).unwrap().rows(), 5);
        assert_eq!(Table::read("stdin", Slow(b"y,x\n1,2\n3,4\n"), None).unwrap().rows(), 2);
        assert_eq!(Table::read("stdin", Slow(b"y\n1\n"), None).unwrap().rows(), 1);
    }

    #[test]
    fn columns_of_every_kind_are_numbers_or_say_why_not() {
        let table = Table::from_parquet("t.parquet", TABLE.to_vec()).unwrap();
        assert_eq!(table.rows(), 5);
        let column = |name: &str| table.columns().iter().find(|column| column.name() == name).unwrap().values();
        let values = |name: &str| column(name).unwrap().to_vec();
        assert_eq!(values("y"), [28.0, -0.125, 1e300, 0.1, 7.0]);
        assert_eq!(values("single"), [0.5, 1.5, -2.0, 3.0, 4.0]);
        assert_eq!(values("school"), [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(values("small"), [-128.0, 127.0, 0.0, 1.0, 2.0]);
        assert_eq!(values("unsigned")[4], 4_294_967_295.0);
        assert_eq!(values("truth"), [1.0, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!(values("price"), [0.1, 1.25, -3.99, 0.0, 12.0]);
        assert_eq!(values("log_income"), [1.0, 2.0, 3.0, 4.0, 5.0]);
        for (name, message) in [
            ("gap", "t.parquet, column 8 (`gap`), row 2: the value is missing"),
            ("nan", "t.parquet, column 9 (`nan`), row 3: the value is missing"),
            ("name", "t.parquet, column 10 (`name`): it holds texts or other bytes, not numbers"),
            ("day", "t.parquet, column 11 (`day`): it holds dates or times"),
            ("moment", "t.parquet, column 12 (`moment`): it holds dates or times"),
            ("list_list_element", "t.parquet, column 13 (`list.list.element`): it holds lists"),
            ("identifier", "t.parquet, column 14 (`identifier`), row 3: a whole number too large for a double"),
        ] {
            assert_eq!(column(name).unwrap_err().message, message);
        }
    }

    #[test]
    fn broken_files_are_errors() {
        // Broken off anywhere, and with any byte changed; a changed byte may also hit a value, which no checksum guards here.
        for length in (0..TABLE.len()).step_by(7) {
            assert!(Table::from_parquet("t", TABLE[..length].to_vec()).is_err(), "{length} bytes");
        }
        for at in 0..TABLE.len() {
            let mut bytes = TABLE.to_vec();
            bytes[at] ^= 1 << (at % 8);
            let table = Table::from_parquet("t", bytes);
            assert!(table.is_err() || table.is_ok_and(|table| table.rows() == 5), "byte {at}");
        }
    }
}
