"""How the time of a job falls with more processes and with the workers of a cluster, and what that costs.

Run: make bench-scaling   (in small: python benchmarks/scaling.py --rows 1_000_000 --runs 1 --print)

Each run is a whole process, and the ways take turns. `two jobs on half each` is what two processes can reach at best on
this machine: two independent jobs, started together, each on its own half of the file. The scheduler and the workers of
a cluster are started before the clock, as they are where a cluster is in use.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from contenders import COMMAND
from machine import described
from peers import compile_bytecode
from processes import clean_environment, measure
from report import README, invocation, number, publish, table
from workloads import workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workloads import Workload

WORKERS = (1, 2)


def main() -> None:
    """Measure, and write the table."""
    options = _options()
    if not options.no_compile:
        compile_bytecode()
    work = workload("plain", options.rows)
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        ways = ways_of(work, Path(name), held)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(options.runs):
            for way, run in ways.items():
                times[way].append(run())
        peak = together(work, Path(name))
    one = times["one process"]
    rows = []
    for way, seconds in times.items():
        wall = median(seconds)
        ratio = median(each / first for each, first in zip(seconds, one, strict=True))
        rows.append([way, number(wall), number(ratio), f"{work.path.stat().st_size / wall / 1e6:,.0f}"])
    shown = table(["way", "wall s", "of one process", "MB/s"], rows)
    size = f"{work.rows:,} rows, {work.path.stat().st_size / 1e6:,.0f} MB"
    said = f"`{invocation()}`: {size}, median of {options.runs}. {described()}."
    peaks = f"Two processes and their parent used {peak:.0f} MB together at most, pages that they share counted once."
    publish("scaling", f"{said}\n\n{shown}\n\n{peaks}", options.output, only_print=options.print)


def ways_of(work: Workload, folder: Path, held: ExitStack) -> dict[str, Callable[[], float]]:
    """Return each way to count the file, as a function that returns the seconds that it took."""
    halves = split(work, folder)

    def job(*arguments: str) -> Callable[[], float]:
        return lambda: counted([COMMAND, str(work.path), *arguments], work, folder)

    ways = {
        "one process": job("--jobs", "1"),
        "two processes": job("--jobs", "2"),
        "as it chooses": job(),
        "two jobs on half each": lambda: side_by_side(halves, folder),
    }
    for count in WORKERS:
        address = held.enter_context(cluster(count, folder))
        ways[f"Dask, {count} worker{'s' * (count > 1)}"] = job("--cluster", address)
    return ways


def counted(command: list[str], work: Workload, folder: Path) -> float:
    """Run a job; return its seconds, or exit if its answer is wrong."""
    cost = measure(command, folder=folder)
    found = json.loads(cost.stdout)
    if (found["rows_processed"], found["value"]) != (work.rows, work.signals[5] / work.rows):
        sys.exit(f"{command}: wrong answer {found}")
    return cost.wall


def split(work: Workload, folder: Path) -> list[Path]:
    """Write the two halves of the file, each with the header."""
    paths = [folder / "first.csv", folder / "second.csv"]
    middle = work.path.stat().st_size // 2
    with work.path.open("rb") as file:
        header = file.readline()
        file.seek(middle)
        file.readline()
        seam = file.tell()
        for path, begin, end in zip(paths, (len(header), seam), (seam, None), strict=True):
            with path.open("wb") as half:
                half.write(header)
                file.seek(begin)
                left = (end or work.path.stat().st_size) - begin
                while left and (data := file.read(min(left, 1 << 24))):
                    half.write(data)
                    left -= len(data)
    return paths


def side_by_side(halves: list[Path], folder: Path) -> float:
    """Start a job on each half, together; return when the last one has ended."""
    started = time.perf_counter()
    jobs = [
        subprocess.Popen(
            [COMMAND, str(half), "--jobs", "1"], stdout=subprocess.DEVNULL, cwd=folder, env=clean_environment()
        )
        for half in halves
    ]
    codes = [job.wait() for job in jobs]
    if any(codes):
        sys.exit("a job on half of the file failed")
    return time.perf_counter() - started


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[str]:
    """Start a scheduler with so many workers of one thread each; yield its address."""
    known = folder / f"scheduler-{workers}.json"
    with ExitStack() as held:

        def start(*arguments: str) -> None:
            command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
            quiet = subprocess.DEVNULL
            process = held.enter_context(subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet))
            held.callback(process.kill)

        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(known))
        while not known.exists() or not known.read_text():
            time.sleep(0.05)
        address = json.loads(known.read_text())["address"]
        for _ in range(workers):
            start("worker", address, "--nthreads", "1", "--no-nanny")
        wait = "import sys, distributed; distributed.Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=60)"
        subprocess.run([sys.executable, "-c", wait, address, str(workers)], check=True)
        yield address


def together(work: Workload, folder: Path) -> float:
    """Return the MB that a job of two processes uses at most, its workers included, each page counted once."""
    job = subprocess.Popen(
        [COMMAND, str(work.path), "--jobs", "2"], stdout=subprocess.DEVNULL, cwd=folder, env=clean_environment()
    )
    peak = 0
    while job.poll() is None:
        children = _text(f"/proc/{job.pid}/task/{job.pid}/children").split()
        peak = max(peak, sum(map(_proportional, [str(job.pid), *children])))
        time.sleep(0.005)
    return peak / 1e6


def _proportional(pid: str) -> int:
    """Return the bytes of a process, those that it shares divided by how many share them."""
    lines = [line.split() for line in _text(f"/proc/{pid}/smaps_rollup").splitlines()]
    return sum(int(line[1]) * 1024 for line in lines if line[0] == "Pss:")


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare one process, several, and the workers of a cluster.")
    parser.add_argument("--rows", type=int, default=10_000_000, help="size of the file (default: 10_000_000)")
    parser.add_argument("--runs", type=int, default=5, help="rounds, of which the median counts (default: 5)")
    parser.add_argument("--output", type=Path, default=README, help="document to write the table into")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    parser.add_argument("--no-compile", action="store_true", help="take the bytecode as it is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
