"""The seam of many keys as arrays: the twin of `core.seam`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stream_signal.core.rows import NO_SERIES
from stream_signal.core.seam import mean_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.array_types import Flags, Integers
    from stream_signal.core.seam import FirstOf


class ArraySeam(NamedTuple):
    """The seam of one window: in each array, a row for each series, with its first closes in their order."""

    window: int
    places: int
    sums: Integers
    full: Flags
    is_above: Flags

    def above(self, series: Sequence[int], ranks: Sequence[int]) -> list[bool]:
        """Return whether rows signal, as `WindowSeam.above`."""
        numbers, places = np.asarray(series, np.int64), np.asarray(ranks, np.int64)
        inside = places < self.sums.shape[1]
        found = np.zeros(len(numbers), np.bool_)
        found[inside] = self.is_above[numbers[inside], places[inside]]
        listed: list[bool] = found.tolist()
        return listed

    def mean(self, series: int, rank: int) -> float | None:
        """Return the mean of the window that one row ends, as `WindowSeam.mean`."""
        if series >= len(self.full) or rank >= self.sums.shape[1] or not self.full[series, rank]:
            return None
        return mean_of(int(self.sums[series, rank]), self.window, self.places)


def first_rows(before: Any, most: int, series: Any) -> tuple[Integers, FirstOf]:
    """Find the first `most` rows of each series among the next rows, as `core.observers.first_rows.FirstRows.among`.

    `before` is how many rows of each series came before, and what is returned first how many came up to now.

    >>> counts, found = first_rows([], 2, np.array([0, 1, 0, 0]))
    >>> counts.tolist(), [column.tolist() for column in found]
    ([2, 1], [[0, 2, 1], [0, 0, 1], [0, 1, 0]])
    """
    counts: Integers = np.array(before, np.int64)
    new = int(series.max(initial=NO_SERIES)) + 1 - len(counts)
    if new > 0:
        counts = np.append(counts, np.zeros(new, np.int64))
    at = np.flatnonzero(series != NO_SERIES)
    at = at[counts[series[at]] < most]
    at = at[np.argsort(series[at], kind="stable")]
    numbers = series[at]
    starts = np.flatnonzero(np.diff(numbers, prepend=NO_SERIES))
    ranks = np.arange(len(numbers)) - np.repeat(starts, np.diff(starts, append=len(numbers))) + counts[numbers]
    kept = ranks < most
    at, numbers, ranks = at[kept], numbers[kept], ranks[kept]
    counts += np.bincount(numbers, minlength=len(counts))
    return counts, (at, numbers, ranks)
