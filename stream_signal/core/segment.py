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

A segment and a checkpoint (`State`) are two views of one thing, the rows so far. They share the counts and the closes
in the window: the tail of a segment is the ring of a `State`, so `add_to` continues a stream with it. A `State` adds
where in the bytes it stands; a segment adds its head, because rows may still come before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

    from stream_signal.core.ticks import Close

SCHEMA = 1


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
        tally, broken = Tally(window), False
        head: list[tuple[int, int]] = []
        for close in closes:
            tally.push(close)
            broken = broken or close is None
            if close and not broken and len(head) < window - 1:
                head.append(close)
        return cls.from_tally(tally, head, broken=broken)

    @classmethod
    def from_tally(cls, tally: Tally, head: Sequence[tuple[int, int]], *, broken: bool) -> Self:
        """Summarise what a tally has counted since it was empty; `head` has its first closes, up to `window - 1`."""
        counts, mean = (tally.rows, tally.rows_with_mean or 0, tally.signals), tally.mean
        return cls.from_ends(mean.window, counts, head, (mean.held(), mean.places), broken=broken)

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
        ring, own = tail
        places = max([own, *(close[1] for close in head)])
        first = tuple(ticks * 10 ** (places - each) for ticks, each in head)
        last = tuple(ticks * 10 ** (places - own) for ticks in ring)
        return cls(window, *counts, first, last, places, broken)

    def __add__(self, other: object) -> Segment:
        """Join two adjoining runs; ValueError if their windows differ."""
        if not isinstance(other, Segment):
            return NotImplemented
        if self.window != other.window:
            raise ValueError(f"segments of windows {self.window} and {other.window} cannot be joined")
        places, window = max(self.places, other.places), self.window
        a, b = self.scaled(places), other.scaled(places)
        full, signals = _across(a.tail, b.head, window)
        return Segment(
            window,
            a.rows + b.rows,
            a.full + b.full + full,
            a.signals + b.signals + signals,
            a.head if a.broken or len(a.head) == window - 1 else (a.head + b.head)[: window - 1],
            b.tail if b.broken or len(b.tail) == window else (a.tail + b.tail)[-window:],
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

    def add_to(self, tally: Tally) -> None:
        """Count the rows of this run in a tally, after those that it has counted."""
        before = Segment.from_tally(tally, (), broken=True)
        joined = before + self
        if tally.rows_without_mean is not None:
            with_mean, filling = joined.full, min(len(joined.tail), self.window - 1)
            tally.rows_without_mean = joined.rows - with_mean - filling
        tally.rows, tally.signals = joined.rows, joined.signals
        tally.mean.restore(list(joined.tail), joined.places)

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
        window, rows, full, signals, head, tail, places, broken = (saved[field] for field in cls._fields)
        ends = head + tail if isinstance(head, list) and isinstance(tail, list) else [None]
        if (
            any(type(number) is not int for number in (window, rows, full, signals, places, *ends))
            or type(broken) is not bool
            or not (window >= 1 and 0 <= signals <= full <= rows and places >= 0)
            or len(head) > min(window - 1, rows)
            or len(tail) > min(window, rows)
            or (not broken and (len(head), len(tail)) != (min(window - 1, rows), min(window, rows)))
        ):
            raise ValueError("expected a segment, found counts that contradict each other")
        return cls(window, rows, full, signals, tuple(head), tuple(tail), places, broken)


def _across(tail: tuple[int, ...], head: tuple[int, ...], window: int) -> tuple[int, int]:
    """Count the closes in `head` whose windows are full and begin in `tail`, and the signals among them."""
    before = tail[1:] if len(tail) == window else tail
    first = window - 1 - len(before)  # the number of the first close in `head` whose window is full
    if first >= len(head):
        return 0, 0
    closes = head[first:]
    total, signals = sum(before) + sum(head[:first]), 0
    for close, oldest in zip(closes, (0, *before), strict=False):  # each close enters, and the oldest leaves
        total += close - oldest
        signals += close * window > total
    return len(closes), signals
