"""Many closes at once -> the sum of each window, and whether the close is above its mean: the twin of `core.rolling`.

It works in place on the ring of a `RollingSum`, so that blocks and single rows can take turns. One cumulative sum, of
what enters the window minus what leaves it, gives the sum of every window of a block:

    enters    t6  t7  t8         sums = total + cumsum(enters - leaves)
    leaves    t1  t2  t3         above = enters * window > sums

int64 wraps around, so a cumulative sum may overflow midway and still end right. Only the true sum of a window has to
fit, and it does if `largest * window < 2**63`; otherwise the caller pushes one close at a time, as a Python integer.
Cost: about 10 ns a row, for any window.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from stream_signal.core.ticks import INT64_MAX

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence
    from typing import Self

    from stream_signal.core.blocks.array_types import Flags, Integers
    from stream_signal.core.rolling import RollingSum
    from stream_signal.core.ticks import Close


_NONE: Mapping[int, Close] = MappingProxyType({})


class Ticks(NamedTuple):
    """The closes of n rows at one scale. It depends on other rows, too: no field says anything without the others."""

    values: Integers
    """each close times `10**places`, 0 if it is missing"""
    places: int
    largest: int
    """none is further from 0"""
    missing: list[int]
    """the positions of the rows whose close is missing, ascending"""

    @classmethod
    def of(
        cls, ticks: Integers, places: int, closes: Mapping[int, Close] = _NONE, largest: int | None = None
    ) -> Self | None:
        """Make it of ticks, scaled by 10**places; None if a tick does not fit into int64 at the scale of all.

        `closes` maps ascending positions to the close that belongs there instead, or to None if it is missing. `ticks`
        is overwritten. If `largest` is given, no tick is further from 0.

        >>> Ticks.of(np.array([458, 0, 0]), 2, {1: None, 2: (4585, 3)})
        Ticks(values=array([4580,    0, 4585]), places=3, largest=4585, missing=[1])
        """
        if not closes:
            if largest is None:
                largest = max(int(ticks.max(initial=0)), -int(ticks.min(initial=0)))
            return cls(ticks, places, largest, [])
        present = {at: close for at, close in closes.items() if close}
        most = max([places, *(close[1] for close in present.values())])
        ticks[list(closes)] = 0
        factor = 10 ** (most - places)
        scaled = [value * 10 ** (most - value_places) for value, value_places in present.values()]
        largest = max(int(ticks.max()) * factor, -int(ticks.min()) * factor, *map(abs, scaled))
        if largest > INT64_MAX:
            return None
        ticks[:] = times(ticks, factor)
        ticks[list(present)] = scaled
        return cls(ticks, most, largest, [at for at, close in closes.items() if close is None])


class Pushed(NamedTuple):
    """The windows that n rows end."""

    sums: Integers
    """of the closes in each window; undefined while it is not full"""
    above: Flags
    """whether the close is above the mean of its window"""
    full: Flags | None
    """whether the window is full; None if all are"""

    def count_full(self) -> int:
        """Return how many windows are full."""
        return len(self.sums) if self.full is None else int(np.count_nonzero(self.full))


def push_closes(mean: RollingSum, closes: Ticks) -> Pushed | None:
    """Push every close into `mean`; None, with nothing pushed, if a sum might not fit into int64.

    The state of `mean` afterwards equals that of `push` and `clear`, one close at a time.

    >>> from stream_signal.core.rolling import RollingSum
    >>> mean = RollingSum(2)
    >>> pushed = push_closes(mean, Ticks(np.array([458, 458, 0, 459, 460]), 2, 460, [2]))
    >>> pushed.above.tolist(), pushed.full.tolist(), mean.total
    ([False, False, False, False, True], [False, True, False, False, True], 919)
    """
    factor = make_ready([mean], closes.largest, closes.places)
    return None if factor is None else push_scaled(mean, times(closes.values, factor), closes.missing)


def push_scaled(mean: RollingSum, ticks: Integers, missing: list[int]) -> Pushed:
    """Push every close of `ticks`, which have the scale of `mean` and are 0 where they are `missing`."""
    count_before, window, count = mean.count, mean.window, len(ticks)
    first, last = (missing[0], missing[-1] + 1) if missing else (count, count)
    sums = np.empty(count, np.int64)
    _push_run(mean, ticks[:first], sums[:first])
    if missing:
        between = sums[first:last]
        np.cumsum(ticks[first:last], out=between)
        between[window:] -= between[:-window].copy()
        mean.clear()
        _push_run(mean, ticks[last:], sums[last:])
    above = ticks * window > sums
    full = None
    if missing or count_before < window - 1:
        before = np.full(count, -1 - count_before, np.int64)  # the last position that is not in the run of closes
        before[missing] = missing
        np.maximum.accumulate(before, out=before)
        full = np.arange(count) - before >= window
        above &= full
    return Pushed(sums, above, full)


def times(ticks: Integers, factor: int) -> Integers:
    """Scale ticks; zeros need no scaling, by a factor too large for int64 either."""
    return ticks if factor == 1 or not ticks.any() else ticks * factor


def make_ready(targets: Sequence[Any], largest: int, places: int) -> int | None:
    """Bring windows to one scale, at which they can take ticks as far from 0 as this, scaled by 10**places.

    A target is a `RollingSum`, or a `Rings` with all of its windows. Returns what brings the ticks to that scale; None,
    with the windows unchanged, if a sum might not fit into int64.
    """
    most = max([places, *(target.places for target in targets)])
    factor: int = 10 ** (most - places)
    largest *= factor
    if not all(_has_room(target, largest, most) for target in targets):
        return None
    for target in targets:
        if most > target.places:
            target.align(0, most)
        target.admit(max(target.largest, largest))
    return factor


def _has_room(target: Any, largest: int, places: int) -> bool:
    """Whether sums fit into int64 with values as far from 0 as this, at a scale of so many places."""
    limit = INT64_MAX // target.window
    if target.largest * 10 ** (places - target.places) > limit:
        target.tighten()
    return largest <= limit and bool(target.largest * 10 ** (places - target.places) <= limit)


def _push_run(mean: RollingSum, ticks: Integers, sums: Integers) -> None:
    """Push values at the scale of the ring, none of them missing, and fill the sums of the windows that are full."""
    ring, window = cast("array[int]", mean.ring), mean.window
    filling = min(window - len(ring), len(ticks))
    if filling:
        ring.frombytes(ticks[:filling].tobytes())
        mean.total += int(ticks[:filling].sum())
        sums[filling - 1] = mean.total
        ticks, sums = ticks[filling:], sums[filling:]
    entering = len(ticks)
    if not entering:
        return
    values, head = np.frombuffer(ring, np.int64), mean.head
    if entering >= window:
        np.subtract(ticks[window:], ticks[: entering - window], out=sums[window:])
        np.subtract(ticks[:window], np.concatenate((values[head:], values[:head])), out=sums[:window])
        values[:] = ticks[entering - window :]
        mean.head = 0
    else:
        before_end = min(entering, window - head)
        np.subtract(ticks[:before_end], values[head : head + before_end], out=sums[:before_end])
        np.subtract(ticks[before_end:], values[: entering - before_end], out=sums[before_end:])
        values[head : head + before_end] = ticks[:before_end]
        values[: entering - before_end] = ticks[before_end:]
        mean.head = (head + entering) % window
    sums[:1] += np.int64(mean.total)  # a slice: NumPy warns when a scalar wraps around, which is harmless
    sums.cumsum(out=sums)
    mean.total = int(sums[-1])
