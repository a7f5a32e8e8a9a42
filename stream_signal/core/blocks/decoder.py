r"""A block of lines -> the close of each line, all lines at once: the reader of the block reader.

NumPy has no fast loop over rows, but its loops over arrays of 64-bit words are fast. So each step here does one small
thing to all lines of the block, on words that hold a bit for each of 64 bytes of text, or eight bytes of one close.
For one line of a block whose close is the third field of four:

    text                 17,9.5,42.07,3\n     the newlines are found first: each line begins after one
    window               ..1...1.....1.       the 64 bits from there, set at the delimiters: three make four
                                [   ]         fields; two come before the close, and the third ends it

    last eight bytes     . 5 , 4 2 . 0 7      up to the end of the close, in one word
    XOR 00000.00         ? ? ? 4 2 0 0 7      every digit as a number, and the point, if it is there, as 0
    the close alone      0 0 0 4 2 0 0 7      four pairs of digits, which count 1000, 100, 10 ... as the point has it
    ticks                4207, places 2

Nearly all lines of a block have their delimiters at the same offsets, and their closes the same number of decimals.
Both are guessed from one line of the block (`shape`) and checked for every line: one comparison for the delimiters, one
maximum for the digits. Lines that differ are read the general way, alone if they are few: from delimiter to delimiter,
with the point anywhere. Longer closes take two words; negative ones are read a second time without their sign.

A line is decoded only if the text reader would read the same: the right number of fields, and a close of
`-?digits[.digits]`. All other lines are odd, for the text reader to read. A block with a quote in it is declined:
without quotes, every line is a row.

One bit for each byte, and clearing the lowest bit to walk along them: Langdale and Lemire, "Parsing gigabytes of JSON
per second", VLDB Journal 28, 2019 (simdjson). `digits` explains the steps on eight bytes.

Cost: some 20 ns a line of 58 bytes, the text reader takes 1 to 2 µs; docs/explanation/speed.md says what bounds it.
No I/O; nothing but scratch memory is kept between blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.blocks.digits import (
    NO_POINT,
    join,
    keep,
    keep_alike,
    mark_others,
    other_than,
    scheme,
    take_point,
)
from stream_signal.core.blocks.shape import MAX_WINDOWS, shape_of
from stream_signal.core.limits import MAX_LINE_BYTES

if TYPE_CHECKING:
    import numpy.typing as npt

    from stream_signal.core.blocks.shape import Shape

    Bytes = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Integers = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

# Two words: enough for nearly every price, without its sign. A line with a longer close is odd.
MAX_CLOSE_BYTES = 16
# Bytes that the buffer must have on either side of a block: the words of its first and last close reach that far.
PADDING = MAX_CLOSE_BYTES
# Any number of 18 digits fits in int64.
MAX_DIGITS = 18
# An odd line costs the text reader 2 to 3 µs, a line of a block 1: with more of them, it is as fast on the whole block.
MAX_ODD_SHARE = 0.25

# With more lines that differ from the guess, reading all of them the general way is as fast.
MAX_OTHER_SHARE = 0.125
# How many blocks are read without a guess after one in which it was wrong.
BLOCKS_WITHOUT_GUESS = 15

_NEWLINE, _RETURN, _MINUS = b"\n\r-"
_NO_LINES: Integers = np.empty(0, np.int64)
# The newlines are found by units of so many bits, in which at most one is hoped for.
_UNITS = (("<u8", 64), ("<u4", 32), ("<u2", 16), ("u1", 8))
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
        self._delimiter = delimiter.encode()
        self._position = position
        self._width = width
        self._is_last = position == width - 1
        self._max_lines = lines = capacity // 2  # the shortest that can be decoded is a digit and a newline
        self._blocks_without_guess = 0
        self._delimiters: Words = np.empty(0, np.uint64)  # of the last block
        self._begin = 0
        # Kept from block to block: fresh memory costs a page fault for each 4 KiB, untouched memory costs nothing.
        self._is_mark = np.empty(capacity + 2 * 64, np.bool_)
        self._starts, self._begins, self._bits, self._word = (np.empty(lines, np.int64) for _ in range(4))
        self._windows, self._ticks, self._spare, self._other = (np.empty(lines, np.uint64) for _ in range(4))
        self._lengths = np.empty(lines, np.uint8)

    def decode(self, buffer: bytes | bytearray, start: int, end: int) -> Block | None:
        """Decode the whole lines in `buffer[start:end]`; return None to decline the block.

        The PADDING bytes on either side may be anything. The buffer is neither changed nor kept.
        """
        if start == end or buffer.find(b'"', start, end) >= 0:
            return None
        text = np.frombuffer(buffer, np.uint8, end - start, start)
        self._begin = start
        ends = self._find_newlines(text, buffer.find(b"\n", start, end) + 1 - start)
        count = ends.size
        if count > self._max_lines:
            return None
        starts = self._starts[:count]
        starts[0] = 0
        np.add(ends[:-1], 1, out=starts[1:])
        line_lengths = np.subtract(ends, starts, out=self._bits[:count])
        longest = int(line_lengths.max())
        if longest > MAX_LINE_BYTES:  # which the text reader refuses
            return None
        shape = self._guess(buffer, start, starts, ends)
        begins, lengths = self._find_closes(text, starts, ends, line_lengths, longest, shape)
        # The text as words, from the one with the sixteenth byte before the block: the sixteen bytes up to the end of a
        # close are then cut out like a window, from any bit on.
        base = (start - MAX_CLOSE_BYTES) // 8 * 8
        words: Words = np.frombuffer(buffer, "<u8", (end - base + 7) // 8, base)
        bits = np.add(begins, lengths, out=self._bits[:count])
        bits += start - base - MAX_CLOSE_BYTES
        bits <<= 3
        read = self._read(text, words, begins, bits, lengths, shape)
        if read is None:
            return None
        places, odd = read
        starts += start
        ends += start
        begins += start
        return Block(self._ticks[:count].view(np.int64), places, odd, starts, ends, begins, lengths)

    def windows_at(self, places: Integers) -> Words:
        """Return the delimiters of the 64 bytes from each offset in the last block on, a bit for each."""
        windows = self._windows[: places.size]
        self._look(self._delimiters, places - self._begin, windows)
        return windows

    def locate(self, position: int, starts: Integers, ends: Integers) -> tuple[Integers, Integers] | None:
        """Find a field, from 0, in lines of the last block that have all fields: where it begins, and its length.

        A carriage return before the newline is included. None if the field is too far from the start of a line.
        """
        windows, begins = self.windows_at(starts), starts.copy()
        spare = self._other[: starts.size]
        if position:
            for _ in range(position - 1):
                windows &= np.subtract(windows, 1, out=spare)  # without its lowest mark
            if not windows.all():
                return None
            begins += self._past(windows)
            windows &= np.subtract(windows, 1, out=spare)
        if position == self._width - 1:
            return begins, ends - begins
        if not windows.all():
            return None
        lengths = starts - begins
        lengths += self._past(windows)
        lengths -= 1
        return begins, lengths

    def _find_newlines(self, text: Bytes, first_line: int) -> Integers:
        """Return the offsets of the newlines, by units in which no two lines end: no longer than the first line."""
        bits = self._marks(text, _NEWLINE)
        for kind, size in _UNITS:
            if size <= first_line:
                units = bits.view(kind)
                ends = np.flatnonzero(units != 0)
                found = units[ends]
                below = found - found.dtype.type(1)
                if not (found & below).any():
                    ends *= size
                    ends += np.bitwise_count(below)
                    return ends
        return np.flatnonzero(self._is_mark[: text.size])

    def _marks(self, text: Bytes, byte: int) -> Bytes:
        """Return a bit for each byte of the text, set if it is `byte`, and at least a word of zeros after them."""
        is_mark = self._is_mark[: (text.size // 64 + 2) * 64]
        np.equal(text, byte, out=is_mark[: text.size])
        is_mark[text.size :] = False
        return np.packbits(is_mark, bitorder="little")

    def _guess(self, buffer: bytes | bytearray, start: int, starts: Integers, ends: Integers) -> Shape | None:
        """Return the shape of the first of three lines that has one; None to read the block without a guess."""
        if self._blocks_without_guess:
            self._blocks_without_guess -= 1
            return None
        for at in (0, len(ends) // 2, len(ends) - 1):
            line = bytes(buffer[start + int(starts[at]) : start + int(ends[at])])
            shape = shape_of(line, self._delimiter, self._position, self._width, MAX_CLOSE_BYTES)
            if shape:
                return shape
        return None

    def _find_closes(
        self,
        text: Bytes,
        starts: Integers,
        ends: Integers,
        line_lengths: Integers,
        longest: int,
        shape: Shape | None,
    ) -> tuple[Integers, Bytes]:
        """Return where each close begins and its length; of one that is far too long, any length over the limit.

        The close is empty if the line does not have `width` fields.
        """
        count = ends.size
        marks = self._delimiters = self._marks(text, self._delimiter[0]).view("<u8")
        windows = self._windows[:count]
        self._look(marks, starts, windows)
        fits, seen = self._count_fields(marks, windows, ends, line_lengths, longest)
        begins, lengths = self._begins[:count], self._lengths[:count]
        others = self._differing(marks, starts, windows, fits, shape) if shape else None
        if shape is None or others is None:
            begins[:], lengths[:] = self._walk(text, marks, starts, ends, windows, fits, seen)
            return begins, lengths
        np.add(starts, shape.begin, out=begins)
        if self._is_last:
            self._measure_last(text, begins, ends, lengths)
        else:
            lengths.fill(shape.length)
        if others.size:
            lines = (starts[others], ends[others], windows[others], None if fits is None else fits[others])
            begins[others], lengths[others] = self._walk(text, marks, *lines, 0)
        return begins, lengths

    def _differing(
        self, marks: Words, starts: Integers, windows: Words, fits: Flags | None, shape: Shape
    ) -> Integers | None:
        """Return the lines whose delimiters are not where the shape has them; None if they are too many."""
        if len(shape.windows) > MAX_WINDOWS:
            return None
        count = starts.size
        (mask, delimiters), *more = shape.windows
        same = np.bitwise_and(windows, np.uint64(mask), out=self._spare[:count]) == np.uint64(delimiters)
        if fits is not None:
            same &= fits
        if more and same.any():
            ((mask, delimiters),) = more
            behind = self._ticks[:count]
            self._look(marks, np.add(starts, 64, out=self._begins[:count]), behind)
            behind &= np.uint64(mask)
            same &= behind == np.uint64(delimiters)
        if same.all():
            return _NO_LINES
        (others,) = (~same).nonzero()
        return others if others.size <= count * MAX_OTHER_SHARE else None

    def _count_fields(
        self, marks: Words, windows: Words, ends: Integers, line_lengths: Integers, longest: int
    ) -> tuple[Flags | None, int]:
        """Return which lines have the right number of fields, None for all; and how many delimiters each window shows.

        If every window shows so many delimiters or more, and all lines together have so many each, then each line has
        so many: a line that continues behind its window need not be counted by itself.
        """
        wanted = self._width - 1
        room = np.subtract(64, line_lengths, out=line_lengths)
        if longest > 64:
            np.maximum(room, 0, out=room)
        inside = np.left_shift(windows, room.view(np.uint64), out=self._spare[: ends.size])
        fits = np.bitwise_count(inside) == wanted
        if longest > 64 and not (fits.all() and np.bitwise_count(marks).sum(dtype=np.int64) == ends.size * wanted):
            fits = _count(marks, ends) == wanted
            return (None if fits.all() else fits), _fewest(windows, fits)
        return (None if fits.all() else fits), wanted

    def _walk(  # noqa: PLR0913, PLR0917 - what a line is made of
        self,
        text: Bytes,
        marks: Words,
        starts: Integers,
        ends: Integers,
        windows: Words,
        fits: Flags | None,
        seen: int,
    ) -> tuple[Integers, Bytes]:
        """Find the closes from delimiter to delimiter; each window shows `seen` of them, or 0 if that is not known."""
        begins, spare = starts.copy(), self._spare[: starts.size]
        fits = np.ones(starts.size, np.bool_) if fits is None else fits
        seen = seen or _fewest(windows, fits)
        ahead = self._position  # so many are between where the windows begin and the close
        while ahead:
            if not seen:
                self._look(marks, begins, windows)
                seen = _fewest(windows, fits)
            steps = min(seen or 1, ahead)
            for _ in range(steps - 1):
                windows &= np.subtract(windows, 1, out=spare)  # without its lowest mark
            if not seen:
                fits &= windows != 0
            past = self._past(windows)
            begins += past
            windows >>= past
            ahead -= steps
            seen = max(seen - steps, 0)
        if self._is_last:
            lengths = np.empty(starts.size, np.uint8)
            self._measure_last(text, begins, ends, lengths)
        else:
            if not seen:
                self._look(marks, begins, windows)
            lengths = self._past(windows)
            lengths -= np.uint8(1)
        (misfits,) = (~fits).nonzero()
        begins[misfits] = ends[misfits]
        lengths[misfits] = 0  # not a number, and far from the end of the buffer
        return begins, lengths

    def _measure_last(self, text: Bytes, begins: Integers, ends: Integers, lengths: Bytes) -> None:
        """Set the lengths of closes that are the last field, 255 at most."""
        to_end = np.subtract(ends, begins, out=self._word[: ends.size])
        to_end -= text[ends - 1] == _RETURN
        lengths[:] = np.minimum(to_end, 255, out=to_end)

    def _look(self, words: Words, places: Integers, windows: Words) -> None:
        """Set each window to the 64 bits from its place on, out of the two words that hold them."""
        count = places.size
        word, shift, high = self._word[:count], self._spare[:count], self._other[:count]
        np.right_shift(places, 6, out=word)
        np.bitwise_and(places.view(np.uint64), 63, out=shift)
        np.take(words, word, out=windows, mode="clip")
        windows >>= shift
        np.take(words[1:], word, out=high, mode="clip")
        np.subtract(64, shift, out=shift)
        high <<= shift  # by 64 leaves 0: NumPy defines it (its pull request 13739), C does not
        windows |= high

    def _past(self, windows: Words) -> Bytes:
        """Return the place after the lowest mark of each window; 64 if there is none."""
        up_to = np.subtract(windows, 1, out=self._spare[: windows.size])
        up_to ^= windows
        return np.bitwise_count(up_to)

    def _read(
        self,
        text: Bytes,
        words: Words,
        begins: Integers,
        bits: Integers,
        lengths: Bytes,
        shape: Shape | None,
    ) -> tuple[int, Integers] | None:
        """Read the closes that end 128 bits after `bits` into ticks of one scale; return its places and the odd lines.

        None if too many lines are odd, or if int64 might not hold a close at that scale.
        """
        ticks = self._ticks[: bits.size]
        others = self._read_as(shape, words, bits, lengths, ticks) if shape else None
        if shape is None or others is None:
            self._blocks_without_guess = self._blocks_without_guess or (BLOCKS_WITHOUT_GUESS if shape else 0)
            after, digits, good, negative = self._read_any(text, words, begins, bits, lengths, ticks)
            odd = np.flatnonzero(~good)
            if odd.size > bits.size * MAX_ODD_SHARE:
                return None
            places = _scale(ticks, after, digits, good)
        elif others.size:
            numbers = np.empty(others.size, np.uint64)
            after, digits, good, negative = self._read_any(
                text, words, begins[others], bits[others], lengths[others], numbers
            )
            odd = others[~good]
            if odd.size > bits.size * MAX_ODD_SHARE:
                return None
            places = _scale_others(ticks, lengths, shape.after, others, (numbers, after, digits, good))
            negative = others[negative]
        else:
            return max(shape.after - 1, 0), _NO_LINES
        if places is None:
            return None
        ticks.view(np.int64)[negative] *= -1
        return places, odd

    def _read_as(self, shape: Shape, words: Words, bits: Integers, lengths: Bytes, numbers: Words) -> Integers | None:
        """Read unsigned closes with the point where the shape has it; return those that differ, None if too many."""
        count, after = bits.size, shape.after
        shortest, longest = int(lengths.min()), int(lengths.max())
        wrong = np.zeros(count, np.bool_)
        if longest > MAX_CLOSE_BYTES or shortest <= after:
            wrong = (lengths <= after) | (lengths > MAX_CLOSE_BYTES)
        how, spare = scheme(after if after <= 8 else 0), self._spare[:count]
        self._look(words[1:], bits, numbers)
        numbers ^= np.uint64(how.text)
        _keep_last(numbers, lengths, shortest, longest)
        found = other_than(numbers, how, spare)
        if found is not None:
            wrong |= found
        join(numbers, spare, how)
        if longest > 8:
            how, left = scheme(max(after - 8, 0)), self._windows[:count]
            self._look(words, bits, left)
            left ^= np.uint64(how.text)
            _keep_last(left, np.maximum(lengths, 8) - np.uint8(8), max(shortest - 8, 0), longest - 8)
            found = other_than(left, how, spare)
            if found is not None:
                wrong |= found
            join(left, spare, how)
            # The point does not count as a digit; as the last byte of this word it makes the number ten times as large.
            left *= np.uint64(10 ** (7 if 0 < after <= 9 else 8))
            numbers += left
        others = np.flatnonzero(wrong)
        return others if others.size <= count * MAX_OTHER_SHARE else None

    def _read_any(
        self, text: Bytes, words: Words, begins: Integers, bits: Integers, lengths: Bytes, numbers: Words
    ) -> tuple[Bytes, Bytes, Flags, Integers]:
        """Read closes with the point anywhere, and perhaps a minus sign, into `numbers`: the point as a digit 0.

        Return the bytes from each point to the end, 0 if there is none; the bytes of each close without its sign; which
        closes are good; and which are negative.
        """
        after, good = self._read_unsigned(words, bits, lengths, numbers)
        odd = np.flatnonzero(~good)
        negative = odd[text[begins[odd]] == _MINUS]
        if not negative.size:
            return after, lengths, good, negative
        digits = lengths.copy()
        digits[negative] -= 1
        again = np.empty(negative.size, np.uint64)
        after[negative], good[negative] = self._read_unsigned(words, bits[negative], digits[negative], again)
        numbers[negative] = again
        return after, digits, good, negative

    def _read_unsigned(self, words: Words, bits: Integers, lengths: Bytes, numbers: Words) -> tuple[Bytes, Flags]:
        """Read closes of digits and at most one point; return the bytes from the point on, and which are good."""
        mark, spare = self._spare[: bits.size], self._other[: bits.size]
        is_short = lengths.max() <= 8
        self._look(words[1:], bits, numbers)
        numbers ^= np.uint64(NO_POINT.text)
        keep(numbers, lengths if is_short else np.minimum(lengths, 8))
        mark_others(numbers, mark)
        after, good = take_point(numbers, mark, spare)
        join(numbers, spare)
        if not is_short:
            left = np.empty(bits.size, np.uint64)
            self._look(words, bits, left)
            left ^= np.uint64(NO_POINT.text)
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
            numbers += left
            good &= lengths <= MAX_CLOSE_BYTES
        good &= after != 1
        good &= after < lengths
        return after, good


def _keep_last(words: Words, counts: Bytes, least: int, most: int) -> None:
    """Clear all but the last bytes of each word: as many as `counts` says, eight at most."""
    if least >= 8:
        return
    if least == most:
        keep_alike(words, least)
    else:
        keep(words, counts if most <= 8 else np.minimum(counts, 8))


def _scale(numbers: Words, after: Bytes, digits: Bytes, good: Flags) -> int | None:
    """Turn numbers, with the point as a digit 0, into ticks of one scale; return its places, None beyond int64."""
    odd = np.flatnonzero(~good)
    after[odd] = 0
    most = int(after.max())
    after[odd] = most  # so that a few odd lines do not make a block mixed
    mixed = int(after.min()) < most
    if most:
        numbers -= numbers // _POWERS[after if mixed else most] * _SURPLUS[after if mixed else most]
    places = max(most - 1, 0)
    if mixed:
        if int((digits - after)[good].max(initial=0)) + places > MAX_DIGITS:
            return None
        numbers *= _POWERS[most - np.maximum(after, 1)]
    return places


def _scale_others(
    ticks: Words, lengths: Bytes, usual_after: int, others: Integers, read: tuple[Words, Bytes, Bytes, Flags]
) -> int | None:
    """Put the numbers of a few lines among ticks that have their point `usual_after` bytes from the end.

    Return the places of the scale that they then share, or None beyond int64.
    """
    numbers, after, digits, good = read
    after[~good] = usual_after
    usual = max(usual_after, 1)
    most = max(int(after.max()), usual)
    places = most - 1
    numbers -= numbers // _POWERS[after] * _SURPLUS[after]
    if int((digits - after)[good].max(initial=0)) + places > MAX_DIGITS:
        return None
    numbers *= _POWERS[most - np.maximum(after, 1)]
    if most > usual:
        is_usual = np.ones(lengths.size, np.bool_)
        is_usual[others] = False
        if int(lengths[is_usual].max(initial=0)) - usual_after + places > MAX_DIGITS:
            return None
        ticks *= _POWERS[most - usual]
    ticks[others] = numbers
    return places


def _count(marks: Words, ends: Integers) -> Integers:
    """Return how many marks each line has: the total up to its end, less that at the end of the line before."""
    each = np.bitwise_count(marks)
    totals = np.cumsum(each, dtype=np.int64)
    totals -= each
    word = ends >> 6
    before = marks[word] & ((np.uint64(1) << (ends & 63).view(np.uint64)) - np.uint64(1))
    up_to_end: Integers = totals[word] + np.bitwise_count(before)
    up_to_end[1:] -= up_to_end[:-1].copy()
    return up_to_end


def _fewest(windows: Words, fits: Flags) -> int:
    """Return how many marks each window has at the least, of those whose lines fit."""
    counts = np.bitwise_count(windows)
    counts[~fits] = 64  # or a blank line would make every line take small steps
    return int(counts.min())
