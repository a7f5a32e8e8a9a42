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
Both are guessed from one line of the block (`Shape`) and checked for every line: one comparison for the delimiters, one
maximum for the digits. Lines that differ are read the general way, alone if they are few: from delimiter to delimiter,
with a minus sign or none, and the point anywhere. Longer closes take two words.

A line is decoded only if the text reader would read the same: the right number of fields, and a close of
`-?digits[.digits]`. All other lines are irregular, and the text reader reads them. No block has a quote: every
line is a row.

One bit for each byte, and clearing the lowest bit to walk along them: Langdale and Lemire, "Parsing gigabytes of JSON
per second", VLDB Journal 28, 2019 (simdjson). `digits` explains the steps on eight bytes.

Cost: some 20 ns a line of 58 bytes, the text reader takes 1 to 2 µs; docs/explanation/speed.md says what bounds it.
No I/O; nothing but scratch memory is kept between blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stream_signal.core.blocks.digits import are_digits, join, keep, scheme, schemes, take_point
from stream_signal.core.limits import MAX_LINE_BYTES

if TYPE_CHECKING:
    from stream_signal.core.blocks.array_types import Bytes, Flags, Integers, Lines, Words


# Two words: enough for nearly every price, without its sign. A line with a longer close is irregular.
MAX_CLOSE_BYTES = 16
# Bytes that the buffer must have on either side of a block: the words of its first and last close reach that far.
PADDING = MAX_CLOSE_BYTES
# Any number of 18 digits fits in int64.
MAX_DIGITS = 18
# The text reader takes 2 to 3 µs for an irregular line, and 1 for a line of a whole block: with more irregular lines,
# it reads the whole block as fast.
MAX_IRREGULAR_SHARE = 0.25

# With more lines that differ from the guess, reading all of them the general way is as fast.
MAX_OTHER_SHARE = 0.125
# A guess looks at so many bytes of a line at most, in words of 64 bits.
_MAX_WINDOWS = 2
# How many blocks are read without a guess after one in which it was wrong.
BLOCKS_WITHOUT_GUESS = 15

ALL: Lines = slice(None)
_ALL_BITS = 2**64 - 1
_NEWLINE, _RETURN, _MINUS = b"\n\r-"
# The newlines are found by units of so many bits, in which at most one is hoped for.
_UNITS = (("<u8", 64), ("<u4", 32), ("<u2", 16), ("u1", 8))
_POWERS = np.array([10**power for power in range(MAX_DIGITS + 1)], np.uint64)
# What no number of so many digits is above. Of more digits, the windows of long sums may need to know better.
_BOUNDS = {digits: 10**digits - 1 for digits in range(10)}
# What the number of the bytes before the last eight counts, by the bytes from the point to the end. The point does not
# count as a digit; as the last of those bytes, it makes the number ten times as large.
_LEFT = np.array([10 ** (7 if 0 < after <= 9 else 8) for after in range(MAX_CLOSE_BYTES + 1)], np.uint64)


class Block(NamedTuple):
    """The closes of a block of n lines. The arrays belong to the decoder and are valid until it decodes again.

    `ticks` is the close of each line times `10**places`, the most decimal places in the block. None is further from 0
    than `largest`, if that is known. `irregular` has the numbers of the irregular lines, from 0, ascending: their ticks
    are undefined. `starts` and `ends` are the offsets in the buffer of the first byte and of the newline of each line;
    `begins` and `lengths` locate each close, except those of irregular lines.
    """

    ticks: Integers
    places: int
    largest: int | None
    irregular: Integers
    starts: Integers
    ends: Integers
    begins: Integers
    lengths: Bytes
    longest: int
    """bytes of the longest line"""


class Shape(NamedTuple):
    """What is guessed of every line, from one of them."""

    windows: tuple[tuple[int, int], ...]
    """for each 64 bytes up to the end of the close: which bits to compare, and which of them are delimiters"""
    before: tuple[int, ...]
    """the lengths of the fields before the close"""
    length: int
    """of the close; 0 if it is the last field, which ends where its line ends"""
    after: int
    """bytes from the point to the end of the close, the point included; 0 without a point"""

    def begin(self, position: int) -> int:
        """Return where a field begins, in bytes from the start of the line."""
        return sum(self.before[:position]) + position


