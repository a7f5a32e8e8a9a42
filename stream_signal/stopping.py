"""SIGINT, SIGTERM and SIGHUP, as an exception that never cuts a row in two.

A signal raises Interrupted wherever the job is, in a blocking read as in an import, except while a chunk is counted:
then it is held back until that is done. A second signal ends the process at once. One that comes together with the
first is not a second one: `timeout` sends it to the process, and again to its group.
"""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stream_signal import early
from stream_signal.core.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType
    from typing import Self


class StopSignals:
    """A context in which SIGINT, SIGTERM and SIGHUP raise Interrupted, at once or at the end of `deferred`.

    One that came before, and was held back by `early`, is raised by `check`.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._received_at = 0.0
        self._obeyed = False
        self._holding = False
        self._has_raised = False

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._receive) for number in early.stop_signals()}
        if came := early.taken_over():
            self._received, self._received_at = came
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise Interrupted if a signal has come before this context began."""
        with self.deferred():
            pass

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Hold a signal back until the end of this context, or of the outermost one."""
        outside, self._holding = self._holding, True
        try:
            yield
        finally:
            self._holding = outside
        if self._received is not None and not outside and not self._obeyed:
            raise _interrupted(self._received)

    @contextmanager
    def honoured(self) -> Iterator[None]:
        """Raise Interrupted in place of the error of a library that has caught it and failed without it."""
        try:
            yield
        except Interrupted:
            raise
        except Exception as error:
            if self._received is not None and self._has_raised and not self._obeyed:
                raise _interrupted(self._received) from error
            raise

    @property
    def received(self) -> bool:
        """Whether a signal has come."""
        return self._received is not None

    def obey(self) -> None:
        """Treat the signal as the normal end of the job, whether it has come or comes yet: it interrupts nothing more.

        A second one still does.
        """
        self._obeyed = True

    @contextmanager
    def last_step(self) -> Iterator[None]:
        """Complete the job: a signal that comes meanwhile, or later, is too late to stop it."""
        with self.deferred():
            yield
            self.obey()

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None:
            if time.monotonic() - self._received_at < early.TOGETHER_SECONDS:
                return
            early.end_by(number)
        self._received, self._received_at = number, time.monotonic()
        if not self._holding and not self._obeyed:
            self._has_raised = True
            raise _interrupted(number)


def leave_to_parent() -> None:
    """Leave it to the parent process what a signal to the whole group means; SIGTERM ends this one."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in filter(None, (signal.SIGINT, early.HANGUP)):
        signal.signal(number, signal.SIG_IGN)


def _interrupted(number: int) -> Interrupted:
    return Interrupted(number, signal.Signals(number).name)
