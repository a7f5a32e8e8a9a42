"""The block engine for a stream with keys: finds the key of each line of a block, and counts all rows at once.

A key is looked up as it is written, so that no spaces need to be cut off: `BTC` and ` BTC ` are two spellings of it. Odd lines, and those whose key cannot be read, are for the row reader.

It declines a block, for the row engine to read, if a row might not be taken: one key too many, or one that comes back
although the keys are grouped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from stream_signal.core.blocks.columns import LONGEST, Columns
from stream_signal.core.blocks.engine import LEAST_BLOCK_BYTES, BlockEngine
from stream_signal.core.blocks.key_rings import Gaps, KeyRings
from stream_signal.core.blocks.rolling import has_mean, push_closes
from stream_signal.core.blocks.spellings import UNKNOWN, Spellings
from stream_signal.core.keys import InputKey, KeyColumn, check_text
from stream_signal.core.labels import LabelError
from stream_signal.core.rolling import INT64_MAX

if TYPE_CHECKING:
    from stream_signal.core.blocks.engine import OddLines
    from stream_signal.core.blocks.reader import Block, Integers, Words
    from stream_signal.core.header import Header
    from stream_signal.core.keys import Keys, KeyTally
    from stream_signal.core.observers.key_times import KeyTimes
    from stream_signal.core.rows.keyed import KeyedRowEngine
    from stream_signal.core.rows.reader import RowReader

_NO_KEY = -1


class _Found(NamedTuple):
    """The keys of the plain lines of a block."""

    lines: Integers
    """the numbers of these lines"""
    spellings: Integers
    """for each, the number of its spelling; those of new ones go on from the known ones"""
    new: dict[bytes, tuple[int, bytes]]
    """each new spelling: its first line, and the key"""


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
        row_engine: KeyedRowEngine,
        keys: Keys,
        look: KeyTimes | None,
        block_bytes: int,
        least_block_bytes: int = LEAST_BLOCK_BYTES,
    ) -> None:
        super().__init__(reader, row_engine, keys.totals, (), block_bytes, least_block_bytes)
        self._keys = keys
        self._look = look
        self._rings = keys.rings = keys.rings or KeyRings(keys)
        self._spellings = Spellings()
        self._numbers = np.zeros(0, np.int64)  # the number of the key of each spelling, or _NO_KEY

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
            return self._count_one_key(chunk, label, block)
        column = cast("KeyColumn", label)
        found = self._find(chunk, header, block, column.position)
        if found is None:
            return False
        unreadable = self._unreadable(found)
        if unreadable.size:
            block = block._replace(odd=np.union1d(block.odd, unreadable))
        if not self._may_take(found, block.odd.size):
            return False
        column.take = check_text
        try:
            odd = self._read_odd_lines(chunk, block)
        finally:
            column.take = self._keys.take
        self._learn(found, odd)
        numbers = np.full(len(block.ticks), _NO_KEY)
        numbers[found.lines] = self._numbers[found.spellings]
        self._push(block, numbers, odd)
        return True

    def _count_one_key(self, chunk: bytes, label: InputKey, block: Block) -> bool:
        """Count the rows of a block that all have the key of the input."""
        try:
            label.see([])
            number = self._keys.take(cast("bytes", label.key)).number
        except LabelError:
            return False
        self._push(block, np.full(len(block.ticks), number), self._read_odd_lines(chunk, block))
        return True

    def _find(self, chunk: bytes, header: Header, block: Block, position: int) -> _Found | None:
        """Look up what is written in the column of the keys; None if that is too long, or a zero byte is in it."""
        lines, starts, ends = np.arange(len(block.ticks)), block.starts, block.ends
        if block.odd.size:
            lines, starts, ends = (np.delete(each, block.odd) for each in (lines, starts, ends))
        if not lines.size:
            return _Found(lines, lines, {})
        located = self._decoder and self._decoder.locate(position, starts, ends)
        if not located:
            located = Columns(chunk, header, starts, ends).bounds(position)
        begins, lengths = located
        if int(lengths.max()) > LONGEST or chunk.find(0, int(starts[0]), int(ends[-1])) >= 0:
            return None
        words = self._spellings.words(chunk, begins, lengths)
        heads = _heads(words)  # of rows with the same text one after another, as where rows are grouped by their key
        found = self._spellings.find([each[heads] for each in words])
        new: dict[bytes, tuple[int, bytes]] = {}
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
        bad = [key == b"" or not _is_text(key) for _, key in found.new.values()]
        is_bad = np.append(self._numbers == _NO_KEY, np.array(bad, np.bool_))
        return found.lines[is_bad[found.spellings]]

    def _may_take(self, found: _Found, odd: int) -> bool:
        """Whether all rows can be counted, whatever the keys of the odd lines are."""
        keys = self._keys
        new = dict.fromkeys(key for _, key in found.new.values() if key not in keys)
        if keys.count + len(new) + odd > keys.most:
            return False
        if keys.grouped and found.lines.size:
            numbers = {key: keys.count + at for at, key in enumerate(new)}
            of_new = [numbers[key] if key in numbers else keys.number(key) for _, key in found.new.values()]
            rows = np.append(self._numbers, np.array(of_new, np.int64))[found.spellings]
            return not odd and int(rows[0]) >= keys.count - 1 and bool((rows[1:] >= rows[:-1]).all())
        return True

    def _learn(self, found: _Found, odd: OddLines) -> None:
        """Take the new keys, in the order of their rows, and remember their spellings."""
        keys, gone = self._keys, set(odd.gone)
        first = [(line, key) for line, key in found.new.values() if key and _is_text(key)]
        first += [
            (line, key)
            for line, key in zip((line for line in odd.lines if line not in gone), odd.keys.values(), strict=True)
            if key is not None and key not in keys
        ]
        for _, key in sorted(first):
            keys.number(key)
        if found.new:
            numbers = [keys.number(key) if key and _is_text(key) else _NO_KEY for _, key in found.new.values()]
            self._numbers = np.append(self._numbers, np.array(numbers, np.int64))
            self._spellings.learn(found.new)

    def _push(self, block: Block, numbers: Integers, odd: OddLines) -> None:
        """Count the rows of a block, each of the key with the number of its line."""
        keys = self._keys
        ticks, numbers = block.ticks[: odd.lines_counted], numbers[: odd.lines_counted]
        if odd.gone:
            ticks, numbers = np.delete(ticks, odd.gone), np.delete(numbers, odd.gone)
        for row, key in odd.keys.items():
            numbers[row] = _NO_KEY if key is None else keys.number(key)
        if len(ticks) and not self._push_all(numbers, ticks, block.places, odd):
            names = list(keys)
            for row, (number, value) in enumerate(zip(numbers.tolist(), ticks.tolist(), strict=True)):
                close = odd.closes.get(row, (value, block.places))
                keys.push(None if number == _NO_KEY else names[number], close)
        if odd.failure:
            raise odd.failure

    def _push_all(self, numbers: Integers, ticks: Integers, places: int, odd: OddLines) -> bool:
        """Push all rows at once; False, with none counted, if that cannot be done in int64."""
        keys = self._keys
        if numbers[0] != _NO_KEY and (numbers == numbers[0]).all():
            return self._push_one(keys.by_number[int(numbers[0])], ticks, places, odd)
        if odd.closes:
            most = max([places, *(close[1] for close in odd.closes.values() if close)])
            ticks[list(odd.closes)] = 0
            largest = max(int(ticks.max()), -int(ticks.min())) * 10 ** (most - places)
            scaled = {row: close[0] * 10 ** (most - close[1]) for row, close in odd.closes.items() if close}
            if max([largest, *map(abs, scaled.values())]) > INT64_MAX:
                return False
            ticks = ticks * 10 ** (most - places) if most > places and largest else ticks.copy()
            ticks[list(scaled)] = list(scaled.values())
            places = most
            missing = np.zeros(len(ticks), np.bool_)
            missing[[row for row, close in odd.closes.items() if close is None]] = True
            unknown = numbers == _NO_KEY
            cleared = np.cumsum(unknown)
            total = int(cleared[-1])
            if total:
                known = ~unknown
                numbers, ticks, missing, cleared = numbers[known], ticks[known], missing[known], cleared[known]
            gaps = Gaps(missing, cleared, total)
            if not len(ticks):
                keys.cleared += total
            elif not self._rings.push(numbers, ticks, places, gaps):
                return False
            keys.totals.rows += total
            return True
        return self._rings.push(numbers, ticks, places, None) is not None


    def _push_one(self, tally: KeyTally, ticks: Integers, places: int, odd: OddLines) -> bool:
        """Push rows that have one key, as those of a stream without keys."""
        keys, mean = self._keys, self._keys.mean_of(tally)
        pushed = push_closes(mean, ticks, places, odd.closes)
        if pushed is None:
            return False
        signals, full = int(np.count_nonzero(pushed.above)), has_mean(pushed, keys.window)
        for each in (tally, keys.totals):
            each.rows += len(ticks)
            each.signals += signals
        keys.with_mean += len(ticks) if full is None else int(np.count_nonzero(full))
        return True


def _heads(words: list[Words]) -> Integers:
    """Return the positions of the texts that are not the same as the one before."""
    is_head = np.empty(len(words[0]), np.bool_)
    is_head[0] = True
    np.not_equal(words[0][1:], words[0][:-1], out=is_head[1:])
    for each in words[1:]:
        is_head[1:] |= each[1:] != each[:-1]
    return np.flatnonzero(is_head)


def _key_of(text: bytes) -> bytes:
    return text.removesuffix(b"\r").strip(b" ")


def _is_text(key: bytes) -> bool:
    try:
        check_text(key)
    except LabelError:
        return False
    return True
