"""Rows: some rows that follow each other, in columns, as a reader hands them on; and what the panel has seen in them.

    reader  -> Rows   closes, the series of each row, columns of text        lists here, arrays in `core.blocks.rows`
    panel   -> Seen   the windows that the rows end, and which rows signal

A column of text is cut out when an observer asks for it. Everything here depends on the rows alone, and not on which
reader made them or where the bytes were cut; only how many rows come together does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal
    from fractions import Fraction

    from numpy.typing import NDArray

    from stream_signal.core.layout.layout import Position
    from stream_signal.core.ticks import Close

# The number of the series of a row whose key could not be read: it may belong to any.
NO_SERIES = -1


class Rows:
    """n rows as lists: a slice of lines, or a live row alone.

    `closes` has `(ticks, places)` for each row, None if its close is missing. `series` is the number of the series that
    all rows belong to, or a list with that of each. `records` has the fields of each row, None if it has other fields
    than the header; there are none where nobody asked for them, or only those of the rows at `marks`. `failure` is the
    error of the line after these rows. `marks` are the positions of the rows at every 4,096th byte of the input,
    ascending, where an observer asks for samples; as a list, or as an array.

    >>> rows = Rows([(458, 2), None], records=[[b"60", b"4.58"], None])
    >>> len(rows), rows.missing, rows.texts(0)
    (2, [1], [b'60', b''])
    """

    is_array = False
    """whether the columns are arrays"""

    def __init__(
        self,
        closes: list[Close],
        series: int | list[int] = 0,
        records: Sequence[list[bytes] | None] | None = None,
        failure: BaseException | None = None,
        marks: Sequence[int] = (),
    ) -> None:
        self.count = len(closes)
        self.closes = closes
        self.series = series
        self.failure = failure
        self.marks = marks
        self._records = records

    def __len__(self) -> int:
        return self.count

    @property
    def missing(self) -> list[int]:
        """The positions of the rows whose close is missing, ascending."""
        return [at for at, close in enumerate(self.closes) if close is None]

    def texts(self, column: Position, most: int | None = None) -> list[bytes]:
        """Return a column of text, by its position from 0, of all rows or of the first ones.

        Of two positions, the texts are joined by a space. A row of another width has empty texts.
        """
        if isinstance(column, tuple):
            return [joined(*pair) for pair in zip(*(self.texts(one, most) for one in column), strict=True)]
        records = self._records or ()
        if most is not None and most < self.count:
            records = records[:most]
        return [record[column] if record else b"" for record in records]

    def text(self, column: Position, at: int) -> bytes:
        """Return one text of a column, that of the row at a position."""
        if isinstance(column, tuple):
            return joined(*(self.text(one, at) for one in column))
        record = self.record(at)
        return record[column] if record else b""

    def texts_at(self, column: Position, positions: Sequence[int]) -> list[bytes]:
        """Return the texts of a column, those of the rows at some positions; for few rows, as `text`."""
        return [self.text(column, at) for at in positions]

    def cells(self, column: Position, most: int | None = None) -> Any:
        """Return a column of text as an array, or as a list if that takes less time."""
        return self.texts(column, most)

    def cells_at(self, column: Position, positions: Sequence[int]) -> Any:
        """Return the texts of the rows at some positions as an array, or as a list if that takes less time."""
        return self.texts_at(column, positions)

    def times(self, column: Position) -> Any:  # noqa: ARG002
        """Return the time of each row as an array, in nanoseconds since 1970; None if they are not read at once."""
        return None

    def record(self, at: int) -> list[bytes] | None:
        """Return the fields of the row at a position, None if they are not there."""
        return self._records[at] if self._records else None

    def last_lines(self, size: int) -> bytes:  # noqa: ARG002
        """Return the last bytes of the lines of the rows; lists are kept as they are."""
        return b""

    def as_lists(self) -> Rows:
        """Return the same rows as lists, whatever they are."""
        return self

    def numbers(self) -> list[int]:
        """Return the number of the series of each row."""
        return [self.series] * len(self) if isinstance(self.series, int) else self.series

    def only(self, positions: Sequence[int], failure: BaseException | None = None) -> Rows:
        """Return the rows at some positions, ascending, with the same failure, or another one that comes first."""
        series = self.series if isinstance(self.series, int) else [self.series[at] for at in positions]
        records = self._records and [self._records[at] for at in positions]
        closes = [self.closes[at] for at in positions]
        return Rows(closes, series, records, failure or self.failure, self.marks_of(positions))

    def marks_of(self, positions: Sequence[int]) -> list[int]:
        """Return which of the rows at some positions are marked, by their place among these."""
        marks = set(self.marks)
        return [at for at, before in enumerate(positions) if before in marks]


class Batch(NamedTuple):
    r"""A run of n rows of a columnar file, whose closes need not become text to be counted.

        Parquet -> closes: float64 array ------------------------> ticks        if each is proven to stand for a decimal
                -> lines:  b"...,42004.66,...\n" -> the reader -> ticks         otherwise

    Both ways have the same result; to make text of a float and read it again takes ten times as long. The rows follow
    the header or other rows of one input.
    """

    layout: tuple[str, int, int]
    """the delimiter of the lines, the position of the close, from 0, and how many fields a line has"""
    closes: NDArray[Any]
    """float64 or float32, shape (n,); NaN is missing"""
    size: int
    """bytes of the columns that were read"""
    lines: Callable[[], bytes]
    """makes the lines of CSV that the rows stand for"""
    column: Callable[..., tuple[bytes, NDArray[Any]]]
    """makes the texts at a position of the header, joined, and the n + 1 offsets where they begin and the last ends;
    those of some rows, if an array with their numbers from 0, ascending, is given, too"""
    sample_rows: int
    """the first of every so many rows is a sample; none if this is 0"""


class Means:
    """What one window shows of n rows: as lists for rows that are lists, as arrays for others.

    `above` says whether each row signals, `full` whether its window is full (None: all are). A sum of `sums` is that of
    the window that a row ends, times `10**places`; it says nothing while the window is not full. `places` is one number
    for all rows, or a list.
    """

    __slots__ = ("above", "full", "places", "sums", "window")

    def __init__(self, window: int, above: Any, sums: Any, full: Any, places: Any) -> None:
        self.window = window
        self.above = above
        self.sums = sums
        self.full = full
        self.places = places

    @property
    def divisor(self) -> int:
        """The number to divide a sum by to get the mean, if all have the same scale."""
        divisor: int = self.window * 10**self.places
        return divisor


class Seen:
    """What the panel shows of n rows.

    `first` is the number of the first row, from 1, and `windows` has what each window shows. `names` are the keys by
    their numbers, None if the stream has no keys.
    """

    __slots__ = ("first", "names", "windows")

    def __init__(self, first: int, windows: list[Means], names: Sequence[bytes] | None) -> None:
        self.first = first
        self.windows = windows
        self.names = names

    def keys(self, rows: Rows, positions: Sequence[int] | None = None) -> list[bytes | None] | None:
        """Return the key of each row, or of those at some positions; None where it could not be read.

        None itself if the stream has no keys.
        """
        names = self.names
        if names is None:
            return None
        if isinstance(rows.series, int):
            return [names[rows.series]] * len(rows if positions is None else positions)
        if positions is not None:
            numbers = [rows.series[at] for at in positions]
            return [None if number == NO_SERIES else names[number] for number in numbers]
        with_none: list[bytes | None] = [*names, None]  # the last one is that of NO_SERIES
        return [with_none[number] for number in rows.numbers()]


class Row:
    """One counted row; the next row reuses the object, so copy what you keep.

    `number` counts from 1. `key` is that of the row, as bytes, if the stream has keys and it could be read,
    otherwise None. `above`
    says whether the row signals. If there are more windows, `further` is the same row for each of them, with its own
    `window`, `mean` and `above`. `text(column)` returns a field of the row as it was written, by its position from
    0, or two fields, joined by a space. If a row is bad because of its close, its texts are there all the same; if
    it has another number of fields than the header, all of them are empty.
    """

    __slots__ = ("_close", "_scale", "_total", "above", "further", "key", "number", "text", "window")

    text: Callable[[Position], bytes]

    def __init__(self, window: int, text: Callable[[Position], bytes], further: Sequence[int] = ()) -> None:
        self.number = 0
        self.window = window
        self.further = [Row(window, text) for window in further]
        self.key: bytes | None = None
        self.above = False
        self.text = text
        self._close: Close = None
        self._total: int | None = None
        self._scale = 0

    def fill(self, number: int, close: Close, total: int | None, scale: int, *, above: bool) -> None:
        """Become the next row.

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
        from decimal import Decimal

        ticks, places = self._close
        # It may be scaled to the places of its neighbours, so it does not show those that were written.
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
        from fractions import Fraction

        return None if self._total is None else Fraction(self._total, self.window * 10**self._scale)


