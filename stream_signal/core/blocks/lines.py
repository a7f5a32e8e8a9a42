"""A run of rows -> its signal lines, all at once: the block twin of `line_format`.

By now the closes are decoded and the windows summed. What remains is to cut out the texts, divide, and put the lines
together, each in one call for the whole run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.blocks.text import flags, mean_table, run_text, table_of
from stream_signal.core.line_format import PLAIN, mean_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from stream_signal.core.blocks.columns import Cells
    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.blocks.text import Table
    from stream_signal.core.line_format import LineFormat
    from stream_signal.core.rows import Means, Seen
    from stream_signal.core.time_column import Position

# The quotient of two integers that a float64 holds exactly is the float64 nearest to it: IEEE 754 rounds once.
_EXACT = 2**53
# Never quoted in either format, and the same in UTF-8 and Latin-1; cells are padded with zero bytes.
_UNQUOTED = PLAIN + b" \x00"
_SPACE = ord(" ")


def lines_of(rows: ArrayRows, seen: Seen, line_format: LineFormat, time: Position | None, close: int) -> bytes:
    """Write a line for each row; `time` and `close` are the positions of those columns, from 0."""
    times = np.zeros(len(rows), "S1") if time is None else rows.cells(time)
    closes = _closes(rows, close)
    found = seen.keys(rows)
    keys = None if found is None else [key or b"" for key in found]
    if times is not None and closes is not None and _is_plain(times) and (not rows.odd or _is_plain(closes)):
        tables = [table_of(times), table_of(closes)]
        for each in seen.windows:
            tables += [_mean_table(each, line_format.no_mean), flags(each.above)]
        key_cells = None if keys is None else np.array(keys, np.bytes_)
        if key_cells is None or (_is_plain(key_cells) and b"\0" not in b"".join(set(keys or []))):
            tables = tables if key_cells is None else [table_of(key_cells), *tables]
            return run_text(line_format.between, seen.first, tables)
    time_texts = _as_written(rows, time, line_format) if time is not None else [b""] * len(rows)
    close_texts = _as_written(rows, close, line_format)
    for at in rows.missing:
        close_texts[at] = b""
    numbers, windows = range(seen.first, seen.first + len(rows)), []
    for each in seen.windows:
        windows += [_mean_texts(each, line_format.no_mean), each.above.tolist()]
    key_texts = [] if keys is None else [list(map(line_format.cell, keys))]
    fields = zip(numbers, *key_texts, time_texts, close_texts, *windows, strict=True)
    return b"".join(map(line_format.template.__mod__, fields))


def texts_of(numbers: Iterable[float]) -> list[bytes]:
    """Write each number as `repr` does; twice as fast as one by one."""
    numbers = list(numbers)
    return repr(numbers)[1:-1].encode().split(b", ") if numbers else []


def _closes(rows: ArrayRows, close: int) -> Cells | None:
    """Return the texts of the closes without the spaces around them; missing ones are empty."""
    cells = rows.cells(close)
    if cells is None or not rows.odd:
        return cells
    cells = cells.copy()
    cells[rows.odd] = [text.strip(b" ") for text in cells[rows.odd].tolist()]
    cells[rows.missing] = b""
    return cells


def _as_written(rows: ArrayRows, column: Position, line_format: LineFormat) -> list[bytes]:
    """Return the texts of a column as the format writes them."""
    cells, texts = rows.cells(column), rows.texts(column)
    return texts.copy() if cells is not None and _is_plain(cells) else list(map(line_format.cell, texts))


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


def _mean_table(means_of: Means, no_mean: bytes) -> Table:
    """Write the mean of each row as a row of the table."""
    full, sums = means_of.full, means_of.sums
    if full is None:
        return _table_of_means(sums, means_of.divisor)
    means = _table_of_means(sums[full], means_of.divisor)
    table = np.zeros((len(sums), max(means.shape[1], len(no_mean))), np.uint8)
    table[~full, : len(no_mean)] = np.frombuffer(no_mean, np.uint8)
    table[full, : means.shape[1]] = means
    return table


def _table_of_means(sums: NDArray[np.int64], divisor: int) -> Table:
    if not len(sums):
        return np.empty((0, 0), np.uint8)
    table = mean_table(sums, divisor)
    return table_of(np.array(_quotients(sums, divisor))) if table is None else table


def _mean_texts(means: Means, no_mean: bytes) -> list[bytes]:
    full = means.full
    if full is None:
        return _quotients(means.sums, means.divisor)
    quotients = iter(_quotients(means.sums[full], means.divisor))
    return [next(quotients) if is_full else no_mean for is_full in full.tolist()]


def _quotients(sums: NDArray[np.int64], divisor: int) -> list[bytes]:
    """Divide, rounding each mean once, and write its shortest text."""
    if divisor <= _EXACT and sums.min(initial=0) >= -_EXACT and sums.max(initial=0) <= _EXACT:
        return texts_of((sums / divisor).tolist())
    return [mean_text(total, divisor).encode() for total in sums.tolist()]
