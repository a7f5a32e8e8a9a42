"""Which column has the time, or which two: by its name, or by what its cells are. And which way the time goes.

A name proposes and the cells decide. Without a known name, it is the first column whose cells are all dates, then the
first of numbers since 1970 that go one way. A counter is never the time if there is a date: real files count up while
their dates go back. A clock belongs to the date beside it. Digits are a clock only under the name of one, or right of
the date where no column has a name, because the codes of stocks read as clocks, too.

The thresholds were measured on real files. Cost: 1 us for each cell of a column whose first cells read as times.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from stream_signal.core.layout.names import CLOCK, NAMELESS, UNKNOWN, WEAK, plain, positions_by_name, rank_of
from stream_signal.core.steps import DATE_SIZES, NANOSECONDS, PLAUSIBLE, unit_of
from stream_signal.core.timestamps import NO_READING, form_of
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.layout.layout import Position
    from stream_signal.core.timestamps import Form, Readings

# Why a column is that of the time.
NAMED, DATES, DATE_AND_CLOCK, CLOCKS = "named", "dates", "date and clock", "clocks"
EPOCHS = {NANOSECONDS: "epochs in s", 10**6: "epochs in ms", 10**3: "epochs in us", 1: "epochs in ns"}

# What the cells of a column are that read as times.
_WRITTEN, _IN_DIGITS, _EPOCHS, _NUMBERS, _CLOCKS = "dates", "dates in digits", "epochs", "other numbers", "clocks"
_DATED = {_WRITTEN, _IN_DIGITS}
_TELLING = {*_DATED, _EPOCHS}

_MINUTE = 60 * NANOSECONDS
_MOST_RATIO = 1.6  # of the last time to the first; volumes spread more
_LEAST_SHARE = 0.9  # of the cells under a known name read, and of the steps of numbers go one way
_LEAST_NUMBERS = 8  # rows; fewer numbers may go one way by chance
_MISSING = frozenset({"", "nan", "nat", "na", "n/a", "null", "none", "-"})
_NO_TIME_NAME = re.compile(r"vol|price|turnover|amount|value|qty|quantity|interest|trades|count|size|cap$|id$|seq|code")
_NO_TIMES = frozenset(
    map(
        plain,
        (
            *("open", "high", "low", "close", "last", "o", "h", "l", "c", "v", "oi", "number", "money", "shares"),
            *(
                "成交量",
                "成交额",
                "成交額",
                "成交股數",
                "成交金額",
                "持仓量",
                "出来高",
                "売買代金",
                "거래량",
                "거래대금",
            ),
            *("объем", "объём", "hacim", "wolumen", "obrót", "umsatz", "stück", "omzet", "objem", "khối lượng"),
        ),
    )
)
_IS_CLOCK = re.compile(r"\d\d?:\d\d(?::\d\d(?:[.,:]\d{1,9})?)?(?: ?[AaPp][Mm])?").fullmatch


class Times(NamedTuple):
    """Where the time is, why, and which way it goes."""

    position: Position
    """from 0; of a date and a clock apart, both"""
    why: str
    direction: int
    """1 if the oldest row comes first, -1 if the newest does, 0 if that is unknown"""


class _Column(NamedTuple):
    """What the cells of a column are, of which some read as times."""

    position: Position
    times: list[int]
    """in nanoseconds, with the month first where either could be"""
    share: float
    """of the cells, how many read; a missing one does not"""
    is_whole: bool
    """whether all cells read that are not missing"""
    kind: str
    has_clock: bool
    """whether a date in it has a clock behind it"""
    unit: int
    """of numbers, in nanoseconds"""
    direction: int

    @property
    def varies(self) -> int:
        """How many times differ."""
        return len(set(self.times))

    @property
    def goes_one_way(self) -> bool:
        """Whether nine of ten steps do not lead back, or not forward."""
        forward, back = _ways(self.times)
        return min(forward, back) <= (1 - _LEAST_SHARE) * (len(self.times) - 1)

    @property
    def has_whole_minutes(self) -> bool:
        """Whether all are whole minutes, as no volumes are: the times of symbols in turn, too, which go back often."""
        return len(self.times) >= _LEAST_NUMBERS and all(time % _MINUTE == 0 for time in self.times)


def find_times(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Times | None:
    """Return where the time is, by the names (none without a header) and the rows; without rows, by the names.

    >>> find_times(["at noon", "close"], [["2-Jan-24", "42"], ["3-Jan-24", "43"]])
    Times(position=0, why='dates', direction=1)
    >>> find_times(["date", "close"], [["Monday", "42"], ["Tuesday", "43"]]) is None
    True
    """
    named = positions_by_name(names)
    if not rows:
        return Times(named[0], NAMED, 0) if named else None
    columns = list(zip(*rows, strict=True))
    ranks = [rank_of(name) for name in names] or [NAMELESS] * len(columns)
    readable = {at: column for at, cells in enumerate(columns) if (column := _column_of(at, cells, ranks[at]))}
    proposed = [position for position in named if not isinstance(position, int) or ranks[position] < WEAK]
    known = [column for position in proposed if (column := _at(position, columns, readable))]
    known.sort(key=lambda column: column.share < _LEAST_SHARE)
    weak = [readable[at] for at, rank in enumerate(ranks) if rank == WEAK and at in readable]
    known_to_tell = [*known, *(column for column in weak if column.kind == _EPOCHS or column.has_clock)]
    of_a_size = [column for column in known_to_tell if column.kind in _TELLING and column.share >= _LEAST_SHARE]
    if of_a_size:
        return _times(_finest(of_a_size, columns, ranks), NAMED)
    others = [readable[at] for at in sorted(readable, key=lambda at: ranks[at] != WEAK)]
    others = [column for column in others if _are_times(column, names)]
    for column in others:
        joined = _with_clock(column, columns, ranks)
        if column.kind in _DATED and joined.varies > 1:
            return _times(joined, DATES if joined is column else DATE_AND_CLOCK)
    if known:  # a counter, seconds from the beginning, or clocks; or dates, of which many do not read
        return _times(known[0], NAMED)
    for kind in (_EPOCHS, _CLOCKS):
        of_kind = [column for column in others if column.kind == kind and column.varies > 1]
        if of_kind:
            likeliest = min(of_kind, key=_how_unlike_times)
            return _times(likeliest, EPOCHS.get(likeliest.unit, CLOCKS))
    return next((Times(position, NAMED, 0) for position in proposed if _has_digits(position, columns)), None)


def are_times(cells: Sequence[str]) -> bool:
    """Whether all cells that are there read as dates or moments, and one is; a clock alone is none.

    >>> are_times(["2024-01-02 09:30", ""]), are_times(["09:30"]), are_times(["42.5"])
    (True, False, False)
    """
    column = _column_of(0, cells, UNKNOWN)
    return column is not None and column.is_whole and column.kind in _TELLING


def are_clocks(cells: Sequence[str]) -> bool:
    """Whether all cells are times of day.

    >>> are_clocks(["09:30", "23:59:59"]), are_clocks(["0930"])
    (True, False)
    """
    return all(map(_IS_CLOCK, cells))


def may_have_times(rows: Sequence[Sequence[str]], besides: int) -> bool:
    """Whether more rows may show that a column is that of the time, which these do not; `besides` is none.

    >>> may_have_times([["42.5", "17"]], 0), may_have_times([["42.5", "1704067200"]], 0)
    (False, True)
    """
    columns = enumerate(zip(*rows, strict=True))
    readable = (_column_of(at, cells, UNKNOWN) for at, cells in columns if at != besides)
    return not rows or any(column is not None and column.kind != _NUMBERS and column.is_whole for column in readable)


def may_change(times: Times, names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether later rows may show that the time is in another column than these show, or that a clock belongs to it.

    >>> may_change(Times(0, DATES, 1), [], [["2024-01-02", "42"], ["2024-01-03", "43"]])
    False
    """
    if times.why in EPOCHS.values():
        return len(rows) < _LEAST_NUMBERS
    if times.why == NAMED or isinstance(times.position, tuple):
        return False
    columns = list(zip(*rows, strict=True))
    ranks = [rank_of(name) for name in names] or [NAMELESS] * len(columns)
    dates = _column_of(times.position, columns[times.position], UNKNOWN)
    if dates is None or dates.has_clock or dates.varies == len(rows) >= _LEAST_NUMBERS:
        return False
    others = (at for at in range(len(columns)) if at != times.position)
    return any(_clock_of(dates, at, columns, ranks, least=1) for at in others)


