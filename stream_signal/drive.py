"""Drives a stream over its inputs: piece after piece, and between two pieces what has come due.

    inputs -> pieces -> SignalStream.feed          the checkpoint is told what was read
                 between two of them: chores       a checkpoint saved, metrics so far written
    the end   -> SignalStream.finish               and the last checkpoint

A signal to stop is kept back while a piece is counted, so that the stream always stands between two rows when it takes
effect; then the checkpoint is saved.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stream_signal.errors import ClosedOutputError, DataError, Interrupted, OutputError
from stream_signal.repairs import PREAMBLE_LINE
from stream_signal.sources import read_chunks, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.checkpoint import Checkpoint
    from stream_signal.log import Log
    from stream_signal.stopping import StopSignals
    from stream_signal.stream import Counts, SignalStream


class Chore:
    """Something to be done every so many seconds, when `turn` is called and they are over."""

    def __init__(self, seconds: float, do: Callable[[], None]) -> None:
        self.due = time.monotonic() + seconds
        self._seconds = seconds
        self._do = do

    def turn(self) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self.due:
            self._do()
            self.due = time.monotonic() + self._seconds


class Drive:
    """One run of a stream over `inputs`; `chores` are done between two pieces of them, and while a pipe is silent."""

    def __init__(
        self, inputs: tuple[str, ...], stream: SignalStream, stop: StopSignals, log: Log, chores: list[Chore]
    ) -> None:
        self.stream = stream
        self._inputs = inputs
        self._stop = stop
        self._log = log
        self._chores = chores
        self._checkpoint: Checkpoint | None = None

    def keep(self, checkpoint: Checkpoint, every_seconds: float) -> None:
        """Save the state of the stream there: every so many seconds, when stopped, and at the end."""
        self._checkpoint = checkpoint
        self._chores.append(Chore(every_seconds, self._save))

    def run(self) -> Counts:
        """Read the inputs to their end; return the counts."""
        stream, checkpoint = self.stream, self._checkpoint
        first, offset = (checkpoint.first, checkpoint.offset) if checkpoint else (0, 0)
        *others, last = self._inputs[first:]
        try:
            for path in others:
                rows, size = stream.rows, self._read(path, offset)
                with self._stop.held():
                    stream.end_part()
                    if checkpoint:
                        checkpoint.next_input()
                self._log_end(path, size, rows)
                offset = 0
            rows, size = stream.rows, self._read(last, offset)
            counts = self._finish()
            self._log_end(last, size, rows)
        except DataError as error:
            error.source = stream.repairs.source
            if checkpoint and not checkpoint.is_of_files:  # nobody can read it again but who has sent it
                error.add_note(f"the checkpoint holds {checkpoint.rows} rows: send those after them")
            raise
        except (Interrupted, OutputError) as stopped:
            self._save_after(stopped)
            raise
        finally:
            if stream.repairs.counts:
                self._log.warning("repairs", **stream.repairs.counts, first=stream.repairs.first)
        return counts

    def _save_after(self, stopped: Interrupted | OutputError) -> None:
        """Save what was counted, unless the last of it is saved already or can not be."""
        if self.stream.closed:
            return
        try:
            self._save()
        except OutputError as unsaved:
            if isinstance(stopped, ClosedOutputError):  # which would end the job quietly
                raise
            if str(unsaved) != str(stopped):
                stopped.add_note(str(unsaved))

    def _read(self, path: str, offset: int) -> int:
        """Read an input from `offset` to its end; return how many bytes that was."""
        stream, checkpoint = self.stream, self._checkpoint
        stream.repairs.source = path if len(self._inputs) > 1 else None
        stream.expect(size_of(path) - offset)
        size, told = 0, stream.header is not None
        for chunk in read_chunks(path, offset, self._next_chore if self._chores else None):
            size += len(chunk)
            try:
                with self._stop.held():
                    stream.feed(chunk)
                    if checkpoint:
                        checkpoint.add(chunk)
            finally:
                if stream.header and not told:
                    told = True
                    self._log_header(path)
            for chore in self._chores:
                chore.turn()
        return size

    def _next_chore(self) -> float:
        """How many seconds there are until something has to be done."""
        return max(0, min(chore.due for chore in self._chores) - time.monotonic())

    def _finish(self) -> Counts:
        """End the last input and the stream, and save the last checkpoint.

        A file may grow: its last row, if it has no newline, counts now and is read again then, so the checkpoint stands
        before it. The end of a pipe ends the row.
        """
        stream, checkpoint = self.stream, self._checkpoint
        with self._stop.held():
            if checkpoint and not checkpoint.is_of_files:
                stream.end_part()
            state = stream.state() if checkpoint else None
            counts = stream.finish()
            if checkpoint and state:
                checkpoint.save(state)
        return counts

    def _save(self) -> None:
        if self._checkpoint:
            self._checkpoint.save(self.stream.state())
            self._log.info("checkpoint saved", rows=self.stream.rows)

    def _log_end(self, path: str, size: int, rows_before: int) -> None:
        self._log.info("input read", input=path, bytes=size, rows=self.stream.rows - rows_before)

    def _log_header(self, path: str) -> None:
        header, skipped_lines = self.stream.header, self.stream.repairs.counts.get(PREAMBLE_LINE, 0)
        if header:
            columns, column, delimiter = list(header.names), header.position + 1, header.delimiter
            self._log.info(
                "header read",
                input=path,
                columns=columns,
                column=column,
                delimiter=delimiter,
                skipped_lines=skipped_lines,
            )
