"""Files and stdin: their bytes as they are stored, in chunks as they arrive."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from stream_signal import system
from stream_signal.core.errors import InputError, reason
from stream_signal.core.urls import shown_path
from stream_signal.inputs.missing import hint_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from stream_signal.core.config import Config

STDIN = "-"
# As much as the block reader counts at once, without keys and with them.
CHUNK_BYTES = 1024 * 1024
_KEYED_CHUNK_BYTES = 2 * 1024 * 1024


class Raw:
    """An open file or pipe, which `close` closes: its bytes as they are stored."""

    is_slow = False
    """whether a read takes long enough to be worth a thread of its own"""

    def __init__(self, name: str, file: FileIO) -> None:
        self.name = name
        self.descriptor = file.fileno()
        status = os.fstat(self.descriptor)
        self.is_file = stat.S_ISREG(status.st_mode)
        self.size = status.st_size if self.is_file else 0
        """in bytes; 0 if it is unknown"""
        self.file: BinaryIO | None = cast("BinaryIO", file) if self.is_file else None
        """for those who have to seek; None if that is impossible"""
        self._file = file
        system.widen_pipe(self.descriptor)

    def ready(self, seconds: float) -> bool:
        """Wait until there is something to read, `seconds` at the longest; return whether there is."""
        return self.is_file or system.wait_to_read(self.descriptor, seconds)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, as soon as some arrive; none at the end."""
        while True:
            try:
                return os.read(self.descriptor, size)
            except BlockingIOError:  # another process made this pipe non-blocking
                system.wait_to_read(self.descriptor)

    def check(self, read: int) -> None:
        """Raise InputError if it is a file that has fewer bytes than were read of it by now."""
        if self.is_file and os.fstat(self.descriptor).st_size < read:
            message = f"cannot read {shown_path(self.name)}: it was truncated while it was read"
            raise InputError(message).with_hint("read a file that another program writes with --follow")

    def close(self) -> None:
        """Close it, unless it is stdin."""
        self._file.close()


def chunk_bytes_for(config: Config) -> int:
    """Return how many bytes of a file to read at once."""
    return _KEYED_CHUNK_BYTES if config.is_keyed else CHUNK_BYTES


def open_raw(path: str) -> Raw:
    """Open a file, or take stdin for `-`; OSError or ValueError if that is impossible."""
    if path != STDIN:
        return Raw(path, open(path, "rb", buffering=0))
    if sys.stdin is None:  # closed by the parent process: descriptor 0 may be any file by now
        raise InputError("cannot read stdin: it is closed").with_hint("name a file, or give a pipe or < FILE")
    return Raw(path, open(0, "rb", buffering=0, closefd=False))


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
    except (FileNotFoundError, NotADirectoryError):  # a member of an archive is below a file
        return True
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {shown_path(path)}: {reason(error)}") from error


def read_small(path: str, limit: int) -> bytes:
    """Return the bytes of a small file, at most one more than `limit`; InputError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {shown_path(path)}: {reason(error)}").with_hint(hint_for(path, error)) from error


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
        with closing(open_raw(path)) as raw:
            yield raw.descriptor
    except (OSError, ValueError) as error:
        hint = None if path == STDIN else hint_for(path, error)
        raise InputError(f"cannot read {shown_path(path)}: {reason(error)}").with_hint(hint) from error