class BlockDecoder:
    r"""Decodes blocks of at most `capacity` bytes: lines of `width` fields, with the close at `position`, from 0.

    >>> lines, padding = b"17,42.5\n18,\n19,-0.25\n20,42\n", bytes(PADDING)
    >>> block = BlockDecoder(",", 1, 2, 64).decode(padding + lines + padding, PADDING, PADDING + len(lines))
    >>> block.ticks[[0, 2, 3]].tolist(), block.places, block.irregular.tolist()
    ([4250, -25, 4200], 2, [1])
    """

    def __init__(self, delimiter: str, position: int, width: int, capacity: int) -> None:
        self.delimiter = delimiter.encode()
        self.position = position
        self._width = width
        self._is_last = position == width - 1
        self._max_lines = lines = capacity // 2  # the shortest that can be decoded is a digit and a newline
        self._blocks_without_guess = 0
        self._shape: Shape | None = None  # that of all lines of the last block that have all fields
        # Kept from block to block: fresh memory costs a page fault for each 4 KiB, untouched memory costs nothing.
        self._is_mark = np.empty(capacity + 2 * 64, np.bool_)
        self._starts, self._begins, self._bits, self._word = (np.empty(lines, np.int64) for _ in range(4))
        self._windows, self._ticks, self._left = (np.empty(lines, np.uint64) for _ in range(3))
        self._spare, self._other = (np.empty(lines, np.uint64) for _ in range(2))
        self._lengths = np.empty(lines, np.uint8)

    def decode(self, buffer: bytes | bytearray, start: int, end: int) -> Block | None:
        """Decode the whole lines in `buffer[start:end]`, of which none has a quote; return None to decline the block.

        The PADDING bytes on either side may be anything. The buffer is neither changed nor kept.
        """
        if start == end:
            return None
        text = np.frombuffer(buffer, np.uint8, end - start, start)
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
        self._delimiters = self._marks(text, self.delimiter[0]).view("<u8")
        self._look(self._delimiters, starts, self._windows[:count])
        fits = self._have_all_fields(ends, line_lengths, longest)
        self._begin, self._seen = start, 0 if longest > 64 else self._width - 1
        starts += start
        ends += start
        self._ends = ends
        shape = self._guess(buffer, starts, ends)
        begins, lengths = self._find_closes(buffer, starts, ends, fits, shape)
        read = self._read(buffer, end, begins, lengths, shape)
        return read and Block(self._ticks[:count].view(np.int64), *read, starts, ends, begins, lengths, longest)

    def place(self, position: int) -> tuple[int, int] | None:
        """Return where a field, from 0, begins in its line, and its length; None if lines of the last block differ."""
        shape = self._shape
        return (shape.begin(position), shape.before[position]) if shape and position < self.position else None

    def locate(self, position: int, buffer: bytes | bytearray, lines: Lines) -> tuple[Integers, Bytes]:
        """Find a field, from 0, in lines of the last block that have all fields: where it begins, and its length.

        From 64 on, a length may be 255.
        """
        ends, count = self._ends[lines], self._ends.size
        starts, place = self._starts[:count][lines], self.place(position)
        if place:
            return starts + place[0], np.full(ends.size, place[1], np.uint8)
        begins, windows = starts.copy(), self._windows[:count][lines].copy()
        lost, spare = np.zeros(ends.size, np.bool_), self._spare[: ends.size]
        seen = self._seen or _fewest(windows, lost)
        ahead = position  # so many delimiters are between where the windows begin and the field
        while ahead:
            steps = min(seen or 1, ahead)
            for _ in range(steps - 1):
                windows &= np.subtract(windows, 1, out=spare)  # without its lowest mark
            if not seen:
                lost |= windows == 0
            past = self._past(windows)
            begins += past
            windows >>= past
            ahead -= steps
            seen = max(seen - steps, 0)
            if not seen and (ahead or position < self._width - 1):
                self._look(self._delimiters, begins - self._begin, windows)
                seen = _fewest(windows, lost)
        if position == self._width - 1:
            lengths = self._up_to_end(buffer, begins, ends)
        else:
            lengths = self._past(windows)
            lengths -= np.uint8(1)
            if not seen:
                lengths[windows == 0] = 255
        for at in lost.nonzero()[0].tolist():  # behind a field of 64 bytes or more
            fields = bytes(buffer[starts[at] : ends[at]]).removesuffix(b"\r").split(self.delimiter)
            begins[at] = starts[at] + sum(map(len, fields[:position])) + position
            lengths[at] = min(len(fields[position]), 255)
        return begins, lengths

    def _find_newlines(self, text: Bytes, first_line: int) -> Integers:
        """Return the offsets of the newlines, by units in which no two lines end: no longer than the first line."""
        bits = self._marks(text, _NEWLINE)
        for kind, size in _UNITS:
            if size <= first_line:
                units = bits.view(kind)
                ends: Integers = (units != 0).nonzero()[0]
                newlines = units.take(ends)
                below = newlines - newlines.dtype.type(1)
                if not (newlines & below).any():
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

    def _have_all_fields(self, ends: Integers, line_lengths: Integers, longest: int) -> Flags | None:
        """Return which lines have the right number of fields, None if all have.

        If every window shows so many delimiters, and all lines together have so many each, then each line has so many:
        a line that continues behind its window need not be counted by itself.
        """
        wanted = self._width - 1
        room = np.subtract(64, line_lengths, out=line_lengths)
        if longest > 64:
            np.maximum(room, 0, out=room)
        inside = np.left_shift(self._windows[: ends.size], room.view(np.uint64), out=self._spare[: ends.size])
        fits = np.bitwise_count(inside) == wanted
        if longest > 64 and not (
            fits.all() and np.bitwise_count(self._delimiters).sum(dtype=np.int64) == ends.size * wanted
        ):
            fits = _count(self._delimiters, ends) == wanted
        return None if fits.all() else fits

    def _guess(self, buffer: bytes | bytearray, starts: Integers, ends: Integers) -> Shape | None:
        """Return the shape of the first of three lines that has one; None to read the block without a guess."""
        if self._blocks_without_guess:
            self._blocks_without_guess -= 1
            return None
        for at in (0, len(ends) // 2, len(ends) - 1):
            line = bytes(buffer[starts[at] : ends[at]])
            shape = shape_of(line, self.delimiter, self.position, self._width)
            if shape:
                return shape
        return None

    def _find_closes(
        self, buffer: bytes | bytearray, starts: Integers, ends: Integers, fits: Flags | None, shape: Shape | None
    ) -> tuple[Integers, Bytes]:
        """Return where each close begins and its length; it is empty if the line does not have `width` fields."""
        self._shape, count = None, ends.size
        begins, lengths = self._begins[:count], self._lengths[:count]
        others = self._differing(starts, fits, shape) if shape else ALL
        if shape and others is not ALL:
            np.add(starts, shape.begin(self.position), out=begins)
            lengths[:] = self._up_to_end(buffer, begins, ends) if self._is_last else shape.length
        if fits is not None:
            begins[~fits], lengths[~fits] = ends[~fits], 0  # not a number, and far from the end of the buffer
            others = np.arange(count)[others][fits[others]]
        if starts[others].size:
            begins[others], lengths[others] = self.locate(self.position, buffer, others)
        else:
            self._shape = shape
        return begins, lengths

    def _differing(self, starts: Integers, fits: Flags | None, shape: Shape) -> Lines:
        """Return the lines whose delimiters are not where the shape has them; all if they are many."""
        if len(shape.windows) > _MAX_WINDOWS:
            return ALL
        count = starts.size
        (mask, delimiters), *further = shape.windows
        same = np.bitwise_and(self._windows[:count], mask, out=self._spare[:count]) == delimiters
        if fits is not None:
            same &= fits
        if further and same.any():
            ((mask, delimiters),) = further
            behind = self._ticks[:count]
            self._look(self._delimiters, np.add(starts, 64 - self._begin, out=self._begins[:count]), behind)
            behind &= mask
            same &= behind == delimiters
        return _few(~same)

    def _up_to_end(self, buffer: bytes | bytearray, begins: Integers, ends: Integers) -> Bytes:
        """Return the lengths of the last fields, from where they begin to the ends of their lines, 255 at most."""
        to_end = np.subtract(ends, begins, out=self._word[: ends.size])
        to_end -= np.frombuffer(buffer, np.uint8)[ends - 1] == _RETURN
        return np.minimum(to_end, 255, out=to_end).astype(np.uint8)

    def _look(self, words: Words, places: Integers, windows: Words) -> None:
        """Set each window to the 64 bits from its place on, out of the two words that hold them."""
        count = places.size
        word, shift, high = self._word[:count], self._spare[:count], self._other[:count]
        np.right_shift(places, 6, out=word)
        np.bitwise_and(places.view(np.uint64), 63, out=shift)
        words.take(word, out=windows, mode="clip")
        windows >>= shift
        words[1:].take(word, out=high, mode="clip")
        np.subtract(64, shift, out=shift)
        high <<= shift  # by 64 leaves 0: NumPy defines it (its pull request 13739), C does not
        windows |= high

    def _past(self, windows: Words) -> Bytes:
        """Return the place after the lowest mark of each window; 64 if there is none."""
        up_to = np.subtract(windows, 1, out=self._spare[: windows.size])
        up_to ^= windows
        return np.bitwise_count(up_to)

    def _read(
        self, buffer: bytes | bytearray, end: int, begins: Integers, lengths: Bytes, shape: Shape | None
    ) -> tuple[int, int | None, Integers] | None:
        """Read the closes into ticks of one scale; return its places, a bound of the ticks, and the irregular lines.

        None if too many lines are irregular, or if int64 might not hold a close at that scale.
        """
        # The text as words, from the one with the sixteenth byte before the block: the sixteen bytes up to the end of a
        # close are then cut out like a window, from any bit on.
        base = (self._begin - MAX_CLOSE_BYTES) // 8 * 8
        words: Words = np.frombuffer(buffer, "<u8", (end - base + 7) // 8, base)
        bits = np.add(begins, lengths, out=self._bits[: begins.size])
        bits -= base + MAX_CLOSE_BYTES
        bits <<= 3
        ticks = self._ticks[: bits.size]
        others = ALL
        if shape:
            _, good = self._read_closes(words, bits, lengths, ticks, shape.after)
            if good.all():
                digits = int(lengths.max()) - (shape.after > 0)
                return max(shape.after - 1, 0), _BOUNDS.get(digits), np.empty(0, np.int64)
            others = _few(~good)
            if others is ALL:
                self._blocks_without_guess, shape = BLOCKS_WITHOUT_GUESS, None
        numbers = ticks[others]
        is_negative = np.frombuffer(buffer, np.uint8)[begins[others]] == _MINUS
        digits = lengths[others] - is_negative
        read = _Closes(numbers, digits, *self._read_closes(words, bits[others], digits, numbers))
        if np.count_nonzero(~read.good) > bits.size * MAX_IRREGULAR_SHARE:
            return None
        places = _scale(ticks, lengths, others, read, shape)
        if places is None:
            return None
        lines = np.arange(bits.size)[others]
        ticks.view(np.int64)[lines[is_negative]] *= -1
        return places, None, lines[~read.good]

    def _read_closes(
        self, words: Words, bits: Integers, lengths: Bytes, numbers: Words, expected: int | None = None
    ) -> tuple[Any, Flags]:
        """Read closes of digits, with the point `expected` bytes before the end, or anywhere at all, into `numbers`.

        Return how many bytes there are from each point to the end, 0 without a point, and which closes are good.
        """
        longest = int(lengths.max())
        after, good = self._read_word(words[1:], bits, lengths, numbers, expected and expected * (expected <= 8))
        if longest > 8:
            left, left_lengths = self._left[: bits.size], np.maximum(lengths, 8) - np.uint8(8)
            left_after, left_good = self._read_word(words, bits, left_lengths, left, expected and max(expected - 8, 0))
            good &= left_good
            if expected is not None:
                after = expected
            elif left_after.any():
                good &= (after == 0) | (left_after == 0)
                after = np.where(left_after, left_after + np.uint8(8), after)
            left *= _LEFT.take(after)
            numbers += left
        if longest > MAX_CLOSE_BYTES:
            good &= lengths <= MAX_CLOSE_BYTES
        if expected is None or int(lengths.min()) <= expected:
            good &= (after != 1) & (after < lengths)
        return after, good

    def _read_word(
        self, words: Words, bits: Integers, lengths: Bytes, numbers: Words, expected: int | None
    ) -> tuple[Any, Flags]:
        """Read eight bytes of closes of at most that many, as `_read_closes` does."""
        spare = self._spare[: bits.size]
        self._look(words, bits, numbers)
        numbers ^= scheme(expected or 0).text
        keep(numbers, lengths)
        if expected is None:
            after, good = take_point(numbers, spare, self._other[: bits.size])
            join(numbers, spare, schemes(after))
            return after, good
        good = are_digits(numbers, spare, scheme(expected))
        join(numbers, spare, scheme(expected))
        return expected, good


class _Closes(NamedTuple):
    """Some closes that were read."""

    numbers: Words
    """the digits of each"""
    lengths: Bytes
    """without the sign"""
    after: Bytes
    """the bytes from the point to the end, 0 if there is none"""
    good: Flags
    """which are numbers"""


def _scale(ticks: Words, lengths: Bytes, others: Lines, read: _Closes, shape: Shape | None) -> int | None:
    """Put the closes that were read among the ticks, which are those of the shape, if there is one.

    Return the places of the scale that all of them then share, or None beyond int64.
    """
    after, usual = read.after, max(shape.after, 1) if shape else 1
    after[~read.good] = 0
    most = max(int(after.max()), usual)
    after[~read.good] = most  # so that a few irregular lines do not make a block mixed
    places = most - 1
    if max(int(after.min()), 1) < most:
        if int((read.lengths - after)[read.good].max(initial=0)) + places > MAX_DIGITS:
            return None
        read.numbers[:] *= _POWERS.take(most - np.maximum(after, 1))
    if shape and usual < most:
        is_usual = np.ones(lengths.size, np.bool_)
        is_usual[others] = False
        if int(lengths[is_usual].max(initial=0)) - shape.after + places > MAX_DIGITS:
            return None
        ticks *= _POWERS[most - usual]
    ticks[others] = read.numbers
    return places


def _few(flags: Flags) -> Lines:
    """Return which flags are set; all of them if it is many."""
    (others,) = flags.nonzero()
    return others if others.size <= flags.size * MAX_OTHER_SHARE else ALL


def _count(marks: Words, ends: Integers) -> Integers:
    """Return how many marks each line has: the total up to its end, less that at the end of the line before."""
    in_word = np.bitwise_count(marks)
    totals = np.cumsum(in_word, dtype=np.int64)
    totals -= in_word
    word = ends >> 6
    before = marks[word] & ((np.uint64(1) << (ends & 63).view(np.uint64)) - np.uint64(1))
    counts: Integers = totals[word] + np.bitwise_count(before)
    counts[1:] -= counts[:-1].copy()
    return counts


def _fewest(windows: Words, lost: Flags) -> int:
    """Return how many marks each window has at the least, but for those that are lost."""
    counts = np.bitwise_count(windows)
    counts[lost] = 64
    return int(counts.min())


def shape_of(line: bytes, delimiter: bytes, position: int, width: int) -> Shape | None:
    """Return the shape of a line, without its newline; None if it is no plain row.

    >>> shape_of(b"17,9.5,42.07,3", b",", 2, 4)
    Shape(windows=((8191, 4164),), before=(2, 3), length=5, after=3)
    """
    fields = line.removesuffix(b"\r").split(delimiter)
    if len(fields) != width:
        return None
    close, is_last = fields[position], position == width - 1
    whole, point, part = close.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or (point and not part.isdigit()) or len(whole + point + part) > MAX_CLOSE_BYTES:
        return None
    before = tuple(map(len, fields[:position]))
    begin = sum(before) + position
    mask = (1 << (begin if is_last else begin + len(close) + 1)) - 1
    marks, at = 0, -1
    for field in fields[: position + (not is_last)]:
        at += len(field) + 1
        marks |= 1 << at
    lows = range(0, max(mask.bit_length(), 1), 64)
    windows = tuple((mask >> low & _ALL_BITS, marks >> low & _ALL_BITS) for low in lows)
    return Shape(windows, before, 0 if is_last else len(close), len(point + part))
