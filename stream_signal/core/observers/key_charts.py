"""KeyCharts: the observer that keeps a small picture of each of the first keys, as `Overview` does of a stream.

What is kept of a key is what an overview of its rows alone would keep. All charts together have at most ALL_BUCKETS
buckets, so that a page has room for them: few keys have fine charts, many have coarser ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from stream_signal.core.buckets import UNKNOWN, Buckets, text_in
from stream_signal.core.observe import Observer
from stream_signal.core.observers.overview import MOST_BUCKETS
from stream_signal.core.observers.time_line import Picture, TimeLine
from stream_signal.core.rows import Means

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.seam import OfWindow

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
        self._line = TimeLine(time_column)
        self._charts = charts
        self._most = most
        self._of_keys: dict[int, tuple[str, Buckets]] = {}  # by the numbers of the keys
        self._names: Sequence[bytes] = ()
        self._known: frozenset[bytes] | None = None  # of a part, the keys that have charts where it is joined
        self._picked: list[int] = []  # and the numbers of its own keys that may have one

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        self._line.begin(header)

    def see(self, rows: Rows, seen: Seen) -> None:
        """See rows, those of arrays all at once."""
        if seen.names is None:
            return
        self._names = seen.names
        places, windows = self._line.places(rows), seen.windows[:1]
        if not rows.is_array:
            self._see_lists(rows, windows[0], places)
            return
        from stream_signal.core.blocks.buckets import add_rows, positions_of, slices_of

        arrays = cast("ArrayRows", rows)
        some = []
        for number, where in positions_of(arrays, self._wanted()):
            buckets = self._of(number, where, windows[0].window, places)
            some.append(slices_of(buckets, places, len(where), where))
        if some:
            add_rows(some, arrays, windows, self._line.position)

    def _see_lists(self, rows: Rows, means: Means, places: Sequence[int] | None) -> None:
        of_keys: dict[int, list[int]] = {number: [] for number in self._wanted()}
        for at, number in enumerate(rows.numbers()):
            if number in of_keys:
                of_keys[number].append(at)
        columns = means.above, means.sums, means.full, means.places
        for number, positions in of_keys.items():
            if positions:
                picked = ([column[at] for at in positions] for column in columns)
                buckets = self._of(number, positions, means.window, places)
                where = None if places is None else [places[at] for at in positions]
                buckets.see(rows.only(positions), [Means(means.window, *picked)], self._line.position, where)

    def _wanted(self) -> Sequence[int]:
        """Return the numbers of the keys that have charts, as far as they are known.

        Those of a part may come to have one: those that have one where it is joined, and its own first ones.
        """
        if self._known is None:
            return range(min(self._charts, len(self._names)))
        picked = self._picked
        new = sum(self._names[number] not in self._known for number in picked)
        for number in range(picked[-1] + 1 if picked else 0, len(self._names)):
            is_new = self._names[number] not in self._known
            if not is_new or len(self._known) + new < self._charts:
                new += is_new
                picked.append(number)
        return picked

    def _of(self, number: int, positions: Any, window: int, places: Any) -> Buckets:
        """Return the buckets of a key, for its next rows, which are at these positions among others."""
        if number not in self._of_keys:
            self._of_keys[number] = (
                self._names[number].decode(),
                Buckets(1, self._most, timed=self._line.is_timed is True),
            )
            self._limit()
        buckets = self._of_keys[number][1]
        if self._known is not None:
            ranks = range(buckets.rows_seen, min(window - 1, buckets.rows_seen + len(positions)))
            buckets.note_late((positions[: len(ranks)], [number] * len(ranks), list(ranks)), places)
        return buckets

    def __iter__(self) -> Iterator[tuple[str, Picture]]:
        """Yield each key and its buckets, in the order in which the keys came; the rows are those of the key alone."""
        for number in sorted(self._of_keys):
            key, buckets = self._of_keys[number]
            yield key, Picture(buckets, self._line)

    @property
    def most(self) -> int:
        """How many buckets a chart may have, with as many charts as there are."""
        most = self._most
        while most * len(self._of_keys) > ALL_BUCKETS:
            most //= 2
        return most

    def _limit(self) -> None:
        most = self.most
        for _, buckets in self._of_keys.values():
            buckets.limit(most)

    def part(self) -> KeyCharts | None:
        """Return one for later rows, if the buckets are of time."""
        line = self._line.part()
        if line is None:
            return None
        part = KeyCharts(charts=self._charts, most=self._most)
        part._line, part._known = line, frozenset(self._names[: self._charts])
        return part

    def join(self, part: KeyCharts, rows: int, seam: Sequence[OfWindow]) -> None:  # noqa: ARG002
        """Add the buckets of a part."""
        numbers = {key: number for number, key in enumerate(self._names[: self._charts])}
        for number, (key, buckets) in sorted(part._of_keys.items()):
            here = numbers.get(key.encode())
            if here is not None:
                buckets.settle(seam, number)
                self._of(here, (), 0, None).join(buckets, self._line.last)
        self._line.join(part._line)

    def snapshot(self) -> dict[str, Any]:
        """Return the buckets of each key."""
        of_keys = [[number, key, buckets.snapshot()] for number, (key, buckets) in self._of_keys.items()]
        return {"line": self._line.snapshot(), "keys": of_keys}

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one of charts like these."""
        try:
            if isinstance(saved, list):  # of version 0.2.0, whose buckets had a number of rows each
                saved = {"line": [False, UNKNOWN], "keys": saved}
            self._line.restore(saved["line"])
            for number, key, buckets in saved["keys"]:
                if type(number) is not int or not 0 <= number < self._charts or number in self._of_keys:
                    raise ValueError("expected the numbers of keys")
                restored = Buckets(1, self._most, timed=self._line.is_timed is True)
                restored.restore(buckets)
                self._of_keys[number] = text_in(key), restored
        except (TypeError, LookupError, AttributeError, OverflowError) as error:
            raise ValueError(f"expected charts of keys: {error}") from None
        self._limit()
