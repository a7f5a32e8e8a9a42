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
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from stream_signal.core.ticks import INT64_MAX

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from stream_signal.core.rolling import RollingSum
    from stream_signal.core.ticks import Close

    Flags = NDArray[np.bool_]
    Integers = NDArray[np.int64]

_NONE: Mapping[int, Close] = MappingProxyType({})


class Pushed(NamedTuple):
    """The result of pushing n closes: their ticks at the scale of the mean, and the window that each of them ends."""

    ticks: Integers
    """0 if the close is missing"""
    missing: list[int]
    """the positions of the missing closes, ascending"""
    sums: Integers
    """of the closes in the window; undefined while the window is not full"""
    above: Flags
    """whether the close is above the mean of its window"""
    held: int
    """closes that the ring held before the first of them"""


def push_closes(mean: RollingSum, ticks: Integers, places: int, odd: Mapping[int, Close] = _NONE) -> Pushed | None:
    """Push every close of `ticks`, scaled by 10**places, into `mean`; `ticks` is overwritten.

    `odd` maps ascending positions to the close that belongs there instead, or to None if it is missing. The state of
    `mean` afterwards equals that of `push` and `clear`, one close at a time. Returns None, with nothing pushed, if a
    sum might not fit into int64.

    >>> from stream_signal.core.rolling import RollingSum
    >>> mean = RollingSum(2)
    >>> pushed = push_closes(mean, np.array([458, 458, 0, 0, 460]), 2, {2: None, 3: (4585, 3)})
    >>> pushed.above.tolist(), pushed.missing, mean.total
    ([False, False, False, False, True], [2], 9185)
    """
    scaling = Scaling.of(ticks, places, odd, mean.places)
    if make_ready([mean], scaling.largest, scaling.places) is None:
        return None
    scaling.apply(ticks)
    return push_scaled(mean, ticks, [at for at, close in odd.items() if close is None] if odd else [])


def push_scaled(mean: RollingSum, ticks: Integers, missing: list[int]) -> Pushed:
    """Push every close of `ticks`, which have the scale of `mean` and are 0 where they are `missing`."""
    held, count = mean.count, len(ticks)
    sums, above = np.empty(count, np.int64), np.empty(count, np.bool_)
    if missing:
        first, last = missing[0], missing[-1]
        _push_run(mean, ticks[:first], sums[:first], above[:first])
        middle = slice(first, last + 1)
        _push_between(mean.window, ticks[middle], [at - first for at in missing], sums[middle], above[middle])
        mean.clear()
        rest = slice(last + 1, count)
        _push_run(mean, ticks[rest], sums[rest], above[rest])
    else:
        _push_run(mean, ticks, sums, above)
    return Pushed(ticks, missing, sums, above, held)


def has_mean(pushed: Pushed, window: int) -> Flags | None:
    """Return which rows have a mean, because their window is full; None if all of them do.

    >>> from stream_signal.core.rolling import RollingSum
    >>> has_mean(push_closes(RollingSum(2), np.array([4, 5, 0, 6, 7]), 0, {2: None}), 2).tolist()
    [False, True, False, False, True]
    """
    count = len(pushed.ticks)
    if not pushed.missing and pushed.held >= window - 1:
        return None
    before = np.full(count, -1 - pushed.held, np.int64)  # the last position that is not in the run of closes
    before[pushed.missing] = pushed.missing
    np.maximum.accumulate(before, out=before)
    full: Flags = np.arange(count) - before >= window
    return full


