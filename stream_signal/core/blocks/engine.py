r"""The block engine: takes the whole lines of a large piece at once, on the counts of the row engine.

The lines that it cannot read exactly are odd: the row reader reads those, one at a time, and what they hold takes its
place among the others. Where a whole block is better read a line at a time, the row engine takes it. So the two take
turns as the bytes ask for it, and the answer does not show which of them read what.

      piece   ...,4.58,1.5\n | 17,... \n 18,... \n 19,... \n | 20,4.5
               row engine    |       block engine         | row engine, which holds it until it is whole
                             |    odd lines: row reader   |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.blocks.columns import Columns
from stream_signal.core.blocks.reader import PADDING, BlockDecoder
from stream_signal.core.blocks.rolling import push_closes
from stream_signal.core.blocks.rows import Rows
from stream_signal.core.observe import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.reader import Block
    from stream_signal.core.header import Header
    from stream_signal.core.observe import Observer
    from stream_signal.core.rows.engine import RowEngine
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.tally import Tally
    from stream_signal.core.ticks import Close

# A block costs some 100 microseconds however short it is, as much as 80 rows cost the row engine.
LEAST_BLOCK_BYTES = 8 * 1024


class OddLines(NamedTuple):
    """The lines of a block that were read one at a time."""

    lines: list[int]
    """their numbers in the block, from 0, ascending"""
    gone: list[int]
    """those of them that are no rows: blank lines, repeated headers"""
    closes: dict[int, Close]
    """the close of each other one, by the position of its row"""
    records: dict[int, list[bytes] | None]
    """and its fields"""
    failure: BaseException | None
    """what ended the reading; only the lines before it count"""
    lines_counted: int
    """lines of the block that count"""


class BlockEngine:
    r"""Counts the rows of large pieces in `tally`, and shows them to the observers; `block_bytes` at most at once.

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

    def __init__(  # noqa: PLR0913, PLR0917 - what both engines share, and the sizes
        self,
        reader: RowReader,
        row_engine: RowEngine,
        tally: Tally,
        observers: Sequence[Observer],
        block_bytes: int,
        least_block_bytes: int = LEAST_BLOCK_BYTES,
    ) -> None:
        self._reader = reader
        self._row_engine = row_engine
        self._tally = tally
        self._observers = observers
        self._block_bytes = block_bytes
        self._least_block_bytes = least_block_bytes
        self._decoder: BlockDecoder | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere; DataError at a line that cannot be read, the rows before it counted."""
        for start in range(0, len(data), self._block_bytes):
            self._feed_piece(data[start : start + self._block_bytes])

    def _feed_piece(self, piece: bytes) -> None:
        """Take the long stretches of whole lines without a quote in them; the row engine takes the rest."""
        at = 0
        while at < len(piece):
            # The line at 0 may have begun in the last piece, and the one at the end may go on in the next.
            start = at if at >= PADDING else piece.find(b"\n", PADDING - 1) + 1
            quote = piece.find(b'"', start)
            limit = len(piece) - PADDING if quote < 0 else min(quote, len(piece) - PADDING)
            end = piece.rfind(b"\n", start, limit) + 1
            if start and end - start >= self._least_block_bytes:
                self._row_engine.feed(piece[at:start])
                self._feed_lines(piece, start, end)
            else:
                # As much as would have made a block, so that a piece full of quotes is not cut small.
                end = piece.find(b"\n", max(at + self._least_block_bytes, quote)) + 1 or len(piece)
                self._row_engine.feed(piece[at:end])
            at = end

    def _feed_lines(self, piece: bytes, start: int, end: int) -> None:
        """Take whole lines without a quote."""
        header, block = self._reader.header, None
        if header and self._reader.between_rows:
            if not self._decoder:
                self._decoder = BlockDecoder(header.delimiter, header.position, header.width, self._block_bytes)
            block = self._decoder.decode(piece, start, end)
        if header and block:
            self._count(piece, header, block)
        else:
            self._row_engine.feed(piece[start:end])

    def _count(self, piece: bytes, header: Header, block: Block) -> None:
        """Count the rows of a block: its odd lines first, then all of its closes at once, then the observers."""
        odd, tally, mean = self._read_odd_lines(piece, block), self._tally, self._tally.mean
        ticks, places = block.ticks[: odd.lines_counted], block.places
        if odd.gone:
            ticks = np.delete(ticks, odd.gone)
        columns = self._columns(piece, header, block, odd) if self._observers else None
        pushed = push_closes(mean, ticks, places, odd.closes)
        if pushed is None:
            self._count_each(ticks.tolist(), places, odd, columns)
        else:
            first = tally.rows + 1
            tally.rows += len(ticks)
            tally.signals += int(np.count_nonzero(pushed.above))
            if columns and len(ticks):
                rows = Rows(first, pushed, mean.places, mean.window, columns)
                for observer in self._observers:
                    observer.rows(rows)
        if odd.failure:
            raise odd.failure

    def _read_odd_lines(self, piece: bytes, block: Block) -> OddLines:
        """Have the row reader read the odd lines, and skip those between them, in their order."""
        reader, starts, ends = self._reader, block.starts, block.ends
        odd = OddLines(block.odd.tolist(), [], {}, {}, None, len(block.ticks))
        passed = 0
        for line in odd.lines:
            reader.skip_lines(line - passed)
            passed = line + 1
            try:
                closes = list(reader.closes(piece[starts[line] : ends[line] + 1]))
            except BaseException as failure:  # noqa: BLE001 - raised again when the rows before it are counted
                return odd._replace(failure=failure, lines_counted=line, lines=[at for at in odd.lines if at < line])
            if closes:
                row = line - len(odd.gone)
                odd.closes[row], odd.records[row] = closes[0], reader.record
            else:
                odd.gone.append(line)
        reader.skip_lines(odd.lines_counted - passed)
        return odd

    @staticmethod
    def _columns(piece: bytes, header: Header, block: Block, odd: OddLines) -> Columns:
        if not odd.lines:
            plain: slice | np.ndarray[tuple[int], np.dtype[np.bool_]] = slice(odd.lines_counted)
        else:
            plain = np.ones(odd.lines_counted, np.bool_)
            plain[odd.lines] = False
        lines, (starts, ends), closes = (
            slice(odd.lines_counted),
            (block.starts, block.ends),
            (block.begins, block.lengths),
        )
        return Columns(
            piece,
            header,
            starts[lines][plain],
            ends[lines][plain],
            odd.records,
            (closes[0][lines][plain], closes[1][lines][plain]),
        )

    def _count_each(self, ticks: list[int], places: int, odd: OddLines, columns: Columns | None) -> None:
        """Count the rows one at a time, as Python integers, where the sums do not fit into int64."""
        if columns is None:
            self._tally.push_each(odd.closes.get(at, (value, places)) for at, value in enumerate(ticks))
            return
        at = 0

        def closes() -> Iterator[Close]:
            nonlocal at
            for at, value in enumerate(ticks):
                yield odd.closes.get(at, (value, places))

        row = Row(self._tally.mean.window, lambda column: columns.texts(column)[at])
        self._row_engine.count_and_show(closes(), row)
