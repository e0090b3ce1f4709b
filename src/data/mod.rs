//! Tables of numbers: the columns that a formula may name.

mod cell;
mod csv;
mod groups;
mod json;
mod kind;
mod opening;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod records;
mod rows;

use std::io::{Cursor, Read};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::math::Numbers;
use kind::{Kind, SIGNATURE};

/// The tables of a model.
#[derive(Debug, Clone, Default)]
pub struct Data {
    tables: Vec<Table>,
    constants: Vec<(String, f64)>,
    /// What was left out, in sentences.
    notes: Vec<String>,
}

/// Named columns of one length.
#[derive(Debug, Clone)]
pub struct Table {
    name: Option<String>,
    source: String,
    columns: Vec<Column>,
    rows: usize,
}

/// A column of numbers. A cell that is none is no error until the column is used, so that tables with texts and gaps in other
/// columns serve.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    header: String,
    /// NaN where a cell is missing.
    values: Numbers,
    problem: Option<Error>,
    missing: Option<Error>,
    /// The texts of a column of texts, and for each row the number of its text.
    groups: Option<(Arc<[String]>, Numbers)>,
}

impl Data {
    /// These tables.
    pub fn new(tables: Vec<Table>) -> Self {
        Data { tables, ..Data::default() }
    }

    /// Adds what a file holds: a table, or of JSON the arrays of each length as a table and the numbers as constants. Under a name the
    /// column y is `name.y`. `length` is how many bytes there are, if that is known.
    ///
    /// ```
    /// use langevin::data::Data;
    /// let mut data = Data::default();
    /// data.read("data.json", None, r#"{"N": 2, "y": [1.5, 2], "prior": [0, 1, 2]}"#.as_bytes(), None)?;
    /// assert_eq!((data.tables().len(), data.constant("N")), (2, Some(2.0)));
    /// # Ok::<(), langevin::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Table::read`].
    pub fn read(&mut self, source: &str, name: Option<&str>, reader: impl Read, length: Option<u64>) -> Result<()> {
        let found = match opened(source, reader)? {
            (Kind::Json, reader) => json::read(source, &whole(source, reader.take(json::BYTES + 1))?)?,
            (kind, reader) => json::Found { tables: vec![table(source, kind, reader, length)?], constants: Vec::new() },
        };
        let named = |table: Table| match name {
            Some(name) => table.named(name),
            None => table,
        };
        self.tables.extend(found.tables.into_iter().map(named));
        self.constants.extend(found.constants.into_iter().map(|(constant, value)| (prefixed(name, &constant), value)));
        Ok(())
    }

    /// Leaves out the rows in which a column of `names` has no cell. A name may stand for several columns, as [`columns`](Data::columns) says.
    ///
    /// # Errors
    /// Kind `data`: a name that no column has, a table that is left without rows.
    pub fn drop_missing(&mut self, names: &[&str]) -> Result<()> {
        let mut dropped: Vec<Vec<bool>> = self.tables.iter().map(|table| vec![false; table.rows]).collect();
        for name in names {
            let columns = self.columns(name);
            if columns.is_empty() {
                let error = Error::new(ErrorKind::Data, format!("no column is called `{name}`"));
                return Err(error.hint(format!("the columns are {}", self.names().join(", "))));
            }
            for (table, column) in columns {
                let cells = column.groups().map_or(&column.values, |(_, codes)| codes);
                dropped[table].iter_mut().zip(cells.iter()).for_each(|(dropped, cell)| *dropped |= cell.is_nan());
            }
        }
        for (table, dropped) in self.tables.iter_mut().zip(&dropped) {
            let count = dropped.iter().filter(|&&dropped| dropped).count();
            if count == table.rows {
                let error = Error::new(ErrorKind::Data, format!("{}: every row misses a value that the model reads", table.source));
                return Err(error.hint("name the columns that must be there: --drop-missing x,y"));
            }
            if count > 0 {
                self.notes.push(format!("{count} of {} rows of {} have missing values and are left out", table.rows, table.source));
                table.keep(|row| !dropped[row]);
            }
        }
        Ok(())
    }

    /// What was left out, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The column called `name`, or where there is none the columns `name1`, `name2`, …, as different programs write them, each with the
    /// number of its table; two or more.
    pub fn columns(&self, name: &str) -> Vec<(usize, &Column)> {
        if let Some(found) = self.find(name) {
            return vec![found];
        }
        let spellings: [fn(&str, usize) -> String; 4] =
            [|x, i| format!("{x}{i}"), |x, i| format!("{x}_{i}"), |x, i| format!("{x}_{i}_"), |x, i| format!("{x}_{i:02}")];
        let spelt = spellings.into_iter().map(|spelling| (1..).map_while(|i| self.find(&spelling(name, i))).collect::<Vec<_>>());
        spelt.into_iter().find(|columns| columns.len() >= 2).unwrap_or_default()
    }

