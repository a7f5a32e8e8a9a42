"""Segment: the summary of a contiguous run of rows, which joins with that of the run after it.

The law: for any rows x and y, `of(x) + of(y) == of(x ++ y)`. So segments are associative, have an identity (the segment
of no rows), and are ordered: `a + b` is not `b + a`. It holds for runs of any length, down to none and shorter than the
window.

The signals of a run are known but for its first `window - 1` closes, whose windows reach into the run before. A segment
keeps those closes, its head, and the last `window`, its tail, which the windows of the next run reach into:

    x        ... 4.57 4.58 4.59 | 4.60 4.57 4.61 ...        y, window 4
                 [    tail     ] [    head    ]             every window across the seam is in tail ++ head

A missing close ends a run of closes, because no window reaches across it: `head` ends before the first missing close,
and `tail` begins after the last one.

A series of a saved state is a segment without its head, because no rows can come before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.rolling import RollingSum
from stream_signal.core.seam import Across

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import Self

    from stream_signal.core.ticks import Close


class Segment(NamedTuple):
    """The summary of a contiguous run of `rows` rows, for one window.

    `full` counts those whose whole window is in the run, and `signals` the signals among these. `head` and `tail` are
    the closes at its ends, times `10**places`; `broken` says that a close is missing between them.

    >>> a, b = Segment.of([(458, 2), (459, 2)], window=2), Segment.of([(457, 2), None, (46, 1)], window=2)
    >>> a + b
    Segment(window=2, rows=5, full=2, signals=1, head=(458,), tail=(460,), places=2, broken=True)
    >>> sum([a, b], Segment.empty(2)) == Segment.of([(458, 2), (459, 2), (457, 2), None, (46, 1)], window=2)
    True
    """

    window: int
    rows: int
    full: int
    signals: int
    head: tuple[int, ...]
    tail: tuple[int, ...]
    places: int
    broken: bool

    @classmethod
    def empty(cls, window: int) -> Self:
        """Return the segment of no rows: `empty(window) + s == s`."""
        return cls(window, 0, 0, 0, (), (), 0, broken=False)

    @classmethod
    def of(cls, closes: Iterable[Close], window: int) -> Self:
        """Summarise a run of closes, each `(ticks, places)`, or None if it is missing."""
        mean, broken, rows, full, signals = RollingSum(window), False, 0, 0, 0
        head: list[tuple[int, int]] = []
        for close in closes:
            rows += 1
            if close is None:
                broken = True
                mean.clear()
                continue
            above = mean.push(*close)
            full += above is not None
            signals += above or 0
            if not broken and len(head) < window - 1:
                head.append(close)
        return cls.from_ends(window, (rows, full, signals), head, (mean.values(), mean.places), broken=broken)

    @classmethod
    def from_ends(
        cls,
        window: int,
        counts: tuple[int, int, int],
        head: Sequence[tuple[int, int]],
        tail: tuple[Sequence[int], int],
        *,
        broken: bool,
    ) -> Self:
        """Make it of its `rows`, `full` and `signals`, its first closes, and its last ones with their places."""
        ring, tail_places = tail
        if not head:
            return cls(window, *counts, (), tuple(ring), tail_places, broken)
        places = max([tail_places, *(close[1] for close in head)])
        first = tuple(ticks * 10 ** (places - close_places) for ticks, close_places in head)
        last = tuple(ticks * 10 ** (places - tail_places) for ticks in ring)
        return cls(window, *counts, first, last, places, broken)

    def __add__(self, other: object) -> Segment:
        """Join two adjoining runs; ValueError if their windows differ."""
        if not isinstance(other, Segment):
            return NotImplemented
        if self.window != other.window:
            raise ValueError(f"segments of windows {self.window} and {other.window} cannot be joined")
        places, window = max(self.places, other.places), self.window
        a, b = self.scaled(places), other.scaled(places)
        across = Across.of(a.tail, b.head, window, places)
        return Segment(
            window,
            a.rows + b.rows,
            a.full + b.full + len(across.sums),
            a.signals + b.signals + sum(across.above),
            a.head if a.broken else (a.head + b.head)[: window - 1],
            b.tail if b.broken else (a.tail + b.tail)[-window:],
            places,
            a.broken or b.broken,
        )

    def __radd__(self, other: object) -> Segment:
        """Join with the 0 that `sum` begins with."""
        return self if other == 0 else NotImplemented

    def scaled(self, places: int) -> Segment:
        """Return the same segment at a scale of more decimal places."""
        scale = 10 ** (places - self.places)
        if scale == 1:
            return self
        head, tail = (tuple(ticks * scale for ticks in end) for end in (self.head, self.tail))
        return self._replace(head=head, tail=tail, places=places)

    @property
    def value(self) -> float | None:
        """The signal rate: signals / rows, or None without rows."""
        return self.signals / self.rows if self.rows else None


class Segments(NamedTuple):
    """What a panel has counted: to be added to another one, or to go on later."""

    rows: int
    """of all series, and those of none"""
    full: list[int | None]
    """for each window, full windows that no series counts; None if an older version did not count all"""
    series: dict[bytes, list[Segment]]
    """of each key, for each window, in the order in which they first came"""
    cleared: int = 0
    """how often all windows were emptied"""

    @property
    def keys(self) -> Collection[bytes]:
        """The keys, in the order in which they first came."""
        return self.series.keys()
