"""Write a file as a whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import ClosedOutputError, OutputError, reason
from stream_signal.core.urls import shown_path
from stream_signal.hints.paths import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

STDOUT = "-"
# A temporary file is recognised by them: a checkpoint differs from another one behind `{"schema": 3, "sha256": "`.
_HEAD_BYTES = 16
FREELY = nullcontext()
"""the context of a step that anything may interrupt"""


def check_replaceable(path: str) -> None:
    """Raise OutputError if `path` cannot be replaced, before anything is read."""
    if os.path.isdir(path) or path.endswith("/"):
        raise cannot_write(path, OSError(errno.EISDIR, ""))
    if is_special(path):
        return
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise cannot_write(path, OSError(errno.ENOENT, ""))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise cannot_write(path, OSError(errno.EACCES, ""))


def replace_file(
    path: str,
    data: bytes,
    *,
    wait: bool = True,
    temporary: str | None = None,
    last: AbstractContextManager[object] = FREELY,
) -> None:
    """Replace the file at `path` by `data`: a temporary file beside it, fsync, rename, fsync of the folder.

    A reader sees the whole old file or the whole new one, at any time. A link is followed, and the permissions of the
    old file are kept. A pipe or a device cannot be replaced, so the data is written to it; without `wait`, a named pipe
    without a reader is an error. If it raises OutputError, the old file is unchanged.

    A killed process leaves its temporary file behind. If no two processes can write the file at once, `temporary` gives
    it a fixed name, so that there is never more than one: what begins as `data` does is such a file, and is removed.
    Any other file of that name stays. The rename is done within `last`.
    """
    try:
        if is_special(path):
            _write_special(path, data, 0 if wait else system.NONBLOCK, last)
            return
        if temporary and _is_left_behind(temporary, data):
            _remove(temporary)
        with Replacement(path, temporary) as file:
            file.write(data)
            file.commit(last)
    except OSError as error:
        raise cannot_write(path, error) from error


class Replacement:
    """A file that is written beside the one at `path`, piece by piece, and takes its place with `commit`.

    A context; if it ends without that, the file is removed, and the old one is unchanged. The new one is named
    `temporary` where no file has that name, and gets the permissions of the old one. OSError if something fails.
    """

    def __init__(self, path: str, temporary: str | None = None) -> None:
        self._target = os.path.realpath(path)
        self._folder = os.path.dirname(self._target)
        if not temporary or os.path.lexists(temporary):
            temporary = os.path.join(self._folder, f".stream-signal.{os.urandom(4).hex()}.tmp")
        self._temporary = temporary
        self._is_there = False

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.BINARY
        self._descriptor = os.open(self._temporary, flags, 0o666)
        self._is_there = True
        try:
            if os.path.exists(self._target):
                system.copy_permissions(self._target, self._descriptor)
        except BaseException:
            self.discard()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.discard()

    def write(self, data: bytes) -> None:
        """Write every byte."""
        write_all(self._descriptor, data)

    def commit(self, last: AbstractContextManager[object] = FREELY) -> None:
        """Put the file in the place of the old one, within `last`; it is on disk by then."""
        os.fsync(self._descriptor)
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
        with last:
            os.replace(self._temporary, self._target)
        self._is_there = False
        system.sync_folder(self._folder)

    def discard(self) -> None:
        """Remove the file, unless it is in its place."""
        if self._is_there:
            self._is_there = False
            system.close_unwritten(self._descriptor)
            _remove(self._temporary)  # gone already if a signal came right after the rename


def temporary_of(path: str) -> str:
    """Return the fixed name of the temporary file of a file that one process at a time writes."""
    folder, name = os.path.split(os.path.realpath(path))
    return os.path.join(folder, f".{name}.tmp")


def write_stdout(data: bytes, last: AbstractContextManager[object] = FREELY) -> None:
    """Write all of `data` to stdout; raise ClosedOutputError if the reader closed the pipe, or OutputError.

    It is written within `last`, once there is space for it.
    """
    descriptor = open_stdout()
    with writing(STDOUT):
        _write_when_taken(descriptor, data, last)


def open_stdout() -> int:
    """Return the descriptor of stdout; OutputError if it is closed."""
    if sys.stdout is None:  # closed by the parent process: descriptor 1 may be any file by now
        raise OutputError("cannot write to stdout: it is closed").with_hint("give --output FILE")
    return 1


@contextmanager
def writing(path: str, *, in_place: bool = True) -> Iterator[None]:
    """Turn a failure to write a file, or stdout for `-`, into an OutputError with a message.

    It is a ClosedOutputError if the reader closed the pipe. A file that is not written `in_place` is replaced.
    """
    where = "to stdout" if path == STDOUT else shown_path(path)
    try:
        yield
    except BrokenPipeError as error:
        raise ClosedOutputError(f"cannot write {where}: the reader closed the pipe") from error
    except (OSError, ValueError) as error:  # a path with a NUL in it
        if path != STDOUT:
            raise cannot_write(path, error, in_place=in_place) from error
        raise OutputError(f"cannot write {where}: {reason(error)}") from error


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however few the system accepts at a time."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # another process made this pipe non-blocking
            system.wait_to_write(descriptor)


def _write_special(path: str, data: bytes, flags: int, last: AbstractContextManager[object]) -> None:
    descriptor = os.open(path, os.O_WRONLY | flags)
    try:
        _write_when_taken(descriptor, data, last)
    finally:
        system.close_unwritten(descriptor)


def _write_when_taken(descriptor: int, data: bytes, last: AbstractContextManager[object]) -> None:
    system.wait_to_write(descriptor)
    with last:
        write_all(descriptor, data)


def is_special(path: str) -> bool:
    """Whether there is a pipe or a device, which cannot be replaced."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _is_left_behind(path: str, data: bytes) -> bool:
    """Whether a killed process has left a file there that was to become one like `data`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | system.NOFOLLOW | system.NONBLOCK | system.BINARY)
    except OSError:
        return False
    try:
        head = os.read(descriptor, _HEAD_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        system.close_unwritten(descriptor)
    return bool(head) and data.startswith(head)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
