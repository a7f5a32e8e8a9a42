"""The command on a terminal: a pseudo-terminal of its own, and what a person sees on it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.commands import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = 100
PATIENCE_SECONDS = 30
# Become the process that controls the terminal, to which Ctrl-C goes, and then the command.
_CONTROL = """
import fcntl, os, sys, termios
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A pseudo-terminal: what is typed into it, and all that was written to it so far."""

    def __init__(self, columns: int = COLUMNS) -> None:
        self.main, self.end = pty.openpty()
        termios.tcsetwinsize(self.end, (24, columns))
        self.written = b""

    def wait_for(self, text: str) -> str:
        """Wait until this pattern is written, and return what it matches."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(text, self.written.decode())):
            assert time.monotonic() < until, self.written
            self._read(0.1)
        return found[0]

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.main, keys)

    def screen(self) -> list[str]:
        """Return the lines on it, without blanks at their ends: a carriage return begins a line again."""
        while self._read(0):
            pass
        lines, at = [""], 0
        for character in self.written.decode():
            if character == "\n":
                lines.append("")
                at = 0
            elif character == "\r":
                at = 0
            else:
                lines[-1] = lines[-1][:at].ljust(at) + character + lines[-1][at + 1 :]
                at += 1
        return [line.rstrip() for line in lines]

    def _read(self, seconds: float) -> bool:
        if not select.select([self.main], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.main, 65536)
        except OSError:  # nobody has it open any more
            return False
        self.written += data.replace(b"\a", b"")  # a bell, as of a shell that completes, is not seen
        return bool(data)


@contextmanager
def terminal(columns: int = COLUMNS) -> Iterator[Terminal]:
    """Open a pseudo-terminal."""
    opened = Terminal(columns)
    try:
        yield opened
    finally:
        os.close(opened.main)
        os.close(opened.end)


@contextmanager
def on_terminal(
    folder: Path, *arguments: str, columns: int = COLUMNS, on_stdout: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """Start the command with stderr, and perhaps stdout, on a terminal that it controls; leave no process behind."""
    with (
        terminal(columns) as opened,
        subprocess.Popen(
            [sys.executable, "-c", _CONTROL, COMMAND, *arguments],
            cwd=folder,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=opened.end if on_stdout else subprocess.PIPE,
            stderr=opened.end,
            start_new_session=True,
            env=os.environ | {"NO_COLOR": "1"},
        ) as process,
    ):
        try:
            yield process, opened
        finally:
            process.kill()
