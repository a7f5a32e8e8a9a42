"""What a checkpoint holds, in words: for a person, and for the program that sends rows through a pipe."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import SETTINGS
from stream_signal.core.errors import CheckpointError, shown
from stream_signal.core.printable import printable
from stream_signal.inputs.plain import read_small
from stream_signal.job.saved import DamagedError, checked, decode
from stream_signal.job.words import START_OVER

if TYPE_CHECKING:
    from stream_signal.job.saved import Saved

# One of a window of 20 million rows. It is read as a whole.
_MOST_BYTES = 256 * 1024 * 1024


def contents_of(path: str) -> dict[str, Any]:
    """Return what the checkpoint at `path` holds; CheckpointError if it is damaged, InputError if it cannot be read."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise CheckpointError(path, "it is not a file", "name another")
    try:
        saved = _read(read_small(path, _MOST_BYTES))
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
    if len(data) > _MOST_BYTES:
        raise DamagedError(f"it is larger than {_MOST_BYTES} bytes")
    content = decode(data)
    sizes = {name: content["settings"].get(name, SETTINGS[name].default) for name in ("window", "windows")}
    for name, size in sizes.items():
        if wrong := SETTINGS[name].wrong(size):
            raise DamagedError(f"it is damaged: {wrong}")
    return checked(content, *sizes.values())


def as_lines(contents: dict[str, Any]) -> str:
    """Write it for people: a line each."""
    inputs = [f"{shown(each['name'])}, {each['bytes']} bytes" for each in contents["inputs"]]
    lines = [f"input: {text}" for text in inputs or [contents["input"]]]
    lines += [f"{key.replace('_', ' ')}: {contents[key]}" for key in ("rows", "signals", "next_row")]
    time = contents["last_time"]
    lines.append(f"last time: {'not known' if time is None else time}")
    settings = {"signals format" if key == "signals" else key: found for key, found in contents["settings"].items()}
    lines += [f"{key.replace('_', ' ')}: {_setting(setting)}" for key, setting in settings.items()]
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


def _setting(setting: object) -> str:
    return "not set" if setting is None else setting if isinstance(setting, str) else json.dumps(setting)
