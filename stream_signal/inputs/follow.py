"""A growing file, followed by its name.

At its end the reader waits, and then checks for, in this order:

    more bytes        read on, if the bytes before them are still the same
    fewer bytes       the file was truncated (copytruncate): a new input begins at 0
    another file      the file was renamed and recreated: its rest is read first, then a new input begins
    no file           it was renamed: wait for the new one; at the start it need not exist yet

`Rotations` knows which file comes next. If the system does not report changes, as over NFS, the file is still checked
once a second.
"""

from __future__ import annotations

import os
import time
from math import inf
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import InputError, reason
from stream_signal.inputs.events import EDGE_BYTES, IDLE, RENAMED, TRUNCATED, Begin, End
from stream_signal.inputs.fingerprint import Edges
from stream_signal.inputs.plain import CHUNK_BYTES, unreadable
from stream_signal.inputs.rotation import Rotations, begins_with, stat_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from stream_signal.inputs.events import Event
    from stream_signal.inputs.rotation import NamedFile

LONGEST_WAIT_SECONDS = 1.0
# Grace period for a renamed file: its writer may not have reopened it yet.
GRACE_SECONDS = 0.2
# Enough to know that the bytes before the offset are still those that were read: each row has its own timestamp.
_TAIL_BYTES = 64
# A check takes about 0.1 ms, and should take less than 1 % of a core while nothing arrives.
_POLL_SECONDS = 0.01
_IDLE_POLL_SECONDS = 0.05


class FollowedSource:
    """One file, followed as it grows and through rotations; it ends after `idle_seconds` without new bytes."""

    endless = True

    def __init__(self, path: str, idle_seconds: float | None = None, rotations: Rotations | None = None) -> None:
        self.names: tuple[str, ...] = (path,)
        self._path = path
        self._idle_seconds = inf if idle_seconds is None else idle_seconds
        self._rotations = rotations or Rotations(path)

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Generator[Event]:  # noqa: ARG002
        """Yield the events of the file, and of those that replace it; see `inputs.events.Source`."""
        file, watch = _Followed(self._rotations, offset), _Watch(self._path)
        idle_since = time.monotonic()
        try:
            yield file.begin()
            while True:
                event = file.look()
                if isinstance(event, bytes):
                    idle_since = time.monotonic()
                    watch.note_data()
                    yield event
                elif event:
                    yield event
                    yield Begin(file.name, file.size)
                else:
                    # A file that another one follows is not the end, however long its last rows took.
                    rest = inf if file.is_being_left else idle_since + self._idle_seconds - time.monotonic()
                    if rest <= 0:
                        yield End(torn=True)
                        return
                    yield IDLE
                    longest = _POLL_SECONDS if file.is_being_left else LONGEST_WAIT_SECONDS
                    watch.wait(max(0.0, min(patience() if patience else inf, rest, longest)))
        except OSError as error:
            raise unreadable(self._path, reason(error)) from error
        finally:
            watch.close()
            file.close()


