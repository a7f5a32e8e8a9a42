"""LastTime: the observer that knows where a stream is by time: the last timestamp, and whether each was later.

A sender that repeats rows can then be met where the stream ended, if all timestamps so far are unique and in order.
Rows are skipped by this order, so it is stricter than that of `TimeOrder`: all timestamps have to be numbers, or of one
form that sorts as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.observe import Observer
from stream_signal.core.time_column import as_json, find_time
from stream_signal.core.timestamps import are_of_one_form, form_of

if TYPE_CHECKING:
    from stream_signal.core.header import Header
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.time_column import Position, TimeColumn


class LastTime(Observer):
    r"""Keeps the `last` timestamp; `in_order` says whether every row so far had one that is later than the one before.

    `time_column` is the name of the timestamp column, or its number from 1; None: the first with a known name.

    >>> from stream_signal import Config, SignalStream
    >>> time = LastTime()
    >>> SignalStream(Config(), observers=[time]).feed(b"time,close\n60,42.5\n120,42.6\n")
    >>> time.last, time.in_order
    (b'120', True)
    """

    sees_windows = False
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

    def see(self, rows: Rows, seen: Seen) -> None:  # noqa: ARG002
        """Compare the timestamp of each row with that of the row before."""
        if self._position is None:
            return
        times = rows.cells(self._position)
        first = b"" if times is None else bytes(times[0])
        form = form_of(first)
        if times is None or not form or not form.sorts or not are_of_one_form(times.tobytes(), form, first, len(times)):
            for time in rows.texts(self._position):
                self._see(time)
            return
        self._see(first)
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
        return {"last": self.last.decode("latin-1"), "column": as_json(self.time_column), "in_order": self.in_order}

    def restore(self, saved: Any) -> None:
        """Continue after the rows of `saved`; with another timestamp column, theirs are unknown."""
        if (
            not isinstance(saved, dict)
            or saved.keys() != {"last", "column", "in_order"}
            or not (isinstance(saved["last"], str) and isinstance(saved["in_order"], bool))
        ):
            raise ValueError("expected the last timestamp, its column, and whether all were in order")
        if saved["column"] == as_json(self.time_column):
            self.last, self.in_order = saved["last"].encode("latin-1"), saved["in_order"]
        else:
            self.forget()


def is_comparable(time: bytes) -> bool:
    """Whether a timestamp has a form in which timestamps can be compared: it is a number, or it sorts as text."""
    form = form_of(time)
    return form is not None and (form.sorts or form.date is None)


def is_later(time: bytes, before: bytes) -> bool:
    """Whether a timestamp is later than another of the same form; False if they cannot be compared.

    Numbers are of one form, whatever their lengths.

    >>> is_later(b"120", b"60"), is_later(b"2024-01-02", b"2024-01-01"), is_later(b"noon", b"morning")
    (True, True, False)
    """
    form, form_before = form_of(time), form_of(before)
    if form is None or form_before is None:
        return False
    if form.sorts and are_of_one_form(before + time, form_before, before, 2):
        return time > before
    (now, _), (then, _) = form.readings(time), form_before.readings(before)
    are_numbers = form.date is None and form_before.date is None
    return are_numbers and now is not None and then is not None and now > then
