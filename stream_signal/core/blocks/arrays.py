"""An array of closes -> the signal of each, and its mean, pushed into a `RollingSum` piece by piece.

There are four ways through a piece. Each takes what it can prove and leaves the rest to the next:

1. in float64: if every tick is proven (`decimals`) and no sum of a window can reach 2**53, ticks and sums are integers
   that float64 holds exactly, and its additions are the fastest that NumPy has. About 5 ns a close with a window of 5.
2. in int64: `push_closes`, with the closes that have to be read as text among the others. About 20 ns a close.
3. by bounds, where most ticks are not proven, as after `prices * 1.1`, and no means are wanted: a float is next to its
   decimal, so a close that is further from the mean than all rounding together is decided in float64. About 15 ns a
   close; the few others are decided by their decimals.
4. in Python's integers, one close at a time, which have no limit. 1 to 3 µs a close.

A window sum in float64 is not cumulative, but made of sums over 1, 2, 4, 8 ... closes: window 5 is 4 + 1, three
additions. So a NaN reaches only the windows that contain it, and those are the windows that have no mean.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stream_signal.core.blocks.decimals import BITS, FEW, LEAST_PLACES, to_ticks
from stream_signal.core.blocks.rolling import Ticks, push_closes
from stream_signal.core.limits import Tuning
from stream_signal.core.ticks import INT64_MAX, ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream_signal.core.blocks.array_types import AnyArray, Flags, Floats, Integers
    from stream_signal.core.rolling import RollingSum
    from stream_signal.core.ticks import Close


# The pieces of a short array are shorter: fresh memory from the system costs more than the calls.
LEAST_PIECE = 1 << 13
PIECES = 16
EXACT_IN_FLOATS = 2**53
# With a larger share of values that are read as text, it is faster to push them one at a time.
MOST_UNPROVEN = 0.25
# Between these, no float is subnormal and no sum overflows.
_LEAST_BOUNDED, _MOST_BOUNDED = 1e-250, 1e250


class Closes(NamedTuple):
    """Closes to push: an array of floats, in which NaN is missing, or of integers; or a list of any numbers."""

    values: AnyArray | Sequence[Any]
    missing: Flags | None = None
    """of integers: which are missing; those are 0"""


def push_array(
    mean: RollingSum,
    closes: Closes,
    *,
    means: bool,
    tuning: Tuning = Tuning(),  # noqa: B008 - a value
) -> Flags | tuple[Flags, Floats]:
    """Push all closes into `mean`; return the signals, and with `means` the means too, as two arrays.

    >>> from stream_signal.core.rolling import RollingSum
    >>> above, means = push_array(RollingSum(2), Closes(np.array([4.58, 4.58, np.nan, 4.59, 4.6])), means=True)
    >>> above.tolist(), means.tolist()
    ([False, False, False, False, True], [nan, 4.58, nan, nan, 4.595])
    """
    count = len(closes.values)
    answer = _Answer(0, np.empty(count, np.bool_), np.empty(count) if means else None)
    piece = min(tuning.piece_values, max(LEAST_PIECE, count // PIECES), max(count, 1))
    pusher = _Pusher(mean, piece, tuning.longest_in_floats)
    with np.errstate(all="ignore"):  # infinities and overflows are no surprise: nothing is proven by them
        few = closes.values[:FEW]
        if isinstance(few, np.ndarray) and few.dtype.kind == "f":  # mostly the others have as many places
            pusher.places = to_ticks(few, LEAST_PLACES, np.empty(len(few)), np.empty(len(few))).places
        for at in range(0, count, piece):
            here = slice(at, at + piece)
            values = closes.values[here]
            if isinstance(values, np.ndarray):
                pusher.push(values, None if closes.missing is None else closes.missing[here], answer.of(here))
            else:
                pusher.push_each(map(close_of, values), answer.of(here))
    return answer.above if answer.means is None else (answer.above, answer.means)


class _Answer(NamedTuple):
    """The signals and the means of a piece: arrays to fill."""

    start: int
    """the position of the piece in the whole array, for errors"""
    above: Flags
    """the signals"""
    means: Floats | None
    """the means, if they are wanted"""

    def of(self, here: slice) -> _Answer:
        """Return the part of some values."""
        return _Answer(self.start + here.start, self.above[here], None if self.means is None else self.means[here])


class _Pusher:
    """Pushes pieces into one mean, and fills their answers."""

    def __init__(self, mean: RollingSum, longest: int, longest_window: int) -> None:
        self.mean = mean
        self.places = LEAST_PLACES  # with which the floats were proven last
        self.longest_window = longest_window  # in floats
        self.before = min(mean.window - 1, longest_window)  # where the piece begins, behind the window so far
        self.ticks = np.empty(self.before + longest)
        self.spare = np.empty((3, self.before + longest))

    def push(self, values: AnyArray, missing: Flags | None, answer: _Answer) -> None:
        """Push a piece."""
        ticks: Any = self.ticks[self.before : self.before + len(values)]
        places, unproven = 0, list[int]()
        if values.dtype.kind == "f":
            self.places, largest, missing, unproven = to_ticks(values, self.places, ticks, self.spare[0, : len(values)])
            if len(unproven) > len(values) * MOST_UNPROVEN:
                if self._by_bounds(values, answer):
                    return
                self.push_each(map(ticks_of, values.tolist() if values.dtype == np.float64 else values), answer)
                return
            places = self.places
        else:
            largest = max(int(values.max()), -int(values.min()))
            if largest > EXACT_IN_FLOATS:
                ticks = values
            else:
                ticks[:] = values
                if missing is not None:
                    ticks[missing] = np.nan
        gone = [] if missing is None else np.flatnonzero(missing).tolist()
        if len(gone) + len(unproven) == len(values):
            places = 0  # nothing is proven, so nothing has that many
        elif not unproven and self._in_floats(len(values), places, largest, gone, answer):
            return
        closes: dict[int, Close] = dict.fromkeys(sorted(gone + unproven))
        if largest > INT64_MAX:
            self.push_each(_closes(ticks, places, closes), answer)
            return
        for at in unproven:
            try:
                closes[at] = ticks_of(values[at])
            except ValueError as error:
                before = {position: close for position, close in closes.items() if position < at}
                self._exactly(ticks[:at], places, before, answer.of(slice(0, at)))
                raise ValueError(f"position {answer.start + at}: {error}") from None
        self._exactly(ticks, places, closes, answer)

    def push_each(self, closes: Iterable[Close], answer: _Answer) -> None:
        """Push closes one at a time, as Python's integers; what cannot be a close is refused with its position."""
        mean = self.mean
        signals: list[bool] = []
        means: list[float] = []
        try:
            for close in closes:
                if close is None:
                    mean.clear()
                    signals.append(False)
                else:
                    signals.append(mean.push(*close) or False)
                if answer.means is not None:
                    divisor = mean.window * 10**mean.places
                    at = answer.start + len(means)
                    means.append(_as_float(at, mean.total, divisor) if mean.ready else np.nan)
        except (TypeError, ValueError) as error:
            raise type(error)(f"position {answer.start + len(signals)}: {error}") from None
        answer.above[:] = signals
        if answer.means is not None:
            answer.means[:] = means

    def _in_floats(self, count: int, places: int, largest: float, gone: list[int], answer: _Answer) -> bool:
        """Push the ticks in float64; return False, with nothing pushed, if a sum or a mean might not be exact."""
        mean, window, (_, above, means) = self.mean, self.mean.window, answer
        if window > self.longest_window or window * largest > EXACT_IN_FLOATS:
            return False
        divisor = window * 10**places
        if means is not None and divisor > EXACT_IN_FLOATS:
            return False
        earlier = _window_at(mean, places)
        if earlier is None or (earlier.size and window * float(np.abs(earlier).max()) > EXACT_IN_FLOATS):
            return False
        ticks = self.ticks[self.before - len(earlier) : self.before + count]
        ticks[: len(earlier)] = earlier
        without = min(window - 1 - len(earlier), count)  # rows that come before a window is full
        above[:without] = False
        if means is not None:
            means[:without] = np.nan
        total = None
        if without < count:
            sums, free = _window_sums(ticks, window, self.spare)
            total = sums[-1]
            if means is not None:
                np.divide(sums, float(divisor), out=means[without:])
                means[without:] += 0.0  # no negative zero
            times = np.multiply(ticks[window - 1 :], window, out=free[: len(sums)])
            np.greater(times, sums, out=above[without:])
        _keep_last(mean, ticks, places, len(earlier) + gone[-1] if gone else None, total)
        return True

    def _by_bounds(self, values: AnyArray, answer: _Answer) -> bool:
        """Push floats whose decimals are unknown; return False, with nothing pushed, if too few can be decided."""
        mean, window, count = self.mean, self.mean.window, len(values)
        earlier = mean.values()[-(window - 1) :] if window > 1 else []
        if answer.means is not None or window > self.longest_window:
            return False
        closes = self.ticks[self.before - len(earlier) : self.before + count]
        try:
            closes[: len(earlier)] = [tick / 10**mean.places for tick in earlier]
        except OverflowError:
            return False
        closes[len(earlier) :] = values
        most = float(np.nanmax(np.abs(closes), initial=0))
        if not _LEAST_BOUNDED < most < _MOST_BOUNDED:
            return False
        # A sum of so many additions, one after another; the product, the difference, and what each float is away from
        # its decimal; each rounded by no more than half a unit of the largest number. And twice as much.
        roundings = 2 * (2 * window.bit_length() + 6)
        bound = roundings * 2.0 ** -BITS[values.dtype.itemsize] * window * most
        without = min(window - 1 - len(earlier), count)
        if without < count:
            kept = closes.copy()  # `_window_sums` may return some of them
            sums, _ = _window_sums(closes, window, self.spare)
            above = kept[window - 1 :] * window - sums
            unsure = np.flatnonzero(np.abs(above) <= bound)
            if len(unsure) > count * MOST_UNPROVEN:
                return False
            decided = above > bound
            own = unsure[unsure >= len(earlier)]
            is_flat = _are_flat(kept, own, window)
            for at in [*unsure[unsure < len(earlier)].tolist(), *own[~is_flat].tolist()]:
                own_values = values[max(at - len(earlier), 0) : at + window - len(earlier)]
                known = [(tick, mean.places) for tick in earlier[at:]]
                decided[at] = _is_above([*known, *map(_ticks_of, own_values)])
            decided[own[is_flat]] = False
            answer.above[without:] = decided
        answer.above[:without] = False
        gone = np.flatnonzero(np.isnan(values))
        if gone.size or count >= window:
            mean.clear()
        for value in values[max(int(gone[-1]) + 1 if gone.size else 0, count - window) :]:
            mean.push(*_ticks_of(value))
        return True

    def _exactly(self, ticks: AnyArray, places: int, closes: dict[int, Close], answer: _Answer) -> None:
        """Push ticks in int64, and if a sum might not fit, in Python's integers."""
        scaled = Ticks.of(ticks.astype(np.int64), places, closes)
        pushed = scaled and push_closes(self.mean, scaled)
        if pushed is None:
            self.push_each(_closes(ticks, places, closes), answer)
            return
        answer.above[:] = pushed.above
        if answer.means is not None:
            self._divide(pushed.sums, pushed.full, answer.means, answer.start)

    def _divide(self, sums: Integers, full: Flags | None, means: Floats, start: int) -> None:
        """Fill the means of the windows that are full; the others become NaN."""
        rest = np.ones(len(sums), np.bool_) if full is None else full.copy()
        means[:] = np.nan
        places = self.mean.places
        # As they are, or without the places that one value with more of them has left behind.
        for fewer in sorted({places, min(places, self.places)}, reverse=True):
            divisor, scale = self.mean.window * 10**fewer, 10 ** (places - fewer)
            if divisor <= EXACT_IN_FLOATS and scale <= INT64_MAX:
                whole = sums // scale
                exact = rest & (np.abs(whole) <= EXACT_IN_FLOATS) & (whole * scale == sums)
                np.divide(whole, float(divisor), out=means, where=exact)
                rest &= ~exact
        divisor = self.mean.window * 10**places
        for at in np.flatnonzero(rest).tolist():
            means[at] = _as_float(start + at, int(sums[at]), divisor)


