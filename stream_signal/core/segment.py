"""Segment: the summary of a contiguous run of rows, which joins with that of the run after it.

The law: for any rows x and y, `of(x) + of(y) == of(x ++ y)`. So segments are associative, have an identity (the segment
of no rows), and are ordered: `a + b` is not `b + a`. It holds for runs of any length, down to none and shorter than the
window.

The signals of a run are known but for its first `window - 1` closes, whose windows reach into the run before. A segment
keeps those closes, and the last `window - 1`, which the windows of the next run reach into:

    x             ... 4.58 4.59 | 4.60 4.57 4.61 ...        y, window 4
                      [  tail  ] [    head    ]             every window across the seam is in tail ++ head

A missing close ends a run of closes, because no window reaches across it: `head` ends before the first missing close,
and `tail` begins after the last one.

A segment and a checkpoint (`State`) are two views of one thing, the rows so far. The tail of a segment is the ring of a
`State` less its oldest close, which is in no window that is still to come. A `State` adds where in the bytes it stands;
a segment adds its head, because rows may still come before it.
"""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import gt, mul, sub
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from stream_signal.core.ticks import Close

SCHEMA = 1


class Segment(NamedTuple):
    """The summary of a contiguous run of `rows` rows, for one window.

    `signals` counts those whose whole window is in the run. `head` and `tail` are the closes at its ends, times
    `10**places`; `broken` says that a close is missing between them.

    >>> a, b = Segment.of([(458, 2), (459, 2)], window=2), Segment.of([(457, 2), None, (46, 1)], window=2)
    >>> a + b
    Segment(window=2, rows=5, signals=1, head=(458,), tail=(460,), places=2, broken=True)
    >>> sum([a, b], Segment.empty(2)) == Segment.of([(458, 2), (459, 2), (457, 2), None, (46, 1)], window=2)
    True
    """

    window: int
    rows: int
    signals: int
    head: tuple[int, ...]
    tail: tuple[int, ...]
    places: int
    broken: bool

    @classmethod
    def empty(cls, window: int) -> Self:
        """Return the segment of no rows: `empty(window) + s == s`."""
        return cls(window, 0, 0, (), (), 0, broken=False)

    @classmethod
    def of(cls, closes: Iterable[Close], window: int) -> Self:
        """Summarise a run of closes, each `(ticks, places)`, or None if it is missing."""
        tally, broken = Tally(window), False
        head: list[tuple[int, int]] = []
        for close in closes:
            tally.push(close)
            broken = broken or close is None
            if close and not broken and len(head) < window - 1:
                head.append(close)
        return cls.from_tally(tally, head, broken=broken)

    @classmethod
    def from_tally(cls, tally: Tally, head: list[tuple[int, int]], *, broken: bool) -> Self:
        """Summarise what a tally has counted since it was empty; `head` has its first `window - 1` closes."""
        mean = tally.mean
        window, places = mean.window, max([mean.places, *(close[1] for close in head)])
        first = tuple(ticks * 10 ** (places - each) for ticks, each in head)
        last = _last(tuple(ticks * 10 ** (places - mean.places) for ticks in mean.held()), window - 1)
        return cls(window, tally.rows, tally.signals, first, last, places, broken)

    def __add__(self, other: object) -> Segment:
        """Join two adjoining runs; ValueError if their windows differ."""
        if not isinstance(other, Segment):
            return NotImplemented
        if self.window != other.window:
            raise ValueError(f"segments of windows {self.window} and {other.window} cannot be joined")
        places, most = max(self.places, other.places), self.window - 1
        a, b = self.scaled(places), other.scaled(places)
        return Segment(
            self.window,
            a.rows + b.rows,
            a.signals + b.signals + _signals_across(a.tail, b.head, self.window),
            a.head if a.broken else (a.head + b.head)[:most],
            b.tail if b.broken else _last(a.tail + b.tail, most),
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

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as JSON can hold it."""
        return {"schema": SCHEMA, **self._asdict(), "head": list(self.head), "tail": list(self.tail)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Return the segment that `to_dict` wrote; ValueError if it cannot be one."""
        if saved.keys() != {"schema", *cls._fields}:
            raise ValueError(f"expected a segment: schema, {', '.join(cls._fields)}")
        if saved["schema"] != SCHEMA:
            raise ValueError(f"expected a segment of schema {SCHEMA}, found {str(saved['schema'])[:20]}")
        window, rows, signals, head, tail, places, broken = (saved[field] for field in cls._fields)
        ends = head + tail if isinstance(head, list) and isinstance(tail, list) else [None]
        if (
            any(type(number) is not int for number in (window, rows, signals, places, *ends))
            or type(broken) is not bool
            or not (window >= 1 and 0 <= signals <= rows and places >= 0)
            or max(len(head), len(tail)) > min(window - 1, rows)
            or (not broken and len(head) != min(window - 1, rows))
        ):
            raise ValueError("expected a segment, found counts that contradict each other")
        return cls(window, rows, signals, tuple(head), tuple(tail), places, broken)


def _signals_across(tail: tuple[int, ...], head: tuple[int, ...], window: int) -> int:
    """Count the signals of the closes in `head` whose windows begin in `tail`."""
    first = window - 1 - len(tail)  # the number of the first close in `head` whose window is full
    if first >= len(head):
        return 0
    total = sum(tail) + sum(head[: first + 1])
    totals = accumulate(map(sub, head[first + 1 :], tail), initial=total)  # each enters, and the oldest leaves
    return sum(map(gt, map(mul, head[first:], repeat(window)), totals))


def _last(closes: tuple[int, ...], count: int) -> tuple[int, ...]:
    return closes[max(0, len(closes) - count) :]
