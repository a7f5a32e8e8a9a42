"""Signal lines, written as rows are counted: to a file, or to stdout.

A line is written as a whole or not at all. A file is written in place, so that others can follow it, and locked,
because two jobs would overwrite the lines of each other. With a checkpoint it is truncated to the length that the
checkpoint covers, so that it holds each line once. A pipe gets pieces that the system writes as a whole: an interrupted
write ends between two lines.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import DataError, OutputError
from stream_signal.core.line_format import CSV, PARQUET, format_for
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.urls import shown_path
from stream_signal.outputs.files import STDOUT, open_stdout, write_all, writing
from stream_signal.outputs.lock import FileLock
from stream_signal.outputs.parts import Sink
from stream_signal.outputs.stderr import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.outputs.parts import Job

# What is written to a pipe as a whole (PIPE_BUF on Linux).
_WHOLE_BYTES = 4096
# A folder takes no lock file, such as the one around a file mounted into a container, or its name would be too long:
# every job finds it so. Anything else may pass, and two jobs would then lock different files.
_NO_LOCK_FILE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG}
# How long a stopping job waits for a reader that does not read.
PATIENCE_SECONDS = 1.0


def wanted(job: Job) -> Iterator[Sink]:
    """Yield what writes the lines, with its file open until the job ends."""
    order, config = job.order, job.config
    path = str(order.signals)
    form = order.signals_format or format_for(path)
    if form == PARQUET:
        from stream_signal.outputs.parquet import ParquetSignals

        columns = SignalLines(CSV, config.time_column, keyed=config.is_keyed, windows=config.windows)
        yield job.resources.enter_context(ParquetSignals(path, columns))
        return
    lines = SignalLines(form, config.time_column, keyed=config.is_keyed, windows=config.windows)
    yield job.resources.enter_context(SignalsWriter(path, lines, lambda: job.stop.received, quiet=order.is_quiet))


class SignalsWriter(Sink):
    """Writes the lines of `lines` to `path`, or to stdout for `-`, each time some rows are counted.

    `resume` continues the file of an earlier job; otherwise the first write empties the file, or a failure before it.
    `length` is how many bytes are written. OutputError if they cannot be written, ClosedOutputError if the reader
    closed the pipe; `failed` is true then. Once `stopping` returns true, lines
    that the reader of a pipe does not read are `unsent`, which is said on stderr unless `quiet`.
    """

    def __init__(self, path: str, lines: SignalLines, stopping: Callable[[], bool], *, quiet: bool = False) -> None:
        self.path = path
        self.lines = lines
        self.observers = [lines]
        self.length = 0
        self.failed = False
        self.unsent = 0
        self._tell: Callable[[bytes], None] | None = None
        self._stopping = stopping
        self._quiet = quiet
        self._begun = False
        self._is_in_folder = False  # for certain, even if the power fails
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        if self.path == STDOUT:
            self._descriptor, self.is_file = open_stdout(), False
        else:
            with writing(self.path), ExitStack() as resources:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | system.BINARY, 0o666)
                resources.callback(system.close_unwritten, self._descriptor)  # synced by then, or the job has failed
                self.is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
                if self.is_file:
                    self._lock(resources)
                self._resources = resources.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._resources.close()

    def _lock(self, resources: ExitStack) -> None:
        """Lock the file until `resources` or the process ends; raise OutputError if another job has it."""
        try:
            try:
                resources.enter_context(FileLock(self.path))
            except BlockingIOError:
                raise
            except OSError as error:
                if error.errno not in _NO_LOCK_FILE:
                    raise
            system.lock(self._descriptor)  # a hard link is another name of the same file
        except BlockingIOError:
            taken = "another job is writing it; wait for that, or name another file"
            raise OutputError(f"cannot write {shown_path(self.path)}: {taken}") from None

    def tell(self, written: Callable[[bytes], None]) -> None:
        """Call `written` with whatever is written to the file from now on."""
        self._tell = written

    def resume(self, length: int) -> None:
        """Truncate the file to `length` bytes and continue from there; a pipe just continues."""
        self._begun, self.length = length > 0, length
        if self.is_file:
            with self._in_words():
                os.ftruncate(self._descriptor, length)
                os.lseek(self._descriptor, length, os.SEEK_SET)

    def take(self, size: int = 0, tail: bytes = b"") -> None:  # noqa: ARG002 - their lines are in `lines` by now
        """Write the lines of the rows that were counted."""
        text = self.lines.take()
        if not text:
            return
        with self._in_words():
            if not self._begun:
                self._begun, text = True, self.lines.format.header + text
                if self.is_file:
                    os.ftruncate(self._descriptor, 0)
            if self.is_file:
                self._append(text)
                if self._tell:
                    self._tell(text)
            else:
                self._send(text)
                self.length += len(text)

    def sync(self) -> None:
        """Write the remaining lines, and sync the file to disk; the first time its folder too, which has its name."""
        self.take()
        if self.is_file:
            with self._in_words():
                os.fsync(self._descriptor)
                if not self._is_in_folder:
                    system.sync_folder(os.path.dirname(os.path.realpath(self.path)))
                    self._is_in_folder = True

    def end(self, rotated: str | None) -> None:  # noqa: ARG002 - for any reason
        """Write the line of the last row of an input."""
        self.take()

    def finish(self) -> None:
        """Sync the file to disk; a stop that is the normal end of the job may have left lines unsent."""
        self.sync()
        if self.unsent and not self._quiet:
            say(self._loss())

    def fail(self, error: StreamSignalError) -> None:
        """Write the lines of the rows before an unreadable one; without any, leave none of an earlier job."""
        if isinstance(error, DataError):
            self.take()
        if self.is_file and not self._begun:
            with self._in_words():
                os.ftruncate(self._descriptor, 0)
        if self.unsent:
            error.add_note(self._loss())

    def _loss(self) -> str:
        return f"signal lines that were not sent, because nobody read them: {self.unsent}"

    def _send(self, text: bytes) -> None:
        """Write lines into a pipe, as fast as its reader reads them."""
        for piece in _pieces(text):
            if self.unsent or not self._is_taken():
                self.unsent += piece.count(b"\n")
            else:
                write_all(self._descriptor, piece)

    def _is_taken(self) -> bool:
        """Wait until the pipe has space for a piece; return False if a stopping job has waited long enough."""
        while not system.wait_to_write(self._descriptor, PATIENCE_SECONDS):
            if self._stopping():
                return False
        return True

    def _append(self, text: bytes) -> None:
        try:
            write_all(self._descriptor, text)
        except OSError:
            os.ftruncate(self._descriptor, self.length)  # no unfinished line
            raise
        self.length += len(text)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            with writing(self.path):
                yield
        except OutputError:
            self.failed = True
            raise


def _pieces(text: bytes) -> Iterator[bytes]:
    """Split whole lines into pieces of whole lines that a pipe accepts at once."""
    start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + _WHOLE_BYTES) + 1 or text.find(b"\n", start) + 1
        yield text[start:end]
        start = end