class Scaling(NamedTuple):
    """How ticks, and the odd closes among them, are brought to one scale."""

    places: int
    """of that scale"""
    factor: int
    """for the ticks"""
    odd: dict[int, int]
    """the ticks of the odd closes at that scale, by their positions"""
    largest: int
    """no tick is further from 0 than this"""

    @classmethod
    def of(cls, ticks: Integers, places: int, odd: Mapping[int, Close], least: int = 0) -> Self:
        """Find the scale that all have room in, of `least` places or more; ticks at odd positions become 0."""
        values = {at: close for at, close in odd.items() if close} if odd else {}
        most = max([least, places, *(close[1] for close in values.values())])
        if odd:
            ticks[list(odd)] = 0
        scale = 10 ** (most - places)
        scaled = {at: value * 10 ** (most - own) for at, (value, own) in values.items()}
        ends = int(ticks.max(initial=0)) * scale, -int(ticks.min(initial=0)) * scale
        return cls(most, scale, scaled, max([*ends, *map(abs, scaled.values())]))

    def apply(self, ticks: Integers) -> None:
        """Scale the ticks, and put the odd closes in their places; `largest` has to fit into int64."""
        if self.factor > 1 and ticks.any():  # zeros need no scaling, by a scale too large for int64 either
            ticks *= self.factor
        if self.odd:
            ticks[list(self.odd)] = list(self.odd.values())


def make_ready(means: Sequence[RollingSum], largest: int, places: int) -> int | None:
    """Bring the rings to one scale, at which they can take ticks as far from 0 as this, scaled by 10**places.

    Returns what brings the ticks to that scale; None, with the rings unchanged, if a sum might not fit into int64.
    """
    most = max([places, *(mean.places for mean in means)])
    factor: int = 10 ** (most - places)
    largest *= factor
    if not all(_has_room(mean, largest, most) for mean in means):
        return None
    for mean in means:
        if most > mean.places:
            mean.align(0, most)
        mean.admit(max(mean.largest, largest))
    return factor


def _has_room(mean: RollingSum, largest: int, places: int) -> bool:
    """Whether sums fit into int64 with values as far from 0 as this, at a scale of so many places."""
    limit = INT64_MAX // mean.window
    if mean.largest * 10 ** (places - mean.places) > limit:
        mean.tighten()
    return largest <= limit and mean.largest * 10 ** (places - mean.places) <= limit


def _push_run(mean: RollingSum, ticks: Integers, sums: Integers, above: Flags) -> None:
    """Push values at the scale of the ring, none of them missing, and fill `sums` and `above` for each."""
    ring, window = cast("array[int]", mean.ring), mean.window
    if len(ring) < window:
        filling = min(window - len(ring), len(ticks))
        ring.frombytes(ticks[:filling].tobytes())
        mean.total += int(ticks[:filling].sum())
        above[:filling] = False
        if filling and len(ring) == window:
            sums[filling - 1] = mean.total
            above[filling - 1] = int(ticks[filling - 1]) * window > mean.total
        ticks, sums, above = ticks[filling:], sums[filling:], above[filling:]
    entering = len(ticks)
    if not entering:
        return
    held, head = np.frombuffer(ring, np.int64), mean.head
    if entering >= window:
        leaving = np.concatenate((held[head:], held[:head], ticks[: entering - window]), out=sums)
        held[:] = ticks[entering - window :]
        mean.head = 0
    else:
        before_end = min(entering, window - head)
        leaving = np.concatenate((held[head : head + before_end], held[: entering - before_end]), out=sums)
        held[head : head + before_end] = ticks[:before_end]
        held[: entering - before_end] = ticks[before_end:]
        mean.head = (head + entering) % window
    np.subtract(ticks, leaving, out=sums)
    sums[:1] += np.int64(mean.total)  # a slice: NumPy warns when a scalar wraps around, which is harmless
    np.cumsum(sums, out=sums)
    mean.total = int(sums[-1])
    np.greater(ticks * window, sums, out=above)


def _push_between(window: int, ticks: Integers, missing: list[int], sums: Integers, above: Flags) -> None:
    """Fill `sums` and `above` from the first missing close of a block to its last; their ticks are 0."""
    count = len(ticks)
    if window >= count:
        above[:] = False
        return
    np.cumsum(ticks, out=sums)
    sums[window:] -= sums[:-window].copy()
    last_missing = np.zeros(count, np.int64)
    last_missing[missing] = missing
    np.maximum.accumulate(last_missing, out=last_missing)
    np.greater(ticks * window, sums, out=above)
    above &= np.arange(count) - last_missing >= window
