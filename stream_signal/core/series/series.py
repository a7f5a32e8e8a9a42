"""Series: one key and one window, as far as its rows have come: the counts, and the rolling mean that decides.

It is a segment that still grows. Both readers push into one series and neither owns it, so they can take turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.rolling import RollingSum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.series.saved import SeriesState
    from stream_signal.core.series.segment import Segment
    from stream_signal.core.ticks import Close


class Series:
    """Counts `rows`, and the `signals` among them: rows whose close is above the mean of the last `window` closes.

    `mean` is the window, None while it is empty or in the arrays of `core.blocks.rings`. `cleared` is how often all
    windows had been emptied when the last row came. If `joins`, somebody may join it to the rows before: then it keeps
    its first closes.

    >>> series = Series(window=2)
    >>> [series.push(close) for close in ((458, 2), (459, 2), None)]
    [False, True, False]
    >>> series.rows, series.signals, series.full
    (3, 1, 1)
    """

    __slots__ = ("_head", "broken", "cleared", "mean", "rows", "signals", "window", "without")

    def __init__(self, window: int, cleared: int = 0, *, joins: bool = False) -> None:
        self.window = window
        self.mean: RollingSum | None = None
        self.rows = 0
        self.signals = 0
        # Rows without a mean, up to the last missing close; None if a checkpoint of an older version did not count
        # them. The rows since then need no count of their own: the ring says how many came before it was full.
        self.without: int | None = 0
        self.cleared = cleared
        self.broken = cleared > 0
        """whether a close is missing among its rows, or may be"""
        self._head: list[tuple[int, int]] | None = [] if joins else None

    @property
    def full(self) -> int | None:
        """How many rows end a full window, and so have a mean; None if unknown."""
        return None if self.without is None else self.rows - self.without - self._filling

    @property
    def _filling(self) -> int:
        """The rows of the closes in the window that came before it was full."""
        return min(self.mean.count, self.window - 1) if self.mean else 0

    def open(self) -> RollingSum:
        """Return the window, empty if there was none."""
        if self.mean is None:
            self.mean = RollingSum(self.window)
        return self.mean

    def empty(self) -> None:
        """Empty the window: no later one reaches across this place."""
        if self.mean:
            self.settle()
            self.mean.clear()
        self.broken = True

    def settle(self, sign: int = 1) -> None:
        """Count the rows that began to fill the window for good, as it is emptied or goes elsewhere.

        With a sign of -1, it comes back with rows that are counted elsewhere.
        """
        if self.without is not None:
            self.without += sign * self._filling

    def note_missing(self) -> None:
        """Count a row whose close is missing, and empty the window."""
        if self.without is not None:
            self.without += 1
        self.empty()

    def push(self, close: Close) -> bool:
        """Count a row; return whether it signals."""
        self.rows += 1
        if close is None:
            self.note_missing()
            return False
        if self._head is not None:
            self.note_first((close,))
        mean = self.mean
        if mean is None:
            mean = self.open()
        above = mean.push(*close)
        self.signals += above
        return above

    def push_each(self, closes: Sequence[Close]) -> None:
        """Count a row for each close."""
        if self._head is not None:
            self.note_first(closes)
        push = self.open().push
        signals = 0
        for close in closes:
            if close is None:
                self.note_missing()
            elif push(*close):
                signals += 1
        self.rows += len(closes)
        self.signals += signals

    def note_first(self, closes: Sequence[Close]) -> None:
        """Keep the first closes of the series, up to a missing one: the windows of rows before reach into them."""
        head = self._head
        if head is None or self.broken:
            return
        for close in closes[: self.window - 1 - len(head)]:
            if close is None:
                return
            head.append(close)

    @property
    def joins(self) -> bool:
        """Whether it still keeps first closes."""
        return self._head is not None and not self.broken and len(self._head) < self.window - 1

    def segment(self, counted: tuple[int, int, int], tail: tuple[list[int], int], *, cleared: int) -> Segment:
        """Return it as a segment, after all windows were emptied so often.

        `counted` are its rows, full windows and signals, and `tail` its last closes.
        """
        from stream_signal.core.series.segment import Segment

        broken = self.broken or self.cleared != cleared
        return Segment.from_ends(self.window, counted, self._head or (), tail, broken=broken)

    def add(self, segment: Segment) -> None:
        """Count the rows of a segment that comes next."""
        mean, full = self.open(), self.full
        before = type(segment)(self.window, 0, 0, 0, (), tuple(mean.held()), mean.places, broken=True)
        joined = before + segment
        self.rows += joined.rows
        self.signals += joined.signals
        mean.restore(list(joined.tail), joined.places)
        if full is not None:
            self.without = self.rows - full - joined.full - self._filling

    def restore(self, state: SeriesState) -> None:
        """Continue from what was saved."""
        self.rows, self.signals = state.rows, state.signals
        if state.ring:
            self.open().restore(state.ring, state.places)
        self.without = None if state.full is None else self.rows - state.full - self._filling
