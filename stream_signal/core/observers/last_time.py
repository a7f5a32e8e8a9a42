"""LastTime: the observer that knows where a stream is by time: the last timestamp, and whether each was later.

A sender that repeats rows can then be met where the stream ended, if all timestamps so far are unique and in order.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stream_signal.core.observe import Observer
from stream_signal.core.time_column import find_time

if TYPE_CHECKING:
    from stream_signal.core.blocks.rows import Rows
    from stream_signal.core.header import Header
    from stream_signal.core.observe import Row
    from stream_signal.core.time_column import Position, TimeColumn


# Rows are skipped by this order, so it is stricter than `timestamps`: plain integers, and ISO 8601 that sorts as text.
_ISO = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:?00)?)?")
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")


class LastTime(Observer):
    r"""Keeps the `last` timestamp; `in_order` says whether every row so far had one that is later than the one before.

    `time_column` is the name of the timestamp column, or its number from 1; None: the first with a known name.

    >>> from stream_signal import Config, SignalStream
    >>> time = LastTime()
    >>> SignalStream(Config(), observers=[time]).feed(b"time,close\n60,42.5\n120,42.6\n")
    >>> time.last, time.in_order
    (b'120', True)
    """

    name = "last_time"

    def __init__(self, time_column: TimeColumn | None = None) -> None:
        self.time_column = time_column
        self.last = b""
        self.in_order = True
        self._position: Position | None = None

    def begin(self, header: Header) -> None:
        """Find the timestamp column."""
        self._position = find_time(header, self.time_column)
        if self._position is None:
            self.in_order = False

    def row(self, row: Row) -> None:
        """Compare the timestamp of one row with that of the row before."""
        if self._position is not None:
            self._see(row.text(self._position))

    def rows(self, rows: Rows) -> None:
        """Compare the timestamps of a run of rows."""
        if self._position is None:
            return
        times = rows.cells(self._position)
        if times is None or not are_of_one_form(times.tobytes(), times[0], len(times)):
            for time in rows.texts(self._position):
                self._see(time)
            return
        self._see(times[0])
        self.in_order = self.in_order and bool((times[1:] > times[:-1]).all())
        self.last = bytes(times[-1])

    def forget(self) -> None:
        """Note that there were rows whose timestamps are unknown."""
        self.in_order = False

    def _see(self, time: bytes) -> None:
        time = time.strip(b" ")
        if self.in_order:
            self.in_order = is_later(time, self.last) if self.last else is_comparable(time)
        self.last = time or self.last

    def snapshot(self) -> dict[str, Any]:
        """Return the last timestamp, its column, and whether all were in order."""
        column = list(self.time_column) if isinstance(self.time_column, tuple) else self.time_column
        return {"last": self.last.decode("latin-1"), "column": column, "in_order": self.in_order}

    def restore(self, saved: Any) -> None:
        """Continue after the rows of `saved`; with another timestamp column, theirs are unknown."""
        if (
            not isinstance(saved, dict)
            or saved.keys() != {"last", "column", "in_order"}
            or not (isinstance(saved["last"], str) and isinstance(saved["in_order"], bool))
        ):
            raise ValueError("expected the last timestamp, its column, and whether all were in order")
        column = list(self.time_column) if isinstance(self.time_column, tuple) else self.time_column
        if saved["column"] == column:
            self.last, self.in_order = saved["last"].encode("latin-1"), saved["in_order"]
        else:
            self.forget()


def is_comparable(time: bytes) -> bool:
    """Whether a timestamp has a form in which timestamps can be compared."""
    return bool(time) and are_of_one_form(time, time, 1)


def is_later(time: bytes, before: bytes) -> bool:
    """Whether a timestamp is later than another of the same form; False if they cannot be compared.

    >>> is_later(b"120", b"60"), is_later(b"2024-01-02", b"2024-01-01"), is_later(b"noon", b"morning")
    (True, True, False)
    """
    if time.isdigit() and before.isdigit():
        now, then = time.lstrip(b"0"), before.lstrip(b"0")
        return (len(now), now) > (len(then), then)
    return len(time) == len(before) > 0 and are_of_one_form(before + time, before, 2) and time > before


def are_of_one_form(together: bytes, first: bytes, count: int) -> bool:
    """Whether `count` texts of one length, joined, sort as text: they differ from `first` only in their digits."""
    if together.isdigit():
        return True
    return _sorts(first.translate(_AS_ZEROS)) and together.translate(_AS_ZEROS) == first.translate(_AS_ZEROS) * count


@lru_cache(maxsize=64)
def _sorts(zeros: bytes) -> bool:
    return zeros.isdigit() or bool(_ISO.fullmatch(zeros))
