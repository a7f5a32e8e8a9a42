"""Files and stdin, in chunks as they arrive."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import InputError, reason
from stream_signal.core.urls import without_secrets
from stream_signal.inputs.events import IDLE, Begin, End

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.inputs.events import Event

STDIN = "-"
# As much as the block engine counts at once.
CHUNK_BYTES = 512 * 1024


class PlainSource:
    """Files, or stdin for `-`, one after another; each is opened when its turn comes."""

    endless = False

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Iterator[Event]:
        """Yield the events of each input in turn; see `inputs.events.Source`."""
        for name in self.names[first:]:
            yield Begin(name, size_of(name) - offset)
            yield from read_chunks(name, offset, patience)
            yield End()
            offset = 0


def read_chunks(path: str, offset: int = 0, patience: Callable[[], float] | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file, or of stdin for `-`, in chunks of at most CHUNK_BYTES, as soon as they arrive.

    A file is read from `offset` on. If nothing arrives through a pipe for the seconds that `patience` returns, IDLE is
    yielded. Raises InputError, which names the path and the reason, if it cannot be opened or read, or was truncated
    while it was read.
    """
    with opened(path) as descriptor:
        if offset:
            os.lseek(descriptor, offset, os.SEEK_SET)
        size = offset
        for data in _read_all(descriptor, patience):
            size += len(data)
            yield data
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_size < size:
            raise InputError(f"cannot read {shown_path(path)}: it was truncated while it was read")


def read_edges(path: str, offset: int, length: int) -> tuple[int, bytes, bytes]:
    """Return the size of a file, and the first and the last `length` bytes before `offset`."""
    with opened(path) as descriptor:
        size, length = os.fstat(descriptor).st_size, min(offset, length)
        return size, system.read_at(descriptor, length, 0), system.read_at(descriptor, length, offset - length)


def can_be_read_again(path: str) -> bool:
    """Whether it is a file, existing or not, rather than a pipe or a device. `< file` is as good as a path."""
    try:
        status = os.fstat(0) if path == STDIN else os.stat(path)
        # `(head -1; stream-signal) < file`: another process has read some of it already.
        return stat.S_ISREG(status.st_mode) and (path != STDIN or not os.lseek(0, 0, os.SEEK_CUR))
    except FileNotFoundError:
        return True
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {shown_path(path)}: {reason(error)}") from error


def read_small(path: str, limit: int) -> bytes:
    """Return the bytes of a small file, at most one more than `limit`; InputError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {path!r}: {reason(error)}") from error


def size_of(path: str) -> int:
    """Return the size in bytes of a file, or of the file that is stdin for `-`; 0 if it is unknown."""
    try:
        status = os.fstat(0) if path == STDIN else os.stat(path)
    except (OSError, ValueError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


@contextmanager
def opened(path: str) -> Iterator[int]:
    """Open a file, or take stdin for `-`: yield its descriptor; any OSError within is an InputError with its path."""
    try:
        if path != STDIN:
            with open(path, "rb", buffering=0) as file:
                yield file.fileno()
        elif sys.stdin is None:  # closed by the parent process: descriptor 0 may be any file by now
            raise InputError("cannot read stdin: it is closed")
        else:
            yield 0
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {shown_path(path)}: {reason(error)}") from error


def shown_path(path: str) -> str:
    """Quote a path, or a URL without its credentials, for a message."""
    return "stdin" if path == STDIN else repr(without_secrets(path))


def _read_all(descriptor: int, patience: Callable[[], float] | None) -> Iterator[bytes]:
    system.widen_pipe(descriptor)
    while True:
        if patience and not system.wait_to_read(descriptor, patience()):
            yield IDLE
            continue
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:  # another process made this pipe non-blocking
            system.wait_to_read(descriptor)
            continue
        if not data:
            return
        yield data
