"""Checkpoint: the state of a job on disk, saved as the job runs, so that the next one reads only new rows.

The file is locked while a job uses it, and replaced atomically. Here is also why it does not fit a job, and what it
holds, in words. `saved` has its contents, `saver` says when it is saved and where a job begins that has one.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import BY_NAME, SETTINGS, Config
from stream_signal.core.errors import CheckpointError, InputError, reason, shown
from stream_signal.core.printable import printable
from stream_signal.core.settings import BOOLEAN, as_json
from stream_signal.hints.paths import cannot_write
from stream_signal.hints.shell import typed
from stream_signal.inputs.plain import read_small
from stream_signal.job.saved import DamagedError, Saved, checked, decode, encode
from stream_signal.outputs.files import check_replaceable, replace_file, temporary_of
from stream_signal.outputs.lock import FileLock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from stream_signal.core.observers.signal_lines import SignalLines

START_OVER = "delete the checkpoint to start over"
# The longest header, twice and as JSON, and a number of 800 digits for each row of the window.
_MOST_BYTES, _MOST_BYTES_A_ROW = 4 * 1024 * 1024, 810
# The longest key, as JSON.
_MOST_BYTES_A_KEY = 1024 * 1024
# One of a window of 20 million rows, which is printed. It is read as a whole.
_MOST_PRINTED_BYTES = 256 * 1024 * 1024


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
    return as_json(settings)


def of_setting(key: str, then: Any, now: Any) -> tuple[str, str]:
    """Say that a setting was `then` when the checkpoint was saved, and is `now`; and what to type to continue.

    >>> of_setting("window", 5, 6)
    ('it was saved with window 5, and this job has window 6', 'give --window 5, or delete the checkpoint to start over')
    >>> of_setting("signals", None, "csv")[0]
    "it was saved with no signals, and this job has signals 'csv'"
    """
    differs = f"it was saved with {_setting_in_words(key, then)}, and this job has {_setting_in_words(key, now)}"
    return differs, f"{_again(key, then)}, or {START_OVER}"


def of_input(then: Any, now: str) -> tuple[str, str]:
    """Say that the checkpoint is one of files and the job reads a pipe, or the reverse; and what to do."""
    differs = f"it was saved by a job that read {str(then)[:60]}, and this one reads {now}"
    return differs, f"give this job a --checkpoint of its own, or {START_OVER}"


def _setting_in_words(key: str, setting: Any) -> str:
    name = key.replace("_", " ")
    if setting is None:
        return f"no {name}"
    return f"{name} {shown(setting) if isinstance(setting, str) else _as_json(setting)}"


def _again(key: str, then: Any) -> str:
    """Return what to type to have the setting as it was."""
    if key == "signals":
        return f"give --signals FILE --signals-format {then}" if then else "leave out --signals"
    row = SETTINGS[key]
    if then is None:
        has_none = "none" in row.kind.texts()
        return f"give {row.flag} none" if has_none else f"leave out {row.flag} and the {key} of the config"
    if row.kind is BOOLEAN:
        return f"give {row.flag if then else row.flag.replace('--', '--no-', 1)}"
    if isinstance(then, list):  # for which there is no flag, or one to repeat
        return f"write {key}: {_as_json(then)} in the config"
    return f"give {row.flag} {typed(row.kind.text(then)[:60])}"


def _as_json(setting: Any) -> str:
    return json.dumps(setting)[:60]


def contents_of(path: str) -> dict[str, Any]:
    """Return what the checkpoint at `path` holds; CheckpointError if it is damaged, InputError if it cannot be read."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise CheckpointError(path, "it is not a file", "name another")
    try:
        saved = _read(read_small(path, _MOST_PRINTED_BYTES))
    except DamagedError as error:
        raise CheckpointError(path, str(error), START_OVER) from None
    names = saved.names or tuple(f"file {number}" for number, _ in enumerate(saved.parts, start=1))
    return {
        "input": saved.input,
        "inputs": [{"name": name, "bytes": part.offset} for name, part in zip(names, saved.parts, strict=False)],
        "rows": saved.state.rows,
        "signals": saved.state.signals,
        "next_row": saved.state.rows + 1,
        "last_time": last_time_of(saved),
        "settings": saved.settings,
    }


def _read(data: bytes) -> Saved:
    if len(data) > _MOST_PRINTED_BYTES:
        raise DamagedError(f"it is larger than {_MOST_PRINTED_BYTES} bytes")
    content = decode(data)
    sizes = {name: content["settings"].get(name, SETTINGS[name].default) for name in ("window", "windows")}
    for name, size in sizes.items():
        if wrong := SETTINGS[name].wrong(size):
            raise DamagedError(f"it is damaged: {wrong}")
    return checked(content, *sizes.values())


def as_lines(contents: dict[str, Any]) -> str:
    """Write it for people: a line each."""
    inputs = [f"{shown(entry['name'])}, {entry['bytes']} bytes" for entry in contents["inputs"]]
    lines = [f"input: {text}" for text in inputs or [contents["input"]]]
    lines += [f"{key.replace('_', ' ')}: {contents[key]}" for key in ("rows", "signals", "next_row")]
    time = contents["last_time"]
    lines.append(f"last time: {'not known' if time is None else time}")
    settings = {"signals format" if key == "signals" else key: setting for key, setting in contents["settings"].items()}
    lines += [f"{key.replace('_', ' ')}: {_printed_setting(setting)}" for key, setting in settings.items()]
    return "".join(f"{printable(line)}\n" for line in lines)


def next_row(rows: int, last_time: str | None) -> str:
    """Say which row a sender has to send next."""
    last = f"; the last timestamp counted is {shown(last_time)}" if last_time else ""
    return f"the next row to send is row {rows + 1}{last}"


def last_time_of(saved: Saved) -> str | None:
    """Return the timestamp of the last row that had one; None if the job did not look at timestamps."""
    for name in ("last_time", "time_order"):
        observed = saved.state.observed.get(name)
        if isinstance(observed, dict) and isinstance(observed.get("last"), str) and observed["last"]:
            return str(observed["last"])
    return None


def _printed_setting(setting: object) -> str:
    return "not set" if setting is None else setting if isinstance(setting, str) else json.dumps(setting)
