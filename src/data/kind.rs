//! What a file is, by its first bytes.

/// As many bytes as tell it.
pub(super) const SIGNATURE: usize = 16;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Text,
    Json,
    Gzip,
    Parquet,
    /// Nothing that is read here: what, and the way out.
    Other(&'static str, &'static str),
}

const COMPRESSED: &str = "decompress it first, or compress it by gzip";
const NETCDF: &str = "save a table as CSV; with xarray: dataset.to_dataframe().to_csv(\"data.csv\")";
const R: &str = "save it as CSV: write.csv(x, \"data.csv\")";
const PANDAS: &str = "save it as CSV; with pandas: frame.to_csv(\"data.csv\")";

/// First bytes, what they belong to, the way out.
const OTHERS: &[(&[u8], &str, &str)] = &[
    (b"\xFF\xFE", "UTF-16 text", "save it as UTF-8"),
    (b"\xFE\xFF", "UTF-16 text", "save it as UTF-8"),
    (b"PK\x03\x04", "a spreadsheet or an archive, not text", "save it as CSV"),
    (b"\xD0\xCF\x11\xE0", "an old spreadsheet, not text", "save it as CSV"),
    (
        b"\x93NUMPY",
        "a NumPy array, not text",
        "save it as CSV: numpy.savetxt(\"data.csv\", x, delimiter=\",\", header=\"x1,x2\", comments=\"\")",
    ),
    (b"\x89HDF", "netCDF or HDF5, not text", NETCDF),
    (b"CDF\x01", "netCDF, not text", NETCDF),
    (b"CDF\x02", "netCDF, not text", NETCDF),
    (b"CDF\x05", "netCDF, not text", NETCDF),
    (b"RDX", "R's own format, not text", R),
    (b"X\n\0\0", "R's own format, not text", R),
    (b"ARROW1", "Arrow, not text", PANDAS),
    (b"FEA1", "Feather, not text", PANDAS),
    (b"\x80\x02", "a Python pickle, not text", PANDAS),
    (b"\x80\x03", "a Python pickle, not text", PANDAS),
    (b"\x80\x04", "a Python pickle, not text", PANDAS),
    (b"\x80\x05", "a Python pickle, not text", PANDAS),
    (b"<stata_dta>", "Stata's own format, not text", PANDAS),
    (b"$FL2", "SPSS's own format, not text", PANDAS),
    (b"SQLite format 3", "a database, not text", "save a table of it as CSV"),
    (b"<!DOCTYPE", "a web page, not a table", "save the table itself as CSV"),
    (b"<html", "a web page, not a table", "save the table itself as CSV"),
    (b"%PDF", "a PDF, not text", "save the table itself as CSV"),
    (b"BZh", "compressed", COMPRESSED),
    (b"\xFD7zXZ", "compressed", COMPRESSED),
    (b"\x28\xB5\x2F\xFD", "compressed", COMPRESSED),
];

impl Kind {
    /// The kind of a file that begins with these bytes.
    pub(super) fn of(start: &[u8]) -> Kind {
        let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
        if let Some((_, what, way_out)) = OTHERS.iter().find(|(signature, ..)| start.starts_with(signature)) {
            return Kind::Other(what, way_out);
        }
        match start {
            [0x1F, 0x8B, ..] => Kind::Gzip,
            [b'P', b'A', b'R', b'1', ..] => Kind::Parquet,
            _ if text.starts_with(b"{") || text.starts_with(b"[") => Kind::Json,
            _ => Kind::Text,
        }
    }
}
