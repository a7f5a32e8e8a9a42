"""RollingMean: closes that are in memory, one at a time or as an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from stream_signal.core.rolling import RollingSum
from stream_signal.core.ticks import ticks_of

if TYPE_CHECKING:
    from decimal import Decimal

    from stream_signal.core.blocks.array_types import Flags, Floats


class RollingMean(RollingSum):
    """The exact mean of the last `window` values.

    `window` is the number of values in a full window; `count` how many consecutive values are held, at most `window`;
    `ready` says that the window is full. A window below 1 raises ValueError.

    >>> mean = RollingMean(3)
    >>> for value in (0.1, 0.2, 0.3):
    ...     mean.update(value)
    >>> mean.get()  # the float sum of these is 0.6000000000000001
    0.2
    """

    __slots__ = ()

    def __repr__(self) -> str:
        try:
            mean = self.get()
        except OverflowError:
            mean = None
        return f"<RollingMean window={self.window} count={self.count} mean={mean}>"

    def update(self, value: int | float | Decimal | None) -> None:  # noqa: PYI041 - in plain words
        """Take the next value; None or NaN is a missing one, and no window that holds it has a mean.

        A float stands for its shortest decimal form, one of NumPy for that of its own precision. Infinities raise
        ValueError, other types TypeError.
        """
        close = None if value is None else ticks_of(value)
        if close is None:
            self.clear()
        else:
            self.push(*close)

    @overload
    def update_many(self, values: object, *, means: Literal[False] = False) -> Flags: ...
    @overload
    def update_many(self, values: object, *, means: Literal[True]) -> tuple[Flags, Floats]: ...
    @overload
    def update_many(self, values: object, *, means: bool) -> Flags | tuple[Flags, Floats]: ...
    def update_many(self, values: object, *, means: bool = False) -> Flags | tuple[Flags, Floats]:
        """Take an array of values, with the same result as `update` with one after the other; return their signals.

        `values` is what `signals` takes, and so is what is returned: for each value, whether it is above the mean of
        the window that it ends, and with `means=True` those means too, NaN where there is none. If a value is refused,
        the error tells its position, counted from 0, and the values before it are taken.

        >>> mean = RollingMean(2)
        >>> mean.update_many([4.58, 4.58, 4.59]).tolist()
        [False, False, True]
        >>> mean.update_many([None, 4.6, 4.58]).tolist(), mean.get()
        ([False, False, False], 4.59)
        """
        from stream_signal.core.blocks.array_like import closes_of
        from stream_signal.core.blocks.arrays import push_array

        return push_array(self, closes_of(values), means=means)

    def get(self) -> float | None:
        """Return the mean as the nearest float64, or None while the window is not full.

        The exact mean is rounded once, at the very end. OverflowError if it is beyond the floats.
        """
        return self.total / (self.window * 10**self.places) if self.ready else None
