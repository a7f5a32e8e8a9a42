"""Drives a stream over its inputs: piece after piece, and between two pieces what has come due.

    source -> pieces -> SignalStream.feed -> signals      the checkpoint is told what was read
                 between two of them: chores              a checkpoint saved, metrics so far written
    the end   -> SignalStream.finish                      and the last checkpoint

A signal to stop is kept back while a piece is counted and its signals are written, so that the stream always stands
between two rows when it takes effect; then the checkpoint is saved.
"""

from __future__ import annotations

import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import ClosedOutputError, DataError, Interrupted, OutputError, StreamSignalError
from stream_signal.inputs.plain import read_chunks, size_of
from stream_signal.job.journal import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.stream import Counts, SignalStream
    from stream_signal.inputs.follow import NextPart
    from stream_signal.job.checkpoint import Checkpoint
    from stream_signal.job.log import Log
    from stream_signal.job.stopping import StopSignals
    from stream_signal.outputs.signals import SignalsWriter

# A silence of candles of one minute that is no longer than this is none.
STALLED_SECONDS = 90


class Chore:
    """Something to be done every so many seconds, when `turn` is called and they are over."""

    def __init__(self, seconds: float, do: Callable[[], None]) -> None:
        self.due = time.monotonic() + seconds
        self._seconds = seconds
        self._do = do

    def put_off(self) -> None:
        """Begin the wait anew."""
        self.due = time.monotonic() + self._seconds

    def turn(self) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self.due:
            self.put_off()
            self._do()


class Source(NamedTuple):
    """What is to be read, and how: `paths` in their order, or one path that is followed as it grows."""

    paths: tuple[str, ...]
    follow: bool = False
    idle_seconds: float | None = None
    """after so long without new bytes, what is followed has ended; None: never"""