def _times(column: _Column, why: str) -> Times:
    return Times(column.position, why, column.direction)


# Cells.


def _readings(cell: str) -> Readings:
    text = cell.encode("utf-8", "surrogateescape")
    form = form_of(text)
    return form.readings(text) if form else NO_READING


def _pairs(cells: Sequence[str]) -> list[Readings]:
    """Return the readings of the cells that have one."""
    size, joined = len(cells[0]), "".join(cells)
    if size not in DATE_SIZES and set(map(len, cells)) == {size} and joined.isascii() and joined.isdigit():
        return [(time, time) for time in (int(cell) * unit_of(size) for cell in cells)]
    return [pair for pair in map(_readings, cells) if pair != NO_READING]


def _there(cells: Iterable[str]) -> Iterable[str]:
    return (cell for cell in cells if len(cell) > 4 or cell.casefold() not in _MISSING)


def _column_of(position: Position, cells: Sequence[str], rank: int) -> _Column | None:
    """Read the cells of a column; None if none of the first ones reads as a time, which is seen at once.

    Nearly all columns are prices and volumes. A number of another size is a time only under a name of that rank.
    """
    firsts = list(islice(_there(cells), 3))
    if not any(_may_be_time(cell, rank) for cell in firsts):
        return None
    there = list(_there(cells))
    pairs = _pairs(there)
    days, months = (sum(pair[which] is not None for pair in pairs) for which in (0, 1))
    times, others = (_in_order(pairs, which) for which in ((1, 0) if months >= days else (0, 1)))
    direction = _direction(times)
    if days == months and times != others and direction != _direction(others):
        direction = 0
    unit, kind = _kind_of(there, times)
    has_clock = kind in _DATED and any(map(_has_clock, firsts))
    return _Column(position, times, len(pairs) / len(cells), len(pairs) == len(there), kind, has_clock, unit, direction)


