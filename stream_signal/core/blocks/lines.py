r"""A run of rows -> its signal lines, as fast as their closes are decoded: the block twin of `line_format`.

By now the closes are decoded and the windows summed. What remains is to cut out the texts, divide, and put the lines
together. Every line is a row of a table of bytes. Each field is as wide as its longest text and padded with zero bytes,
which no text here has. The table without its zeros, row by row, is the lines.

    1 0 3 , 1 7 0 0 , 4 2 . 5 , 4 2 . 4 8 , 1 \n         103,1700,42.5,42.48,1
    1 0 4 , 1 7 6 0 , 9 9 0 0 , 4 8 . 5 0 , 1 \n    ->   104,1760,99,48.5,1
                        ^ ^         ^ zeros, left out

If 2 and 5 are the only prime factors of the window, the mean is a short decimal. One of at most 15 digits is the
shortest text of the float64 nearest to it, since no two of them share one, so it is written from the integer. Python
writes all other means, and those that are negative or very small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.blocks.columns import LONGEST, table_of
from stream_signal.core.line_format import PLAIN, mean_text
from stream_signal.core.rows import NO_SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.array_types import Bytes, Cells, Integers
    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.layout.layout import Position
    from stream_signal.core.line_format import LineFormat
    from stream_signal.core.rows import Means, Seen


_ZERO, _POINT, _SPACE = b"0. "
# The digits of 0 to 9999 as four characters each, in one word.
_FOURS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint32)
# Removing one zero byte takes longer than scanning 20 others.
_FEW = 0.05
# Below this, every decimal has its own float64.
_SURE = 10**15
# The quotient of two integers that a float64 holds exactly is the float64 nearest to it: IEEE 754 rounds once.
_EXACT = 2**53
# A cell with each of its characters escaped.
_WIDEST = 6 * LONGEST
# Never quoted in either format, and the same in UTF-8 and Latin-1; cells are padded with zero bytes.
_UNQUOTED = PLAIN + b" \x00"


def lines_of(rows: ArrayRows, seen: Seen, line_format: LineFormat, time: Position | None, close: int) -> bytes | None:
    """Write a line for each row; `time` and `close` are the positions of those columns, from 0.

    None if a text is too long for a table, or has a zero byte.
    """
    times = np.zeros(len(rows), "S1") if time is None else _as_written(rows.columns.cells(time), line_format)
    closes = _closes(rows, close, line_format)
    columns = [times, closes] if seen.names is None else [_keys(rows, seen.names, line_format), times, closes]
    tables: list[Bytes] = []
    for cells in columns:
        if cells is None:
            return None
        tables.append(table_of(cells))
    for means in seen.windows:
        tables += [_mean_table(means, line_format.no_mean), (means.above + np.uint8(_ZERO)).reshape(-1, 1)]
    return run_text(line_format.between, seen.first, tables)


def _keys(rows: ArrayRows, names: Sequence[bytes], line_format: LineFormat) -> Cells | None:
    """Return the key of each row, empty where it could not be read."""
    present, which = np.unique(np.full(len(rows), rows.series), return_inverse=True)
    cells = _array_of([b"" if at == NO_SERIES else line_format.cell(names[at]) for at in present.tolist()])
    return None if cells is None else cells[which]


def _closes(rows: ArrayRows, close: int, line_format: LineFormat) -> Cells | None:
    """Return the texts of the closes, those that are missing empty."""
    cells = rows.columns.cells(close)
    if cells is None or not rows.irregular:
        return cells
    cells = cells.copy()
    cells[rows.missing] = b""
    return _as_written(cells, line_format)


def _as_written(cells: Cells | None, line_format: LineFormat) -> Cells | None:
    """Return texts as the format writes them."""
    if cells is None or _is_plain(cells):
        return cells
    return _array_of(list(map(line_format.cell, cells.tolist())))


def _array_of(texts: list[bytes]) -> Cells | None:
    """Make an array of texts, None if one is too long or has a zero byte."""
    if max(map(len, texts), default=0) > _WIDEST or any(0 in text for text in texts):
        return None
    return np.array(texts, np.bytes_)


def _is_plain(cells: Cells) -> bool:
    """Whether texts are the same in every format: nothing to quote, and no space at either end."""
    characters = cells.tobytes()
    if characters.translate(None, _UNQUOTED):
        return False
    if b" " not in characters:
        return True
    table = table_of(cells)
    is_space, is_end = table == _SPACE, np.ones(table.shape, np.bool_)
    is_end[:, :-1] = table[:, 1:] == 0
    return not (is_space[:, 0].any() or (is_space & is_end).any())


def _mean_table(means_of: Means, no_mean: bytes) -> Bytes:
    """Write the mean of each row as a row of the table."""
    full, sums = means_of.full, means_of.sums
    if full is None:
        return _table_of_means(sums, means_of.divisor)
    means = _table_of_means(sums[full], means_of.divisor)
    table = np.zeros((len(sums), max(means.shape[1], len(no_mean))), np.uint8)
    table[~full, : len(no_mean)] = np.frombuffer(no_mean, np.uint8)
    table[full, : means.shape[1]] = means
    return table


def _table_of_means(sums: Integers, divisor: int) -> Bytes:
    if not len(sums):
        return np.empty((0, 0), np.uint8)
    table = mean_table(sums, divisor)
    return table_of(np.array(_quotients(sums, divisor))) if table is None else table


def _quotients(sums: Integers, divisor: int) -> list[bytes]:
    """Divide, rounding each mean once, and write its shortest text."""
    if divisor <= _EXACT and sums.min() >= -_EXACT and sums.max() <= _EXACT:
        means = repr((sums / divisor).tolist())  # twice as fast as the text of one after the other
        return means[1:-1].encode().split(b", ")
    return [mean_text(total, divisor).encode() for total in sums.tolist()]


def run_text(between: tuple[bytes, ...], row: int, tables: Sequence[Bytes]) -> bytes:
    r"""Return the lines of the rows from number `row` on: the number, and a text of each table.

    `between` goes before, between and after these fields.

    >>> table = np.array([[52, 53], [54, 0]], np.uint8)
    >>> run_text((b"", b",", b",", b"\n"), 9, [table, table])
    b'9,45,45\n10,6,6\n'
    """
    count = len(tables[0])
    rows = digits(np.arange(row, row + count), len(str(row + count - 1)))
    fields = [rows, *tables]
    blank = [bytes(field.shape[1]) for field in fields]
    line = b"".join(part for pair in zip(between, [*blank, b""], strict=True) for part in pair)
    table = np.empty((count, len(line)), np.uint8)
    table[:] = np.frombuffer(line, np.uint8)
    at = 0
    for text, field in zip(between, fields, strict=False):
        at += len(text)
        if field.size:
            item = f"S{field.shape[1]}"  # copied as one item
            table[:, at : at + field.shape[1]].view(item)[:] = field.view(item)
        at += field.shape[1]
    characters = table.ravel()
    zeros = characters.size - np.count_nonzero(characters)
    if zeros < characters.size * _FEW:
        return table.tobytes().replace(b"\0", b"")
    return bytes(characters[characters != 0].tobytes())


def digits(values: Integers, width: int, kept: int = 1) -> Bytes:
    """Write integers from 0 in decimal, `width` digits each; leading zeros, except in the last `kept`, are zero bytes.

    >>> digits(np.array([7, 42]), 2).tolist()
    [[0, 55], [52, 50]]
    """
    groups = -(-width // 4)
    fours = np.empty((len(values), groups), np.uint32)
    rest = values.astype(np.uint64)
    for group in range(groups - 1, -1, -1):
        above = rest // np.uint64(10_000)
        fours[:, group] = _FOURS[(rest - above * np.uint64(10_000)).view(np.int64)]
        rest = above
    table = fours.view(np.uint8)[:, 4 * groups - width :]
    least = int(values.min(initial=0))
    for place in range(width - kept):
        bound = 10 ** (width - 1 - place)
        if least >= bound:
            break
        table[:, place] *= values >= bound
    return table


def mean_table(sums: Integers, divisor: int) -> Bytes | None:
    """Write each `sum / divisor` as the shortest text of the nearest float64; None if Python has to write them.

    >>> mean_table(np.array([2290, 2295]), 500).tobytes().translate(None, bytes(1))
    b'4.584.59'
    """
    places = 1
    while 10**places % divisor:
        places += 1
        if places > len(str(_SURE)):
            return None
    factor = 10**places // divisor
    least, most = int(sums.min()) * factor, int(sums.max()) * factor
    if least < 0 or most >= _SURE:
        return None
    numbers = sums * factor
    if least < 10 ** (places - 4) and (numbers[numbers > 0] < 10 ** (places - 4)).any():  # Python writes 1e-05
        return None
    whole = max(len(str(most)) - places, 1)
    written = digits(numbers, whole + places, places + 1)
    table = np.empty((len(sums), whole + 1 + places), np.uint8)
    table[:, :whole], table[:, whole], table[:, whole + 1 :] = written[:, :whole], _POINT, written[:, whole:]
    trailing = np.ones(len(sums), np.bool_)
    for place in range(whole + places, whole + 1, -1):  # the first decimal stays
        trailing &= table[:, place] == _ZERO
        if not trailing.any():
            break
        table[:, place] *= ~trailing
    return table
