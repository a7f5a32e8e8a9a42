"""A growing file, followed by its name.

At its end the reader waits, and then checks for, in this order:

    more bytes        read on, if the bytes before them are still the same
    fewer bytes       the file was truncated (copytruncate): a new input begins at 0
    another file      the file was renamed and recreated: its rest is read first, then a new input begins
    no file           it was renamed: wait for the new one; at the start it need not exist yet

If the system does not report changes, as over NFS, the file is still checked once a second.
"""

from __future__ import annotations

import os
import time
from math import inf
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import InputError, reason
from stream_signal.inputs.events import IDLE, Begin, End
from stream_signal.inputs.plain import CHUNK_BYTES, size_of
from stream_signal.inputs.watch import POLL_SECONDS, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.inputs.events import Event

LONGEST_WAIT_SECONDS = 1.0
# Grace period for a renamed file: its writer may not have reopened it yet.
GRACE_SECONDS = 0.2
# Enough to know that the bytes before the offset are still those that were read: each row has its own timestamp.
_TAIL_BYTES = 64


class FollowedSource:
    """One file, followed as it grows and through rotations; it ends after `idle_seconds` without new bytes."""

    endless = True

    def __init__(self, path: str, idle_seconds: float | None = None) -> None:
        self.names: tuple[str, ...] = (path,)
        self._path = path
        self._idle_seconds = inf if idle_seconds is None else idle_seconds

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Iterator[Event]:  # noqa: ARG002
        """Yield the events of the file, and of those that replace it; see `inputs.events.Source`."""
        yield Begin(self._path, max(0, size_of(self._path) - offset))
        file, watch = _Followed(self._path, offset), Watch(self._path)
        idle_since = time.monotonic()
        try:
            while True:
                found = file.look()
                if isinstance(found, bytes):
                    idle_since = time.monotonic()
                    watch.note_data()
                    yield found
                elif found:
                    yield found
                    yield Begin(self._path)
                else:
                    rest = idle_since + self._idle_seconds - time.monotonic()
                    if rest <= 0:
                        yield End(torn=True)
                        return
                    yield IDLE
                    longest = POLL_SECONDS if file.is_being_left else LONGEST_WAIT_SECONDS
                    watch.wait(max(0.0, min(patience() if patience else inf, rest, longest)))
        except OSError as error:
            raise InputError(f"cannot read {self._path!r}: {reason(error)}") from error
        finally:
            watch.close()
            file.close()


class _Followed:
    """The file at a path, and how far it has been read."""

    def __init__(self, path: str, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._descriptor = -1
        self._tail = b""  # the bytes before the offset
        self._left_at = inf  # when to leave it for the file that has its name now; inf: not at all
        self._looked: os.stat_result | None = None  # at the last read that found nothing

    @property
    def is_being_left(self) -> bool:
        """Whether another file has its name now."""
        return self._left_at < inf

    def look(self) -> bytes | End | None:
        """Return the next bytes, or the end of the file if another replaces it; None if there is nothing new."""
        found = _stat(self._path)
        if found and self._descriptor < 0:
            self._open()
        if self._descriptor < 0 or not (self.is_being_left or _changed(self._looked, found)):
            return None
        if self._is_truncated():
            self._offset, self._tail, self._looked = os.lseek(self._descriptor, 0, os.SEEK_SET), b"", None
            return End(torn=True, rotated="the file was truncated")
        data = os.read(self._descriptor, CHUNK_BYTES)
        if data:
            self._offset, self._left_at, self._looked = self._offset + len(data), inf, None
            self._tail = (self._tail + data[-_TAIL_BYTES:])[-_TAIL_BYTES:]
            return data
        self._looked = found
        if found and not os.path.samestat(found, os.fstat(self._descriptor)):
            return self._leave()
        return None

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | system.BINARY)
        except FileNotFoundError:  # renamed just now
            return
        os.lseek(self._descriptor, self._offset, os.SEEK_SET)
        self._tail, self._left_at, self._looked = self._read_tail(), inf, None

    def _is_truncated(self) -> bool:
        """Whether the bytes that were read are no longer there."""
        return os.fstat(self._descriptor).st_size < self._offset or self._read_tail() != self._tail

    def _read_tail(self) -> bytes:
        length = min(self._offset, _TAIL_BYTES)
        return system.read_at(self._descriptor, length, self._offset - length)

    def _leave(self) -> End | None:
        """Leave the file for the new one, after a grace period."""
        self._left_at = min(self._left_at, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() < self._left_at:
            return None
        self.close()
        self._offset = 0
        return End(torn=True, rotated="another file has its name now")


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _changed(before: os.stat_result | None, now: os.stat_result | None) -> bool:
    if before is None or now is None:
        return True  # it may still be written to under another name
    return (before.st_size, before.st_mtime_ns, before.st_ino) != (now.st_size, now.st_mtime_ns, now.st_ino)
