"""What a job would overwrite: an input, the config or another of its outputs, by any name of the file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stream_signal.inputs.probe import probe
from stream_signal.job.config import DEFAULT_CONFIG
from stream_signal.order import WRITTEN
from stream_signal.outputs.files import temporary_of
from stream_signal.outputs.lock import lock_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def overwritten(
    inputs: Iterable[str],
    config: str | None,
    paths: Mapping[str, str | None],
    others: Mapping[object, str] | None = None,
) -> str | None:
    """Say which output would overwrite a file that is needed; None if none would.

    `paths` are those of what is written, by their names in the order. `others` has what else may not be written to, by
    the identity of its file.
    """
    taken: dict[object, str] = {
        **{probe(path).identity: "an input" for path in inputs},
        probe(config or DEFAULT_CONFIG).identity: "the config",
        **(others or {}),
    }
    for name, what in WRITTEN.items():
        path = paths.get(name)
        if path is None or not _is_replaced(path):
            continue
        file = probe(path).identity
        if file in taken:
            return f"--{name.replace('_', '-')} {path} would overwrite {taken[file]}"
        taken[file] = what
    for name, what, beside in (
        ("signals", "the lock of the signals", lock_of),
        ("checkpoint", "the lock of the checkpoint", lock_of),
        ("checkpoint", "the temporary file of the checkpoint", temporary_of),
    ):
        path = paths.get(name)
        if path is not None and _is_replaced(path) and (file := probe(beside(path)).identity) in taken:
            return f"--{name} {path} would use {taken[file]} as {what}: rename one of them"
    return None


def _is_replaced(path: str) -> bool:
    """Whether an output is a file; a pipe or a device is not overwritten."""
    return path not in {"", "-"} and (os.path.isfile(path) or not os.path.exists(path))
