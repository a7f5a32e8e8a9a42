"""Overview: the observer that keeps the small picture of a stream, in memory that does not grow with the rows.

The rows go into buckets of one size, a power of two. Of each bucket it keeps the first, last, lowest and highest close,
exactly. That is what a line through all rows covers in one column of pixels, so a chart of these candles loses
nothing that could be seen, and no spike of one row (M4: Jugel et al., VLDB 2014). When there are more than `most`
buckets, they are merged two by two; while the stream is short, each row is a bucket of its own.

The buckets depend on the rows alone: not on the engine, nor on where the bytes were cut or the stream was resumed. With
keys, neighbouring rows have prices of different things, so the buckets have rates and no prices.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from stream_signal.core.buckets import Buckets, decimal, text_in, ticks_in, times_in
from stream_signal.core.layout.layout import find_time
from stream_signal.core.limits import natural
from stream_signal.core.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows, Seen

# More than the pixels of a chart from left to right; half as many once they are merged.
MOST_BUCKETS = 2048
# Half an hour of minutes without a trade: far more than equal closes by chance.
LEAST_FLAT = 32
# The longest ones; the counts say how many there were.
FLATS = 20


class Flat(NamedTuple):
    """Rows in a row with one close; missing closes are not among them."""

    row: int
    """the number of the first, from 1"""
    rows: int
    close: str
    """in all its decimals, without zeros at their end"""
    time: str
    """the timestamp of the first row"""


class Run(NamedTuple):
    """Equal closes up to the row that was seen last."""

    row: int
    rows: int
    ticks: int
    time: str


class Overview(Observer):
    r"""Keeps at most `most` buckets of `size` rows each; the last one may have fewer.

    `time_column` is as in `SignalLines`. `keyed` is for a stream with keys. `windows` counts the windows of the stream.
    `first` is the number of the first row that it has seen, 1 unless a stream was resumed without it.

    >>> from stream_signal import Config, SignalStream
    >>> overview = Overview(most=2)
    >>> SignalStream(Config(window=1), [overview]).feed(b"time,close\n60,4.5\n120,4.25\n180,9.0\n240,\n")
    >>> overview.size, overview.columns()["high"], overview.columns()["missing"]
    (2, ['4.5', '9'], [0, 1])
    """

    name = "overview"

    def __init__(
        self,
        time_column: TimeColumn | None = None,
        *,
        keyed: bool = False,
        windows: int = 1,
        most: int = MOST_BUCKETS,
    ) -> None:
        self.keyed = keyed
        self.first = 1
        self._buckets = Buckets(windows, most, keyed=keyed)
        self._time_column = time_column
        self._time: Position | None = None
        self._run: Run | None = None
        self._flats: list[Flat] = []  # the longest first, and of equal ones the first
        self._flat_stretches = self._flat_rows = 0

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        self._time = find_time(header, self._time_column)

    def see(self, rows: Rows, seen: Seen) -> None:
        """See rows, those of arrays all at once."""
        buckets, windows = self._buckets, seen.windows[: self._buckets.windows]
        if not buckets.rows_seen:
            self.first = seen.first
        before = buckets.places
        runs: Iterable[tuple[int, int, int | None]]
        if rows.is_array:
            from stream_signal.core.blocks.buckets import columns_of, runs_of

            arrays = cast("ArrayRows", rows)
            starts = buckets.cut(len(rows))
            buckets.extend(columns_of(arrays, windows, starts, self._time, keyed=self.keyed), arrays.places)
            places, runs = arrays.places, () if self.keyed else runs_of(arrays, LEAST_FLAT)
        else:
            ticks = buckets.see(rows, windows, self._time)
            places, runs = buckets.places, runs_in(ticks)
        if self.keyed:
            return
        if self._run and buckets.places > before:
            self._run = self._run._replace(ticks=self._run.ticks * 10 ** (buckets.places - before))
        factor = 10 ** (buckets.places - places)
        self._see_runs(rows, seen.first, ((at, count, value and value * factor) for at, count, value in runs))

    @property
    def size(self) -> int:
        """How many rows a bucket has."""
        return self._buckets.size

    @property
    def rows_seen(self) -> int:
        """How many rows there are in all buckets."""
        return self._buckets.rows_seen

    @property
    def flats(self) -> list[Flat]:
        """The longest flat stretches of at least LEAST_FLAT rows, the longest first."""
        return self._with_run()[0]

    @property
    def flat_stretches(self) -> int:
        """How many flat stretches there are."""
        return self._with_run()[1]

    @property
    def flat_rows(self) -> int:
        """How many rows there are in all flat stretches."""
        return self._with_run()[2]

    def columns(self) -> dict[str, list[Any]]:
        """Return the buckets as columns: the first row and its time, the closes as exact decimals, the counts.

        Without keys there are `first`, `last`, `low`, `high` and `means`. `means` and `signals` have a list for each
        window.
        """
        return self._buckets.columns(self.first)

    def snapshot(self) -> dict[str, Any]:
        """Return the buckets and the flat stretches."""
        return {
            "first": self.first,
            **self._buckets.snapshot(),
            "run": self._run and list(self._run),
            "flats": list(map(list, self._flats)),
            "flat": [self._flat_stretches, self._flat_rows],
        }

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one of an overview like this one."""
        try:
            self._restore(saved)
        except (TypeError, LookupError, AttributeError, OverflowError) as error:
            raise ValueError(f"expected an overview: {error}") from None

    def _restore(self, saved: Any) -> None:
        self._buckets.restore(saved)
        run = saved["run"]
        self._run = None if run is None else Run(natural(run[0]), natural(run[1]), ticks_in(run[2]), text_in(run[3]))
        self._flats = [
            Flat(natural(row), natural(rows), text_in(close), text_in(time))
            for row, rows, close, time in saved["flats"][:FLATS]
        ]
        self._flat_stretches, self._flat_rows = map(natural, saved["flat"])
        self.first = natural(saved["first"])

    def _see_runs(self, rows: Rows, first: int, runs: Iterable[tuple[int, int, int | None]]) -> None:
        for at, count, ticks in runs:
            run = self._run
            if run and at == 0 and run.ticks == ticks:
                self._run = run._replace(rows=run.rows + count)
                continue
            self._end_run()
            if ticks is not None:
                (time,) = times_in(rows, self._time, [at])
                self._run = Run(first + at, count, ticks, time)

    def _end_run(self) -> None:
        self._flats, self._flat_stretches, self._flat_rows = self._with_run()
        self._run = None

    def _with_run(self) -> tuple[list[Flat], int, int]:
        """Return the flat stretches, and their counts, with the run at the end if it is one."""
        run = self._run
        if not run or run.rows < LEAST_FLAT:
            return self._flats, self._flat_stretches, self._flat_rows
        flat = Flat(run.row, run.rows, decimal(run.ticks, self._buckets.places), run.time)
        flats = sorted([*self._flats, flat], key=lambda flat: (-flat.rows, flat.row))
        return flats[:FLATS], self._flat_stretches + 1, self._flat_rows + run.rows


def runs_in(ticks: Sequence[int | None]) -> Iterator[tuple[int, int, int | None]]:
    """Yield the runs of equal closes: the position of the first row, the length, and the close.

    >>> list(runs_in([459, 459, None, 460]))
    [(0, 2, 459), (2, 1, None), (3, 1, 460)]
    """
    at = 0
    for value, run in groupby(ticks):
        count = len(list(run))
        yield at, count, value
        at += count
