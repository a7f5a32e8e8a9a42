"""Beginning: what the first bytes of a file of candles tell: whether it has rows, and when they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import DataError
from stream_signal.core.findings import BAD_ROW
from stream_signal.core.text.reader import reader_of_texts
from stream_signal.core.timestamps import NO_READING, form_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.rows import Rows
    from stream_signal.core.text.reader import TextReader


class Beginning(NamedTuple):
    """What is known of the first row of a file."""

    has_rows: bool
    """whether it has a whole row, or one that cannot be read"""
    time_ns: int | None
    """the first timestamp, in nanoseconds since 1970; None if there is none, or it could be two times"""
    fits: bool
    """whether one of the first rows can be read"""


def beginning_of(data: bytes, config: Config, header: Layout | None) -> Beginning:
    r"""Return what the first bytes of a file tell; `header` is that of the stream, if it is known.

    >>> from stream_signal import Config
    >>> beginning_of(b"time,close\n60,4.5\n", Config(), None)
    Beginning(has_rows=True, time_ns=60000000000, fits=True)
    >>> beginning_of(b"time,close\n60,4", Config(), None)
    Beginning(has_rows=False, time_ns=None, fits=False)
    """
    reader = reader_of_texts(config, header)
    has_rows, read = False, 0
    try:
        for rows in _rows_in(data, reader):
            has_rows = has_rows or bool(len(rows)) or rows.failure is not None
            read += len(rows)
            position = reader.header.time if reader.header else None
            for text in [] if position is None else rows.texts(position):
                form = form_of(text.strip(b" "))
                day_first, month_first = form.readings(text.strip(b" ")) if form else NO_READING
                if day_first is not None and day_first == month_first:
                    return Beginning(True, day_first, read > reader.repairs.counts.get(BAD_ROW, 0))
            if rows.failure or (has_rows and position is None):
                break
    except DataError:  # a line that is too long
        has_rows = True
    return Beginning(has_rows, None, read > reader.repairs.counts.get(BAD_ROW, 0))


def _rows_in(data: bytes, reader: TextReader) -> Iterator[Rows]:
    yield from reader.rows(data)
    if reader.holds_rows:
        yield from reader.drop_input()
