r"""Large pieces, their whole lines at once: the block engine, beside the row engine and on the same counts.

It takes the complete lines of a piece; the lines that it cannot read exactly, or the whole block, it leaves to the row
engine, in their order. So the two take turns as the bytes ask for it, and nobody can tell from the answer.

      piece   ...,4.58,1.5\n | 17,... \n 18,... \n 19,... \n | 20,4.5
               row engine    |       block engine         | row engine, which holds it until it is whole
                             |    odd lines: row engine   |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.blocks.columns import Columns, cut_out
from stream_signal.core.blocks.lines import Run, tell_run
from stream_signal.core.blocks.reader import PADDING, BlockDecoder
from stream_signal.core.blocks.rolling import push_block
from stream_signal.core.blocks.times import see_block

if TYPE_CHECKING:
    from stream_signal.core.blocks.reader import Block
    from stream_signal.core.header import Header
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.core.rows.engine import RowEngine
    from stream_signal.core.ticks import Close

# A block fits in the cache along with what is made of it.
BLOCK_BYTES = 512 * 1024
# A block costs some 100 microseconds however short it is, as much as 80 rows cost the row engine.
LEAST_BLOCK_BYTES = 8 * 1024
# So does a run of rows with their signals.
LEAST_RUN_ROWS = 64


class BlockEngine:
    r"""Counts the rows of large pieces on the counts of a row engine.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.rows.engine import RowEngine
    >>> rows = RowEngine(Config(window=2))
    >>> BlockEngine(rows).feed(b"time,close\n" + b"17,4.58\n18,4.59\n" * 5000 + b"19,4.")
    >>> rows.rows, rows.signals
    (10000, 5000)
    """

    def __init__(self, rows: RowEngine) -> None:
        self._rows = rows
        self._decoder: BlockDecoder | None = None
        _keep_memory()

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere; DataError at a line that cannot be read, the rows before it counted."""
        for start in range(0, len(data), BLOCK_BYTES):
            self._feed_piece(data[start : start + BLOCK_BYTES])

    def _feed_piece(self, piece: bytes) -> None:
        """Take the long stretches of whole lines without a quote in them."""
        rows, at = self._rows, 0
        while at < len(piece):
            # The line at 0 may have begun in the last piece, and the one at the end may go on in the next.
            start = at if at >= PADDING else piece.find(b"\n", PADDING - 1) + 1
            quote = piece.find(b'"', start)
            limit = len(piece) - PADDING if quote < 0 else min(quote, len(piece) - PADDING)
            end = piece.rfind(b"\n", start, limit) + 1
            if start and end - start >= LEAST_BLOCK_BYTES:
                rows.feed(piece[at:start])
                header, block = rows.reader.header, None
                if header and rows.reader.between_rows:
                    block = self._decode(header, piece, start, end)
                if not header or not block:
                    rows.feed(piece[start:end])
                elif rows.lines:
                    self._tell(piece, header, block, rows.lines)
                else:
                    self._count(piece, header, block)
            else:
                # As much as would have made a block, so that a piece full of quotes is not cut small.
                end = piece.find(b"\n", max(at + LEAST_BLOCK_BYTES, quote)) + 1 or len(piece)
                rows.feed(piece[at:end])
            at = end

    def _decode(self, header: Header, piece: bytes, start: int, end: int) -> Block | None:
        if not self._decoder:
            self._decoder = BlockDecoder(header.delimiter, header.position, header.width, BLOCK_BYTES)
        return self._decoder.decode(piece, start, end)

    def _count(self, piece: bytes, header: Header, block: Block) -> None:
        """Count the rows of a block; the row engine reads its odd lines, in their order."""
        rows, reader, starts, ends = self._rows, self._rows.reader, block.starts, block.ends
        odd: dict[int, list[Close]] = {}
        odd_times: dict[int, list[bytes]] = {}
        lines, passed = len(block.ticks), 0
        try:
            for line in block.odd.tolist():
                reader.pass_over(line - passed)
                passed = line + 1
                odd[line] = closes = list(reader.feed(piece[starts[line] : ends[line] + 1]))
                odd_times[line] = [reader.told[0]] * len(closes)
            reader.pass_over(lines - passed)
        except BaseException:
            lines = max(passed - 1, 0)  # the rows before the one that could not be read, or was not to be, count
            raise
        finally:
            first = rows.rows + 1
            rows.signals += push_block(rows.mean, block.ticks[:lines], block.places, odd)
            rows.rows += lines - sum(not closes for closes in odd.values())
            if rows.time_order and reader.time_position is not None:
                plain = np.delete(np.arange(lines), list(odd)) if odd else slice(lines)
                columns = Columns(piece, header, starts[plain], ends[plain])
                see_block(rows.time_order, columns, reader.time_position, first, odd_times)

    def _tell(self, piece: bytes, header: Header, block: Block, lines: SignalLines) -> None:
        """Count the rows of a block, a line for each: run by run, and what is between them by the row engine."""
        begin, starts, ends = 0, block.starts, block.ends
        for odd in [*block.odd.tolist(), len(block.ticks)]:
            if odd - begin >= LEAST_RUN_ROWS and self._tell_run(piece, header, block, lines, begin, odd):
                begin = odd
            end = min(odd + 1, len(block.ticks))
            if begin < end:
                self._rows.feed(piece[starts[begin] : ends[end - 1] + 1])
            begin = end

    def _tell_run(  # noqa: PLR0913, PLR0917 - what the lines of a run are made of
        self, piece: bytes, header: Header, block: Block, lines: SignalLines, begin: int, end: int
    ) -> bool:
        """Count the lines from `begin` to `end`, none of them odd; False where a sum might not fit into int64."""
        rows, reader, part = self._rows, self._rows.reader, slice(begin, end)
        columns = Columns(piece, header, block.starts[part], block.ends[part])
        closes = cut_out(piece, block.begins[part], block.lengths[part])
        run = Run(rows.rows + 1, columns, reader.time_position, closes, block.ticks[part], block.places)
        signals = tell_run(lines, rows.mean, run)
        if signals is None:
            return False
        if rows.time_order and run.time is not None:
            see_block(rows.time_order, columns, run.time, run.row, {})
        rows.rows += end - begin
        rows.signals += signals
        reader.pass_over(end - begin)
        return True


def _keep_memory() -> None:
    """Have the allocator keep what is freed, up to 16 MiB at a time, for the next block.

    glibc gives pieces above a threshold back to the system as soon as they are free, and to have them again costs a
    page fault each 4 KiB: half the time that JSON Lines take. The threshold is the largest piece that was ever freed
    (mallopt(3), M_MMAP_THRESHOLD); no page of this one is ever touched.
    """
    bytes(16 * 1024 * 1024)
