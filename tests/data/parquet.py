"""Writes table.parquet: a column of every kind that a table may hold. Run: python parquet.py (pyarrow 26)."""

import datetime
import decimal

import pyarrow
import pyarrow.parquet

ROWS = 5
columns = {
    "y": pyarrow.array([28.0, -0.125, 1e300, 0.1, 7.0], pyarrow.float64()),
    "single": pyarrow.array([0.5, 1.5, -2.0, 3.0, 4.0], pyarrow.float32()),
    "school": pyarrow.array([1, 2, 3, 4, 5], pyarrow.int64()),
    "small": pyarrow.array([-128, 127, 0, 1, 2], pyarrow.int8()),
    "unsigned": pyarrow.array([0, 1, 2, 3, 4294967295], pyarrow.uint32()),
    "truth": pyarrow.array([True, False, True, True, False]),
    "price": pyarrow.array([decimal.Decimal(text) for text in ["0.10", "1.25", "-3.99", "0.00", "12.00"]], pyarrow.decimal128(9, 2)),
    "gap": pyarrow.array([1.0, None, 3.0, 4.0, 5.0], pyarrow.float64()),
    "nan": pyarrow.array([1.0, 2.0, float("nan"), 4.0, 5.0], pyarrow.float64()),
    "name": pyarrow.array(["a", "b", "c", "d", "e"]),
    "day": pyarrow.array([datetime.date(2026, 1, day + 1) for day in range(ROWS)]),
    "moment": pyarrow.array([datetime.datetime(2026, 1, day + 1) for day in range(ROWS)], pyarrow.timestamp("ns")),
    "list": pyarrow.array([[1], [2, 3], [4], [5], [6]], pyarrow.list_(pyarrow.int32())),
    "identifier": pyarrow.array([1, 2, 9007199254740993, 4, 5], pyarrow.int64()),
    "log income": pyarrow.array([1.0, 2.0, 3.0, 4.0, 5.0], pyarrow.float64()),
}
codecs = {"y": "snappy", "single": "zstd", "school": "gzip", "small": "brotli", "unsigned": "lz4"}
compression = {name: codecs.get(name, "none") for name in columns}
pyarrow.parquet.write_table(
    pyarrow.table(columns), "table.parquet", compression=compression, row_group_size=2, store_decimal_as_integer=True
)