class Drive:
    """One run of a stream over its source; `chores` are done between two pieces of it, and while it is silent."""

    def __init__(
        self, source: Source, stream: SignalStream, stop: StopSignals, log: Log, signals: SignalsWriter | None = None
    ) -> None:
        self.stream = stream
        self._source = source
        self._stop = stop
        self._log = log
        self._signals = signals
        self._chores: list[Chore] = []
        self._checkpoint: Checkpoint | None = None
        self._findings = Findings(stream, log)
        self._saves_at_row = inf  # the first of a file that took another's place
        self._silence = Chore(STALLED_SECONDS, self._note_silence)
        if log.listens:
            self._chores.append(self._silence)

    def every(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something every so many seconds, between two pieces."""
        self._chores.append(Chore(seconds, do))

    def keep(self, checkpoint: Checkpoint, every_seconds: float) -> None:
        """Save the state of the stream there: every so many seconds, when stopped, and at the end."""
        self._checkpoint = checkpoint
        self.every(every_seconds, self._save)

    def run(self) -> Counts:
        """Read the source to its end; return the counts."""
        try:
            counts = self._run()
        except StreamSignalError as error:
            self._add(error, self._log_counts)
            raise
        self._log_counts()
        return counts

    def _run(self) -> Counts:
        stream, checkpoint = self.stream, self._checkpoint
        first, offset = (checkpoint.first, checkpoint.offset) if checkpoint else (0, 0)
        *others, last = self._source.paths[first:]
        try:
            for path in others:
                rows, size = stream.rows, self._read(path, offset)
                self._end_part(checkpoint.next_input if checkpoint else None)
                self._findings.log_input_end(path, size, stream.rows - rows)
                offset = 0
            rows, size = stream.rows, self._read(last, offset)
            counts = self._finish()
            self._findings.log_input_end(last, size, stream.rows - rows)
        except DataError as error:
            error.source = stream.repairs.source
            self._add(error, self._tell)  # the rows before it
            if checkpoint and not checkpoint.is_of_files:  # nobody can read it again but who has sent it
                error.add_note(f"the checkpoint holds {checkpoint.rows} rows: send those after them")
            raise
        except (Interrupted, OutputError) as stopped:
            self._save_after(stopped)
            raise
        return counts

    def _add(self, error: StreamSignalError, do: Callable[[], None]) -> None:
        """Do what is left to do after an error; what cannot be written does not hide it."""
        try:
            do()
        except Interrupted:
            self._stop.obey()  # it ends all the same
        except OutputError as unwritten:
            if str(unwritten) != str(error):
                error.add_note(str(unwritten))

    def _read(self, path: str, offset: int) -> int:
        """Read an input from `offset` to its end; return how many bytes that was."""
        self.stream.repairs.source = path if len(self._source.paths) > 1 else None
        self.stream.expect(size_of(path) - offset)
        size = 0
        try:
            for chunk in self._chunks(path, offset):
                if isinstance(chunk, bytes):
                    size += len(chunk)
                    self._take(chunk, path)
                else:
                    self._replace_input(path, chunk.why)
                for chore in self._chores:
                    chore.turn()
            if self._source.follow:
                self._stop.obey()  # its end is the end that a signal asks for
        except Interrupted as stopped:
            if not self._source.follow:
                raise
            self._stop.obey()
            self._log.info("stopped", by=stopped.name)
        return size

    def _chunks(self, path: str, offset: int) -> Iterator[bytes | NextPart]:
        if not self._source.follow:
            return read_chunks(path, offset, self._next_chore if self._chores else None)
        from stream_signal.inputs.follow import follow_chunks  # noqa: PLC0415 - only who follows needs it

        return follow_chunks(path, offset, self._next_chore, self._source.idle_seconds)

    def _take(self, chunk: bytes, path: str) -> None:
        """Count a piece, and tell of its rows."""
        if not chunk:
            return
        knew_header = self.stream.header is not None
        try:
            with self._stop.held():
                self.stream.feed(chunk)
                if self._checkpoint:
                    self._checkpoint.add(chunk)
        except StreamSignalError as error:
            if not knew_header:
                self._add(error, partial(self._findings.log_header, path))
            raise
        if not knew_header:
            self._findings.log_header(path)
        self._tell()
        if self.stream.rows >= self._saves_at_row:  # the checkpoint is of the other file: a kill could not go on
            self._saves_at_row = inf
            self._save()
        self._findings.log_news()
        self._silence.put_off()  # now: that the reader of the signals was slow is no silence

    def _tell(self) -> None:
        """Write the signals of the rows that were counted."""
        if not self._signals:
            return
        with self._stop.held():
            written = self._signals.write()
            if self._checkpoint and self._signals.is_file:
                self._checkpoint.add_written(written)

    def _end_part(self, then: Callable[[], None] | None = None) -> None:
        """End a part, and with it its last row; `then` tells the checkpoint, in the same step."""
        with self._stop.held():
            self.stream.end_part()
            if then:
                then()
        self._tell()

    def _replace_input(self, path: str, why: str) -> None:
        """Go over to the file that stands in the place of the one that was followed."""
        self._log.info("next file", input=path, why=why, rows=self.stream.rows)
        with self._stop.held():
            self.stream.drop_part()
            if self._checkpoint:
                self._checkpoint.replace_input()
        self._saves_at_row = self.stream.rows + 1

    def _finish(self) -> Counts:
        """End the last input and the stream, and save the last checkpoint.

        A file may grow: its last row, if it has no newline, counts now and is read again then, so the checkpoint stands
        before it, and before its signal. The end of a pipe ends the row. What is followed is not at its end: there a
        row counts once its newline has come.
        """
        stream, checkpoint, follow = self.stream, self._checkpoint, self._source.follow
        if checkpoint and not checkpoint.is_of_files:
            self._end_part()
        with self._stop.held():
            self._tell()  # what a signal has kept back
            state = stream.state() if checkpoint else None
            written = self._signals.length if self._signals else 0
            counts = stream.stop() if follow else stream.finish()
            self._tell()
            if self._signals:
                self._signals.sync()
            if checkpoint and state:
                checkpoint.save(state, written)
        return counts

    def _next_chore(self) -> float:
        """How many seconds there are until something has to be done."""
        return max(0.0, min((chore.due for chore in self._chores), default=inf) - time.monotonic())

    def _save_after(self, stopped: Interrupted | OutputError) -> None:
        """Save what was counted, unless the last of it is saved already, or its signals could not be written."""
        if self.stream.closed or (self._signals and self._signals.failed):
            return
        self._stop.obey()  # what is left to do is what it asks for
        try:
            self._save()
        except OutputError as unsaved:
            if isinstance(stopped, ClosedOutputError):  # which would end the job quietly
                raise
            if str(unsaved) != str(stopped):
                stopped.add_note(str(unsaved))

    def _save(self) -> None:
        if self._checkpoint:
            self._tell()
            if self._signals:
                self._signals.sync()
            self._checkpoint.save(self.stream.state(), self._signals.length if self._signals else 0)
            self._log.info("checkpoint saved", rows=self.stream.rows)

    def _log_counts(self) -> None:
        self._findings.log_counts()
        if self._signals and self._signals.unsent:
            self._log.warning("signals unsent", lines=self._signals.unsent)

    def _note_silence(self) -> None:
        self._log.warning("stalled", seconds=STALLED_SECONDS, rows=self.stream.rows)
        self._silence.due = inf  # until something comes
