"""The row engine: reads anything, one row at a time, and is the reference for the block engine.

Bytes become closes in the reader, and closes become counts in the tally; each observer then sees the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.observe import Observer, Row
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.tally import Tally
    from stream_signal.core.ticks import Close


class RowEngine:
    r"""Counts the rows that `reader` reads in `tally`, and in those of `more` windows, and shows each to the observers.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.rows.reader import RowReader
    >>> from stream_signal.core.tally import Tally
    >>> tally = Tally(window=2)
    >>> RowEngine(RowReader(Config(window=2)), tally).feed(b"close\n4.58\n4.58\n4.59\n4.6")
    >>> tally.rows, tally.signals
    (3, 1)
    """

    def __init__(
        self, reader: RowReader, tally: Tally, observers: Sequence[Observer] = (), more: Sequence[Tally] = ()
    ) -> None:
        self._reader = reader
        self._tally = tally
        self._more = more
        self._show = [observer.row for observer in observers]
        self._row: Row | None = None
        if observers:
            from stream_signal.core.observe import Row  # noqa: PLC0415 - a stream without observers needs none

            self._row = Row(tally.mean.window, reader.text, [each.mean.window for each in more])

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere; raise DataError at an unreadable line, after counting those before it."""
        self._count(self._reader.closes(data))

    def end_input(self) -> None:
        """End an input, and with it its last row."""
        self._count(self._reader.rest())
        self._reader.end_input()

    def _count(self, closes: Iterable[Close]) -> None:
        if self._row:
            self.count_and_show(closes, self._row)
        elif self._more:
            tallies = (self._tally, *self._more)
            for close in closes:
                for tally in tallies:
                    tally.push(close)
        else:
            self._tally.push_each(closes)

    def count_and_show(self, closes: Iterable[Close], row: Row) -> None:
        """Count a row for each close, and show it to the observers as `row`, which has its texts."""
        tally, mean, show_to = self._tally, self._tally.mean, self._show
        push, window, fill = tally.push, mean.window, row.fill
        for close in closes:
            above = push(close)
            total = mean.total if len(mean.ring) == window else None
            fill(tally.rows, close, total, mean.places, above=above)
            for each, seen in zip(self._more, row.more, strict=True):
                is_above, its = each.push(close), each.mean
                seen.fill(each.rows, close, its.total if its.ready else None, its.places, above=is_above)
            for show in show_to:
                show(row)
