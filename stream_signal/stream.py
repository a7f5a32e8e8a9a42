r"""SignalStream: bytes in, counts out. No I/O, no clock, no log.

The core that every door stands on: a file, a pipe and a test feed it the same bytes, cut as they please, and read the
same counts. It counts as the bytes come; memory is the window, one block and one unfinished line.

Two engines do the work, and the caller never chooses. The row engine (`rows`, `RollingMean.push`) reads anything, a
line at a time. The block engine (`blocks`, `window_blocks`) takes the complete lines of a large piece at once; the
lines that it cannot read exactly, or the whole block, it leaves to the row engine, in their order.

      piece   ...,4.58,1.5\n | 17,... \n 18,... \n 19,... \n | 20,4.5
               row engine    |       block engine         | row engine, which holds it until it is whole
                             |    odd lines: row engine   |
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.config import Config
from stream_signal.errors import TruncatedError
from stream_signal.rolling import RollingMean
from stream_signal.rows import RowReader
from stream_signal.state import State
from stream_signal.times import find_time as find_time_column

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from stream_signal.blocks import Block, BlockDecoder
    from stream_signal.header import Header
    from stream_signal.repairs import Repairs
    from stream_signal.signal_lines import SignalLines
    from stream_signal.ticks import Close

# NumPy takes some 80 ms to import, in which the row engine reads 60,000 rows, or a quarter of that where it tells of
# each: a smaller job is over sooner without it.
BLOCK_ENGINE_FROM_BYTES = 4 * 1024 * 1024
# A block fits in the cache along with what is made of it.
BLOCK_BYTES = 512 * 1024
# A block costs some 100 microseconds however short it is, as much as 80 rows cost the row engine.
LEAST_BLOCK_BYTES = 8 * 1024
# Pieces shorter than this are rows as they come, not a backlog, and are not worth the wait for NumPy.
BACKLOG_BYTES = 32 * 1024


class Counts(NamedTuple):
    """The answer: `rows` read, `signals` among them, and `value`, signals / rows as the nearest float64."""

    rows: int
    signals: int
    value: float


class SignalStream:
    r"""Counts the rows of candle CSV whose close is above the mean of the last `window` closes.

    `feed` takes bytes cut anywhere; `finish` ends the stream. DataError names the line that cannot be read; after it,
    or after `finish`, the stream takes no more (ValueError). `rows` and `signals` can be read at any time. Where there
    are `lines`, each row that counts is added to them.

    >>> stream = SignalStream(Config(window=2))
    >>> stream.feed(b"close\n4.58\n4.")
    >>> stream.feed(b"58\n4.59\n")
    >>> stream.finish()
    Counts(rows=3, signals=1, value=0.3333333333333333)
    """

    def __init__(self, config: Config | None = None, lines: SignalLines | None = None) -> None:
        config = config or Config()
        self.rows = 0
        self.signals = 0
        self._expected = 0  # bytes
        self._fed = 0  # bytes of this part
        self._lines = lines
        self._block_engine_from = BLOCK_ENGINE_FROM_BYTES // (4 if lines else 1)
        find_time = partial(find_time_column, column=lines.time_column) if lines else None
        self._reader = RowReader(config, find_time)
        self._mean = RollingMean(config.window)
        self._decoder: BlockDecoder | None = None
        self._closed = False

    @classmethod
    def from_state(cls, config: Config, state: State, lines: SignalLines | None = None) -> Self:
        r"""Go on where `state` was taken, with the bytes from its offset on; `config` is that of the stream it is of.

        >>> stream = SignalStream(Config(window=2))
        >>> stream.feed(b"close\n4.58\n4.")
        >>> stream = SignalStream.from_state(Config(window=2), stream.state())
        >>> stream.feed(b"4.58\n4.59\n")
        >>> stream.finish()
        Counts(rows=3, signals=1, value=0.3333333333333333)
        """
        self = cls(config, lines)
        self.rows, self.signals, self._fed = state.rows, state.signals, state.offset
        self._reader.resume(state.header, state.offset, state.line, state.repairs)
        self._mean.restore(state.ring, state.places)
        return self

    def state(self) -> State:
        """Return all that it takes to go on from the first row not counted; ValueError where the stream has ended."""
        self._check_open()
        offset, line, repairs = self._reader.position(self._fed)
        return State(self.rows, self.signals, self.header, offset, line, repairs, self._mean.held(), self._mean.places)

    @property
    def closed(self) -> bool:
        """Whether it takes no more: it was finished, or a line of it could not be read."""
        return self._closed

    @property
    def value(self) -> float | None:
        """The signal rate so far: signals / rows, or None before the first row."""
        return self.signals / self.rows if self.rows else None

    @property
    def header(self) -> Header | None:
        """How the rows are read, once the first lines have shown it."""
        return self._reader.header

    @property
    def repairs(self) -> Repairs:
        """What was passed over or taken as missing so far."""
        return self._reader.repairs

    def expect(self, size: int) -> None:
        """Say that some `size` more bytes will come: the sooner it is known that many do, the faster they are read."""
        self._expected += size

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; to feed a and then b is to feed a + b."""
        self._check_open()
        data = data if isinstance(data, bytes) else bytes(memoryview(data))
        self._fed += len(data)
        if self._expected < self._block_engine_from or len(data) < BACKLOG_BYTES:
            self._expected += len(data)
            self._count(self._reader.feed(data))
            return
        for start in range(0, len(data), BLOCK_BYTES):
            self._feed_large(data[start : start + BLOCK_BYTES])

    def end_part(self) -> None:
        """End one file of several: its last row needs no newline, and the next may bring its own header."""
        self._check_open()
        self._count(self._reader.end_part())
        self._fed = 0

    def finish(self) -> Counts:
        """End the stream and return its counts; TruncatedError where there was no row."""
        self.end_part()
        return self._close()

    def stop(self) -> Counts:
        """End the stream where it is, between two rows: a line that is not at its end does not count."""
        self._check_open()
        self._reader.drop_part()
        return self._close()

    def drop_part(self) -> None:
        """End a file that may not be whole: a line without its newline does not count, and is told as a repair."""
        self._check_open()
        self._reader.drop_part()
        self._fed = 0

    def _close(self) -> Counts:
        self._closed = True
        if not self.rows:
            raise TruncatedError(None, "at least one row", "a header alone" if self.header else "an empty input")
        return Counts(self.rows, self.signals, self.signals / self.rows)

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("this stream has ended")

    def _count(self, closes: Iterator[Close]) -> None:
        """Count rows one at a time."""
        self._closed = True  # unless every row was read
        if self._lines:
            self._count_and_tell(closes, self._lines)
            self._closed = False
            return
        push, clear = self._mean.push, self._mean.clear
        rows = signals = 0
        try:
            for close in closes:
                rows += 1
                if close is None:
                    clear()
                elif push(*close):
                    signals += 1
        finally:
            self.rows += rows
            self.signals += signals
        self._closed = False

    def _count_and_tell(self, closes: Iterator[Close], lines: SignalLines) -> None:
        """Count rows one at a time, and add a line for each."""
        mean, reader = self._mean, self._reader
        for close in closes:
            self.rows += 1
            time, text = reader.told
            if close is None:
                mean.clear()
                lines.add(self.rows, time, b"", None, signal=False)
            else:
                above = mean.push(*close)
                self.signals += above
                lines.add(self.rows, time, text, mean, signal=above)

    def _feed_large(self, piece: bytes) -> None:
        """Feed a piece, the long stretches of whole lines without a quote in them to the block engine."""
        from stream_signal.blocks import PADDING  # noqa: PLC0415 - NumPy comes with it

        at = 0
        while at < len(piece):
            # The line at 0 may have begun in the last piece, and the one at the end may go on in the next.
            start = at if at >= PADDING else piece.find(b"\n", PADDING - 1) + 1
            quote = piece.find(b'"', start)
            limit = len(piece) - PADDING if quote < 0 else min(quote, len(piece) - PADDING)
            end = piece.rfind(b"\n", start, limit) + 1
            if start and end - start >= LEAST_BLOCK_BYTES:
                self._count(self._reader.feed(piece[at:start]))
                block = self._decode(piece, start, end) if self._reader.between_rows else None
                if block and self._lines:
                    self._tell_block(piece, block, self._lines)
                elif block:
                    self._count_block(piece, block)
                else:
                    self._count(self._reader.feed(piece[start:end]))
            else:
                # As much as would have made a block, so that a piece full of quotes is not cut small.
                end = piece.find(b"\n", max(at + LEAST_BLOCK_BYTES, quote)) + 1 or len(piece)
                self._count(self._reader.feed(piece[at:end]))
            at = end

    def _decode(self, piece: bytes, start: int, end: int) -> Block | None:
        from stream_signal.blocks import BlockDecoder  # noqa: PLC0415 - NumPy comes with it

        if not self._decoder:
            header = self._reader.header
            if not header:
                return None
            self._decoder = BlockDecoder(header.delimiter, header.position, header.width, BLOCK_BYTES)
        return self._decoder.decode(piece, start, end)

    def _count_block(self, piece: bytes, block: Block) -> None:
        """Count the rows of a block; the row engine reads its odd lines, in their order."""
        from stream_signal.window_blocks import push_block  # noqa: PLC0415 - NumPy comes with it

        reader, starts, ends = self._reader, block.starts, block.ends
        odd: dict[int, list[Close]] = {}
        lines, passed = len(block.ticks), 0
        self._closed = True  # unless every row was read
        try:
            for line in block.odd.tolist():
                reader.pass_over(line - passed)
                passed = line + 1
                odd[line] = list(reader.feed(piece[starts[line] : ends[line] + 1]))
        except BaseException:
            lines = max(passed - 1, 0)  # the rows before the one that could not be read, or was not to be, count
            raise
        finally:
            self.signals += push_block(self._mean, block.ticks[:lines], block.places, odd)
            self.rows += lines - sum(not closes for closes in odd.values())
        reader.pass_over(lines - passed)
        self._closed = False

    def _tell_block(self, piece: bytes, block: Block, lines: SignalLines) -> None:
        """Count the rows of a block, a line for each: run by run, and the odd lines between them by the row engine."""
        from stream_signal.signal_blocks import tell_run  # noqa: PLC0415 - NumPy comes with it

        begin, header = 0, self._reader.header
        for odd in [*block.odd.tolist(), len(block.ticks)]:
            if odd > begin and header:
                text, ticks = piece[block.starts[begin] : block.ends[odd - 1] + 1], block.ticks[begin:odd]
                row, time = self.rows + 1, self._reader.time_position
                signals = tell_run(lines, self._mean, header, time, row, text, ticks, block.places)
                if signals is None:
                    self._count(self._reader.feed(text))
                else:
                    self.rows += len(ticks)
                    self.signals += signals
                    self._reader.pass_over(len(ticks))
            if odd < len(block.ticks):
                self._count(self._reader.feed(piece[block.starts[odd] : block.ends[odd] + 1]))
            begin = odd + 1
