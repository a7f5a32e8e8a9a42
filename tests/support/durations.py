"""Which tests are quick: the cheapest ones that fit in a minute, by the times that `make durations` took.

Times are processor seconds, those of the processes that a test starts included: so a busy machine does not change them.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

RECORDED = Path(__file__).parent.parent / "durations.csv"
# Two cores have 120 seconds of processor in a minute. Collecting on both, and the controller, take about a sixth of it.
QUICK_SECONDS = 70.0


def function_of(test: str) -> str:
    """Return the name of a test function without the parameters of one of its cases."""
    return test.partition("[")[0]


def quick(tests: Sequence[str], seconds: Mapping[str, float]) -> set[str]:
    """Choose functions: the cheapest of each file, then those whose cases are cheapest, until the minute is full.

    `seconds` has the mean of a case for each function. One that is not there yet is new, and is chosen.

    >>> sorted(quick(["a.py::x", "a.py::y", "a.py::new", "b.py::z[1]"], {"a.py::x": 1, "a.py::y": 99, "b.py::z": 80}))
    ['a.py::new', 'a.py::x', 'b.py::z']
    """
    cases = Counter(map(function_of, tests))
    cheapest = sorted(cases, key=lambda name: (seconds.get(name, 0.0), name))
    first_of_file: dict[str, str] = {}
    for name in cheapest:
        first_of_file.setdefault(name.partition("::")[0], name)
    chosen = set(first_of_file.values())
    left = QUICK_SECONDS - sum(cases[name] * seconds.get(name, 0.0) for name in chosen)
    for name in cheapest:
        if name not in chosen:
            left -= cases[name] * seconds.get(name, 0.0)
            if left < 0:
                break
            chosen.add(name)
    return chosen


def recorded() -> dict[str, float]:
    """Read the mean seconds of a case of each function."""
    with RECORDED.open(newline="") as file:
        return {row["test"]: float(row["seconds"]) for row in csv.DictReader(file)}


class Recorder:
    """Takes the time of each test, in each worker, and writes the means at the end."""

    def __init__(self) -> None:
        self._spent: defaultdict[str, list[float]] = defaultdict(list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Take the processor time of a test with its fixtures."""
        before = os.times()
        result = yield
        self._spent[function_of(item.nodeid)].append(sum(os.times()[:4]) - sum(before[:4]))
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist has measured."""
        for name, spent in node.workeroutput.get("spent", {}).items():
            self._spent[name] += spent

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the times to the controller, or write them."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["spent"] = dict(self._spent)
            return
        with RECORDED.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["test", "seconds"])
            rows.writerows((name, f"{sum(spent) / len(spent):.3f}") for name, spent in sorted(self._spent.items()))
