"""Is anything slower than the committed baseline? The suite's ratios beside those of baseline.csv, on any machine.

Run: make bench-compare    (a part of it: make bench-compare BENCH="-k rolling_mean"; any option of pytest)
     make bench-baseline   rewrites baseline.csv, after the code has become faster or slower on purpose

baseline.csv says how many times a fixed loop of Python each benchmark took (see `tracking`): a machine that is twice as
fast has the same ratios. But machines also differ in how fast they run Python beside NumPy, so the file has the ratio
of a fixed loop of NumPy too, and a benchmark is slower only if it is so beside either loop, by more than the tolerance.
A slower one is timed once more, alone, and the lower ratio counts. Exit code: 1 if something is slower, otherwise 0; a
busy machine (see `tracking`) fails nothing.

Python's releases differ too: the baseline says which one it was measured with, and that one should be compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from machine import described, versions
from report import number, table
from tracking import is_busy, ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking import Run

BASELINE = Path(__file__).resolve().parent / "baseline.csv"
TOLERANCE = 1.5  # the same code has differed by 1.46 from one run to the next on a shared machine
NUMPY_LOOP = "the fixed loop of NumPy"
RUNS = 3  # whose medians are the baseline


class Change(NamedTuple):
    """A benchmark now, beside the baseline."""

    name: str
    before: float
    """ratio in the baseline"""
    now: float
    balance: float
    """how many times what it took before the loop of NumPy took"""

    @property
    def times(self) -> float:
        """How many times what it took before the benchmark took."""
        return self.now / self.before

    def verdict(self, tolerance: float) -> str:
        """Say `slower` or `faster` where it is so beside either loop."""
        beside = (self.times, self.times / self.balance)
        if min(beside) > tolerance:
            return "slower"
        return "faster" if max(beside) < 1 / tolerance else ""


def main() -> None:
    """Run the suite, and compare or write."""
    options, arguments = _options()
    if options.write:
        write(options.baseline, [run_suite(arguments) for _ in range(options.runs)], keep=bool(arguments))
        return
    runs = [run_suite(arguments)]
    before, now = read(options.baseline), all_ratios(runs[0])
    slower = [change.name for change in changes(before, now) if change.verdict(options.tolerance) == "slower"]
    if slower:
        runs.append(run_suite([*arguments, *slower]))
        now = lowest(now, ratios(runs[1]))
    found = changes(before, now)
    print(report(found, options.tolerance))
    for name in now.keys() - before.keys():
        print(f"\nnot in the baseline: {name}")
    if any(map(is_busy, runs)):
        print("\nbusy: other programs had the cores, and nothing follows from these figures")
    elif any(change.verdict(options.tolerance) == "slower" for change in found):
        sys.exit(1)


def run_suite(arguments: Sequence[str]) -> Run:
    """Run the benchmarks that the arguments select, all by default; return what pytest-benchmark saves."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "run.json"
        command = [sys.executable, "-m", "pytest", "-m", "timed", "--benchmark-quiet", f"--benchmark-json={saved}"]
        command += ["--max-ratio=inf", *arguments]  # the last run here does not matter
        if not any("::" in argument for argument in arguments):
            command.append("benchmarks")
        done = subprocess.run(command, cwd=BASELINE.parent.parent, stdout=sys.stderr, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
        run: Run = json.loads(saved.read_text())
        return run


def all_ratios(run: Run) -> dict[str, float]:
    """Return the ratios of a run by the name of the benchmark, and that of the loop of NumPy."""
    return {NUMPY_LOOP: median(bench["extra_info"]["array_loop_ratio"] for bench in run["benchmarks"]), **ratios(run)}


def lowest(now: dict[str, float], again: dict[str, float]) -> dict[str, float]:
    """Return the ratios of now, with the lower one for what was timed again."""
    return now | {name: min(now[name], ratio) for name, ratio in again.items()}


def changes(before: dict[str, float], now: dict[str, float]) -> list[Change]:
    """Pair the ratios of now with those of before, where there are both."""
    balance = now[NUMPY_LOOP] / before[NUMPY_LOOP]
    return [
        Change(name, before[name], ratio, balance)
        for name, ratio in now.items()
        if name in before.keys() - {NUMPY_LOOP}
    ]


def report(found: Sequence[Change], tolerance: float) -> str:
    """Write the table of changes."""
    head = ["benchmark", "baseline", "now", "times", "times beside NumPy", "verdict"]
    rows = []
    for change in found:
        cells = [change.name.removeprefix("benchmarks/"), number(change.before), number(change.now)]
        cells += [f"{change.times:.2f}", f"{change.times / change.balance:.2f}", change.verdict(tolerance)]
        rows.append(cells)
    said = f"{described()}. Ratios to a fixed loop of Python; slower: both more than {tolerance:g} times."
    return f"{said}\n\n{table(head, rows)}"


def read(path: Path) -> dict[str, float]:
    """Read the ratios of a baseline."""
    _comment, _head, *lines = path.read_text(encoding="utf-8").splitlines()
    return {name: float(ratio) for name, ratio in (line.split(",") for line in lines)}


def write(path: Path, runs: Sequence[Run], *, keep: bool) -> None:
    """Write the medians of the runs that were not busy; `keep` the lines of benchmarks that did not run."""
    measured = [all_ratios(run) for run in runs if not is_busy(run)]
    if not measured:
        raise SystemExit("busy: other programs had the cores; nothing was written")
    found = read(path) if keep else {}
    for name in measured[0]:
        found[name] = median(run[name] for run in measured)
    lines = [f"# Written by `make bench-baseline`: {described()}, numpy {versions()['numpy']}"]
    lines += ["benchmark,ratio", *(f"{name},{ratio:.4g}" for name, ratio in sorted(found.items()))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _options() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description="Compare the benchmarks with the committed baseline.",
        epilog="All other arguments are for pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("--write", action="store_true", help="write the baseline")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs whose medians are written (default: {RUNS})")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help=f"how many times is slower ({TOLERANCE})")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="the file of the baseline")
    return parser.parse_known_args()


if __name__ == "__main__":
    main()
