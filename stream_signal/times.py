"""The column of the times: where it is, and whether the rows are in its order.

Nothing here changes the answer: rows count in the order in which they come. But a file that runs backwards, or repeats
rows, is told of. Times are compared as texts, which is right for plain integers and for ISO 8601 of one form, and the
others are not looked at.
"""

from __future__ import annotations

import re
from itertools import pairwise
from operator import ge
from typing import TYPE_CHECKING

from stream_signal.errors import MissingColumnError, shown
from stream_signal.header import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.header import Header

NAMES = ("timestamp", "time", "date", "datetime", "unix", "open_time", "ts_event")
_ISO = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:?00)?)?")


def find_time(header: Header, column: str | int | None = None) -> int | None:
    """Return the position, from 0, of the column of the times: the one asked for, else the first of a known name.

    None where there is none. MissingColumnError where one is asked for that is not there.

    >>> from stream_signal.header import Header
    >>> find_time(Header(b"", ("Open", "Date", "close"), ",", 2, 3))
    1
    """
    if isinstance(column, int):
        if column > header.width:
            raise MissingColumnError(column)
        return column - 1
    wanted = NAMES if column is None else (folded(column),)
    found = next((at for at, name in enumerate(header.names) if folded(name) in wanted), None)
    if found is None and column is not None:
        raise MissingColumnError(column)
    return found


class TimeOrder:
    """Notices times that go backwards and times that stand twice; `first` tells where each was first.

    >>> order = TimeOrder()
    >>> order.see([b"60", b"120", b"60", b"60"], 1)
    >>> order.backwards, order.repeated, order.first
    (1, 1, {'backwards': "row 3: '60' after '120'", 'repeated': "row 4: '60'"})
    """

    def __init__(self) -> None:
        self.pairs = 0  # of one row and the next that can be compared
        self.backwards = 0
        self.repeated = 0
        self.first: dict[str, str] = {}
        self._last = b""

    @property
    def newest_first(self) -> bool:
        """Whether the rows run against the time for the most part: a rolling mean over them looks ahead."""
        return self.backwards > self.pairs / 2

    def see(self, times: Sequence[bytes], row: int) -> None:
        """Take the texts of the next rows; `row` is the number of the first of them, from 1."""
        if not any(times):
            self._last = b""
            return
        if self._last:
            times, row = [self._last, *times], row - 1
        self._last = times[-1]
        if _are_of_one_form(times) and not any(map(ge, times, times[1:])):  # nearly always
            self.pairs += len(times) - 1
            return
        for number, (before, time) in enumerate(pairwise(times), start=row + 1):
            if not _are_of_one_form((before, time)) and not (before.isdigit() and time.isdigit()):
                continue
            self.pairs += 1
            if time == before:
                self.repeated += 1
                self.first.setdefault("repeated", f"row {number}: {shown(time)}")
            elif (len(time), time) < (len(before), before):
                self.backwards += 1
                self.first.setdefault("backwards", f"row {number}: {shown(time)} after {shown(before)}")


def _are_of_one_form(times: Sequence[bytes]) -> bool:
    """Whether they compare as texts: all plain integers, or all ISO 8601 of one form, of one length."""
    together, first = b"".join(times), times[0]
    if set(map(len, times)) != {len(first)}:
        return False
    if together.isdigit():
        return True
    form = first.translate(None, b"0123456789")
    return bool(_ISO.fullmatch(first)) and together.translate(None, b"0123456789") == form * len(times)
