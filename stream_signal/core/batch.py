r"""Batch: rows of a columnar file, whose closes need not become text to be counted.

    Parquet -> closes: float64 array ------------------------> ticks        if each is proven to stand for a decimal
            -> lines:  b"...,42004.66,...\n" -> the reader -> ticks         otherwise

Both ways have the same result; to make text of a float and read it again takes ten times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class Batch(NamedTuple):
    """A run of n rows, which follow the header or other rows of one input."""

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
    those of one row, if its number from 0 is given, too"""
