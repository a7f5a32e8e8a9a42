"""Lines that are no rows, and what they are where the input ends behind them: a footer, or nothing.

A footer is up to five last lines without a time where the time is, and without a close: `(24 rows)`, `Source: ...`,
`Total,,,,`. Without a time column, only a line with another number of fields than the header may be one. What could be
the beginning of a row that is not written to its end is none. Between rows, such a line is the error that it is. A line
without a close whose first cell is a word for a total is no row of a symbol. Where a file is read from its end, its
footer comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stream_signal.core.findings import BLANK_LINE, COMMENT_LINE, EMPTY_LINE, FOOTER
from stream_signal.core.layout.layout import folded
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.ticks import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.ticks import Marks

MOST_LINES = 5
# Of lines that wait for the end: thousands of empty rows, as spreadsheets have them.
MOST_BYTES = 64 * 1024
# Patterns, which are compiled when they are first needed: most inputs need none. A row may begin with digits, or with
# the name of a month or of a day.
_BEGINNING = rb"(?i:[\s\d+.-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)"
_DIGIT, _LETTER = rb"\d", rb"[A-Za-z\x80-\xff]"
_LEAST_TORN = 4  # bytes
# Where a symbol may be, the first cell of a line that adds up those above it.
_TOTALS = frozenset(
    {b"total", b"totals", b"grand total", b"subtotal", b"sum", b"average", b"mean", b"summe", b"gesamt"}
)


def kind_of(line: bytes, layout: Layout, marks: Marks, *, is_torn: bool = False) -> str | None:
    """Return what a line is that is no row, as the kind of a finding; None if it may be a row, or a bad one.

    >>> from stream_signal.core.layout.layout import Layout
    >>> from stream_signal.core.ticks import Marks
    >>> layout = Layout(b"", ("time", "close"), ",", 1, 2, 0)
    >>> [kind_of(line, layout, Marks()) for line in (b"(24 rows)", b",", b"# end", b"2024-01-02,", b"Total,4")]
    ['footer', 'lines_of_delimiters', 'comment_lines', None, None]
    """
    line = line.removesuffix(b"\r")
    if not line:
        return BLANK_LINE
    if _is_ruled(line):
        return EMPTY_LINE
    try:
        cells = split_line(line, layout.delimiter) if b'"' in line else line.split(layout.delimiter.encode())
    except FieldError:
        return None
    if _has_close(cells, layout, marks):
        return None
    if has_nothing(cells):
        return COMMENT_LINE if cells[0] else EMPTY_LINE
    if _is_total(cells, layout):
        return FOOTER
    return FOOTER if _is_footer(cells, layout) and not (is_torn and _may_begin_row(line, layout)) else None


def kind_of_nothing(line: bytes, layout: Layout, marks: Marks) -> str | None:
    """Return what a line is that says nothing, wherever it stands; None if it may say something."""
    if line.startswith((b"#", b'"', layout.delimiter.encode())) or _is_ruled(line):
        kind = kind_of(line, layout, marks)
        return kind if kind in {COMMENT_LINE, EMPTY_LINE} else None
    return None


def _is_ruled(line: bytes) -> bool:
    """Whether a line is drawn, as databases and Markdown draw one below the names of a table.

    >>> [_is_ruled(line) for line in (b"-----+-----", b"|---|---:|", b"----,----", b"-,-")]
    [True, True, True, False]
    """
    return b"---" in line and not line.strip(b"-+|:,; \t")


def has_nothing(cells: Sequence[bytes]) -> bool:
    """Whether several cells are all empty, or the first one, without a close behind it, begins with `#`."""
    return cells[0].startswith(b"#") or (len(cells) > 1 and not any(cells))


def _has_close(cells: Sequence[bytes], layout: Layout, marks: Marks) -> bool:
    """Whether there is a close where one is, or the name of its column."""
    if layout.position >= len(cells):
        return False
    close = cells[layout.position]
    try:
        return marks.parse(close) is not None
    except ValueError:
        return bool(layout.names) and folded(close.decode("utf-8", "replace")) == folded(layout.names[layout.position])


def _times_in(cells: Sequence[bytes], layout: Layout) -> list[bytes]:
    places = layout.time if isinstance(layout.time, tuple) else () if layout.time is None else (layout.time,)
    return [cells[place].strip() for place in places if place < len(cells)]


def _is_total(cells: Sequence[bytes], layout: Layout) -> bool:
    """Whether a whole line without a time begins with a word for a total."""
    if len(cells) != layout.width or cells[0].strip(b' :"').lower() not in _TOTALS:
        return False
    return all(text.lower() in MISSING for text in _times_in(cells, layout))


def _is_footer(cells: Sequence[bytes], layout: Layout) -> bool:
    from stream_signal.core.timestamps import form_of

    is_whole = len(cells) == layout.width
    if layout.time is None:
        return not is_whole
    texts = _times_in(cells, layout)
    digits, words = (len(re.findall(pattern, b"".join(texts))) for pattern in (_DIGIT, _LETTER))
    if is_whole and (not words or all(text.lower() in MISSING for text in texts)):
        # In words alone it is none of a row whose time is missing, too.
        return not digits and all(re.search(_LETTER, cell) for cell in cells if cell.lower() not in MISSING)
    if digits and (not words or (is_whole and digits >= _LEAST_TORN)):
        return False  # it may be a part of a time, or one in a form that is not known
    return not any(form_of(text) for text in (*texts, b" ".join(texts)))


def _may_begin_row(line: bytes, layout: Layout) -> bool:
    """Whether a line without a newline may be a row that is not written to its end."""
    return layout.time not in {0, (0, 1)} or len(line) < _LEAST_TORN or re.match(_BEGINNING, line) is not None
