"""Tables for Parquet and Arrow files, and the CSV of the same numbers, written without Arrow."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st

pytest.importorskip("pyarrow")
import pyarrow as pa
from pyarrow import ipc, parquet

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(NamedTuple):
    """A type of columns: its values as Python has them, and their texts."""

    type: Any
    values: st.SearchStrategy[Any]
    text: Callable[[Any], str]


def _text_of_single(value: float) -> str:
    return str(np.float32(value))


def _fixed(scale: int) -> Callable[[Decimal], str]:
    return lambda value: f"{value:.{scale}f}"


def _seconds(digits: int, zone: str = "") -> Callable[[int], str]:
    """Write a number of units since 1970, of 10**-digits seconds each."""

    def text(number: int) -> str:
        seconds, part = divmod(number, 10**digits)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{part:0{digits}}" if digits else "") + zone

    return text


def _decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda number: Decimal(f"{number}e-{scale}"))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',;\t|"\r\n') else text


_PRICES = st.sampled_from(["4.58", "4.59", "4.6", "42004.66", "0.1", "-0.3", "1e3", " 7 ", "NaN", "", "null"])
_TIED = st.sampled_from([4.58, 4.59, 4.6, 0.1, 0.2, 0.3, 100.0, float("nan"), 1e15, 1e-7])
_SINGLES = st.sampled_from([4.58, 0.1, 0.3, 100.0, 16777216.0, 1e-7, 1e20]) | st.floats(
    allow_infinity=False, width=32, min_value=-(2.0**60), max_value=2.0**60
)
_WIDE = st.integers(-(2**63), 2**63 - 1)
CLOSES = [
    Kind(pa.float64(), _TIED | st.floats(allow_infinity=False), repr),
    Kind(pa.float32(), _SINGLES, _text_of_single),
    Kind(pa.decimal128(12, 2), _decimals(12, 2), _fixed(2)),
    Kind(pa.decimal128(38, 18), _decimals(30, 18), _fixed(18)),
    Kind(pa.decimal256(60, 8), _decimals(27, 8), _fixed(8)),
    Kind(pa.int64(), _WIDE | st.integers(0, 9), str),
    Kind(pa.uint64(), st.integers(0, 2**64 - 1), str),
    Kind(pa.int8(), st.integers(-128, 127), str),
    Kind(pa.string(), _PRICES, _quoted),
    Kind(pa.large_string(), _PRICES, _quoted),
    Kind(pa.dictionary(pa.int32(), pa.string()), _PRICES, _quoted),
    Kind(pa.dictionary(pa.int8(), pa.float64()), st.sampled_from([4.58, 4.59, 0.1]), repr),
]
_MOMENTS = st.integers(1_600_000_000, 1_800_000_000)
TIMES = [
    Kind(pa.timestamp("ms"), _MOMENTS.map(lambda at: at * 1000 + 7), _seconds(3)),
    Kind(pa.timestamp("us", "UTC"), _MOMENTS.map(lambda at: at * 10**6 + 7), _seconds(6, "Z")),
    Kind(pa.timestamp("ns", "America/New_York"), _MOMENTS.map(lambda at: at * 10**9 + 7), _seconds(9, "Z")),
    Kind(pa.date32(), st.dates(date(1970, 1, 1), date(2100, 1, 1)), str),
    Kind(pa.date64(), st.dates(date(1970, 1, 1), date(2100, 1, 1)), str),
    Kind(pa.int64(), _MOMENTS, str),
    Kind(pa.float64(), _MOMENTS.map(float), lambda value: str(int(value))),
    Kind(pa.string(), st.sampled_from(["Mar 10, 2024", "2024-03-10 17:00", 'a "b"']), _quoted),
]
CLOCKS = Kind(
    pa.time32("ms"), st.builds(time, st.integers(0, 23), st.integers(0, 59)), lambda value: f"{value:%H:%M:%S}.000"
)
OTHERS = [
    Kind(pa.float64(), st.just(1.5), repr),
    Kind(pa.list_(pa.int64()), st.just([1, 2]), lambda _: "x"),
    Kind(pa.struct([("close", pa.int64())]), st.just({"close": 7}), lambda _: "x"),
    Kind(pa.bool_(), st.booleans(), str),
]


class Table(NamedTuple):
    """A table of Arrow, and the CSV of it."""

    table: Any
    csv: bytes


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table with a close, perhaps a timestamp in one column or two, and columns that nobody needs."""
    rows = draw(st.integers(1, 40))
    columns = [("close", draw(st.sampled_from(CLOSES)), draw(st.booleans()))]
    kind = draw(st.sampled_from([None, "date and time", *TIMES]))
    if kind == "date and time":
        columns += [("Date", TIMES[3], False), ("TIME", CLOCKS, False)]
    elif isinstance(kind, Kind):
        columns.append((draw(st.sampled_from(["timestamp", "ts_event", "<Open_Time>"])), kind, False))
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(["", "volume", "close_time", "a,b", 'c"d', "close.x", "two\nlines"]))
        columns.append((f"{name}{number}", draw(st.sampled_from(OTHERS)), True))
    columns = draw(st.permutations(columns))
    values = [
        draw(st.lists(st.none() | kind.values if has_nulls else kind.values, min_size=rows, max_size=rows))
        for _, kind, has_nulls in columns
    ]
    arrays = [pa.array(each, kind.type, from_pandas=False) for each, (_, kind, _) in zip(values, columns, strict=True)]
    names = [name for name, _, _ in columns]
    lines = [",".join(_quoted(name.replace("\n", " ")) for name in names)]
    for row in zip(*values, strict=True):
        cells = ["" if cell is None else kind.text(cell) for cell, (_, kind, _) in zip(row, columns, strict=True)]
        if not any(cells):  # a line of nothing but delimiters is no row
            cells[names.index("close")] = "nan" if len(cells) > 1 else '""'
        lines.append(",".join(cells))
    return Table(pa.table(arrays, names=names), "".join(line + "\n" for line in lines).encode())


def _write_parquet(table: Any, file: BinaryIO, rows: int) -> None:
    parquet.write_table(table, file, row_group_size=rows, data_page_size=64, write_page_checksum=True)


def _write_arrow(table: Any, file: BinaryIO, rows: int) -> None:
    with ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.unify_dictionaries(), max_chunksize=rows)


def _write_stream(table: Any, file: BinaryIO, rows: int) -> None:
    with ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)


# By the ending that such a file usually has; each writes a table in groups of so many rows.
WRITERS = {"parquet": _write_parquet, "arrow": _write_arrow, "arrows": _write_stream}
