"""Layout: how the rows of an input are to be read: its delimiter, the position of the close, and that of the time.

A column is matched by its whole name, trimmed, case-folded and without `<>`; never by a part of it. Where no column is
called close, the one that has another known name of it is taken. A line without such a column is not a header. Anything
ambiguous is refused: two columns of that name, two delimiters that both give it, a header that is itself a row of
numbers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stream_signal.core.config import DELIMITERS
from stream_signal.core.errors import DataError, MissingColumnError, shown
from stream_signal.core.layout.names import named_time
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.ticks import parse_ticks, reads_as_close
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.ticks import Close

    # Where a timestamp is, from 0; the texts of two columns are joined by a space.
    Position = int | tuple[int, int]

CLOSE = "close"  # what the column is called if nobody says otherwise; then other names of a close are known, too
UTF_8 = "utf-8"
BOM = b"\xef\xbb\xbf"
# A column of such a name tells apart several series in one file.
SYMBOL_NAMES = frozenset(
    {"symbol", "ticker", "instrument", "pair", "product_id", "product", "asset", "coin", "tic", "instrument_id"}
)


class Layout(NamedTuple):
    """How to read the rows: every row has `width` fields, and the close is at `position`, from 0.

    `names` and `line` are empty if the file has no header. `time` is where the timestamps are, None if there are none.
    `encoding` is that of the names. `format` is the known one that rows without a header were recognised by. `below`
    are further lines of the header, between its names and the rows.
    """

    line: bytes
    names: tuple[str, ...]
    delimiter: str
    position: int
    width: int
    time: Position | None = None
    encoding: str = UTF_8
    format: str | None = None
    below: tuple[bytes, ...] = ()


def find_header(
    line: bytes,
    number: int,
    column: str | int,
    delimiter: str | None,
    parse: Callable[[bytes], Close] = parse_ticks,
) -> Layout | None:
    """Read a line as the header, or return None if it has no such column.

    `line` has no BOM and no line end; `number` is its line number, for the errors. If `delimiter` is None, each of the
    four is tried. `parse` reads a close. Raises DataError if the line can be read in two ways.

    >>> find_header(b"Date;<CLOSE>", 1, "close", None)[1:5]
    (('Date', '<CLOSE>'), ';', 1, 2)
    """
    readings = _readings(line, delimiter)
    headers = _with_close(line, number, readings, partial(matches, column=column), column)
    if not headers and column == CLOSE:
        headers = _with_close(line, number, readings, _known_close, column)
    if not headers:
        return _find_encoded(line, column, delimiter)
    if len(headers) > 1:
        raise _two_delimiters(number, [header.delimiter for header, _ in headers])
    header, cell = headers[0]
    if reads_as_close(cell, parse):
        raise DataError(
            number, "a header", f"{shown(cell)} in column {header.position + 1}; set `header: false` if there is none"
        ).with_clue("number_for_header", number=number, column=header.position + 1)
    return header


def _with_close(
    line: bytes,
    number: int,
    readings: list[tuple[str, list[bytes]]],
    find: Callable[[tuple[str, ...]], list[int]],
    column: str | int,
) -> list[tuple[Layout, bytes]]:
    """Return the ways to read a line as a header with the close, and the cell that has its name."""
    layouts = []
    for mark, fields in readings:
        names = tuple(field.decode("utf-8", "replace").strip() for field in fields)
        places = find(names)
        if len(places) > 1:
            raise DataError(
                number, f"one column {column!r}", f"{listed(names, places)}; set `column` to the number of one"
            ).with_clue("two_columns", setting="column", columns=[place + 1 for place in places])
        if places:
            layouts.append((Layout(line, names, mark, places[0], len(names)), fields[places[0]]))
    return layouts


def _known_close(names: tuple[str, ...]) -> list[int]:
    """Return the column with another name of a close, if it is the only one; a title alone is no header."""
    from stream_signal.core.layout.prices import close_by_name

    places = close_by_name(names) if len(names) > 1 else []
    return places if len(places) == 1 else []


def _find_encoded(line: bytes, column: str | int, delimiter: str | None) -> Layout | None:
    """Read a line that is not UTF-8 as the header, if it has the column by its name, or one known name of a close."""
    if line.isascii() or not isinstance(column, str):
        return None
    from stream_signal.core.layout.encodings import find_encoded, is_utf_8

    def find(names: tuple[str, ...]) -> list[int]:
        return matches(names, column) or (_known_close(names) if column == CLOSE else [])

    decoded = None if is_utf_8(line) else find_encoded(line, [delimiter] if delimiter else list(DELIMITERS), find)
    if decoded is None:
        return None
    reading, position = decoded
    return Layout(line, reading.names, reading.delimiter, position, len(reading.names), encoding=reading.encoding)


def headless(line: bytes, number: int, column: int, delimiter: str | None, marks: str = "") -> Layout:
    """Find out from the first row of a file without a header how to read it; `column` counts from 1.

    Without a `delimiter`, the one that gives enough fields is taken. Whether the close is a number decides nothing:
    split at its decimal comma, `2024-01-01;42004,66` has a close of 66. But one of `marks`, the marks within numbers,
    is the delimiter of a line without quotes only if no other is.

    >>> headless(b"2024-01-01;42004.66;1.5", 1, 2, None)[1:5]
    ((), ';', 1, 3)
    """
    readings = [(mark, fields) for mark, fields in _readings(line, delimiter) if len(fields) >= column]
    if marks and len(readings) > 1 and b'"' not in line:
        readings = [(mark, fields) for mark, fields in readings if mark not in marks]
    if len(readings) > 1:
        raise _two_delimiters(number, [mark for mark, _ in readings], line)
    if not readings:
        raise DataError(number, f"a row with a column {column}", shown(line))
    mark, fields = readings[0]
    return Layout(b"", (), mark, column - 1, len(fields))


def find_column(header: Layout, column: str | int, setting: str) -> int:
    r"""Return the position, from 0, of the column that a setting names, by its name or its number from 1.

    MissingColumnError if it does not exist, DataError if two have its name.

    >>> find_column(Layout(b"", ("Symbol", "close"), ",", 1, 2), "symbol", "key")
    0
    """
    if isinstance(column, int):
        places = [column - 1] if column <= header.width else []
    else:
        places = matches(header.names, column)
    if not places:
        raise MissingColumnError(column).with_clue("no_such_column", setting=setting, names=header.names, column=column)
    if len(places) > 1:
        expected, names = f"one column {column!r}", listed(header.names, places)
        raise DataError(None, expected, f"{names}; give the number of one").with_clue(
            "two_columns", setting=setting, columns=[place + 1 for place in places]
        )
    return places[0]


def find_time(header: Layout, column: TimeColumn = None) -> Position | None:
    r"""Return the position, from 0, of the timestamp column: the one asked for, that of the layout, or one by its name.

    The first column with a known name is taken. A header with the names date and time, and no other known one, has it
    in two columns; so has a pair asked for. None if there is none. MissingColumnError if the one asked for does not
    exist, DataError if two have its name.

    >>> find_time(Layout(b"", ("Open", "Date", "close"), ",", 2, 3))
    1
    >>> find_time(Layout(b"", ("<DATE>", "<TIME>", "<CLOSE>"), "\t", 2, 3))
    (0, 1)
    """
    if isinstance(column, tuple):
        return find_column(header, column[0], "time_column"), find_column(header, column[1], "time_column")
    if column is not None:
        return find_column(header, column, "time_column")
    if header.time is not None:
        return header.time
    return named_time(header.names)


def folded(name: str) -> str:
    """Return a column name in the form in which names are compared."""
    name = name.strip()
    if name.startswith("<") and name.endswith(">"):
        name = name[1:-1].strip()
    return name.casefold()


def matches(names: tuple[str, ...], column: str | int) -> list[int]:
    """Return the positions, from 0, of the columns with that name, or of the one with that number, from 1."""
    if isinstance(column, int):
        return [column - 1] if column <= len(names) else []
    wanted = folded(column)
    return [at for at, name in enumerate(names) if folded(name) == wanted]


def listed(names: tuple[str, ...], positions: list[int]) -> str:
    """List columns for a message."""
    return " and ".join(f"{shown(names[at])} (column {at + 1})" for at in positions)


def _readings(line: bytes, delimiter: str | None) -> list[tuple[str, list[bytes]]]:
    """List each way to split the line: at the delimiter, or at each one that occurs in it."""
    marks = [delimiter] if delimiter else [mark for mark in DELIMITERS if mark.encode() in line] or [","]
    readings = []
    for mark in marks:
        try:
            readings.append((mark, split_line(line, mark)))
        except FieldError:
            continue  # not a way to read the line
    return readings


def _two_delimiters(number: int, marks: list[str], row: bytes = b"") -> DataError:
    return DataError(
        number, "one delimiter that gives the column", f"{' and '.join(map(repr, marks))}; set `delimiter`"
    ).with_clue("two_delimiters", marks=marks, row=row)
