"""signals: the signal of each close of an array, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from stream_signal.core.rolling import RollingMean

if TYPE_CHECKING:
    from stream_signal.core.blocks.arrays import Flags, Floats


@overload
def signals(closes: object, window: int = 5, *, means: Literal[False] = False) -> Flags: ...
@overload
def signals(closes: object, window: int = 5, *, means: Literal[True]) -> tuple[Flags, Floats]: ...
@overload
def signals(closes: object, window: int = 5, *, means: bool) -> Flags | tuple[Flags, Floats]: ...
def signals(closes: object, window: int = 5, *, means: bool = False) -> Flags | tuple[Flags, Floats]:
    """Return for each close whether it is above the mean of the last `window` closes, as a NumPy array of bool.

    With `means=True`, return those means too, as float64: each is the float nearest to the exact mean, and NaN where
    the window is not full. `closes` is an array of NumPy (ints or floats), a list, a Series of pandas or polars, or an
    Arrow array. NaN and nulls are missing, and no window that holds one has a mean.

    A float stands for the shortest decimal form of its own type: 0.1 is one tenth, as float32 too. Nothing is rounded
    before it is compared. Values that are no numbers raise TypeError; infinities, Decimals of more than 400
    digits, and arrays of several dimensions ValueError.

    >>> signals([0.1, 0.3, 0.2], window=3)  # 0.2 is the mean, but not in floats
    array([False, False, False])
    >>> above, means = signals([4.58, 4.58, None, 4.58, 4.59], window=2, means=True)
    >>> above
    array([False, False, False, False,  True])
    >>> means
    array([  nan, 4.58 ,   nan,   nan, 4.585])
    """
    return RollingMean(window).update_many(closes, means=means)