class _Followed:
    """The file that is read now, and how far."""

    def __init__(self, rotations: Rotations, offset: int) -> None:
        self.name = rotations.path
        self.size = 0  # when it was opened
        self._rotations = rotations
        self._offset = offset
        self._edges = Edges()  # of what was read of it
        self._tail = b""  # the bytes before the offset
        self._rows_before = 0
        self._descriptor = -1
        self._is_copy = False  # whether it is the copy of a file that was truncated
        self._leave_at = inf  # when to leave it for the next file; inf: not at all
        self._looked: os.stat_result | None = None  # at the last read that found nothing

    @property
    def is_being_left(self) -> bool:
        """Whether another file comes after it."""
        return self._leave_at < inf

    def begin(self) -> Begin:
        """Open the first file, if it exists by now."""
        self._open_first()
        return Begin(self.name, max(0, self.size - self._offset))

    def look(self) -> bytes | End | None:
        """Return the next bytes, or the end of the file if another replaces it; None if there is nothing new."""
        live = stat_of(self._rotations.path)
        if self._descriptor < 0 and not self._open_first():
            return None
        if not (self.is_being_left or _changed(self._looked, live)):
            return None
        if self._is_truncated():
            return self._begin_again()
        data = os.read(self._descriptor, CHUNK_BYTES)
        if data and not self._has_rows():
            # Only the copy tells that the file was truncated: so far it had nothing that another one has not.
            earlier = self._rotations.earlier(os.fstat(self._descriptor))
            if earlier:
                os.lseek(self._descriptor, self._offset, os.SEEK_SET)
                return self._begin_with(earlier)
        if data:
            self._offset, self._leave_at, self._looked = self._offset + len(data), inf, None
            self._edges.add(data)
            self._tail = (self._tail + data[-_TAIL_BYTES:])[-_TAIL_BYTES:]
            return data
        self._looked = live
        if live and os.path.samestat(live, os.fstat(self._descriptor)):
            self._leave_at = inf
            return None
        return self._leave()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open_first(self) -> bool:
        first = self._rotations.first()
        return first is not None and self._open(first)

    def _open(self, file: NamedFile) -> bool:
        """Continue with a file, at the offset; return False if it has been renamed since it was found."""
        try:
            descriptor = os.open(file.path, os.O_RDONLY | system.BINARY)
        except FileNotFoundError:
            return False
        status = os.fstat(descriptor)
        if not os.path.samestat(status, file.status):
            os.close(descriptor)
            return False
        self.close()
        self._descriptor, self.name = descriptor, file.path
        self._begin_reading(status)
        return True

    def _begin_reading(self, status: os.stat_result) -> None:
        os.lseek(self._descriptor, self._offset, os.SEEK_SET)
        length = min(self._offset, EDGE_BYTES)
        head = system.read_at(self._descriptor, length, 0)
        tail = system.read_at(self._descriptor, length, self._offset - length)
        self._edges, self._tail = Edges(self._offset, head, tail), tail[-_TAIL_BYTES:]
        # What a checkpoint has read of a file has rows.
        self._rows_before = self._rotations.rows() - bool(self._offset)
        self._leave_at, self._looked = inf, None
        self.size = status.st_size
        self._rotations.opened(status)

    def _is_truncated(self) -> bool:
        """Whether the bytes that were read are no longer there. Fewer bytes of them may just not have arrived."""
        if os.fstat(self._descriptor).st_size < self._offset:
            return True
        before = system.read_at(self._descriptor, len(self._tail), self._offset - len(self._tail))
        return len(before) == len(self._tail) and before != self._tail

    def _begin_again(self) -> bytes | End | None:
        """Continue with the copy of a truncated file, if it can be found, or at the start of the file."""
        status = os.fstat(self._descriptor)
        has_rows = self._has_rows()
        copy = self._rotations.copy_of(self._edges.whole(), status) if has_rows else self._rotations.earlier(status)
        if copy:
            return self._begin_with(copy)
        if has_rows:
            self._rotations.left(self._edges, None)
        self._offset = 0
        self._begin_reading(status)
        return End(torn=True, rotated=TRUNCATED)

    def _begin_with(self, copy: NamedFile) -> End | None:
        """Continue with the copy of a truncated file: after what was read of that, if the copy begins with it."""
        begins_alike = begins_with(copy, self._edges.whole())
        offset, rows_before = self._offset, self._rows_before
        if not begins_alike:
            self._offset = 0
        if not self._open(copy):
            self._offset = offset
            return None
        self._is_copy = True
        if begins_alike:
            self._rows_before = rows_before
            return None
        return End(torn=True, rotated=TRUNCATED)

    def _successor(self, read: Edges | None) -> tuple[os.stat_result, NamedFile | None]:
        """Return the status of the file, and the one that comes after it; see `Rotations.after`."""
        while True:
            status = os.fstat(self._descriptor)
            try:
                return status, self._rotations.after(status, read)
            except InputError:
                # Removed while the others were listed, as gzip does: now its compressed form can be told apart.
                if os.fstat(self._descriptor).st_nlink == status.st_nlink:
                    raise

    def _leave(self) -> End | None:
        """Leave the file for the next one, after a grace period."""
        read = self._edges if self._has_rows() else None
        status, successor = self._successor(read)
        if not successor:
            self._leave_at = inf
            return None
        if not self.is_being_left:
            # The writer of a file that was rotated itself is not at this one any more; but read once more.
            is_live = successor.path == self._rotations.path
            self._leave_at = time.monotonic() + (GRACE_SECONDS if is_live else 0.0)
            return None
        if time.monotonic() < self._leave_at:
            return None
        offset, self._offset = self._offset, 0
        if not self._open(successor):
            self._offset = offset
            return None
        if read:
            self._rotations.left(read, status)
        why, self._is_copy = TRUNCATED if self._is_copy else RENAMED, False
        return End(torn=True, rotated=why)

    def _has_rows(self) -> bool:
        return self._rotations.rows() > self._rows_before


class _Watch:
    """Waits for something to happen to the file at `path`, which need not exist.

    If `inotify_simple` is installed (the extra `follow`, Linux), the system reports what happens in the folder of the
    file. Otherwise the caller checks the file every 10 ms, and every 50 ms after a second without data.
    """

    def __init__(self, path: str) -> None:
        places = {os.path.abspath(path), os.path.realpath(path)}  # a link, and what it points to
        self._names = {os.path.basename(place) for place in places}
        self._inotify = None
        self._quiet_since = time.monotonic()
        try:
            from inotify_simple import INotify, flags

            self._inotify = INotify()
            for folder in {os.path.dirname(place) for place in places}:
                self._inotify.add_watch(folder, flags.MODIFY | flags.CREATE | flags.MOVED_TO | flags.MOVED_FROM)
        except (ImportError, OSError):  # not installed, not on this system, or no watch left
            self.close()

    def wait(self, seconds: float) -> None:
        """Return when something has happened, or may have, and after `seconds` at the latest."""
        if not self._inotify:
            is_quiet = time.monotonic() - self._quiet_since > 1
            time.sleep(min(seconds, _IDLE_POLL_SECONDS if is_quiet else _POLL_SECONDS))
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if any(event.name in self._names for event in self._inotify.read(timeout=max(1, int(left * 1000)))):
                return

    def note_data(self) -> None:
        """Remember that data has just arrived: more may follow soon."""
        self._quiet_since = time.monotonic()

    def close(self) -> None:
        """Stop watching."""
        if self._inotify:
            self._inotify.close()
            self._inotify = None


def _changed(before: os.stat_result | None, now: os.stat_result | None) -> bool:
    if before is None or now is None:
        return True  # it may still be written to under another name
    return (before.st_size, before.st_mtime_ns, before.st_ino) != (now.st_size, now.st_mtime_ns, now.st_ino)
