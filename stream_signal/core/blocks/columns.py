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

    from stream_signal.core.layout.layout import Layout, Position

    Cells = NDArray[np.bytes_]
    Integers = NDArray[np.int64]
    Lengths = NDArray[np.uint8]

_RETURN, _SPACE = b"\r "
# NumPy pads every text to the length of the longest one.
LONGEST = 64
_PLAIN: list[bytes] = []
_NONE: Mapping[int, list[bytes] | None] = MappingProxyType({})


class TextColumns:
    """The columns of text of a run of rows, each made when it is first asked for.

    A position counts from 0. Of two positions, the texts are joined by a space.
    """

    odd: Mapping[int, list[bytes] | None] = _NONE
    """the fields of each row that was read one at a time, by its position"""

    def __init__(self) -> None:
        self._cells: dict[Position, Cells | None] = {}
        self._texts: dict[Position, list[bytes]] = {}

    def cells(self, position: Position) -> Cells | None:
        """Return the texts at `position` as an array; None if one is too long or has a zero byte.

        Of two positions, None, too, if the texts at the first differ in length.
        """
        if position not in self._cells:
            if isinstance(position, tuple):
                self._cells[position] = _side_by_side(*map(self.cells, position))
            else:
                self._cells[position] = self._cut(position)
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

    def texts_at(self, position: Position, rows: Integers) -> list[bytes]:
        """Return the texts at `position` of some rows, few of all."""
        if isinstance(position, tuple):
            return list(map(joined, *(self.texts_at(each, rows) for each in position)))
        cells = self.cells_at(position, rows)
        return self._split_at(position, rows) if cells is None else cells.tolist()

    def cells_at(self, position: Position, rows: Integers) -> Cells | None:  # noqa: ARG002
        """Return the texts at `position` of some rows as an array, None if that takes longer than a list."""
        return None

    def _cut(self, position: int) -> Cells | None:
        raise NotImplementedError

    def _split(self, position: int) -> list[bytes]:
        raise NotImplementedError

    def _split_at(self, position: int, rows: Integers) -> list[bytes]:
        raise NotImplementedError


class Columns(TextColumns):
    r"""The columns of plain lines of `buffer`, and of odd lines that the row reader has read.

    `starts` and `ends` are the offsets of the first byte and of the newline of each plain line; no field is quoted.
    `odd` maps the position of each odd row to its fields. `closes`, if given, has the offset and the length of the
    close of each plain line.

    >>> from stream_signal.core.layout.layout import Layout
    >>> header = Layout(b"", ("time", "close"), ",", 1, 2)
    >>> columns = Columns(b"17,42.5\n180,42\r\n", header, np.array([0, 8]), np.array([7, 15]), {1: [b"60", b"NaN"]})
    >>> columns.cells(0).tolist(), columns.texts(1)
    ([b'17', b'60', b'180'], [b'42.5', b'NaN', b'42'])
    """

    def __init__(
        self,
        buffer: bytes,
        header: Layout,
        starts: Integers,
        ends: Integers,
        odd: Mapping[int, list[bytes] | None] = _NONE,
        closes: tuple[Integers, Lengths] | None = None,
    ) -> None:
        super().__init__()
        self.odd = odd
        self._buffer = buffer
        self._delimiter = header.delimiter.encode()
        self._width = header.width
        self._close_position = header.position
        self._starts = starts
        self._ends = ends
        self._closes = closes

    def bounds(self, position: int) -> tuple[Integers, Integers]:
        """Return where the text at `position` begins in each plain line, and its length."""
        marks, firsts = self._delimiters
        begins = self._starts if position == 0 else marks[firsts + (position - 1)] + 1
        if position < self._width - 1:
            return begins, marks[firsts + position] - begins
        is_return = np.frombuffer(self._buffer, np.uint8)[self._ends - 1] == _RETURN
        return begins, self._ends - is_return - begins

    @cached_property
    def _delimiters(self) -> tuple[Integers, Integers]:
        """The offsets of the delimiters, and the index of the first one of each line."""
        first, end = int(self._starts[0]), int(self._ends[-1])
        characters = np.frombuffer(self._buffer, np.uint8, end - first, first)
        marks = np.flatnonzero(characters == ord(self._delimiter)) + first
        count = self._width - 1
        if len(marks) == len(self._starts) * count:
            return marks, np.arange(len(self._starts)) * count
        return marks, np.searchsorted(marks, self._starts)

    def cells_at(self, position: Position, rows: Integers) -> Cells | None:
        """Return the texts at `position` of some rows as an array; None if they do not begin a line."""
        if position != 0 or self._width == 1 or not len(rows):
            return None
        plain = self._plain(rows)
        return self._cut_first(self._starts[plain]) if len(plain) == len(rows) else None

    def _cut(self, position: int) -> Cells | None:
        plain = self._cut_plain(position)
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

    def _cut_plain(self, position: int) -> Cells | None:
        if not len(self._starts):
            return np.empty(0, "S1")
        if position == self._close_position and self._closes:
            return cut_out(self._buffer, *self._closes)
        if self._buffer.find(0, int(self._starts[0]), int(self._ends[-1])) >= 0:
            return None
        cells = self._cut_first(self._starts) if position == 0 and self._width > 1 else None
        if cells is not None:
            return cells
        begins, lengths = self.bounds(position)
        return None if int(lengths.max()) > LONGEST else cut_out(self._buffer, begins, lengths)

    def _cut_first(self, starts: Integers) -> Cells | None:
        """Cut out the first column without finding delimiters, if its texts have one length, as timestamps do."""
        first = int(starts[0])
        length = self._buffer.find(self._delimiter, first) - first
        if not 0 < length <= LONGEST or int(starts[-1]) + length >= len(self._buffer):
            return None
        # With the byte behind each, while it is at hand.
        table = table_of(_gather(self._buffer, starts, length + 1))
        if table[:, length].tobytes().strip(self._delimiter):
            return None
        texts = table[:, :length].tobytes()
        return None if self._delimiter in texts or 0 in texts else np.frombuffer(texts, f"S{length}")

    def _split(self, position: int) -> list[bytes]:
        return self._split_at(position, np.arange(len(self._starts) + len(self.odd)))

    def _split_at(self, position: int, rows: Integers) -> list[bytes]:
        buffer, delimiter, plain = self._buffer, self._delimiter, self._plain(rows)
        bounds = zip(self._starts[plain].tolist(), self._ends[plain].tolist(), strict=True)
        texts = [
            buffer[start:end].removesuffix(b"\r").split(delimiter, position + 1)[position] for start, end in bounds
        ]
        if len(texts) == len(rows):
            return texts
        following = iter(texts)
        records = [self.odd.get(row, _PLAIN) for row in rows.tolist()]
        return [next(following) if each is _PLAIN else each[position] if each else b"" for each in records]

    def _plain(self, rows: Integers) -> Integers:
        """Return which plain lines some rows are, without those that are odd."""
        if not self.odd:
            return rows
        odd = list(self.odd)
        rows = rows[~np.isin(rows, odd)]
        return rows - np.searchsorted(odd, rows)


