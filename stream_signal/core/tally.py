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

    __slots__ = ("mean", "rows", "signals")

    def __init__(self, window: int) -> None:
        self.mean = RollingMean(window)
        self.rows = 0
        self.signals = 0

    def push(self, close: Close) -> bool:
        """Count a row; return whether it signals."""
        self.rows += 1
        if close is None:
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
                    clear()
                elif push(*close):
                    signals += 1
        finally:
            self.rows += rows
            self.signals += signals
