"""Bucket: what is kept of a run of rows for a chart, and how two adjoining runs are merged.

The JSON of a bucket comes from a checkpoint, which may be damaged or made up: every part of it is checked.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import MAX_COUNT, MAX_DIGITS

if TYPE_CHECKING:
    from typing import Self


class Bucket:
    """A run of rows. The closes are ticks at the scale of the overview, None if all are missing, or with keys.

    `means` has the mean of each window at the last row, None if the window is not full; `signals` those of each window.
    """

    __slots__ = ("first", "high", "last", "low", "means", "missing", "rows", "signals", "time")

    def __init__(self, time: str, windows: int) -> None:
        self.time = time
        self.rows = self.missing = 0
        self.first: int | None = None
        self.last: int | None = None
        self.low: int | None = None
        self.high: int | None = None
        self.means: list[float | None] = [None] * windows
        self.signals = [0] * windows

    def add_close(self, first: int, last: int, low: int, high: int) -> None:
        """Add closes: the first and the last of them, the lowest and the highest."""
        if self.low is None or self.high is None:
            self.first, self.low, self.high = first, low, high
        else:
            self.low, self.high = min(self.low, low), max(self.high, high)
        self.last = last

    def add(self, later: Bucket) -> None:
        """Add the rows that come next."""
        self.rows += later.rows
        self.missing += later.missing
        self.means = later.means
        if len(self.signals) == 1:
            self.signals[0] += later.signals[0]
        else:
            self.signals = [one + other for one, other in zip(self.signals, later.signals, strict=True)]
        if later.first is not None:  # then it has all four
            self.add_close(later.first, later.last, later.low, later.high)  # type: ignore[arg-type]

    def scale(self, by: int) -> None:
        """Multiply the closes."""
        if self.low is not None and self.high is not None and self.first is not None and self.last is not None:
            self.first, self.last, self.low, self.high = (
                each * by for each in (self.first, self.last, self.low, self.high)
            )

    def as_json(self) -> list[Any]:
        """Return it as values that JSON can hold."""
        closes = [self.first, self.last, self.low, self.high]
        return [self.time, self.rows, self.missing, closes, self.means, self.signals]

    @classmethod
    def from_json(cls, saved: Any, windows: int) -> Self:
        """Read it from JSON; ValueError or TypeError if it cannot be one."""
        time, rows, missing, closes, means, signals = saved
        bucket = cls(text_in(time), windows)
        bucket.rows, bucket.missing = count_in(rows), count_in(missing)
        bucket.means = [None if mean is None else number_in(mean) for mean in means]
        bucket.signals = [count_in(each) for each in signals]
        if closes != [None] * 4:
            bucket.first, bucket.last, bucket.low, bucket.high = map(ticks_in, closes)
        if not len(means) == len(signals) == windows or max([missing, *signals]) > rows:
            raise ValueError("counts that contradict each other")
        return bucket


def count_in(found: Any) -> int:
    """Return a count of JSON; ValueError if it is none."""
    if type(found) is not int or not 0 <= found <= MAX_COUNT:
        raise ValueError("expected a count")
    return found


def ticks_in(found: Any) -> int:
    """Return the ticks of a close; ValueError if they are none."""
    if type(found) is not int or abs(found) >= 10 ** (3 * MAX_DIGITS):
        raise ValueError("expected a close")
    return found


def number_in(found: Any) -> float:
    """Return a mean; ValueError if it is none."""
    if type(found) not in {int, float} or not isfinite(found):
        raise ValueError("expected a mean")
    return float(found)


def text_in(found: Any) -> str:
    """Return a text; ValueError if it is none."""
    if not isinstance(found, str) or len(found) > 3 * MAX_DIGITS:
        raise ValueError("expected a text")
    return found
