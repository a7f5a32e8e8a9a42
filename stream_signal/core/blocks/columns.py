"""Whole lines -> the texts of one column, for all rows at once, so that observers see more than the close."""

from __future__ import annotations

from functools import cache, cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.rows import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from stream_signal.core.header import Header
    from stream_signal.core.time_column import Position

    Cells = NDArray[np.bytes_]
    Integers = NDArray[np.int64]
    Lengths = NDArray[np.uint8]

_RETURN, _SPACE = b"\r "
# NumPy pads every text to the length of the longest one.
LONGEST = 64
_NONE: Mapping[int, list[bytes] | None] = MappingProxyType({})


class Columns:
    r"""The columns of a run of rows: plain lines of `buffer`, and odd lines that the row reader has read.

    `starts` and `ends` are the offsets of the first byte and of the newline of each plain line; no field is quoted.
    `odd` maps the position of each odd row to its fields. `closes`, if given, has the offset and the length of the
    close of each plain line.

    >>> from stream_signal.core.header import Header
    >>> header = Header(b"", ("time", "close"), ",", 1, 2)
    >>> columns = Columns(b"17,42.5\n180,42\r\n", header, np.array([0, 8]), np.array([7, 15]), {1: [b"60", b"NaN"]})
    >>> columns.cells(0).tolist(), columns.texts(1)
    ([b'17', b'60', b'180'], [b'42.5', b'NaN', b'42'])
    """

    def __init__(
        self,
        buffer: bytes,
        header: Header,
        starts: Integers,
        ends: Integers,
        odd: Mapping[int, list[bytes] | None] = _NONE,
        closes: tuple[Integers, Lengths] | None = None,
    ) -> None:
        self._buffer = buffer
        self._delimiter = header.delimiter.encode()
        self._width = header.width
        self._close_position = header.position
        self._starts = starts
        self._ends = ends
        self.odd = odd
        self._closes = closes
        self._cells: dict[Position, Cells | None] = {}  # filled on demand
        self._texts: dict[Position, list[bytes]] = {}

    def cells(self, position: Position) -> Cells | None:
        """Return the texts at `position`, from 0, as an array; None if one is too long or has a zero byte.

        Of two positions, the texts are joined by a space; None, too, if those at the first differ in length.
        """
        if position not in self._cells:
            if isinstance(position, tuple):
                self._cells[position] = _side_by_side(*map(self.cells, position))
            else:
                self._cells[position] = self._with_odd(position, self._cut(position))
        return self._cells[position]

    def texts(self, position: Position) -> list[bytes]:
        """Return the texts at `position` as a list, including those that `cells` cannot hold."""
        if position not in self._texts:
            cells = self.cells(position)
            if cells is not None:
                self._texts[position] = cells.tolist()
            elif isinstance(position, tuple):
                self._texts[position] = list(map(joined, *map(self.texts, position)))
            else:
                self._texts[position] = self._split(position)
        return self._texts[position]

    def text(self, position: Position, row: int) -> bytes:
        """Return the text at `position` of one row: that of `texts`, but without a look at the other rows."""
        if isinstance(position, tuple):
            return joined(*(self.text(each, row) for each in position))
        if row in self.odd:
            record = self.odd[row]
            return record[position] if record else b""
        plain = row - sum(odd < row for odd in self.odd)
        line = self._buffer[int(self._starts[plain]) : int(self._ends[plain])]
        return line.removesuffix(b"\r").split(self._delimiter)[position]

    def texts_at(self, position: Position, rows: Integers) -> list[bytes]:
        """Return the texts at `position` of some rows: those of `text`, for many rows that are few of all."""
        if isinstance(position, tuple):
            return list(map(joined, *(self.texts_at(each, rows) for each in position)))
        if self.odd and np.isin(rows, list(self.odd)).any():
            return [self.text(position, row) for row in rows.tolist()]
        cells = self.cells_at(position, rows)
        if cells is not None:
            return list(cells.tolist())
        buffer, delimiter, plain = self._buffer, self._delimiter, self._plain(rows)
        bounds = zip(self._starts[plain].tolist(), self._ends[plain].tolist(), strict=True)
        return [buffer[start:end].removesuffix(b"\r").split(delimiter, position + 1)[position] for start, end in bounds]

    def cells_at(self, position: Position, rows: Integers) -> Cells | None:
        """Return the texts at `position` of some rows as an array; None if they do not begin a line."""
        if position != 0 or self._width == 1 or not len(rows):
            return None
        if self.odd:
            return None if np.isin(rows, list(self.odd)).any() else self._cut_first(self._starts[self._plain(rows)])
        return self._cut_first(self._starts[rows])

    def _plain(self, rows: Integers) -> Integers:
        """Return which plain lines some rows are, none of them odd."""
        return rows - np.searchsorted(list(self.odd), rows) if self.odd else rows

    def _with_odd(self, position: int, plain: Cells | None) -> Cells | None:
        if plain is None or not self.odd:
            return plain
        texts = [record[position] if record else b"" for record in self.odd.values()]
        if not all(len(text) <= LONGEST and 0 not in text for text in texts):
            return None
        odd = np.array(texts, np.bytes_)
        cells = np.empty(len(plain) + len(odd), np.promote_types(plain.dtype, odd.dtype))
        is_plain = np.ones(len(cells), np.bool_)
        is_plain[list(self.odd)] = False
        cells[is_plain] = plain
        cells[~is_plain] = odd
        return cells

    def _split(self, position: int) -> list[bytes]:
        buffer, delimiter = self._buffer, self._delimiter
        bounds = zip(self._starts.tolist(), self._line_ends.tolist(), strict=True)
        texts = [buffer[start:end].split(delimiter)[position] for start, end in bounds]
        for at, record in self.odd.items():  # ascending, so each position is final
            texts.insert(at, record[position] if record else b"")
        return texts

    def _cut(self, position: int) -> Cells | None:
        if not len(self._starts):
            return np.empty(0, "S1")
        if position == self._close_position and self._closes:
            return cut_out(self._buffer, *self._closes)
        if not self._is_text:
            return None
        if position == 0 and self._width > 1:
            cells = self._cut_first(self._starts)
            if cells is not None:
                return cells
        begins, lengths = self.bounds(position)
        return None if int(lengths.max()) > LONGEST else cut_out(self._buffer, begins, lengths)

    def bounds(self, position: int) -> tuple[Integers, Integers]:
        """Return where the text at `position` begins in each plain line, and its length."""
        begins = self._starts if position == 0 else self._marks(position - 1) + 1
        ends = self._line_ends if position == self._width - 1 else self._marks(position)
        return begins, ends - begins

    @cached_property
    def _is_text(self) -> bool:
        return self._buffer.find(0, int(self._starts[0]), int(self._ends[-1])) < 0

    @cached_property
    def _characters(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._buffer, np.uint8)

    @cached_property
    def _line_ends(self) -> Integers:
        ends: Integers = self._ends - (self._characters[self._ends - 1] == _RETURN)
        return ends

    @cached_property
    def _delimiters(self) -> tuple[Integers, Integers]:
        """The offsets of the delimiters, and the index of the first one of each line."""
        first, end = int(self._starts[0]), int(self._ends[-1])
        marks = np.flatnonzero(self._characters[first:end] == ord(self._delimiter)) + first
        count = self._width - 1
        if len(marks) == len(self._starts) * count:
            return marks, np.arange(0, len(marks), count)
        return marks, np.searchsorted(marks, self._starts)

    def _marks(self, number: int) -> Integers:
        """Return the offset of delimiter `number`, from 0, of each line."""
        marks, firsts = self._delimiters
        return marks[firsts + number]

    def _cut_first(self, starts: Integers) -> Cells | None:
        """Cut out the first column without finding delimiters, if its texts have one length, as timestamps do."""
        first = int(starts[0])
        length = self._buffer.find(self._delimiter, first) - first
        if not 0 < length <= LONGEST or int(starts[-1]) + length >= len(self._buffer):
            return None
        # With the byte behind each, while it is at hand. The bytes of a few texts are checked sooner than their array.
        count, size = len(starts), length + 1
        table = _gather(self._buffer, starts, size).tobytes()
        marks = np.count_nonzero(np.frombuffer(table, np.uint8) == ord(self._delimiter))
        if marks != count or table[length::size] != self._delimiter * count or 0 in table:
            return None
        return np.ndarray((count,), f"S{length}", table, strides=(size,)).copy()


