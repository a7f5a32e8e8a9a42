"""Repairs: what the reader skipped or took as missing, counted, with the first few places of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# Enough to find the cause; the counts say how many there were.
EXAMPLES = 3

BLANK_LINE = "blank_lines"
PREAMBLE_LINE = "preamble_lines"
REPEATED_HEADER = "repeated_headers"
MISSING_CLOSE = "missing_closes"
BAD_ROW = "bad_rows"
UNFINISHED_LINE = "unfinished_lines"  # the last line of a followed file that was rotated
LONG_RECORD = "records_of_several_lines"  # not a repair, but one stray quote can join many rows


class Place(NamedTuple):
    """Where something was found; numbers, so that they can be shifted when counts are merged."""

    line: int
    """counted from 1 in its input"""
    text: str = ""
    """what was found there, in words"""
    source: str | None = None
    """the name of the input, if there are several"""

    def __str__(self) -> str:
        where = f"{self.source}: line {self.line}" if self.source else f"line {self.line}"
        return f"{where}: {self.text}" if self.text else where


class Repairs:
    """Counts by kind, and the first places of each kind; `source` names the current input if there are several.

    `line_of`, if set, gives the line number in the file of the line that was fed as number n: the two differ if a file
    is read from its end. Two are equal if they have the same counts and places, whatever is read at the moment.

    >>> repairs = Repairs()
    >>> repairs.note(MISSING_CLOSE, 7)
    >>> repairs.counts, repairs.in_words()
    ({'missing_closes': 1}, {'missing_closes': ['line 7']})
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.first: dict[str, list[Place]] = {}
        self.source: str | None = None
        self.line_of: Callable[[int], int] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Repairs) and (self.counts, self.first) == (other.counts, other.first)

    __hash__ = None  # type: ignore[assignment]  # because it changes

    def copy(self) -> Repairs:
        """Return an independent copy."""
        copied = Repairs()
        copied.counts = dict(self.counts)
        copied.first = {kind: list(places) for kind, places in self.first.items()}
        copied.source = self.source
        return copied

    def note(self, kind: str, line: int, text: str = "") -> None:
        """Count one repair at `line`; keep the place if it is among the first of its kind."""
        count = self.counts.get(kind, 0)
        self.counts[kind] = count + 1
        if count < EXAMPLES:
            place = Place(self.line_of(line) if self.line_of else line, text, self.source)
            self.first.setdefault(kind, []).append(place)

    def add(self, later: Repairs, line: int) -> None:
        """Add what was noted in later lines of the input, which were counted from 1 after `line`."""
        for kind, count in later.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
            places = self.first.setdefault(kind, [])
            for place in later.first[kind][: EXAMPLES - len(places)]:
                places.append(Place(line + place.line, place.text, self.source))

    def in_words(self) -> dict[str, list[str]]:
        """Return the first places of each kind as text."""
        return {kind: list(map(str, places)) for kind, places in self.first.items()}
