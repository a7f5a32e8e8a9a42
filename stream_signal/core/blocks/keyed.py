"""The block engine for a stream with keys: finds the key of each line of a block, and counts all rows at once.

A key is looked up as it is written, so that no spaces need to be cut off: `BTC` and ` BTC ` are two spellings of one
key. Odd lines, and those whose key cannot be read, are for the row reader.

It declines a block, for the row engine to read, if a row might not be taken: one key too many, or too long, or one that
comes back although the keys are grouped.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from stream_signal.core.blocks.columns import LONGEST, Columns
from stream_signal.core.blocks.engine import LEAST_BLOCK_BYTES, BlockEngine
from stream_signal.core.blocks.key_rings import KeyRings, Signals
from stream_signal.core.blocks.rolling import Pushed, Scaling, has_mean, push_closes, push_scaled
from stream_signal.core.blocks.rows import KeyOrder, Rows
from stream_signal.core.blocks.spellings import UNKNOWN, Spellings
from stream_signal.core.keys import NO_KEY, InputKey, KeyColumn, check_key
from stream_signal.core.labels import LabelError
from stream_signal.core.observe import Row
from stream_signal.core.ticks import INT64_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.engine import OddLines
    from stream_signal.core.blocks.reader import Block, Flags, Integers, Words
    from stream_signal.core.header import Header
    from stream_signal.core.key_segments import KeyHeads
    from stream_signal.core.keys import Keys
    from stream_signal.core.labels import Label
    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.key_times import KeyTimes
    from stream_signal.core.rows.engine import RowEngine
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.ticks import Close


# With more keys, blocks are longer.
_MANY_KEYS = 500
# The words of a text with its delimiter are within the padding of a block.
_SHORT_BYTES = 16
# A key with and without spaces on each side; and as many more as are found as fast as a few.
_SPELLINGS_EACH = 4
_MORE_SPELLINGS = 10_000


class _Rows(NamedTuple):
    """The rows of a block that count."""

    first: int
    """the number of the first one, from 1"""
    numbers: Integers
    """of the key of each, or NO_KEY"""
    ticks: Integers
    places: int
    odd: OddLines
    columns: Columns | None
    """if there are observers"""


class _Found(NamedTuple):
    """The keys of the plain lines of a block."""

    lines: Integers
    """the numbers of these lines"""
    spellings: Integers
    """for each, the number of its spelling; those of new ones go on from the known ones"""
    new: dict[bytes, tuple[int, bytes | None]]
    """each new spelling: its first line, and the key, None if it cannot be read"""


class KeyedBlockEngine(BlockEngine):
    r"""Counts the rows of large chunks in `keys`; otherwise as `BlockEngine`. `look` has to have seen enough before.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.stream import SignalStream
    >>> stream = SignalStream(Config(window=2, key="symbol"), engine="blocks")
    >>> stream.feed(b"symbol,close\n" + b"A,1\nB,9\nA,2\nB,8\n")
    >>> stream.by_key
    {'A': Counts(rows=2, signals=1, value=0.5), 'B': Counts(rows=2, signals=0, value=0.0)}
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what both engines share, and two sizes
        self,
        reader: RowReader,
        row_engine: RowEngine,
        keys: Keys,
        look: KeyTimes | None,
        observers: Sequence[Observer],
        block_bytes: int,
        least_block_bytes: int = LEAST_BLOCK_BYTES,
        more: Sequence[Keys] = (),
    ) -> None:
        super().__init__(reader, row_engine, keys.totals, observers, block_bytes, least_block_bytes)
        self._keys = keys
        self._all_keys = (keys, *more)  # of each window
        self._look = look
        self._rings = [KeyRings(each) for each in self._all_keys]
        for each, rings in zip(self._all_keys, self._rings, strict=True):
            each.rings = rings
        self._spellings = Spellings()
        self._numbers = np.zeros(0, np.int64)  # of the key of each spelling

    @property
    def _most_bytes(self) -> int:
        """How many bytes to take at once: fewer stay in the cache, but of more rows each of many keys has more."""
        return self._block_bytes if self._keys.count > _MANY_KEYS else self._block_bytes // 2

    def _feed_lines(self, chunk: bytes, start: int, end: int) -> None:
        """Take whole lines without quotes."""
        header, is_counted = self._reader.header, False
        if header and self._reader.between_rows and not (self._look and self._look.left):
            block = self._decode(chunk, header, start, end)
            is_counted = block is not None and self._count_keys(chunk, header, block)
        if not is_counted:
            self._row_engine.feed(chunk[start:end])

    def _count_keys(self, chunk: bytes, header: Header, block: Block) -> bool:
        """Count the rows of a block; return False to decline it."""
        label = self._reader.label
        if isinstance(label, InputKey):
            return self._count_one_key(chunk, header, label, block)
        column = cast("KeyColumn", label)
        found = self._find(chunk, header, block, column.position)
        if found is None:
            return False
        unreadable = self._unreadable(found)
        if unreadable.size:
            block = block._replace(odd=np.union1d(block.odd, unreadable))
        if not self._may_take(found, block):
            return False
        column.take = check_key
        try:
            odd = self._read_odd_lines(chunk, block)
        finally:
            column.take = self._keys.take
        numbers = np.full(len(block.ticks), NO_KEY)
        numbers[found.lines] = self._learn(found, odd)[found.spellings]
        self._push(chunk, header, block, numbers, odd)
        return True

    def _count_one_key(self, chunk: bytes, header: Header, label: InputKey, block: Block) -> bool:
        """Count the rows of a block that all have the key of the input."""
        try:
            label.see([])
            number = self._keys.take(cast("bytes", label.key)).number
        except LabelError:
            return False
        numbers, odd = np.full(len(block.ticks), number), self._read_odd_lines(chunk, block)
        self._push(chunk, header, block, numbers, odd)
        return True

    def _find(self, chunk: bytes, header: Header, block: Block, position: int) -> _Found | None:
        """Look up what is written in the column of the keys; None if that is too long, or a zero byte is in it."""
        lines, starts, ends = np.arange(len(block.ticks)), block.starts, block.ends
        new: dict[bytes, tuple[int, bytes | None]]
        if block.odd.size:
            lines, starts, ends = (np.delete(each, block.odd) for each in (lines, starts, ends))
        if not lines.size:
            return _Found(lines, lines, {})
        if position == 0 and (text := _same_first(chunk, header.delimiter.encode(), starts)) is not None:
            number = self._spellings.number(text)
            new = {} if number != UNKNOWN else {text: (int(lines[0]), _key_of(text))}
            return _Found(lines, np.full(len(lines), len(self._numbers) if new else number), new)
        located = self._decoder and self._decoder.locate(position, starts, ends)
        if not located:
            located = Columns(chunk, header, starts, ends).bounds(position)
        begins, lengths = located
        if int(lengths.max()) > LONGEST or chunk.find(0, int(starts[0]), int(ends[-1])) >= 0:
            return None
        words = self._spellings.words(chunk, begins, lengths)
        heads = _heads(words)  # of rows with the same text one after another, as where rows are grouped by their key
        found = self._spellings.find([each[heads] for each in words])
        new = {}
        numbers: dict[bytes, int] = {}
        for at in (found == UNKNOWN).nonzero()[0].tolist():
            row = int(heads[at])
            begin = int(begins[row])
            text = chunk[begin : begin + int(lengths[row])]
            if text not in numbers:
                numbers[text] = len(self._numbers) + len(numbers)
                new[text] = int(lines[row]), _key_of(text)
            found[at] = numbers[text]
        return _Found(lines, np.repeat(found, np.diff(heads, append=len(lines))), new)

    def _unreadable(self, found: _Found) -> Integers:
        """Return the lines whose key cannot be read."""
        bad = [key is None for _, key in found.new.values()]
        is_bad = np.append(np.zeros(len(self._numbers), np.bool_), np.array(bad, np.bool_))
        lines: Integers = found.lines[is_bad[found.spellings]]
        return lines

    def _may_take(self, found: _Found, block: Block) -> bool:
        """Whether all rows can be counted, whatever the keys of the odd lines are."""
        odd: list[int] = (block.ends - block.starts)[block.odd].tolist()  # a key is no longer than its line
        keys = self._keys
        read = [key for _, key in found.new.values() if key is not None]
        new = dict.fromkeys(key for key in read if key not in keys)
        if not keys.has_room([*map(len, new), *odd]):
            return False
        if keys.grouped and found.lines.size:
            if odd:  # among which are the lines whose key cannot be read
                return False
            numbers = {key: keys.count + at for at, key in enumerate(new)}
            of_new = [numbers[key] if key in numbers else keys.number(key) for key in read]
            rows = np.append(self._numbers, np.array(of_new, np.int64))[found.spellings]
            return int(rows[0]) >= keys.count - 1 and bool((rows[1:] >= rows[:-1]).all())
        return True

    def _learn(self, found: _Found, odd: OddLines) -> Integers:
        """Take the new keys, in the order of their rows; return the number of the key of each spelling.

        The spellings are remembered, but for those of no key: there is no end to these. If one key has too many of
        them, all are forgotten.
        """
        keys, gone = self._keys, set(odd.gone)
        first = [(line, key) for line, key in found.new.values() if key is not None]
        first += [
            (line, key)
            for line, key in zip((line for line in odd.lines if line not in gone), odd.keys.values(), strict=True)
            if key is not None and key not in keys
        ]
        for _, key in sorted(first):
            keys.number(key)
        if not found.new:
            return self._numbers
        new = np.array([NO_KEY if key is None else keys.number(key) for _, key in found.new.values()])
        every = np.append(self._numbers, new)
        self._spellings.learn(text for text, number in zip(found.new, new.tolist(), strict=True) if number != NO_KEY)
        self._numbers = np.append(self._numbers, new[new != NO_KEY])
        if len(self._numbers) > _SPELLINGS_EACH * keys.count + _MORE_SPELLINGS:
            self._spellings, self._numbers = Spellings(), np.zeros(0, np.int64)
        return every

    def _push(self, chunk: bytes, header: Header, block: Block, numbers: Integers, odd: OddLines) -> None:
        """Count the rows of a block, each of the key with the number of its line, and show them to the observers."""
        ticks, numbers = block.ticks[: odd.lines_counted], numbers[: odd.lines_counted]
        if odd.gone:
            ticks, numbers = np.delete(ticks, odd.gone), np.delete(numbers, odd.gone)
        for row, key in odd.keys.items():
            numbers[row] = NO_KEY if key is None else self._keys.number(key)
        if len(ticks):
            columns = self._columns(chunk, header, block, odd) if self._observers else None
            rows = _Rows(self._keys.totals.rows + 1, numbers, ticks, block.places, odd, columns)
            for each in self._all_keys[1:]:
                each.follow(self._keys)
            is_one_key = numbers[0] != NO_KEY and (numbers == numbers[0]).all()
            if not (self._push_one(rows) if is_one_key else self._push_all(rows)):
                self._push_each(rows)
        if odd.failure:
            raise odd.failure

    def _push_one(self, rows: _Rows) -> bool:
        """Push rows that have one key, as those of a stream without keys; False, with none counted, if not in int64."""
        tallies = [keys.by_number[int(rows.numbers[0])] for keys in self._all_keys]
        mean, *more = (keys.mean_of(tally) for keys, tally in zip(self._all_keys, tallies, strict=True))
        first = push_closes(mean, rows.ticks, rows.places, rows.odd.closes, more)
        if first is None:
            return False
        shown = []
        all_pushed = [first, *(push_scaled(each, first.ticks, first.missing) for each in more)]
        for keys, tally, pushed in zip(self._all_keys, tallies, all_pushed, strict=True):
            signals, full = int(np.count_nonzero(pushed.above)), has_mean(pushed, keys.window)
            for each in (tally, keys.totals):
                each.rows += len(rows.ticks)
                each.signals += signals
            keys.with_mean += len(rows.ticks) if full is None else int(np.count_nonzero(full))
            if keys.heads:
                _show_head(keys.heads, tally.number, pushed, mean.places, full)
            shown.append((pushed, full, mean.places))
        pushed, full, _ = shown[0]
        ordered = Signals(slice(None), rows.numbers, pushed.ticks, pushed.sums, full, pushed.above)
        self._show(rows, shown, ordered)
        return True

    def _push_all(self, rows: _Rows) -> bool:
        """Push rows of several keys at once; False, with none counted, if that cannot be done in int64."""
        ticks, places, missing = rows.ticks, rows.places, None
        if rows.odd.closes:
            ticks = ticks.copy()  # which are counted one at a time as they are, if not all can be scaled
            scaling = Scaling.of(ticks, places, rows.odd.closes)
            if scaling.largest > INT64_MAX:
                return False
            scaling.apply(ticks)
            places = scaling.places
            missing = np.zeros(len(ticks), np.bool_)
            missing[[row for row, close in rows.odd.closes.items() if close is None]] = True
        if not all(rings.prepare(rows.numbers, ticks, places) for rings in self._rings):
            return False
        shown = []
        all_signals = [rings.push(rows.numbers, ticks, places, missing) for rings in self._rings]
        if self._observers:
            for rings, signals in zip(self._rings, all_signals, strict=True):
                shown.append((*_by_row(signals, len(ticks), missing), rings.places))
        self._show(rows, shown, all_signals[0])
        return True

    def _push_each(self, rows: _Rows) -> None:
        """Push rows one at a time, as Python integers."""
        label, names, at = cast("Label", self._reader.label), list(self._keys), 0

        def closes() -> Iterator[Close]:
            nonlocal at
            for at, (number, value) in enumerate(zip(rows.numbers.tolist(), rows.ticks.tolist(), strict=True)):
                label.key = None if number == NO_KEY else names[number]
                yield rows.odd.closes.get(at, (value, rows.places))

        columns = rows.columns
        if columns is None:
            for close in closes():
                for keys in self._all_keys:
                    keys.push(label.key, close)
        else:
            window, *more = (keys.window for keys in self._all_keys)
            self._row_engine.count_and_show(closes(), Row(window, lambda column: columns.texts(column)[at], more))

    def _show(self, rows: _Rows, pushed: Sequence[tuple[Pushed, Flags | None, int]], ordered: Signals) -> None:
        """Show the rows to the observers: for each window, what was pushed, which are full, and their places.

        `ordered` is the first window in the order of the keys.
        """
        if not rows.columns:
            return

        def list_keys() -> list[bytes | None]:
            names = [*self._keys, None]  # the last one is that of NO_KEY
            return [names[number] for number in rows.numbers.tolist()]

        def name_of(number: int) -> bytes:
            return next(islice(self._keys, number, None))

        shown = []
        for keys, (found, full, places) in zip(self._all_keys, pushed, strict=True):
            shown.append(Rows(rows.first, found, places, keys.window, rows.columns))
            shown[-1].list_keys, shown[-1].has_mean = list_keys, full
        shown[0].more = shown[1:]
        shown[0].key_numbers = rows.numbers
        missing = None
        if shown[0].missing:
            is_missing = np.zeros(len(rows.ticks), np.bool_)
            is_missing[shown[0].missing] = True
            missing = is_missing[ordered.places]
        shown[0].key_order = KeyOrder(
            ordered.numbers, ordered.places, ordered.ticks, missing, ordered.sums, ordered.full, ordered.above, name_of
        )
        for observer in self._observers:
            observer.rows(shown[0])


