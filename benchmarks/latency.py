"""How long a row waits: from its write into a pipe to its being counted, at several paces up to saturation.

Run: make bench-latency   (in small: python benchmarks/latency.py --paces 1000 0 --seconds 1 --rows 100_000 --print)

This process writes candles, one `write` a row, into a real pipe; `programs/stream_clock.py` reads the other end as the
command does and notes the clock after each chunk. Both clocks are CLOCK_MONOTONIC, which is one for all processes.

The load is open: when a row is due is fixed beforehand, and its wait counts from then, even if the writer was held up
(a full pipe, a slow reader). A writer that waits for the reader would write fewer rows just when they would wait
longest, and the percentiles would leave those out: Gil Tene calls it coordinated omission ("How NOT to Measure
Latency", 2013). At saturation nothing is due: rows are written as fast as the pipe accepts them, and the wait counts
from the write.

The first row is written when the reader is ready; everything after that counts, including its first use of a module
and its garbage collection.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from machine import described
from processes import clean_environment
from report import invocation, number, publish, table
from workloads import workload

if TYPE_CHECKING:
    from numpy.typing import NDArray

README = Path(__file__).resolve().parent / "README.md"
READER = [sys.executable, str(README.parent / "programs" / "stream_clock.py")]
SATURATION = 0  # the pace that means: as fast as the pipe accepts rows
PACES = (100, 1_000, 10_000, 50_000, 100_000, SATURATION)
LEAD_NS = 20_000_000  # from now to the first row
SPIN_NS = 200_000  # sleep wakes about 50 µs late: the end of the wait is a spin
PERCENTILES = (50, 99, 99.9, 100)


class Waits(NamedTuple):
    """One run: what was asked for, and what was measured."""

    pace: int
    """rows/s asked for, or SATURATION"""
    reached: float
    """rows/s, from when the first row was due to when the last one was counted"""
    due: NDArray[np.int64]
    """nanoseconds that each row waited since it was due; since it was written, at saturation"""
    written: NDArray[np.int64]
    """nanoseconds that each row waited since just before its write"""


def main() -> None:
    """Measure each pace, and write the table."""
    options = _options()
    rows = []
    for pace in options.paces:
        waits = measure_waits(pace, int(pace * options.seconds) or options.rows)
        cells = [f"{pace:,}" if pace else "saturation", f"{waits.reached:,.0f}", f"{waits.due.size:,}"]
        cells += [number(value) for value in microseconds(waits.due)]
        rows.append([*cells, number(microseconds(waits.written)[2])])
    head = ["rows/s", "reached", "rows", "p50", "p99", "p99.9", "max", "p99.9 from write"]
    said = f"`{invocation()}`: microseconds from when a row was due to its being counted.\n{described()}."
    text = f"{said}\n\n{table(head, rows)}"
    publish("latency", text, options.output, only_print=options.print)


def measure_waits(pace: int, rows: int) -> Waits:
    """Write `rows` rows at a pace, and return how long each of them waited."""
    power_of_ten = 10 ** len(str(rows - 1))  # few files serve many paces
    work = workload("plain", power_of_ten)
    with work.path.open("rb") as file:
        header, *lines = islice(file, rows + 1)
    with subprocess.Popen(
        READER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=clean_environment()
    ) as process:
        assert process.stdin
        assert process.stdout
        ready = process.stdout.read(len(b"ready\n"))
        assert ready == b"ready\n"
        pipe = process.stdin.fileno()
        os.write(pipe, header)
        due, written = write_rows(pipe, lines, pace)
        process.stdin.close()
        found = np.frombuffer(process.stdout.read(), np.int64).reshape(-1, 2)
    answer, seen = found[0], found[1:]
    clocks, counted = seen[:, 0], seen[:, 1]
    assert process.returncode == 0
    assert answer.tolist() == [np.count_nonzero(work.truth[:rows]), rows]
    assert counted[-1] == rows
    # A row was counted with the first chunk after which the count had reached it.
    at = clocks[np.searchsorted(counted, np.arange(1, rows + 1))]
    since = due if pace else written
    return Waits(pace, rows * 1e9 / int(at[-1] - since[0]), at - since, at - written)


def microseconds(waits: NDArray[np.int64]) -> list[float]:
    """Return the PERCENTILES of the waits; each is the wait of a real row, none interpolated."""
    return [float(value) / 1e3 for value in np.percentile(waits, PERCENTILES, method="higher")]


def write_rows(pipe: int, lines: list[bytes], pace: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write each line when it is due; return when each was due, and when its write began."""
    clock, write, sleep = time.clock_gettime_ns, os.write, time.sleep
    monotonic = time.CLOCK_MONOTONIC
    step = 1e9 / pace if pace else 0
    offsets = [round(row * step) for row in range(len(lines))]
    written = [0] * len(lines)
    gc.collect()
    gc.disable()
    start = clock(monotonic) + LEAD_NS  # only now: with millions of rows, the lines above take a second
    try:
        for row, line in enumerate(lines):
            due, now = start + offsets[row], clock(monotonic)
            while now < due:
                if due - now > SPIN_NS:
                    sleep((due - now - SPIN_NS) / 1e9)
                now = clock(monotonic)
            written[row] = now
            write(pipe, line)  # shorter than PIPE_BUF: all of it or it blocks
    finally:
        gc.enable()
    return start + np.array(offsets), np.array(written)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how long rows wait in a pipe until they are counted.")
    parser.add_argument("--paces", type=int, nargs="+", default=PACES, metavar="N", help="rows/s; 0: saturation")
    parser.add_argument("--seconds", type=float, default=5, help="how long each pace is kept (default: 5)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows at saturation (default: 1_000_000)")
    parser.add_argument("--output", type=Path, default=README, help="document to write the table into")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
