"""Messages for people, on stderr."""

from __future__ import annotations

import sys

from stream_signal.outputs.metrics import one_line


def complain(error: Exception) -> None:
    """Write an error, its hint and each of its notes to stderr, one line each; otherwise only the exit code tells."""
    hint = getattr(error, "hint", None)
    say(one_line(error), *([hint] if hint else ()), *getattr(error, "__notes__", ()))


def say(*texts: str) -> None:
    """Write each text to stderr as a line of its own."""
    if sys.stderr is None:
        return
    try:
        for text in texts:
            sys.stderr.write(f"stream-signal: {' '.join(text.splitlines())}\n")
        sys.stderr.flush()
    except OSError:
        pass