def _are_flat(closes: Floats, begins: Integers, window: int) -> Flags:
    """Return which windows of floats, by where they begin, have one value: then their decimals are equal, too."""
    flat = np.ones(len(begins), np.bool_)
    for at in range(window - 1):
        flat &= closes[begins + at] == closes[begins + window - 1]
        if not flat.any():
            break
    return flat


def _ticks_of(value: Any) -> tuple[int, int]:
    """Return the decimal of a float that is not missing."""
    close = ticks_of(value)
    assert close  # noqa: S101 - only NaN has none
    return close


def _is_above(closes: Sequence[tuple[int, int]]) -> bool:
    """Whether the last close is above the mean of all."""
    most = max(places for _, places in closes)
    ticks = [tick * 10 ** (most - places) for tick, places in closes]
    return bool(ticks[-1] * len(ticks) > sum(ticks))


def _as_float(at: int, total: int, divisor: int) -> float:
    """Return the mean of the window that the value at a position of the whole array ends."""
    try:
        return total / divisor  # rounded once: both are Python's integers
    except OverflowError:
        raise OverflowError(
            f"position {at}: expected a mean that a float64 can hold, found one beyond 1.8e308"
        ) from None


def close_of(value: Any) -> Close:
    """Read one item of a list; None and NaN are missing, and so is the NA of pandas."""
    return None if value is None or type(value).__name__ == "NAType" else ticks_of(value)


