"""Grouping of blocks: to which series each line of a block belongs; the twin of `core.series.grouping`.

A key is looked up as it is written, so that no spaces need to be cut off: `BTC` and ` BTC ` are two spellings of one
key. The text reader reads the irregular lines, and those whose key cannot be read.

A block is declined, and the text reader reads it, if a row might be refused: for one key too many, a key that is too
long or comes back although the keys are grouped, or another symbol.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from stream_signal.core.blocks.columns import LONGEST, IrregularLines
from stream_signal.core.blocks.decoder import ALL, PADDING, Block
from stream_signal.core.blocks.spellings import Spellings, text_of, words_of
from stream_signal.core.rows import NO_SERIES
from stream_signal.core.series.grouping import Grouping, InputName, KeyColumn, OneSymbol
from stream_signal.core.series.keys import KeyRefused, check_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.blocks.array_types import AnyArray, Integers, Lines, Words
    from stream_signal.core.blocks.decoder import BlockDecoder

    # The texts at a position of a batch, as `core.rows.Batch` has them.
    Texts = Callable[[int], tuple[bytes, Integers]]

# With more keys, blocks are longer: each key then has more rows, which is worth the slower memory.
_MANY_KEYS = 500
# A key with and without spaces on each side; and so many beside these are looked up as fast as a few.
_SPELLINGS_OF_A_KEY = 4
_SPARE_SPELLINGS = 10_000
# In place of the number of a key that has not come yet.
FRESH = -2
# What stands in quotes in lines, over several of them, or is the end of a word.
_NOT_PLAIN = b'"\r\n\0'


class BlockGrouping:
    """All lines are of one series.

    For each block, `look` says whether it can be counted, and `series` then to which series its rows belong.
    """

    size = largest = 1
    """how many times the usual length a block should have now, and the most it may have"""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping

    @property
    def needs_a_line(self) -> bool:
        """Whether the text reader has to read the next line before a block."""
        return False

    def look(self, chunk: bytes, block: Block, decoder: BlockDecoder) -> Block | None:  # noqa: ARG002
        """Look at the lines of a block; return it, maybe with more irregular lines, or None to decline it."""
        return block

    def series(self, irregular: IrregularLines) -> int | Integers:  # noqa: ARG002
        """Return the number of the series of all rows of the block, or of each line."""
        return 0

    def of_batch(self, texts: Texts) -> int | Integers | None:  # noqa: ARG002
        """Return the number of the series of all rows of a batch, or of each; None, with none taken, to decline it."""
        return 0


class BlocksAsText(BlockGrouping):
    """No lines are read in blocks: those of a grouping that has no twin here."""

    def look(self, chunk: bytes, block: Block, decoder: BlockDecoder) -> Block | None:  # noqa: ARG002
        """Decline the block."""
        return None

    def of_batch(self, texts: Texts) -> None:
        """Decline the batch."""


class BlocksOfOneSymbol(BlockGrouping):
    """All lines have the symbols that the text reader has seen, or none."""

    def __init__(self, grouping: OneSymbol) -> None:
        super().__init__(grouping)
        self._symbols = grouping

    @property
    def needs_a_line(self) -> bool:
        """Whether a column of symbols has had no value yet: the next line tells which one all lines should have."""
        return None in self._symbols.values

    def look(self, chunk: bytes, block: Block, decoder: BlockDecoder) -> Block | None:
        """Decline a block with another symbol."""
        for position, value in zip(self._symbols.positions, self._symbols.values, strict=True):
            column = _written(chunk, block, decoder, position)
            if value is None or column is None:
                return None
            if not _symbols_in(column) <= {value}:
                return None
        return block

    def of_batch(self, texts: Texts) -> int | None:
        """Decline a batch with another symbol; take the one that it has, if there was none."""
        found: list[bytes | None] = []
        for position, value in zip(self._symbols.positions, self._symbols.values, strict=True):
            column = _written_in(*texts(position))
            if column is None:
                return None
            symbols = _symbols_in(column)
            if len(symbols | {value} - {None}) > 1:
                return None
            found.append(next(iter(symbols), value))
        self._symbols.values[:] = found
        return 0


class BlocksOfAnInput(BlockGrouping):
    """All lines have the key of the input."""

    def look(self, chunk: bytes, block: Block, decoder: BlockDecoder) -> Block | None:  # noqa: ARG002
        """Take the key; decline the block if it is refused, so that the line is named."""
        return None if self._take() is None else block

    def series(self, irregular: IrregularLines) -> int:  # noqa: ARG002
        """Return the number of the key."""
        return self._grouping.number

    def of_batch(self, texts: Texts) -> int | None:  # noqa: ARG002
        """Take the key; decline the batch if it is refused."""
        return self._take()

    def _take(self) -> int | None:
        """Take the key and return its number; None if it is refused."""
        try:
            self._grouping.see([])
        except KeyRefused:
            return None
        return self._grouping.number


class _BlockKeys(NamedTuple):
    """The keys of a block."""

    column: _Written
    """what is written"""
    spellings: Integers
    """the number of the spelling of each run; those of new ones go on from the known ones"""
    new: list[bytes]
    """the new spellings"""
    numbers: Integers
    """the number of the key of each run, FRESH if the spelling has come in no block before"""
    fresh: list[int]
    """the spellings that have come in no block before, in the order of their first lines"""
    lines: list[int]
    """those lines"""
    keys: list[bytes | None]
    """their keys, None if one cannot be read"""


class BlocksWithKeys(BlockGrouping):
    """Each line has the key in its column; `spellings` may have those of another stream: a text has the same key."""

    largest = 2

    def __init__(self, grouping: KeyColumn, spellings: Spellings) -> None:
        super().__init__(grouping)
        self._column = grouping
        self._keys = grouping.keys
        self.spellings = spellings
        self._numbers = np.full(len(spellings.texts), FRESH)  # of the key of each spelling, in this stream
        self._block_keys: _BlockKeys | None = None  # in the block that was looked at last

    @property
    def size(self) -> int:  # type: ignore[override] # which changes here
        """Return 2 with many keys: fewer bytes stay in the cache, but of more rows each key has more."""
        return self.largest if len(self._keys) > _MANY_KEYS else 1

    def look(self, chunk: bytes, block: Block, decoder: BlockDecoder) -> Block | None:
        """Find the keys; lines whose key cannot be read are irregular."""
        column = _written(chunk, block, decoder, self._column.positions[0])
        if not column:
            return None
        block_keys = self._block_keys = self._find(column)
        if None in block_keys.keys:
            bad = [spelling for spelling, key in zip(block_keys.fresh, block_keys.keys, strict=True) if key is None]
            unreadable = column.numbers[np.repeat(np.isin(block_keys.spellings, bad), column.lengths)]
            block = block._replace(irregular=np.union1d(block.irregular, unreadable))
        return block if self._may_take(block_keys, block) else None

    def series(self, irregular: IrregularLines) -> Integers:
        """Return the number of the key of each line; that of irregular ones is put in by their rows."""
        block_keys = self._block_keys
        if block_keys is None:
            raise RuntimeError("`look` comes first")
        column = block_keys.column
        numbers = np.full(column.block.starts.size, NO_SERIES)
        numbers[column.lines] = np.repeat(self._learn(block_keys, irregular), column.lengths)
        for line, key in irregular.keys.items():
            numbers[line] = NO_SERIES if key is None else self._keys.number(key)
        return numbers

    def of_batch(self, texts: Texts) -> Integers | None:
        """Return the number of the key of each row; decline a batch with a key that cannot be read."""
        column = _written_in(*texts(self._column.positions[0]))
        block_keys = column and self._find(column)
        if not column or not block_keys or None in block_keys.keys:
            return None
        if not self._may_take(block_keys, column.block):
            return None
        all_count = IrregularLines([], [], {}, {}, {}, None, column.block.starts.size)
        numbers: Integers = np.repeat(self._learn(block_keys, all_count), column.lengths)
        return numbers

    def _find(self, column: _Written) -> _BlockKeys:
        """Look up what is written in the column of the keys."""
        spellings, new = self.spellings.find(column.words)
        numbers = self._known_and(new)[spellings]
        (unnumbered,) = (numbers == FRESH).nonzero()
        if not unnumbered.size:
            return _BlockKeys(column, spellings, new, numbers, [], [], [])
        distinct, first = np.unique(spellings[unnumbered], return_index=True)
        order = np.argsort(first)
        fresh: list[int] = distinct[order].tolist()
        lines: list[int] = column.numbers[column.firsts[unnumbered[first[order]]]].tolist()
        known, read = self.spellings.texts, self._column.read
        count = len(known)
        keys = [read(known[at]) if at < count else self._key_of(new[at - count]) for at in fresh]
        return _BlockKeys(column, spellings, new, numbers, fresh, lines, keys)

    def _known_and(self, new: list[bytes]) -> Integers:
        """Return the number of the key of each known spelling, and of new ones."""
        return np.append(self._numbers, np.full(len(new), FRESH)) if new else self._numbers

    def _key_of(self, text: bytes) -> bytes | None:
        key = self._column.read(text)
        try:
            check_key(key)
        except KeyRefused:
            return None
        return key or None

    def _may_take(self, block_keys: _BlockKeys, block: Block) -> bool:
        """Whether all rows can be counted, whatever the keys of the irregular lines are."""
        keys, lines = self._keys, block.irregular
        irregular: list[int] = (block.ends[lines] - block.starts[lines]).tolist()  # a key is no longer than its line
        new = dict.fromkeys(key for key in block_keys.keys if key is not None and key not in keys)
        if not keys.has_room([*map(len, new), *irregular]):
            return False
        if keys.grouped and block_keys.spellings.size:
            if irregular:  # among which are the lines whose key cannot be read
                return False
            expected = {key: len(keys) + at for at, key in enumerate(new)}
            numbers = self._known_and(block_keys.new).copy()
            numbers[block_keys.fresh] = [
                NO_SERIES if key is None else expected[key] if key in expected else keys.number(key)
                for key in block_keys.keys
            ]
            rows = numbers[block_keys.spellings]
            return int(rows[0]) >= len(keys) - 1 and bool((rows[1:] >= rows[:-1]).all())
        return True

    def _learn(self, block_keys: _BlockKeys, irregular: IrregularLines) -> Integers:
        """Take the new keys, in the order of their rows; return the number of the key of each run.

        The spellings are remembered, but for those of no key: there is no end to these. If one key has too many of
        them, all are forgotten.
        """
        fresh, lines, keys_of = block_keys.fresh, block_keys.lines, block_keys.keys
        if not fresh and not irregular.keys:
            return block_keys.numbers
        counted = bisect_left(lines, irregular.lines_counted)
        keys_of = [*keys_of[:counted], *[None] * (len(fresh) - counted)]
        first = [(line, key) for line, key in irregular.keys.items() if key is not None and key not in self._keys]
        if first:
            first += [(line, key) for line, key in zip(lines, keys_of, strict=True) if key is not None]
            self._keys.numbers([key for _, key in sorted(first)])
        every, known = self._known_and(block_keys.new), len(self._numbers)
        every[fresh] = self._numbers_of(keys_of)
        is_key = every[known:] != NO_SERIES
        if is_key.size:
            self.spellings.learn([text for text, is_one in zip(block_keys.new, is_key, strict=True) if is_one])
        self._numbers = np.append(every[:known], every[known:][is_key])
        if len(self._numbers) > _SPELLINGS_OF_A_KEY * len(self._keys) + _SPARE_SPELLINGS:
            self.spellings.forget()
            self._numbers = np.zeros(0, np.int64)
        return every[block_keys.spellings]

    def _numbers_of(self, keys: list[bytes | None]) -> list[int]:
        """Return the number of each of these keys, which are taken if they are new, NO_SERIES for None."""
        if None not in keys:
            return self._keys.numbers(cast("list[bytes]", keys))
        numbers = iter(self._keys.numbers([key for key in keys if key is not None]))
        return [NO_SERIES if key is None else next(numbers) for key in keys]


def blocks_of(grouping: Grouping, spellings: Spellings) -> BlockGrouping:
    """Make the twin of a grouping; `spellings` are those that may be known from elsewhere."""
    if isinstance(grouping, KeyColumn):
        return BlocksWithKeys(grouping, spellings)
    if isinstance(grouping, InputName):
        return BlocksOfAnInput(grouping)
    if isinstance(grouping, OneSymbol):
        return BlocksOfOneSymbol(grouping)
    return BlockGrouping(grouping) if type(grouping) is Grouping else BlocksAsText(grouping)


class _Written(NamedTuple):
    """What is written in a column of a block, but for the irregular lines: runs of lines with the same text."""

    block: Block
    lines: Lines
    """those that are not irregular"""
    firsts: Integers
    """the first of each run, by its position among these lines"""
    lengths: Integers
    """how many lines each run has"""
    words: list[Words]
    """the text of each run, as `words_of` has it"""

    @property
    def numbers(self) -> Integers:
        """The numbers of the lines, from 0."""
        return np.arange(self.block.starts.size)[self.lines]


def _written(chunk: bytes, block: Block, decoder: BlockDecoder, position: int) -> _Written | None:
    """Find the texts at a position, from 0; None if one is too long, or has a zero byte."""
    lines, starts, ends = ALL, block.starts, block.ends
    if block.irregular.size:
        lines = np.delete(np.arange(starts.size), block.irregular)
        starts, ends = starts[lines], ends[lines]
    if not starts.size:
        return _Written(block, lines, starts, starts, [starts.view(np.uint64)])
    begins, lengths = decoder.locate(position, chunk, lines)
    if int(lengths.max()) > LONGEST or chunk.find(0, int(starts[0]), int(ends[-1])) >= 0:
        return None
    return _runs_in(chunk, begins, lengths, block, lines)


def _written_in(text: bytes, bounds: Integers) -> _Written | None:
    """Find the texts of a column of a batch; None if one is too long, or has a byte that no plain line has."""
    begins, lengths = bounds[:-1], np.diff(bounds)
    if int(lengths.max()) > LONGEST or any(byte in text for byte in _NOT_PLAIN):
        return None
    nothing = np.zeros(0, np.int64)
    block = Block(nothing, 0, None, nothing, begins, bounds[1:], begins, nothing.astype(np.uint8), LONGEST)
    return _runs_in(text + bytes(PADDING), begins, lengths, block, ALL)


def _runs_in(chunk: bytes, begins: Integers, lengths: AnyArray, block: Block, lines: Lines) -> _Written:
    """Find the runs of the same text among those that begin at some places."""
    words = words_of(chunk, begins, lengths)
    is_first = np.ones(len(begins), np.bool_)
    np.not_equal(words[0][1:], words[0][:-1], out=is_first[1:])
    for words_at in words[1:]:
        is_first[1:] |= words_at[1:] != words_at[:-1]
    firsts = np.flatnonzero(is_first)
    return _Written(block, lines, firsts, np.diff(firsts, append=len(begins)), [words_at[firsts] for words_at in words])


def _symbols_in(column: _Written) -> set[bytes]:
    """Return the texts of a column without the spaces around them, and without the empty one."""
    return {text_of(words).strip(b" ") for words in set(_tuples_of(column.words))} - {b""}


def _tuples_of(words: list[Words], which: Lines = ALL) -> Iterator[tuple[int, ...]]:
    """Yield the words of each text."""
    return zip(*(column[which].tolist() for column in words), strict=True)
