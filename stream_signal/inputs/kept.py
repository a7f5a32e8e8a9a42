"""Inputs that can be read only once, kept in files so that they can be read again and again."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from stream_signal.core.urls import is_url, path_in
from stream_signal.inputs.opening import find_archive, open_input
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN, can_be_read_again
from stream_signal.inputs.spooled import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator

# As for a zip file in a pipe.
MOST_KEPT_BYTES = 4 * 1024**3


def kept(names: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Return names of inputs that can be read again: files of `folder` in place of stdin and of pipes.

    InputError if one cannot be read, has more than MOST_KEPT_BYTES, or does not fit on the disk.
    """
    return tuple(name if name != STDIN and can_be_read_again(name) else _keep(name, folder) for name in names)


def stored_bytes(name: str) -> Iterator[bytes]:
    """Yield the bytes of an input as they are stored; InputError if it cannot be read."""
    with open_input(name) as source:
        while data := source.read(CHUNK_BYTES):
            yield data


def tail_of(name: str) -> str:
    """Return the part of the name of an input that may have a key: that of the file, below that of its archive.

    >>> tail_of("data/BTC-1m.csv"), tail_of("https://example.com/BTC-1m.csv?token=1"), tail_of("-")
    ('BTC-1m.csv', 'BTC-1m.csv', 'stdin')
    """
    if name == STDIN:
        return "stdin"
    if is_url(name):
        return path_in(name).rstrip("/").rpartition("/")[2] or "url"
    archive = find_archive(name)
    folder = os.path.dirname(archive or name.rstrip("/"))
    return name[len(folder) :].lstrip("/" + os.sep)


def _keep(name: str, folder: str) -> str:
    path = os.path.join(tempfile.mkdtemp(dir=folder), tail_of(name))
    too_much = f"more than {MOST_KEPT_BYTES} bytes in a pipe, which has to be read again and again"
    with open(path, "xb") as file:
        spool = Spool(name, file, MOST_KEPT_BYTES, too_much, f"{folder!r}, where a pipe is kept to be read again")
        for data in stored_bytes(name):
            spool.write(data)
    return path
