"""What an open input looks like, and those that need no more than the system: files and stdin."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from stream_signal import system
from stream_signal.core.errors import InputError, reason
from stream_signal.core.urls import shown_path, without_secrets
from stream_signal.hints.paths import hint_to_read
from stream_signal.inputs.events import IDLE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from io import FileIO

    from stream_signal.core.config import Config
    from stream_signal.core.errors import Hint
    from stream_signal.inputs.events import Patience

STDIN = "-"
# As much as the block reader counts at once, without keys and with them.
CHUNK_BYTES = 1024 * 1024
_KEYED_CHUNK_BYTES = 2 * 1024 * 1024


class Opened:
    """An open input, wherever its bytes come from: as they are stored."""

    name: str
    """for messages"""
    size = 0
    """in bytes; 0 if it is unknown"""
    file: BinaryIO | None = None
    """the same, to seek in; None if that is impossible"""
    is_slow = False
    """whether a read takes long enough to be worth a thread of its own"""
    identity: object = None
    """what another version of it would not have; None if nobody could see a difference"""

    def ready(self, seconds: float) -> bool:  # noqa: ARG002 - only a pipe is waited for
        """Wait until there is something to read, `seconds` at the longest; return whether there is."""
        return True

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, as soon as some arrive; none at the end."""
        raise NotImplementedError

    def read_at(self, length: int, offset: int) -> bytes:
        """Return so many bytes from a place on, fewer only at the end; not where `file` is None."""
        file = cast("BinaryIO", self.file)
        file.seek(offset)
        return file.read(length)

    def next(self, size: int, patience: Patience) -> Generator[bytes, None, bytes]:
        """Return at most `size` bytes; yield IDLE whenever none arrive for the seconds that `patience` returns."""
        while patience and not self.ready(patience()):
            yield IDLE
        return self.read(size)

    def check(self, read: int) -> None:
        """Raise InputError if fewer than the `read` bytes are there by now."""

    def close(self) -> None:
        """Close it."""


class Raw(Opened):
    """An open file or pipe; stdin stays open when it is closed."""

    def __init__(self, name: str, file: FileIO) -> None:
        self.name = name
        self.descriptor = file.fileno()
        status = os.fstat(self.descriptor)
        self.is_file = stat.S_ISREG(status.st_mode)
        if self.is_file:
            self.size = status.st_size
            self.file = cast("BinaryIO", file)
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

    def read_at(self, length: int, offset: int) -> bytes:
        """Return so many bytes from a place on, fewer only at the end, and stay in place."""
        return system.read_at(self.descriptor, length, offset)

    def check(self, read: int) -> None:
        """Raise InputError if it is a file that has fewer bytes than were read of it by now."""
        if self.is_file and os.fstat(self.descriptor).st_size < read:
            hint = "read a file that another program writes with --follow"
            raise unreadable(self.name, "it was truncated while it was read", hint)

    def close(self) -> None:
        """Close it."""
        self._file.close()


def unreadable(name: str, why: str, hint: Hint | str | None = None) -> InputError:
    """Return the error of an input that cannot be read, or not as a whole."""
    return InputError(f"cannot read {shown_path(name)}: {why}").with_hint(hint)


def chunk_bytes_for(config: Config) -> int:
    """Return how many bytes of a file to read at once."""
    return _KEYED_CHUNK_BYTES if config.is_keyed else CHUNK_BYTES


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Make any OSError within an InputError that names what is read, with a hint."""
    try:
        yield
    except (OSError, ValueError) as error:
        hint = None if name == STDIN else hint_to_read(name, error)
        raise unreadable(name, reason(error), hint) from error


def open_raw(path: str) -> Raw:
    """Open a file, or take stdin for `-`; OSError or ValueError if that is impossible."""
    if path != STDIN:
        return Raw(path, open(path, "rb", buffering=0))
    if sys.stdin is None:  # closed by the parent process: descriptor 0 may be any file by now
        raise unreadable(path, "it is closed", "name a file, or give a pipe or < FILE")
    return Raw(path, open(0, "rb", buffering=0, closefd=False))


@contextmanager
def opened(path: str) -> Iterator[int]:
    """Open a file, or take stdin for `-`, and yield its descriptor; any OSError within is an InputError."""
    with reading(path), closing(open_raw(path)) as raw:
        yield raw.descriptor


def read_small(path: str, limit: int) -> bytes:
    """Return the bytes of a small file, at most one more than `limit`; InputError if it cannot be read.

    What may be a list of inputs cannot be this one: a folder is no file, and `-` is not stdin.
    """
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:
        hint = "name a file" if isinstance(error, IsADirectoryError) else hint_to_read(path, error)
        raise InputError(f"cannot read {without_secrets(path)!r}: {reason(error)}").with_hint(hint) from error


def identity_of(status: os.stat_result) -> tuple[int, int]:
    """Return what a file shares with no other, whatever its names are and whoever writes to it."""
    return status.st_dev, status.st_ino


def version_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced."""
    return *identity_of(status), status.st_size, status.st_mtime_ns
