"""Recount: whether what a manifest says still holds: the inputs, the settings, the counts.

The inputs are counted with the settings of the manifest. So a count that differs comes from the data or the program,
and a setting that has changed is told by itself. Versions may differ: the answer may not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import as_config
from stream_signal.core.errors import InputError, Interrupted, StreamSignalError
from stream_signal.core.printable import in_columns
from stream_signal.core.series.panel import Counts
from stream_signal.core.settings import as_json
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import shown_path
from stream_signal.inputs.digest import Digests
from stream_signal.inputs.plain import read_small
from stream_signal.job.config import load_config
from stream_signal.job.drive import read
from stream_signal.job.manifest import read_manifest, versions
from stream_signal.job.sources import source_of
from stream_signal.outputs.metrics import Metrics, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stream_signal.job.manifest import Manifest

_MOST_BYTES = 1024**3  # ten million keys
_SHOWN_CHARACTERS = 16  # of a SHA-256
_MOST_KEYS = 20  # that are named
_NONE = "-"


class Finding(NamedTuple):
    """One thing that a manifest says, and what it is now."""

    what: str
    then: str
    now: str
    matters: bool = True
    """whether it is an error if they differ"""

    @property
    def is_same(self) -> bool:
        """Whether it has not changed."""
        return self.then == self.now


def load_manifest(path: str) -> Manifest:
    """Read the manifest at `path`; InputError if it cannot be read, or is none."""
    data = read_small(path, _MOST_BYTES)
    try:
        return read_manifest(data)
    except ValueError as error:
        hint = "name a file that --manifest has written"
        raise InputError(f"cannot read {path!r}: {error}").with_hint(hint) from None


def recount(
    manifest: Manifest, names: tuple[str, ...] | None, config_path: str | None, flags: Mapping[str, Any]
) -> list[Finding]:
    """Compare a manifest with what is there now.

    `names` are where the inputs are by now; None: where they were. `config_path` is the config file by now, and `flags`
    are settings on top of those that the job was given. ConfigError if the settings of the manifest cannot be those of
    a job.
    """
    config = as_config(manifest.settings)
    names = names or tuple(entry["name"] for entry in manifest.inputs)
    digests, stream = Digests(names), SignalStream(config)
    counts: Counts | str
    try:
        read(stream, source_of(names, config, digests.tap))
        counts = stream.finish()
    except Interrupted:
        raise
    except StreamSignalError as error:
        counts = f"error: {one_line(error)}"
    return [
        *_of_inputs(manifest, names, digests, counts),
        *_of_settings(manifest, config_path, flags),
        *_of_counts(manifest, counts, Metrics.of(config, stream, stream.counts or Counts(0, 0, 0.0), 0.0)),
        *(
            Finding(what.replace("_", "-"), str(manifest.versions.get(what, _NONE)), now, matters=False)
            for what, now in versions().items()
        ),
    ]


def table(findings: Iterable[Finding]) -> str:
    """Draw the findings, a line each.

    >>> print(table([Finding("rows", "10", "9"), Finding("numpy", "2.0.0", "2.4.0", matters=False)]), end="")
    what   in the manifest  now    same
    rows   10               9      NO
    numpy  2.0.0            2.4.0  no, and need not be
    """
    lines = [("what", "in the manifest", "now", "same")]
    lines += [
        (one.what, one.then, one.now, "yes" if one.is_same else "NO" if one.matters else "no, and need not be")
        for one in findings
    ]
    return in_columns(lines)


def _of_inputs(manifest: Manifest, names: tuple[str, ...], digests: Digests, counts: Counts | str) -> Iterator[Finding]:
    if len(names) != len(manifest.inputs):
        yield Finding("inputs", str(len(manifest.inputs)), str(len(names)))
    for then, name in zip(manifest.inputs, names, strict=False):
        shown = shown_path(name)
        try:
            now = digests.find_one(name)
        except StreamSignalError as error:
            yield Finding(f"{shown}: bytes", str(then["bytes"]), f"error: {one_line(error)}")
            continue
        if isinstance(counts, str) and not digests.has_ended(name):  # of a pipe, only the error may be a change
            yield Finding(f"{shown}: bytes", str(then["bytes"]), f"{now.bytes} or more")
            continue
        yield Finding(f"{shown}: bytes", str(then["bytes"]), str(now.bytes))
        short = {sha256: sha256[:_SHOWN_CHARACTERS] for sha256 in (then["sha256"], now.sha256)}
        if len(set(short.values())) < len(short):  # which differ, but not in what would be shown
            short = dict(zip(short, short, strict=True))
        yield Finding(f"{shown}: SHA-256", short[then["sha256"]], short[now.sha256])


def _of_settings(manifest: Manifest, config_path: str | None, flags: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the settings that a job would have now; those that are the same share a line."""
    try:
        now = as_json(load_config(config_path, {**manifest.flags, **flags})._asdict())
    except StreamSignalError as error:
        yield Finding("settings", f"those of {manifest.config or 'the command line'}", f"error: {one_line(error)}")
        return
    keys = {**manifest.settings, **now}
    changed = [key for key in keys if manifest.settings.get(key, _NONE) != now.get(key, _NONE)]
    for key in changed:
        yield Finding(key, _shown(manifest.settings.get(key, _NONE)), _shown(now.get(key, _NONE)))
    if not changed:
        yield Finding("settings", f"{len(keys)} of them", f"{len(keys)} of them")


def _of_counts(manifest: Manifest, counts: Counts | str, metrics: Metrics) -> Iterator[Finding]:
    if isinstance(counts, str):
        yield Finding("rows", str(manifest.rows), counts)
        return
    yield Finding("rows", str(manifest.rows), str(counts.rows))
    yield Finding("signals", str(manifest.signals), str(counts.signals))
    yield Finding("value", repr(manifest.value), repr(counts.value))
    windows, by_window = manifest.by_window or {}, metrics.by_window or {}
    for window in {**windows, **by_window}:
        one, other = windows.get(window), by_window.get(window)
        yield Finding(f"signals of window {window}", _signals(one), _signals(other))
    then, now = manifest.by_key or {}, metrics.by_key or {}
    if list(then) != list(now) or len(then) > 0:
        yield Finding("keys", str(len(then)), str(len(now)))
    changed = [key for key in {**then, **now} if then.get(key) != now.get(key)]
    for key in changed[:_MOST_KEYS]:
        yield Finding(f"key {key!r}", _counted(then.get(key)), _counted(now.get(key)))
    if len(changed) > _MOST_KEYS:
        yield Finding(f"{len(changed) - _MOST_KEYS} more keys", "as counted then", "others")


def _counted(counts: Any) -> str:
    if not isinstance(counts, dict):
        return _NONE
    further = [f"{window}: {_signals(counted)}" for window, counted in counts.get("by_window", {}).items()]
    return ", ".join([f"{counts.get('signals')} of {counts.get('rows')}", *further])


def _signals(counts: Any) -> str:
    return str(counts.get("signals")) if isinstance(counts, dict) else _NONE


def _shown(setting: object) -> str:
    return _NONE if setting == _NONE else json.dumps(setting)
