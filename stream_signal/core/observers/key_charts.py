"""KeyCharts: the observer that keeps a small picture of each of the first keys, as `Overview` does of a stream.

What is kept of a key is what an overview of its rows alone would keep. All charts together have at most ALL_BUCKETS
buckets, so that a page has room for them: few keys have fine charts, many have coarser ones.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from stream_signal.core.bucket import text_in
from stream_signal.core.buckets import Buckets
from stream_signal.core.observe import Observer
from stream_signal.core.observers.overview import MOST_BUCKETS, time_of_row, times_in
from stream_signal.core.time_column import find_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.header import Header
    from stream_signal.core.rows import Row, Rows, Seen
    from stream_signal.core.time_column import Position, TimeColumn

# Those of a page that a reader looks through; the table has all keys.
MOST_CHARTS = 50
# About a megabyte of a page.
ALL_BUCKETS = 12_800


class KeyCharts(Observer):
    r"""Keeps the buckets of the keys that are the first `charts` of the stream, for its first window.

    `time_column` is as in `SignalLines`. `most` is how many buckets a chart may have, whatever the number of charts.

    >>> from stream_signal import Config, SignalStream
    >>> charts = KeyCharts()
    >>> stream = SignalStream(Config(window=2, key="symbol"), [charts])
    >>> stream.feed(b"symbol,close\nA,4.5\nB,90\nA,4.75\nA,4.25\n")
    >>> [(key, each.columns()["last"], each.columns()["signals"]) for key, each in charts]
    [('A', ['4.5', '4.75', '4.25'], [[0, 1, 0]]), ('B', ['90'], [[0]])]
    """

    name = "key_charts"

    def __init__(
        self, time_column: TimeColumn | None = None, *, charts: int = MOST_CHARTS, most: int = MOST_BUCKETS
    ) -> None:
        self._time_column = time_column
        self._time: Position | None = None
        self._charts = charts
        self._most = most
        self._found: dict[int, tuple[str, Buckets]] = {}  # by the numbers of the keys

    def begin(self, header: Header) -> None:
        """Find the timestamp column."""
        self._time = find_time(header, self._time_column)

    def row(self, row: Row) -> None:
        """See one row."""
        if row.key is not None and row.key_number < self._charts:
            chart = self._of(row.key_number, row.key)
            chart.row(row, lambda seen: time_of_row(seen, self._time))

    def see(self, rows: Rows, seen: Seen) -> None:
        """See rows, those of arrays all at once."""
        means, names = seen.windows[0], seen.names
        order = means.order
        if not rows.is_array:
            super().see(rows, seen)
            return
        if order is None or names is None:
            return
        from stream_signal.core.blocks.buckets import buckets_of_keys

        bounds = order.bounds(self._charts)
        found = [(at, begin, end) for at, (begin, end) in enumerate(pairwise(bounds)) if begin < end]
        charts = [(self._of(number, names[number]), begin, end) for number, begin, end in found]
        rooms = [(begin, end, chart.make_room(end - begin), chart.size) for chart, begin, end in charts]
        parts = buckets_of_keys(
            order, means.divisor, rooms, lambda places: times_in(cast("ArrayRows", rows), self._time, places)
        )
        for (chart, *_), buckets in zip(charts, parts, strict=True):
            chart.extend(buckets, chart.factor(order.places))

    def __iter__(self) -> Iterator[tuple[str, Buckets]]:
        """Yield each key and its buckets, in the order in which the keys came."""
        yield from (self._found[number] for number in sorted(self._found))

    @property
    def most(self) -> int:
        """How many buckets a chart may have, with as many charts as there are."""
        most = self._most
        while most * len(self._found) > ALL_BUCKETS:
            most //= 2
        return most

    def snapshot(self) -> list[Any]:
        """Return the buckets of each key."""
        return [[number, key, buckets.snapshot()] for number, (key, buckets) in self._found.items()]

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one of charts like these."""
        try:
            for number, key, buckets in saved:
                if type(number) is not int or not 0 <= number < self._charts or number in self._found:
                    raise ValueError("expected the numbers of keys")
                found = Buckets(1, self._most)
                found.restore(buckets)
                self._found[number] = text_in(key), found
        except (TypeError, LookupError, AttributeError, OverflowError) as error:
            raise ValueError(f"expected charts of keys: {error}") from None
        self._limit()

    def _of(self, number: int, key: bytes) -> Buckets:
        if number not in self._found:
            self._found[number] = key.decode(), Buckets(1, self._most)
            self._limit()
        return self._found[number][1]

    def _limit(self) -> None:
        most = self.most
        for _, buckets in self._found.values():
            buckets.limit(most)
