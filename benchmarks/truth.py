"""The exact answer, computed without the package: integers, one cumulative sum, one comparison.

A row signals when `close * window > sum of the last window closes`. The sums are differences of a cumulative sum of
int64. That sum may wrap around in a long file, which is harmless: the difference of two numbers modulo 2**64 is right
if the difference itself fits, and `signals_of` makes sure that it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def signals_of(ticks: NDArray[np.int64], missing: NDArray[np.bool_], window: int) -> NDArray[np.bool_]:
    """Return the signal of each row; `ticks` is 0 if the close is `missing`.

    >>> closes = np.array([458, 458, 459])
    >>> signals_of(closes, np.zeros(3, bool), 2).tolist()
    [False, False, True]
    """
    signals = np.zeros(ticks.size, bool)
    if ticks.size < window:
        return signals
    if int(np.abs(ticks).max()) * window >= 2**63:
        raise OverflowError(f"the sum of {window} such closes does not fit in 64 bits")
    whole = _window_sums(missing.astype(np.int64), window) == 0
    signals[window - 1 :] = whole & (ticks[window - 1 :] * window > _window_sums(ticks, window))
    return signals


def _window_sums(values: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Return the sum of each `window` consecutive values, the first of which ends at row window - 1."""
    sums = np.zeros(values.size + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    sums[window:] -= sums[:-window].copy()
    return sums[window:]
