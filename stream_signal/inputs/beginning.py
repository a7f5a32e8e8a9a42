"""Beginning: what the first bytes of a file of candles tell: whether it has rows, and when they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import DataError
from stream_signal.core.repairs import Repairs
from stream_signal.core.rows.reader import RowReader
from stream_signal.core.time_column import find_time
from stream_signal.core.timestamps import NO_READING, form_of

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.header import Header


class Beginning(NamedTuple):
    """What is known of the first row of a file."""

    has_rows: bool
    """whether it has a whole row, or one that cannot be read"""
    time_ns: int | None
    """the first timestamp, in nanoseconds since 1970; None if there is none, or it could be two times"""


def beginning_of(data: bytes, config: Config, header: Header | None) -> Beginning:
    r"""Return what the first bytes of a file tell; `header` is that of the stream, if it is known.

    >>> from stream_signal import Config
    >>> beginning_of(b"time,close\n60,4.5\n", Config(), None)
    Beginning(has_rows=True, time_ns=60000000000)
    >>> beginning_of(b"time,close\n60,4", Config(), None)
    Beginning(has_rows=False, time_ns=None)
    """
    reader = RowReader(config, begin=lambda _: None)  # which keeps the fields of a row
    reader.resume(header, 0, 0, Repairs())
    has_rows = False
    try:
        for _ in reader.closes(data):
            has_rows = True
            position = find_time(reader.header, config.time_column) if reader.header else None
            if position is None:
                break
            text = reader.text(position).strip(b" ")
            form = form_of(text)
            day_first, month_first = form.readings(text) if form else NO_READING
            if day_first is not None and day_first == month_first:
                return Beginning(has_rows, day_first)
    except DataError:
        has_rows = True
    return Beginning(has_rows, None)
