"""What the first rows of an input tell of its layout, where its names do not: rows are held back until one is left.

The layout is settled by the first row that leaves one, looked for when there are twice as many rows as before, so that
each is looked at twice or so. It depends on the rows alone, and not on how their bytes arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.layout.times import find_times, may_change, may_have_times
from stream_signal.core.quotes import FieldError, QuotedRecords

if TYPE_CHECKING:
    from stream_signal.core.layout.layout import Layout, Position

# Enough to tell one layout from another, and few enough to wait for, and to keep.
MOST_LINES = 1000
MOST_BYTES = 256 * 1024


class Evidence:
    r"""Looks at rows of which `layout` is known but for the time; `is_settled` once no later row can change it.

    >>> from stream_signal.core.layout.layout import Layout
    >>> evidence = Evidence(Layout(b"day,close", ("day", "close"), ",", 1, 2))
    >>> evidence.see(b"2024-01-02,42"), evidence.see(b"2024-01-03,43").time
    (None, 0)
    """

    def __init__(self, layout: Layout) -> None:
        self.is_settled = False
        self._layout = layout
        self._rows: list[list[str]] = []
        self._lines = self._size = 0
        self._quoted = QuotedRecords(layout.delimiter)

    def see(self, line: bytes) -> Layout | None:
        """Take the next line, without its line end; return the layout if it is settled by it."""
        self._lines += 1
        self._size += len(line)
        self._keep(line)
        if self._lines == MOST_LINES or self._size > MOST_BYTES:
            return self.settle()
        if not self._lines & (self._lines - 1):
            position, may_change = self._find()
            if not may_change:
                return self._settled(position)
        return None

    def settle(self) -> Layout:
        """Return the layout by the rows so far: no more are looked at."""
        return self._settled(self._find()[0])

    def _settled(self, position: Position | None) -> Layout:
        self.is_settled = True
        return self._layout._replace(time=position)

    def _keep(self, line: bytes) -> None:
        if b'"' in line or self._quoted.open:
            try:
                texts = self._quoted.read(line)
            except FieldError:
                return  # it is not a row, or one that will be refused
            fields = [text.encode("latin-1") for text in texts or ()]
        else:
            fields = line.split(self._layout.delimiter.encode())
        if len(fields) == self._layout.width and line != self._layout.line:
            self._rows.append([field.decode("utf-8", "surrogateescape").strip() for field in fields])

    def _find(self) -> tuple[Position | None, bool]:
        """Return where the time is by the rows so far, and whether more of them may change that."""
        times = find_times(self._layout.names, self._rows)
        if times is None or times.position == self._layout.position:
            return None, may_have_times(self._rows, self._layout.position)
        return times.position, may_change(times, self._layout.names, self._rows)
