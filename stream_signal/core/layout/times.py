"""Which column has the time: by its name, or by what its cells are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.timestamps import form_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.layout.layout import Position

# From 1980 to 2100, in nanoseconds: what is a number outside of them is no time.
_FIRST, _END = 315_532_800 * 10**9, 4_102_444_800 * 10**9
# Why a column is that of the time.
DATES, NUMBERS = "dates", "numbers"


class Times(NamedTuple):
    """The column of the time, why it is, and which way it goes: 1 oldest first, -1 newest first, 0 unknown."""

    position: Position
    why: str
    direction: int


def find_times(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Times | None:  # noqa: ARG001 - names will tell
    """Return the first column whose cells all read as times that differ, dates before numbers; None if there is none.

    >>> find_times(["at", "close"], [["2024-01-02", "42"], ["2024-01-03", "43"]])
    Times(position=0, why='dates', direction=1)
    """
    columns = [(at, _times_of([row[at] for row in rows])) for at in range(len(rows[0]) if rows else 0)]
    there = [(at, times) for at, times in columns if times and len(set(times)) > 1]
    for why, is_number in ((DATES, False), (NUMBERS, True)):
        for at, times in there:
            steps = [(after > before) - (after < before) for before, after in pairwise(times)]
            direction = sum(steps)
            if rows[0][at].replace(".", "").isdigit() == is_number and (
                not is_number or 10 * max(steps.count(1), steps.count(-1)) >= 9 * len(steps)
            ):
                return Times(at, why, (direction > 0) - (direction < 0))
    return None


def may_have_times(rows: Sequence[Sequence[str]], besides: int) -> bool:
    """Whether more rows may show that a column is that of the time, which these do not; one is none, as it is known."""
    return not rows or any(_times_of([row[at] for row in rows]) for at in range(len(rows[0])) if at != besides)


def _times_of(cells: Sequence[str]) -> list[int]:
    """Return the times of cells, the month first; nothing if one of them is none."""
    times = []
    for cell in cells:
        text = cell.encode()
        form = form_of(text)
        reading = next((time for time in form.readings(text)[::-1] if time is not None), None) if form else None
        if reading is None or not _FIRST <= reading < _END:
            return []
        times.append(reading)
    return times
