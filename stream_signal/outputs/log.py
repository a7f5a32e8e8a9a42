"""The log, for machines (JSON Lines in a file or on stderr) and for people (stderr, with -v).

The only module that imports structlog, and only once there is something to write: a quiet job starts without it. Never
a call per row.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stream_signal import system
from stream_signal.core.errors import OutputError, reason
from stream_signal.core.printable import json_text, printable
from stream_signal.core.urls import without_urls
from stream_signal.hints.paths import cannot_write

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

STDERR = "-"
# What `structlog.wrap_logger` returns.
_Logger = Any


class Log:
    """Writes each event to the log file, if there is one, and to stderr if `verbosity` is 1 or more.

    If the path is `-`, stderr gets the JSON Lines, and no words for people between them. The file is opened, and
    structlog imported, by the first event. A log that cannot be written raises OutputError.
    """

    def __init__(self, path: str | None, verbosity: int) -> None:
        self._path = path
        self._verbosity = verbosity
        self._file: _LogFile | None = None
        self._loggers: list[_Logger] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def info(self, event: str, **fields: Any) -> None:
        """Write an event with its fields."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Write an event that may need attention."""
        self._write("warning", event, fields)

    def failure(self, event: str, error: Exception) -> None:
        """Write the event that ended the job; with verbosity 2, its traceback goes to the file."""
        fields: dict[str, Any] = {"error": str(error), "kind": type(error).__name__}
        if hint := getattr(error, "hint", None):
            from stream_signal.hints.shell import text_of

            fields["hint"] = text_of(hint)
        if notes := getattr(error, "__notes__", None):
            fields["notes"] = notes
        if self._verbosity > 1:
            fields["exc_info"] = error
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        try:
            if self._loggers is None:
                self._loggers = self._open()
            for logger in self._loggers:
                getattr(logger, level)(event, **fields)
        except OSError as error:
            if self._path not in {None, STDERR}:
                raise cannot_write(self._path, error, "the log ", in_place=True) from error
            raise OutputError(f"cannot write the log to stderr: {reason(error)}") from error

    def _open(self) -> list[_Logger]:
        loggers: list[_Logger] = []
        if not (self._path or self._verbosity):
            return loggers
        if self._path == STDERR and sys.stderr is None:
            raise OSError(errno.EBADF, "it is closed")
        if self._path and self._path != STDERR:
            self._file = _LogFile(self._path)
        import structlog

        first: list[Any] = [structlog.processors.add_log_level]
        if self._path:
            machine: list[Any] = [
                *first,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                _drop_urls,
                structlog.processors.JSONRenderer(json_text),
            ]
            logger: Any = self._file or structlog.WriteLogger(sys.stderr)
            loggers.append(structlog.wrap_logger(logger, processors=machine))
        if self._verbosity and sys.stderr and self._path != STDERR:
            person: list[Any] = [
                *first,
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                _drop_traceback,
                _printable,
                structlog.dev.ConsoleRenderer(colors=_has_colour(sys.stderr), sort_keys=False),
            ]
            loggers.append(structlog.wrap_logger(_Screen(), processors=person))
        return loggers


class _Screen:
    """stderr, for people."""

    def info(self, line: str) -> None:
        """Write a line in place of the progress, if that is drawn."""
        from stream_signal.outputs.stderr import erase

        erase()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    warning = error = info


class _LogFile:
    """The file at `path`, appended to a line at a time; opened anew if it was renamed, as by logrotate, or removed."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = self._open()

    def info(self, line: str) -> None:
        """Append a line: it is in the file when the call returns."""
        if self._was_renamed():
            renamed, self._file = self._file, self._open()  # the old one stays open if there is no new one
            renamed.close()
        self._file.write(f"{line}\n")

    warning = error = info

    def close(self) -> None:
        with suppress(OSError):  # a failed write was reported when it happened
            self._file.close()

    def _open(self) -> TextIO:
        # Line-buffered. A named pipe without a reader is an error.
        return open(self._path, "a", encoding="utf-8", buffering=1, opener=_open_at_once)

    def _was_renamed(self) -> bool:
        status = os.fstat(self._file.fileno())
        try:
            return stat.S_ISREG(status.st_mode) and not os.path.samestat(status, os.stat(self._path))
        except FileNotFoundError:
            return True


def _open_at_once(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | system.NONBLOCK, 0o666)
    if system.NONBLOCK:
        os.set_blocking(descriptor, True)
    return descriptor


def _has_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _drop_urls(_logger: _Logger, _level: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut the URLs out of a traceback, which has the messages of libraries in it."""
    if "exception" in event:
        event["exception"] = without_urls(event["exception"])
    return event


def _printable(_logger: _Logger, _level: str, event: dict[str, Any]) -> dict[str, Any]:
    """Escape what a terminal would obey."""
    return {key: _shown(value) for key, value in event.items()}


def _shown(value: Any) -> Any:
    """Return a field without foreign text that is not printable; `repr` escapes it in what is no text."""
    return printable(value) if isinstance(value, str) else value


def _drop_traceback(_logger: _Logger, _level: str, event: dict[str, Any]) -> dict[str, Any]:
    event.pop("exc_info", None)
    return event
