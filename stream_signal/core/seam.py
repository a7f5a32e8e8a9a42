"""Seam: what the first rows of a run show once it is joined to the rows before, into which their windows reach.

    rows before                  | run           window 4
    ... 4.57  4.58  4.59  4.60   | 4.57  4.61  4.60  4.62 ...
                                   [ first rows  ]

The first `window - 1` rows of each series of a run that is counted apart have no full window there. The panel to which
the run is added knows those windows; its seam, one `WindowSeam` for each window, says which of these rows signal. The
twin for arrays is `core.blocks.seam`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    # The positions of rows, their series, and how many rows of these are before each.
    FirstOf = tuple[Sequence[int], Any, Any]


class Across(NamedTuple):
    """The windows across the seam of one series that are full, in the order of their rows."""

    first: int
    """how many rows of the later run come before the first of them"""
    sums: Sequence[int]
    above: Sequence[bool]
    """whether each row signals"""
    places: int
    """of the sums"""

    @classmethod
    def of(cls, tail: tuple[int, ...], head: tuple[int, ...], window: int, places: int) -> Across:
        """Join the last closes of one run to the first ones of the run after it.

        >>> Across.of((458, 459), (457, 462), 3, 2)
        Across(first=0, sums=[1374, 1378], above=[False, True], places=2)
        """
        before = tail[1:] if len(tail) == window else tail
        first = window - 1 - len(before)
        sums: list[int] = []
        total = sum(before) + sum(head[:first])
        for close, oldest in zip(head[first:], (0, *before), strict=False):  # each close enters, and the oldest leaves
            total += close - oldest
            sums.append(total)
        above = [close * window > total for close, total in zip(head[first:], sums, strict=True)]
        return cls(first, sums, above, places)


class OfWindow(Protocol):
    """What is across the seam for one window, of so many rows."""

    @property
    def window(self) -> int: ...  # noqa: D102

    def above(self, series: Sequence[int], ranks: Sequence[int]) -> list[bool]:
        """Return whether rows signal: those that have so many rows of these series before them in the later run."""

    def mean(self, series: int, rank: int) -> float | None:
        """Return the mean of the window that one row ends; None if it is not full, or not across the seam."""


class WindowSeam:
    """The seam of one window: `series` has what is across it by the number that a series has in the later run."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.series: dict[int, Across] = {}

    def above(self, series: Sequence[int], ranks: Sequence[int]) -> list[bool]:
        """Return whether rows signal, as `OfWindow.above`."""
        return [self._at(*place, "above") or False for place in zip(series, ranks, strict=True)]

    def mean(self, series: int, rank: int) -> float | None:
        """Return the mean of the window that one row ends, as `OfWindow.mean`."""
        total = self._at(series, rank, "sums")
        return None if total is None else mean_of(total, self.window, self.series[series].places)

    def _at(self, series: int, rank: int, name: str) -> Any:
        across = self.series.get(series)
        if across is None or not across.first <= rank < across.first + len(across.sums):
            return None
        return getattr(across, name)[rank - across.first]


def mean_of(total: int, window: int, places: int) -> float | None:
    """Return the mean of a window by its sum in ticks; None if no chart reaches so far."""
    try:
        mean: float = total / (window * 10**places)
    except OverflowError:
        return None
    return mean