def _closes(ticks: AnyArray, places: int, closes: dict[int, Close]) -> Iterator[Close]:
    for at, tick in enumerate(ticks.tolist()):
        yield closes[at] if at in closes else (int(tick), places)


def _window_at(mean: RollingSum, places: int) -> Floats | None:
    """Return what the next windows need of the ring, oldest first, at this scale; None if it has no such form."""
    ring: Any = np.array(mean.ring, object) if isinstance(mean.ring, list) else np.frombuffer(mean.ring, np.int64)
    if mean.head:
        ring = np.concatenate((ring[mean.head :], ring[: mean.head]))
    values = ring[len(ring) - min(len(ring), mean.window - 1) :]
    if not values.any():
        return np.zeros(len(values))
    finer = mean.places - places
    if finer > 0:  # a value with more places was in the window once; it may be gone
        if 10**finer > INT64_MAX or (values % 10**finer).any():
            return None
        values = values // 10**finer
    largest = max(int(values.max()), -int(values.min())) * 10 ** max(-finer, 0)
    if largest > EXACT_IN_FLOATS:
        return None
    scaled: Floats = values.astype(np.float64) * 10.0 ** max(-finer, 0)
    return scaled


def _keep_last(mean: RollingSum, ticks: Floats, places: int, last_missing: int | None, total: Any) -> None:
    """Put the last ticks of a piece into the ring, as far as they follow the last missing one."""
    window = mean.window
    if last_missing is not None:
        ticks = ticks[last_missing + 1 :]
    kept = ticks[max(len(ticks) - window, 0) :].astype(np.int64)
    scale = 10 ** max(mean.places - places, 0)
    places = max(mean.places, places)
    largest = int(np.abs(kept).max(initial=0)) * scale
    if largest > INT64_MAX:
        mean.restore([tick * scale for tick in kept.tolist()], places)
        return
    kept_total = int(total) if len(kept) == window else int(kept.sum())
    mean.ring = array("q")
    mean.ring.frombytes((kept * scale).tobytes() if largest else kept.tobytes())
    mean.head, mean.places, mean.largest, mean.total = 0, places, largest, kept_total * scale


def _window_sums(ticks: Floats, window: int, spare: Floats) -> tuple[Floats, Floats]:
    """Return the sum of each `window` ticks in a row, the first of which ends at position window - 1.

    `spare` has three rows, each at least as long as `ticks`. The sums lie in one of them, or in `ticks`; also returned
    is a row that is free.

    >>> _window_sums(np.array([1.0, 2, 3, 4, 5, 6, np.nan]), 5, np.empty((3, 7)))[0].tolist()
    [15.0, 20.0, nan]
    """
    count = len(ticks) - window + 1
    free, other, room = spare
    sums: Floats | None = None
    summed = 0
    power, parts = 1, ticks  # parts[i] is the sum of `power` ticks from i on
    while True:
        if window & power:
            part = parts[summed : summed + count]
            summed += power
            if sums is not None:
                sums = np.add(sums, part, out=room[:count])
            elif summed == window or power == 1:
                sums = part
            else:  # `parts` is written over before these are used
                sums = room[:count]
                sums[:] = part
        if sums is not None and summed == window:
            return sums, free
        parts = np.add(parts[:-power], parts[power:], out=free[: len(parts) - power])
        free, other = other, free
        power *= 2
