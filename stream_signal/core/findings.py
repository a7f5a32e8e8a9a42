"""Findings: what was noticed in the data, by kind: how many there were, and the first few places. Numbers, no words.

They add up across ranges and go into the state: those of a stream, and those of what compares its timestamps. The log,
the report and `hints.doubts` put them into words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import natural
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Self

# Enough to find the cause; the counts say how many there were.
EXAMPLES = 3

# What was skipped or taken as missing.
BLANK_LINE = "blank_lines"
PREAMBLE_LINE = "preamble_lines"
HEADER_LINE = "header_lines"  # those of a header besides its names
REPEATED_HEADER = "repeated_headers"
MISSING_CLOSE = "missing_closes"
BAD_ROW = "bad_rows"
UNFINISHED_LINE = "unfinished_lines"  # the last line of a followed file that was rotated
EMPTY_LINE = "lines_of_delimiters"  # between rows
COMMENT_LINE = "comment_lines"  # they begin with `#`, and stand between rows
FOOTER = "footer"
LONG_RECORD = "records_of_several_lines"  # not a repair, but one stray quote can join many rows
REPAIRS = (
    *(BLANK_LINE, PREAMBLE_LINE, HEADER_LINE, REPEATED_HEADER, MISSING_CLOSE, BAD_ROW, UNFINISHED_LINE, LONG_RECORD),
    *(EMPTY_LINE, COMMENT_LINE, FOOTER),
)

# What is wrong with a timestamp, or with its place.
BACKWARDS, REPEATED = "backwards", "repeated"
NOT_COMPARED, EITHER = "not_compared", "day_or_month"
TIMES = (BACKWARDS, REPEATED, NOT_COMPARED, EITHER)


class Place(NamedTuple):
    """Where something was found; numbers, so that they can be shifted when ledgers are added."""

    line: int
    """counted from 1 in its input"""
    text: str = ""
    """what was found there, in words"""
    source: str | None = None
    """the name of the input, if there are several"""

    def moved(self, by: int, source: str | None) -> Place:
        """Return the same place in an input that has so many lines before."""
        return self._replace(line=by + self.line, source=self.source or source)

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.source, f"line {self.line}", self.text)))


class Findings:
    """Counts by kind, and the `most` first places of each kind; `source` names the current input if there are several.

    `line_of`, if set, gives the line number in the file of the line that was fed as number n: the two differ if a file
    is read from its end. Two are equal if they have the same counts and places, whatever is read at the moment.

    >>> findings = Findings()
    >>> findings.note(MISSING_CLOSE, 7)
    >>> findings.counts, findings.in_words()
    ({'missing_closes': 1}, {'missing_closes': ['line 7']})
    """

    __slots__ = ("_most", "counts", "first", "line_of", "source")

    def __init__(self, most: int = EXAMPLES) -> None:
        self._most = most
        self.counts: dict[str, int] = {}
        self.first: dict[str, list[Any]] = {}
        self.source: str | None = None
        self.line_of: Callable[[int], int] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Findings) and (self.counts, self.first) == (other.counts, other.first)

    __hash__ = None  # type: ignore[assignment]  # because it changes

    def copy(self) -> Findings:
        """Return an independent copy."""
        copied = Findings(self._most)
        copied.add(self, 0)
        copied.source = self.source
        return copied

    def note(self, kind: str, line: int, text: str = "") -> None:
        """Count one at `line`."""
        self.keep(kind, Place(self.line_of(line) if self.line_of else line, text, self.source))

    def keep(self, kind: str, place: Any, count: int = 1) -> None:
        """Count so many of a kind, and keep the place of the first of them if there is room for it."""
        self.counts[kind] = self.counts.get(kind, 0) + count
        places = self.first.setdefault(kind, [])
        if len(places) < self._most:
            places.append(place)

    def add(self, later: Findings, shift: int) -> None:
        """Add what was found in later lines of the input, which were counted from 1 after `shift` lines."""
        for kind, count in later.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
            places = self.first.setdefault(kind, [])
            places += [place.moved(shift, self.source) for place in later.first[kind][: self._most - len(places)]]

    def without(self, kinds: Collection[str]) -> Findings:
        """Return a copy without what is of some kinds."""
        copied = self.copy()
        for kind in copied.counts.keys() & kinds:
            del copied.counts[kind], copied.first[kind]
        return copied

    def in_words(self) -> dict[str, list[str]]:
        """Return the first places of each kind as text."""
        return {kind: list(map(str, places)) for kind, places in self.first.items()}

    def as_json(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        return {kind: [count, list(map(list, self.first[kind]))] for kind, count in self.counts.items()}

    @classmethod
    def from_json(
        cls, saved: Any, kinds: Collection[str], most: int = EXAMPLES, place_of: Callable[..., Any] = Place
    ) -> Self:
        """Read it from JSON, with a place of each list; raise ValueError if it cannot be one."""
        findings = cls(most)
        try:
            for kind, (count, places) in saved.items():
                findings.counts[kind] = natural(count)
                findings.first[kind] = [place_of(natural(line), *map(_text, about)) for line, *about in places]
                if kind not in kinds or not 1 <= len(places) <= min(count, most):
                    raise ValueError("expected the count and the first places of each kind")
        except (AttributeError, TypeError):
            raise ValueError("expected the count and the first places of each kind") from None
        return findings


def _text(saved: object) -> str | None:
    if not isinstance(saved, str | None):
        raise ValueError("expected text")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
    return saved