class BatchColumns:
    """The columns of a batch of rows (`core.batch.Batch`), with the methods of `Columns`; no row is odd.

    >>> columns = BatchColumns(lambda position: (b"42.542", np.array([0, 4, 6])))
    >>> columns.cells(1).tolist(), columns.texts(1), columns.text(1, 0)
    ([b'42.5', b'42'], [b'42.5', b'42'], b'42.5')
    """

    odd: Mapping[int, list[bytes] | None] = _NONE

    def __init__(self, column: Callable[..., tuple[bytes, Integers]]) -> None:
        self._column = cache(column)
        self._one = column
        self._texts: dict[Position, list[bytes]] = {}  # filled on demand

    def cells(self, position: Position) -> Cells | None:
        """Return the texts at `position` as an array; None as of `Columns.cells`."""
        if isinstance(position, tuple):
            return _side_by_side(*map(self.cells, position))
        buffer, bounds = self._column(position)
        lengths = np.diff(bounds)
        if len(lengths) and (int(lengths.max()) > LONGEST or 0 in buffer):
            return None
        return cut_out(buffer, bounds[:-1], lengths) if len(lengths) else np.empty(0, "S1")

    def texts(self, position: Position) -> list[bytes]:
        """Return the texts at `position` as a list."""
        if position not in self._texts:
            if isinstance(position, tuple):
                self._texts[position] = list(map(joined, *map(self.texts, position)))
            else:
                buffer, bounds = self._column(position)
                self._texts[position] = [buffer[begin:end] for begin, end in pairwise(bounds.tolist())]
        return self._texts[position]

    def cells_at(self, position: Position, rows: Integers) -> Cells | None:  # noqa: ARG002
        """Return None: to make the texts takes longer than to cut them out."""
        return None

    def text(self, position: Position, row: int) -> bytes:
        """Return the text at `position` of one row."""
        if isinstance(position, tuple):
            return joined(*(self.text(each, row) for each in position))
        buffer, bounds = self._column(position)
        return buffer[int(bounds[row]) : int(bounds[row + 1])]

    def texts_at(self, position: Position, rows: Integers) -> list[bytes]:
        """Return the texts at `position` of some rows; of one row, without making those of the others."""
        if isinstance(position, tuple):
            return list(map(joined, *(self.texts_at(each, rows) for each in position)))
        if len(rows) == 1:
            return [self._one(position, int(rows[0]))[0]]
        return [self.text(position, row) for row in rows.tolist()]


