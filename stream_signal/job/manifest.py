"""The manifest of a job: what was read and what came out, so that somebody can ask later whether it still holds.

It has no time and no name of a machine: the same job on the same inputs, with the same versions, writes the same bytes.
Whoever reads one must expect that a person has edited it: every part of it is checked.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal import __version__
from stream_signal.core.printable import json_text
from stream_signal.core.settings import as_json
from stream_signal.hints.durations import fields_of
from stream_signal.inputs.digest import Digests
from stream_signal.outputs.files import check_replaceable, replace_file
from stream_signal.outputs.parts import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.outputs.parts import Job, Result

SCHEMA = 1
_OPTIONAL = {"by_window", "by_key", "period", "notes"}


class Manifest(NamedTuple):
    """What a job read, with which settings and versions, and what it counted; its keys are written in this order."""

    manifest: int
    """the schema of this record"""
    inputs: list[dict[str, Any]]
    """name, bytes and sha256 of each input, as it is stored, in the order in which they were given"""
    config: str | None
    """the path of the config file; None if there was none"""
    flags: dict[str, Any]
    """the settings of the command line, which override the config"""
    settings: dict[str, Any]
    """all settings in effect"""
    versions: dict[str, str]
    """of stream-signal, Python and NumPy"""
    rows: int
    """data rows, as `rows_processed` in the metrics"""
    signals: int
    """those of them whose close is above the mean"""
    value: float
    """signals / rows, as the nearest float64"""
    by_window: dict[str, dict[str, Any]] | None = None
    """as in the metrics; not written without further windows"""
    by_key: dict[str, dict[str, Any]] | None = None
    """as in the metrics, also if their table is written elsewhere; not written without keys"""
    notes: list[str] | None = None
    """how the data was taken, a line for each; not written without one"""
    period: dict[str, Any] | None = None
    """what the times show, as in the log; not written without times"""

    def written(self) -> bytes:
        """Write it as JSON."""
        fields = {key: value for key, value in self._asdict().items() if value is not None or key not in _OPTIONAL}
        return (json_text(fields, indent=4) + "\n").encode()


def wanted(job: Job) -> Iterator[Output]:
    """Yield the manifest."""
    yield ManifestOutput(job)


class ManifestOutput(Output):
    """The manifest of a job that has ended."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._order = job.order
        self._config = job.config
        self._digests = Digests(job.order.inputs)
        self.tap = self._digests.tap

    def check(self) -> None:
        """Refuse a path that cannot be replaced."""
        check_replaceable(str(self._order.manifest))

    def write(self, result: Result, *, final: bool) -> None:  # noqa: ARG002 - it is written once
        """Write the manifest, with the digests of all that was read."""
        order, metrics, span = self._order, result.metrics, result.span()
        manifest = Manifest(
            SCHEMA,
            inputs=[digest._asdict() for digest in self._digests.find()],
            config=order.config,
            flags=as_json(order.settings),
            settings=as_json(self._config._asdict()),
            versions=versions(),
            rows=metrics.rows_processed,
            signals=result.stream.signals,
            value=metrics.value,
            by_window=metrics.by_window,
            by_key=metrics.by_key,
            notes=result.notes() or None,
            period=span and fields_of(span),
        )
        replace_file(str(order.manifest), manifest.written())


def read_manifest(data: bytes) -> Manifest:
    """Read what a job wrote; ValueError says what is wrong with it.

    >>> read_manifest(b'{"manifest": 2}')
    Traceback (most recent call last):
    ValueError: expected a manifest of schema 1, found schema 2
    """
    try:
        contents = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("expected what --manifest writes, found no JSON") from None
    if not isinstance(contents, dict) or "manifest" not in contents:
        raise ValueError("expected what --manifest writes, found other JSON")
    if contents["manifest"] != SCHEMA:
        raise ValueError(f"expected a manifest of schema {SCHEMA}, found schema {str(contents['manifest'])[:20]}")
    names = set(Manifest._fields)
    if not names - _OPTIONAL <= contents.keys() <= names:
        raise ValueError(f"expected the keys {', '.join(Manifest._fields)}, found others")
    manifest = Manifest(**contents)
    inputs: Any = contents["inputs"]
    for name, is_right in (
        ("inputs", isinstance(inputs, list) and bool(inputs) and all(map(_is_input, inputs))),
        ("config", manifest.config is None or isinstance(manifest.config, str)),
        ("flags", isinstance(manifest.flags, dict)),
        ("settings", isinstance(manifest.settings, dict)),
        ("versions", isinstance(manifest.versions, dict)),
        ("rows", type(manifest.rows) is int),
        ("signals", type(manifest.signals) is int),
        ("value", type(manifest.value) in {int, float}),
        ("by_window", manifest.by_window is None or isinstance(manifest.by_window, dict)),
        ("by_key", manifest.by_key is None or isinstance(manifest.by_key, dict)),
        ("notes", manifest.notes is None or isinstance(manifest.notes, list)),
        ("period", manifest.period is None or isinstance(manifest.period, dict)),
    ):
        if not is_right:
            raise ValueError(f"{name}: expected what --manifest writes, found something else")
    return manifest


def versions() -> dict[str, str]:
    """Return the versions of what counts; NumPy is not loaded for it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        numpy = version("numpy")
    except PackageNotFoundError:
        numpy = "none"
    return {"stream_signal": __version__, "python": sys.version.split()[0], "numpy": numpy}


def _is_input(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"name", "bytes", "sha256"}
        and isinstance(value["name"], str)
        and type(value["bytes"]) is int
        and isinstance(value["sha256"], str)
    )
