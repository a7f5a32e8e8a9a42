"""Overview: the observer that keeps the small picture of a stream, in memory that does not grow with the rows.

The rows go into buckets of one step in time, or of one number of rows where they have no times. Of each bucket it keeps
the first, last, lowest and highest close, exactly. That is what a line through all rows covers in one column of pixels,
so a chart of these candles loses nothing that could be seen, and no spike of one row (M4: Jugel et al., VLDB 2014).
When more than `most` buckets have rows, the step doubles; while the stream is short, each row is a bucket of its own.

The buckets depend on the rows alone: not on the engine, nor on where the bytes were cut or the stream was resumed.
Those in time can be counted apart and joined. With keys, neighbouring rows have prices of different things, so the
buckets have rates and no prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from stream_signal.core.buckets import UNKNOWN, Buckets
from stream_signal.core.limits import natural
from stream_signal.core.observe import Observer
from stream_signal.core.observers.first_rows import FirstRows
from stream_signal.core.observers.flats import LEAST_FLAT, Flats, runs_in
from stream_signal.core.observers.time_line import Picture, TimeLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.observers.flats import Flat
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.seam import OfWindow

# More than the pixels of a chart from left to right; half as many once they are merged.
MOST_BUCKETS = 2048


class Overview(Observer):
    r"""Keeps at most `most` buckets of one step each.

    `time_column` is as in `SignalLines`. `keyed` is for a stream with keys. `windows` counts the windows of the stream.
    `first` is the number of the first row that it has seen, 1 unless a stream was resumed without it.

    >>> from stream_signal import Config, SignalStream
    >>> overview = Overview(most=2)
    >>> SignalStream(Config(window=1), [overview]).feed(b"time,close\n60,4.5\n120,4.25\n180,9.0\n240,\n")
    >>> overview.columns()["time"], overview.columns()["high"], overview.columns()["missing"]
    (['60', '180'], ['4.5', '9'], [0, 1])
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
        self._most = most
        self._buckets = Buckets(windows, most, keyed=keyed)
        self._line = TimeLine(time_column)
        self._is_part = False
        self._first_rows: FirstRows | None = None  # of a part
        self._flats = Flats()

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        self._line.begin(header)

    def see(self, rows: Rows, seen: Seen) -> None:
        """See rows, those of arrays all at once."""
        buckets, windows = self._buckets, seen.windows[: self._buckets.windows]
        if not buckets.rows_seen:
            self.first = seen.first
        places = self._line.places(rows)
        buckets.timed = places is not None
        if self._is_part:
            self._first_rows = self._first_rows or FirstRows(max(means.window for means in windows))
            buckets.note_late(self._first_rows.among(rows), places)
        runs: Iterable[tuple[int, int, int | None]]
        if rows.is_array:
            from stream_signal.core.blocks.buckets import add_rows, runs_of, slices_of

            arrays = cast("ArrayRows", rows)
            add_rows([slices_of(buckets, places, len(rows))], arrays, windows, self._line.position)
            scale, runs = arrays.places, () if self.keyed else runs_of(arrays, LEAST_FLAT)
        else:
            ticks = buckets.see(rows, windows, self._line.position, places)
            scale, runs = buckets.places, runs_in(ticks)
        if not self.keyed:
            self._flats.see(rows, seen.first, runs, scale, self._line.position)

    @property
    def picture(self) -> Picture:
        """The buckets, and whether they are of time."""
        return Picture(self._buckets, self._line, self.first)

    @property
    def rows_seen(self) -> int:
        """How many rows there are in all buckets."""
        return self._buckets.rows_seen

    @property
    def flats(self) -> list[Flat]:
        """The longest flat stretches of at least LEAST_FLAT rows, the longest first."""
        return self._flats.found()[0]

    @property
    def flat_stretches(self) -> int:
        """How many flat stretches there are."""
        return self._flats.found()[1]

    @property
    def flat_rows(self) -> int:
        """How many rows there are in all flat stretches."""
        return self._flats.found()[2]

    def columns(self) -> dict[str, list[Any]]:
        """Return the buckets as columns: the first row and its time, the closes as exact decimals, the counts.

        Without keys there are `first`, `last`, `low`, `high` and `means`. `means` and `signals` have a list for each
        window. If the buckets are of time, `start` has the time of the earliest row in milliseconds since 1970.
        """
        return self.picture.columns()

    def part(self) -> Overview | None:
        """Return one for later rows, if the buckets are of time."""
        line = self._line.part()
        if line is None:
            return None
        part = Overview(keyed=self.keyed, windows=self._buckets.windows, most=self._most)
        part._line, part._is_part = line, True
        part._buckets.timed, part._buckets.level = True, self._buckets.level  # which will not be less
        part._flats = Flats(joins=True)
        return part

    def join(self, part: Overview, rows: int, seam: Sequence[OfWindow]) -> None:
        """Add the buckets and the flat stretches of a part."""
        part._buckets.settle(seam)
        self._buckets.join(part._buckets, self._line.last)
        self._line.join(part._line)
        self._flats.join(part._flats, rows)

    def snapshot(self) -> dict[str, Any]:
        """Return the buckets and the flat stretches."""
        line = self._line.snapshot()
        return {"first": self.first, "line": line, **self._buckets.snapshot(), **self._flats.snapshot()}

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one of an overview like this one."""
        try:
            self._line.restore(saved.get("line", [False, UNKNOWN]))
            self._buckets.timed = self._line.is_timed is True
            self._buckets.restore(saved)
            self._flats.restore(saved, self._buckets.places)
            self.first = natural(saved["first"])
        except (TypeError, LookupError, AttributeError, OverflowError) as error:
            raise ValueError(f"expected an overview: {error}") from None
