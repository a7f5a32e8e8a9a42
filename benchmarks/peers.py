"""The same work by every program that can do it: time, memory, and how many rows it gets wrong.

Run: make bench-peers   (in small: python benchmarks/peers.py --rows 100_000 --runs 3 --print)

Each run is a whole new process, on the same file, with the page cache warm and all bytecode compiled. The programs
take turns, round after round, so that a machine that slows down slows all of them; the median of the rounds counts.
Wrong rows are counted outside the timing, row by row against the exact answer, on two smaller files: the random walk,
and the same forward-filled, where nine rows in ten repeat the last close and many closes equal their mean.
"""

from __future__ import annotations

import compileall
import sys
import sysconfig
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from contenders import Contender, contenders, starters
from first_wrong import FirstWrong, explained, first_wrong
from machine import raise_share, setting
from processes import Cost, measure, memory_floor
from report import invocation, number, parser_of, publish, table
from tracking import BUSY_RATIO, fixed_loop, waited
from workloads import WINDOW, Workload, places_of, read_signals, ticks_of, workload

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

PACKAGE = Path(__file__).resolve().parent.parent / "stream_signal"
STARTUP_ROWS = 10_000
BUSY_LOOPS = 20  # before and after: 0.2 s in all
EXACT = ("stream-signal", "C, ")  # a wrong answer of these is a bug, not a finding


class Wrong(NamedTuple):
    """What of the rows of a file is not the exact answer."""

    rows: int
    first: FirstWrong | None


FILES = {"plain": "random walk", "flat": "flat minutes"}


class Result(NamedTuple):
    """The figures of one contender."""

    contender: Contender
    wall: float
    """seconds, median"""
    cpu: float
    """seconds, median"""
    peak: float
    """MB, the most of all runs"""
    span: tuple[float, float]
    """seconds, the fastest and the slowest wall"""


def main() -> None:
    """Measure, and write the tables."""
    options = _options()
    raise_share()
    if not options.no_compile:
        compile_bytecode()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [one for one in contenders(folder) if one.name.startswith(tuple(options.only))]
        small = workload("plain", STARTUP_ROWS)
        take_turns(found, small, 1, folder)  # so that no timed run reads the libraries from the disk
        loops = [fixed_loop() for _ in range(BUSY_LOOPS)]
        results = take_turns(found, workload("plain", options.rows), options.runs, folder)
        loops += [fixed_loop() for _ in range(BUSY_LOOPS)]
        startup = take_turns(starters(found, folder), small, options.startup_runs, folder)
        wrong = {
            kind: [wrong_rows(one, workload(kind, options.rows_checked), folder) for one in found] for kind in FILES
        }
    text = "\n\n".join(
        [
            _setting(options, busy=waited(loops) > BUSY_RATIO),
            speed_table(results, wrong),
            f"Start-up: the job on {STARTUP_ROWS:,} rows, whole process, median of {options.startup_runs}.",
            startup_table(startup),
            "The first row that each decides otherwise:",
            explained(
                (one.label, FILES[kind], each.first)
                for kind, rows in wrong.items()
                for one, each in zip(found, rows, strict=True)
            ),
        ]
    )
    publish("peers", text, options.output, only_print=options.print)


def take_turns(found: list[Contender], work: Workload, runs: int, folder: Path) -> list[Result]:
    """Run every contender once a round, for `runs` rounds."""
    work.path.read_bytes()  # into the page cache
    costs: list[list[Cost]] = [[] for _ in found]
    for _ in range(runs):
        for contender, so_far in zip(found, costs, strict=True):
            cost = measure(contender.counting(work.path), piped=contender.piped(work.path), folder=folder)
            rows, signals = contender.answer(cost.stdout)
            if rows != work.rows or (contender.name.startswith(EXACT) and signals != work.signals[WINDOW]):
                sys.exit(f"{contender.name}: {signals} of {rows}, expected {work.signals[WINDOW]} of {work.rows}")
            so_far.append(cost)
    return [_result(contender, so_far) for contender, so_far in zip(found, costs, strict=True)]


