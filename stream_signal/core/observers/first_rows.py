"""FirstRows: the rows of a run whose windows may begin before it, which `core.seam` is about.

What they show is known once the run is joined to the rows before, so whoever counts signals keeps where they count.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.rows import Rows
    from stream_signal.core.seam import FirstOf


class FirstRows:
    """Finds the rows whose windows may begin before a run: the first `window - 1` of each series.

    >>> from stream_signal.core.rows import Rows
    >>> first = FirstRows(3)
    >>> rows = Rows([(458, 2)] * 4, [0, 1, 0, 0])
    >>> first.among(rows), first.among(rows)
    (([0, 1, 2], [0, 1, 0], [0, 0, 1]), ([1], [1], [1]))
    """

    def __init__(self, window: int) -> None:
        self.most = window - 1
        self.counts: Any = []  # the rows of each series, up to `most`, as a list or an array

    def among(self, rows: Rows) -> FirstOf:
        """Return their positions among the next rows, their series, and how many of these are before each."""
        if rows.is_array and not isinstance(rows.series, int):
            from stream_signal.core.blocks.seam import first_rows

            self.counts, found = first_rows(self.counts, self.most, rows.series)
            return found
        if isinstance(rows.series, int):
            begin = self._count(rows.series)
            ranks = range(begin, min(self.most, begin + len(rows)))
            self.counts[rows.series] += len(ranks)
            return range(len(ranks)), [rows.series] * len(ranks), list(ranks)
        first = list(self._each(rows.series))
        return [at for at, *_ in first], [number for _, number, _ in first], [rank for *_, rank in first]

    def _each(self, numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        for at, number in enumerate(numbers):
            if number >= 0 and (rank := int(self._count(number))) < self.most:
                self.counts[number] = rank + 1
                yield at, number, rank

    def _count(self, number: int) -> int:
        if number >= len(self.counts):
            self.counts = [*self.counts, *repeat(0, number + 1 - len(self.counts))]
        count: int = self.counts[number]
        return count
