"""Eight bytes of text in a word -> up to eight digits as a number, for many words at once, in place.

A word is little-endian: the first of its eight characters is the lowest byte, and the last digit the highest. Each
function applies one step to every word of an array; `reader` shows the steps in order.

Eight bytes at a time: Lamport, "Multiple byte processing with full-word instructions", CACM 18(8), 1975. Eight digits
by three products: Johnny Lee, in Lemire, "Quickly parsing eight digits", 2018,
https://lemire.me/blog/2018/10/03/quickly-parsing-eight-digits/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Words = npt.NDArray[np.uint64]

_POINT = ord(".") ^ ord("0")
_EACH_BYTE = 0x0101010101010101  # times a byte: that byte in all eight places of a word


def keep(digits: Words, count: Bytes) -> None:
    """Turn text into digits, and clear all but the last `count` bytes."""
    digits ^= ord("0") * _EACH_BYTE
    shift = (np.uint8(64) - (count << np.uint8(3))).astype(np.uint64)
    digits >>= shift
    digits <<= shift


def mark_others(digits: Words, mark: Words) -> None:
    """Set bit 7 of each byte that is not a digit.

    A byte above 0x89 carries, and may mark the next one as well; it marks itself, so its close is bad either way.
    """
    np.add(digits, (0x80 - 10) * _EACH_BYTE, out=mark)
    mark |= digits
    mark &= 0x80 * _EACH_BYTE


def take_point(digits: Words, mark: Words, spare: Words) -> tuple[Bytes, Flags]:
    """Clear the marked bytes; return their distance from the end, 0 for none, and where at most a point was marked."""
    mark >>= 7
    np.multiply(mark, 0xFF, out=spare)
    spare &= digits
    digits ^= spare
    good = spare == mark * _POINT
    good &= np.bitwise_count(mark) < 2
    mark -= 1  # the bytes below a single mark, or all eight
    after = np.uint8(8) - (np.bitwise_count(mark) >> np.uint8(3))
    return after, good


def join(digits: Words, spare: Words) -> None:
    """Join the eight digits of each word: into four pairs, then into two fours, then into one number."""
    np.right_shift(digits, 8, out=spare)
    digits *= 10
    digits += spare
    np.right_shift(digits, 16, out=spare)
    spare &= 0x000000FF000000FF
    spare *= 1 + (10_000 << 32)
    digits &= 0x000000FF000000FF
    digits *= 100 + (1_000_000 << 32)
    digits += spare
    digits >>= 32
