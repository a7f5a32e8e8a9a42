"""The columns that say to which series a row belongs: that of the keys, or those of the symbols without a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.config import BY_NAME, NO_KEY
from stream_signal.core.errors import DataError, MissingColumnError
from stream_signal.core.header import SYMBOL_NAMES, folded, listed, matches

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.header import Header


def label_positions(header: Header, config: Config) -> list[int]:
    """Return the positions, from 0, of all columns that tell series apart; errors as of `find_key`.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.header import Header
    >>> header = Header(b"", ("time", "Ticker", "close"), ",", 2, 3)
    >>> label_positions(header, Config()), label_positions(header, Config(key="none"))
    ([1], [])
    """
    key = config.key
    if key is None:
        return symbol_positions(header)
    return [] if key in {NO_KEY, BY_NAME} else [find_key(header, key)]


def symbol_positions(header: Header) -> list[int]:
    """Return the positions, from 0, of the columns with the name of one for symbols, other than the close."""
    return [at for at, name in enumerate(header.names) if folded(name) in SYMBOL_NAMES and at != header.position]


def find_key(header: Header, column: str | int) -> int:
    r"""Return the position, from 0, of the column of the keys.

    MissingColumnError if it does not exist, DataError if two have its name.

    >>> from stream_signal.core.header import Header
    >>> find_key(Header(b"", ("Symbol", "close"), ",", 1, 2), "symbol")
    0
    """
    if isinstance(column, int):
        found = [column - 1] if column <= header.width else []
    else:
        found = matches(header.names, column)
    if not found:
        from stream_signal.core.hints import of_key_column  # noqa: PLC0415 - only a failed job needs it

        raise MissingColumnError(column).with_hint(of_key_column(header.names, column))
    if len(found) > 1:
        hint = f"try {' or '.join(f'--key {place + 1}' for place in found)}"
        expected, names = f"one column {column!r}", listed(header.names, found)
        raise DataError(None, expected, f"{names}; give the number of one").with_hint(hint)
    return found[0]
