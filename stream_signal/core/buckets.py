"""Buckets: the small picture of one series, in runs of rows of one size, a power of two.

When there are more than `most` of them, they are merged two by two. So they depend on the rows alone, and a smaller
`most` later gives the buckets that it would have given from the start. Rows that are lists are put into them here,
arrays by `core.blocks.buckets`.

The JSON of a bucket comes from a checkpoint, which may be damaged or made up: every part of it is checked.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from operator import add, sub
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import MAX_DIGITS, bounded, natural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_signal.core.layout.layout import Position
    from stream_signal.core.rows import Means, Rows

# A timestamp of any common form is shorter.
_TIME_CHARACTERS = 64


def _first(one: Any, other: Any) -> Any:  # noqa: ARG001
    return one


def _last(one: Any, other: Any) -> Any:  # noqa: ARG001
    return other


def _first_close(one: int | None, other: int | None) -> int | None:
    return other if one is None else one


def _last_close(one: int | None, other: int | None) -> int | None:
    return one if other is None else other


def _lowest(one: int | None, other: int | None) -> int | None:
    return _first_close(one, other) if one is None or other is None else min(one, other)


def _highest(one: int | None, other: int | None) -> int | None:
    return _first_close(one, other) if one is None or other is None else max(one, other)


# How each column of two buckets that follow each other is merged: the timestamp of the first row; how many rows there
# are, and without a close; the first close, the last, the lowest and the highest. The closes are None if all are
# missing, or left out because the rows are of many keys.
_MERGES = (_first, add, add, _first_close, _last_close, _lowest, _highest)
_CLOSES = slice(3, 7)
# And for each window: its mean at the last row, None if it is not full, and its signals.
_OF_WINDOW = (_last, add)
Columns = list[list[Any]]


class Buckets:
    """At most `most` buckets of `size` rows each; the last one may have fewer.

    `rows_seen` counts the rows in them. The closes are ticks with `places` decimals; if `keyed`, there are none.
    """

    def __init__(self, windows: int, most: int, *, keyed: bool = False) -> None:
        self.size = 1
        self.rows_seen = 0
        self.places = 0
        self.windows = windows
        self.keyed = keyed
        self._most = most
        self._merges: list[Callable[[Any, Any], Any]] = [*_MERGES, *_OF_WINDOW * windows]
        self._columns: Columns = [[] for _ in self._merges]

    def limit(self, most: int) -> None:
        """Keep at most `most` buckets from now on."""
        self._most = most
        self.cut(0)

    def cut(self, rows: int) -> list[int]:
        """Merge buckets until as many rows more are not too many; return where to cut these, beginning with 0.

        The first of them go into the last bucket if it has fewer rows than the others.
        """
        while self.size * self._most < self.rows_seen + rows:
            self.size *= 2
            for column, merge in zip(self._columns, self._merges, strict=True):
                pairs = list(map(merge, column[::2], column[1::2]))
                column[: 2 * len(pairs)] = pairs
        room = -self.rows_seen % self.size
        return [0][: min(room, rows)] + list(range(room, rows, self.size))

    def extend(self, later: Columns, places: int) -> None:
        """Add the columns of rows that come next, cut as `cut` says; their closes have so many places."""
        most = max(places, self.places)
        _scale(self._columns, 10 ** (most - self.places))
        _scale(later, 10 ** (most - places))
        self.places = most
        goes_on = int(self.rows_seen % self.size > 0)
        self.rows_seen += sum(later[1])
        for column, added, merge in zip(self._columns, later, self._merges, strict=True):
            if goes_on:
                column[-1] = merge(column[-1], added[0])
            column.extend(added[goes_on:])

    def see(self, rows: Rows, windows: Sequence[Means], time: Position | None) -> list[int | None]:
        """Add rows that are lists, with what the windows show of them; return their closes at one scale."""
        places = max([self.places, *(close[1] for close in rows.closes if close)])
        ticks = [None if close is None else close[0] * 10 ** (places - close[1]) for close in rows.closes]
        starts = self.cut(len(rows))
        bounds = list(pairwise([*starts, len(rows)]))
        lengths = [end - start for start, end in bounds]
        present = [[tick for tick in ticks[start:end] if tick is not None] for start, end in bounds]
        columns: Columns = [times_in(rows, time, starts), lengths, list(map(sub, lengths, map(len, present)))]
        if self.keyed:
            columns += ([None] * len(bounds) for _ in range(4))
        else:
            columns += ([closes[at] if closes else None for closes in present] for at in (0, -1))
            columns += ([end(closes) if closes else None for closes in present] for end in (min, max))
        for means in windows:
            columns.append([None if self.keyed else _mean_at(means, end - 1) for _, end in bounds])
            columns.append([sum(means.above[start:end]) for start, end in bounds])
        self.extend(columns, places)
        return ticks

    def columns(self, first: int = 1) -> dict[str, list[Any]]:
        """Return them as columns, as `Overview.columns` does; `first` is the number of the first row."""
        time, rows, missing, *closes = map(list, self._columns[: len(_MERGES)])
        means, signals = ([list(column) for column in self._columns[at::2]] for at in (len(_MERGES), len(_MERGES) + 1))
        numbers = [first + at * self.size for at in range(len(rows))]
        columns = {"row": numbers, "time": time, "rows": rows, "missing": missing, "signals": signals}
        if not self.keyed:
            for name, column in zip(("first", "last", "low", "high"), closes, strict=True):
                columns[name] = [None if close is None else decimal(close, self.places) for close in column]
            columns["means"] = means
        return columns

    def snapshot(self) -> dict[str, Any]:
        """Return what `restore` needs in another process, as values that JSON can hold."""
        buckets = [
            [*bucket[:3], list(bucket[_CLOSES]), list(bucket[7::2]), list(bucket[8::2])]
            for bucket in zip(*self._columns, strict=True)
        ]
        return {"size": self.size, "places": self.places, "buckets": buckets}

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError, TypeError or LookupError if it is not one."""
        size, places = natural(saved["size"]), natural(saved["places"])
        buckets = [self._bucket_in(*bucket) for bucket in saved["buckets"]]
        counts = [bucket[1] for bucket in buckets]
        if size & (size - 1) or not size or places > 2 * MAX_DIGITS or len(buckets) > self._most:
            raise ValueError("expected the buckets of an overview")
        if any(count != size for count in counts[:-1]) or not all(0 < count <= size for count in counts[-1:]):
            raise ValueError("expected full buckets")
        self.size, self.places, self.rows_seen = size, places, sum(counts)
        self._columns = [list(column) for column in zip(*buckets, strict=True)] or [[] for _ in self._merges]

    def _bucket_in(self, time: Any, rows: Any, missing: Any, closes: Any, means: Any, signals: Any) -> list[Any]:
        """Read one of JSON: what each column has of it."""
        has_closes = closes != [None] * 4
        if not len(means) == len(signals) == self.windows or max([missing, *signals]) > rows or len(closes) != 4:
            raise ValueError("counts that contradict each other")
        if self.keyed and has_closes:
            raise ValueError("expected buckets without closes")
        bucket = [text_in(time), natural(rows), natural(missing), *(map(ticks_in, closes) if has_closes else closes)]
        for mean, count in zip(means, signals, strict=True):
            bucket += None if mean is None else _mean_in(mean), natural(count)
        return bucket


