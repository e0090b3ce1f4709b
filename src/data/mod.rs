//! Tables of numbers: the columns that a formula may name.

mod cell;
mod csv;
mod groups;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod records;
mod rows;

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::math::Numbers;

/// The tables of a model.
#[derive(Debug, Clone, Default)]
pub struct Data {
    tables: Vec<Table>,
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
        Data { tables }
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

    /// Every name that [`find`](Data::find) knows.
    pub fn names(&self) -> Vec<String> {
        let prefixed = |table: &Table, column: &Column| match &table.name {
            Some(name) => format!("{name}.{}", column.name),
            None => column.name.clone(),
        };
        self.tables.iter().flat_map(|table| table.columns.iter().map(move |column| prefixed(table, column))).collect()
    }
}

impl Table {
    /// Reads a table by its first bytes: Parquet where they say so and the feature `parquet` is there, otherwise comma-separated values.
    ///
    /// `length` is how many bytes there are, if that is known: memory for them is then set aside once.
    ///
    /// # Errors
    /// Those of [`from_csv`](Table::from_csv) and `from_parquet`.
    pub fn read(source: &str, reader: impl std::io::Read, length: Option<u64>) -> Result<Table> {
        #[cfg(feature = "parquet")]
        let reader = {
            use std::io::Read;
            let (mut reader, mut start) = (reader, Vec::new());
            let unreadable = |error| records::unreadable(source, &error);
            reader.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
            if start == b"PAR1" {
                reader.read_to_end(&mut start).map_err(unreadable)?;
                return Table::from_parquet(source, start);
            }
            std::io::Cursor::new(start).chain(reader)
        };
        csv::read(source, reader, length)
    }

    /// Reads comma-separated values: a line of names, then a line for each row. Semicolons and tabs separate too; quotes, a byte-order
    /// mark, either kind of line end and blank lines are understood. `source` is what errors call the file.
    ///
    /// ```
    /// use langevin::data::Table;
    /// let table = Table::from_csv("schools.csv", "school,y\n1,28\n2,8\n".as_bytes())?;
    /// assert_eq!(table.rows(), 2);
    /// assert_eq!(table.columns()[1].values()?[..], [28.0, 8.0]);
    /// # Ok::<(), langevin::Error>(())
    /// ```
    ///
    /// # Errors
    /// Kind `data`, with line and column: no header, rows of different lengths, a name twice, text that is not UTF-8. Kind `io` if
    /// reading fails.
    pub fn from_csv(source: &str, reader: impl std::io::Read) -> Result<Table> {
        csv::read(source, reader, None)
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
