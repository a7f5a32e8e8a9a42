r"""A run of plain rows -> the bytes of its signal lines, in NumPy alone, as fast as their closes are decoded.

Every line is a row of a table of bytes. Each field is as wide as its longest text and padded with zero bytes, which no
text here has. The table without its zeros, row by row, is the lines.

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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Table = NDArray[np.uint8]

_ZERO, _POINT = ord("0"), ord(".")
# The digits of 0 to 9999 as four characters each, in one word.
_FOURS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint32)
# Removing one zero byte takes longer than scanning 20 others.
_FEW = 0.05
# Below this, every decimal has its own float64.
_SURE = 10**15


def run_text(between: tuple[bytes, ...], row: int, tables: Sequence[Table]) -> bytes:
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


def flags(values: NDArray[np.bool_]) -> Table:
    """Return each truth value as the text 0 or 1.

    >>> flags(np.array([True, False])).tolist()
    [[49], [48]]
    """
    return (values + np.uint8(_ZERO)).reshape(-1, 1)


def digits(values: Integers, width: int, kept: int = 1) -> Table:
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


def mean_table(sums: Integers, divisor: int) -> Table | None:
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


def table_of(texts: NDArray[np.bytes_]) -> Table:
    """Return the bytes of texts, one row each, the shorter ones padded with zero bytes.

    >>> table_of(np.array([b"45", b"6"])).tolist()
    [[52, 53], [54, 0]]
    """
    return texts.view(np.uint8).reshape(len(texts), -1)
