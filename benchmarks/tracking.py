"""Has it become slower? Each median as a multiple of a fixed loop, and that multiple against the last good run.

Machines differ, and one machine differs from itself by the hour. So right before and right after each benchmark a
fixed loop of plain Python is timed, and what is saved and compared is `ratio`: the median of the benchmark divided by
the median of those loops. pytest-benchmark keeps the runs, one JSON each; this module adds the ratios, and compares
them with the last run in which that benchmark ran and nothing had become slower.

A run that has become slower is saved too, marked, and is no yardstick for the next. To accept a slower
figure on purpose, run once with a larger --max-ratio.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    Run = dict[str, Any]  # what pytest-benchmark saves

LOOPS = 100_000  # some 5 ms, and as long as Python is Python
TIMES = 5
DEFAULT_MAX_RATIO = 1.5  # below it, shared machines cry wolf


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


def calibrate() -> list[float]:
    """Time the fixed loop a few times; return seconds."""
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        total = 0
        for number in range(LOOPS):
            total += number * number % 7
        seconds.append(time.perf_counter() - started)
    return seconds


def add_ratios(run: Run) -> None:
    """Give each benchmark of a run that was calibrated its `ratio`, beside the median it comes from."""
    for bench in run["benchmarks"]:
        info = bench["extra_info"]
        if "calibration_seconds" in info:
            info["ratio"] = bench["stats"]["median"] / info["calibration_seconds"]


def calibration(seconds: list[float]) -> float:
    """Return the calibration of a benchmark from the loops around it; the median, as of the benchmark itself."""
    return median(seconds)


def ratios(run: Run) -> dict[str, float]:
    """Return the ratios of a run by the name of the benchmark."""
    found = {bench["fullname"]: bench["extra_info"].get("ratio") for bench in run["benchmarks"]}
    return {name: ratio for name, ratio in found.items() if ratio}


def compare(now: Run, earlier: Iterable[Run], most: float) -> list[Slower]:
    """List what takes more than `most` times what it took; `earlier` runs come oldest first."""
    before: dict[str, float] = {}
    for run in earlier:
        if not run.get("slower"):
            before.update(ratios(run))
    return [
        Slower(name, before[name], ratio)
        for name, ratio in ratios(now).items()
        if name in before and ratio > most * before[name]
    ]
