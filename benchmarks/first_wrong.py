"""The first row that a program decides otherwise, explained: what is so in integers, and what its float says.

A program that is wrong shows its mean of each row itself, in the run whose signals are judged. Means that differ from
run to run, as those of programs with several threads may, are so explained as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from report import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

HEAD = ["program", "file", "row", "closes of the window", "close * 5 and their sum", "true signal"]
HEAD += ["close and mean, its floats", "its signal"]


class FirstWrong(NamedTuple):
    """A row whose signal is not the exact one."""

    row: int
    """counted from 1"""
    closes: list[int]
    """those of its window, times 10**places, the oldest first"""
    places: int
    mean: float
    """what the program holds"""
    shown: bool
    """the signal of the program"""

    def cells(self) -> list[str]:
        """Write the row, its closes, and the two comparisons, each with its outcome.

        >>> FirstWrong(9, [459, 458, 458], 2, 4.579999, True).cells()
        ['9', '4.59 4.58 4.58', '1374 < 1375', '0', '4.58 > 4.579999', '1']
        """
        close, total, count = self.closes[-1], sum(self.closes), len(self.closes)
        texts = [f"{ticks / 10**self.places:.{self.places}f}" for ticks in self.closes]
        exact = f"{close * count} {_sign(close * count, total)} {total}"
        floats = f"{float(texts[-1])!r} {_sign(float(texts[-1]), self.mean)} {self.mean!r}"
        return [str(self.row), " ".join(texts), exact, str(int(close * count > total)), floats, str(int(self.shown))]


def first_wrong(
    shown: NDArray[np.bool_], truth: NDArray[np.bool_], window_of: Callable[[int], list[int]], places: int, means: Path
) -> FirstWrong | None:
    """Find the first row that differs, None if there is none.

    `window_of` returns the closes of the window of a row, counted from 0; `means` has the mean of each row on a line.
    """
    wrong = np.flatnonzero(shown != truth)
    if not wrong.size:
        return None
    row = int(wrong[0])
    mean = float(means.read_text(encoding="ascii").splitlines()[row])
    return FirstWrong(row + 1, window_of(row), places, mean, bool(shown[row]))


def explained(found: Iterable[tuple[str, str, FirstWrong | None]]) -> str:
    """Draw a line for each program and file with a wrong row."""
    rows = [[program, file, *wrong.cells()] for program, file, wrong in found if wrong]
    return table(HEAD, rows) if rows else "No program has a wrong row."


def _sign(left: float, right: float) -> str:
    return ">" if left > right else "<" if left < right else "="
