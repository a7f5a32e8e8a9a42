r"""SignalStream: bytes in, counts out. No I/O, no clock, no log.

The core that every door stands on: a file, a pipe and a test feed it the same bytes, cut as they please, and read the
same counts. It counts as the bytes come; memory is the window, one block and one unfinished line.

Two engines do the work, and the caller never chooses. The row engine reads anything, a line at a time; the block engine
takes the whole lines of a large piece at once, and leaves to the row engine what it cannot read exactly.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.config import Config
from stream_signal.core.errors import TruncatedError
from stream_signal.core.rows.engine import RowEngine
from stream_signal.core.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from stream_signal.core.blocks.engine import BlockEngine
    from stream_signal.core.header import Header
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.repairs import Repairs

# NumPy takes some 80 ms to import, in which the row engine reads 60,000 rows, or a quarter of that where it tells of
# each: a smaller job is over sooner without it.
BLOCK_ENGINE_FROM_BYTES = 4 * 1024 * 1024
# Pieces shorter than this are rows as they come. Longer ones, one after the other, are a file or a backlog.
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
    are `lines`, each row that counts is added to them; where there is a `time_order`, it is shown the time of each.

    >>> stream = SignalStream(Config(window=2))
    >>> stream.feed(b"close\n4.58\n4.")
    >>> stream.feed(b"58\n4.59\n")
    >>> stream.finish()
    Counts(rows=3, signals=1, value=0.3333333333333333)
    """

    def __init__(
        self, config: Config | None = None, lines: SignalLines | None = None, time_order: TimeOrder | None = None
    ) -> None:
        self.time_order = time_order
        self._row_engine = RowEngine(config or Config(), lines, time_order)
        self._block_engine: BlockEngine | None = None
        self._block_engine_from = BLOCK_ENGINE_FROM_BYTES // (4 if lines else 1)
        self._expected = 0  # bytes
        self._backlog = 0  # bytes that came in large pieces, one after the other
        self._fed = 0  # bytes of this part
        self._closed = False

    @classmethod
    def from_state(
        cls, config: Config, state: State, lines: SignalLines | None = None, time_order: TimeOrder | None = None
    ) -> Self:
        r"""Go on where `state` was taken, with the bytes from its offset on; `config` is that of the stream it is of.

        >>> stream = SignalStream(Config(window=2))
        >>> stream.feed(b"close\n4.58\n4.")
        >>> stream = SignalStream.from_state(Config(window=2), stream.state())
        >>> stream.feed(b"4.58\n4.59\n")
        >>> stream.finish()
        Counts(rows=3, signals=1, value=0.3333333333333333)
        """
        self = cls(config, lines, time_order)
        engine = self._row_engine
        engine.rows, engine.signals, self._fed = state.rows, state.signals, state.offset
        engine.reader.resume(state.header, state.offset, state.line, state.repairs)
        engine.mean.restore(state.ring, state.places)
        if time_order and time_order.time_column == state.time_column:
            time_order.last = state.time
        return self

    def state(self) -> State:
        """Return all that it takes to go on from the first row not counted; ValueError where the stream has ended."""
        self._check_open()
        reader, mean, time_order = self._row_engine.reader, self._row_engine.mean, self.time_order
        offset, line, repairs = reader.position(self._fed)
        state = State(self.rows, self.signals, self.header, offset, line, repairs, mean.held(), mean.places)
        if time_order:
            state = state._replace(time=time_order.last, time_column=time_order.time_column)
        return state

    @property
    def rows(self) -> int:
        """Rows counted so far."""
        return self._row_engine.rows

    @property
    def signals(self) -> int:
        """Signals among them."""
        return self._row_engine.signals

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
        return self._row_engine.reader.header

    @property
    def repairs(self) -> Repairs:
        """What was passed over or taken as missing so far."""
        return self._row_engine.reader.repairs

    def expect(self, size: int) -> None:
        """Say that some `size` more bytes will come: the sooner it is known that many do, the faster they are read."""
        self._expected += size

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; to feed a and then b is to feed a + b."""
        data = data if isinstance(data, bytes) else bytes(memoryview(data))
        with self._reading():
            self._fed += len(data)
            self._backlog = self._backlog + len(data) if len(data) >= BACKLOG_BYTES else 0
            if self._backlog and (self._block_engine or self._pays()):
                self._blocks().feed(data)
            else:
                self._row_engine.feed(data)

    def end_part(self) -> None:
        """End one file of several: its last row needs no newline, and the next may bring its own header."""
        with self._reading():
            self._row_engine.end_part()
            self._fed = 0

    def drop_part(self) -> None:
        """End a file that may not be whole: a line without its newline does not count, and is told as a repair."""
        with self._reading():
            self._row_engine.reader.drop_part()
            self._fed = 0

    def finish(self) -> Counts:
        """End the stream and return its counts; TruncatedError where there was no row."""
        self.end_part()
        return self._close()

    def stop(self) -> Counts:
        """End the stream where it is, between two rows: a line that is not at its end does not count."""
        self.drop_part()
        return self._close()

    def _close(self) -> Counts:
        self._closed = True
        if not self.rows:
            raise TruncatedError(None, "at least one row", "a header alone" if self.header else "an empty input")
        return Counts(self.rows, self.signals, self.signals / self.rows)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._check_open()
        self._closed = True  # unless all is read
        yield
        self._closed = False

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("this stream has ended")

    def _pays(self) -> bool:
        """Whether there is so much to read that it is worth the wait for NumPy."""
        return max(self._expected, self._backlog) >= self._block_engine_from

    def _blocks(self) -> BlockEngine:
        if not self._block_engine:
            from stream_signal.core.blocks.engine import BlockEngine  # noqa: PLC0415 - NumPy comes with it

            self._block_engine = BlockEngine(self._row_engine)
        return self._block_engine
