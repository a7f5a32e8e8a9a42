"""Drive: one loop over the events of a source, which feeds the stream and then each sink.

    source -> Begin (bytes | Batch | Counted | IDLE)* End, again and again -> SignalStream -> sinks

A stop signal is held back while a chunk is counted and the sinks take it, so that stream and sinks are always between
the same two rows when it takes effect.
"""

from __future__ import annotations

import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from stream_signal.core.errors import InputError, Interrupted, OutputError, StreamSignalError, TruncatedError
from stream_signal.core.urls import shown_path, without_secrets
from stream_signal.inputs.events import Begin, Counted, End
from stream_signal.inputs.probe import probe
from stream_signal.job.failure import attempt
from stream_signal.outputs.parts import Sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.rows import Batch
    from stream_signal.core.series.panel import Counts
    from stream_signal.core.stream import SignalStream
    from stream_signal.inputs.events import Source
    from stream_signal.stopping import StopSignals


class _Enough(Exception):  # noqa: N818 - nobody made an error
    """All rows that are wanted have been counted."""


class _Limit(Sink):
    """Ends the reading behind so many rows."""

    def __init__(self, stream: SignalStream, rows: int) -> None:
        self._stream = stream
        self._rows = rows

    def turn(self) -> None:
        """Raise _Enough if they are there."""
        if self._stream.rows >= self._rows:
            raise _Enough


class Drive:
    """One run of `stream` over `source`, from `offset` of input number `first` on.

    `sinks` are called in their order.
    """

    def __init__(
        self,
        source: Source,
        stream: SignalStream,
        sinks: Sequence[Sink],
        stop: StopSignals,
        first: int = 0,
        offset: int = 0,
    ) -> None:
        self.stream = stream
        self._source = source
        self._sinks = sinks
        self._stop = stop
        self._first = first
        self._offset = offset

    def run(self) -> Counts:
        """Read to the end of the last input; return the counts."""
        try:
            with self._stop.honoured():
                end = self.read()
            return self._finish(end)
        except StreamSignalError as error:
            self._fail(error)
            raise

    def read(self) -> End:
        """Read to the end of the last input; return how it ends: its last row is not counted yet."""
        end: End | None = None
        patience = self._patience if any(sink.due < inf for sink in self._sinks) else None
        events = self._source.events(self._first, self._offset, patience)
        try:
            for event in events:
                if isinstance(event, End):
                    end = event
                elif not isinstance(event, Begin):
                    self._take(event)
                else:
                    if end:
                        self._end_input(end)
                    end = None
                    self._begin_input(event)
                for sink in self._sinks:
                    sink.turn()
                del event  # the source makes the next one
            if self._source.endless:
                self._stop.obey()  # it ends anyway
        except Interrupted as interrupted:
            if not self._source.endless:
                raise
            self._stop.obey()
            for sink in self._sinks:
                sink.stop(interrupted.name)
        finally:
            events.close()  # now, with the thread and the file that it may have
        return end or End(torn=True)

    def _begin_input(self, begin: Begin) -> None:
        # A rotated file has a name of its own.
        names = self._source.names
        name = without_secrets(begin.name) if len(names) > 1 or begin.name not in names else None
        path = names[0] if self._source.endless else begin.name
        self.stream.begin_input(name, begin.size, begin.line_of, path, ends=not self._source.endless)
        for sink in self._sinks:
            sink.begin(begin.name)

    def _take(self, event: bytes | Batch | Counted) -> None:
        if not event:
            return
        with self._stop.deferred():
            if isinstance(event, bytes):
                self.stream.feed(event)
                size, tail = len(event), event
            elif isinstance(event, Counted):
                self.stream.add(event.stretch, event.tail)
                size, tail = event.stretch.size, event.tail
            else:
                self.stream.feed_batch(event)
                size, tail = event.size, b""
            for sink in self._sinks:
                sink.take(size, tail)

    def _end_input(self, end: End) -> None:
        with self._stop.deferred():
            if end.rotated:
                for sink in self._sinks:
                    sink.leaving(end.rotated)
            if end.torn:
                self.stream.drop_input()
            else:
                self.stream.end_input()
            for sink in self._sinks:
                sink.end(end.rotated)

    def _finish(self, end: End) -> Counts:
        with self._stop.deferred():
            for sink in self._sinks:
                sink.ending()
            self._end_input(end)
            counts = self._counts()
            for sink in self._sinks:
                sink.finish()
        return counts

    def _counts(self) -> Counts:
        try:
            return self.stream.finish()
        except TruncatedError:
            path = self._source.names[0]
            if self._source.endless and probe(path).kind == "nothing":
                raise InputError(f"there is no file {shown_path(path)}: nothing came") from None
            raise

    def _fail(self, error: StreamSignalError) -> None:
        """Let each sink do what remains to be done; what cannot be written does not hide the error."""
        if isinstance(error, (Interrupted, OutputError)):
            self._stop.obey()  # the job is stopping already
        for sink in self._sinks:
            attempt(error, partial(sink.fail, error), self._stop)

    def _patience(self) -> float:
        """Return how many seconds remain until a sink has something to do."""
        return max(0.0, min(sink.due for sink in self._sinks) - time.monotonic())


def read(stream: SignalStream, source: Source) -> None:
    """Feed the inputs of a source to `stream`, which then only has to be finished."""
    from stream_signal.stopping import StopSignals

    Drive(source, stream, [], StopSignals()).read()


def read_first(stream: SignalStream, source: Source, rows: int, stop: StopSignals) -> bool:
    """Feed the first rows of a source to `stream`, so many or a few more; return whether these are all that it has."""
    try:
        with stop.honoured():
            Drive(source, stream, [_Limit(stream, rows)], stop).read()
    except _Enough:
        return False
    return True
