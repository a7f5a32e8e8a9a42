"""Messages for people, on stderr; and one line that is drawn in place there, which gives way to each message."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.printable import printable
from stream_signal.outputs.metrics import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

# Where the size of the terminal is unknown.
_COLUMNS = 80
# The terminal writes ^C behind the line, which must not begin another one.
_ECHO_COLUMNS = 3
# How many columns the drawn line takes; none if there is none.
_drawn_columns = 0


def complain(error: Exception, hint: Sequence[str] = ()) -> None:
    """Write an error, its notes, and the lines of its hint to stderr; otherwise only the exit code tells."""
    say(one_line(error), *getattr(error, "__notes__", ()), *hint)


def say(*texts: str) -> None:
    """Write each text to stderr as a line of its own."""
    if sys.stderr is None:
        return
    erase()
    try:
        for text in texts:
            sys.stderr.write(f"stream-signal: {printable(' '.join(text.splitlines()))}\n")
        sys.stderr.flush()
    except OSError:
        pass


def columns() -> int:
    """Return how many columns a line may have that is drawn in place."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(1, (columns or _COLUMNS) - _ECHO_COLUMNS)


def draw(line: str) -> None:
    """Draw a line on the terminal, in place of the one drawn before; a terminal that takes none now gets the next."""
    global _drawn_columns  # noqa: PLW0603 - the process has one stderr
    try:
        if system.wait_to_write(sys.stderr.fileno(), 0):
            text = line.ljust(_drawn_columns)[: columns()]
            _drawn_columns = len(text)
            sys.stderr.write(f"\r{text}")  # at once, so that it does not flicker
            sys.stderr.flush()
    except OSError:  # the terminal has gone
        pass


def erase() -> None:
    """Erase the line that is drawn, if any, and what was typed behind it; the next output begins in its place."""
    global _drawn_columns  # noqa: PLW0603
    if _drawn_columns:
        blanks = " " * min(_drawn_columns + _ECHO_COLUMNS, columns() + _ECHO_COLUMNS - 1)
        _drawn_columns = 0
        try:
            sys.stderr.write(f"\r{blanks}\r")
            sys.stderr.flush()
        except OSError:
            pass
