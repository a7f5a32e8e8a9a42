"""TimeOrder: the observer that notices timestamps out of order and duplicate timestamps.

It never changes the answer: rows count in the order in which they arrive. It compares plain integers, and ISO 8601
timestamps of one form, which sort as text; no others. A column that begins with many others is ignored from then on.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import ge
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.errors import shown
from stream_signal.core.observe import Observer
from stream_signal.core.time_column import find_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.columns import Cells
    from stream_signal.core.blocks.rows import Rows
    from stream_signal.core.header import Header
    from stream_signal.core.observe import Row

BACKWARDS, REPEATED = "backwards", "repeated"
_ISO = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:?00)?)?")
# The column is ignored if this many timestamps cannot be compared before any can.
_PATIENCE_ROWS = 10_000
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")


class Step(NamedTuple):
    """From one row to the next, when the timestamps are not in order."""

    row: int
    """the number of the second row, from 1"""
    before: bytes
    time: bytes

    def __str__(self) -> str:
        return f"row {self.row}: {shown(self.time)} after {shown(self.before)}"


class TimeOrder(Observer):
    """Counts timestamps out of order (`backwards`) and duplicates (`repeated`), and keeps the `first` of each kind.

    `time_column` is the name of the timestamp column, or its number from 1; None: the first with a known name. `last`
    is the timestamp of the last row that had one. `watches` says whether the column is still compared.

    >>> order = TimeOrder()
    >>> order.see([b"60", b"120", b"60", b"60"], 1)
    >>> order.counts, str(order.first["backwards"])
    ({'backwards': 1, 'repeated': 1}, "row 3: '60' after '120'")
    """

    name = "time_order"

    def __init__(self, time_column: str | int | None = None) -> None:
        self.time_column = time_column
        self.counts: dict[str, int] = {}
        self.first: dict[str, Step] = {}
        self.last = b""
        self._last_zeros = b""  # its text with zeros for all digits, if it can be compared
        self.watches = True
        self._position = 0
        self._left = _PATIENCE_ROWS
        self._pairs = 0  # of consecutive timestamps that could be compared

    @property
    def newest_first(self) -> bool:
        """Whether most rows are earlier than the row before them, so that a rolling mean uses future prices."""
        return self.counts.get(BACKWARDS, 0) > self._pairs / 2

    def begin(self, header: Header) -> None:
        """Find the timestamp column."""
        position = find_time(header, self.time_column)
        if position is None:
            self.watches = False
        else:
            self._position = position

    def row(self, row: Row) -> None:
        """Compare the timestamp of one row with that of the row before."""
        if not self.watches:
            return
        time = row.text(self._position)
        if time > self.last and time.translate(_AS_ZEROS) == self._last_zeros:  # nearly always
            self.last = time
            self._pairs += 1
        else:
            self.see([time], row.number)

    def rows(self, rows: Rows) -> None:
        """Compare the timestamps of a run of rows."""
        if not self.watches:
            return
        times = rows.cells(self._position)
        if times is None or not are_of_one_form(times.tobytes(), times[0], len(times)):
            self.see(rows.texts(self._position), rows.first)
        else:
            self._see_array(times, rows.first)

    def see(self, times: Sequence[bytes], row: int) -> None:
        """Take the timestamps of the next rows; `row` is the number of the first of them, from 1."""
        if not self.watches:
            return
        times = [time.strip(b" ") for time in times]
        whole = [self.last, *times] if self.last else times
        alike = len(set(map(len, whole))) == 1 and are_of_one_form(b"".join(whole), whole[0], len(whole))
        if alike and not any(map(ge, whole, whole[1:])):  # nearly always
            if self.last or self._goes_on():
                self._pairs += len(whole) - 1
                self._set_last(whole[-1])
            return
        before, form_before = self.last, _form_of(self.last)
        for number, time in enumerate(times, start=row):
            form = _form_of(time)
            if form and form == form_before:
                self._pairs += 1
                now, then = _key(time), _key(before)
                if now <= then:
                    self._note(REPEATED if now == then else BACKWARDS, 1, Step(number, before, time))
            elif not self._goes_on():
                return
            if time:
                before, form_before = time, form
        self._set_last(before)

    def _see_array(self, times: Cells, row: int) -> None:
        """Take timestamps of one form, which sort as text."""
        self.see([times[0]], row)
        if not self.watches:
            return
        before, after = times[:-1], times[1:]
        if not (after > before).all():
            for kind, found in ((BACKWARDS, after < before), (REPEATED, after == before)):
                (places,) = found.nonzero()
                if places.size:
                    at = int(places[0])
                    self._note(kind, places.size, Step(row + at + 1, bytes(before[at]), bytes(after[at])))
        self._pairs += len(times) - 1
        self._set_last(bytes(times[-1]))

    def _set_last(self, time: bytes) -> None:
        self.last = time
        self._last_zeros = time.translate(_AS_ZEROS) if _form_of(time) else b""

    def _goes_on(self) -> bool:
        """Count a timestamp that cannot be compared with the last one; return whether to keep comparing."""
        if not self._pairs:
            self._left -= 1
            self.watches = self._left > 0
        return self.watches

    def _note(self, kind: str, count: int, step: Step) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + count
        self.first.setdefault(kind, step)

    def snapshot(self) -> dict[str, Any]:
        """Return the last timestamp and its column."""
        return {"last": self.last.decode("latin-1"), "column": self.time_column}

    def restore(self, saved: Any) -> None:
        """Compare the next row with the last one of `saved`, if that has the same timestamp column."""
        if not isinstance(saved, dict) or saved.keys() != {"last", "column"} or not isinstance(saved["last"], str):
            raise ValueError("expected the last timestamp and its column")
        if saved["column"] == self.time_column:
            self._set_last(saved["last"].encode("latin-1"))


def are_of_one_form(together: bytes, first: bytes, count: int) -> bool:
    """Whether `count` texts of one length, joined, sort as text: they differ from `first` only in their digits."""
    if together.isdigit():
        return True
    return bool(_form_of(first)) and together.translate(_AS_ZEROS) == first.translate(_AS_ZEROS) * count


def _form_of(time: bytes) -> bytes:
    """Return the form of a timestamp: two of the same form can be compared; empty if it has none."""
    return _form(time.translate(_AS_ZEROS))


def _key(time: bytes) -> tuple[int, bytes]:
    digits = time.lstrip(b"0")
    return len(digits), digits


@lru_cache(maxsize=64)
def _form(zeros: bytes) -> bytes:
    if zeros.isdigit():
        return b"0"
    return zeros if _ISO.fullmatch(zeros) else b""
