"""Memory is bounded: measured on streams that are made as they are read, and never stored."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from candle_csv import candle_csv, row
from commands import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1024 * 1024


# A process starts with the memory of the one that started it, and that counts: so a small one starts it.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def peak_memory(folder: Path, head: bytes, block: bytes, times: int) -> tuple[int, bytes, int]:
    """Pipe `head` and then `block` so many times; return exit code, stdout and peak resident bytes."""
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


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Over 300 MB of candles, memory peaks where it does over 30 MB, give or take a megabyte."""
    # 1,000 rows of some 300 bytes: the same bytes in fewer rows.
    rows = [row(number, f"{number % 7}.5") + "," + "9" * 270 for number in range(1000)]
    head = candle_csv([]).replace(b"volume", b"volume,id")
    block = "".join(line + "\n" for line in rows).encode()
    code, _, small = peak_memory(tmp_path, head, block, 30 * MEGABYTE // len(block))
    assert code == 0
    code, stdout, large = peak_memory(tmp_path, head, block, 300 * MEGABYTE // len(block))
    assert code == 0
    assert f'"rows_processed": {300 * MEGABYTE // len(block) * 1000}'.encode() in stdout
    assert large < small + MEGABYTE


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    """A line that never ends is refused by its number as soon as it is too long, not swallowed."""
    code, stdout, peak = peak_memory(tmp_path, candle_csv(["1"]), b"x" * MEGABYTE, 300)
    assert code == 1
    assert b"line 3: expected a line of at most 131072 bytes, found a longer one" in stdout
    assert peak < 32 * MEGABYTE


def test_a_quote_without_an_end_is_refused(tmp_path: Path) -> None:
    """A quote that never closes is refused by the line it began on, not swallowed."""
    code, stdout, peak = peak_memory(tmp_path, candle_csv(["1"]) + b'"', b"x\n" * (MEGABYTE // 2), 300)
    assert code == 1
    assert b"line 3: expected a line of at most 131072 bytes, found a longer one" in stdout
    assert peak < 32 * MEGABYTE
