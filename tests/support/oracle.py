"""The answer, computed the slow and obvious way: fractions, and the whole window summed again at every row."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from support.candle_csv import FIRST_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING = {"", "nan", "na", "n/a", "null", "none"}


def value_of(close: str) -> Fraction | None:
    """Read a close that the generators made; None if it is missing."""
    close = close.strip(" ")
    return None if close.lower() in MISSING else Fraction(close)


def means(values: Sequence[Fraction | None], window: int) -> list[Fraction | None]:
    """Return the mean of the window that each row ends; None while there is none."""
    found: list[Fraction | None] = []
    for end in range(1, len(values) + 1):
        held = [value for value in values[max(0, end - window) : end] if value is not None]
        found.append(sum(held, Fraction()) / window if len(held) == window else None)
    return found


def count(closes: Sequence[str], window: int) -> tuple[int, int]:
    """Count the rows, and those whose close is above their mean."""
    values = [value_of(close) for close in closes]
    signals = 0
    for value, mean in zip(values, means(values, window), strict=True):
        signals += value is not None and mean is not None and value > mean
    return len(values), signals


def wanted_rows(closes: list[str], window: int) -> list[list[str]]:
    """Compute the signal lines with fractions."""
    values, rows = [value_of(close) for close in closes], []
    for number, (close, value, mean) in enumerate(zip(closes, values, means(values, window), strict=True)):
        above = value is not None and mean is not None and value > mean
        text = "" if value is None else close.strip(" ")
        mean_text = "" if mean is None else repr(float(mean))
        rows.append([str(number + 1), str(FIRST_TIMESTAMP + 60 * number), text, mean_text, str(int(above))])
    return rows
