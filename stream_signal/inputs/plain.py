"""Bytes from a path or from stdin, in pieces as they come. All the reading of the project is here."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import sys
from contextlib import contextmanager, suppress
from math import inf
from typing import TYPE_CHECKING

from stream_signal.core.errors import InputError, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STDIN = "-"
# What the block engine counts at once.
CHUNK_BYTES = 512 * 1024
# A pipe holds 64 KiB unless asked for more, as much as any user may: so the writer goes on while a block is counted.
PIPE_BYTES = 1024 * 1024


def read_chunks(path: str, offset: int = 0, patience: Callable[[], float] | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file, or of stdin for `-`, in pieces of at most CHUNK_BYTES, each as soon as it is there.

    A file is read from `offset` on. Where nothing comes through a pipe for the seconds that `patience` gives, `b""` is
    yielded, so that the caller can see to other things. Raises InputError that names the path and the reason: it cannot
    be opened or read, or was cut short while it was read.
    """
    with _opened(path) as descriptor:
        if offset:
            os.lseek(descriptor, offset, os.SEEK_SET)
        size = offset
        for data in _read_all(descriptor, patience):
            size += len(data)
            yield data
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_size < size:
            raise InputError(f"cannot read {_shown(path)}: it was cut short while it was read")


def read_edges(path: str, offset: int, length: int) -> tuple[int, bytes, bytes]:
    """Return the size of a file, and the first and the last `length` bytes of what lies before `offset`."""
    with _opened(path) as descriptor:
        size, length = os.fstat(descriptor).st_size, min(offset, length)
        return size, os.pread(descriptor, length, 0), os.pread(descriptor, length, offset - length)


def can_be_read_again(path: str) -> bool:
    """Whether it is a file, there or to come, and no pipe or device. `< file` is as good as a path."""
    try:
        status = os.fstat(0) if path == STDIN else os.stat(path)
        # `(head -1; stream-signal) < file`: somebody has read of it already.
        return stat.S_ISREG(status.st_mode) and (path != STDIN or not os.lseek(0, 0, os.SEEK_CUR))
    except FileNotFoundError:
        return True
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {_shown(path)}: {reason(error)}") from error


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


@contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        if path != STDIN:
            with open(path, "rb", buffering=0) as file:
                yield file.fileno()
        elif sys.stdin is None:  # closed by whoever started us: descriptor 0 may be any file by now
            raise InputError("cannot read stdin: it is closed")
        else:
            yield 0
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {_shown(path)}: {reason(error)}") from error


def _shown(path: str) -> str:
    return "stdin" if path == STDIN else repr(path)


def _none_for_ever(seconds: float) -> float | None:
    return None if seconds == inf else seconds


def _read_all(descriptor: int, patience: Callable[[], float] | None) -> Iterator[bytes]:
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with suppress(OSError, AttributeError):  # not allowed here, or not on this system: 64 KiB will do
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    while True:
        if patience and not select.select([descriptor], [], [], _none_for_ever(patience()))[0]:
            yield b""
            continue
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:  # whoever gave us this pipe had made it non-blocking
            select.select([descriptor], [], [])
            continue
        if not data:
            return
        yield data
