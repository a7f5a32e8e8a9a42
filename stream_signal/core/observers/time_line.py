"""TimeLine: where the rows of a stream are in time.

A row without a time that can be read has the place of the row before it. A stream whose first row has none has no time
line, nor has one whose first date could be read day first or month first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.buckets import FURTHEST, UNKNOWN
from stream_signal.core.layout.layout import find_time
from stream_signal.core.limits import bounded
from stream_signal.core.observers.time_sequence import readings_of, times_of
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.buckets import Buckets
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows


class TimeLine:
    """The places of rows, by the timestamp column `column`, which is as in `SignalLines`.

    `is_timed` is None before the first row. `last` is the place of the last row, UNKNOWN if that is not known yet.
    """

    def __init__(self, column: TimeColumn | None) -> None:
        self.is_timed: bool | None = None
        self.last = UNKNOWN
        self.position: Position | None = None
        self._column = column

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        self.position = find_time(header, self._column)

    def places(self, rows: Rows) -> Any:
        """Return the place of each row, as `core.buckets` has them, as a list or as an array; None without times."""
        if self.is_timed is None:
            self.is_timed = self.position is not None and place_in(rows.texts_at(self.position, [0])[0]) is not None
        if not self.is_timed:
            return None
        if self.position is None:
            return [self.last] * len(rows)
        times = rows.times(self.position)
        if times is not None:
            self.last = int(times[-1])
            return times
        return self._listed(rows.texts(self.position))

    def _listed(self, texts: Sequence[bytes]) -> list[int]:
        times = times_of(texts)
        if times and min(times) >= -FURTHEST and max(times) <= FURTHEST:
            self.last = times[-1]
            return times
        places = []
        for text in texts:
            place = place_in(text)
            self.last = self.last if place is None else place
            places.append(self.last)
        return places

    def part(self) -> TimeLine | None:
        """Return one for later rows that are counted apart; None if their places depend on the rows before."""
        if not self.is_timed:
            return None
        part = TimeLine(self._column)
        part.is_timed, part.position = True, self.position
        return part

    def join(self, part: TimeLine) -> None:
        """Go on behind the rows of a part."""
        self.last = self.last if part.last == UNKNOWN else part.last

    def snapshot(self) -> list[Any]:
        """Return what `restore` needs."""
        return [self.is_timed, self.last]

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError or TypeError if it is not one."""
        is_timed, last = saved
        if is_timed not in {None, True, False}:
            raise ValueError("expected whether the rows have times")
        self.is_timed, self.last = is_timed, bounded(last, UNKNOWN, FURTHEST)


def place_in(text: bytes) -> int | None:
    """Return the time of a timestamp, in nanoseconds; None if it cannot be read, or in more than one way.

    It is between the years 1678 and 2262, which fit into int64.

    >>> place_in(b"1970-01-01 00:01"), place_in(b"03/10/2024")
    (60000000000, None)
    """
    day_first, month_first = readings_of(text.strip(b" ")) or (None, None)
    return day_first if day_first is not None and day_first == month_first and abs(day_first) <= FURTHEST else None


class Picture(NamedTuple):
    """The buckets of one series, and the time line that they are on; `first` is the number of the first row."""

    buckets: Buckets
    line: TimeLine
    first: int = 1

    @property
    def is_timed(self) -> bool:
        """Whether the buckets are of time."""
        return self.line.is_timed is True

    @property
    def step(self) -> int:
        """How much a bucket is: nanoseconds if the buckets are of time, otherwise rows."""
        return self.buckets.place(1)

    @property
    def has_single_rows(self) -> bool:
        """Whether no bucket has more than one row."""
        return all(bucket.rows == 1 for bucket in self.buckets)

    def columns(self) -> dict[str, list[Any]]:
        """Return the buckets as columns, as `Overview.columns` does."""
        columns = self.buckets.columns(self.first)
        if self.is_timed:
            columns["start"] = [round(bucket.start / 10**6) for bucket in self.buckets]
        return columns
