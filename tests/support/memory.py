"""The peak memory of the command."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from support.commands import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1024 * 1024

# The memory of the process that starts another counts towards its peak, so a small process starts it.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def peak_memory(folder: Path, head: bytes, block: bytes, times: int) -> tuple[int, bytes, int]:
    """Pipe `head` and then `block`, `times` times; return exit code, stdout and peak resident bytes."""
    reader, writer = os.pipe()

    def feed() -> None:
        try:
            with open(writer, "wb", buffering=0) as pipe:
                for piece in (head, *[block] * times):
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[pipe.write(rest) :]
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=feed)
    command = [sys.executable, "-c", MEASURE, COMMAND]
    with subprocess.Popen(command, cwd=folder, stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.close(reader)
        thread.start()
        stdout, stderr = process.communicate(timeout=60)
        thread.join()
    return process.returncode, stdout, int(stderr.splitlines()[-1]) * 1024


def peak_of_this_process() -> int:
    """Return the most resident bytes so far; that of `resource` begins with those of the parent."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
