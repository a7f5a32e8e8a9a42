"""Run a program to its end and return what it cost: wall time, CPU time, peak memory.

A process starts with the memory of the one that forked it, and the kernel counts that into its peak. So a small process
starts it: bare Python without `site`, about 10 MB (see `memory_floor`), below which no figure can fall. It takes the
wall time, from just before the program starts to just after it ends; `wait4` gives the rest. The writer into a pipe
(`cat`) is another process, started before the clock and not counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# argv: the file to pipe into the program, or "" for none; then the program and its arguments.
_STARTER = """
import os, sys, time
source, program = sys.argv[1], sys.argv[2:]
actions = []
if source:
    reader, writer = os.pipe()
    cat = ["cat", source]
    moves = [(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)]
    feeder = os.posix_spawnp("cat", cat, os.environ, file_actions=moves)
    os.close(writer)
    actions = [(os.POSIX_SPAWN_DUP2, reader, 0), (os.POSIX_SPAWN_CLOSE, reader)]
started = time.perf_counter()
pid = os.posix_spawnp(program[0], program, os.environ, file_actions=actions)
if source:
    os.close(reader)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - started
if source:
    os.waitpid(feeder, 0)
cpu = usage.ru_utime + usage.ru_stime
print('{"wall": %r, "cpu": %r, "peak": %r}' % (wall, cpu, usage.ru_maxrss), file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) and 1)
"""
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
TIMEOUT_SECONDS = 1800


class Cost(NamedTuple):
    """What one run of a program cost, and what it printed."""

    wall: float
    """seconds from start to exit, as seen from outside"""
    cpu: float
    """seconds, user and system, all threads"""
    peak: float
    """MB resident at most (1 MB = 1,000,000 bytes)"""
    stdout: str


class FailedError(Exception):
    """The program failed; the text is from its stderr."""


def measure(program: Sequence[str], *, piped: Path | None = None, folder: Path | None = None) -> Cost:
    """Run `program` in `folder`, with a file piped into it by `cat` if one is given."""
    command = [sys.executable, "-I", "-S", "-c", _STARTER, str(piped or ""), *program]
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise FailedError(f"{' '.join(program)}: {done.stderr.strip()[-2000:]}")
    cost = json.loads(done.stderr.splitlines()[-1])
    return Cost(cost["wall"], cost["cpu"], cost["peak"] * _PEAK_UNIT / 1e6, done.stdout)


def memory_floor() -> float:
    """Return the peak, in MB, that a program of no size at all would show."""
    return measure(["true"]).peak


def clean_environment() -> dict[str, str]:
    """Return the environment without Python's own settings: PYTHONDONTWRITEBYTECODE alone triples a start."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