def _side_by_side(left: Cells | None, right: Cells | None) -> Cells | None:
    """Join pairs of texts by a space; None if that takes more than to put one beside the other."""
    if left is None or right is None or 0 in left.tobytes() or not len(left):
        return None
    size = left.itemsize
    cells = np.empty(len(left), f"S{size + 1 + right.itemsize}")
    table = cells.view(np.uint8).reshape(len(cells), -1)
    table[:, :size] = left.view(np.uint8).reshape(len(left), -1)
    table[:, size] = _SPACE
    table[:, size + 1 :] = right.view(np.uint8).reshape(len(right), -1)
    return cells


def cut_out(buffer: bytes, begins: Integers, lengths: Integers | Lengths) -> Cells:
    """Return the texts that begin at `begins`; none may have a zero byte.

    >>> cut_out(b"42.5,42", np.array([0, 5]), np.array([4, 2])).tolist()
    [b'42.5', b'42']
    """
    longest = max(int(lengths.max()), 1)
    cells = _gather(buffer, begins, longest)
    if int(lengths.min()) < longest:
        cells.view(np.uint8).reshape(len(cells), longest)[np.arange(longest) >= lengths[:, None]] = 0
    return cells


def _gather(buffer: bytes, begins: Integers, length: int) -> Cells:
    """Return `length` bytes from each offset, with zeros past the end of the buffer."""
    if int(begins[-1]) + length > len(buffer):
        buffer += bytes(length)
    # Overlapping strings: one begins at each byte.
    overlapping: Cells = np.ndarray((len(buffer) - length + 1,), f"S{length}", buffer, strides=(1,))
    return overlapping[begins]


def table_of(cells: Cells) -> NDArray[np.uint8]:
    """Return the bytes of texts, one row each, the shorter ones padded with zero bytes.

    >>> table_of(np.array([b"45", b"6"])).tolist()
    [[52, 53], [54, 0]]
    """
    return cells.view(np.uint8).reshape(len(cells), -1)
