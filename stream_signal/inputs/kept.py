"""Inputs that can be read only once, kept in files."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from stream_signal.core.errors import reason
from stream_signal.inputs.opening import open_input
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN, unreadable
from stream_signal.inputs.probe import probe

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import BinaryIO

    from stream_signal.inputs.events import Patience
    from stream_signal.inputs.plain import Opened

MOST_KEPT_BYTES = 4 * 1024**3


def kept(names: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Return names of inputs that can be read again and again: files of `folder` in place of stdin and of pipes.

    InputError if one cannot be read, or kept.
    """
    return tuple(name if name != STDIN and probe(name).can_be_read_again else _keep_one(name, folder) for name in names)


def _keep_one(name: str, folder: str) -> str:
    # Its name may have a key in it.
    path = os.path.join(tempfile.mkdtemp(dir=folder), "stdin" if name == STDIN else os.path.basename(name))
    with open_input(name) as source, open(path, "xb") as file:
        for _ in keep(source, source.read(CHUNK_BYTES), None, file):
            pass
    return path


def keep(source: Opened, data: bytes, patience: Patience, into: BinaryIO) -> Generator[bytes]:
    """Copy a source to a file, of which `data` was read already; yield IDLE while nothing arrives.

    InputError if it has more than MOST_KEPT_BYTES, or the disk is full.
    """
    size = 0
    while data:
        size += len(data)
        if size > MOST_KEPT_BYTES:
            found = f"it has more than {MOST_KEPT_BYTES} bytes, too many to keep"
            raise unreadable(source.name, found, "save it to a file first, and give its path")
        try:
            into.write(data)
            into.flush()
        except OSError as error:
            where = f"{tempfile.gettempdir()!r}, where it is kept"
            raise unreadable(source.name, f"cannot write to {where}: {reason(error)}") from error
        data = yield from source.next(CHUNK_BYTES, patience)
