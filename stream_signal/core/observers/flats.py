"""Flats: the longest runs of one close, which are what a market that is closed, or a feed that hangs, looks like.

A missing close ends a run. Of rows that were counted apart, the run that begins with the first row is kept on its own,
because it may go on from the rows before.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from stream_signal.core.buckets import decimal, text_in, ticks_in, times_in
from stream_signal.core.limits import natural
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream_signal.core.layout.layout import Position
    from stream_signal.core.rows import Rows

# Half an hour of minutes without a trade: far more than equal closes by chance.
LEAST_FLAT = 32
# The longest ones; the counts say how many there were.
FLATS = 20


class Flat(NamedTuple):
    """Rows in a row with one close; missing closes are not among them."""

    row: int
    """the number of the first, from 1"""
    rows: int
    close: str
    """in all its decimals, without zeros at their end"""
    time: str
    """the timestamp of the first row"""


class Run(NamedTuple):
    """Equal closes."""

    row: int
    rows: int
    ticks: int
    time: str


class Flats:
    """The longest flat stretches of at least LEAST_FLAT rows, and how many there are.

    If it `joins`, its rows may be joined to the rows before.
    """

    def __init__(self, *, joins: bool = False) -> None:
        self.places = 0
        self._joins = joins
        self._begins: Run | None = None  # the run of the first row, once it has ended, if somebody joins it
        self._run: Run | None = None  # that of the last row
        self._flats: list[Flat] = []  # the longest first, and of equal ones the first
        self._stretches = self._rows = 0

    def see(
        self,
        rows: Rows,
        first: int,
        runs: Iterable[tuple[int, int, int | None]],
        places: int,
        time: Position | None,
    ) -> None:
        """Take the runs of the next rows, of which the first has the number `first`; their ticks have these places."""
        factor = 10 ** (self._scale(places) - places)
        for at, count, ticks in runs:
            run = self._run
            if run and at == 0 and ticks is not None and run.ticks == ticks * factor:
                self._run = run._replace(rows=run.rows + count)
                continue
            self._end_run()
            if ticks is not None:
                (text,) = times_in(rows, time, [at])
                self._run = Run(first + at, count, ticks * factor, text)

    def _scale(self, places: int) -> int:
        """Take closes of so many places, too; return how many all have."""
        if places > self.places:
            if self._run:
                self._run = self._run._replace(ticks=self._run.ticks * 10 ** (places - self.places))
            self.places = places
        return self.places

    def join(self, part: Flats, rows: int) -> None:
        """Add the runs of a part, which comes after so many rows."""
        factor = 10 ** (self._scale(part.places) - part.places)
        begins, ends = (
            run and run._replace(row=run.row + rows, ticks=run.ticks * factor) for run in (part._begins, part._run)
        )
        is_one = begins is None and ends is not None and ends.row == rows + 1
        head = ends if is_one else begins
        if self._run and head and self._run.ticks == head.ticks:
            self._run = self._run._replace(rows=self._run.rows + head.rows)
        else:
            self._end_run()
            self._run = head
        if not is_one:
            self._end_run()
            self._run = ends
            self._flats = _longest([*self._flats, *(flat._replace(row=flat.row + rows) for flat in part._flats)])
            self._stretches += part._stretches
            self._rows += part._rows

    def _end_run(self) -> None:
        if self._joins and self._run and self._run.row == 1:
            self._begins = self._run
        else:
            self._flats, self._stretches, self._rows = self.found()
        self._run = None

    def found(self) -> tuple[list[Flat], int, int]:
        """Return the longest flat stretches, the longest first, how many there are, and the rows in all of them."""
        run = self._run
        if not run or run.rows < LEAST_FLAT:
            return self._flats, self._stretches, self._rows
        flat = Flat(run.row, run.rows, decimal(run.ticks, self.places), run.time)
        return _longest([*self._flats, flat]), self._stretches + 1, self._rows + run.rows

    def snapshot(self) -> dict[str, Any]:
        """Return what `restore` needs in another process, as values that JSON can hold."""
        return {
            "run": self._run and list(self._run),
            "flats": list(map(list, self._flats)),
            "flat": [self._stretches, self._rows],
        }

    def restore(self, saved: Any, places: int) -> None:
        """Resume from a snapshot; raise ValueError, TypeError or LookupError if it is not one."""
        run = saved["run"]
        self.places = places
        self._run = None if run is None else Run(natural(run[0]), natural(run[1]), ticks_in(run[2]), text_in(run[3]))
        self._flats = [
            Flat(natural(row), natural(rows), text_in(close), text_in(time))
            for row, rows, close, time in saved["flats"][:FLATS]
        ]
        self._stretches, self._rows = map(natural, saved["flat"])


def _longest(flats: Iterable[Flat]) -> list[Flat]:
    return sorted(flats, key=lambda flat: (-flat.rows, flat.row))[:FLATS]


def runs_in(ticks: Sequence[int | None]) -> Iterator[tuple[int, int, int | None]]:
    """Yield the runs of equal closes: the position of the first row, the length, and the close.

    >>> list(runs_in([459, 459, None, 460]))
    [(0, 2, 459), (2, 1, None), (3, 1, 460)]
    """
    at = 0
    for value, run in groupby(ticks):
        count = len(list(run))
        yield at, count, value
        at += count