def each_row(rows: Rows, seen: Seen) -> Iterator[Row]:
    """Yield the rows one at a time, each in the same `Row`."""
    at, text = 0, rows.text
    row = Row(seen.windows[0].window, lambda column: text(column, at), [means.window for means in seen.windows[1:]])
    columns = [
        (one, *(_as_list(rows, column) for column in (means.sums, means.places, means.full, means.above)))
        for one, means in zip((row, *row.further), seen.windows, strict=True)
    ]
    names, numbers = seen.names, rows.numbers() if seen.names is not None else None
    for at, close in enumerate(rows.closes):
        if names is not None and numbers is not None:
            row.key = None if numbers[at] == NO_SERIES else names[numbers[at]]
        for one, sums, places, full, above in columns:
            one.fill(
                seen.first + at, close, sums[at] if full is None or full[at] else None, places[at], above=above[at]
            )
        yield row


def _as_list(rows: Rows, column: Any) -> Any:
    """Return a column as a list, None if it is None."""
    if isinstance(column, int):
        return [column] * len(rows)
    return column.tolist() if rows.is_array and column is not None else column


def joined(first: bytes, second: bytes) -> bytes:
    """Join the texts of two columns by a space, unless both are empty."""
    return b"%b %b" % (first, second) if first or second else b""
