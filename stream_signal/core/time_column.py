"""The timestamp column: its position in a header, or two positions if date and time are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, MissingColumnError
from stream_signal.core.header import folded, listed, matches

if TYPE_CHECKING:
    from stream_signal.core.header import Header

    # What names a column: its name, or its number from 1; or two of them, of the date and of the time.
    TimeColumn = str | int | tuple[str | int, str | int]
    # Where it is, from 0; the texts of two columns are joined by a space.
    Position = int | tuple[int, int]

NAMES = (
    *("timestamp", "time", "date", "datetime", "unix", "unix timestamp", "open_time", "gmt time", "window_start"),
    *("ts_event", "start_at", "timeopen", "snapped_at"),
)


def find_time(header: Header, column: TimeColumn | None = None) -> Position | None:
    r"""Return the position, from 0, of the timestamp column: the one asked for, or the first with a known name.

    A header with the names date and time, and no other known one, has it in two columns; so has a pair asked for.
    None if there is none. MissingColumnError if the one asked for does not exist, DataError if two have its name.

    >>> from stream_signal.core.header import Header
    >>> find_time(Header(b"", ("Open", "Date", "close"), ",", 2, 3))
    1
    >>> find_time(Header(b"", ("<DATE>", "<TIME>", "<CLOSE>"), "\t", 2, 3))
    (0, 1)
    """
    if isinstance(column, tuple):
        return _find(header, column[0]), _find(header, column[1])
    if column is not None:
        return _find(header, column)
    known: dict[str, int] = {}
    for at, name in enumerate(header.names):
        known.setdefault(folded(name), at)
    known = {name: at for name, at in known.items() if name in NAMES}
    if "date" in known and "time" in known:
        apart = known.pop("date"), known.pop("time")
        return next(iter(known.values()), apart)
    return next(iter(known.values()), None)


def as_json(column: TimeColumn | None) -> str | int | list[str | int] | None:
    """Return what names a column as a value that JSON can hold."""
    return list(column) if isinstance(column, tuple) else column


def _find(header: Header, column: str | int) -> int:
    if isinstance(column, int):
        if column > header.width:
            raise _missing(header, column)
        return column - 1
    found = matches(header.names, column)
    if not found:
        raise _missing(header, column)
    if len(found) > 1:
        columns = [place + 1 for place in found]
        expected, names = f"one column {column!r}", listed(header.names, found)
        raise DataError(None, expected, f"{names}; give the number of one").with_clue(
            "two_columns", setting="time_column", columns=columns
        )
    return found[0]


def _missing(header: Header, column: str | int) -> MissingColumnError:
    return MissingColumnError(column).with_clue(
        "no_such_column", setting="time_column", names=header.names, column=column
    )
