"""The log, for machines (JSON Lines in a file) and for people (stderr, with -v).

The only module that imports structlog, and only once there is something to write: a quiet job starts without it. Never
a call per row.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stream_signal import system
from stream_signal.core.errors import OutputError, reason

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

# What `structlog.wrap_logger` returns.
_Logger = Any


class Log:
    """Writes each event to the log file, if there is one, and to stderr if `verbosity` is 1 or more.

    The file is opened, and structlog imported, by the first event. A log that cannot be written raises OutputError.
    """

    def __init__(self, path: str | None, verbosity: int) -> None:
        self._path = path
        self._verbosity = verbosity
        self._file: TextIO | None = None
        self._loggers: list[_Logger] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            with suppress(OSError):  # a failed write was reported when it happened
                self._file.close()

    @property
    def listens(self) -> bool:
        """Whether anything is written at all."""
        return bool(self._path or self._verbosity)

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
            fields["hint"] = hint
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
            where = repr(self._path) if self._path else "to stderr"
            raise OutputError(f"cannot write the log {where}: {reason(error)}") from error

    def _open(self) -> list[_Logger]:
        loggers: list[_Logger] = []
        if not self.listens:
            return loggers
        if self._path:
            # Line-buffered: an event is in the file when the call returns. A named pipe without a reader is an error.
            self._file = open(self._path, "a", encoding="utf-8", buffering=1, opener=_open_at_once)  # noqa: SIM115
        import structlog  # noqa: PLC0415 - 50 to 100 ms that a quiet job saves

        first: list[Any] = [structlog.processors.add_log_level]
        if self._file:
            machine: list[Any] = [
                *first,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ]
            loggers.append(structlog.wrap_logger(structlog.WriteLogger(self._file), processors=machine))
        if self._verbosity and sys.stderr:
            person: list[Any] = [
                *first,
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                _drop_traceback,
                structlog.dev.ConsoleRenderer(colors=_has_colour(sys.stderr), sort_keys=False),
            ]
            loggers.append(structlog.wrap_logger(structlog.WriteLogger(sys.stderr), processors=person))
        return loggers


def _open_at_once(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | system.NONBLOCK, 0o666)
    if system.NONBLOCK:
        os.set_blocking(descriptor, True)
    return descriptor


def _has_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _drop_traceback(_logger: _Logger, _level: str, event: dict[str, Any]) -> dict[str, Any]:
    event.pop("exc_info", None)
    return event