def _in_order(pairs: Sequence[Readings], which: int) -> list[int]:
    """Return the times with the day first (0) or the month (1), where either could be."""
    return [pair[1 - which] or 0 if (time := pair[which]) is None else time for pair in pairs]


def _may_be_time(cell: str, rank: int) -> bool:
    if cell[:1] in {"", "."}:
        return False
    if rank >= WEAK and len(cell.partition(".")[0]) < 8 and cell.replace(".", "", 1).isdigit():
        return False
    readings = _readings(cell)
    if readings == NO_READING or rank < WEAK:
        return readings != NO_READING
    return not _is_number(cell) or (readings[0] or 0) in PLAUSIBLE


def _form_of(cell: str) -> Form | None:
    return form_of(cell.encode("utf-8", "surrogateescape"))


def _is_number(cell: str) -> bool:
    form = _form_of(cell)
    return form is not None and form.date is None


def _has_clock(cell: str) -> bool:
    form = _form_of(cell)
    return form is not None and (len(cell) > 8 if form.date is None else form.cut < len(form.zeros))


def _kind_of(cells: Sequence[str], times: Sequence[int]) -> tuple[int, str]:
    """Return the unit of numbers in nanoseconds, and what the cells are."""
    if not _is_number(cells[0]):
        form = _form_of(cells[0])
        return 0, _CLOCKS if form and not form.cut else _WRITTEN
    if min(times) not in PLAUSIBLE or max(times) not in PLAUSIBLE:
        return 0, _NUMBERS
    if all(len(cell) in DATE_SIZES and cell.isdigit() for cell in cells):
        return 0, _IN_DIGITS
    unit = _unit_of(cells, times)
    return unit, _EPOCHS if unit else _NUMBERS


def _unit_of(cells: Sequence[str], times: Sequence[int]) -> int:
    """Return the unit of numbers since 1970; 0 if they have several, or are too far apart."""
    sizes = {len(cell.partition(".")[0]) for cell in cells if "e" not in cell.lower()}
    units = {unit_of(size) for size in sizes} or {NANOSECONDS}
    if len(units) > 1 or sizes & DATE_SIZES or max(times) >= _MOST_RATIO * min(times):
        return 0
    return units.pop()


