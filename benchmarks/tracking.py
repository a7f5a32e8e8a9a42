"""Has it become slower? Each round as a multiple of a fixed loop, and that multiple against the last good run.

Machines differ, and each one varies from second to second: cores change their clock, and neighbours come and go. So a
fixed loop of plain Python is timed before every round and after the last, and a round counts as a multiple of the two
loops around it. What is saved and compared is `ratio`, the median of those multiples. pytest-benchmark keeps the runs,
one JSON each, with their ratios; this module computes the ratios, and compares them with those of the last run in which
that benchmark ran and nothing had become slower. (A second loop, of NumPy, is timed beside the first:
`baseline.py`, which compares different machines, needs to know how fast they run the one beside the other.)

Two kinds of run are saved but not compared with: one that was found slower (to accept a slower figure on purpose, run
once with a larger --max-ratio), and one on a busy machine. There the fixed loop waits for a core, which its own CPU
time shows; the figures depend on what else was running, so nothing is concluded from them.
"""

from __future__ import annotations

import time
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Run = dict[str, Any]  # what pytest-benchmark saves

CANDLES = b"1704067200,42283.00,42285.52,42227.01,42235.25,6.62497169\n" * 1000
ARRAY_LOOPS = 20
LOOPS = 100_000  # about 5 ms: longer than a tick of the scheduler, shorter than most rounds
DEFAULT_MAX_RATIO = 1.5  # below this, shared machines raise false alarms
BUSY_RATIO = 1.15  # wall over CPU time of the fixed loop: 1.00 on an idle machine
LEAST_ROUNDS, MOST_ROUNDS = 5, 200


class Loop(NamedTuple):
    """One timing of the fixed loops, in seconds."""

    wall: float
    cpu: float
    array_wall: float


class Slower(NamedTuple):
    """A benchmark that has become slower than allowed."""

    name: str
    before: float
    """ratio in the good runs"""
    now: float

    def __str__(self) -> str:
        return f"{self.name}: {self.now / self.before:.2f} times the good runs ({self.before:.4g} -> {self.now:.4g})"


def fixed_loop() -> Loop:
    """Time the fixed loops once, that of Python and that of NumPy."""
    cpu, wall = time.process_time(), time.perf_counter()
    total = 0
    for number in range(LOOPS):
        total += number * number % 7
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    array_wall = time.perf_counter()
    _array_loop()
    return Loop(wall, cpu, time.perf_counter() - array_wall)


def _array_loop() -> int:
    """Do what a block engine does, in the plainest way: find the commas, gather the closes, add them up, compare.

    A thousand rows at a time: the time for larger arrays depends on what the allocator and the caches did before, and
    differed by a factor of two between a benchmark alone and in the suite.
    """
    text = np.frombuffer(CANDLES, np.uint8)
    above = 0
    for _ in range(ARRAY_LOOPS):
        ends = np.flatnonzero((text == ord(",")) | (text == ord("\n"))).reshape(-1, 6)
        characters = text[ends[:, 3, np.newaxis] + np.arange(1, 9)].astype(np.int64)
        closes = characters @ 10 ** np.arange(8)
        sums = np.cumsum(closes)
        above += int(np.count_nonzero(closes[5:] * 5 > sums[5:] - sums[:-5]))
    return above


def rounds_for(seconds: float, most_seconds: float) -> int:
    """Return how many rounds of `seconds`, each with its loop, fit into `most_seconds`; at least five."""
    loop = fixed_loop()
    return int(min(MOST_ROUNDS, max(LEAST_ROUNDS, most_seconds / (seconds + loop.wall + loop.array_wall))))


def summary(rounds: Sequence[float], loops: Sequence[Loop]) -> dict[str, float]:
    """Return what is saved beside the rounds of a benchmark, in seconds; there is one more loop than rounds."""
    around = [(before.wall + after.wall) / 2 for before, after in pairwise(loops)]
    return {
        "ratio": median(seconds / loop for seconds, loop in zip(rounds, around, strict=True)),
        "calibration_seconds": median(loop.wall for loop in loops),
        "calibration_wall_over_cpu": waited(loops),
        "array_loop_ratio": median(loop.array_wall / loop.wall for loop in loops),
    }


def waited(loops: Sequence[Loop]) -> float:
    """Return how much longer the loops took than they ran."""
    return sum(loop.wall for loop in loops) / sum(loop.cpu for loop in loops)


def is_busy(run: Run) -> bool:
    """Whether something else was running: in half of the benchmarks the fixed loop had to wait for a core."""
    found = [bench["extra_info"].get("calibration_wall_over_cpu", 1.0) for bench in run["benchmarks"]]
    return bool(found) and median(found) > BUSY_RATIO


def ratios(run: Run) -> dict[str, float]:
    """Return the ratios of a run by the name of the benchmark."""
    found = {bench["fullname"]: bench["extra_info"].get("ratio") for bench in run["benchmarks"]}
    return {name: ratio for name, ratio in found.items() if ratio}


def compare(now: Run, earlier: Iterable[Run], most: float) -> list[Slower]:
    """List what takes more than `most` times what it took; `earlier` runs come oldest first.

    What it took is the last good run, or the median of all good ones if that is less: slow steps add up.
    """
    good: dict[str, list[float]] = {}
    for run in earlier:
        if not run.get("slower") and not is_busy(run):
            for name, ratio in ratios(run).items():
                good.setdefault(name, []).append(ratio)
    before = {name: min(found[-1], median(found)) for name, found in good.items()}
    return [
        Slower(name, before[name], ratio)
        for name, ratio in ratios(now).items()
        if name in before and ratio > most * before[name]
    ]
