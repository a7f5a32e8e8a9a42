"""Whole lines -> the texts of one column, for all rows at once, so that observers see more than the close."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.rows import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_signal.core.blocks.array_types import Bytes, Cells, Integers, Lines
    from stream_signal.core.blocks.decoder import Block, BlockDecoder
    from stream_signal.core.layout.layout import Position
    from stream_signal.core.ticks import Close


_SPACE = ord(" ")
# NumPy pads every text to the length of the longest one, and the decoder measures no field that is longer.
LONGEST = 63
_PLAIN: list[bytes] = []
_NONE: Mapping[int, list[bytes] | None] = MappingProxyType({})


class TextColumns:
    """The columns of text of a run of rows, each made when it is first asked for.

    A position counts from 0. Of two positions, the texts are joined by a space.
    """

    records: Mapping[int, list[bytes] | None] = _NONE
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
        whole = self._cells.get(position)
        cells = self.cells_at(position, rows) if whole is None else whole[rows]
        if cells is not None:
            texts: list[bytes] = cells.tolist()
            return texts
        if isinstance(position, tuple):
            return list(map(joined, *(self.texts_at(one, rows) for one in position)))
        return self._split_at(position, rows)

    def cells_at(self, position: Position, rows: Integers) -> Cells | None:
        """Return the texts at `position` of some rows as an array; None as from `cells`, or if one is irregular."""
        if isinstance(position, tuple):
            return _side_by_side(*(self.cells_at(one, rows) for one in position))
        return self._cut_at(position, rows)

    def last_lines(self, size: int) -> bytes:  # noqa: ARG002
        """Return the last bytes of the lines, without the last newline; none if there are no lines."""
        return b""

    def _cut(self, position: int) -> Cells | None:
        raise NotImplementedError

    def _cut_at(self, position: int, rows: Integers) -> Cells | None:  # noqa: ARG002
        return None

    def _split(self, position: int) -> list[bytes]:
        raise NotImplementedError

    def _split_at(self, position: int, rows: Integers) -> list[bytes]:
        raise NotImplementedError


class IrregularLines(NamedTuple):
    """The lines of a block that were read one at a time."""

    lines: list[int]
    """their numbers in the block, from 0, ascending"""
    gone: list[int]
    """those that are not rows: blank lines, repeated headers"""
    closes: dict[int, Close]
    """the close of each other line, by the position of its row"""
    records: dict[int, list[bytes] | None]
    """the fields of each other line, likewise"""
    keys: dict[int, bytes | None]
    """the key of each other line, by its number; None if it has none"""
    failure: BaseException | None
    """the error that stopped the reader, if any; only the lines before it count"""
    lines_counted: int
    """how many lines of the block count"""


class Columns(TextColumns):
    r"""The columns of a block of lines; valid until its decoder decodes again.

    No field of a plain line is quoted; the text reader has read the irregular ones.

    >>> from stream_signal.core.blocks.decoder import PADDING, BlockDecoder
    >>> lines, decoder = b"17,42.5\n60,NaN\n180,42\n240,7\n300,7.5\r\n", BlockDecoder(",", 1, 2, 64)
    >>> text = bytes(PADDING) + lines + bytes(PADDING)
    >>> block = decoder.decode(text, PADDING, len(text) - PADDING)
    >>> irregular = IrregularLines([1], [], {1: None}, {1: [b"60", b"NaN"]}, {}, None, 5)
    >>> columns = Columns(text, decoder, block, irregular)
    >>> columns.cells(0).tolist()[:3], columns.texts(1)[:3]
    ([b'17', b'60', b'180'], [b'42.5', b'NaN', b'42'])
    """

    def __init__(self, buffer: bytes, decoder: BlockDecoder, block: Block, irregular: IrregularLines) -> None:
        super().__init__()
        self.records = irregular.records
        self._buffer = buffer
        self._decoder = decoder
        self._block = block
        self._irregular = irregular

    @property
    def _lines(self) -> Lines:
        """The lines that are plain, as an index."""
        counted, irregular = self._irregular.lines_counted, self._irregular.lines
        return np.delete(np.arange(counted), irregular) if irregular else slice(counted)

    def last_lines(self, size: int) -> bytes:
        """Return the last bytes of the lines that count, without the last newline."""
        counted = self._irregular.lines_counted
        if not counted:
            return b""
        start, end = int(self._block.starts[0]), int(self._block.ends[counted - 1])
        return self._buffer[max(start, end - size) : end]

    def _plain(self, rows: Integers) -> Integers:
        """Return the lines of some rows, without those that are irregular."""
        if not self._irregular.lines:
            return rows
        irregular = list(self.records)
        rows = rows[~np.isin(rows, irregular)]
        rows -= np.searchsorted(irregular, rows)
        lines: Integers = np.asarray(self._lines)[rows]
        return lines

    def _cut(self, position: int) -> Cells | None:
        plain = self._cut_lines(position, self._lines)
        if plain is None or not self.records:
            return plain
        texts = [record[position] if record else b"" for record in self.records.values()]
        if not all(len(text) <= LONGEST and 0 not in text for text in texts):
            return None
        others = np.array(texts, np.bytes_)
        cells = np.empty(len(plain) + len(others), np.promote_types(plain.dtype, others.dtype))
        is_plain = np.ones(len(cells), np.bool_)
        is_plain[list(self.records)] = False
        cells[is_plain] = plain
        cells[~is_plain] = others
        return cells

    def _cut_at(self, position: int, rows: Integers) -> Cells | None:
        lines = self._plain(rows)
        return self._cut_lines(position, lines) if len(lines) == len(rows) else None

    def _cut_lines(self, position: int, lines: Lines) -> Cells | None:
        block, decoder = self._block, self._decoder
        starts, place = block.starts[lines], decoder.place(position)
        if not starts.size:
            return np.empty(0, "S1")
        if place and 0 < place[1] <= LONGEST:
            cells = _gather(self._buffer, starts + place[0], place[1])
            return None if 0 in cells.tobytes() else cells
        if position == decoder.position:
            begins, lengths = block.begins[lines], block.lengths[lines]
        else:
            begins, lengths = decoder.locate(position, self._buffer, lines)
        if int(lengths.max()) > LONGEST:
            return None
        cells = cut_out(self._buffer, begins, lengths)
        return cells if np.count_nonzero(table_of(cells)) == int(lengths.sum()) else None  # without zero bytes

    def _split(self, position: int) -> list[bytes]:
        return self._split_at(position, np.arange(self._irregular.lines_counted - len(self._irregular.gone)))

    def _split_at(self, position: int, rows: Integers) -> list[bytes]:
        buffer, lines, delimiter = self._buffer, self._plain(rows), self._decoder.delimiter
        bounds = zip(self._block.starts[lines].tolist(), self._block.ends[lines].tolist(), strict=True)
        texts = [
            buffer[start:end].removesuffix(b"\r").split(delimiter, position + 1)[position] for start, end in bounds
        ]
        if len(texts) == len(rows):
            return texts
        following = iter(texts)
        records = [self.records.get(row, _PLAIN) for row in rows.tolist()]
        return [next(following) if record is _PLAIN else record[position] if record else b"" for record in records]


class BatchColumns(TextColumns):
    """The columns of a batch of rows (`core.rows.Batch`); no row is irregular.

    >>> columns = BatchColumns(lambda position, *rows: (b"42.542", np.array([0, 4, 6])))
    >>> columns.cells(1).tolist(), columns.texts(1)
    ([b'42.5', b'42'], [b'42.5', b'42'])
    """

    def __init__(self, column: Callable[..., tuple[bytes, Integers]]) -> None:
        super().__init__()
        self.column = cache(column)
        """the texts at a position, joined, and where each begins"""
        self._some = column

    def _cut(self, position: int) -> Cells | None:
        buffer, bounds = self.column(position)
        return _cells_of(buffer, bounds[:-1], np.diff(bounds))

    def _cut_at(self, position: int, rows: Integers) -> Cells | None:
        buffer, bounds = self._texts_at(position, rows)
        return _cells_of(buffer, bounds[:-1], np.diff(bounds))

    def _split(self, position: int) -> list[bytes]:
        return _pieces_of(*self.column(position))

    def _split_at(self, position: int, rows: Integers) -> list[bytes]:
        return _pieces_of(*self._texts_at(position, rows))

    def _texts_at(self, position: int, rows: Integers) -> tuple[bytes, Integers]:
        """Return the texts of some rows, joined, and where each begins, without those of the others."""
        return self._some(position, rows) if len(rows) else (b"", np.zeros(1, np.int64))


def _pieces_of(buffer: bytes, bounds: Integers) -> list[bytes]:
    return [buffer[begin:end] for begin, end in pairwise(bounds.tolist())]


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


def _cells_of(buffer: bytes, begins: Integers, lengths: Integers) -> Cells | None:
    """Return texts as an array; None if one is too long, or has a zero byte."""
    if not len(lengths):
        return np.empty(0, "S1")
    return cut_out(buffer, begins, lengths) if int(lengths.max()) <= LONGEST and 0 not in buffer else None


def cut_out(buffer: bytes, begins: Integers, lengths: Integers | Bytes) -> Cells:
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


def table_of(cells: Cells) -> Bytes:
    """Return the bytes of texts, one row each, the shorter ones padded with zero bytes.

    >>> table_of(np.array([b"45", b"6"])).tolist()
    [[52, 53], [54, 0]]
    """
    return cells.view(np.uint8).reshape(len(cells), -1)
