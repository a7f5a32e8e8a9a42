"""Series: one key and one window, as far as its rows have come: the counts, and the rolling mean that decides.

It is a segment that still grows. Both readers push into one series and neither owns it, so they can take turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.rolling import RollingSum

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    __slots__ = ("_head", "broken", "cleared", "mean", "rows", "signals", "window", "without")

    def __init__(self, window: int, cleared: int = 0, *, joins: bool = False) -> None:
        self.window = window
        self.mean: RollingSum | None = None
        self.rows = self.signals = 0
        self.without = 0
        """rows without a full window"""
        self.cleared = cleared
        self.broken = cleared > 0 or not joins
        """whether no more first closes are to be kept: one is missing, or nobody wants them"""
        self._head: list[tuple[int, int]] = []

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
        for close in closes[: self.window - 1 - len(self._head)]:
            if close is None:
                return
            self._head.append(close)

    @property
    def joins(self) -> bool:
        """Whether it still keeps first closes."""
        return not self.broken and len(self._head) < self.window - 1

    def segment(self, counts: tuple[int, int, int], tail: tuple[list[int], int], *, cleared: int) -> Segment:
        """Return it as a segment, after all windows were emptied so often.

        `counts` are its rows, full windows and signals, and `tail` its last closes.
        """
        from stream_signal.core.series.segment import Segment

        broken = self.broken or self.cleared != cleared
        return Segment.from_ends(self.window, counts, self._head, tail, broken=broken)

    def add(self, segment: Segment) -> None:
        """Count the rows of a segment that comes next."""
        mean = self.open()
        before = type(segment)(self.window, 0, 0, 0, (), tuple(mean.held()), mean.places, broken=True)
        joined = before + segment
        self.rows += joined.rows
        self.without += joined.rows - joined.full
        self.signals += joined.signals
        mean.restore(list(joined.tail), joined.places)
