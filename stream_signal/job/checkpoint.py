"""Checkpoint: the state of a job on disk, saved as the job runs, so that the next one reads only new rows.

The file is locked while a job uses it, and replaced atomically. `saved` has its contents, `position` and `fingerprint`
what it knows about the inputs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import BY_NAME
from stream_signal.core.errors import (
    CheckpointError,
    InputError,
    Interrupted,
    OutputError,
    reason,
)
from stream_signal.core.urls import without_secrets
from stream_signal.inputs.events import TRUNCATED
from stream_signal.inputs.fingerprint import Edges
from stream_signal.job.describe import last_time_of, next_row
from stream_signal.job.position import Position, find_known
from stream_signal.job.saved import DamagedError, Saved, checked, decode, encode
from stream_signal.job.words import START_OVER, of_input, of_setting
from stream_signal.outputs.files import STDOUT, check_replaceable, replace_file, temporary_of
from stream_signal.outputs.lock import FileLock
from stream_signal.outputs.refused import cannot_write
from stream_signal.outputs.sink import Every
from stream_signal.outputs.stderr import say

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from stream_signal.core.config import Config
    from stream_signal.core.errors import StreamSignalError
    from stream_signal.core.stream import SignalStream
    from stream_signal.inputs.rotation import Rotations
    from stream_signal.job.log import Log
    from stream_signal.outputs.signals import SignalsWriter

DECIDING = (
    *("window", "column", "delimiter", "header", "bad_rows", "newest_first", "decimal", "thousands"),
    *("key", "key_pattern", "grouped", "windows"),
)
# What the checkpoints of earlier versions were saved with, which did not know these settings.
_BEFORE = {"newest_first": False, "decimal": ".", "thousands": None, "grouped": False, "windows": []}
# The longest header, twice and as JSON, and a number of 800 digits for each row of the window.
_MOST_BYTES, _MOST_BYTES_A_ROW = 4 * 1024 * 1024, 810
# The longest key, as JSON.
_MOST_BYTES_A_KEY = 1024 * 1024


class Checkpoint:
    """The checkpoint at `path`, as a context; one process at a time can use it.

    CheckpointError if another process is using it, OutputError if it cannot be written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = FileLock(path)
        self._temporary = temporary_of(path)

    def __enter__(self) -> Self:
        check_replaceable(self.path)
        if os.path.exists(self.path) and not os.path.isfile(self.path):
            raise CheckpointError(self.path, "it is not a file", "name a file, which need not exist yet")
        try:
            self._lock.__enter__()
        except BlockingIOError:
            advice = "wait for its end, or name another checkpoint"
            raise CheckpointError(self.path, "another process is using it", advice) from None
        except OSError as error:
            raise cannot_write(self.path, error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.__exit__(kind, error, at)

    def load(self, settings: dict[str, Any], kind: str, keys: int = 0) -> Saved | None:
        """Return what was saved, or None if there is no checkpoint yet; it has so many keys at most.

        CheckpointError if it is damaged, or was saved with other settings or another kind of input.
        """
        window, windows = settings["window"], settings["windows"]
        longest = window + sum(windows)
        try:
            with open(self.path, "rb") as file:
                most = _MOST_BYTES + longest * _MOST_BYTES_A_ROW
                if os.fstat(file.fileno()).st_size > most + keys * (longest * _MOST_BYTES_A_ROW + _MOST_BYTES_A_KEY):
                    differs = f"it is too large to be one of window {window}"
                    advice = f"give the --window that it was saved with, or {START_OVER}"
                    raise CheckpointError(self.path, differs, advice)
                data = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"cannot read {self.path!r}: {reason(error)}") from error
        try:
            content = decode(data)
            if content["input"] != kind:
                raise CheckpointError(self.path, *of_input(content["input"], kind))
            for key, setting in settings.items():
                then = content["settings"].get(key, _BEFORE.get(key))
                if then != setting:
                    raise CheckpointError(self.path, *of_setting(key, then, setting))
            return checked(content, window, windows)
        except DamagedError as error:
            raise self.damaged(str(error)) from None

    def save(self, saved: Saved) -> None:
        """Replace the checkpoint; raise OutputError, with the old one still in place, if that fails."""
        replace_file(self.path, encode(saved), temporary=self._temporary)

    def damaged(self, differs: str) -> CheckpointError:
        """Return the error for a damaged checkpoint."""
        return CheckpointError(self.path, differs, START_OVER)


