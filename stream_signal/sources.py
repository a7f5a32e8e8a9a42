"""Bytes from a path or from stdin, in pieces as they come. All the reading of the project is here."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from stream_signal.errors import InputError
from stream_signal.files import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"
# What the block engine counts at once.
CHUNK_BYTES = 512 * 1024
# A pipe holds 64 KiB unless asked for more, as much as any user may: so the writer goes on while a block is counted.
PIPE_BYTES = 1024 * 1024


def read_chunks(path: str) -> Iterator[bytes]:
    """Yield the bytes of a file, or of stdin for `-`, in pieces of at most CHUNK_BYTES, each as soon as it is there.

    Raises InputError that names the path and the reason.
    """
    try:
        if path != STDIN:
            with open(path, "rb", buffering=0) as file:
                yield from _read_all(file.fileno())
        elif sys.stdin is None:  # closed by whoever started us: descriptor 0 may be any file by now
            raise InputError("cannot read stdin: it is closed")
        else:
            yield from _read_all(0)
    except OSError as error:
        raise InputError(f"cannot read {'stdin' if path == STDIN else repr(path)}: {reason(error)}") from error
    except ValueError as error:  # a path with a NUL in it
        raise InputError(f"cannot read {path!r}: {error}") from error


def read_small(path: str, limit: int) -> bytes:
    """Return the bytes of a small file, at most one more than `limit`; InputError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {path!r}: {reason(error)}") from error


def size_of(path: str) -> int:
    """Return the size in bytes of a file, or of the file that is stdin for `-`; 0 where there is none to know."""
    try:
        status = os.fstat(0) if path == STDIN else os.stat(path)
    except (OSError, ValueError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _read_all(descriptor: int) -> Iterator[bytes]:
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with suppress(OSError, AttributeError):  # not allowed here, or not on this system: 64 KiB will do
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    while True:
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:  # whoever gave us this pipe had made it non-blocking
            select.select([descriptor], [], [])
            continue
        if not data:
            return
        yield data
