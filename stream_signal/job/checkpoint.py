"""Checkpoint: the state of a job on disk, saved as the job runs, so that the next one reads only new rows.

The file is locked while a job uses it, and replaced atomically. `saved` has its contents, `saver` says when it is
saved and where a job begins that has one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import BY_NAME, SETTINGS, Config
from stream_signal.core.errors import CheckpointError, InputError, reason
from stream_signal.job.saved import DamagedError, Saved, checked, decode, encode
from stream_signal.job.words import START_OVER, of_input, of_setting
from stream_signal.outputs.files import check_replaceable, replace_file, temporary_of
from stream_signal.outputs.lock import FileLock
from stream_signal.outputs.refused import cannot_write

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from stream_signal.core.observers.signal_lines import SignalLines

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
            # A setting that an earlier version did not know was as it is by default.
            saved = deciding_settings(Config(), None) | content["settings"]
            for key, setting in settings.items():
                if saved[key] != setting:
                    raise CheckpointError(self.path, *of_setting(key, saved[key], setting))
            return checked(content, window, windows)
        except DamagedError as error:
            raise self.damaged(str(error)) from None

    def save(self, saved: Saved) -> None:
        """Replace the checkpoint; raise OutputError, with the old one still in place, if that fails."""
        replace_file(self.path, encode(saved), temporary=self._temporary)

    def damaged(self, differs: str) -> CheckpointError:
        """Return the error for a damaged checkpoint."""
        return CheckpointError(self.path, differs, START_OVER)


def deciding_settings(config: Config, lines: SignalLines | None) -> dict[str, Any]:
    """Return the settings that decide the answer: a checkpoint belongs to one set of them."""
    settings: dict[str, Any] = {name: getattr(config, name) for name, row in SETTINGS.items() if row.decides}
    if not config.is_keyed:  # whether said or not: one series of all rows
        settings |= {"key": None, "grouped": False}
    if config.key != BY_NAME:
        settings["key_pattern"] = None
    settings["signals"] = lines.format.name if lines else None
    settings["time_column"] = lines.time_column if lines else None
    return {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}  # as in JSON
