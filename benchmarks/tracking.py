"""Has it become slower? Each median as a multiple of a fixed loop, and that multiple against the last good run.

Machines differ, and one machine differs from itself by the hour. So right before and right after each benchmark a
fixed loop of plain Python is timed, and what is saved and compared is `ratio`: the median of the benchmark divided by
the median of those loops. pytest-benchmark keeps the runs, one JSON each; this module adds the ratios, and compares
them with the last run in which that benchmark ran and nothing had become slower.

Two kinds of run are saved but are no yardstick for the next: one that was found slower (to accept a slower figure on
purpose, run once with a larger --max-ratio), and one on a busy machine. There the fixed loop waits for a core, which
its own CPU time shows; the figures then tell who else was running, so nothing is concluded from them.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    Run = dict[str, Any]  # what pytest-benchmark saves

LOOPS = 100_000  # some 5 ms: longer than a tick of the scheduler, shorter than most benchmarks
TIMES = 10
DEFAULT_MAX_RATIO = 1.5  # below it, shared machines cry wolf
BUSY_RATIO = 1.15  # wall over CPU time of the fixed loop: 1.00 on a machine of one's own


class Slower(NamedTuple):
    """A benchmark that has become slower than allowed."""

    name: str
    before: float
    """ratio in the last good run"""
    now: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.now / self.before:.2f} times the last good run ({self.before:.4g} -> {self.now:.4g})"
        )


class Calibration(NamedTuple):
    """One timing of the fixed loop, in seconds."""

    wall: float
    cpu: float


def calibrate() -> list[Calibration]:
    """Time the fixed loop a few times."""
    found = []
    for _ in range(TIMES):
        cpu, wall = time.process_time(), time.perf_counter()
        total = 0
        for number in range(LOOPS):
            total += number * number % 7
        found.append(Calibration(time.perf_counter() - wall, time.process_time() - cpu))
    return found


def summary(loops: list[Calibration]) -> dict[str, float]:
    """Sum up the loops around a benchmark: their median, as of the benchmark itself, and how long they waited."""
    return {
        "calibration_seconds": median(loop.wall for loop in loops),
        "calibration_wall_over_cpu": sum(loop.wall for loop in loops) / sum(loop.cpu for loop in loops),
    }


def add_ratios(run: Run) -> None:
    """Give each benchmark of a run that was calibrated its `ratio`, beside the median it comes from."""
    for bench in run["benchmarks"]:
        info = bench["extra_info"]
        if "calibration_seconds" in info:
            info["ratio"] = bench["stats"]["median"] / info["calibration_seconds"]


def is_busy(run: Run) -> bool:
    """Whether something else was running: half of the benchmarks had a fixed loop that waited for a core."""
    infos = [bench["extra_info"] for bench in run["benchmarks"]]
    waited = [info["calibration_wall_over_cpu"] for info in infos if "calibration_wall_over_cpu" in info]
    return bool(waited) and median(waited) > BUSY_RATIO


def ratios(run: Run) -> dict[str, float]:
    """Return the ratios of a run by the name of the benchmark."""
    found = {bench["fullname"]: bench["extra_info"].get("ratio") for bench in run["benchmarks"]}
    return {name: ratio for name, ratio in found.items() if ratio}


def compare(now: Run, earlier: Iterable[Run], most: float) -> list[Slower]:
    """List what takes more than `most` times what it took; `earlier` runs come oldest first."""
    before: dict[str, float] = {}
    for run in earlier:
        if not run.get("slower") and not is_busy(run):
            before.update(ratios(run))
    return [
        Slower(name, before[name], ratio)
        for name, ratio in ratios(now).items()
        if name in before and ratio > most * before[name]
    ]
