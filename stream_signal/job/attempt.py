"""Attempt: what is still to be written when a job has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import ClosedOutputError, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.job.stopping import StopSignals


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
        reason = str(unwritten)
        if reason == str(error):
            return None
        if reason not in getattr(error, "__notes__", ()):
            error.add_note(reason)
        return reason
    return None
