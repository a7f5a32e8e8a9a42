"""Rows counted one at a time: the row engine, which reads anything and is the reference for what is fast.

Bytes become closes (`rows`), closes become signals (`rolling`); where it is asked for, each row is told as a line
(`signal_lines`), and its time compared with that of the row before (`times`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stream_signal.core.observers.time_order import find_time
from stream_signal.core.rolling import RollingMean
from stream_signal.core.rows.reader import RowReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.ticks import Close


class RowEngine:
    r"""Counts `rows`, and `signals` among them; `reader` and `mean` stand where the last row counted has left them.

    Each row is added to `lines`, and its time shown to `time_order`, if there are any; both know where the times stand.

    >>> from stream_signal.core.config import Config
    >>> engine = RowEngine(Config(window=2))
    >>> engine.feed(b"close\n4.58\n4.58\n4.59\n4.6")
    >>> engine.rows, engine.signals
    (3, 1)
    """

    def __init__(self, config: Config, lines: SignalLines | None = None, time_order: TimeOrder | None = None) -> None:
        self.rows = 0
        self.signals = 0
        self.lines = lines
        self.time_order = time_order
        teller = lines or time_order
        self.reader = RowReader(config, partial(find_time, column=teller.time_column) if teller else None)
        self.mean = RollingMean(config.window)

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere; DataError at a line that cannot be read, the rows before it counted."""
        self._count(self.reader.feed(data))

    def end_part(self) -> None:
        """Take the end of one file of several, which ends its last row."""
        self._count(self.reader.end_part())

    def _count(self, closes: Iterator[Close]) -> None:
        if self.lines or self.time_order:
            self._count_and_tell(closes)
            return
        push, clear = self.mean.push, self.mean.clear
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

    def _count_and_tell(self, closes: Iterator[Close]) -> None:
        mean, reader, lines, time_order = self.mean, self.reader, self.lines, self.time_order
        times: list[bytes] = []
        try:
            for close in closes:
                self.rows += 1
                time, text = reader.told
                if time_order:
                    times.append(time)
                above = False
                if close is None:
                    mean.clear()
                    text = b""
                else:
                    above = mean.push(*close)
                    self.signals += above
                if lines:
                    lines.add(self.rows, time, text, None if close is None else mean, signal=above)
        finally:
            if time_order:
                time_order.see(times, self.rows - len(times) + 1)