def wrong_rows(contender: Contender, work: Workload, folder: Path) -> Wrong:
    """Count the rows whose signal is not the exact one, and find the first."""
    path, means = folder / "signals", folder / "means"
    measure(contender.showing(work.path, path, means), piped=contender.piped(work.path), folder=folder)
    shown = read_signals(path)
    if shown.size != work.rows:
        sys.exit(f"{contender.name}: {shown.size} signals for {work.rows} rows")
    wrong = int(np.count_nonzero(shown != work.truth))
    if wrong and contender.name.startswith(EXACT):
        sys.exit(f"{contender.name}: {wrong} rows wrong on {work.path.name}")
    if not wrong:
        return Wrong(0, None)
    ticks, places = ticks_of(work), places_of(work)
    return Wrong(wrong, first_wrong(shown, work.truth, lambda row: window_before(ticks, row), places, means))


def window_before(ticks: NDArray[np.int64], row: int) -> list[int]:
    """Return the closes of the window that ends at a row, counted from 0."""
    closes: list[int] = ticks[row - WINDOW + 1 : row + 1].tolist()
    return closes


def speed_table(results: list[Result], wrong: dict[str, list[Wrong]]) -> str:
    """Draw the main table; the ratios are to stream-signal for the same input."""
    ours = {result.contender.input_name: result for result in results[:2]}
    head = ["program", "input", "wall s", "fastest to slowest", "times ours", "CPU s", "peak MB", "times ours"]
    head += ["wrong, random walk", "wrong, flat minutes"]
    rows = []
    for result, walk, flat in zip(results, wrong["plain"], wrong["flat"], strict=True):
        us = ours[result.contender.input_name]
        span = " to ".join(number(seconds) for seconds in result.span)
        rows.append(
            [
                result.contender.name,
                result.contender.input_name,
                number(result.wall),
                span,
                number(result.wall / us.wall),
                number(result.cpu),
                number(result.peak),
                number(result.peak / us.peak),
                f"{walk.rows:,}",
                f"{flat.rows:,}",
            ]
        )
    return table(head, rows)


def startup_table(results: list[Result]) -> str:
    """Draw the table of the small job; the ratios are to stream-signal without a log."""
    ours = results[0]
    rows = [
        [one.contender.name, f"{one.wall * 1e3:.0f}", number(one.wall / ours.wall), number(one.peak)] for one in results
    ]
    return table(["program", "wall ms", "times ours", "peak MB"], rows)


def compile_bytecode() -> None:
    """Compile what is installed, so that no run has to."""
    folders = {sysconfig.get_path("purelib"), str(PACKAGE)}
    for folder in folders:
        compileall.compile_dir(folder, quiet=2, workers=0)


def _result(contender: Contender, costs: list[Cost]) -> Result:
    walls = [cost.wall for cost in costs]
    cpu, peak = median(cost.cpu for cost in costs), max(cost.peak for cost in costs)
    return Result(contender, median(walls), cpu, peak, (min(walls), max(walls)))


def _setting(options: argparse.Namespace, *, busy: bool) -> str:
    size = workload("plain", options.rows).path.stat().st_size / 1e6
    command = invocation()
    return f"""\
`{command}`: {options.rows:,} rows, {number(size)} MB, median of {options.runs}; wrong rows of {options.rows_checked:,}.
{setting()}
No peak below {number(memory_floor())} MB can be measured; that of C is mostly the mapped file.\
{" The machine was busy: these times are not to be quoted." * busy}"""


def _options() -> argparse.Namespace:
    parser = parser_of("Compare stream-signal with other programs on the same work.")
    parser.add_argument("--startup-runs", type=int, default=15, help="rounds of the small job (default: 15)")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="NAME", help="only programs whose name begins so; ours always"
    )
    options = parser.parse_args()
    options.only.append("stream-signal")  # all ratios are to it
    return options


if __name__ == "__main__":
    main()
