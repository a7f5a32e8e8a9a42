"""FileLock: one process at a time writes a file."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from stream_signal import system

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class FileLock:
    """A lock on the file at `path`, as a context; BlockingIOError if another process has it.

    The system holds the lock, on a file `.NAME.lock` beside it, and releases it however the process ends.
    """

    def __init__(self, path: str) -> None:
        folder, name = os.path.split(os.path.realpath(path))
        self._path = os.path.join(folder, f".{name}.lock")

    def __enter__(self) -> Self:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                system.lock(descriptor)
                if self._is_ours(descriptor):
                    self._descriptor = descriptor
                    return self
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # the process that had it has removed the file: another one would lock a new file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # removed by another process, or not removable while it is open
            os.unlink(self._path)
        os.close(self._descriptor)

    def _is_ours(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        except FileNotFoundError:
            return False
