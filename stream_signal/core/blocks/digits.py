"""Eight bytes of text in a word -> up to eight digits as a number, for many words at once, in place.

A word is little-endian: the first of its eight characters is the lowest byte, and the last digit the highest. Each
function applies one step to every word of an array; `decoder` shows the steps in order. There are two ways:

    the point anywhere    `take_point` finds it, byte by byte, and leaves a 0 in its place
    the point known       XOR with the text 0000.00 leaves digits and a 0, or shows that the guess is wrong

`join` then makes one number of the eight digits.

Eight bytes at a time: Lamport, "Multiple byte processing with full-word instructions", CACM 18(8), 1975. Eight digits
by three products: Johnny Lee, in Lemire, "Quickly parsing eight digits", 2018,
https://lemire.me/blog/2018/10/03/quickly-parsing-eight-digits/.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_signal.core.blocks.array_types import Bytes, Flags, Words


_ZERO, _POINT = ord("0"), ord(".")
_EVERY_BYTE = 0x0101010101010101  # times a byte: that byte in all eight places of a word
_TWO_BYTES = 0x000000FF000000FF


class Scheme(NamedTuple):
    """How eight bytes with the point in one place, or in none, become a number."""

    text: int
    """XOR with it turns digits into 0 to 9 and the point into 0"""
    point: int
    """all bits of the byte of the point"""
    even: int | Words
    """what the first and the third pair of digits count, for `join`"""
    odd: int | Words
    """what the second and the fourth pair count"""


@cache
def scheme(after: int) -> Scheme:
    """Return the scheme for a point that is `after` bytes before the end of the word, itself included; 0 for none.

    The digits around the point count as if it were not there, so no division is needed; the number is ten times as
    large only if the point is the last byte.

    >>> word = np.frombuffer(b"0042.075", np.uint64) ^ np.uint64(scheme(4).text)
    >>> join(word, np.empty(1, np.uint64), scheme(4))
    >>> int(word[0])
    42075
    """
    is_point = [8 - at == after for at in range(8)]
    values, value = [0] * 8, 10 if after == 1 else 1
    for at in reversed(range(8)):
        if not is_point[at]:
            values[at], value = value, value * 10
    # A pair is ten times its first digit plus its second. Where the second is the point, it is ten times the first.
    pairs = [values[at] // 10 if is_point[at + 1] else values[at + 1] for at in (0, 2, 4, 6)]
    return Scheme(
        text=_word(_POINT if point else _ZERO for point in is_point),
        point=_word(0xFF if point else 0 for point in is_point),
        even=pairs[2] + (pairs[0] << 32),
        odd=pairs[3] + (pairs[1] << 32),
    )


def _word(characters: Iterable[int]) -> int:
    return int.from_bytes(bytes(characters), "little")


NO_POINT = scheme(0)
_EVEN, _ODD = (np.array([getattr(scheme(after), name) for after in range(9)], np.uint64) for name in ("even", "odd"))


def schemes(after: Bytes) -> Scheme:
    """Return for words whose points are `after` bytes before the end, each its own, what their pairs count."""
    if not after.any():
        return NO_POINT
    return NO_POINT._replace(even=_EVEN.take(after), odd=_ODD.take(after))


def keep(digits: Words, count: Bytes) -> None:
    """Clear all but the last `count` bytes of each word, eight at most."""
    least, most = int(count.min()), int(count.max())
    if least >= 8:
        return
    shift: Any = 64 - 8 * least
    if least < most:
        shift = (np.uint8(64) - (np.minimum(count, 8) << np.uint8(3))).astype(np.uint64)
    digits >>= shift
    digits <<= shift


def are_digits(digits: Words, spare: Words, how: Scheme) -> Flags:
    """Return which words have a digit in each byte, and the point in its place."""
    if digits.view(np.uint8).max() <= 9 and not int(np.bitwise_or.reduce(digits)) & how.point:
        return np.ones(digits.size, np.bool_)
    _mark_others(digits, spare)
    spare |= digits & np.uint64(how.point)
    good: Flags = spare == 0
    return good


def take_point(digits: Words, mark: Words, spare: Words) -> tuple[Bytes, Flags]:
    """Clear each byte that is not a digit; return how far from the end it is, and which words had a point at most.

    Without such a byte, that is 0.
    """
    _mark_others(digits, mark)
    if not mark.any():
        return np.zeros(digits.size, np.uint8), np.ones(digits.size, np.bool_)
    mark >>= 7
    np.multiply(mark, 0xFF, out=spare)
    spare &= digits
    digits ^= spare
    good = spare == mark * (_POINT ^ _ZERO)
    good &= np.bitwise_count(mark) < 2
    mark -= 1  # the bytes below a single mark, or all eight
    after = np.uint8(8) - (np.bitwise_count(mark) >> np.uint8(3))
    return after, good


def _mark_others(digits: Words, mark: Words) -> None:
    """Set bit 7 of each byte that is not a digit.

    A byte above 0x89 carries, and may mark the next one as well; it marks itself, so its close is bad either way.
    """
    np.add(digits, (0x80 - 10) * _EVERY_BYTE, out=mark)
    mark |= digits
    mark &= 0x80 * _EVERY_BYTE


def join(digits: Words, spare: Words, how: Scheme = NO_POINT) -> None:
    """Join the eight digits of each word: into four pairs, and those into one number."""
    digits *= 10 * 256 + 1
    digits >>= 8
    np.right_shift(digits, 16, out=spare)
    spare &= _TWO_BYTES
    spare *= how.odd
    digits &= _TWO_BYTES
    digits *= how.even
    digits += spare
    digits >>= 32
