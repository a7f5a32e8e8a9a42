"""What remains to be done when a job has failed: its record in place of the metrics, its last line in the log."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from stream_signal.core.errors import (
    ClosedOutputError,
    ConfigError,
    Hint,
    InputError,
    InternalError,
    Interrupted,
    StreamSignalError,
    Way,
    reason,
)
from stream_signal.core.urls import without_urls
from stream_signal.hints.paths import MORE_FILES
from stream_signal.job.config import DEFAULT_CONFIG
from stream_signal.outputs.metrics import UNKNOWN_VERSION, ErrorRecord
from stream_signal.outputs.record import write_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.config import Config
    from stream_signal.order import Order
    from stream_signal.outputs.log import Log
    from stream_signal.stopping import StopSignals

_DEFECT = "this is a defect of stream-signal: please report it, with the traceback that -vv --log-file FILE writes"


def in_words(error: Exception) -> StreamSignalError:
    """Return an error of the job; what no part of it has expected is a defect, or a limit of the system."""
    if isinstance(error, StreamSignalError):
        return error
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        failure: StreamSignalError = InputError(f"the system opens no more files: {reason(error)}").with_hint(
            MORE_FILES
        )
    else:
        text = without_urls(f"{type(error).__name__}: {error}")
        failure = InternalError(f"internal error: {text}").with_hint(_DEFECT)
    failure.__cause__ = error
    return failure


def record(error: StreamSignalError, order: Order, config: Config | None, log: Log, stop: StopSignals) -> None:
    """Write the error to the log, and in place of the metrics; what cannot be written does not hide it.

    `config` is None if it could not be read.
    """
    if isinstance(error, ConfigError) and order.config is None and error.path == DEFAULT_CONFIG:
        words = f"{error.hint.words}, or ignore" if error.hint else "correct it, or ignore"
        error.hint = Hint(f"{words} ./{DEFAULT_CONFIG}", (Way(("--no-config",)),))
    if error.hint != MORE_FILES:  # then not even a module can be opened
        from stream_signal.job.hints import advised

        error.hint = advised(error, order.inputs, config, follows=order.follow)
    written = ErrorRecord.of(_version(error, order, config), error)
    if order.error_format == "full":
        from stream_signal.hints.shell import text_of

        hint = text_of(error.hint) if error.hint else None
        written = written._replace(code=error.code, hint=hint)

    def write() -> None:
        try:
            write_record(written, order, wait=not stop.received, last=stop.last_step())
        except Interrupted:  # by now the job has failed, and it waits for no reader
            stop.obey()
            write_record(written, order, wait=False)

    attempt(error, lambda: log.failure("job failed", error), stop)
    unwritten = attempt(error, write, stop)
    if unwritten:
        attempt(error, lambda: log.warning("record not written", reason=unwritten), stop)


def attempt(error: StreamSignalError, write: Callable[[], None], stop: StopSignals) -> str | None:
    """Write something after `error`; return why that failed, unless it is why the job failed, and note it.

    Neither what cannot be written nor a stop signal hides the error. But a closed pipe, which ends a job quietly, hides
    nothing else.
    """
    try:
        write()
    except Interrupted:
        stop.obey()  # the job ends anyway
    except Exception as unwritten:
        if isinstance(error, ClosedOutputError) and not isinstance(unwritten, ClosedOutputError):
            raise
        if type(unwritten) is type(error) and unwritten.args == error.args:
            return None
        text = str(unwritten)
        if text not in getattr(error, "__notes__", ()):
            error.add_note(text)
        return text
    return None


def _version(error: StreamSignalError, order: Order, config: Config | None) -> str:
    """Return the version of the config, of the flags, or of a config that is wrong otherwise."""
    if config:
        return config.version
    of_error = error.version if isinstance(error, ConfigError) else None
    return order.settings.get("version") or of_error or UNKNOWN_VERSION
