"""Tally: the rows counted so far, the signals among them, and the rolling mean that decides.

Both engines push into one tally and neither owns it, so they can take turns on the same stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.rolling import RollingMean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_signal.core.ticks import Close


class Tally:
    """Counts `rows`, and the `signals` among them: rows whose close is above the mean of the last `window` closes.

    >>> tally = Tally(window=2)
    >>> [tally.push(close) for close in ((458, 2), (459, 2), None)]
    [False, True, False]
    >>> tally.rows, tally.signals
    (3, 1)
    """

    __slots__ = ("mean", "rows", "rows_without_mean", "signals")

    def __init__(self, window: int) -> None:
        self.mean = RollingMean(window)
        self.rows = 0
        self.signals = 0
        # Up to the last missing close; None if a checkpoint of an older version did not count them. The rows since then
        # need no count of their own: the ring says how many of them came before it was full.
        self.rows_without_mean: int | None = 0

    @property
    def rows_with_mean(self) -> int | None:
        """How many rows end a full window, and so have a mean; None if unknown.

        >>> tally = Tally(window=2)
        >>> tally.push_each([(458, 2), (459, 2), (460, 2), None, (461, 2)])
        >>> tally.rows_with_mean
        2
        """
        if self.rows_without_mean is None:
            return None
        return self.rows - self.rows_without_mean - min(self.mean.count, self.mean.window - 1)

    def note_missing(self) -> None:
        """Count the rows without a mean that a missing close adds: its own, and those that began to fill the window."""
        if self.rows_without_mean is not None:
            self.rows_without_mean += min(self.mean.count + 1, self.mean.window)

    def push(self, close: Close) -> bool:
        """Count a row; return whether it signals."""
        self.rows += 1
        if close is None:
            self.note_missing()
            self.mean.clear()
            return False
        above = self.mean.push(*close)
        self.signals += above
        return above

    def push_each(self, closes: Iterable[Close]) -> None:
        """Count a row for each close; if `closes` raises, the rows before that are counted."""
        push, clear = self.mean.push, self.mean.clear
        rows = signals = 0
        try:
            for close in closes:
                rows += 1
                if close is None:
                    self.note_missing()
                    clear()
                elif push(*close):
                    signals += 1
        finally:
            self.rows += rows
            self.signals += signals