def _ways(times: Sequence[int]) -> tuple[int, int]:
    """Return how many steps lead forward, and how many lead back."""
    forward = sum(after > before for before, after in pairwise(times))
    back = sum(after < before for before, after in pairwise(times))
    return forward, back


def _direction(times: Sequence[int]) -> int:
    forward, back = _ways(times)
    return 1 if forward > 4 * back else -1 if back > 4 * forward else 0


# Columns.


def _are_times(column: _Column, names: Sequence[str]) -> bool:
    """Whether a column without a known name has times, for all that its own cells say."""
    if column.kind == _NUMBERS or not column.is_whole or column.share < _LEAST_SHARE:
        return False
    if column.kind == _WRITTEN or not isinstance(column.position, int):
        return True
    name = plain(names[column.position]) if names else ""
    if name in _NO_TIMES or _NO_TIME_NAME.search(name):
        return False
    return column.goes_one_way or (column.kind == _EPOCHS and column.has_whole_minutes)


def _how_unlike_times(column: _Column) -> tuple[bool, bool]:
    """Tell times from a counter of trades beside them, which goes up by one, and from what now and then goes back."""
    steps = {after - before for before, after in pairwise(column.times)}
    return steps in ({column.unit}, {-column.unit}), min(_ways(column.times)) > 0


def _at(position: Position, columns: Sequence[Sequence[str]], readable: dict[int, _Column]) -> _Column | None:
    """Return what is known of a column, or of two that are joined; None if they are no times."""
    if isinstance(position, int):
        return readable.get(position)
    date, clock = position
    return _joined(readable[date], clock, columns) if date in readable else None


def _joined(dates: _Column, clock: int, columns: Sequence[Sequence[str]]) -> _Column | None:
    """Join a date and a clock; None if that gives no times."""
    if not isinstance(dates.position, int) or dates.has_clock or dates.kind not in _DATED:
        return None
    cells = [f"{date} {time}" for date, time in zip(columns[dates.position], columns[clock], strict=True)]
    joined = _column_of((dates.position, clock), cells, UNKNOWN)
    return joined if joined and joined.share >= _LEAST_SHARE * dates.share else None


def _with_clock(dates: _Column, columns: Sequence[Sequence[str]], ranks: Sequence[int]) -> _Column:
    """Return a date with the clock beside it, if there is one."""
    if dates.has_clock or dates.kind not in _DATED:
        return dates
    for at in range(len(columns)):
        joined = _clock_of(dates, at, columns, ranks)
        if joined and (joined.varies > dates.varies or ranks[at] == CLOCK):
            return joined
    return dates


def _clock_of(
    dates: _Column, at: int, columns: Sequence[Sequence[str]], ranks: Sequence[int], least: int = 3
) -> _Column | None:
    """Return the date joined with a column if that has clocks, or at least so many that are digits."""
    cells = columns[at]
    if at == dates.position or not cells[0][:1].isdigit():
        return None
    if ranks[at] == CLOCK or are_clocks(cells):
        return _joined(dates, at, columns)
    if at - 1 != dates.position or ranks[at] != NAMELESS or {len(cell) for cell in cells} not in ({4}, {6}):
        return None
    are_minutes = all(cell.isdigit() and (len(cell) == 4 or cell.endswith("00")) for cell in cells)
    return _joined(dates, at, columns) if are_minutes and len(set(cells)) >= least else None


def _finest(named: list[_Column], columns: Sequence[Sequence[str]], ranks: Sequence[int]) -> _Column:
    """Return the first of the named columns; but if it has dates that come again, what tells their rows apart."""
    first = named[0]
    if first.has_clock or first.varies == len(first.times):
        return first
    finer = next((column for column in named if column.varies > first.varies), first)
    return _with_clock(first, columns, ranks) if finer is first else finer


def _has_digits(position: Position, columns: Sequence[Sequence[str]]) -> bool:
    """Whether what a name proposes may be a time in a form that is not known; what is no time at all has no digits."""
    at = position if isinstance(position, int) else position[0]
    return any(mark.isdigit() for cell in islice(_there(columns[at]), 3) for mark in cell)
