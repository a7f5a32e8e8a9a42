"""Sink: what a job writes to as it runs: signals, the log, the metrics so far, the checkpoint.

The job has all of its sinks in one list, and knows none of them by name. They are called in the order of the list,
between two rows of the stream, and never in the middle of a chunk.
"""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.core.observe import Observer


class Sink:
    """Override what you need; each method here does nothing.

    A failure to write raises OutputError.
    """

    observers: Sequence[Observer] = ()
    """what it needs to see of the rows"""
    due = inf
    """when `turn` has something to do, on the clock of `time.monotonic`"""

    def start(self) -> None:
        """Note that the job begins: its stream is there, new or as a checkpoint has it."""

    def begin(self, name: str) -> None:
        """Note that an input begins, or continues where a checkpoint ends."""

    def take(self, size: int, tail: bytes) -> None:
        """Note that the next `size` bytes are counted, of which `tail` are the last.

        They are all, or if the bytes were counted elsewhere the last ones, or if they were no text none.
        """

    def turn(self) -> None:
        """Do what is due."""

    def ending(self) -> None:
        """Note that the last input is at its end; a last row without its newline is not counted yet."""

    def leaving(self, rotated: str) -> None:
        """Note that a followed file is left for the one that replaces it, right before `end`; `rotated` says why."""

    def end(self, rotated: str | None) -> None:
        """Note that an input has ended, and with it its last row; `rotated` says why another file replaces it."""

    def stop(self, by: str) -> None:
        """Note that a signal, `by` its name, has ended an endless source."""

    def finish(self) -> None:
        """Note that the stream has ended without an error."""

    def fail(self, error: StreamSignalError) -> None:
        """Note that the job ends with this error, and do what remains to be done."""


class Every(Sink):
    """A sink that does something every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.put_off()

    def put_off(self) -> None:
        """Restart the interval."""
        self.due = time.monotonic() + self._seconds

    def turn(self) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self.due:
            self.put_off()
            self.do()

    def do(self) -> None:
        """Do what is due; override it."""
