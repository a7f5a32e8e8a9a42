r"""A block of lines -> the close of each line, all lines at once: the reader of the block engine.

NumPy has no fast loop over rows, but its loops over arrays of 64-bit words are fast. So each step here does one small
thing to all lines of the block, on words that hold a bit for each of 64 bytes of text, or eight bytes of one close.
For one line of a block whose close is the third field of four:

    text                 17,9.5,42.07,3\n     the newlines are found first: each line begins after one
    window               ..1...1.....1.       the 64 bits from there, set at the delimiters: three make four
                                [   ]         fields; two come before the close, and the third ends it

    last eight bytes     . 5 , 4 2 . 0 7      up to the end of the close, in one word
    minus "0"            0 0 0 4 2 . 0 7      bytes before the close cleared; the one that is not a digit is a point
    the point as 0       0 0 0 4 2 0 0 7      three products join eight digits: 42007
    ticks                4207, places 2       42007 // 1000 = 42 and 42007 - 42 * 900 = 4207

Longer closes take two words; negative ones are read a second time without their sign. A line is decoded only if the
row engine would read the same: the right number of fields, and a close of `-?digits[.digits]`. All other lines are
odd, for the row engine to read. A block with a quote in it is declined: without quotes, every line is a row.

One bit for each byte, and clearing the lowest bit to walk along them: Langdale and Lemire, "Parsing gigabytes of JSON
per second", VLDB Journal 28, 2019 (simdjson). `digits` explains the steps on eight bytes.

Cost: 40 to 70 ns a line of 58 bytes, against 1 to 2 µs in the row engine. No I/O; nothing is kept between blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.blocks.digits import join, keep, mark_others, take_point

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Integers = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

# Two words: enough for nearly every price, without its sign. A line with a longer close is odd.
MAX_CLOSE_BYTES = 16
# Bytes that the buffer must have on either side of a block: the words of its first and last close reach that far.
PADDING = MAX_CLOSE_BYTES
# A block with a longer line is declined, so that the row engine can apply its limit.
MAX_LINE_BYTES = 64 * 1024
# Any number of 18 digits fits in int64.
MAX_DIGITS = 18
# An odd line costs the row engine 2 to 3 µs, a line of a block 1: with more odd ones, it is as fast on the whole block.
MAX_ODD_SHARE = 0.25

_NEWLINE, _RETURN, _MINUS = b"\n\r-"
_POWERS = np.array([10**power for power in range(MAX_DIGITS + 1)], np.uint64)
# What reading the point as a digit 0 adds for each unit before it, by the bytes from the point to the end: 1000 - 100
# for the three of ".07"; nothing without a point.
_SURPLUS = np.array([0, *(9 * 10**places for places in range(MAX_CLOSE_BYTES))], np.uint64)


class Block(NamedTuple):
    """The closes of a block of n lines. The arrays belong to the decoder and are valid until it decodes again.

    `ticks` is the close of each line times `10**places`, the most decimal places in the block; undefined for odd lines.
    `odd` has the numbers of the odd lines, from 0, ascending. `starts` and `ends` are the offsets in the buffer of the
    first byte and of the newline of each line; `begins` and `lengths` locate each close, except those of odd lines.
    """

    ticks: Integers
    places: int
    odd: Integers
    starts: Integers
    ends: Integers
    begins: Integers
    lengths: Bytes


class BlockDecoder:
    r"""Decodes blocks of at most `capacity` bytes: lines of `width` fields, with the close at `position`, from 0.

    >>> lines, padding = b"17,42.5\n18,\n19,-0.25\n20,42\n", bytes(PADDING)
    >>> block = BlockDecoder(",", 1, 2, 64).decode(padding + lines + padding, PADDING, PADDING + len(lines))
    >>> block.ticks[[0, 2, 3]].tolist(), block.places, block.odd.tolist()
    ([4250, -25, 4200], 2, [1])
    """

    def __init__(self, delimiter: str, position: int, width: int, capacity: int) -> None:
        self._delimiter = ord(delimiter)
        self._position = position
        self._width = width
        self._max_lines = lines = capacity // 2  # the shortest that can be decoded is a digit and a newline
        # Kept from block to block: fresh memory costs a page fault for each 4 KiB, untouched memory costs nothing.
        self._is_mark = np.empty(capacity + 2 * 64, np.bool_)
        self._starts, self._begins, self._bits, self._word = (np.empty(lines, np.int64) for _ in range(4))
        self._windows, self._ticks, self._spare, self._other = (np.empty(lines, np.uint64) for _ in range(4))

    def decode(self, buffer: bytes | bytearray, start: int, end: int) -> Block | None:
        """Decode the whole lines in `buffer[start:end]`; return None to decline the block.

        The PADDING bytes on either side may be anything. The buffer is neither changed nor kept.
        """
        if start == end or buffer.find(b'"', start, end) >= 0:
            return None
        text = np.frombuffer(buffer, np.uint8, end - start, start)
        ends = self._find_newlines(text)
        if ends.size > self._max_lines:
            return None
        starts = self._starts[: ends.size]
        starts[0] = 0
        np.add(ends[:-1], 1, out=starts[1:])
        line_lengths = np.subtract(ends, starts, out=self._bits[: ends.size])
        if line_lengths.max() > MAX_LINE_BYTES:
            return None
        begins, lengths = self._find_closes(text, starts, ends, line_lengths)
        # The text as words, from the one with the sixteenth byte before the block: the sixteen bytes up to the end of a
        # close are then cut out like a window, from any bit on.
        base = (start - MAX_CLOSE_BYTES) // 8 * 8
        words: Words = np.frombuffer(buffer, "<u8", (end - base + 7) // 8, base)
        bits = np.add(begins, lengths, out=self._bits[: ends.size])
        bits += start - base - MAX_CLOSE_BYTES
        bits <<= 3
        ticks = self._ticks[: ends.size]
        after, good = self._read(words, bits, lengths, ticks)
        (odd,) = (~good).nonzero()
        signed = odd[text[begins[odd]] == _MINUS]
        if signed.size:
            lengths[signed] -= 1
            numbers = np.empty(signed.size, np.uint64)
            after[signed], good[signed] = self._read(words, bits[signed], lengths[signed], numbers)
            ticks[signed] = numbers
            (odd,) = (~good).nonzero()
        if odd.size > ends.size * MAX_ODD_SHARE:
            return None
        places = self._scale(ticks, after, lengths, odd)
        if places is None:
            return None
        closes = ticks.view(np.int64)
        closes[signed] *= -1
        lengths[signed] += 1
        starts += start
        ends += start
        begins += start
        return Block(closes, places, odd, starts, ends, begins, lengths)

    def _find_newlines(self, text: Bytes) -> Integers:
        """Return the offsets of the newlines, by half words: as long as none has two, there is less to look at."""
        halves = self._marks(text, _NEWLINE).view("<u4")
        ends = np.flatnonzero(halves != 0)
        found = halves[ends]
        below = found - 1
        if np.bitwise_count(found).max() > 1:
            return np.flatnonzero(self._is_mark[: text.size])
        ends *= 32
        ends += np.bitwise_count(below)
        return ends

    def _marks(self, text: Bytes, byte: int) -> Words:
        """Return one bit for each byte of the text, set for `byte`, followed by at least one word of zeros."""
        is_mark = self._is_mark[: (text.size // 64 + 2) * 64]
        np.equal(text, byte, out=is_mark[: text.size])
        is_mark[text.size :] = False
        return np.packbits(is_mark, bitorder="little").view("<u8")

    def _find_closes(
        self, text: Bytes, starts: Integers, ends: Integers, line_lengths: Integers
    ) -> tuple[Integers, Bytes]:
        """Return the offset and the length of each close; a length far beyond MAX_CLOSE_BYTES is not exact.

        The close is empty if its line does not have `width` fields, or a field before it has 64 bytes or more.
        """
        marks = self._marks(text, self._delimiter)
        begins, windows, spare = self._begins[: ends.size], self._windows[: ends.size], self._spare[: ends.size]
        begins[:] = starts
        self._look(marks, begins, windows)
        if line_lengths.max() <= 64:
            np.subtract(64, line_lengths, out=line_lengths)
            inside = np.left_shift(windows, line_lengths.view(np.uint64), out=spare)
            fits = np.bitwise_count(inside) == self._width - 1
            seen = self._width - 1  # each window shows at least this many delimiters, if its line fits
        else:
            fits = _count(marks, ends) == self._width - 1
            seen = _fewest(windows, fits)
        ahead = self._position  # delimiters between the start of each window and the close
        while ahead:
            if not seen:
                self._look(marks, begins, windows)
                seen = _fewest(windows, fits)
            steps = min(seen or 1, ahead)
            for _ in range(steps - 1):
                windows &= np.subtract(windows, 1, out=spare)  # clear the lowest mark
            if not seen:
                fits &= windows != 0
            past = self._past(windows)
            begins += past
            windows >>= past
            ahead -= steps
            seen = max(seen - steps, 0)
        if self._position < self._width - 1:
            if not seen:
                self._look(marks, begins, windows)
            lengths = self._past(windows)
            lengths -= np.uint8(1)
        else:
            to_end = ends - begins
            to_end -= text[ends - 1] == _RETURN
            lengths = np.minimum(to_end, 255).astype(np.uint8)
        (misfits,) = (~fits).nonzero()
        begins[misfits] = ends[misfits]
        lengths[misfits] = 0  # empty, so the line is odd
        return begins, lengths

    def _look(self, words: Words, places: Integers, windows: Words) -> None:
        """Set each window to the 64 bits that begin at its place, taken from the two words that hold them."""
        count = places.size
        word, shift, high = self._word[:count], self._spare[:count], self._other[:count]
        np.right_shift(places, 6, out=word)
        np.bitwise_and(places.view(np.uint64), 63, out=shift)
        np.take(words, word, out=windows, mode="clip")
        windows >>= shift
        word += 1
        np.take(words, word, out=high, mode="clip")
        np.subtract(64, shift, out=shift)
        high <<= shift  # a shift by 64 gives 0: NumPy defines that (its pull request 13739), C does not
        windows |= high

    def _past(self, windows: Words) -> Bytes:
        """Return the position after the lowest mark of each window, or 64 if it has none."""
        up_to = np.subtract(windows, 1, out=self._spare[: windows.size])
        up_to ^= windows
        return np.bitwise_count(up_to)

    def _read(self, words: Words, bits: Integers, lengths: Bytes, digits: Words) -> tuple[Bytes, Flags]:
        """Read the unsigned closes that end 128 bits after `bits` into `digits`: numbers, with the point as a digit 0.

        Return the bytes from each point to the end, 0 without a point, and which closes are good.
        """
        mark, spare = self._spare[: bits.size], self._other[: bits.size]
        is_short = lengths.max() <= 8
        self._look(words[1:], bits, digits)
        keep(digits, lengths if is_short else np.minimum(lengths, 8))
        mark_others(digits, mark)
        after, good = take_point(digits, mark, spare)
        join(digits, spare)
        if not is_short:
            left = self._windows[: bits.size]
            self._look(words, bits, left)
            keep(left, np.maximum(lengths, 8) - np.uint8(8))
            mark_others(left, mark)
            if mark.any():
                after_left, good_left = take_point(left, mark, spare)
                good &= good_left
                good &= (after == 0) | (after_left == 0)
                after += after_left
                after += np.uint8(8) * (after_left > 0)
            join(left, spare)
            left *= 10**8
            digits += left
            good &= lengths <= MAX_CLOSE_BYTES
        good &= after != 1
        good &= after < lengths
        return after, good

    def _scale(self, numbers: Words, after: Bytes, lengths: Bytes, odd: Integers) -> int | None:
        """Turn the numbers into ticks of one scale and return its places; None if int64 might not hold them."""
        after[odd] = 0
        most = int(after.max())
        after[odd] = most  # so that a few odd lines do not make a block mixed
        places = max(most - 1, 0)
        mixed = int(after.min()) < most
        if most:
            whole = np.floor_divide(numbers, _POWERS[after if mixed else most], out=self._spare[: after.size])
            whole *= _SURPLUS[after if mixed else most]
            numbers -= whole
        if mixed:
            lengths[odd] = most
            if int((lengths - after).max()) + places > MAX_DIGITS:
                return None
            numbers *= _POWERS[most - np.maximum(after, 1)]
        return places


def _count(marks: Words, ends: Integers) -> Integers:
    """Return how many marks each line has: the total up to its end minus the total up to the end of the line before."""
    each = np.bitwise_count(marks)
    totals = np.cumsum(each, dtype=np.int64)
    totals -= each
    word = ends >> 6
    before = marks[word] & ((np.uint64(1) << (ends & 63).view(np.uint64)) - np.uint64(1))
    up_to_end: Integers = totals[word] + np.bitwise_count(before)
    up_to_end[1:] -= up_to_end[:-1].copy()
    return up_to_end


def _fewest(windows: Words, fits: Flags) -> int:
    """Return the smallest number of marks in a window, among those whose lines fit."""
    counts = np.bitwise_count(windows)
    counts[~fits] = 64  # otherwise one blank line would slow down all the others
    return int(counts.min())
