"""KeyCharts: the observer that keeps a small picture of each of the first keys, as `Overview` does of a stream.

What is kept of a key is what an overview of its rows alone would keep. All charts together have at most ALL_BUCKETS
buckets, so that a page has room for them: few keys have fine charts, many have coarser ones.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from stream_signal.core.buckets import Buckets, text_in
from stream_signal.core.layout.layout import find_time
from stream_signal.core.observe import Observer
from stream_signal.core.observers.overview import MOST_BUCKETS
from stream_signal.core.rows import NO_SERIES, Means

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows, Seen

# Those of a page that a reader looks through; the table has all keys.
MOST_CHARTS = 50
# About a megabyte of a page.
ALL_BUCKETS = 12_800


class KeyCharts(Observer):
    r"""Keeps the buckets of the first `charts` keys of the stream, for its first window.

    `time_column` is as in `SignalLines`. `most` is how many buckets a chart may have, whatever the number of charts.

    >>> from stream_signal import Config, SignalStream
    >>> charts = KeyCharts()
    >>> stream = SignalStream(Config(window=2, key="symbol"), [charts])
    >>> stream.feed(b"symbol,close\nA,4.5\nB,90\nA,4.75\nA,4.25\n")
    >>> [(key, chart.columns()["last"], chart.columns()["signals"]) for key, chart in charts]
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
        self._of_keys: dict[int, tuple[str, Buckets]] = {}  # by the numbers of the keys

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        self._time = find_time(header, self._time_column)

    def see(self, rows: Rows, seen: Seen) -> None:
        """See rows, those of arrays all at once."""
        names, windows = seen.names, seen.windows[:1]
        if names is None:
            return
        if not rows.is_array:
            self._see_lists(rows, windows[0], names)
            return
        from stream_signal.core.blocks.buckets import columns_of, order_of

        arrays = cast("ArrayRows", rows)
        order, bounds = order_of(arrays, self._charts)
        runs = [(number, begin, end) for number, (begin, end) in enumerate(pairwise(bounds)) if begin < end]
        charts = [(self._of(number, names[number]), begin, end) for number, begin, end in runs]
        starts: list[int] = []
        seams = [0]
        for chart, begin, end in charts:
            starts += (begin + at for at in chart.cut(end - begin))
            seams.append(len(starts))
        if not charts:
            return
        columns = columns_of(arrays, windows, starts, self._time, order)
        for (chart, *_), (start, end) in zip(charts, pairwise(seams), strict=True):
            chart.extend([column[start:end] for column in columns], arrays.places)

    def _see_lists(self, rows: Rows, means: Means, names: Sequence[bytes]) -> None:
        of_keys: dict[int, list[int]] = {}
        for at, number in enumerate(rows.numbers()):
            if NO_SERIES < number < self._charts:
                of_keys.setdefault(number, []).append(at)
        columns = means.above, means.sums, means.full, means.places
        for number, positions in of_keys.items():
            picked = ([column[at] for at in positions] for column in columns)
            self._of(number, names[number]).see(rows.only(positions), [Means(means.window, *picked)], self._time)

    def __iter__(self) -> Iterator[tuple[str, Buckets]]:
        """Yield each key and its buckets, in the order in which the keys came."""
        yield from (self._of_keys[number] for number in sorted(self._of_keys))

    @property
    def most(self) -> int:
        """How many buckets a chart may have, with as many charts as there are."""
        most = self._most
        while most * len(self._of_keys) > ALL_BUCKETS:
            most //= 2
        return most

    def snapshot(self) -> list[Any]:
        """Return the buckets of each key."""
        return [[number, key, buckets.snapshot()] for number, (key, buckets) in self._of_keys.items()]

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one of charts like these."""
        try:
            for number, key, buckets in saved:
                if type(number) is not int or not 0 <= number < self._charts or number in self._of_keys:
                    raise ValueError("expected the numbers of keys")
                restored = Buckets(1, self._most)
                restored.restore(buckets)
                self._of_keys[number] = text_in(key), restored
        except (TypeError, LookupError, AttributeError, OverflowError) as error:
            raise ValueError(f"expected charts of keys: {error}") from None
        self._limit()

    def _of(self, number: int, key: bytes) -> Buckets:
        if number not in self._of_keys:
            self._of_keys[number] = key.decode(), Buckets(1, self._most)
            self._limit()
        return self._of_keys[number][1]

    def _limit(self) -> None:
        most = self.most
        for _, buckets in self._of_keys.values():
            buckets.limit(most)
