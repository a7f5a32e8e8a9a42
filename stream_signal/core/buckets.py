"""Buckets: the small picture of one series, in runs of rows of one size, a power of two.

When there are more than `most` of them, they are merged two by two. So they depend on the rows alone, and a smaller
`most` later gives the buckets that it would have given from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.bucket import Bucket, count_in
from stream_signal.core.limits import MAX_DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stream_signal.core.rows import Row


class Buckets:
    """At most `most` buckets of `size` rows each; the last one may have fewer.

    `rows_seen` counts the rows in them. The closes are ticks with `places` decimals; if `keyed`, there are none.
    """

    def __init__(self, windows: int, most: int, *, keyed: bool = False) -> None:
        self.size = 1
        self.rows_seen = 0
        self.places = 0
        self._windows = windows
        self._most = most
        self._keyed = keyed
        self._buckets: list[Bucket] = []

    def limit(self, most: int) -> None:
        """Keep at most `most` buckets from now on."""
        self._most = most
        while self.size * most < self.rows_seen:
            self._halve()

    def row(self, row: Row, time_of: Callable[[Row], str]) -> int | None:
        """Add a row; return its close at the scale of the buckets, None if there is none."""
        if self.make_room(1):
            bucket = self._buckets[-1]
        else:
            bucket = Bucket(time_of(row), self._windows)
            self._buckets.append(bucket)
        self.rows_seen += 1
        bucket.rows += 1
        for at, seen in enumerate((row, *row.more)[: self._windows]):
            bucket.signals[at] += seen.above
            if not self._keyed:
                bucket.means[at] = _mean_of(seen)
        close = row.ticks
        if close is None:
            bucket.missing += 1
            return None
        if self._keyed:
            return None
        ticks, places = close
        if places != self.places:
            ticks *= self.factor(places)
        bucket.add_close(ticks, ticks, ticks, ticks)
        return ticks

    def make_room(self, rows: int) -> int:
        """Merge buckets until as many rows more are not too many; return how many of these go into the last bucket."""
        while self.size * self._most < self.rows_seen + rows:
            self._halve()
        return min(-self.rows_seen % self.size, rows)

    def extend(self, later: Iterable[Bucket], factor: int) -> None:
        """Add the buckets of the rows that come next, for which room was made; their closes are multiplied."""
        room = -self.rows_seen % self.size
        for bucket in later:
            self.rows_seen += bucket.rows
            if factor > 1:
                bucket.scale(factor)
            if room:
                self._buckets[-1].add(bucket)
                room = 0
            else:
                self._buckets.append(bucket)

    def factor(self, places: int) -> int:
        """Return what brings ticks of so many places to the scale of the buckets, which may become larger for it."""
        if places > self.places:
            by = 10 ** (places - self.places)
            for bucket in self._buckets:
                bucket.scale(by)
            self.places = places
        factor: int = 10 ** (self.places - places)
        return factor

    def columns(self, first: int = 1) -> dict[str, list[Any]]:
        """Return them as columns, as `Overview.columns` does; `first` is the number of the first row."""
        buckets = self._buckets
        found: dict[str, list[Any]] = {
            "row": [first + at * self.size for at in range(len(buckets))],
            "time": [bucket.time for bucket in buckets],
            "rows": [bucket.rows for bucket in buckets],
            "missing": [bucket.missing for bucket in buckets],
            "signals": [[bucket.signals[at] for bucket in buckets] for at in range(self._windows)],
        }
        if not self._keyed:
            for name in ("first", "last", "low", "high"):
                found[name] = [decimal(getattr(bucket, name), self.places) for bucket in buckets]
            found["means"] = [[bucket.means[at] for bucket in buckets] for at in range(self._windows)]
        return found

    def snapshot(self) -> dict[str, Any]:
        """Return what `restore` needs in another process, as values that JSON can hold."""
        return {
            "size": self.size,
            "places": self.places,
            "buckets": [bucket.as_json() for bucket in self._buckets],
        }

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError, TypeError or LookupError if it is not one."""
        size, places = count_in(saved["size"]), count_in(saved["places"])
        buckets = [Bucket.from_json(each, self._windows) for each in saved["buckets"]]
        counts = [bucket.rows for bucket in buckets]
        if size & (size - 1) or not size or places > 2 * MAX_DIGITS or len(buckets) > self._most:
            raise ValueError("expected the buckets of an overview")
        if any(count != size for count in counts[:-1]) or not all(0 < count <= size for count in counts[-1:]):
            raise ValueError("expected full buckets")
        if self._keyed and any(bucket.first is not None for bucket in buckets):
            raise ValueError("expected buckets without closes")
        self.size, self.places, self.rows_seen, self._buckets = size, places, sum(counts), buckets

    def _halve(self) -> None:
        """Merge the buckets two by two."""
        self.size *= 2
        pairs = self._buckets
        for bucket, later in zip(pairs[::2], pairs[1::2], strict=False):
            bucket.add(later)
        self._buckets = pairs[::2]


def _mean_of(row: Row) -> float | None:
    try:
        return row.mean
    except OverflowError:  # no chart reaches so far
        return None


def decimal(ticks: int | None, places: int) -> str | None:
    """Write ticks as a decimal number, without zeros at the end of its decimals.

    >>> decimal(4200450, 2), decimal(-5, 3), decimal(500, 2)
    ('42004.5', '-0.005', '5')
    """
    if ticks is None:
        return None
    digits = str(abs(ticks)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return ("-" if ticks < 0 else "") + (f"{whole}.{part}" if part else whole)