def _show_head(heads: KeyHeads, number: int, pushed: Pushed, places: int, full: Flags | None) -> None:
    """Show closes of one key to what collects the first ones."""
    ticks, first = pushed.ticks, pushed.missing[0] if pushed.missing else None
    heads.see_run(number, ticks[:first], places, len(ticks) if full is None else int(np.count_nonzero(full)))
    if pushed.missing:
        heads.break_off(number)


def _by_row(signals: Signals, count: int, missing: Flags | None) -> tuple[Pushed, Flags]:
    """Bring what was pushed in the order of the keys into that of the rows; also return which windows are full."""
    at = signals.places
    ticks, sums = (np.zeros(count, np.int64) for _ in range(2))
    above, full = (np.zeros(count, np.bool_) for _ in range(2))
    ticks[at], sums[at], above[at] = signals.ticks, signals.sums, signals.above
    full[at] = True if signals.full is None else signals.full
    return Pushed(ticks, [] if missing is None else np.flatnonzero(missing).tolist(), sums, above, 0), full


def _same_first(chunk: bytes, delimiter: bytes, starts: Integers) -> bytes | None:
    r"""Return the text of the first field of all lines, if they have the same one, and it is short; otherwise None.

    >>> _same_first(b"BTC,4.58\nBTC,4.59\n" + bytes(16), b",", np.array([0, 9]))
    b'BTC'
    """
    first, last = int(starts[0]), int(starts[-1])
    text = chunk[first : chunk.find(delimiter, first) + 1]
    if not 1 < len(text) <= _SHORT_BYTES or 0 in text or chunk[last : last + len(text)] != text:
        return None
    every: Words = np.ndarray((len(chunk) - 7,), "<u8", chunk, strides=(1,))
    for at in range(0, len(text), 8):
        part = text[at : at + 8]
        words = every[starts + at] if at else every[starts]
        if len(part) < 8:
            words &= np.uint64((1 << 8 * len(part)) - 1)
        if (words != np.uint64(int.from_bytes(part, "little"))).any():
            return None
    return text[:-1]


def _heads(words: list[Words]) -> Integers:
    """Return the positions of the texts that are not the same as the one before."""
    is_head = np.empty(len(words[0]), np.bool_)
    is_head[0] = True
    np.not_equal(words[0][1:], words[0][:-1], out=is_head[1:])
    for each in words[1:]:
        is_head[1:] |= each[1:] != each[:-1]
    return np.flatnonzero(is_head)


def _key_of(text: bytes) -> bytes | None:
    key = text.removesuffix(b"\r").strip(b" ")
    try:
        check_key(key)
    except LabelError:
        return None
    return key or None
