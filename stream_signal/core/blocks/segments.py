"""Segments of many keys as arrays: the twin of `core.series.segment`, which joins them at the speed of memory.

The segments of one window are the rows of some arrays, in the order of the keys. To join those of later rows to the
rings of a stream is a few operations on all of them: what enters each window across the seam is a first close of the
later rows, and what leaves it is in the ring.

    ring        -   a1  a2  a3         oldest first
    first       b1  b2  b3             window 4
    sums        total + cumsum(first - ring)

Cost: some 10 ns a close of the windows, where an object of Python for each key takes twenty times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.blocks.rings import Rings
from stream_signal.core.seam import WindowSeam

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from stream_signal.core.blocks.rings import WindowColumns
    from stream_signal.core.seam import OfWindow
    from stream_signal.core.series.series import WindowSeries


class ArraySegments(NamedTuple):
    """What a panel of many keys has counted; the fields are those of `Segments`, in other forms."""

    rows: int
    full: list[int | None]
    keys: Sequence[bytes]
    """in the order in which they first came"""
    windows: Sequence[WindowColumns]
    cleared: int

    @classmethod
    def of(cls, windows: Sequence[WindowSeries], rows: int) -> Self | None:
        """Make them of the series of some windows; None if the closes of one are too large for int64."""
        columns: list[WindowColumns] = []
        for window in windows:
            window.rings = window.rings or Rings(window)
            counted = window.rings.columns()
            if counted is None:
                return None
            columns.append(counted)
        first = windows[0]
        return cls(rows, [window.full_before for window in windows], first.keys.names, columns, first.cleared)

    def add_to(self, windows: Sequence[WindowSeries], *, shown: bool) -> Sequence[OfWindow]:
        """Count their rows, which come next; return what is across the seam, if that is to be shown."""
        numbers = np.array(windows[0].keys.numbers(self.keys), np.int64)
        seam: list[OfWindow] = []
        for window, columns in zip(windows, self.windows, strict=True):
            window.rings = window.rings or Rings(window)
            added = window.rings.add(numbers, columns, self.cleared, shown=shown)
            if added:
                seam.append(added)
                continue
            seam.append(of_window := WindowSeam(window.window))
            for at, number in enumerate(numbers.tolist()):
                across = window.add(number, columns.segment(at), self.cleared, shown=shown)
                if across:
                    of_window.series[at] = across
        return seam