class Covered(NamedTuple):
    """What a checkpoint covers."""

    settings: dict[str, Any]
    position: Position
    """knows what was read"""
    stream: SignalStream
    signals: SignalsWriter | None
    """are written and synced before each save"""
    rotations: Rotations | None
    """know the followed file"""


class CheckpointSaver(Every):
    """Saves what is `covered` in `checkpoint`: every `seconds`, when the job is stopped, and at its end.

    A followed file without a row cannot be recognised, so until its first row is counted, the checkpoint
    stays at the end of the file before it, or at the start if there is none. Once there are `unsent` signals, nothing
    is saved.
    """

    def __init__(
        self, checkpoint: Checkpoint, covered: Covered, log: Log, seconds: float, *, quiet: bool = False
    ) -> None:
        super().__init__(seconds)
        self._checkpoint = checkpoint
        self._settings, self._position, self._stream, self._signals, self._rotations = covered
        self._log = log
        self._quiet = quiet
        self._next_row = next_row(self._stream.rows, None)  # after the rows that are saved
        self._written = Edges()
        self._last: Saved | None = None
        self._kept: Saved | None = None  # the state to save until the next row is counted
        self._is_on_disk = True
        if self._signals:
            self._signals.written = self._written.add

    def begin_followed(self, saved: Saved | None) -> None:
        """Begin to follow a file, which may have no row yet; `saved` is where an earlier job ended."""
        if saved is None or not saved.state.offset:
            self._kept, self._is_on_disk = saved or self._saved(sync=False), saved is not None

    def resume_pipe(self, saved: Saved) -> None:
        """Tell the sender which row comes next."""
        self._next_row = next_row(saved.state.rows, last_time_of(saved))
        if not self._quiet:
            say(self._next_row)

    def resume_signals(self, saved: Saved) -> None:
        """Continue the signals where they were saved; raise CheckpointError if their file does not hold them."""
        if not self._signals:
            return
        self._written = Edges(saved.written.offset)
        if self._signals.path != STDOUT and os.path.isfile(self._signals.path):
            self._written = find_known(self._signals.path, saved.written, "written to", self._checkpoint.path)[1]
        self._signals.written = self._written.add
        self._signals.resume(saved.written.offset)

    def begin(self, name: str) -> None:  # noqa: ARG002 - whatever its name
        """Save the start of a followed file: it may be rotated before its first row is counted."""
        if not self._is_on_disk:
            self._is_on_disk = True
            self._save(self._saved())

    def take(self, data: bytes) -> None:
        """Remember what was read, and save the first row of a followed file."""
        self._position.add(data)
        if self._kept and self._stream.rows > self._kept.state.rows:
            self._kept = None
            self.do()

    def skip(self, size: int, tail: bytes) -> None:
        """Remember what was counted elsewhere."""
        self._position.skip(size, tail)

    def do(self) -> None:
        """Save the stream as it is."""
        if self._save(self._saved()):
            self._log.info("checkpoint saved", rows=self._stream.rows)

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
            elif can_save and not self._stream.closed:
                self.do()
        finally:  # whatever could not be written: only the sender can send the rows of a pipe again
            if not self._position.is_of_files and not (self._quiet and isinstance(error, Interrupted)):
                error.add_note(self._next_row)

    def _saved(self, *, sync: bool = True) -> Saved:
        """Describe the stream as it is, once the signals of its rows are written."""
        if self._signals and sync:
            self._signals.sync()
        elif self._signals:
            self._signals.take(b"")
        followed = self._rotations.snapshot() if self._rotations else None
        if self._kept:
            return self._kept._replace(followed=followed)
        parts, state = self._position.of(self._stream.state())
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


def deciding_settings(config: Config, signals: SignalsWriter | None) -> dict[str, Any]:
    """Return the settings that decide the answer: a checkpoint belongs to one set of them."""
    settings: dict[str, Any] = {key: getattr(config, key) for key in DECIDING}
    if not config.is_keyed:  # whether said or not: one series of all rows
        settings |= {"key": None, "grouped": False}
    if config.key != BY_NAME:
        settings["key_pattern"] = None
    settings["signals"] = signals.lines.format.name if signals else None
    settings["time_column"] = signals.lines.time_column if signals else None
    return {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}  # as in JSON
