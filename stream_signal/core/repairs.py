"""What was passed over or taken as missing, counted: no repair is silent."""

from __future__ import annotations

# Enough to find the cause by; the counts say how many there were.
EXAMPLES = 3

BLANK_LINE = "blank_lines"
PREAMBLE_LINE = "preamble_lines"
REPEATED_HEADER = "repeated_headers"
MISSING_CLOSE = "missing_closes"
BAD_ROW = "bad_rows"
UNFINISHED_LINE = "unfinished_lines"  # of a file that was followed, when another took its place
LONG_RECORD = "records_of_several_lines"  # no repair, but what a stray quote makes of many rows


class Repairs:
    """Counts by kind, and the first few of each kind in words; `source` names the input where there are several.

    >>> repairs = Repairs()
    >>> repairs.note(MISSING_CLOSE, "line 7")
    >>> repairs.counts, repairs.first
    ({'missing_closes': 1}, {'missing_closes': ['line 7']})
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.first: dict[str, list[str]] = {}
        self.source: str | None = None

    def copy(self) -> Repairs:
        """Return a copy that goes on by itself."""
        copied = Repairs()
        copied.counts = dict(self.counts)
        copied.first = {kind: list(first) for kind, first in self.first.items()}
        return copied

    def note(self, kind: str, what: str) -> None:
        """Count one repair; `what` names its line and is kept if it is among the first of its kind."""
        count = self.counts.get(kind, 0)
        self.counts[kind] = count + 1
        if count < EXAMPLES:
            self.first.setdefault(kind, []).append(f"{self.source}: {what}" if self.source else what)
