"""The command that prints what is in an input, for a hint; only a failed job needs it."""

from __future__ import annotations

from stream_signal.core.printable import typed, typed_path
from stream_signal.inputs.magic import BZIP2, GZIP, XZ, ZIP, ZSTD
from stream_signal.inputs.opening import find_archive, format_of
from stream_signal.inputs.plain import STDIN

_PRINTING = {GZIP: "gzip -dc", BZIP2: "bzip2 -dc", XZ: "xz -dc", ZSTD: "zstd -dc", ZIP: "unzip -p"}


def printing(name: str) -> str | None:
    """Return the command that prints what is in a compressed file, or in a member of a zip file; None for others."""
    archive = find_archive(name)
    if archive is not None:
        member = name.removeprefix(archive)[1:]
        return f"{_PRINTING[ZIP]} {typed_path(archive)} {typed(member)}"
    found = format_of(name)
    return f"{_PRINTING[found]} {typed_path(name)}" if found in _PRINTING and name != STDIN else None
