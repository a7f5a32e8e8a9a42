"""The lines of signals, written as they come: to a file, or to stdout.

A line is written whole or not at all. A file is written in place, for others to follow; with a checkpoint it is cut
back to the length that the checkpoint tells, so that each line stands in it once. A pipe gets pieces that the system
takes whole: when a write is broken off, it is between two lines.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stream_signal.core.errors import OutputError
from stream_signal.core.observers.signal_lines import CSV, JSONL
from stream_signal.outputs.files import STDOUT, open_stdout, write_all, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from stream_signal.core.observers.signal_lines import SignalLines

# What a pipe takes whole (PIPE_BUF of Linux).
_WHOLE_BYTES = 4096
# So long a job that is to stop waits for a reader that does not read.
PATIENCE_SECONDS = 1.0


def form_of(path: str) -> str:
    """Return the format that a name asks for."""
    return JSONL if path.endswith((".jsonl", ".ndjson")) else CSV


class SignalsWriter:
    """Writes what is in `lines` to `path`, or to stdout for `-`, each time `write` is called.

    `go_on` says where a checkpoint stands; without it, the first write begins the file anew. `length` is how much of
    the file is written. OutputError where it cannot be, ClosedOutputError where the reader has gone; `failed` then.
    `hurries` says whether the job is to stop: lines that the reader of a pipe does not take then are `unsent`.
    """

    def __init__(self, path: str, lines: SignalLines, hurries: Callable[[], bool]) -> None:
        self.lines = lines
        self.length = 0
        self.failed = False
        self.unsent = 0
        self._hurries = hurries
        self._path = path
        self._begun = False

    def __enter__(self) -> Self:
        if self._path == STDOUT:
            self._descriptor, self.is_file = open_stdout(), False
        else:
            with writing(self._path):
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o666)
                self.is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        if not self.is_file:
            self._room = select.poll()
            self._room.register(self._descriptor, select.POLLOUT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._path != STDOUT:
            os.close(self._descriptor)

    def go_on(self, length: int) -> None:
        """Cut the file back to the `length` that a checkpoint tells, and go on from there; a pipe just goes on."""
        self._begun, self.length = length > 0, length
        if self.is_file:
            with self._in_words():
                os.ftruncate(self._descriptor, length)
                os.lseek(self._descriptor, length, os.SEEK_SET)

    def write(self) -> bytes:
        """Write the lines that there are; return what was written."""
        data = self.lines.take()
        if not data:
            return data
        with self._in_words():
            if not self._begun:
                self._begun, data = True, self.lines.head + data
                if self.is_file:
                    os.ftruncate(self._descriptor, 0)
            if self.is_file:
                self._append(data)
            else:
                self._send(data)
                self.length += len(data)
        return data

    def sync(self) -> None:
        """Make what was written last."""
        if self.is_file:
            with self._in_words():
                os.fsync(self._descriptor)

    def _send(self, data: bytes) -> None:
        """Write lines into a pipe, as its reader takes them."""
        for piece in _pieces(data):
            if self.unsent or not self._is_taken():
                self.unsent += piece.count(b"\n")
            else:
                write_all(self._descriptor, piece)

    def _is_taken(self) -> bool:
        """Wait until the pipe has room for a piece; False where a job that is to stop has waited long enough."""
        while not self._room.poll(PATIENCE_SECONDS * 1000):
            if self._hurries():
                return False
        return True

    def _append(self, data: bytes) -> None:
        try:
            write_all(self._descriptor, data)
        except OSError:
            os.ftruncate(self._descriptor, self.length)  # no half line
            raise
        self.length += len(data)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            with writing(self._path):
                yield
        except OutputError:
            self.failed = True
            raise


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut whole lines into pieces of whole lines that a pipe takes in one go."""
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _WHOLE_BYTES) + 1 or data.find(b"\n", start) + 1
        yield data[start:end]
        start = end
