"""Rows as arrays: a run of rows from a block of lines, or from a batch of a columnar file.

Each column of text is made when an observer first asks for it, so that a stream pays only for what its observers use.
"""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from stream_signal.core.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream_signal.core.blocks.array_types import Cells, Integers
    from stream_signal.core.blocks.columns import TextColumns
    from stream_signal.core.blocks.rolling import Ticks
    from stream_signal.core.layout.layout import Position
    from stream_signal.core.ticks import Close


class ArrayRows(Rows):
    """n rows as arrays, valid until the observer returns.

    `ticks`, `places`, `largest` and `missing` are as in `core.blocks.rolling.Ticks`. `series` is one number, or an
    array with that of each row. `irregular` lists the positions of the rows that were read one at a time; the close of
    each other row is written in digits, with a point and a minus sign at most.
    """

    is_array = True

    def __init__(
        self,
        ticks: Ticks,
        series: int | Integers,
        columns: TextColumns,
        failure: BaseException | None = None,
        marks: Sequence[int] = (),
    ) -> None:
        self.ticks, self.places, self.largest, self._missing = ticks
        self.count = len(self.ticks)
        self.series = cast("int | list[int]", series)
        self.failure = failure
        self.marks = marks
        self.columns = columns
        self._times: dict[Position, Integers | None] = {}

    @property
    def missing(self) -> list[int]:
        """The positions of the rows whose close is missing, ascending."""
        return self._missing

    @cached_property
    def closes(self) -> list[Close]:  # type: ignore[override] # which is filled when it is made there
        """Each close as in rows that are lists."""
        closes: list[Close] = [(ticks, self.places) for ticks in self.ticks.tolist()]
        for at in self._missing:
            closes[at] = None
        return closes

    @property
    def irregular(self) -> list[int]:
        """The positions of the rows that were read one at a time."""
        return list(self.columns.records)

    def numbers(self) -> list[int]:
        """Return the number of the series of each row."""
        series: Any = self.series
        return [series] * len(self) if isinstance(series, int) else cast("list[int]", series.tolist())

    def cells(self, column: Position, most: int | None = None) -> Cells | list[bytes]:
        """Return a column of text as an array, or as a list if a text is too long for one."""
        if most is not None and most < len(self):
            return self.cells_at(column, np.arange(most))
        cells = self.columns.cells(column)
        return self.columns.texts(column) if cells is None else cells

    def texts(self, column: Position, most: int | None = None) -> list[bytes]:
        """Return a column of text, by its position from 0, of all rows or of the first ones."""
        if most is not None and most < len(self):
            return self.columns.texts_at(column, np.arange(most))
        return self.columns.texts(column)

    def text(self, column: Position, at: int) -> bytes:
        """Return one text of a column, that of the row at a position; the first call cuts out the whole column."""
        return self.texts(column)[at]

    def texts_at(self, column: Position, positions: Sequence[int] | Integers) -> list[bytes]:
        """Return the texts of a column, those of the rows at some positions; it cuts out no others."""
        rows = np.asarray(positions, np.int64)
        if (rows[1:] >= rows[:-1]).all():
            return self.columns.texts_at(column, rows)
        order = np.argsort(rows, kind="stable")
        texts = self.columns.texts_at(column, rows[order])
        return [texts[at] for at in np.argsort(order, kind="stable").tolist()]

    def cells_at(self, column: Position, positions: Sequence[int] | Integers) -> Cells | list[bytes]:
        """Return the texts of the rows at some positions as an array, or as a list if that takes less time."""
        rows = np.asarray(positions, np.int64)
        cells = self.columns.cells_at(column, rows)
        return self.columns.texts_at(column, rows) if cells is None else cells

    def times(self, column: Position) -> Integers | None:
        """Return the time of each row, in nanoseconds since 1970; None if they are not read at once."""
        if column not in self._times:
            from stream_signal.core.blocks.timestamps import nanoseconds_of

            cells = self.cells(column)
            self._times[column] = None if isinstance(cells, list) else nanoseconds_of(cells)
        return self._times[column]

    def last_lines(self, size: int) -> bytes:
        """Return the last bytes of the lines of the rows, without the last newline; none if they had no lines."""
        return self.columns.last_lines(size)

    def as_lists(self, closes: Mapping[int, Close] = MappingProxyType({})) -> Rows:
        """Return the same rows as lists, with other `closes` at some positions: they have no limit."""
        listed = self.closes
        for at, close in closes.items():
            listed[at] = close
        return _Listed(self)

    def only(self, positions: Sequence[int], failure: BaseException | None = None) -> Rows:
        """Return the rows at some positions, ascending, with the same failure, or another one that comes first."""
        return self.as_lists().only(positions, failure)


class _Listed(Rows):
    """Rows whose closes were arrays and are lists now; the texts are still those of the arrays."""

    def __init__(
        self, rows: ArrayRows, positions: Sequence[int] | None = None, failure: BaseException | None = None
    ) -> None:
        closes, series = rows.closes, rows.series
        if positions is not None:
            closes = [closes[at] for at in positions]
        if not isinstance(series, int):
            series = rows.numbers() if positions is None else [rows.numbers()[at] for at in positions]
        marks = rows.marks if positions is None else rows.marks_of(positions)
        super().__init__(closes, series, None, failure or rows.failure, marks)
        self._rows = rows
        self._positions = range(len(closes)) if positions is None else positions

    def texts(self, column: Position, most: int | None = None) -> list[bytes]:
        texts = self._rows.texts(column)
        return [texts[at] for at in self._positions[:most]]

    def text(self, column: Position, at: int) -> bytes:
        return self._rows.text(column, self._positions[at])

    def texts_at(self, column: Position, positions: Sequence[int]) -> list[bytes]:
        return self._rows.texts_at(column, [self._positions[at] for at in positions])

    def only(self, positions: Sequence[int], failure: BaseException | None = None) -> Rows:
        return _Listed(self._rows, [self._positions[at] for at in positions], failure or self.failure)
