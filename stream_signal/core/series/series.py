"""Series: one key and one window, as far as its rows have come: the counts, and the rolling mean that decides.

It is a segment that still grows. Both readers push into one series and neither owns it, so they can take turns. The
series of all keys for one window are together in a `WindowSeries`.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from stream_signal.core.rolling import RollingSum
from stream_signal.core.rows import NO_SERIES, Means

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.rows import Rows
    from stream_signal.core.seam import Across
    from stream_signal.core.series.keys import Keys
    from stream_signal.core.series.segment import Segment
    from stream_signal.core.ticks import Close


class Series:
    """Counts `rows`, those whose window is `full`, and the `signals`: closes above the mean of the last `window` ones.

    `mean` is the window, None while it is empty or in the arrays of `core.blocks.rings`. `cleared` is how often all
    windows had been emptied when the last row came. If `joins`, somebody may join it to the rows before: then it keeps
    its first closes.

    >>> series = Series(window=2)
    >>> [series.push(close) for close in ((458, 2), (459, 2), None)]
    [False, True, False]
    >>> series.rows, series.full, series.signals
    (3, 1, 1)
    """

    __slots__ = ("broken", "cleared", "head", "mean", "rows", "signals", "window", "without")

    def __init__(self, window: int, cleared: int = 0, *, joins: bool = False) -> None:
        self.window = window
        self.mean: RollingSum | None = None
        self.rows = self.signals = 0
        self.without = 0
        """rows without a full window"""
        self.cleared = cleared
        self.broken = cleared > 0 or not joins
        """whether no more first closes are to be kept: one is missing, or nobody wants them"""
        self.head: list[tuple[int, int]] = []

    @property
    def full(self) -> int:
        """How many rows end a full window, and so have a mean."""
        return self.rows - self.without

    def open(self) -> RollingSum:
        """Return the window, empty if there was none."""
        if self.mean is None:
            self.mean = RollingSum(self.window)
        return self.mean

    def empty(self) -> None:
        """Empty the window: no later one reaches across this place."""
        if self.mean:
            self.mean.clear()
        self.broken = True

    def push(self, close: Close) -> bool:
        """Count a row; return whether it signals."""
        self.rows += 1
        if close is None:
            self.without += 1
            self.empty()
            return False
        if not self.broken:
            self.note_first((close,))
        above = (self.mean or self.open()).push(*close)
        if above:
            self.signals += 1
            return True
        if above is None:
            self.without += 1
        return False

    def push_each(self, closes: Sequence[Close]) -> None:
        """Count a row for each close."""
        if not self.broken:
            self.note_first(closes)
        push = self.open().push
        signals = without = 0
        for close in closes:
            if close is None:
                without += 1
                self.empty()
                continue
            ticks, places = close
            above = push(ticks, places)
            if above:
                signals += 1
            elif above is None:
                without += 1
        self.rows += len(closes)
        self.signals += signals
        self.without += without

    def note_first(self, closes: Sequence[Close]) -> None:
        """Keep the first closes of the series, up to a missing one: the windows of rows before reach into them."""
        for close in closes[: self.window - 1 - len(self.head)]:
            if close is None:
                return
            self.head.append(close)

    @property
    def joins(self) -> bool:
        """Whether it still keeps first closes."""
        return not self.broken and len(self.head) < self.window - 1

    def add(self, segment: Segment) -> None:
        """Count the rows of a segment that comes next."""
        mean, joined = self.open(), segment
        if mean.count or mean.places:
            joined = self._last_closes(segment) + segment
        self.rows += joined.rows
        self.without += joined.rows - joined.full
        self.signals += joined.signals
        mean.restore(list(joined.tail), joined.places)

    def across(self, segment: Segment) -> Across:
        """Return the windows from here to the first closes of a segment that comes next."""
        from stream_signal.core.seam import Across

        before = self._last_closes(segment)
        places = max(before.places, segment.places)
        return Across.of(before.scaled(places).tail, segment.scaled(places).head, self.window, places)

    def _last_closes(self, segment: Segment) -> Segment:
        mean = self.open()
        return segment.empty(self.window)._replace(tail=tuple(mean.values()), places=mean.places)


class WindowSeries:
    """The series of all `keys` for one window; `series` has those that were pushed into, by the numbers of their keys.

    `rings` has the windows of many keys in arrays (`core.blocks.rings`), and what was counted with them. A window, and
    its first closes, are there or here, and move when a row of its key comes as a list; counts stay where they are.
    """

    def __init__(self, window: int, keys: Keys, *, joins: bool) -> None:
        self.window = window
        self.keys = keys
        self.joins = joins
        self.cleared = 0
        """how often all windows were emptied"""
        self.full_before: int | None = 0
        """rows with a mean that no series counts; None if unknown"""
        self.rings: Any = None
        self.series: dict[int, Series] = {}

    def new(self) -> Series:
        """Return the series of a key that comes now."""
        return Series(self.window, self.cleared, joins=self.joins)

    def ready(self, number: int) -> Series:
        """Return a series with its window here, emptied if it is to be, to push the next row into it."""
        series = self.series.get(number)
        if series is None:
            series = self.series[number] = self.new()
        if series.mean is None:
            series.open()
            if self.keys.grouped and (before := self.series.get(number - 1)):
                before.mean = None
            if self.rings:
                self.rings.move_out(number, series)
        if series.cleared != self.cleared:
            series.cleared = self.cleared
            series.empty()
        return series

    def _series_of(self, rows: Rows) -> Iterator[Series | None]:
        """Return the series of each row as its turn comes, None for a row of none."""
        if isinstance(rows.series, int):
            return repeat(self.ready(rows.series), len(rows))
        return self._by_row(rows.series)

    def _by_row(self, numbers: list[int]) -> Iterator[Series | None]:
        for number in numbers:
            if number == NO_SERIES:
                self.cleared += 1
                yield None
                continue
            series = self.series.get(number)
            if series is None or series.mean is None or series.cleared != self.cleared:
                series = self.ready(number)
            yield series

    def push(self, rows: Rows) -> None:
        """Count the rows of a list."""
        if isinstance(rows.series, int):
            self.ready(rows.series).push_each(rows.closes)
            return
        for close, series in zip(rows.closes, self._series_of(rows), strict=True):
            if series:
                series.push(close)

    def see(self, rows: Rows) -> Means:
        """Count the rows of a list, and return what their windows show."""
        above: list[bool] = []
        sums: list[int] = []
        full: list[bool] = []
        places: list[int] = []
        for close, series in zip(rows.closes, self._series_of(rows), strict=True):
            above.append(series.push(close) if series else False)
            mean = series.mean if series else None
            sums.append(mean.total if mean else 0)
            full.append(mean is not None and len(mean.ring) == self.window)
            places.append(mean.places if mean else 0)
        return Means(self.window, above, sums, full, places)

    def counts(self) -> Iterator[tuple[int, int, int]]:
        """Yield the rows, the full windows and the signals of each series, in the order in which the keys came."""
        elsewhere = self.rings.counts() if self.rings else repeat((0, 0, 0))
        for number, (rows, full, signals) in zip(range(len(self.keys)), elsewhere, strict=False):
            series = self.series.get(number)
            if series is None:
                yield rows, full, signals
            else:
                yield series.rows + rows, series.full + full, series.signals + signals

    @property
    def signals(self) -> int:
        """The signals of all series."""
        return sum(signals for *_, signals in self.counts())

    @property
    def full(self) -> int | None:
        """How many rows end a full window; None if unknown."""
        return None if self.full_before is None else self.full_before + sum(full for _, full, _ in self.counts())

    def _copy_of(self, number: int) -> Series:
        """Return a series as it would be here, but for its counts."""
        series = self.series.get(number)
        if self.rings and (series is None or series.mean is None):
            series = self.new()
            self.rings.copy_out(number, series)
        return series or self.new()

    def segments(self) -> Iterator[Segment]:
        """Yield each series as a segment."""
        from stream_signal.core.series.segment import Segment

        last = len(self.keys) - 1
        for number, counts in enumerate(self.counts()):
            series = self._copy_of(number)
            mean, broken = series.mean, series.broken or series.cleared != self.cleared
            ring: tuple[list[int], int] = [], 0
            if mean and (number == last or not self.keys.grouped):
                ring = mean.values() if series.cleared == self.cleared else [], mean.places
            yield Segment.from_ends(self.window, counts, series.head, ring, broken=broken)

    def add(self, number: int, segment: Segment, cleared: int, *, shown: bool = False) -> Across | None:
        """Count the rows of a segment of a series; return the windows across the seam if they are to be shown.

        `cleared` is how often all windows were emptied within the segment.
        """
        series = self.ready(number)
        across = series.across(segment) if shown else None
        series.add(segment)
        series.cleared += cleared  # the tail of the segment begins after the last time
        return across
