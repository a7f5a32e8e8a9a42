"""A file that grows, read by its name for as long as it takes.

At its end the reader waits; what is looked at then, in this order:

    more bytes        read on, if what was read before still stands before them
    fewer bytes       it was cut back (copy and truncate): the next part begins at 0
    another file      it was renamed, and made anew: the rest of the old one is read first, then the next part begins
    no file           it was renamed: wait for the new one; at the start it need not be there yet

Where `inotify_simple` is installed (the extra `follow`), the system says when something happens in the folder;
elsewhere it is looked at every 10 ms, and every 50 ms when nothing has come for a second. One that tells nothing, as
over NFS, is looked at every second all the same.
"""

from __future__ import annotations

import os
import time
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import InputError, reason
from stream_signal.inputs.plain import CHUNK_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How often the file is looked at: a look takes some 0.1 ms, and is to take less than 1 % of a core where nothing comes.
POLL_SECONDS = 0.01
IDLE_POLL_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 1.0
# So long does who writes have to notice that the file has another name, before the rest of it is left.
GRACE_SECONDS = 0.2
# As much as tells that the bytes before the place of reading are still those that were read: a row has its own time.
_TAIL_BYTES = 64


class NextPart(NamedTuple):
    """Told between the bytes of one file and those of the next; `why` in words for the log."""

    why: str


def follow_chunks(
    path: str, offset: int, patience: Callable[[], float], idle_seconds: float | None
) -> Iterator[bytes | NextPart]:
    """Yield the bytes of a file from `offset` on, as it grows; NextPart where another file begins.

    `b""` is yielded while nothing comes, at least as often as `patience`, in seconds, asks for. Ends after
    `idle_seconds` without new bytes. Raises InputError where the file is there and cannot be read.
    """
    file, watch = _Followed(path, offset), _Watch(path)
    idle_since = time.monotonic()
    try:
        while True:
            found = file.look()
            if found:
                if isinstance(found, bytes):
                    idle_since = time.monotonic()
                    watch.came()
                yield found
                continue
            rest = inf if idle_seconds is None else idle_since + idle_seconds - time.monotonic()
            if rest <= 0:
                return
            yield b""
            watch.wait(max(0.0, min(patience(), rest, POLL_SECONDS if file.is_being_left else LONGEST_WAIT_SECONDS)))
    except OSError as error:
        raise InputError(f"cannot read {path!r}: {reason(error)}") from error
    finally:
        watch.close()
        file.close()


class _Followed:
    """The file of that name, and where in it the reader is."""

    def __init__(self, path: str, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._descriptor = -1
        self._tail = b""  # what stands before the offset
        self._left_at = inf  # when it is left for the file that has taken its name
        self._looked: os.stat_result | None = None  # what it was when there was nothing more to be had of it

    @property
    def is_being_left(self) -> bool:
        """Whether another file has taken its name."""
        return self._left_at < inf

    def look(self) -> bytes | NextPart | None:
        """Return the next bytes, or that another file begins; None where there is nothing now."""
        found = _stat(self._path)
        if found and self._descriptor < 0:
            self._open()
        if self._descriptor < 0 or not (self.is_being_left or _changed(self._looked, found)):
            return None
        if self._is_cut_back():
            self._offset, self._tail, self._looked = os.lseek(self._descriptor, 0, os.SEEK_SET), b"", None
            return NextPart("the file was cut back")
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
            self._descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:  # renamed in this very moment
            return
        os.lseek(self._descriptor, self._offset, os.SEEK_SET)
        self._tail, self._left_at, self._looked = self._read_tail(), inf, None

    def _is_cut_back(self) -> bool:
        """Whether what was read before does not stand there any more."""
        return os.fstat(self._descriptor).st_size < self._offset or self._read_tail() != self._tail

    def _read_tail(self) -> bytes:
        length = min(self._offset, _TAIL_BYTES)
        return os.pread(self._descriptor, length, self._offset - length)

    def _leave(self) -> NextPart | None:
        """Leave the file for the new one; not at once, for who writes may not have noticed yet."""
        self._left_at = min(self._left_at, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() < self._left_at:
            return None
        self.close()
        self._offset = 0
        return NextPart("another file stands there now")


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _changed(before: os.stat_result | None, now: os.stat_result | None) -> bool:
    if before is None or now is None:
        return True  # it is written to under another name, perhaps
    return (before.st_size, before.st_mtime_ns, before.st_ino) != (now.st_size, now.st_mtime_ns, now.st_ino)


class _Watch:
    """Waits for something to happen to a file."""

    def __init__(self, path: str) -> None:
        self._places = {os.path.abspath(path), os.path.realpath(path)}  # a link, and what it points to
        self._names = {os.path.basename(place) for place in self._places}
        self._inotify = None
        self._quiet_since = time.monotonic()
        try:
            from inotify_simple import INotify, flags  # noqa: PLC0415 - an extra, and only for this

            self._inotify = INotify()
            for folder in {os.path.dirname(place) for place in self._places}:
                self._inotify.add_watch(folder, flags.MODIFY | flags.CREATE | flags.MOVED_TO | flags.MOVED_FROM)
        except (ImportError, OSError):  # not installed, not on this system, or no watch left
            self.close()

    def wait(self, seconds: float) -> None:
        """Return when something has happened, or may have, and after so many seconds at the latest."""
        if not self._inotify:
            is_quiet = time.monotonic() - self._quiet_since > 1
            time.sleep(min(seconds, IDLE_POLL_SECONDS if is_quiet else POLL_SECONDS))
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if any(event.name in self._names for event in self._inotify.read(timeout=max(1, int(left * 1000)))):
                return

    def came(self) -> None:
        """Take note that something came: more may follow soon."""
        self._quiet_since = time.monotonic()

    def close(self) -> None:
        if self._inotify:
            self._inotify.close()
            self._inotify = None