class BatchColumns(TextColumns):
    """The columns of a batch of rows (`core.rows.Batch`); no row is odd.

    >>> columns = BatchColumns(lambda position: (b"42.542", np.array([0, 4, 6])))
    >>> columns.cells(1).tolist(), columns.texts(1)
    ([b'42.5', b'42'], [b'42.5', b'42'])
    """

    def __init__(self, column: Callable[..., tuple[bytes, Integers]]) -> None:
        super().__init__()
        self._column = cache(column)
        self._one = column

    def _cut(self, position: int) -> Cells | None:
        buffer, bounds = self._column(position)
        lengths = np.diff(bounds)
        if len(lengths) and (int(lengths.max()) > LONGEST or 0 in buffer):
            return None
        return cut_out(buffer, bounds[:-1], lengths) if len(lengths) else np.empty(0, "S1")

    def _split(self, position: int) -> list[bytes]:
        buffer, bounds = self._column(position)
        return [buffer[begin:end] for begin, end in pairwise(bounds.tolist())]

    def _split_at(self, position: int, rows: Integers) -> list[bytes]:
        if len(rows) == 1:  # without making the texts of the others
            return [self._one(position, int(rows[0]))[0]]
        buffer, bounds = self._column(position)
        return [buffer[bounds[row] : bounds[row + 1]] for row in rows.tolist()]


def _side_by_side(left: Cells | None, right: Cells | None) -> Cells | None:
    """Join pairs of texts by a space; None if that takes more than to put one beside the other."""
    if left is None or right is None or 0 in left.tobytes() or not len(left):
        return None
    size = left.itemsize
    cells = np.empty(len(left), f"S{size + 1 + right.itemsize}")
    table = table_of(cells)
    table[:, :size] = table_of(left)
    table[:, size] = _SPACE
    table[:, size + 1 :] = table_of(right)
    return cells


def cut_out(buffer: bytes, begins: Integers, lengths: Integers | Lengths) -> Cells:
    """Return the texts that begin at `begins`; none may have a zero byte.

    >>> cut_out(b"42.5,42", np.array([0, 5]), np.array([4, 2])).tolist()
    [b'42.5', b'42']
    """
    longest = max(int(lengths.max()), 1)
    cells = _gather(buffer, begins, longest)
    if int(lengths.min()) < longest:
        table_of(cells)[np.arange(longest) >= lengths[:, None]] = 0
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
