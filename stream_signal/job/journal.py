"""Journal: what the log says about a stream as it runs: its header, inputs, repairs, timestamps out of order."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from stream_signal.core.findings import PREAMBLE_LINE
from stream_signal.core.urls import without_secrets
from stream_signal.hints.durations import fields_of
from stream_signal.job.doubts import Doubts
from stream_signal.outputs.parts import Every

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.outputs.parts import Job, Sink

# One-minute candles: warn only after 90 s without data.
STALLED_SECONDS = 90


def wanted(job: Job) -> Iterator[Sink]:
    """Yield what writes to the log."""
    yield Journal(job)


class Journal(Every):
    """Logs what was found in a stream and its timestamps: the first of each kind at once, counts at the end."""

    def __init__(self, job: Job) -> None:
        super().__init__(STALLED_SECONDS)
        self._job = job
        self._log = job.log
        (doubts,) = job.parts(Doubts)
        self._time_order = doubts.times
        self._knows_header = False
        self._noticed: set[str] = set()
        self._name = ""  # of the current input
        self._bytes = 0
        self._rows_before = 0

    def start(self) -> None:
        """Leave out what the job has noticed that a checkpoint continues."""
        super().start()
        stream = self._job.stream
        self._knows_header = stream.header is not None
        self._noticed = {*stream.repairs.first, *self._time_order.first}

    def begin(self, name: str) -> None:
        """Remember which input is read next."""
        self._name, self._bytes, self._rows_before = without_secrets(name), 0, self._job.stream.rows

    def take(self, size: int, tail: bytes) -> None:  # noqa: ARG002 - only their number counts
        """Log what was found for the first time: a live stream may not end for weeks."""
        self._bytes += size
        self._log_header()
        first_of: dict[str, object] = {kind: places[0] for kind, places in self._job.stream.repairs.first.items()}
        first_of.update(self._time_order.first)
        for kind, first in first_of.items():
            if kind not in self._noticed:
                self._log.warning("noticed", kind=kind, first=str(first))
        self._noticed |= first_of.keys()
        self.put_off()

    def do(self) -> None:
        """Log that no data has arrived for a while, once until some arrives."""
        self._log.warning("stalled", seconds=STALLED_SECONDS, rows=self._job.stream.rows)
        self.due = inf

    def end(self, rotated: str | None) -> None:
        """Log that an input was read."""
        self.take(0, b"")
        rows = self._job.stream.rows - self._rows_before
        self._log.info("input read", input=self._name, bytes=self._bytes, rows=rows)
        if rotated:
            self._log.info("next file", input=self._name, why=rotated, rows=self._job.stream.rows)

    def stop(self, by: str) -> None:
        """Log which signal has ended a followed file."""
        self._log.info("stopped", by=by)

    def finish(self) -> None:
        """Log the counts of each kind, and the result of each step."""
        self._log_found()
        stream = self._job.stream
        if span := self._time_order.span(stream.rows):
            self._log.info("period", **fields_of(span))
        self._log.info("rolling mean", window=stream.window, rows_with_mean=stream.rows_with_mean)
        self._log.info("signals", count=stream.signals, rate=stream.value)

    def fail(self, error: StreamSignalError) -> None:  # noqa: ARG002 - any error
        """Log what was found, as at the end."""
        self._log_header()
        self._log_found()

    def _log_found(self) -> None:
        repairs, time_order = self._job.stream.repairs, self._time_order
        if repairs.counts:
            self._log.warning("repairs", **repairs.counts, first=repairs.in_words())
        if time_order.counts:
            first = {kind: str(step) for kind, step in time_order.first.items()}
            self._log.warning("times", **time_order.counts, first=first)
        if self._job.order.signals:
            from stream_signal.outputs.signals import SignalsWriter

            for signals in self._job.parts(SignalsWriter):
                if signals.unsent:
                    self._log.warning("signals unsent", lines=signals.unsent)

    def _log_header(self) -> None:
        header = self._job.stream.header
        if self._knows_header or not header:
            return
        self._knows_header = True
        self._log.info(
            "header read",
            input=self._name,
            columns=list(header.names),
            column=header.position + 1,
            delimiter=header.delimiter,
            skipped_lines=self._job.stream.repairs.counts.get(PREAMBLE_LINE, 0),
        )
        if header.time is None:
            self._log.info("order not checked", input=self._name, why="no timestamp column")
