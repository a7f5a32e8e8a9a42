"""The column of the times: where it is, and whether the rows are in its order.

Nothing here changes the answer: rows count in the order in which they come. But a file that runs backwards, or repeats
rows, is told of. Plain integers are compared, and ISO 8601 of one form, which is in the order of its text; the others
are not, and a column that begins with many of them is not looked at any more.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import ge
from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, MissingColumnError, shown
from stream_signal.core.header import folded, listed, matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.header import Header

NAMES = ("timestamp", "time", "date", "datetime", "unix", "open_time", "ts_event")
BACKWARDS, REPEATED = "backwards", "repeated"
_ISO = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:?00)?)?")
# So many times of which no two can be compared are enough to know the column.
_PATIENCE_ROWS = 10_000
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def find_time(header: Header, column: str | int | None = None) -> int | None:
    """Return the position, from 0, of the column of the times: the one asked for, else the first of a known name.

    None where there is none. MissingColumnError where one is asked for that is not there, DataError where two are.

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


class TimeOrder:
    """Notices times that go backwards and times that stand twice: `counts` by kind, and `first`, where each was first.

    `time_column` names the column of the times, or numbers it from 1; None: it is found by its name. `last` is the time
    of the last row that had one. `watches` says whether there is anything to be compared in that column.

    >>> order = TimeOrder()
    >>> order.see([b"60", b"120", b"60", b"60"], 1)
    >>> order.counts, order.first["backwards"]
    ({'backwards': 1, 'repeated': 1}, "row 3: '60' after '120'")
    """

    def __init__(self, time_column: str | int | None = None) -> None:
        self.time_column = time_column
        self.counts: dict[str, int] = {}
        self.first: dict[str, str] = {}
        self.last = b""
        self.watches = True
        self._left = _PATIENCE_ROWS
        self._pairs = 0  # of times that can be compared, one and the next

    @property
    def newest_first(self) -> bool:
        """Whether the rows run against the time for the most part: a rolling mean over them looks ahead."""
        return self.counts.get(BACKWARDS, 0) > self._pairs / 2

    def see(self, times: Sequence[bytes], row: int) -> None:
        """Take the texts of the next rows; `row` is the number of the first of them, from 1."""
        if not self.watches:
            return
        times = [time.strip(b" ") for time in times]
        whole = [self.last, *times] if self.last else times
        alike = len(set(map(len, whole))) == 1 and are_of_one_form(b"".join(whole), whole[0], len(whole))
        if alike and not any(map(ge, whole, whole[1:])):  # nearly always
            if self.last or self._goes_on():
                self.see_of_one_form(len(whole) - 1, whole[-1])
            return
        before, form_before = self.last, _form_of(self.last)
        for number, time in enumerate(times, start=row):
            form = _form_of(time)
            if form and form == form_before:
                self._pairs += 1
                now, then = _key(time), _key(before)
                if now <= then:
                    self.note(REPEATED if now == then else BACKWARDS, 1, number, before, time)
            elif not self._goes_on():
                return
            if time:
                before, form_before = time, form
        self.last = before

    def _goes_on(self) -> bool:
        """Take note of a time that cannot be compared with the last one; whether it is worth it to look further."""
        if not self._pairs:
            self._left -= 1
            self.watches = self._left > 0
        return self.watches

    def see_of_one_form(self, pairs: int, last: bytes) -> None:
        """Take so many times more, of the form of the last one; what is to be noted of them is noted."""
        self._pairs += pairs
        self.last = last

    def note(self, kind: str, count: int, row: int, before: bytes, time: bytes) -> None:
        """Count what was noticed; the first of its kind is at `row`, where `time` comes after `before`."""
        self.counts[kind] = self.counts.get(kind, 0) + count
        self.first.setdefault(kind, f"row {row}: {shown(time)} after {shown(before)}")


def are_of_one_form(together: bytes, first: bytes, count: int) -> bool:
    """Whether `count` texts of one length, joined, compare as texts: all are as `first` but for their digits."""
    if together.isdigit():
        return True
    return bool(_form_of(first)) and together.translate(_AS_ZEROS) == first.translate(_AS_ZEROS) * count


def _form_of(time: bytes) -> bytes:
    """Return what two times have in common that can be compared; nothing where they cannot."""
    return _form(time.translate(_AS_ZEROS))


def _key(time: bytes) -> tuple[int, bytes]:
    digits = time.lstrip(b"0")
    return len(digits), digits


@lru_cache(maxsize=64)
def _form(zeros: bytes) -> bytes:
    if zeros.isdigit():
        return b"0"
    return zeros if _ISO.fullmatch(zeros) else b""
