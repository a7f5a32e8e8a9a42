"""SIGINT and SIGTERM, made to wait for a moment at which the job can stop.

The first signal is only noted while a block is being counted, so that no row is half counted, and the job stops after
it; while the job waits for bytes, the wait itself is broken off. A second signal ends the process at once.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from stream_signal.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType
    from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """A context in which SIGINT and SIGTERM raise Interrupted from `next_of`, and nowhere else."""

    def __init__(self) -> None:
        self._received: int | None = None
        self._waiting = False

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def next_of(self, chunks: Iterator[bytes]) -> bytes | None:
        """Return the next bytes, None at their end; raise Interrupted where the job was asked to stop."""
        self._waiting = True
        try:
            if self._received is not None:
                raise self._interrupted(self._received)
            return next(chunks, None)
        finally:
            self._waiting = False

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._received = number
        if self._waiting:
            raise self._interrupted(number)

    @staticmethod
    def _interrupted(number: int) -> Interrupted:
        return Interrupted(number, signal.Signals(number).name)
