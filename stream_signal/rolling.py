"""RollingMean: the mean of the last `window` values, exactly, in O(1) a value.

The ring buffer holds integers, all scaled by one power of ten: the most decimal places seen so far. The running
total is therefore exact for ever; nothing drifts, however long the stream, and "above the mean" is decided without
a division. A value with more places than any before rescales the ring: O(window), at most 400 times in a life.

    ring    [ t5 | t6 | t2 | t3 | t4 ]      window = 5; t7 replaces t2, the oldest
                        ^ head              total += t7 - t2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.ticks import ticks_of

if TYPE_CHECKING:
    from decimal import Decimal


class RollingMean:
    """The exact mean of the last `window` values.

    `window` is the number of values in a full window; `count` how many consecutive values are held, `window` at most;
    `ready` says that the window is full. A window below 1 raises ValueError.

    >>> mean = RollingMean(3)
    >>> for value in (0.1, 0.2, 0.3):
    ...     mean.update(value)
    >>> mean.get()  # the float sum of these is 0.6000000000000001
    0.2
    """

    __slots__ = ("_head", "_places", "_ring", "_total", "window")

    def __init__(self, window: int) -> None:
        if isinstance(window, bool) or not isinstance(window, int):
            raise TypeError(f"expected an int for the window, found {type(window).__name__}")
        if window < 1:
            raise ValueError(f"expected a window of at least 1, found {window}")
        self.window = window
        self._ring: list[int] = []  # grows to the window and stays: a window of a million costs nothing before
        self._head = 0  # where the oldest value stands once the ring is full
        self._total = 0
        self._places = 0

    @property
    def count(self) -> int:
        """How many consecutive values are held: since the start or the last missing value, `window` at most."""
        return len(self._ring)

    @property
    def ready(self) -> bool:
        """Whether the window is full, and so has a mean."""
        return len(self._ring) == self.window

    def update(self, value: int | float | Decimal | None) -> None:  # noqa: PYI041 - in plain words
        """Take the next value; None is a missing one, and no window that holds it has a mean.

        A float stands for its shortest decimal form. NaN and infinities raise ValueError, other types TypeError.
        """
        if value is None:
            self.clear()
        else:
            self.push(*ticks_of(value))

    def get(self) -> float | None:
        """Return the mean as the nearest float64, or None while the window is not full.

        The exact mean is rounded once, at the very end. OverflowError where it is beyond the floats.
        """
        return self._total / (self.window * 10**self._places) if self.ready else None

    def push(self, ticks: int, places: int) -> bool:
        """Take the value `ticks / 10**places`; say whether it is above the mean of the window that it ends.

        False while the window is not full. The comparison is `value * window > sum`, in integers.

        >>> mean = RollingMean(2)
        >>> [mean.push(ticks, 2) for ticks in (458, 458, 459)]
        [False, False, True]
        """
        if places != self._places:
            ticks = self._align(ticks, places)
        ring = self._ring
        window = self.window
        if len(ring) == window:
            head = self._head
            self._total += ticks - ring[head]
            ring[head] = ticks
            head += 1
            self._head = 0 if head == window else head
        else:
            ring.append(ticks)
            self._total += ticks
            if len(ring) < window:
                return False
        return ticks * window > self._total

    def clear(self) -> None:
        """Begin anew: what a missing value does, since every window with it in has no mean."""
        self._ring.clear()
        self._head = 0
        self._total = 0

    def _align(self, ticks: int, places: int) -> int:
        """Bring the value or the ring to the larger number of places; return the value at that scale."""
        if places < self._places:
            down: int = 10 ** (self._places - places)
            return ticks * down
        scale: int = 10 ** (places - self._places)
        self._ring[:] = [held * scale for held in self._ring]
        self._total *= scale
        self._places = places
        return ticks
