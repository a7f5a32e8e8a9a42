r"""The block engine: counts all whole lines of a large chunk at once, in the tally that the row engine uses too.

Lines that it cannot read exactly are odd: the row reader reads them one at a time, and their closes are put in place
among the others. If a whole block is better read line by line, it is declined, and the row engine reads it. The two
take turns, and the answer does not depend on which of them read what.

      chunk   ...,4.58,1.5\n | 17,... \n 18,... \n 19,... \n | 20,4.5
               row engine    |       block engine         | row engine, which holds it until it is whole
                             |    odd lines: row reader   |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from stream_signal.core.blocks.columns import BatchColumns, Columns
from stream_signal.core.blocks.decimals import LEAST_PLACES, to_ticks
from stream_signal.core.blocks.reader import MAX_ODD_SHARE, PADDING, BlockDecoder
from stream_signal.core.blocks.rolling import push_closes, push_scaled, rows_without_mean
from stream_signal.core.blocks.rows import Rows
from stream_signal.core.observe import Row
from stream_signal.core.repairs import MISSING_CLOSE
from stream_signal.core.ticks import ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.batch import Batch
    from stream_signal.core.blocks.reader import Block, Integers
    from stream_signal.core.blocks.rolling import Pushed
    from stream_signal.core.header import Header
    from stream_signal.core.observe import Observer
    from stream_signal.core.rows.engine import RowEngine
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.symbols import Symbols
    from stream_signal.core.tally import Tally
    from stream_signal.core.ticks import Close

# Even the shortest block costs about 100 microseconds, as much as 80 rows in the row engine.
LEAST_BLOCK_BYTES = 8 * 1024
# As many rows of an input as its first look needs.
FIRST_ROWS = 10_000


# The decoder that was used last, by what it was made with: its arrays are costly to make, and say nothing about what
# comes next. Engines that take turns in one thread may share it.
Scratch = dict[tuple[str, int, int, int], BlockDecoder]


class OddLines(NamedTuple):
    """The lines of a block that were read one at a time."""

    lines: list[int]
    """their numbers in the block, from 0, ascending"""
    gone: list[int]
    """those that are not rows: blank lines, repeated headers"""
    closes: dict[int, Close]
    """the close of each other line, by the position of its row"""
    records: dict[int, list[bytes] | None]
    """the fields of each other line, likewise"""
    keys: dict[int, bytes | None]
    """the key of each other line, likewise; None if it has none"""
    failure: BaseException | None
    """the error that stopped the reader, if any; only the lines before it count"""
    lines_counted: int
    """how many lines of the block count"""


class BlockEngine:
    r"""Counts the rows of large chunks in `tally`, at most `block_bytes` at once, and shows them to the observers.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.rows.engine import RowEngine
    >>> from stream_signal.core.rows.reader import RowReader
    >>> from stream_signal.core.tally import Tally
    >>> reader, tally = RowReader(Config(window=2)), Tally(window=2)
    >>> engine = BlockEngine(reader, RowEngine(reader, tally), tally, (), 64 * 1024)
    >>> engine.feed(b"time,close\n" + b"17,4.58\n18,4.59\n" * 5000 + b"19,4.")
    >>> tally.rows, tally.signals
    (10000, 5000)
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what both engines share, and two sizes
        self,
        reader: RowReader,
        row_engine: RowEngine,
        tally: Tally,
        observers: Sequence[Observer],
        block_bytes: int,
        least_block_bytes: int = LEAST_BLOCK_BYTES,
        more: Sequence[Tally] = (),
    ) -> None:
        self._reader = reader
        self._row_engine = row_engine
        self._tally = tally
        self._more = more
        self._observers = observers
        self._block_bytes = block_bytes
        self._least_block_bytes = least_block_bytes
        self._decoder: BlockDecoder | None = None
        self.scratch: Scratch = {}
        self._places = LEAST_PLACES  # with which the floats of a batch were proven last

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere; raise DataError at an unreadable line, after counting those before it.

        Long stretches of whole lines without quotes are blocks; the row engine gets the rest.
        """
        at = 0
        while at < len(data):
            # The first line may have begun in earlier bytes, and the last one may continue in later ones.
            start = at if at >= PADDING else data.find(b"\n", PADDING - 1) + 1
            stop = min(at + self._most_bytes, len(data) - PADDING)
            quote = data.find(b'"', start, stop)
            end = data.rfind(b"\n", start, stop if quote < 0 else quote) + 1
            if start and end - start >= self._least_block_bytes:
                self._row_engine.feed(data[at:start])
                self._feed_lines(data, start, end)
            else:
                # As much as the shortest block, so that bytes full of quotes are not cut small.
                end = data.find(b"\n", max(at + self._least_block_bytes, quote)) + 1 or len(data)
                self._row_engine.feed(data[at:end])
            at = end

    @property
    def _most_bytes(self) -> int:
        """How many bytes a block may have."""
        return self._block_bytes

    def _feed_lines(self, chunk: bytes, start: int, end: int) -> None:
        """Take whole lines without quotes."""
        header, block = self._reader.header, None
        symbols = cast("Symbols | None", self._reader.label)  # for keys, there is another engine
        if symbols and not symbols.are_known and self._reader.between_rows:
            first = chunk.find(b"\n", start, end) + 1  # which has the symbol of all others
            self._row_engine.feed(chunk[start:first])
            start = first
        if header and start < end and self._reader.between_rows:
            block = self._decode(chunk, header, start, end)
            if block and symbols and not self._have_symbols(symbols, chunk, header, block):
                block = None
            look = self._reader.look
            if block and look and look.texts is not None:
                if block.odd.size:
                    block = None  # so that the texts of all rows are appended in their order
                elif look.position is not None:
                    starts, ends = block.starts[:FIRST_ROWS], block.ends[:FIRST_ROWS]
                    look.texts.extend(Columns(chunk, header, starts, ends).texts(look.position))
        if header and block:
            self._count(chunk, header, block)
        else:
            self._row_engine.feed(chunk[start:end])

    def _decode(self, chunk: bytes, header: Header, start: int, end: int) -> Block | None:
        if not self._decoder:
            wanted = (header.delimiter, header.position, header.width, self._block_bytes)
            if wanted not in self.scratch:
                self.scratch.clear()
                self.scratch[wanted] = BlockDecoder(*wanted)
            self._decoder = self.scratch[wanted]
        return self._decoder.decode(chunk, start, end)

    def _have_symbols(self, symbols: Symbols, chunk: bytes, header: Header, block: Block) -> bool:
        from stream_signal.core.blocks.symbols import all_have  # noqa: PLC0415 - most files have no column for them

        return self._decoder is None or all_have(symbols, chunk, header, block, self._decoder.windows_at)

    def _count(self, chunk: bytes, header: Header, block: Block) -> None:
        """Count the rows of a block: read its odd lines, push all closes at once, show the rows to the observers."""
        odd = self._read_odd_lines(chunk, block)
        ticks = block.ticks[: odd.lines_counted]
        if odd.gone:
            ticks = np.delete(ticks, odd.gone)
        columns = self._columns(chunk, header, block, odd) if self._observers else None
        self._push_ticks(ticks, block.places, odd.closes, columns)
        if odd.failure:
            raise odd.failure

    def take_batch(self, batch: Batch) -> bool:
        """Take rows between two lines, with their closes as floats; return False, with none taken, if text is better.

        That is so where an infinity has to be refused, or if many closes cannot be proven to stand for a decimal.
        """
        count, reader = len(batch.closes), self._reader
        floats, scratch = np.empty((2, count))
        with np.errstate(all="ignore"):  # infinities and overflows are no surprise: nothing is proven by them
            found = to_ticks(batch.closes, self._places, floats, scratch)
        self._places = found.places
        values = batch.closes[found.unproven]
        if len(values) > count * MAX_ODD_SHARE or not np.isfinite(values).all():
            return False
        closes: dict[int, Close] = dict(zip(found.unproven, map(ticks_of, values), strict=True))
        if found.missing is not None:
            gone = np.flatnonzero(found.missing).tolist()
            for at in gone:
                reader.repairs.note(MISSING_CLOSE, reader.line + at + 1)
            closes = dict(sorted((closes | dict.fromkeys(gone)).items()))
        reader.skip_lines(count)
        floats[list(closes)] = 0
        columns, look = BatchColumns(batch.column), reader.look
        if look and look.position is not None:
            if look.texts is not None:
                look.texts.extend(columns.texts(look.position)[:FIRST_ROWS])
            look.took(columns, count)
        self._push_ticks(floats.astype(np.int64), found.places, closes, columns if self._observers else None)
        return True

    def _push_ticks(
        self, ticks: Integers, places: int, closes: dict[int, Close], columns: Columns | BatchColumns | None
    ) -> None:
        """Push ticks, and the `closes` that belong at some positions instead; show the rows to the observers."""
        tally, mean = self._tally, self._tally.mean
        pushed = push_closes(mean, ticks, places, closes, [each.mean for each in self._more])
        if pushed is None:
            self._push_ticks_each(ticks.tolist(), places, closes, columns)
            return
        first = tally.rows + 1
        _add(tally, pushed)
        shown = [Rows(first, pushed, mean.places, mean.window, columns)] if columns and len(ticks) else []
        for each in self._more:
            more = push_scaled(each.mean, pushed.ticks, pushed.missing)
            _add(each, more)
            if shown and columns:
                shown.append(Rows(first, more, each.mean.places, each.mean.window, columns))
        for rows in shown[:1]:
            rows.more = shown[1:]
            for observer in self._observers:
                observer.rows(rows)

    def _read_odd_lines(self, chunk: bytes, block: Block) -> OddLines:
        """Have the row reader read the odd lines in order, and skip the lines between them."""
        reader, starts, ends = self._reader, block.starts, block.ends
        odd = OddLines(block.odd.tolist(), [], {}, {}, {}, None, len(block.ticks))
        passed = 0
        for line in odd.lines:
            reader.skip_lines(line - passed)
            passed = line + 1
            try:
                closes = list(reader.closes(chunk[starts[line] : ends[line] + 1]))
            except BaseException as failure:  # noqa: BLE001 - raised again once the rows before it are counted
                return odd._replace(failure=failure, lines_counted=line, lines=[at for at in odd.lines if at < line])
            if closes:
                row = line - len(odd.gone)
                odd.closes[row], odd.records[row] = closes[0], reader.record
                odd.keys[row] = reader.label.key if reader.label else None
            else:
                odd.gone.append(line)
        reader.skip_lines(odd.lines_counted - passed)
        return odd

    @staticmethod
    def _columns(chunk: bytes, header: Header, block: Block, odd: OddLines) -> Columns:
        plain: slice | Integers = slice(odd.lines_counted)
        if odd.lines:
            plain = np.delete(np.arange(odd.lines_counted), odd.lines)
        closes = block.begins[plain], block.lengths[plain]
        return Columns(chunk, header, block.starts[plain], block.ends[plain], odd.records, closes)

    def _push_ticks_each(
        self, ticks: list[int], places: int, closes: dict[int, Close], columns: Columns | BatchColumns | None
    ) -> None:
        """Push them one at a time, as Python integers, because the sums may not fit into int64."""
        if columns is None:
            for tally in (self._tally, *self._more):
                tally.push_each(closes.get(at, (value, places)) for at, value in enumerate(ticks))
            return
        at = 0

        def each_close() -> Iterator[Close]:
            nonlocal at
            for at, value in enumerate(ticks):
                yield closes.get(at, (value, places))

        windows = [each.mean.window for each in self._more]
        row = Row(self._tally.mean.window, lambda column: columns.texts(column)[at], windows)
        self._row_engine.count_and_show(each_close(), row)


def _add(tally: Tally, pushed: Pushed) -> None:
    """Count rows that were pushed."""
    tally.rows += len(pushed.ticks)
    tally.signals += int(np.count_nonzero(pushed.above))
    if pushed.missing and tally.rows_without_mean is not None:
        tally.rows_without_mean += rows_without_mean(pushed, tally.mean.window)
