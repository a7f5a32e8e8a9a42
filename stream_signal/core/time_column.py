"""The timestamp column: its position in a header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, MissingColumnError
from stream_signal.core.header import folded, listed, matches

if TYPE_CHECKING:
    from stream_signal.core.header import Header

NAMES = ("timestamp", "time", "date", "datetime", "unix", "open_time", "ts_event")


def find_time(header: Header, column: str | int | None = None) -> int | None:
    """Return the position, from 0, of the timestamp column: the one asked for, or the first with a known name.

    None if there is none. MissingColumnError if the one asked for does not exist, DataError if two have its name.

    >>> from stream_signal.core.header import Header
    >>> find_time(Header(b"", ("Open", "Date", "close"), ",", 2, 3))
    1
    """
    if isinstance(column, int):
        if column > header.width:
            raise _missing(header, column)
        return column - 1
    if column is None:
        return next((at for at, name in enumerate(header.names) if folded(name) in NAMES), None)
    found = matches(header.names, column)
    if not found:
        raise _missing(header, column)
    if len(found) > 1:
        hint = f"try {' or '.join(f'--time-column {place + 1}' for place in found)}"
        expected, names = f"one column {column!r}", listed(header.names, found)
        raise DataError(None, expected, f"{names}; give the number of one").with_hint(hint)
    return found[0]


def _missing(header: Header, column: str | int) -> MissingColumnError:
    from stream_signal.core.hints import of_time_column  # noqa: PLC0415 - only a failed job needs it

    return MissingColumnError(column).with_hint(of_time_column(header.names, column))
