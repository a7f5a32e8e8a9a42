"""Rows: a run of counted rows as arrays, as the block engine shows it to observers.

Each array is made when an observer first asks for it, so that a stream pays only for what its observers use.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.blocks.rolling import has_mean
from stream_signal.core.observe import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.blocks.columns import BatchColumns, Cells, Columns
    from stream_signal.core.blocks.rolling import Flags, Integers, Pushed
    from stream_signal.core.time_column import Position


class KeyOrder(NamedTuple):
    """The rows of a run whose keys are known, in the order of the numbers of the keys, for the first window."""

    numbers: Integers
    """of the key of each"""
    positions: Integers | slice
    """of each among all rows"""
    ticks: Integers
    missing: Flags | None
    """which closes are missing; None if none is"""
    sums: Integers
    full: Flags | None
    """which windows are full; None if all are"""
    above: Flags
    name_of: Callable[[int], bytes]
    """returns the key with a number"""

    def bounds(self, count: int) -> list[int]:
        """Return where the rows of each of the first `count` keys begin, and where those of the last one end."""
        bounds: list[int] = np.searchsorted(self.numbers, np.arange(count + 1)).tolist()
        return bounds


class Rows:
    """A run of n counted rows; its arrays are valid until the observer returns.

    `first` is the number of the first row, from 1. `ticks` is each close times `10**places`, 0 if it is `missing`
    (a list of positions from 0, ascending). How many `places` those are depends on other rows, and on where the
    data was cut, so neither says anything without the other. `above` says which rows signal. `sums` is the sum of
    the window that each row ends, at the same scale, for the rows that have a mean; `divisor` turns it into that
    mean. `odd` lists the positions of the rows that were read one at a time; the close of each other row is written
    in digits, with a point and a minus sign at most. `keys` is the key of each row, None where it could not be
    read; without keys in the stream, it is None itself; `key_order` has the rows by their keys. If there are more
    windows, `more` has the same rows for each of them, with its own `window`, `sums`, `above` and `has_mean`.
    """

    def __init__(self, first: int, pushed: Pushed, places: int, window: int, columns: Columns | BatchColumns) -> None:
        self.first = first
        self.places = places
        self.ticks: Integers = pushed.ticks
        self.missing: list[int] = pushed.missing
        self.sums: Integers = pushed.sums
        self.above: Flags = pushed.above
        self.odd = list(columns.odd)
        self.list_keys: Callable[[], list[bytes | None]] | None = None  # set by an engine that has keys
        self.key_order: KeyOrder | None = None  # likewise
        self.key_numbers: Integers | None = None  # likewise, of each row
        self.more: list[Rows] = []
        self._pushed = pushed
        self.window = window
        self._columns = columns

    def __len__(self) -> int:
        return len(self.ticks)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows one at a time, each in the same `Row`."""
        at = 0
        row = Row(self.window, lambda column: self.texts(column)[at], [each.window for each in self.more])
        missing, ticks, keys = set(self.missing), self.ticks.tolist(), self.keys
        seen = [(one, rows.places, rows.totals(), rows.above.tolist()) for one, rows in self._with_more(row)]
        numbers = None if self.key_numbers is None else self.key_numbers.tolist()
        for at in range(len(self)):
            close = None if at in missing else (ticks[at], self.places)
            if keys is not None and numbers is not None:
                row.key, row.key_number = keys[at], numbers[at]
            for one, places, totals, above in seen:
                one.fill(self.first + at, close, totals[at], places, above=above[at])
            yield row

    def _with_more(self, row: Row) -> Iterator[tuple[Row, Rows]]:
        return zip((row, *row.more), (self, *self.more), strict=True)

    def totals(self) -> list[int | None]:
        """Return the sum of each window, None if it is not full."""
        sums: list[int | None] = self.sums.tolist()
        full = self.has_mean
        if full is None:
            return sums
        return [total if is_full else None for total, is_full in zip(sums, full.tolist(), strict=True)]

    @property
    def divisor(self) -> int:
        """The number to divide a sum by to get the mean."""
        divisor: int = self.window * 10**self.places
        return divisor

    @cached_property
    def keys(self) -> list[bytes | None] | None:
        """The key of each row, None where it could not be read; None itself if the stream has no keys."""
        return self.list_keys() if self.list_keys else None

    @cached_property
    def has_mean(self) -> Flags | None:
        """Which rows have a mean, because their window is full; None if all of them do."""
        return has_mean(self._pushed, self.window)

    def cells(self, column: Position) -> Cells | None:
        """Return a column of text, by its position from 0, as an array; None if a text is too long for one.

        Of two positions, the texts are joined by a space.
        """
        return self._columns.cells(column)

    def texts(self, column: Position) -> list[bytes]:
        """Return a column of text, by its position from 0, as a list."""
        return self._columns.texts(column)

    def text(self, column: Position, at: int) -> bytes:
        """Return one text of a column, that of the row at a position; for few rows, where `texts` cuts out all."""
        return self._columns.text(column, at)

    def texts_at(self, column: Position, rows: Integers) -> list[bytes]:
        """Return the texts of a column, those of the rows at some positions; for few rows, as `text`."""
        return self._columns.texts_at(column, rows)
