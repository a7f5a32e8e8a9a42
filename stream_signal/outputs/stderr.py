"""Messages for people, on stderr."""

from __future__ import annotations

import sys

from stream_signal.outputs.metrics import one_line


def complain(error: Exception) -> None:
    """Write an error and each of its notes to stderr, one line each; without stderr, there is only the exit code."""
    say(one_line(error), *getattr(error, "__notes__", ()))


def say(*texts: str) -> None:
    """Write texts to stderr, one line each."""
    if sys.stderr is None:
        return
    try:
        for text in texts:
            sys.stderr.write(f"stream-signal: {text}\n")
        sys.stderr.flush()
    except OSError:
        pass
