"""Words for people, on stderr."""

from __future__ import annotations

import sys

from stream_signal.outputs.metrics import one_line


def complain(error: Exception) -> None:
    """Write an error to stderr, and each of its notes, a line each; without a stderr, the exit code has to do."""
    if sys.stderr is None:
        return
    try:
        for text in (one_line(error), *getattr(error, "__notes__", ())):
            sys.stderr.write(f"stream-signal: {text}\n")
        sys.stderr.flush()
    except OSError:
        pass
