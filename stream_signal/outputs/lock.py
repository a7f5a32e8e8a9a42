"""FileLock: one process at a time writes a file."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import OutputError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# What is in a lock file. A killed process leaves its own behind, and by this it is told from a file of the user.
_MARK = b"stream-signal locks the file beside this one as long as a job writes it.\n"


class FileLock:
    """A lock on the file at `path`, as a context.

    The system holds the lock, on a file `.NAME.lock` beside it, and releases it however the process ends. A file that
    stream-signal has not made is not removed, and if there is something in it, it is no lock. BlockingIOError if
    another process has the lock, OutputError if another file has its name.
    """

    def __init__(self, path: str) -> None:
        self._of = path
        self._path = lock_of(path)

    def __enter__(self) -> Self:
        while True:
            descriptor = self._open()
            try:
                system.lock(descriptor)
                if self._is_there(descriptor):
                    self._is_ours = self._recognise(descriptor)
                    self._descriptor = descriptor
                    return self
            except BaseException:
                system.close_unwritten(descriptor)
                raise
            # The process that had it has removed the file: another one would lock a new file.
            system.close_unwritten(descriptor)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._is_ours and self._is_there(self._descriptor):
            with suppress(OSError):  # removed by another process, or not removable while it is open
                os.unlink(self._path)
        system.close_unwritten(self._descriptor)

    def _open(self) -> int:
        """Open the file, or make it; a link is not followed."""
        flags = os.O_RDWR | system.NOFOLLOW | system.NONBLOCK | system.BINARY
        while True:
            try:
                descriptor = os.open(self._path, flags | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                with suppress(FileNotFoundError):  # removed since
                    if not stat.S_ISREG(os.lstat(self._path).st_mode):
                        raise self._foreign() from None
                    return os.open(self._path, flags)
            else:
                with suppress(OSError):  # no space: it locks all the same
                    os.write(descriptor, _MARK)
                return descriptor

    def _is_there(self, descriptor: int) -> bool:
        """Whether the file is the one that has the name now."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self._path))
        except FileNotFoundError:
            return False

    def _recognise(self, descriptor: int) -> bool:
        """Whether stream-signal has made the file; without a mark, it can be used but not removed."""
        begins = system.read_at(descriptor, len(_MARK) + 1, 0)
        if not _MARK.startswith(begins):
            raise self._foreign()
        return bool(begins)

    def _foreign(self) -> OutputError:
        message = f"cannot write {self._of!r}: its lock would be {self._path!r}, which is another file"
        return OutputError(message).with_hint("move that file away, or name another output")


def lock_of(path: str) -> str:
    """Return the path of the lock file of a file."""
    folder, name = os.path.split(os.path.realpath(path))
    return os.path.join(folder, f".{name}.lock")
