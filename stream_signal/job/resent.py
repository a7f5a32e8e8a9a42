"""WithoutRepeats: what a sender repeats of a stream is skipped, up to the last timestamp that was counted.

It reads the rows of a pipe with the row reader until the first one that is new; from there on, bytes pass unread. That
is exact only if timestamps are unique and in order, so a timestamp that is not later than the one before is refused.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from stream_signal.core.errors import CheckpointError, DataError, shown
from stream_signal.core.layout.layout import find_time
from stream_signal.core.limits import MAX_LINE_BYTES
from stream_signal.core.text.lines import LineSplitter
from stream_signal.core.text.reader import reader_of_texts
from stream_signal.core.timestamps import is_later
from stream_signal.inputs.events import End

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.rows import Rows
    from stream_signal.inputs.events import Event, Source
    from stream_signal.job.saved import Saved

UNIQUE = "--resume-by time needs timestamps that are unique and in order"


class Repeats:
    r"""Skips the rows up to the one with the timestamp `last`, in bytes cut anywhere.

    `header` is that of the stream, and `column` its timestamp column, as it was set. `lines` counts the lines that were
    skipped. DataError if a timestamp is not later than the one before, or `last` is missing between two of them.

    >>> from stream_signal import Config
    >>> from stream_signal.core.layout.layout import find_header
    >>> header = find_header(b"time,close", 1, "close", None)
    >>> repeats = Repeats(Config(), header, b"120", None)
    >>> repeats.feed(b"time,close\n60,1\n120,2\n18"), repeats.feed(b"0,3\n240,4\n")
    (b'', b'time,close\n180,3\n240,4\n')
    """

    def __init__(self, config: Config, header: Layout, last: bytes, column: TimeColumn | None) -> None:
        self.lines = 0
        self._header = header
        self._last = last
        self._position: Position = find_time(header, column) or 0
        self._reader = reader_of_texts(config, header)
        self._splitter = LineSplitter()
        self._record: list[bytes] = []  # the lines of a row that is not complete
        self._before = b""
        self._is_done = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return those that are new, with the header in front of them if lines were skipped."""
        if self._is_done:
            return data
        lines = self._splitter.split(data)
        for at, line in enumerate(lines):
            self._record.append(line)
            if self._is_new(line + b"\n"):
                return self._begin_new(b"\n".join([*self._record, *lines[at + 1 :], self._splitter.rest()]))
        if self._splitter.held > MAX_LINE_BYTES:
            self._is_new(self._splitter.rest())  # it refuses such a line
        return b""

    def end(self) -> bytes:
        """End the input; return its last row, which may have no newline, if that is new."""
        if self._is_done:
            return b""
        rest = self._splitter.rest()
        self._record.append(rest)
        if rest and (self._is_new(rest) or self._are_new(self._reader.rest())):
            return self._begin_new(b"\n".join(self._record))
        self._reader.end_input()
        return b""

    def _is_new(self, line: bytes) -> bool:
        """Whether a line completes a row that has not been counted."""
        is_new = self._are_new(self._reader.rows(line))
        if not is_new and self._reader.between_rows:
            self.lines += len(self._record)
            self._record.clear()
        return is_new

    def _are_new(self, batches: Iterator[Rows]) -> bool:
        """Whether the row of a line is new."""
        is_new = False
        for rows in batches:
            for time in rows.texts(self._position):
                is_new = self._is_row_new(time.strip(b" "))
            if rows.failure:
                raise rows.failure
        return is_new

    def _is_row_new(self, time: bytes) -> bool:
        before, last = self._before, self._last
        is_new, line = is_later(time, last), self._reader.line
        if before and not is_later(time, before):
            raise DataError(line, f"a timestamp after {shown(before)}", f"{shown(time)}; {UNIQUE}")
        if not (is_new or time == last or is_later(last, time)):
            raise DataError(line, f"a timestamp that can be compared with {shown(last)}", f"{shown(time)}; {UNIQUE}")
        if is_new and before and before != last:
            order = f"{shown(time)} after {shown(before)}"
            raise DataError(line, f"the timestamp {shown(last)} of the last row counted", order)
        self._before = time
        return is_new

    def _begin_new(self, data: bytes) -> bytes:
        self._is_done = True
        if self.lines and self._header.line:  # otherwise its first row would need a close to be known as one
            self.lines -= 1
            return self._header.line + b"\n" + data
        return data


class WithoutRepeats:
    """`source`, a pipe, without the rows that `repeats` skips; `skipped` is called with how many lines that were."""

    endless = False

    def __init__(self, source: Source, repeats: Repeats, skipped: Callable[[int], None]) -> None:
        self.names = source.names
        self._source = source
        self._repeats = repeats
        self._skipped = skipped

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Generator[Event]:
        """Yield the events of the source; IDLE for bytes that are all skipped."""
        waits = True
        with closing(self._source.events(first, offset, patience)) as events:
            for event in events:
                data = b""
                if isinstance(event, bytes):
                    data = self._repeats.feed(event)
                elif isinstance(event, End):
                    data = self._repeats.end()
                if data and waits:
                    waits = False
                    self._skipped(self._repeats.lines)
                if data or isinstance(event, bytes):
                    yield data
                if not isinstance(event, bytes):
                    yield event


def repeats_of(config: Config, saved: Saved, times: TimeOrder, path: str) -> Repeats:
    """Return what skips the rows of a checkpoint; CheckpointError if their timestamps do not tell them apart."""
    if times.tells_rows_apart and saved.state.header:
        return Repeats(config, saved.state.header, times.last, times.time_column)
    differs = "the timestamps of its rows are not known to be unique and in order"
    raise CheckpointError(path, differs, f"send the rows from row {saved.state.rows + 1} on, without --resume-by")