    /// The number called `N`, or `d.N`.
    pub fn constant(&self, name: &str) -> Option<f64> {
        self.constants.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Whether a column or a constant is called so.
    pub fn holds(&self, name: &str) -> bool {
        self.find(name).is_some() || self.constant(name).is_some()
    }

    /// The tables, in order.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The column called `y`, of a table without a name, or `s.y`, of the table called s; and the number of its table.
    pub fn find(&self, name: &str) -> Option<(usize, &Column)> {
        let (table, column) = match name.split_once('.') {
            Some((table, column)) => (Some(table), column),
            None => (None, name),
        };
        let tables = self.tables.iter().enumerate().filter(|(_, known)| known.name() == table);
        tables.flat_map(|(at, table)| table.columns.iter().map(move |column| (at, column))).find(|(_, known)| known.name == column)
    }

    /// Every name that [`holds`](Data::holds) knows.
    pub fn names(&self) -> Vec<String> {
        let columns = self.tables.iter().flat_map(|table| table.columns.iter().map(|column| prefixed(table.name(), &column.name)));
        columns.chain(self.constants.iter().map(|(name, _)| name.clone())).collect()
    }
}

fn prefixed(prefix: Option<&str>, name: &str) -> String {
    prefix.map_or_else(|| name.to_string(), |prefix| format!("{prefix}.{name}"))
}

/// What a file is, and a reader of it from its first byte on, decompressed.
fn opened<'a>(source: &str, reader: impl Read + 'a) -> Result<(Kind, Box<dyn Read + 'a>)> {
    match peeked(source, Box::new(reader))? {
        (Kind::Gzip, reader) => peeked(source, Box::new(flate2::read::MultiGzDecoder::new(reader))),
        other => Ok(other),
    }
}

fn peeked<'a>(source: &str, mut reader: Box<dyn Read + 'a>) -> Result<(Kind, Box<dyn Read + 'a>)> {
    let mut start = Vec::new();
    let read = reader.by_ref().take(SIGNATURE as u64).read_to_end(&mut start);
    read.map_err(|error| records::unreadable(source, &error))?;
    let kind = Kind::of(&start);
    let start = if start.starts_with(MARK) { start.split_off(MARK.len()) } else { start };
    Ok((kind, Box::new(Cursor::new(start).chain(reader))))
}

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

fn whole(source: &str, mut reader: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| records::unreadable(source, &error))?;
    Ok(bytes)
}

/// The one table of a file.
fn table(source: &str, kind: Kind, reader: Box<dyn Read + '_>, length: Option<u64>) -> Result<Table> {
    let refuse = |message: &str, hint: &str| Err(Error::new(ErrorKind::Data, format!("{source}: {message}")).hint(hint));
    match kind {
        Kind::Text => csv::read(source, reader, length),
        Kind::Json => {
            let found = json::read(source, &whole(source, reader.take(json::BYTES + 1))?)?;
            match <[Table; 1]>::try_from(found.tables) {
                Ok([table]) => Ok(table),
                Err(_) => refuse("the arrays of this JSON are of several lengths", "save a table as CSV"),
            }
        }
        #[cfg(feature = "parquet")]
        Kind::Parquet => parquet::read(source, whole(source, reader)?),
        #[cfg(not(feature = "parquet"))]
        Kind::Parquet => refuse("the file is Parquet, not text", "build with --features parquet, or save it as CSV"),
        Kind::Gzip => refuse("the file is compressed twice", "decompress it first"),
        Kind::Other(what, way_out) => refuse(&format!("the file is {what}"), way_out),
    }
}

impl Table {
    /// Reads a table by its first bytes: text, JSON, either of them compressed by gzip, or Parquet if the feature `parquet` is there.
    ///
    /// Text is a line of names, then a line for each row. Commas, semicolons, tabs, `|` or blanks separate; quotes, comments, a byte-order
    /// mark, either kind of line end and blank lines are understood. `source` is what errors call the file, `length` how many bytes there
    /// are, if that is known: memory for them is then set aside once.
    ///
    /// ```
    /// use langevin::data::Table;
    /// let table = Table::read("schools.csv", "school,y\n1,28\n2,8\n".as_bytes(), None)?;
    /// assert_eq!(table.rows(), 2);
    /// assert_eq!(table.columns()[1].values()?[..], [28.0, 8.0]);
    /// # Ok::<(), langevin::Error>(())
    /// ```
    ///
    /// # Errors
    /// Kind `data`, with line and column: no header, rows of different lengths, a name twice, a file of another kind. Kind `io` if reading
    /// fails.
    pub fn read(source: &str, reader: impl Read, length: Option<u64>) -> Result<Table> {
        let (kind, reader) = opened(source, reader)?;
        table(source, kind, reader, length)
    }

