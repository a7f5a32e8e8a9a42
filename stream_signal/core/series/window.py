"""The series of all keys for one window."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from stream_signal.core.rolling import RollingSum
from stream_signal.core.rows import NO_SERIES, Means
from stream_signal.core.series.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.rows import Rows
    from stream_signal.core.series.keys import Keys
    from stream_signal.core.series.segment import Segment


class WindowSeries:
    """The series of all `keys` for one window; `series` has them by the numbers of the keys.

    `rings` has the windows of many keys in arrays (`core.blocks.rings`), and what was counted with them. A window is
    there or here, and moves when a row of its key comes as a list; counts stay where they are.
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
        self._series: list[Series] = []

    @property
    def series(self) -> list[Series]:
        """The series of each key that has come so far."""
        series = self._series
        for _ in range(len(series), len(self.keys)):
            series.append(Series(self.window, self.cleared, joins=self.joins))
        return series

    def ready(self, number: int) -> Series:
        """Return a series with its window here, emptied if it is to be, to push the next row into it."""
        series = self._series[number] if number < len(self._series) else self.series[number]
        if series.mean is None:
            series.open()
            if self.keys.grouped and number:
                self._series[number - 1].mean = None
            if self.rings:
                self.rings.move_out(number, series)
        if series.cleared != self.cleared:
            series.cleared = self.cleared
            series.empty()
        return series

    def _each(self, rows: Rows) -> Iterator[Series | None]:
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
            series = self._series[number] if number < len(self._series) else None
            if series is None or series.mean is None or series.cleared != self.cleared:
                series = self.ready(number)
            yield series

    def push(self, rows: Rows) -> None:
        """Count the rows of a list."""
        if isinstance(rows.series, int):
            self.ready(rows.series).push_each(rows.closes)
            return
        for close, series in zip(rows.closes, self._each(rows), strict=True):
            if series:
                series.push(close)

    def see(self, rows: Rows) -> Means:
        """Count the rows of a list, and return what their windows show."""
        above: list[bool] = []
        sums: list[int] = []
        full: list[bool] = []
        places: list[int] = []
        for close, series in zip(rows.closes, self._each(rows), strict=True):
            above.append(series.push(close) if series else False)
            mean = series.mean if series else None
            sums.append(mean.total if mean else 0)
            full.append(mean is not None and len(mean.ring) == self.window)
            places.append(mean.places if mean else 0)
        return Means(self.window, above, sums, full, places)

    def counts(self) -> Iterator[tuple[int, int, int]]:
        """Yield the rows, the full windows and the signals of each series, in the order in which the keys came."""
        elsewhere = self.rings.counts() if self.rings else repeat((0, 0, 0))
        for series, (rows, full, signals) in zip(self.series, elsewhere, strict=False):
            yield series.rows + rows, series.full + full, series.signals + signals

    @property
    def signals(self) -> int:
        """The signals of all series."""
        return sum(signals for *_, signals in self.counts())

    @property
    def full(self) -> int | None:
        """How many rows end a full window; None if unknown."""
        return None if self.full_before is None else self.full_before + sum(full for _, full, _ in self.counts())

    def _tail(self, number: int, series: Series) -> tuple[list[int], int]:
        """Return the closes in the window of a series, oldest first, and their places; none if it is to be emptied."""
        mean, cleared = series.mean, series.cleared
        if mean is None and self.rings:
            mean = RollingSum(self.window)
            cleared = self.rings.copy_out(number, mean)
        if mean is None or (self.keys.grouped and number != len(self.keys) - 1):
            return [], 0
        return mean.held() if cleared == self.cleared else [], mean.places

    def segments(self) -> Iterator[Segment]:
        """Yield each series as a segment."""
        for number, (series, counts) in enumerate(zip(self.series, self.counts(), strict=True)):
            yield series.segment(counts, self._tail(number, series), cleared=self.cleared)

    def add(self, number: int, segment: Segment, cleared: int) -> None:
        """Count the rows of a segment of a series, within which all windows were emptied so often."""
        series = self.ready(number)
        series.add(segment)
        series.cleared += cleared  # its window is what was left behind the last time
