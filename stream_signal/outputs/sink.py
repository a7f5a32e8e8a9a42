"""Sink: whatever a job feeds as its rows are counted: signals, the log, snapshots of the metrics, the checkpoint.

The job drives all of its sinks in one list, and knows none of them by name. They are called in the order of the list,
between two rows of the stream, and never in the middle of a piece.
"""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream_signal.core.errors import StreamSignalError


class Sink:
    """Override what you need; each method here does nothing.

    What cannot be written raises OutputError.
    """

    due = inf
    """when `turn` wants to be called, on the clock of `time.monotonic`"""

    def begin(self, name: str) -> None:
        """Learn that an input begins, or goes on where a checkpoint left it."""

    def take(self, data: bytes) -> None:
        """Learn that these bytes are counted."""

    def turn(self) -> None:
        """Do what is due."""

    def ending(self) -> None:
        """Learn that the last input is at its end, while a last row without its newline is not counted yet."""

    def end(self, rotated: str | None) -> None:
        """Learn that an input has ended, and with it its last row; `rotated` says why another file takes its place."""

    def stop(self, by: str) -> None:
        """Learn that a signal, `by` its name, has ended a source that has no other end."""

    def finish(self) -> None:
        """Learn that the stream has ended well."""

    def fail(self, error: StreamSignalError) -> None:
        """Learn that the job ends with this error, and do what is left to do."""


class Every(Sink):
    """A sink that does something every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.put_off()

    def put_off(self) -> None:
        """Begin the wait anew."""
        self.due = time.monotonic() + self._seconds

    def turn(self) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self.due:
            self.put_off()
            self.do()

    def do(self) -> None:
        """Do what is due; override it."""
