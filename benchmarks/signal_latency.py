"""How long a signal takes: from the write of a row to its line read at the other end, by pipe and by followed file.

Run: make bench-signals   (in small: python benchmarks/signal_latency.py --paces 1000 --seconds 1 --print)

The real command runs with `--signals -`. This process writes rows at a steady pace, into its stdin or at the end of a
file that it follows; another (`programs/line_clock.py`) reads the lines as they arrive and notes the clock. The load is
open, as in `latency.py`: a row's wait counts from when it was due; at saturation, from its write.

Last, the command waits at each input for a file that does not grow, and its CPU time is taken.

`--soak SECONDS` keeps each pace for long, and sets the last tenth of the rows beside the first, in the percentiles and
the memory of the command. `make bench-soak` writes an hour's rows of 1,000 a second in six minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from contenders import COMMAND
from latency import PERCENTILES, README, SATURATION, microseconds, write_rows
from machine import described
from processes import clean_environment
from report import invocation, number, publish, table
from workloads import workload

if TYPE_CHECKING:
    from numpy.typing import NDArray

READER = [sys.executable, str(README.parent / "programs" / "line_clock.py")]
INPUTS = ("pipe", "follow", "follow, looking")
PACES = (100, 1_000, 10_000, 50_000, 100_000, SATURATION)
NEVER = "import sys; sys.modules['inotify_simple'] = None; from stream_signal.__main__ import main; sys.exit(main())"
HEAD = [*(f"p{percentile}" for percentile in PERCENTILES[:-1]), "max", "RSS MB"]


class Run(NamedTuple):
    """One run: how long each row waited until its line was read, in nanoseconds, and the memory of the command."""

    reached: float
    """rows/s, from the first row to the last line"""
    waits: NDArray[np.int64]
    megabytes: list[float]
    """after each tenth of the time"""


def main() -> None:
    """Measure each input at each pace, and write the table."""
    options = _options()
    rows = []
    for input_name in options.inputs:
        for pace in options.paces:
            run = measure(input_name, pace, int(pace * (options.soak or options.seconds)) or options.rows)
            cells = [input_name, f"{pace:,}" if pace else "saturation", f"{run.reached:,.0f}", f"{run.waits.size:,}"]
            rows.append(cells + (_soak_figures(run) if options.soak else _figures(run)))
    head = ["input", "rows/s", "reached", "rows", *HEAD]
    said = f"`{invocation()}`: microseconds from when a row was due to its signal being read.\n{described()}."
    if options.soak:
        said += "\nWhere there are two figures: of the first tenth of the rows, and of the last."
    waiting = [input_name for input_name in options.inputs if input_name != "pipe" and not options.soak]
    for input_name in waiting:
        said += f"\nWaiting, {input_name}: {idle(input_name, options.seconds):.2f} % of a core."
    text = f"{said}\n\n{table(head, rows)}"
    publish("soak" if options.soak else "signals", text, options.output, only_print=options.print)


def _figures(run: Run) -> list[str]:
    """Return the cells under HEAD."""
    return [*map(number, microseconds(run.waits)), f"{run.megabytes[-1]:.1f}"]


def _soak_figures(run: Run) -> list[str]:
    """Return the cells under HEAD, of the first tenth and of the last; but the longest wait is that of all rows."""
    tenths = np.array_split(run.waits, 10)
    first, last = (microseconds(tenths[tenth])[:-1] for tenth in (0, -1))
    cells = [f"{number(before)}, {number(after)}" for before, after in zip(first, last, strict=True)]
    return [*cells, number(microseconds(run.waits)[-1]), f"{run.megabytes[0]:.1f}, {run.megabytes[-1]:.1f}"]


def measure(input_name: str, pace: int, count: int) -> Run:
    """Write `count` rows at a pace, and return how long the signal of each row took."""
    work = workload("plain", 10 ** len(str(count - 1)))
    with work.path.open("rb") as file:
        header, *lines = islice(file, count + 1)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "data.csv"
        path.write_bytes(header)
        arguments = ["--signals", "-", "--output", str(Path(name) / "m.json")]
        if input_name != "pipe":
            arguments += [str(path), "--follow"]
        pipe, environment = subprocess.PIPE, clean_environment()
        memory: list[float] = []
        with (
            subprocess.Popen(
                [*_command(input_name), *arguments], stdin=pipe, stdout=pipe, bufsize=0, env=environment
            ) as process,
            subprocess.Popen([*READER, str(count)], stdin=process.stdout, stdout=pipe, env=environment) as reader,
        ):
            assert process.stdin
            assert reader.stdout
            target = process.stdin.fileno()
            if input_name == "pipe":
                os.write(target, header)
            else:
                target = os.open(path, os.O_WRONLY | os.O_APPEND)
            time.sleep(0.5)  # until they are up: a running stream is measured
            stop = threading.Event()
            between = count / pace / 10 if pace else 1.0
            watch = threading.Thread(target=_watch, args=(process.pid, between, stop, memory))
            watch.start()
            due, written = write_rows(target, lines, pace)
            seen = np.frombuffer(reader.stdout.read(), np.int64).reshape(-1, 2)
            stop.set()
            watch.join()
            process.stdin.close()
            if input_name != "pipe":
                os.close(target)
                process.terminate()
        assert (process.returncode, reader.returncode) == (0, 0)
    clocks, counts = seen.T
    since = due if pace else written
    at = clocks[np.searchsorted(counts, np.arange(1, count + 1))]
    return Run(count * 1e9 / int(at[-1] - since[0]), at - since, memory)


def idle(input_name: str, seconds: float) -> float:
    """Follow a file that does not grow; return what that takes, in percent of a core."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "data.csv"
        path.write_text("close\n1\n")
        command = [*_command(input_name), str(path), "--follow", "--output", str(Path(name) / "m.json")]
        with subprocess.Popen(command, env=clean_environment()) as process:
            time.sleep(2)  # until it is up, and idle enough to check less often
            before = _cpu_seconds(process.pid)
            time.sleep(seconds)
            taken = _cpu_seconds(process.pid) - before
            process.terminate()
    return 100 * taken / seconds


def _command(input_name: str) -> list[str]:
    return [sys.executable, "-c", NEVER] if input_name == "follow, looking" else [COMMAND]


def _cpu_seconds(pid: int) -> float:
    nanoseconds = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9


def _watch(pid: int, seconds: float, stop: threading.Event, memory: list[float]) -> None:
    """Note the resident memory of a process every `seconds`."""
    while not stop.wait(seconds):
        memory.append(_resident(pid))
    memory.append(_resident(pid))


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how long signals take, by pipe and by followed file.")
    parser.add_argument("--inputs", nargs="+", choices=INPUTS, default=INPUTS)
    parser.add_argument("--paces", type=int, nargs="+", default=PACES, metavar="N", help="rows/s; 0: saturation")
    parser.add_argument("--seconds", type=float, default=5, help="how long each pace is kept (default: 5)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows at saturation (default: 1_000_000)")
    parser.add_argument("--soak", type=float, default=0, metavar="SECONDS", help="one long run, first and last tenth")
    parser.add_argument("--output", type=Path, default=README, help="document to write the table into")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
