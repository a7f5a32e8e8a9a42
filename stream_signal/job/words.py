"""Why a checkpoint does not fit a job, in words: what differs, and what to type to continue or to start over."""

from __future__ import annotations

import json
from typing import Any

from stream_signal.core.config import SETTINGS
from stream_signal.core.errors import shown
from stream_signal.core.settings import BOOLEAN
from stream_signal.core.urls import shown_path
from stream_signal.hints.shell import typed

START_OVER = "delete the checkpoint to start over"


def of_setting(key: str, then: Any, now: Any) -> tuple[str, str]:
    """Say that a setting was `then` when the checkpoint was saved, and is `now`; and what to type to continue.

    >>> of_setting("window", 5, 6)
    ('it was saved with window 5, and this job has window 6', 'give --window 5, or delete the checkpoint to start over')
    >>> of_setting("signals", None, "csv")[0]
    "it was saved with no signals, and this job has signals 'csv'"
    """
    differs = f"it was saved with {_named(key, then)}, and this job has {_named(key, now)}"
    return differs, f"{_again(key, then)}, or {START_OVER}"


def of_input(then: Any, now: str) -> tuple[str, str]:
    """Say that the checkpoint is one of files and the job reads a pipe, or the reverse; and what to do."""
    differs = f"it was saved by a job that read {str(then)[:60]}, and this one reads {now}"
    return differs, f"give this job a --checkpoint of its own, or {START_OVER}"


def of_bytes(path: str, offset: int, size: int, done: str) -> str:
    """Say that a file does not begin with the `offset` bytes that were `done`: "read from" or "written to" it.

    >>> of_bytes("data.csv", 580962, 100, "read from")
    "'data.csv', of 100 bytes, no longer begins with the 580962 bytes that were read from it"
    """
    return f"{shown_path(path)}, of {size} bytes, no longer begins with the {offset} bytes that were {done} it"


def _named(key: str, setting: Any) -> str:
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
