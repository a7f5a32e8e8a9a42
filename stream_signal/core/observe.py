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
    from collections.abc import Callable, Iterable, Sequence
    from fractions import Fraction

    from stream_signal.core.blocks.rows import Rows
    from stream_signal.core.header import Header
    from stream_signal.core.ticks import Close
    from stream_signal.core.time_column import Position


class Row:
    """One counted row; the next row reuses the object, so copy what you keep.

    `number` counts from 1. `key` is that of the row, as bytes, if the stream has keys and it could be read,
    otherwise None. `key_number` counts the keys from 0, in the order in which they came; -1 without a key. `above`
    says whether the row signals. If there are more windows, `more` is the same row for each of them, with its own
    `window`, `mean` and `above`. `text(column)` returns a field of the row as it was written, by its position from
    0, or two fields, joined by a space. If a row is bad because of its close, its texts are there all the same; if
    it has another number of fields than the header, all of them are empty.

    Everything here depends on the row alone, and not on which engine read it or where the bytes were cut.
    """

    __slots__ = ("_close", "_scale", "_total", "above", "key", "key_number", "more", "number", "text", "window")

    text: Callable[[Position], bytes]

    def __init__(self, window: int, text: Callable[[Position], bytes], more: Sequence[int] = ()) -> None:
        self.number = 0
        self.window = window
        self.more = [Row(each, text) for each in more]
        self.key: bytes | None = None
        self.key_number = -1
        self.above = False
        self.text = text
        self._close: Close = None
        self._total: int | None = None
        self._scale = 0

    def fill(self, number: int, close: Close, total: int | None, scale: int, *, above: bool) -> None:
        """Become the next row: for the engines.

        `total` is the sum of its window times `10**scale`, None while the window is not full.
        """
        self.number = number
        self.above = above
        self._close = close
        self._total = total
        self._scale = scale

    @property
    def has_close(self) -> bool:
        """Whether there is a close; `close` says the same, but takes longer."""
        return self._close is not None

    @property
    def ticks(self) -> Close:
        """The close as `(ticks, places)`, None if it is missing; how many places depends on other rows, too."""
        return self._close

    @property
    def close(self) -> Decimal | None:
        """The close, exactly, without zeros at the end of its decimals: 5 for `5.00`; None if it is missing."""
        if self._close is None:
            return None
        ticks, places = self._close
        # An engine may have scaled it to the places of its neighbours, so it does not show those that were written.
        while places and ticks % 10 == 0:
            ticks, places = ticks // 10, places - 1
        return Decimal((ticks < 0, tuple(map(int, str(abs(ticks)))), -places))

    @property
    def mean(self) -> float | None:
        """The mean of the window that this row ends, as the nearest float64; None while the window is not full.

        OverflowError if it is beyond the floats.
        """
        return None if self._total is None else self._total / (self.window * 10**self._scale)

    @property
    def exact_mean(self) -> Fraction | None:
        """The mean, not rounded; None while the window is not full."""
        from fractions import Fraction  # noqa: PLC0415 - the mean is enough for most observers

        return None if self._total is None else Fraction(self._total, self.window * 10**self._scale)


class Observer:
    """Sees the rows of a stream as they are counted. Override what you need; each method here does nothing.

    `name` is the key under which a checkpoint keeps what `snapshot` returns; an observer without one needs no name.
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

    def part(self) -> Observer | None:
        """Return an observer for later rows that are counted apart from the stream; None if it has to see them here.

        It is pickled, sees a run of rows numbered from 1, and is then given to `join`, unless `can_join` is False: then
        this observer sees these rows itself.
        """
        return None

    can_join = True
    """whether a part can still be joined"""

    def join(self, part: Any, rows: int) -> None:
        """Add what a part has seen after the first `rows` rows, as if this observer had seen it."""
        raise NotImplementedError

    def snapshot(self) -> Any:
        """Return what `restore` needs in another process, as values that JSON can hold; None for nothing."""
        return None

    def restore(self, saved: Any) -> None:
        """Resume from what `snapshot` returned; raise ValueError if `saved` is not valid."""


def check_names(observers: Sequence[Observer], taken: Iterable[str]) -> None:
    """Raise ValueError if two observers have one name, or one of `taken`, or if one has a snapshot and no name."""
    names = set(taken)
    for observer in observers:
        if not observer.name:
            if type(observer).snapshot is not Observer.snapshot:
                kind = type(observer).__name__
                raise ValueError(f"expected a `name` for the snapshot of each observer, found none in {kind}")
        elif observer.name in names:
            raise ValueError(f"expected a name of its own for each observer, found {observer.name!r}, which is taken")
        names.add(observer.name)
