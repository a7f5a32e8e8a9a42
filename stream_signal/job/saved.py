"""Saved: what a checkpoint holds, and its encoding as text. Nothing here opens a file.

The encoding is JSON, not pickle, with a schema version and a hash that shows damage. Older schemas stay readable: for
each, a function here turns it into the next one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.findings import BAD_ROW, MISSING_CLOSE
from stream_signal.core.limits import FIRST_ROWS, natural
from stream_signal.core.state import State
from stream_signal.inputs.fingerprint import Fingerprint, hashed
from stream_signal.inputs.rotation import Followed, Left

if TYPE_CHECKING:
    from collections.abc import Sequence

# What is read; the last one is written.
OLDEST_SCHEMA, SCHEMA = 2, 4
FILES, PIPE = "files", "a pipe"
# A place as schema 2 wrote it, as text.
_PLACE = re.compile(r"(?:(?P<source>.*): )?line (?P<line>\d+)(?:: (?P<text>.*))?", re.DOTALL)


class DamagedError(ValueError):
    """The text is not a checkpoint that this version can read; `str` says why."""


class Saved(NamedTuple):
    """A job between two rows."""

    input: str
    """FILES or PIPE"""
    settings: dict[str, Any]
    """those that decide the answer"""
    parts: list[Fingerprint]
    """what was read of each input, in order: all of it, except for the last one; empty for a pipe"""
    written: Fingerprint
    """what was written as signals"""
    state: State
    names: tuple[str, ...] = ()
    """of the inputs, as they were given"""
    followed: Followed | None = None
    """of a followed file"""


def encode(saved: Saved) -> bytes:
    """Encode it as text."""
    followed = saved.followed._asdict() if saved.followed else None
    content = json.dumps(saved._asdict() | {"state": saved.state.as_json(), "followed": followed})
    return f'{{"schema": {SCHEMA}, "sha256": "{hashed(content.encode())}",\n"saved": {content}}}\n'.encode()


def decode(data: bytes) -> dict[str, Any]:
    """Decode the text of a checkpoint into the current schema; raise DamagedError if it is not one."""
    try:
        whole = json.loads(data)
        schema, digest, content = whole["schema"], whole["sha256"], whole["saved"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamagedError("it is damaged, or not a checkpoint") from None
    if type(schema) is not int or not OLDEST_SCHEMA <= schema <= SCHEMA:
        raise DamagedError(f"its schema is {str(schema)[:20]}, and this version reads {OLDEST_SCHEMA} to {SCHEMA}")
    if digest != hashed(json.dumps(content).encode()):
        raise DamagedError("it is damaged: its SHA-256 does not match")
    if schema == 2 and isinstance(content, dict):
        content |= {"names": [], "followed": None}
    if not isinstance(content, dict) or content.keys() != set(Saved._fields):
        raise DamagedError("it is damaged: its fields are not those of a checkpoint")
    if not isinstance(content["settings"], dict) or "window" not in content["settings"]:
        raise DamagedError("it is damaged: its fields are not those of a checkpoint")
    if schema < SCHEMA:
        try:
            state = _from_schema_2(content["state"]) if schema == 2 else content["state"]
            content["state"] = _from_schema_3(state, content["settings"])
        except (ValueError, TypeError, KeyError, AttributeError):
            raise DamagedError("it is damaged: it does not fit its schema") from None
    return content


def checked(content: dict[str, Any], window: int, windows: Sequence[int] = ()) -> Saved:
    """Make `Saved` of what was decoded; raise DamagedError if it is invalid: a hash does not show a forgery."""
    try:
        saved = Saved(
            input=content["input"],
            settings=content["settings"],
            parts=[Fingerprint(*part) for part in content["parts"]],
            written=Fingerprint(*content["written"]),
            state=State.from_json(content["state"], window, windows),
            names=_names(content["names"]),
            followed=None if content["followed"] is None else _followed(content["followed"]),
        )
        offsets = [natural(part.offset) for part in (*saved.parts, saved.written)]
    except (ValueError, TypeError) as error:
        raise DamagedError(f"it is damaged: {error}") from None
    is_of_files = saved.input == FILES
    if bool(saved.parts) != is_of_files or (is_of_files and offsets[-2] != saved.state.offset):
        raise DamagedError("it is damaged: offsets that contradict each other")
    return saved


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected the names of the inputs")
    return tuple(value)


def _followed(value: Any) -> Followed:
    if isinstance(value, dict):
        value = {"begun_ns": None} | value  # earlier versions did not look at the timestamps
    if not isinstance(value, dict) or value.keys() != set(Followed._fields) or type(value["written_ns"]) is not int:
        raise ValueError("expected what is known of a followed file")
    if value["begun_ns"] is not None and type(value["begun_ns"]) is not int:
        raise ValueError("expected the first timestamp of the file that was left")
    left = [Left(Fingerprint(*read), _file(file)) for read, file in value["left"]]
    if any(type(part) is not kind for one in left for part, kind in zip(one.read, (int, str, str), strict=True)):
        raise ValueError("expected the files that were left")
    return Followed(_file(value["file"]), value["written_ns"], left, value["begun_ns"])


def _file(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    device, inode = value
    if type(device) is not int or type(inode) is not int:
        raise ValueError("expected a device and an inode")
    return device, inode


def _from_schema_2(state: dict[str, Any]) -> dict[str, Any]:
    """Name the observer that the last timestamp belongs to, and turn the places of repairs from text into numbers.

    It did not count the rows with a mean either.
    """
    newer = {key: state[key] for key in state if key not in {"time", "time_column"}}
    newer |= {"keys": None, "symbols": [], "more": []}
    newer["observed"] = {"time_order": {"last": state["time"], "column": state["time_column"]}}
    repairs = state["repairs"]
    first = {kind: [_place_from(words) for words in places] for kind, places in repairs["first"].items()}
    newer["repairs"] = {**repairs, "first": first}
    # Without a missing close there was nothing to count; with one, nothing tells how long the window was not full.
    newer["rows_without_mean"] = None if repairs["counts"].keys() & {MISSING_CLOSE, BAD_ROW} else 0
    return newer


def _from_schema_3(state: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Put what was counted into one form, with keys and without, for one window and for several.

    For each window it had counted the rows without a mean, those up to the last missing close; with keys, over all.
    """
    newer = {name: state[name] for name in ("header", "offset", "line", "symbols", "observed")}
    counts, first = state["repairs"]["counts"], state["repairs"]["first"]
    newer["repairs"] = {kind: [count, first[kind]] for kind, count in counts.items()}
    newer |= {"rows": state["rows"], "full": [], "series": {}}
    order = state["observed"].get("time_order")
    if order is not None and not state["offset"]:  # between two inputs, of which the next one is looked at anew
        newer["observed"] = state["observed"] | {"time_order": order | {"left": FIRST_ROWS}}
    sizes = [settings["window"], *settings.get("windows", [])]
    for window, size in zip([state, *state["more"]], sizes, strict=True):
        without = window["rows_without_mean"]
        if window["keys"] is None:
            full = None if without is None else state["rows"] - without - min(len(window["ring"]), size - 1)
            keys = {"": [state["rows"], window["signals"], full, window["ring"], window["places"]]}
            newer["full"].append(0)
        else:
            keys = {key: [rows, signals, 0, *tail] for key, (rows, signals, *tail) in window["keys"].items()}
            newer["full"].append(None if without is None else state["rows"] - without)
        for key, series in keys.items():
            newer["series"].setdefault(key, []).append(series)
    return newer


def _place_from(words: str) -> list[Any]:
    match = _PLACE.fullmatch(words)
    if not match:
        raise ValueError("expected a place")
    return [int(match["line"]), match["text"] or "", match["source"]]
