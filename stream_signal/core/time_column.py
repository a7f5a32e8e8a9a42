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
            raise MissingColumnError(column)
        return column - 1
    if column is None:
        return next((at for at, name in enumerate(header.names) if folded(name) in NAMES), None)
    found = matches(header.names, column)
    if not found:
        raise MissingColumnError(column)
    if len(found) > 1:
        raise DataError(None, f"one column {column!r}", f"{listed(header.names, found)}; give the number of one")
    return found[0]
