"""CheckpointSaver: where a job with a checkpoint begins, and when it saves what it has counted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stream_signal.core.errors import ConfigError, InputError, Interrupted, OutputError
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import without_secrets
from stream_signal.inputs.events import TRUNCATED
from stream_signal.inputs.fingerprint import Edges
from stream_signal.job.checkpoint import Checkpoint, deciding_settings, last_time_of, next_row
from stream_signal.job.position import Position, find_known
from stream_signal.job.saved import Saved
from stream_signal.outputs.files import STDOUT
from stream_signal.outputs.parts import Every
from stream_signal.outputs.signals import SignalsWriter
from stream_signal.outputs.stderr import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.inputs.events import Source
    from stream_signal.inputs.rotation import Rotations
    from stream_signal.outputs.parts import Job, Sink


def wanted(job: Job) -> Iterator[Sink]:
    """Yield what saves the checkpoint, which is locked until the job ends."""
    yield CheckpointSaver(job, job.resources.enter_context(Checkpoint(str(job.order.checkpoint))))


class CheckpointSaver(Every):
    """Saves a job in `checkpoint`: at intervals, when the job is stopped, and at its end.

    The signals are written and synced before each save. A followed file without a row cannot be recognised, so until
    its first row is counted, the checkpoint stays at the end of the file before it, or at the start if there is none.
    Once there are `unsent` signals, nothing is saved.

    CheckpointError if the checkpoint is not one of this job, InputError if its inputs can have none.
    """

    def __init__(self, job: Job, checkpoint: Checkpoint) -> None:
        order, config = job.order, job.config
        super().__init__(order.checkpoint_every)
        self._job = job
        self._checkpoint = checkpoint
        self._signals = next(iter(job.parts(SignalsWriter)), None)
        self._rotations: Rotations | None = None
        self._position = Position(order.inputs)
        self._last_time: TimeOrder | None = None
        self.observers: list[Observer] = []
        if order.resume_by and config.is_keyed:
            message = "--resume-by time tells rows apart by their time alone, and each key has its own times"
            raise ConfigError(f"key: {message}")
        if self._position.is_of_files and order.resume_by:
            raise InputError("--resume-by is for a pipe; the rows of a file that were counted are not read again")
        if not (self._position.is_of_files or config.is_keyed):
            from stream_signal.core.observers.time_order import TimeOrder

            self._last_time = TimeOrder(config.time_column, name="last_time")
            self.observers = [self._last_time]
        self._settings = deciding_settings(config, self._signals.lines if self._signals else None)
        self._loaded = checkpoint.load(self._settings, self._position.input, config.max_keys if config.is_keyed else 0)
        self._next_row = next_row(0, None)  # after the rows that are saved
        self._written = Edges()
        self._last: Saved | None = None
        self._kept: Saved | None = None  # the state to save until the next row is counted
        self._is_on_disk = True

    def resume(self, observers: Sequence[Observer], rotations: Rotations | None) -> bool:
        """Begin the job where the last one ended; return False if there is nothing yet.

        `rotations` know the followed file, if one is followed. CheckpointError if the inputs are not those of then.
        """
        saved, path, config = self._loaded, self._checkpoint.path, self._job.config
        self._rotations = rotations
        if not saved:
            return False
        if saved.parts and rotations:
            self._position.resume_followed(saved.parts, saved.followed, rotations, path)
        elif saved.parts:
            self._position.resume(saved.parts, path)
        try:
            stream = SignalStream.from_state(config, saved.state, observers)
        except ValueError as error:
            raise self._checkpoint.damaged(f"it is damaged: {error}") from None
        if self._last_time and "last_time" not in saved.state.observed and stream.rows:
            self._last_time.forget()
        self._job.begin(stream, self._position.first, self._position.offset)
        return True

    def without_repeats(self, source: Source) -> Source:
        """Return the source without the rows that the sender repeats, if the order expects that."""
        job = self._job
        if not (self._loaded and self._last_time and job.order.resume_by and job.stream.rows):
            return source
        from stream_signal.job.resent import WithoutRepeats, repeats_of

        repeats = repeats_of(job.config, self._loaded, self._last_time, self._checkpoint.path)
        return WithoutRepeats(source, repeats, job.stream.skip_lines)

    def start(self) -> None:
        """Continue the signals where they were saved, and tell the sender of a pipe which row comes next."""
        saved, job = self._loaded, self._job
        self._next_row = next_row(job.stream.rows, None)
        if self._rotations and (saved is None or not saved.state.offset):
            self._kept, self._is_on_disk = saved or self._saved(sync=False), saved is not None
        if saved and self._signals:
            self._written = Edges(saved.written.offset)
            if self._signals.path != STDOUT and os.path.isfile(self._signals.path):
                self._written = find_known(self._signals.path, saved.written, "written to", self._checkpoint.path)[1]
            self._signals.resume(saved.written.offset)
        if self._signals:
            self._signals.tell(self._written.add)
        if saved:
            if not self._position.is_of_files:
                self._next_row = next_row(saved.state.rows, last_time_of(saved))
                if not job.order.is_quiet:
                    say(self._next_row)
            first, offset = job.position
            job.log.info("checkpoint taken up", rows=job.stream.rows, input=job.order.inputs[first], offset=offset)
        super().start()

    def begin(self, name: str) -> None:  # noqa: ARG002 - whatever its name
        """Save the start of a followed file: it may be rotated before its first row is counted."""
        if not self._is_on_disk:
            self._is_on_disk = True
            self._save(self._saved())

    def take(self, size: int, tail: bytes) -> None:
        """Remember what was read, and save the first row of a followed file."""
        self._position.take(size, tail)
        if self._kept and self._job.stream.rows > self._kept.state.rows:
            self._kept = None
            self.do()

    def do(self) -> None:
        """Save the stream as it is."""
        if self._save(self._saved()):
            self._job.log.info("checkpoint saved", rows=self._job.stream.rows)

    def ending(self) -> None:
        """Remember the state before the last row: if the file grows, the row is read again, whole."""
        if self._position.is_of_files:
            self._last = self._saved(sync=False)

    def leaving(self, rotated: str) -> None:
        """Save the end of a followed file, unless it was truncated: then nothing is left to recognise."""
        if rotated != TRUNCATED and not self._kept:
            self._kept = self._saved()
            self._save(self._kept)

    def end(self, rotated: str | None) -> None:
        """Move on to the next input. The end of a pipe ends its last row."""
        if not self._position.is_of_files:
            self._last = self._saved(sync=False)
        self._position.end_input(rotated=rotated is not None)
        if rotated == TRUNCATED:
            self._kept = None
            self._kept = self._saved()
            self._save(self._kept)

    def finish(self) -> None:
        """Save the last state."""
        if self._last:
            self._save(self._last)

    def fail(self, error: StreamSignalError) -> None:
        """Save what was counted before the job stopped, unless its signals could not be written.

        Once the last input has ended, that is the state with which the job would have ended.
        """
        can_save = not (self._signals and self._signals.failed) and isinstance(error, (Interrupted, OutputError))
        try:
            if can_save and self._last:
                self._save(self._last)
            elif can_save and not self._job.stream.closed:
                self.do()
        finally:  # whatever could not be written: only the sender can send the rows of a pipe again
            if not self._position.is_of_files and not (self._job.order.is_quiet and isinstance(error, Interrupted)):
                error.add_note(self._next_row)

    def _saved(self, *, sync: bool = True) -> Saved:
        """Describe the stream as it is, once the signals of its rows are written."""
        if self._signals and sync:
            self._signals.sync()
        elif self._signals:
            self._signals.take()
        followed = self._rotations.snapshot() if self._rotations else None
        if self._kept:
            return self._kept._replace(followed=followed)
        parts, state = self._position.of(self._job.stream.state())
        written = self._written.up_to(self._signals.length if self._signals else 0)
        names = tuple(map(without_secrets, self._position.names))
        return Saved(self._position.input, self._settings, parts, written, state, names, followed)

    def _save(self, saved: Saved) -> bool:
        """Save it; return False if it has rows whose signals were not sent: the next job has to read them again."""
        if self._signals and self._signals.unsent:
            return False
        self._checkpoint.save(saved)
        self._next_row = next_row(saved.state.rows, last_time_of(saved))
        return True
