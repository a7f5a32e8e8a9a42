r"""Shape: what nearly all lines of a block have in common, learnt from one of them.

    line                 1704067200,42283.00,42285.52,42227.01,42235.25,6.62
    delimiters up to     ..........1........1........1........1........1        compared with those of every line
    the close                                                 [      ]
    close                                                      00000.00         XOR: digits are 0 to 9, the point is 0

A shape is a guess: the decoder checks it for every line, and reads the lines that differ the general way.
"""

from __future__ import annotations

from typing import NamedTuple

# A guess looks at so many bytes of a line at most, in words of 64 bits.
MAX_WINDOWS = 2
_ALL_BITS = 2**64 - 1


class Shape(NamedTuple):
    """What is guessed of every line."""

    windows: tuple[tuple[int, int], ...]
    """for each 64 bytes up to the end of the close: which bits to compare, and which of them are delimiters"""
    begin: int
    """of the close, in bytes from the start of the line"""
    length: int
    """of the close; 0 if it is the last field, which ends where its line ends"""
    after: int
    """bytes from the point to the end of the close, the point included; 0 without a point"""


def shape_of(line: bytes, delimiter: bytes, position: int, width: int, max_digits: int) -> Shape | None:
    """Return the shape of a line, without its newline; None if it is no plain row.

    >>> shape_of(b"17,9.5,42.07,3", b",", 2, 4, 16)
    Shape(windows=((8191, 4164),), begin=7, length=5, after=3)
    """
    fields = line.removesuffix(b"\r").split(delimiter)
    if len(fields) != width:
        return None
    close, is_last = fields[position], position == width - 1
    whole, point, part = close.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or (point and not part.isdigit()) or len(whole + point + part) > max_digits:
        return None
    begin = sum(map(len, fields[:position])) + position
    mask = (1 << (begin if is_last else begin + len(close) + 1)) - 1
    marks, at = 0, -1
    for field in fields[: position + (not is_last)]:
        at += len(field) + 1
        marks |= 1 << at
    lows = range(0, max(mask.bit_length(), 1), 64)
    windows = tuple((mask >> low & _ALL_BITS, marks >> low & _ALL_BITS) for low in lows)
    return Shape(windows, begin, 0 if is_last else len(close), len(point + part))
