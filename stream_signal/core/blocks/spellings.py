"""A column of texts -> a small number for each, the same for the same text: a hash table for whole blocks.

The texts are cut into words of eight bytes. A multiplicative hash of the words leads to a slot of a table, and the
words of the text that is known there are compared with those of the row, for all rows at once. Of two known texts that
have one slot, the second stands in another table, under another hash. What neither of them has is looked up in a dict,
each text once.

    texts      BTC   ETH   BTC
    slots       17     4    17
    numbers      0     1     0           in the order in which the texts came

No text may have a zero byte: those fill the last word.

The hash: Knuth, "The Art of Computer Programming", volume 3, 6.4 (Fibonacci hashing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.blocks.array_types import AnyArray, Flags, Integers, Words


_FIRST_BITS = 12
# How many slots there are, at least, for each text.
_SLOTS_A_TEXT = 8
_HALF = np.uint64(32)
_FACTOR, _OTHER_FACTOR, _TURN = (
    np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD)
)
# The first so many bytes of a word.
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)


class Spellings:
    """The texts known so far, each with its number, from 0.

    >>> texts = Spellings()
    >>> words = words_of(b"BTC,ETH,BTC,    ", np.array([0, 4, 8]), np.array([3, 3, 3]))
    >>> numbers, new = texts.find(words)
    >>> numbers.tolist(), new, texts.learn(new), texts.texts
    ([0, 1, 0], [b'BTC', b'ETH'], None, [b'BTC', b'ETH'])
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all texts."""
        self.texts: list[bytes] = []
        """those that are known, by their numbers"""
        self._numbers: dict[bytes, int] = {}
        self._words: list[Words] = [np.zeros(0, np.uint64)]  # of all texts: the first word of each, the second ...
        self._bits = _FIRST_BITS
        self._slots = self._others = np.zeros(1 << self._bits, np.int32)

    def find(self, words: list[Words]) -> tuple[Integers, list[bytes]]:
        """Return the number of each text, and those that are not known, in the order in which they first come.

        These have the numbers that they would have once all of them are learnt.
        """
        shift = np.uint64(64 - self._bits)
        if self.texts:
            numbers = self._slots[(_mixed(words, _FACTOR) >> shift).view(np.int64)].astype(np.int64)
            (missed,) = self._differ(numbers, words).nonzero()
        else:
            numbers = np.zeros(len(words[0]), np.int64)
            missed = np.arange(len(numbers))
        if missed.size and self.texts:
            left = [column[missed] for column in words]
            numbers[missed] = self._others[(_mixed(left, _OTHER_FACTOR) >> shift).view(np.int64)]
            missed = missed[self._differ(numbers[missed], left)]
        if not missed.size:
            return numbers, []
        texts, first, which = _distinct([column[missed] for column in words])
        new = [text for _, text in sorted(zip(first, texts, strict=True)) if text not in self._numbers]
        expected = dict(zip(new, range(len(self.texts), len(self.texts) + len(new)), strict=True))
        found = [expected[text] if text in expected else self._numbers[text] for text in texts]
        numbers[missed] = np.array(found)[which]
        return numbers, new

    def _differ(self, numbers: Integers, words: list[Words]) -> Flags:
        differ: Flags = self._words[0][numbers] != words[0]
        for at in range(1, max(len(words), len(self._words))):
            known = self._words[at][numbers] if at < len(self._words) else np.uint64(0)
            differ |= known != (words[at] if at < len(words) else np.uint64(0))
        return differ

    def learn(self, texts: Sequence[bytes]) -> None:
        """Give texts that are not known the next numbers."""
        known, count = len(self.texts), len(self.texts) + len(texts)
        self._numbers.update(zip(texts, range(known, count), strict=True))
        self.texts += texts
        width = max(len(self._words), (max(map(len, texts), default=0) + 7) // 8)
        new = np.array(texts, f"S{8 * width}").view("<u8").reshape(len(texts), width)
        while len(self._words) < width:
            self._words.append(np.zeros(known, np.uint64))
        self._words = [np.append(column, new[:, at]) for at, column in enumerate(self._words)]
        while count * _SLOTS_A_TEXT > 1 << self._bits:
            self._bits += 1
        shift, numbers = np.uint64(64 - self._bits), np.arange(count)
        self._slots, self._others = (np.zeros(1 << self._bits, np.int32) for _ in range(2))
        slots = (_mixed(self._words, _FACTOR) >> shift).view(np.int64)
        self._slots[slots] = numbers
        (rest,) = (self._slots[slots] != numbers).nonzero()
        others = (_mixed([column[rest] for column in self._words], _OTHER_FACTOR) >> shift).view(np.int64)
        self._others[others] = rest


def words_of(buffer: bytes, begins: Integers, lengths: AnyArray) -> list[Words]:
    """Return the texts that begin at `begins`: their first eight bytes, the next eight ..., with zeros behind."""
    every: Words = np.ndarray((len(buffer) - 7,), "<u8", buffer, strides=(1,))
    columns = []
    shortest, longest = int(lengths.min()), int(lengths.max())
    for at in range(0, max(longest, 1), 8):
        words = every[begins] if at == 0 else every[np.minimum(begins + at, len(every) - 1)]
        if shortest < at + 8:
            words &= _MASKS.take(longest - at if shortest == longest else np.clip(lengths, at, at + 8) - at)
        columns.append(words)
    return columns


def text_of(words: Iterable[int]) -> bytes:
    """Return the text of some words."""
    return b"".join(word.to_bytes(8, "little") for word in words).rstrip(b"\0")


def _distinct(words: list[Words]) -> tuple[list[bytes], list[int], Integers]:
    """Return each text once, where it first comes, and which of them each text is."""
    texts = np.stack(words, axis=1).astype("<u8", copy=False).view(f"S{8 * len(words)}").ravel()
    distinct, first, which = np.unique(texts, return_index=True, return_inverse=True)
    return distinct.tolist(), first.tolist(), which


def _mixed(words: list[Words], factor: np.uint64) -> Words:
    """Return a hash of each text, the same if words of zeros follow; the high bits are the best."""
    mixed = words[-1]
    for word in reversed(words[:-1]):
        mixed = mixed ^ mixed >> _HALF
        mixed *= _TURN
        mixed += word
    return mixed * factor
