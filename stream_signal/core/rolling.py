"""RollingSum: the last `window` values and their sum, exactly, in O(1) a value.

The ring buffer holds integers, all scaled by one power of ten: the most decimal places seen so far. The running total
is therefore exact: nothing drifts, however long the stream, and "above the mean" is decided without a division. A value
with more places than any before rescales the ring: O(window), at most 400 times in all.

    ring    [ t5 | t6 | t2 | t3 | t4 ]      window = 5; t7 replaces t2, the oldest
                        ^ head              total += t7 - t2

The ring is an array of int64, 8 bytes a value, whose memory NumPy can use too. From the first integer that is too large
for it, it is a list, which has no limit.
"""

from __future__ import annotations

from array import array

from stream_signal.core.ticks import INT64_MAX, integer


class RollingSum:
    """The last `window` values, as integers times `10**places`, and their `total`.

    A window below 1 raises ValueError. `core.mean.RollingMean` is the same for callers, who have values and no ticks.
    """

    # Without underscores because `core.blocks` works on these too.
    __slots__ = ("head", "largest", "places", "ring", "total", "window")

    def __init__(self, window: int) -> None:
        if type(window) is not int:
            window = _int(window)
        if window < 1:
            raise ValueError(f"expected a window of at least 1, found {window}")
        self.window = window
        self.ring: array[int] | list[int] = array("q")  # grows to the window, so a long one costs nothing at first
        self.head = 0  # index of the oldest value once the ring is full
        self.total = 0
        self.places = 0
        self.largest = 0  # no value in the ring is further from 0 than this

    @property
    def count(self) -> int:
        """How many consecutive values are held: since the start or the last missing value, at most `window`."""
        return len(self.ring)

    @property
    def ready(self) -> bool:
        """Whether the window is full, and so has a mean."""
        return len(self.ring) == self.window

    def values(self) -> list[int]:
        """Return the values in the window, oldest first, times 10**places."""
        ring = list(self.ring)
        return ring[self.head :] + ring[: self.head]

    def restore(self, values: list[int], places: int) -> None:
        """Restore what `values` returned, with the places it had then."""
        self.ring, self.head, self.places, self.total = list(values), 0, places, sum(values)
        self.tighten()

    def push(self, ticks: int, places: int) -> bool | None:
        """Take the value `ticks / 10**places`; return whether it is above the mean of the window that it ends.

        None while the window is not full. The comparison is `value * window > sum`, in integers.

        >>> mean = RollingSum(2)
        >>> [mean.push(ticks, 2) for ticks in (458, 458, 459)]
        [None, False, True]
        """
        if places != self.places:
            ticks = self.align(ticks, places)
        if not -self.largest <= ticks <= self.largest:
            self.admit(abs(ticks))
        ring = self.ring
        window = self.window
        if len(ring) == window:
            head = self.head
            self.total += ticks - ring[head]
            ring[head] = ticks
            head += 1
            self.head = 0 if head == window else head
        else:
            ring.append(ticks)
            self.total += ticks
            if len(ring) < window:
                return None
        return ticks * window > self.total

    def clear(self) -> None:
        """Empty the window, as a missing value does: no window that holds one has a mean."""
        del self.ring[:]
        self.head = 0
        self.total = 0

    def align(self, ticks: int, places: int) -> int:
        """Scale the value or the ring to the larger number of places; return the value at that scale."""
        scale: int = 10 ** abs(places - self.places)
        if places < self.places:
            return ticks * scale
        self.admit(self.largest * scale)
        for at, tick in enumerate(self.ring):
            self.ring[at] = tick * scale
        self.total *= scale
        self.places = places
        return ticks

    def admit(self, largest: int) -> None:
        """Prepare the ring for values as far from 0 as this."""
        self.largest = largest
        if largest > INT64_MAX and not isinstance(self.ring, list):
            self.ring = self.ring.tolist()

    def tighten(self) -> None:
        """Recompute how large the values in the ring are: an outlier may have left it. O(window)."""
        self.largest = max(map(abs, self.ring), default=0)
        if self.largest <= INT64_MAX and isinstance(self.ring, list):
            self.ring = array("q", self.ring)


def _int(window: object) -> int:
    try:
        return integer(window)
    except TypeError:
        raise TypeError(f"expected an int for the window, found {type(window).__name__}") from None
