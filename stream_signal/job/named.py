"""Inputs that a pattern or a folder names: its files, in the order of their first times.

    'data/*-1m-2024*.csv'   what the shell would list, where it does not
    data/                   all files in the folder, but for hidden ones, if their names have one ending

Where a file has no time that can be read, all of them stand in the order of their names. What was named by itself stays
in its place. A folder with other files is refused: nobody knows which of them are meant.
"""

from __future__ import annotations

import os
from glob import glob
from typing import TYPE_CHECKING

from stream_signal.core.errors import InputError, Interrupted, StreamSignalError
from stream_signal.core.layout.layout import find_time
from stream_signal.core.observe import Observer
from stream_signal.core.observers.time_sequence import time_of
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import shown_path
from stream_signal.hints.paths import endings_of
from stream_signal.inputs.opening import is_pattern
from stream_signal.inputs.probe import probe
from stream_signal.job.drive import read_first
from stream_signal.job.sources import source_of
from stream_signal.stopping import StopSignals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows, Seen


class _FirstTime(Observer):
    """Keeps the timestamp of the first row."""

    sees_windows = False

    def __init__(self, config: Config) -> None:
        self.wants = 1
        self.time: int | None = None
        self._column = config.time_column
        self._position: Position | None = None

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        self._position = find_time(header, self._column)

    def see(self, rows: Rows, seen: Seen) -> None:  # noqa: ARG002 - windows are of no use here
        """Read the first one."""
        self.wants = 0
        if self._position is not None:
            self.time = time_of(rows.texts_at(self._position, [0])[0])


def files_of(names: Sequence[str], config: Config) -> tuple[str, ...]:
    """Return inputs, with the files of each pattern and each folder in its place; InputError if a pattern fits none."""
    return tuple(name for named in names for name in _files(named, config))


def _files(name: str, config: Config) -> list[str]:
    if probe(name).kind == "folder":
        paths = _alike_in(name)
        if not paths:
            return [name]  # its turn will tell
    elif is_pattern(name):
        paths = sorted(path for path in glob(name, recursive=True) if probe(path).kind == "file")
        if not paths:
            raise InputError(f"cannot read {shown_path(name)}: no file has such a name")
    else:
        return [name]
    times = {path: _first_time(path, config) for path in paths}
    if None not in times.values():
        paths.sort(key=lambda path: (times[path] or 0, path))
    return paths[::-1] if config.newest_first else paths


def _alike_in(folder: str) -> list[str]:
    """Return the files of a folder by their names, none if they are not of one kind."""
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []
    paths = [os.path.join(folder, name) for name in names]
    has_others = any(probe(path).kind != "file" for path in paths)
    endings = endings_of(names)
    return [] if has_others or len(endings) != 1 or "" in endings else paths


def _first_time(name: str, config: Config) -> int | None:
    """Return the first time in a file; None if there is none that can be read: its turn will tell why."""
    first = _FirstTime(config)
    stream = SignalStream(config, [first])
    try:
        read_first(stream, source_of((name,), config), 1, StopSignals())
    except Interrupted:
        raise
    except StreamSignalError:
        pass
    return first.time
