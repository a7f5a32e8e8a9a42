"""The first moments of the command: a stop signal waits until there is a job that can say that it was stopped.

Whatever is imported before `hold` is a moment in which a signal ends the process without a word, or with a traceback,
and leaves the metrics of an earlier run where those of this one belong. So this file imports next to nothing, and is
imported before all others. The module `signal` is Python around `_signal`, and imports `enum` and what that needs,
which takes longer than all else before `hold`.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import os
import time

TYPE_CHECKING = False  # the module typing takes longer to import than all of this
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
TOGETHER_SECONDS = 0.1  # nobody presses Ctrl-C twice this fast

# The first signal that came, and when, on the clock of `time.monotonic`.
_came: list[tuple[int, float]] = []
_before: dict[int, Any] = {}


def stop_signals() -> list[int]:
    """Return the signals that ask a job to stop; SIGHUP is none under nohup: the job outlives its terminal."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    return [*numbers, HANGUP] if HANGUP and signal.getsignal(HANGUP) != signal.SIG_IGN else [*numbers]


def hold() -> None:
    """Hold back stop signals, for who takes them over later; a second one ends the process."""
    for number in stop_signals():
        _before[number] = signal.signal(number, _hold)


def taken_over() -> tuple[int, float] | None:
    """Return the signal that was held back, if one was, and when it came; its new handlers are in place."""
    return _came.pop() if _came else None


def release() -> None:
    """Let signals do what they do without a job, that which was held back too."""
    while _before:
        signal.signal(*_before.popitem())
    if _came:
        signal.raise_signal(_came.pop()[0])


def end_by(number: int) -> None:
    """End the process by a signal, at once."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _hold(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if not _came:
        _came.append((number, now))
    elif now - _came[0][1] >= TOGETHER_SECONDS:
        end_by(number)