def _scale(columns: Columns, by: int) -> None:
    if by > 1:
        for column in columns[_CLOSES]:
            column[:] = [None if close is None else close * by for close in column]


def _mean_at(means: Means, at: int) -> float | None:
    if not means.full[at]:
        return None
    try:
        mean: float = means.sums[at] / (means.window * 10 ** means.places[at])
    except OverflowError:  # no chart reaches so far
        return None
    return mean


def times_in(rows: Rows, position: Position | None, places: Sequence[int]) -> list[str]:
    """Return the timestamps, as they are shown, of those of the rows that have these places among them."""
    if position is None:
        return [""] * len(places)
    texts = rows.texts_at(position, places)
    return [text.strip(b" ").decode(errors="replace")[:_TIME_CHARACTERS] for text in texts]


def decimal(ticks: int, places: int) -> str:
    """Write ticks as a decimal number, without zeros at the end of its decimals.

    >>> decimal(4200450, 2), decimal(-5, 3), decimal(500, 2)
    ('42004.5', '-0.005', '5')
    """
    digits = str(abs(ticks)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return ("-" if ticks < 0 else "") + (f"{whole}.{part}" if part else whole)


def ticks_in(saved: Any) -> int:
    """Return the ticks of a close; ValueError if they are none."""
    return bounded(saved, 1 - 10 ** (3 * MAX_DIGITS), 10 ** (3 * MAX_DIGITS) - 1)


def text_in(saved: Any) -> str:
    """Return a text; ValueError if it is none."""
    if not isinstance(saved, str) or len(saved) > 3 * MAX_DIGITS:
        raise ValueError("expected a text")
    return saved


def _mean_in(saved: Any) -> float:
    if type(saved) not in {int, float} or not isfinite(saved):
        raise ValueError("expected a mean")
    return float(saved)
