"""Observers: objects that see the rows as they are counted.

An observer sees every row in order, once. The row engine shows it one `Row` at a time; the block engine shows it a run
of rows as arrays (`core.blocks.rows.Rows`), in which a column of text is cut out only when an observer asks for it. An
observer that does not need arrays implements only `row`. Neither engine knows any observer by name, and a stream
without observers does no work for them.

    class CloseRose(Observer):          # how many closes are above the one before
        def __init__(self):
            self.count, self._before = 0, None

        def row(self, row):
            if row.close is not None and self._before is not None:
                self.count += row.close > self._before
            self._before = row.close

    SignalStream(config, observers=[CloseRose()])
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.blocks.rows import Rows
    from stream_signal.core.header import Header
    from stream_signal.core.time_column import Position


class Row:
    """One counted row, as the row engine shows it; the next row reuses the object, so copy what you keep.

    `number` counts from 1. The close is exactly `ticks / 10**places`; `ticks` is None if it is missing. `above` says
    whether the row signals. `total` is the sum of its window times `10**scale`, or None while the window is not full.
    `text(column)` returns a field of the row as it was written, by its position from 0, or two fields, joined by a
    space; it is empty for a bad row.
    """

    __slots__ = ("_window", "above", "number", "places", "scale", "text", "ticks", "total")

    text: Callable[[Position], bytes]

    def __init__(self, window: int, text: Callable[[Position], bytes]) -> None:
        self.number = 0
        self.ticks: int | None = None
        self.places = 0
        self.above = False
        self.total: int | None = None
        self.scale = 0
        self.text = text
        self._window = window

    @property
    def close(self) -> Decimal | None:
        """The close, exactly; None if it is missing."""
        if self.ticks is None:
            return None
        return Decimal((self.ticks < 0, tuple(map(int, str(abs(self.ticks)))), -self.places))

    @property
    def mean(self) -> float | None:
        """The mean of the window that this row ends, as the nearest float64; None while the window is not full.

        OverflowError if it is beyond the floats.
        """
        return None if self.total is None else self.total / self.divisor

    @property
    def divisor(self) -> int:
        """The number to divide `total` by to get the mean."""
        divisor: int = self._window * 10**self.scale
        return divisor


class Observer:
    """Sees the rows of a stream as they are counted. Override what you need; each method here does nothing.

    `name` is the key under which a checkpoint keeps what `snapshot` returns.
    """

    name = ""

    def begin(self, header: Header) -> None:
        """Receive the header, once, before the first row; a DataError ends the stream."""

    def row(self, row: Row) -> None:
        """See one row."""

    def rows(self, rows: Rows) -> None:
        """See a run of rows as arrays, which are valid during this call only."""
        for row in rows:
            self.row(row)

    def snapshot(self) -> Any:
        """Return what `restore` needs in another process, as values that JSON can hold; None for nothing."""
        return None

    def restore(self, saved: Any) -> None:
        """Resume from what `snapshot` returned; raise ValueError if `saved` is not valid."""