    /// [`read`](Table::read) for what is in memory.
    ///
    /// # Errors
    /// As [`read`](Table::read).
    pub fn from_csv(source: &str, reader: impl Read) -> Result<Table> {
        Table::read(source, reader, None)
    }

    /// Reads the bytes of a Parquet file, a row for each of its rows. `source` is what errors call it.
    ///
    /// # Errors
    /// Kind `data`: a file that breaks off, no rows, a name twice. Columns of texts, dates, lists, gaps, or whole numbers beyond 2⁵³ are
    /// errors once they are used.
    #[cfg(feature = "parquet")]
    pub fn from_parquet(source: &str, bytes: Vec<u8>) -> Result<Table> {
        parquet::read(source, bytes)
    }

    /// Columns that are there already, each with its name.
    ///
    /// # Errors
    /// Kind `data` if their lengths differ, there are none, or two have one name.
    pub fn from_columns(columns: Vec<(String, Vec<f64>)>) -> Result<Table> {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let refuse = |message: String| Err(Error::new(ErrorKind::Data, message).hint("columns of one length, each with a name of its own"));
        if rows == 0 {
            return refuse("the table has no rows".into());
        }
        if let Some((name, values)) = columns.iter().find(|(_, values)| values.len() != rows) {
            return refuse(format!("the column `{name}` has {} rows, the first one {rows}", values.len()));
        }
        for (at, (name, _)) in columns.iter().enumerate() {
            if columns[..at].iter().any(|(other, _)| other == name) {
                return refuse(format!("two columns are called `{name}`"));
            }
        }
        let column = |(name, values): (String, Vec<f64>)| {
            let place = values.iter().position(|value| value.is_nan());
            let missing = place.map(|row| Error::new(ErrorKind::Data, format!("row {} of the column `{name}` is NaN", row + 1)));
            Column { header: name.clone(), name, values: values.into(), problem: None, missing, groups: None }
        };
        Ok(Table { name: None, source: "table".into(), columns: columns.into_iter().map(column).collect(), rows })
    }

    /// The same table under a name: its columns are then `name.column`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Table {
        self.name = Some(name.into());
        self
    }

    /// Keeps only these rows.
    fn keep(&mut self, is_kept: impl Fn(usize) -> bool) {
        let kept: Vec<usize> = (0..self.rows).filter(|&row| is_kept(row)).collect();
        let of = |values: &Numbers| -> Numbers { kept.iter().map(|&row| values[row]).collect() };
        for column in &mut self.columns {
            // The numbers of a column of texts end at the first text.
            if column.problem.is_none() {
                column.values = of(&column.values);
                column.missing = column.missing.take().filter(|_| column.values.iter().any(|value| value.is_nan()));
            }
            if let Some((_, codes)) = &mut column.groups {
                *codes = of(codes);
            }
        }
        self.rows = kept.len();
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it came from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How many rows it has; one or more.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}

impl Column {
    /// What a formula calls it: its header, with everything but letters, digits and `_` replaced by `_`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its header as it stands in the file.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// A number a row.
    ///
    /// # Errors
    /// Kind `data`: the first cell that is missing or no number, with line and column.
    pub fn values(&self) -> Result<Numbers> {
        match self.missing.as_ref().or(self.problem.as_ref()) {
            None => Ok(self.values.clone()),
            Some(problem) => Err(problem.clone()),
        }
    }

    /// A number a row, NaN where the cell is missing, and the error that says where the first one is.
    ///
    /// `None` for a column without a missing cell, and for one of texts.
    pub fn gaps(&self) -> Option<(Numbers, &Error)> {
        let missing = self.missing.as_ref()?;
        self.problem.is_none().then(|| (self.values.clone(), missing))
    }

    /// The texts of a column of texts in order of first appearance, and for each row the number of its text, from 1; NaN where the cell is
    /// missing. `None` for a column of numbers.
    ///
    /// ```
    /// use langevin::data::Table;
    /// let table = Table::from_csv("t.csv", "county,y\nHennepin,1\nAda,2\nHennepin,3\n".as_bytes())?;
    /// let (names, codes) = table.columns()[0].groups().expect("texts");
    /// assert_eq!((names[1].as_str(), &codes[..]), ("Ada", &[1.0, 2.0, 1.0][..]));
    /// # Ok::<(), langevin::Error>(())
    /// ```
    pub fn groups(&self) -> Option<(&Arc<[String]>, &Numbers)> {
        let (names, codes) = self.groups.as_ref()?;
        self.problem.is_some().then_some((names, codes))
    }
}
