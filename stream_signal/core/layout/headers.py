"""Headers that do not fit their rows: a delimiter too many, a name too few, or further lines below the names.

Whether a header fits is seen at the first row, by the number of its fields. Only the rows of one with a name too few
are held back: until the columns that the names can have, with a column without a name among them, are known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stream_signal.core.layout.layout import SYMBOL_NAMES, find_time, folded
from stream_signal.core.layout.names import is_time_name
from stream_signal.core.limits import MOST_LAYOUT_BYTES, MOST_LAYOUT_LINES
from stream_signal.core.quotes import FieldError, split_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout, Position

_ZONE = r"(?i)\W*(?:utc|gmt|local)?\W*"
_UNIT = r"\W*[A-Za-z]{1,10}\W*|[$€£¥₹₿]"
# Influx writes them above the header of each table.
_ANNOTATION = rb"#(?:group|datatype|default|constant|timezone|concat)[,;\t|]"


def is_annotation(line: bytes) -> bool:
    """Whether a line says of what type the columns of a table are, as those above its header do.

    >>> is_annotation(b"#datatype,string,long"), is_annotation(b"#group of coins")
    (True, False)
    """
    return line.startswith(b"#") and re.match(_ANNOTATION, line) is not None


def surplus_of(header: Layout) -> int:
    """Return how many fields more the line of the names has than a row.

    >>> from stream_signal.core.layout.layout import Layout
    >>> surplus_of(Layout(b"time,close,", ("time", "close"), ",", 1, 2))
    1
    """
    return len(split_line(header.line, header.delimiter)) - header.width if header.line else 0


class HeaderFit:
    r"""Looks at the lines below the names of `layout`, until the first rows show how these fit; then it `is_settled`.

    If nothing fits, the layout stays as it is, and its rows are refused.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.layout.layout import Layout
    >>> fit = HeaderFit(Layout(b"time,close,", ("time", "close", ""), ",", 1, 3), Config())
    >>> fit.see(b"60,4.58")
    >>> fit.is_settled, fit.layout.names
    (True, ('time', 'close'))
    """

    def __init__(self, layout: Layout, config: Config) -> None:
        self.layout = layout
        self.is_settled = False
        self._config = config
        self._rows: list[list[str]] = []
        self._lines = self._size = 0

    def take_below(self, line: bytes) -> bool:
        """Take a line as a further one of the header, if it is one: of symbols, of units, or of the name of the index.

        pandas writes those of symbols and of the index if the columns have names of two levels.
        """
        cells = self._cells(line)
        if len(cells) != self.layout.width or len(cells) == 1 or line == self.layout.line:
            return False
        first, *others = cells
        names_index = is_time_name(first) and not any(others)
        names_symbols = folded(first) in SYMBOL_NAMES and all(others) and not any(map(_is_number, others))
        if not (names_index or names_symbols or self._are_units(cells)):
            return False
        names = (first, *self.layout.names[1:]) if names_index else self.layout.names
        self.layout = self.layout._replace(names=names, below=(*self.layout.below, line))
        return True

    def _are_units(self, cells: list[str]) -> bool:
        """Whether the first column, of the times, has nothing or a zone, and all others have words: `,USD,USD,BTC`."""
        first, *others = cells
        if any(map(str.isdigit, "".join(cells))) or not (self.layout.position and is_time_name(self.layout.names[0])):
            return False
        from stream_signal.core.layout.prices import is_missing

        is_zone = re.fullmatch(_ZONE, first) is not None
        return is_zone and all(re.fullmatch(_UNIT, cell) and not is_missing(cell) for cell in others)

    def see(self, line: bytes) -> None:
        """Take the next line, without its line end: a row, or what may be one."""
        layout, cells = self.layout, self._cells(line)
        self._lines += 1
        self._size += len(line)
        surplus = len(cells) - layout.width
        if self._lines == 1 and surplus == -1 and not layout.names[-1] and layout.position < layout.width - 1:
            self.layout = layout._replace(names=layout.names[:-1], width=layout.width - 1)
        may_be_shifted = surplus == 1 and isinstance(self._config.column, str)
        if may_be_shifted:
            self._rows.append(cells)
        elif self._lines == 1 or not surplus:
            self.is_settled = True
            return
        if self._lines == MOST_LAYOUT_LINES or self._size > MOST_LAYOUT_BYTES:
            self.settle()
        elif not self._lines & (self._lines - 1) and len(layouts := self._shifted()) < 2:
            self._take(layouts)

    def settle(self) -> None:
        """Take what the lines so far show: no more are looked at."""
        self._take(self._shifted() if self._rows else [])

    def _take(self, layouts: list[Layout]) -> None:
        self.is_settled = True
        if len(layouts) == 1:
            self.layout = layouts[0]

    def _cells(self, line: bytes) -> list[str]:
        """Return the cells of a line; none if it is none, or a record goes on in the next one."""
        try:
            return [field.decode("utf-8", "replace").strip() for field in split_line(line, self.layout.delimiter)]
        except FieldError:
            return []

    def _shifted(self) -> list[Layout]:
        """Return the layouts with a column without a name by which all rows so far are candles; one of each meaning."""
        layout = self.layout
        layouts: dict[object, Layout] = {}
        for at in range(layout.width + 1):
            names = (*layout.names[:at], "", *layout.names[at:])
            position = layout.position + (at <= layout.position)
            shifted = layout._replace(names=names, position=position, width=layout.width + 1)
            time = self._time_of(shifted, at)
            if time is not None and _are_candles(shifted, self._rows):
                symbols = tuple(place for place, name in enumerate(names) if self._is_symbol(name))
                layouts[position, time, symbols] = shifted._replace(time=time)
        return list(layouts.values())

    def _time_of(self, layout: Layout, nameless: int) -> Position | None:
        """Return where the time is by its name, if all rows have one there: with the clock in a column behind it."""
        from stream_signal.core.layout.times import are_clocks, are_times

        time, rows = find_time(layout, self._config.time_column), self._rows
        if isinstance(time, int) and time == nameless - 1 and are_clocks([row[nameless] for row in rows]):
            time = time, nameless
        if time is None:
            return None
        places = time if isinstance(time, tuple) else (time,)
        return time if are_times([" ".join(row[place] for place in places) for row in rows]) else None

    def _is_symbol(self, name: str) -> bool:
        key = self._config.key
        return bool(name) and (folded(name) in SYMBOL_NAMES or (isinstance(key, str) and folded(name) == folded(key)))


def _is_number(cell: str) -> bool:
    from stream_signal.core.layout.prices import number_of

    return number_of(cell) is not None


def _are_candles(layout: Layout, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the named prices are between the high and the low in each row that has them all, and one has."""
    from stream_signal.core.formats import CLOSE, HIGH, LOW, OPEN
    from stream_signal.core.layout.prices import is_missing, number_of
    from stream_signal.core.layout.roles import prices_of

    places = {at: role for at, role in prices_of(layout).items() if role in {OPEN, HIGH, LOW, CLOSE}}
    roles = list(places.values())
    if not {HIGH, LOW} <= set(roles) or len(set(roles)) < len(roles):
        return False
    is_there = False
    for row in rows:
        cells = [row[at] for at in places]
        if any(map(is_missing, cells)):
            continue
        prices = [price for cell in cells if (price := number_of(cell)) is not None]
        is_there = len(prices) == len(roles)
        if not is_there or min(prices) < prices[roles.index(LOW)] or max(prices) > prices[roles.index(HIGH)]:
            return False
    return is_there
