"""What each run of the command writes as JSON is as its schema says: `support.commands` checks every run that it makes.

Only what a run has written is looked at: a test may put a damaged checkpoint there. The end of a log that a full disk
has cut off is no line.
"""

from __future__ import annotations

import json
import os
import stat
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import fastjsonschema

from stream_signal.command.flags import PARSERS
from stream_signal.command.schemas import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_FLAGS = {"-o": "--output"}
# Of each flag with a file, the schema of what is written there; a record of either kind is in the place of the metrics.
_WRITTEN = {"--output": "metrics", "--manifest": "manifest", "--checkpoint": "checkpoint", "--log-file": "log"}
# With one of these, a job prints something else, or nothing.
_PRINTING = {"-h", "--help", "-V", "--version", "--print-config"}


@cache
def _validator(name: str) -> Callable[[Any], object]:
    validate: Callable[[Any], object] = fastjsonschema.compile(schema_of(name))
    return validate


def check(name: str, text: bytes) -> None:
    """Raise JsonSchemaValueException if a text, or a whole line of a log, is not as the schema says."""
    for line in text.split(b"\n")[:-1] if name == "log" else [text]:
        record = json.loads(line)
        is_error = name == "metrics" and record.get("status") == "error"
        _validator("error" if is_error else name)(record)


class Outputs:
    """The files that a run is told to write, as they are before it."""

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
        flags = {"--output": "-"}
        for argument, following in pairwise([*arguments, ""]):
            flag, has_value, value = argument.partition("=")
            flags[_FLAGS.get(flag, flag)] = value if has_value else following
        is_job = not arguments or arguments[0] not in {*PARSERS, "help", "version"}
        self._has_json = flags.get("--metrics-format") != "prometheus"
        self._prints = is_job and flags["--output"] == "-" and not _PRINTING & set(arguments)
        self._logs = is_job and flags.get("--log-file") == "-"
        named = {name: flags[flag] for flag, name in _WRITTEN.items() if is_job and flags.get(flag, "-") != "-"}
        self._paths = {name: os.path.join(folder, path) for name, path in named.items() if path[:5] != "/dev/"}
        self._before = {name: _stat(path) for name, path in self._paths.items()}

    def check(self, stdout: bytes, stderr: bytes) -> None:
        """Check what the run has written."""
        if self._prints and self._has_json:
            for line in stdout.splitlines():
                check("metrics", line)
        if self._logs:
            check("log", stderr)
        for name, path in self._paths.items():
            now, before = _stat(path), self._before[name]
            if now and now != before and (name != "metrics" or self._has_json):
                with open(path, "rb") as file:
                    file.seek(before[2] if name == "log" and before and before[0] == now[0] else 0)
                    check(name, file.read())


def _stat(path: str) -> tuple[int, int, int] | None:
    """Return what differs when a file has been written or replaced; None if it is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None
