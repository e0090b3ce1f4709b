//! Tables in files: what each kind of file gives, hostile and broken ones included, as docs/data.md lists it.
#![allow(clippy::disallowed_methods, reason = "a test fails by panicking, and writes the page when asked to")]

use std::fmt::Write as _;
use std::fs;

use langevin::ErrorKind;
use langevin::data::{Data, Table};
use proptest::prelude::*;

/// What the file is, and its bytes. The answers stand in docs/data.md.
const CASES: &[(&str, &[u8])] = &[
    ("plain", b"x,y\n1,2\n3,4\n"),
    ("no line end at the end", b"x,y\n1,2"),
    ("CRLF", b"x,y\r\n1,2\r\n3,\r\n"),
    ("lone CR", b"x,y\r1,2\r3,\r"),
    ("mixed line ends", b"x\r\n1\n2\r3\n\r4\r\n"),
    ("byte-order mark", b"\xEF\xBB\xBFx,y\n1,2\n"),
    ("blanks around cells", b" x , y \n 1 ,\t2 \n"),
    ("blank lines", b"\n  \nx,y\n\n1,2\n   \n\n3,oops\n"),
    ("a blank line, one column", b"x\n1\n\n2\n"),
    ("an empty cell in quotes, one column", b"x\n1\n\"\"\n2\n"),
    ("tabs", b"x\ty\n1\t2\n"),
    ("semicolons, decimal commas", b"x;y\n1,5;2\n-0,25;3e1\n"),
    ("semicolons, decimal points", b"x;y\n1.5;2\n"),
    ("both decimal marks in a column", b"x;y\n1.5;2\n1,234;3\n"),
    ("both decimal marks in a number", b"x;y\n1.234,5;2\n"),
    ("commas in a quoted name", b"\"a, b, c\";y\n1;2\n"),
    ("quotes", b"\"x\",\"y\"\n\"1\",\"2\"\n"),
    ("quotes inside quotes", b"x,y\n1,\"say \"\"no\"\"\"\n"),
    ("line ends inside quotes", b"id,x\n\"a\nb\r\nc\",1\nd,oops\n"),
    ("a line end in a name", b"\"x\ny\",z\n1,2\n"),
    ("a quote never closed", b"x,y\n1,2\n3,\"4\n5,6\n"),
    ("text after a closing quote", b"x,y\n1,\"1\"2\n"),
    ("a quote inside a number", b"x,y\n1,1\"2\n"),
    ("names of rows", b"\"\",\"x\"\n\"1\",5\n\"2\",6\n"),
    ("names that are no identifiers", b"Miles per gallon,x.1,2nd\n1,2,3\n"),
    ("names that collide", b"x.1,x_1\n1,2\n"),
    ("a name twice", b"x,y,x\n1,2,3\n"),
    ("texts in another column", b"name,x\nAnna,1\nBo,2\n"),
    ("booleans", b"x\ntrue\nFALSE\nTrue\n"),
    ("missing, empty", b"x,y\n1,2\n,3\n"),
    ("missing, NA", b"x\n1\nNA\n"),
    ("missing, NaN", b"x\n1\nNaN\n"),
    ("missing, null", b"x\nnull\n"),
    ("missing, a point", b"x\n1\n.\n"),
    ("missing, ?", b"x\n1\n?\n"),
    ("trailing unit", b"x\n12kg\n"),
    ("thousands, quoted", b"x,y\n\"1,234\",1\n"),
    ("thousands, points", b"x;y\n1.234.567;1\n"),
    ("thousands, blanks", b"x\n1 234\n"),
    ("percent", b"x\n50%\n"),
    ("hexadecimal", b"x\n0x1F\n"),
    ("infinite", b"x\n1\n-inf\n"),
    ("too large", b"x\n1e999\n"),
    ("too small", b"x\n1e-999\n"),
    ("the smallest and the largest", b"x\n5e-324\n-1.7976931348623157e308\n"),
    ("a leading plus, bare points", b"x\n+1\n.5\n5.\n"),
    ("a typographic minus", "x\n\u{2212}1\n".as_bytes()),
    ("a date", b"x\n2026-11-23\n"),
    ("underscores", b"x\n1_000\n"),
    ("a row too short", b"x,y\n1,2\n3\n"),
    ("a row too long", b"x,y\n1,2\n3,4,5\n"),
    ("a comma at the end of rows", b"x,y\n1,2,\n"),
    ("comments", b"# made by hand\nx,y\n# said \"so\"\n1,2\n# end\n"),
    ("a comment below the header", b"x,y\n1,2\n# end\n"),
    ("a text that begins with #", b"x,y\n#1,2\n"),
    ("names in a comment", b"# y x\n1.5 2\n2.5 3\n"),
    ("blanks", b"y x\n1.5  2\n  2.5\t3 \n"),
    ("R's write.table", b"\"body.mass\" \"x\"\n\"1\" 6.4 2\n\"2\" -6 NA\n"),
    ("R's write.table with commas", b"\"x\",\"y\"\n\"1\",6.4,2\n"),
    ("words in the name of the only column", b"Miles per gallon\n21\n22\n"),
    ("bars", b"x|y\n1|2\n"),
    ("Excel's line", b"sep=;\ny;x\n6,4;2\n"),
    ("no header", b"1,2\n3,4\n"),
    ("header only", b"x,y\n"),
    ("empty", b""),
    ("blank lines only", b"\n \r\n\n"),
    ("UTF-16", b"\xFF\xFEx\0\n\x001\0\n\0"),
    ("Latin-1 in another column", b"x,y\n1,2\n3,\xE9\n"),
    ("a name in Latin-1", b"x,\xE9\n1,2\n"),
    ("NUL bytes in the header", b"x\0,y\n1,2\n"),
    ("a NUL byte in a cell", b"x,y\n1\0,2\n"),
    ("a spreadsheet", b"PK\x03\x04rest"),
    ("Parquet", b"PAR1rest"),
    ("gzip", b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\x03\xAB\xD0\xA9\xE4\x32\xD4\x31\xE2\x02\x00\x23\xDF\x72\x00\x08\x00\x00\x00"),
    ("JSON", br#"{"N": 2, "y": [1.5, null], "x": [[1, 2], [3, 4]], "name": ["a", "b"]}"#),
    ("JSON by records", br#"[{"x": 1, "y": "NA"}, {"x": 2, "y": 3}]"#),
    ("JSON by columns", br#"{"x": {"0": 1, "1": 2}}"#),
    ("JSON with arrays of two lengths", br#"{"x": [1, 2], "y": [3]}"#),
    ("JSON that breaks off", br#"{"x": [1, 2"#),
    ("NumPy", b"\x93NUMPY\x01\0v\0{'descr': '<f8', }"),
    ("netCDF", b"CDF\x01rest"),
    ("HDF5", b"\x89HDF\r\n\x1a\nrest"),
    ("R's own format", b"RDX3\nX\nrest"),
    ("bzip2", b"BZh91AY"),
    ("terminal controls", b"x\n\x1b[2J\n"),
];

/// What the file gives: its columns, or why not.
fn answer(bytes: &[u8]) -> String {
    let table = match Table::read("t.csv", bytes, None) {
        Ok(table) => table,
        Err(error) => return error.to_string(),
    };
    let column = |column: &langevin::data::Column| match column.values() {
        Ok(values) => format!("`{}` = {values:?}", column.name()),
        Err(error) => error.to_string(),
    };
    table.columns().iter().map(column).collect::<Vec<_>>().join("; ")
}

#[test]
fn each_file_gets_the_answer_of_the_page() {
    let mut rows = String::new();
    for (what, bytes) in CASES {
        let shown = bytes.escape_ascii().to_string().replace("\\\"", "\"").replace('|', "\\|");
        let shown = if shown.is_empty() { String::new() } else { format!("`{shown}`") };
        writeln!(rows, "| {what} | {shown} | {} |", answer(bytes).replace('|', "\\|")).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/data.md");
    let page = fs::read_to_string(path).unwrap();
    let start = page.find("| --- | --- | --- |\n").unwrap() + "| --- | --- | --- |\n".len();
    let page_rows = &page[start..];
    if std::env::var_os("UPDATE_DATA").is_some() {
        fs::write(path, format!("{}{rows}", &page[..start])).unwrap();
    } else {
        for (expected, found) in page_rows.lines().zip(rows.lines()) {
            assert_eq!(found, expected);
        }
        assert_eq!(page_rows.lines().count(), CASES.len());
    }
}

#[test]
fn every_refusal_is_the_files_fault_and_has_a_way_out() {
    for (what, bytes) in CASES {
        let errors = match Table::read("t.csv", *bytes, None) {
            Ok(table) => table.columns().iter().filter_map(|column| column.values().err()).collect(),
            Err(error) => vec![error],
        };
        for error in errors {
            assert_eq!(error.kind, ErrorKind::Data, "{what}");
            assert!(error.hint.is_some(), "{what}");
            assert!(!error.to_string().contains(|c: char| c.is_control()), "{what}");
        }
    }
}

#[test]
fn a_file_that_ends_inside_its_compression_is_no_table() {
    let (_, whole) = CASES.iter().find(|(what, _)| *what == "gzip").unwrap();
    let error = Table::read("t.csv.gz", &whole[..whole.len() - 12], None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io);
}

#[test]
fn arrays_of_a_json_document_are_tables_by_length_and_numbers_are_constants() {
    let text = r#"{"N": 3, "flag": true, "y": [1, 2, 3], "prior": [0.5, 2], "X": [[1, 2], [3, 4], [5, 6]], "deep": [[[1]]], "none": []}"#;
    let mut data = Data::default();
    data.read("d.json", Some("d"), text.as_bytes(), None).unwrap();
    let rows: Vec<usize> = data.tables().iter().map(Table::rows).collect();
    assert_eq!((rows, data.constant("d.N"), data.constant("d.flag"), data.constant("N")), (vec![3, 2], Some(3.0), Some(1.0), None));
    assert_eq!(data.names(), ["d.y", "d.X_1", "d.X_2", "d.prior", "d.N", "d.flag"]);
    let (table, column) = data.find("d.X_2").unwrap();
    assert_eq!((table, &column.values().unwrap()[..]), (0, &[2.0, 4.0, 6.0][..]));
    assert!(data.holds("d.prior") && data.holds("d.N") && !data.holds("d.deep"));
}

#[test]
fn columns_are_found_by_name_and_by_table() {
    let plain = Table::from_csv("a.csv", "x,y\n1,2\n".as_bytes()).unwrap();
    let named = Table::from_csv("b.csv", "x\n3\n".as_bytes()).unwrap().named("s");
    let data = Data::new(vec![plain, named]);
    let value = |name: &str| data.find(name).map(|(table, column)| (table, column.values().unwrap()[0]));
    assert_eq!(value("x"), Some((0, 1.0)));
    assert_eq!(value("s.x"), Some((1, 3.0)));
    assert_eq!(value("s.y"), None);
    assert_eq!(data.names(), ["x", "y", "s.x"]);
}

/// Gives one byte a call, so that nothing hangs on where a buffer ends.
struct Trickle<'a>(&'a [u8]);

impl std::io::Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let take = self.0.len().min(1);
        buffer[..take].copy_from_slice(&self.0[..take]);
        self.0 = &self.0[take..];
        Ok(take)
    }
}

fn numbers() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let finite = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite());
    (1usize..5).prop_flat_map(move |width| prop::collection::vec(prop::collection::vec(finite.clone(), width), 1..20))
}

proptest! {
    #[test]
    fn what_is_written_is_read_bit_for_bit(
        rows in numbers(), quoted: u64, line_end in prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"]),
        separator in prop::sample::select(vec![",", ";", "\t"]), last: bool,
    ) {
        let width = rows[0].len();
        let mut text = (0..width).map(|at| format!("c{at}")).collect::<Vec<_>>().join(separator);
        for (at, row) in rows.iter().enumerate() {
            let cell = |(place, value): (usize, &f64)| {
                if quoted >> ((at * width + place) % 64) & 1 == 1 { format!("\"{value:?}\"") } else { format!("{value:e}") }
            };
            text += line_end;
            text += &row.iter().enumerate().map(cell).collect::<Vec<_>>().join(separator);
        }
        if last {
            text += line_end;
        }
        for table in [Table::from_csv("t", text.as_bytes()).unwrap(), Table::from_csv("t", Trickle(text.as_bytes())).unwrap()] {
            prop_assert_eq!(table.rows(), rows.len());
            for (at, column) in table.columns().iter().enumerate() {
                let values = column.values().unwrap();
                for (row, value) in rows.iter().zip(values.iter()) {
                    prop_assert_eq!(row[at].to_bits(), value.to_bits());
                }
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        for header in [&b""[..], b"a\n", b"a,b\n1,2\n", b"a;b\n1;"] {
            answer(&[header, &bytes].concat());
        }
    }

    #[test]
    fn nothing_hangs_on_where_a_buffer_ends(text in "\u{FEFF}?[a1.,;\t\"\r\n -]{0,60}") {
        let (whole, trickled) = (Table::from_csv("t", text.as_bytes()), Table::from_csv("t", Trickle(text.as_bytes())));
        prop_assert_eq!(format!("{whole:?}"), format!("{trickled:?}"));
    }
}
