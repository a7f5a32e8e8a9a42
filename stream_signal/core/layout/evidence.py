"""What the first rows of an input tell of its layout, where its names do not: rows are held back until one is left.

The layout is settled by the first row that leaves one, looked for when there are twice as many rows as before, so that
each is looked at twice or so. It depends on the rows alone, and not on how their bytes arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.layout.layout import Layout
from stream_signal.core.layout.times import find_times, may_change, may_have_times
from stream_signal.core.limits import MOST_LAYOUT_BYTES, MOST_LAYOUT_LINES
from stream_signal.core.quotes import FieldError, QuotedRecords, split_line

if TYPE_CHECKING:
    from typing import Self

    from stream_signal.core.layout.layout import Position

# Of the rows of a later input, so many fit the format of those before it; a row without a close fits none.
_LEAST_SHARE = 0.9


class _Rows:
    """Rows that are held back, without lines that have another number of fields."""

    def __init__(self, delimiter: str, width: int, header: bytes = b"") -> None:
        self.delimiter, self.width = delimiter, width
        self.rows: list[list[str]] = []
        self._header = header
        self._lines = self._size = 0
        self._quoted = QuotedRecords(delimiter)

    @property
    def are_enough(self) -> bool:
        """Whether no more are held back."""
        return self._lines >= MOST_LAYOUT_LINES or self._size > MOST_LAYOUT_BYTES

    def add(self, line: bytes) -> bool:
        """Take the next line, without its line end; return whether to look at the rows, for the layout."""
        self._lines += 1
        self._size += len(line)
        self._keep(line)
        return self.are_enough or not self._lines & (self._lines - 1)

    def _keep(self, line: bytes) -> None:
        if b'"' in line or self._quoted.open:
            try:
                texts = self._quoted.read(line)
            except FieldError:
                return  # it is not a row, or one that will be refused
            fields = [text.encode("latin-1") for text in texts or ()]
        else:
            fields = line.split(self.delimiter.encode())
        if len(fields) == self.width and line != self._header:
            self.rows.append(_texts(fields))


class TimeEvidence(_Rows):
    r"""Looks at rows of which `layout` is known but for the time.

    >>> evidence = TimeEvidence(Layout(b"day,close", ("day", "close"), ",", 1, 2))
    >>> evidence.see(b"2024-01-02,42"), evidence.see(b"2024-01-03,43").time
    (None, 0)
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout.delimiter, layout.width, layout.line)
        self._layout = layout

    def see(self, line: bytes) -> Layout | None:
        """Take the next line, without its line end; return the layout once no later row can change it."""
        if not self.add(line):
            return None
        position, may_change = self._find()
        return None if may_change and not self.are_enough else self._layout._replace(time=position)

    def settle(self) -> Layout:
        """Return the layout by the rows so far: no more are looked at."""
        return self._layout._replace(time=self._find()[0])

    def _find(self) -> tuple[Position | None, bool]:
        """Return where the time is by the rows so far, and whether more of them may change that."""
        times = find_times(self._layout.names, self.rows)
        if times is None or times.position == self._layout.position:
            return None, may_have_times(self.rows, self._layout.position)
        return times.position, may_change(times, self._layout.names, self.rows)


class FormatEvidence(_Rows):
    r"""Looks at rows without a header, which may have a known format; `layout` is that of the inputs before.

    >>> evidence = FormatEvidence.of(b"1700000000000,52,54,51,53,9,9", None)
    >>> rows = [b"17000000%02d000,%d,%d,%d,%d,9,9" % (at, at, at + 2, at - 1, at + 1) for at in range(16)]
    >>> [layout.format for layout in map(evidence.see, rows) if layout]
    ['bybit']
    """

    def __init__(self, delimiter: str, width: int, layout: Layout | None = None) -> None:
        super().__init__(delimiter, width)
        self._layout = layout

    @classmethod
    def of(cls, line: bytes, delimiter: str | None) -> Self | None:
        """Return what looks at the rows from this one on, which it has not taken; None if it has no known format."""
        from stream_signal.core.layout.prices import fitting

        for mark in delimiter or ",;":
            try:
                cells = _texts(split_line(line, mark))
            except FieldError:
                continue
            if fitting([cells], mark, None):
                return cls(mark, len(cells))
        return None

    def see(self, line: bytes) -> Layout | None:
        """Take the next line, without its line end; return the layout once the rows tell it."""
        return self._find(whole=self.are_enough) if self.add(line) else None

    def settle(self) -> Layout | None:
        """Return the layout by the rows so far, which are all; None if they do not tell it."""
        return self._find(whole=True)

    def may_be_told(self) -> bool:
        """Whether later rows may tell a layout, or fewer columns that may have the close."""
        from stream_signal.core.layout.prices import find_closes, fitting

        times = find_times([], self.rows)
        return bool(fitting(self.rows, self.delimiter, times)) or len(find_closes([], self.rows, times)) > 1

    def _find(self, *, whole: bool) -> Layout | None:
        from stream_signal.core.formats import FORMATS
        from stream_signal.core.layout.prices import fitting, recognise

        times = find_times([], self.rows)
        known = recognise(self.rows, self.delimiter, times, whole=whole)
        if known is not None:
            name = next(name for name, layout in FORMATS.items() if layout is known)
            position, time = known.places(self.width)
            return Layout(b"", (), self.delimiter, position, self.width, time, format=name)
        if not self._layout or not self._layout.format or not (whole or not fitting(self.rows, self.delimiter, times)):
            return None
        known = FORMATS[self._layout.format]
        alike = sum(known in fitting([row], self.delimiter, None) for row in self.rows)
        return self._layout if alike >= _LEAST_SHARE * len(self.rows) else None


def _texts(fields: list[bytes]) -> list[str]:
    return [field.decode("utf-8", "surrogateescape").strip() for field in fields]
