"""Many closes at once -> how many of them are above their mean: the rolling mean of the block engine.

It works on the ring of a `RollingMean`, in place, so that blocks and single rows can take turns. The sum of every
window of a block comes from one cumulative sum of what enters the window less what leaves it:

    enters    t6  t7  t8         sums = total + cumsum(enters - leaves)
    leaves    t1  t2  t3         signals = enters * window > sums

int64 wraps round, so a cumulative sum may overflow on its way and still end right; what has to fit is the true sum of a
window, and it does where `largest * window < 2**63`. Elsewhere the closes are pushed one at a time, as Python integers.
Cost: some 10 ns a row, whatever the window.
"""

from __future__ import annotations

from bisect import bisect_left
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np

from stream_signal.core.rolling import INT64_MAX

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stream_signal.core.rolling import RollingMean
    from stream_signal.core.ticks import Close

    Ticks = NDArray[np.int64]

NONE: Mapping[int, Sequence[Close]] = MappingProxyType({})


def push_block(mean: RollingMean, ticks: Ticks, places: int, odd: Mapping[int, Sequence[Close]] = NONE) -> int:
    """Push every value of `ticks`, scaled by 10**places; return how many are above their mean.

    `odd` maps ascending positions to what stands there instead: one close, a missing one (None), or nothing at all.
    The result, and the state of `mean` after it, equal those of `push` and `clear` one at a time. `ticks` is used up.

    >>> from stream_signal.core.rolling import RollingMean
    >>> mean = RollingMean(2)
    >>> push_block(mean, np.array([458, 458, 0, 0, 459, 460]), 2, {2: [None], 3: [(4585, 3)]}), mean.get()
    (2, 4.595)
    """
    merged = _merge(mean, ticks, places, odd)
    if merged is None:
        return _push_each(mean, ticks, places, odd)
    ticks, missing = merged
    if not missing:
        return _push_run(mean, ticks)
    first, last = missing[0], missing[-1]
    signals = _push_run(mean, ticks[:first])
    signals += _count_between(ticks[first : last + 1], [at - first for at in missing], mean.window)
    mean.clear()
    return signals + _push_run(mean, ticks[last + 1 :])


def push_run(mean: RollingMean, ticks: Ticks, places: int) -> tuple[Ticks, NDArray[np.bool_]] | None:
    """Push every value of `ticks`, scaled by 10**places; return row by row what `push_block` counts.

    For the values that have a mean, which are the last so many: the sum of the window, scaled as the ring is, and
    whether the value is above. None, and nothing pushed, where a sum might not fit into int64. `ticks` is used up.

    >>> from stream_signal.core.rolling import RollingMean
    >>> push_run(RollingMean(2), np.array([458, 458, 460]), 2)
    (array([916, 918]), array([False,  True]))
    """
    merged = _merge(mean, ticks, places, NONE)
    if merged is None:
        return None
    found: list[Ticks] = []
    _push_run(mean, merged[0], found)
    sums = np.concatenate(found) if found else np.empty(0, np.int64)
    return sums, merged[0][len(ticks) - len(sums) :] * mean.window > sums


def _merge(
    mean: RollingMean, ticks: Ticks, places: int, odd: Mapping[int, Sequence[Close]]
) -> tuple[Ticks, list[int]] | None:
    """Bring ticks, odd values and ring to one scale; return the ticks, and where they are missing.

    None where a sum of a window might not fit into int64.
    """
    values = {at: closes[0] for at, closes in odd.items() if closes and closes[0]}
    most = max([mean.places, places, *(value[1] for value in values.values())])
    ticks[list(odd)] = 0
    scale = 10 ** (most - places)
    scaled = {at: value[0] * 10 ** (most - value[1]) for at, value in values.items()}
    largest = max([int(ticks.max(initial=0)) * scale, -int(ticks.min(initial=0)) * scale, *map(abs, scaled.values())])
    limit = INT64_MAX // mean.window
    if largest > limit:
        return None
    if mean.largest * 10 ** (most - mean.places) > limit:
        mean.tighten()
        if mean.largest * 10 ** (most - mean.places) > limit:
            return None
    if most > mean.places:
        mean.align(0, most)
    mean.admit(max(mean.largest, largest))
    if scale > 1 and ticks.any():  # a scale too large for int64 fits where there is nothing to scale
        ticks *= scale
    ticks[list(scaled)] = list(scaled.values())
    gone = [at for at, closes in odd.items() if not closes]
    missing = [at for at, closes in odd.items() if closes and closes[0] is None]
    if gone:
        ticks = np.delete(ticks, gone)
        missing = [at - bisect_left(gone, at) for at in missing]
    return ticks, missing


def _push_each(mean: RollingMean, ticks: Ticks, places: int, odd: Mapping[int, Sequence[Close]]) -> int:
    signals = 0
    for at, value in enumerate(ticks.tolist()):
        for close in odd.get(at, [(value, places)]):
            if close is None:
                mean.clear()
            else:
                signals += mean.push(*close)
    return signals


def _push_run(mean: RollingMean, ticks: Ticks, found: list[Ticks] | None = None) -> int:
    """Push values of the ring's own scale, none of them missing; add the sums of the windows to `found`."""
    ring, window = cast("array[int]", mean.ring), mean.window
    signals = 0
    if len(ring) < window:
        filling, ticks = ticks[: window - len(ring)], ticks[window - len(ring) :]
        ring.frombytes(filling.tobytes())
        mean.total += int(filling.sum())
        if len(ring) == window and len(filling):
            signals += int(filling[-1]) * window > mean.total
            if found is not None:
                found.append(np.array([mean.total]))
    if not len(ticks):
        return signals
    held = np.frombuffer(ring, np.int64)
    entering = len(ticks)
    if entering >= window:
        leaving = np.concatenate((held[mean.head :], held[: mean.head], ticks[: entering - window]))
        signals += _count_above(mean, ticks, leaving)
        if found is not None:
            found.append(leaving)
        held[:] = ticks[entering - window :]
        mean.head = 0
        return signals
    before_end = min(entering, window - mean.head)
    leaving = np.concatenate((held[mean.head : mean.head + before_end], held[: entering - before_end]))
    signals += _count_above(mean, ticks, leaving)
    if found is not None:
        found.append(leaving)
    held[mean.head : mean.head + before_end] = ticks[:before_end]
    held[: entering - before_end] = ticks[before_end:]
    mean.head = (mean.head + entering) % window
    return signals


def _count_above(mean: RollingMean, entering: Ticks, leaving: Ticks) -> int:
    """Count the values above their mean; `leaving` becomes the sums of the windows that they end."""
    sums = np.subtract(entering, leaving, out=leaving)
    sums[:1] += np.int64(mean.total)  # as an array: a sum that wraps round is told of where it is a scalar
    np.cumsum(sums, out=sums)
    mean.total = int(sums[-1])
    return int(np.count_nonzero(entering * mean.window > sums))


def _count_between(ticks: Ticks, missing: Sequence[int], window: int) -> int:
    """Count the signals between the first and the last missing value of a block; those are its ends, and hold 0."""
    size = len(ticks)
    if window >= size:
        return 0
    sums = np.cumsum(ticks)
    sums[window:] -= sums[:-window].copy()
    last_missing = np.zeros(size, np.int64)
    last_missing[missing] = missing
    np.maximum.accumulate(last_missing, out=last_missing)
    whole = np.arange(size) - last_missing >= window
    return int(np.count_nonzero((ticks * window > sums) & whole))
