"""Is anything slower than the committed baseline? The suite's ratios beside those of baseline.csv, on any machine.

Run: make bench-compare    (a part of it: make bench-compare BENCH="-k rolling_mean"; any option of pytest)
     make bench-baseline   rewrites baseline.csv, after the code has become faster or slower on purpose

baseline.csv has two ratios for each benchmark: how many times a fixed loop of Python it took, and how many times a
fixed loop of NumPy (see `tracking`). A machine that is twice as fast has the same ratios. But machines also differ in
how fast they run Python beside NumPy, so a benchmark is slower only if both ratios exceed the tolerance. A slower one
is timed once more, alone, and the lower ratios count. Exit code: 1 if something is slower, otherwise 0; a busy machine
(see `tracking`) fails nothing.

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
from tracking import is_busy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking import Run

BASELINE = Path(__file__).resolve().parent / "baseline.csv"
TOLERANCE = 1.5  # the same code has differed by 1.46 from one run to the next on a shared machine
RUNS = 3  # whose medians are the baseline


class Ratios(NamedTuple):
    """What a benchmark took, as a multiple of each fixed loop."""

    python: float
    numpy: float


class Change(NamedTuple):
    """A benchmark now, beside the baseline."""

    name: str
    before: Ratios
    now: Ratios

    @property
    def times(self) -> Ratios:
        """How many times what it took before, by each loop."""
        return Ratios(self.now.python / self.before.python, self.now.numpy / self.before.numpy)

    def verdict(self, tolerance: float) -> str:
        """Say `slower` or `faster` where both loops agree on it."""
        if min(self.times) > tolerance:
            return "slower"
        return "faster" if max(self.times) < 1 / tolerance else ""


def main() -> None:
    """Run the suite, and compare or write."""
    options, arguments = _options()
    if options.write:
        write(options.baseline, [run_suite(arguments) for _ in range(options.runs)], keep=bool(arguments))
        return
    runs = [run_suite(arguments)]
    before, now = read(options.baseline), ratios(runs[0])
    slower = [change.name for change in changes(before, now) if change.verdict(options.tolerance) == "slower"]
    if slower:
        runs.append(run_suite([*arguments, *slower]))
        now |= lowest(now, ratios(runs[1]))
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


def ratios(run: Run) -> dict[str, Ratios]:
    """Return the ratios of a run by the name of the benchmark."""
    found = {bench["fullname"]: bench["extra_info"] for bench in run["benchmarks"]}
    return {name: Ratios(info["ratio"], info["array_ratio"]) for name, info in found.items()}


def lowest(*runs: dict[str, Ratios]) -> dict[str, Ratios]:
    """Return the lower of the ratios of each benchmark that all of the runs have."""
    common = set.intersection(*(set(run) for run in runs))
    return {name: Ratios(*map(min, *(run[name] for run in runs))) for name in common}


def changes(before: dict[str, Ratios], now: dict[str, Ratios]) -> list[Change]:
    """Pair the ratios of now with those of before, where there are both."""
    return [Change(name, before[name], ratio) for name, ratio in now.items() if name in before]


def report(found: Sequence[Change], tolerance: float) -> str:
    """Write the table of changes."""
    head = ["benchmark", "baseline", "now", "times", "NumPy baseline", "now", "times", "verdict"]
    rows = []
    for change in found:
        cells = [change.name.removeprefix("benchmarks/")]
        for before, now, times in zip(change.before, change.now, change.times, strict=True):
            cells += [number(before), number(now), f"{times:.2f}"]
        rows.append([*cells, change.verdict(tolerance)])
    return f"{described()}. Ratios to the fixed loops; slower: more than {tolerance:g} times.\n\n{table(head, rows)}"


def read(path: Path) -> dict[str, Ratios]:
    """Read the ratios of a baseline."""
    _comment, _head, *lines = path.read_text(encoding="utf-8").splitlines()
    return {name: Ratios(float(python), float(numpy)) for name, python, numpy in (line.split(",") for line in lines)}


def write(path: Path, runs: Sequence[Run], *, keep: bool) -> None:
    """Write the medians of the runs that were not busy; `keep` the lines of benchmarks that did not run."""
    measured = [ratios(run) for run in runs if not is_busy(run)]
    if not measured:
        raise SystemExit("busy: other programs had the cores; nothing was written")
    found = read(path) if keep else {}
    for name in measured[0]:
        found[name] = Ratios(*(median(column) for column in zip(*(run[name] for run in measured), strict=True)))
    lines = [f"# Written by `make bench-baseline`: {described()}, numpy {versions()['numpy']}"]
    lines += ["benchmark,python,numpy"]
    lines += [f"{name},{ratio.python:.4g},{ratio.numpy:.4g}" for name, ratio in sorted(found.items())]
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
