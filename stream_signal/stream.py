"""SignalStream: bytes in, counts out. No I/O, no clock, no log.

The core that every door stands on: a file, a pipe and a test feed it the same bytes, cut as they please, and read the
same counts. It takes the rows one at a time and counts as it goes; memory is the window and one unfinished line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.config import Config
from stream_signal.errors import TruncatedError
from stream_signal.rolling import RollingMean
from stream_signal.rows import RowReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.header import Header
    from stream_signal.repairs import Repairs
    from stream_signal.rows import Close


class Counts(NamedTuple):
    """The answer: `rows` read, `signals` among them, and `value`, signals / rows as the nearest float64."""

    rows: int
    signals: int
    value: float


class SignalStream:
    r"""Counts the rows of candle CSV whose close is above the mean of the last `window` closes.

    `feed` takes bytes cut anywhere; `finish` ends the stream. DataError names the line that cannot be read; after it,
    or after `finish`, the stream takes no more (ValueError). `rows` and `signals` can be read at any time.

    >>> stream = SignalStream(Config(window=2))
    >>> stream.feed(b"close\n4.58\n4.")
    >>> stream.feed(b"58\n4.59\n")
    >>> stream.finish()
    Counts(rows=3, signals=1, value=0.3333333333333333)
    """

    def __init__(self, config: Config | None = None) -> None:
        config = config or Config()
        self.rows = 0
        self.signals = 0
        self._reader = RowReader(config)
        self._mean = RollingMean(config.window)
        self._closed = False

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

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; to feed a and then b is to feed a + b."""
        self._count(self._reader.feed(data if isinstance(data, bytes) else bytes(memoryview(data))))

    def end_part(self) -> None:
        """End one file of several: its last row needs no newline, and the next may bring its own header."""
        self._count(self._reader.end_part())

    def finish(self) -> Counts:
        """End the stream and return its counts; TruncatedError where there was no row."""
        self.end_part()
        self._closed = True
        if not self.rows:
            raise TruncatedError(None, "at least one row", "a header alone" if self.header else "an empty input")
        return Counts(self.rows, self.signals, self.signals / self.rows)

    def _count(self, closes: Iterator[Close]) -> None:
        if self._closed:
            raise ValueError("this stream has ended")
        self._closed = True  # unless every row was read
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
