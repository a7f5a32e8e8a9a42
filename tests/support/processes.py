"""The command while it runs: on a pipe, or on a growing file."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.candle_csv import candle_csv
from support.commands import COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS = 200  # what `wait_until_read` writes
FOLLOW_ARGUMENTS = ("data.csv", "--follow", "--signals", "-", "--output", "m.json", "--quiet")


@contextmanager
def start(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the command on a pipe, with the log on stderr to see its progress; leave no process behind."""
    pipe = subprocess.PIPE
    command = [COMMAND, "-v", *arguments]
    with subprocess.Popen(command, cwd=folder, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_read(process: subprocess.Popen[bytes]) -> None:
    """Feed rows and return when they are counted: the header is in the log, and the pipe is empty."""
    assert process.stdin
    assert process.stderr
    process.stdin.write(candle_csv(["1"] * ROWS))
    while b"header read" not in process.stderr.readline():
        pass


def unread(process: subprocess.Popen[bytes]) -> int:
    """Return how many bytes of its stdin, a pipe, a process has not read yet."""
    assert process.stdin
    return int.from_bytes(fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def wait_until(come: Callable[[], bool]) -> None:
    """Return when something has come about."""
    deadline = time.monotonic() + 30
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def follow(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Follow data.csv, with the signals on a pipe; leave no process behind."""
    pipe = subprocess.PIPE
    command = [COMMAND, *(arguments or FOLLOW_ARGUMENTS)]
    with subprocess.Popen(command, cwd=folder, bufsize=0, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def append(path: Path, text: str | bytes) -> None:
    """Write at the end of a file, as a logger does."""
    with path.open("ab", buffering=0) as file:
        file.write(text.encode() if isinstance(text, str) else text)
