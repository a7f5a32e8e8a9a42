"""signals: closes that are in memory, as an array, with a warning if the answer is doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from stream_signal.core.mean import RollingMean
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.job.doubts import warn

if TYPE_CHECKING:
    from stream_signal.core.blocks.array_types import Flags, Floats


@overload
def signals(closes: object, window: int = 5, *, means: Literal[False] = False, strict: bool = False) -> Flags: ...
@overload
def signals(closes: object, window: int = 5, *, means: Literal[True], strict: bool = False) -> tuple[Flags, Floats]: ...
@overload
def signals(closes: object, window: int = 5, *, means: bool, strict: bool = False) -> Flags | tuple[Flags, Floats]: ...
def signals(
    closes: object, window: int = 5, *, means: bool = False, strict: bool = False
) -> Flags | tuple[Flags, Floats]:
    """Return for each close whether it is above the mean of the last `window` closes, as a NumPy array of bool.

    With `means=True`, return those means too, as float64: each is the float nearest to the exact mean, and NaN where
    the window is not full. `closes` is an array of NumPy (ints or floats), a list, a Series of pandas or polars, or an
    Arrow array. NaN and nulls are missing, and no window that holds one has a mean.

    A float stands for the shortest decimal form of its own type: 0.1 is one tenth, as float32 too. Nothing is rounded
    before it is compared. Values that are no numbers raise TypeError; infinities, Decimals of more than 400
    digits, and arrays of several dimensions ValueError.

    A DoubtWarning says what makes the answer doubtful: no window is ever full, many closes are missing, or the index of
    a Series of pandas has times that go back or come twice. With `strict=True`, that raises DoubtError.

    >>> signals([0.1, 0.3, 0.2], window=3)  # 0.2 is the mean, but not in floats
    array([False, False, False])
    >>> above, means = signals([4.58, 4.58, None, 4.58, 4.59, 4.58, 4.6, 4.6, 4.6, 4.6], window=2, means=True)
    >>> above
    array([False, False, False, False,  True, False,  True, False, False,
           False])
    >>> means
    array([  nan, 4.58 ,   nan,   nan, 4.585, 4.585, 4.59 , 4.6  , 4.6  ,
           4.6  ])
    """
    from stream_signal.core.blocks.array_like import closes_of, missing_in
    from stream_signal.core.blocks.arrays import push_array

    array = closes_of(closes)
    signals = push_array(RollingMean(window), array, means=means)
    missing, order, rows = missing_in(array), _order_of(closes), len(array.values)
    if rows < window or missing.number or not order.is_in_order:
        from stream_signal.hints.doubts import doubts_of_array

        warn(doubts_of_array(rows, window, missing, order), strict=strict)
    return signals


def _order_of(closes: Any) -> TimeOrder:
    """Compare the times in the index of a Series of pandas, if it has some that do not only rise."""
    order = TimeOrder()
    index: Any = getattr(closes, "index", None)
    if str(getattr(index, "dtype", "")).startswith("datetime64") and not (
        index.is_monotonic_increasing and index.is_unique
    ):
        order.take([str(time).encode() for time in index], 1)
    return order
