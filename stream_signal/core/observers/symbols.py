"""Symbols: which columns tell several series apart, where a time comes again or goes back.

A column tells symbols if, taken alone, the rows of each of its values have times that only rise, while the whole has
times that repeat or go back. Rows are looked at only where that happens, and only the first times that it does: a file
in order of time costs nothing. The side of a trade is no symbol, because times repeat within each side too; nor is the
zone of a clock that is put back, because times hardly overlap.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import FIRST_ROWS, natural
from stream_signal.core.steps import PLAUSIBLE
from stream_signal.core.ticks import parse_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows

# Rows that are looked at where a time goes back: half of them before.
_WINDOW_ROWS = 1000
# So many places show it; in a file where each time comes twice, there is no end of them.
_MOST_LOOKS = 20
# Of more columns, the first ones are looked at.
_MOST_COLUMNS = 64
# A value that is longer is no symbol.
_MOST_BYTES = 64
# If a column had nothing to do with the times, so many pairs of rows with one value would have times that repeat or go
# back. Two symbols with ten rows each have 4.5. Whole numbers, of which a file has more columns, need more.
_PAIRS_OF_TEXT, _PAIRS_OF_NUMBERS = 4.5, 7
# Of the shorter of two spans of time, so much is also in the other; of more symbols, the first ones are compared.
_SHARED = 0.5
_MOST_SPANS = 200
# A clock is put back by no more than an hour, in nanoseconds.
_PUT_BACK = 3600 * 10**9
# Numbers of fewer digits are no times.
_FEWEST_DIGITS = 8


class Symbols:
    """The columns that tell symbols, by their position from 0, each with its values, as far as they were seen.

    >>> from stream_signal.core.layout.layout import Layout
    >>> from stream_signal.core.rows import Rows
    >>> symbols = Symbols(Layout(b"", ("time", "close", "name"), ",", 1, 3), 0)
    >>> times = [b"%d" % (60 * at) for at in range(10)] * 2
    >>> records = [[time, b"4.58", name] for time, name in zip(times, [b"A"] * 10 + [b"B"] * 10)]
    >>> symbols.look([(Rows([], records=records), range(20))], begins=True)
    False
    >>> symbols.values
    {2: [b'A', b'B']}
    """

    def __init__(self, layout: Layout, position: Position) -> None:
        self.values: dict[int, list[bytes]] = {}
        self.direction = 1
        """-1 if times go back from row to row"""
        self._looks = _MOST_LOOKS
        self._may_have_many = True  # more than a window shows
        self._position, self._width = position, min(layout.width, _MOST_COLUMNS)
        # The times and the close tell none.
        self._refuted = {layout.position, *([position] if isinstance(position, int) else position)}

    def look(self, pieces: Sequence[tuple[Rows, Sequence[int]]], *, begins: bool, goes_on: bool = False) -> bool:
        """Look at rows that follow each other, at some positions of each piece: among them, a time is not later.

        `begins` says that they are the first ones, and `goes_on` that the time was among those looked at before. Return
        whether the rows after it are so few that more may tell.
        """
        if not self._looks:
            return False
        self._looks -= not goes_on
        rows, at = pieces[-1]
        middle = 0
        if rows.is_array and len(at) > _WINDOW_ROWS:
            middle = 0 if goes_on else self._first_break(pieces)
            start = max(0, middle - _WINDOW_ROWS // 2)
            before = [] if start else pieces[:-1]
            begins = begins and not start
            pieces = [*before, (rows, at[start : middle + _WINDOW_ROWS // 2])]
            if not self._study(pieces, begins=begins) or not self._may_have_many:
                return False
            pieces = [*before, (rows, at[start : middle + FIRST_ROWS])]
        needs_more = self._study(pieces, begins=begins)
        self._may_have_many = self._may_have_many and sum(len(each) for _, each in pieces) < FIRST_ROWS
        return needs_more and self._may_have_many

    def _first_break(self, pieces: Sequence[tuple[Rows, Sequence[int]]]) -> int:
        """Return the position in the last piece, an array, of the first time that seems not to be later."""
        rows, at = pieces[-1]
        cells = rows.cells(self._position)
        if isinstance(cells, list):
            return 0
        if len(pieces) > 1:
            (before,) = pieces[-2][0].texts_at(self._position, pieces[-2][1][-1:])
            if seem_to_break(before, bytes(cells[at[0]]), self.direction):
                return 0
        steps = seem_to_break(cells[:-1], cells[1:], self.direction).nonzero()[0]
        return int(steps[0]) + 1 if len(steps) else 0

    def look_around(self, rows: Rows, start: int, end: int) -> None:
        """Look at the rows around two of them that are far apart, of which the second one seems not to be later."""
        if self._looks:
            self._looks -= 1
            first, last = max(0, start - _WINDOW_ROWS // 4), min(len(rows), end + _WINDOW_ROWS // 2)
            self._study([(rows, range(first, last))], begins=False)

    def join(self, part: Symbols) -> None:
        """Add what was seen in later rows."""
        self._refuted |= part._refuted
        self.values = {at: values for at, values in (self.values or part.values).items() if at not in self._refuted}

    def snapshot(self) -> list[Any]:
        """Return the columns that tell symbols, with their values; what was refuted depends on how rows came in."""
        return [[at, *(value.decode("latin-1") for value in values)] for at, values in self.values.items()]

    def restore(self, saved: Any) -> None:
        """Continue with the columns that tell symbols; ValueError if they are not valid."""
        try:
            self.values = {natural(at): [value.encode("latin-1") for value in values] for at, *values in saved}
        except (TypeError, AttributeError):
            raise ValueError("expected the columns that tell symbols") from None

    def _study(self, window: Sequence[tuple[Rows, Sequence[int]]], *, begins: bool) -> bool:
        """Find the columns that tell symbols, or drop those that do not; return whether more rows may show some."""
        times = _nanoseconds([time for rows, at in window for time in rows.texts_at(self._position, at)])
        read = [at for at, time in enumerate(times) if time is not None]
        known = [time for time in times if time is not None]
        steps = [(later > time) - (later < time) for time, later in pairwise(known)]
        if sum(steps):
            self.direction = -1 if sum(steps) < 0 else 1
        known = [time * self.direction for time in known]
        breaks = [at for at, (time, later) in enumerate(pairwise(known), 1) if later <= time]
        if not breaks:
            return False
        columns: dict[int, list[bytes]] = {}
        for column in range(self._width):
            if column not in self._refuted:
                cells = [cell.strip(b" ") for rows, at in window for cell in rows.texts_at(column, at)]
                values = [cells[at] for at in read]
                if any(values[at] == values[at - 1] for at in breaks):
                    self._refuted.add(column)
                else:
                    columns[column] = values
        if self.values:
            self.values = {at: values for at, values in self.values.items() if at in columns}
        else:
            found = _telling(known, columns, begins=begins)
            self.values = {at: list(dict.fromkeys(columns[at])) for at in found}
        is_short = len(known) - breaks[0] < _WINDOW_ROWS // 2
        return not self.values and any(is_short or _may_come_again(values) for values in columns.values())


def seem_to_break(before: Any, time: Any, direction: int) -> Any:
    """Whether a time seems not to be later than the one before; if the texts do not sort, this looks in vain."""
    return time <= before if direction > 0 else time >= before


def _telling(times: list[int], columns: dict[int, list[bytes]], *, begins: bool) -> list[int]:
    """Return the columns that tell symbols, and all that tell the same: text before numbers, fewest values first."""
    backward = _pairs_backward(times)
    found = []
    for at, values in columns.items():
        counts = Counter(values)
        if len(counts) < 2 or 2 * len(counts) > len(values) or b"" in counts or max(map(len, counts)) > _MOST_BYTES:
            continue
        are_numbers = all(map(_is_number, counts))
        if all(map(_is_time, counts)) or (are_numbers and not _may_be_codes(values, counts)):
            continue
        pairs = sum(count * (count - 1) for count in counts.values()) / (len(times) * (len(times) - 1)) * backward
        if (
            pairs >= (_PAIRS_OF_NUMBERS if are_numbers else _PAIRS_OF_TEXT)
            and _rise_within(times, values)
            and _overlap(times, values, begins=begins) >= _SHARED
        ):
            found.append((are_numbers, len(counts), at))
    if not found:
        return []
    _, _, best = min(found)
    return [at for *_, at in sorted(found) if _tell_the_same(columns[best], columns[at])]


def _may_come_again(values: list[bytes]) -> bool:
    """Whether values may be symbols of which few have come twice so far: text, or whole numbers."""
    count = len(set(values))
    is_no_decimal = all(value.isdigit() or not _is_number(value) for value in values[:_MOST_SPANS])
    return 2 * count > len(values) and count > 1 and b"" not in values and is_no_decimal


def _tell_the_same(values: list[bytes], others: list[bytes]) -> bool:
    return len(set(values)) == len(set(others)) == len(set(zip(values, others, strict=True)))


def _may_be_codes(values: list[bytes], counts: Counter[bytes]) -> bool:
    """Whether numbers may be codes: whole ones, in blocks or equally often, as `0` and `1` of a flag are not."""
    if not all(value.isdigit() for value in counts):
        return False
    changes = sum(value != later for value, later in pairwise(values))
    return changes == len(counts) - 1 or max(counts.values()) <= 2 * min(counts.values()) + 1


def _pairs_backward(times: list[int]) -> int:
    """Count the pairs of rows of which the later one has no later time."""
    before: list[int] = []
    count = 0
    for time in times:
        count += len(before) - bisect_left(before, time)
        insort(before, time)
    return count


def _rise_within(times: list[int], values: list[bytes]) -> bool:
    last: dict[bytes, int] = {}
    for time, value in zip(times, values, strict=True):
        if last.get(value, time - 1) >= time:
            return False
        last[value] = time
    return True


def _overlap(times: list[int], values: list[bytes], *, begins: bool) -> float:
    """Return the share of the shorter of two spans of time that is also in the other one, the median over the values.

    If the rows do not begin the input, the first value was there before and the last one goes on; but a clock may have
    been put back.
    """
    spans: dict[bytes, tuple[int, int]] = {}
    for time, value in zip(times, values, strict=True):
        low, high = spans.get(value, (time, time))
        if value in spans or len(spans) < _MOST_SPANS:
            spans[value] = min(low, time), max(high, time)
    shares = []
    for value, (low, high) in spans.items():
        best = 0.0
        for other, (start, end) in spans.items():
            if other != value:
                shared, short = min(high, end) - max(low, start), min(high - low, end - start)
                if not begins and values[0] in {value, other}:
                    shared = high - start if value == values[0] else end - low
                    shared = 0 if shared <= _PUT_BACK else shared
                best = max(best, shared / short if short else 1.0)
        shares.append(best)
    return median(shares)


def _nanoseconds(texts: list[bytes]) -> list[int | None]:
    """Return the time of each text, day or month first, whichever goes back less often; None where there is none."""
    from stream_signal.core.observers.time_sequence import readings_of

    readings = [readings_of(text.strip(b" ")) or (None, None) for text in texts]
    columns = [[pair[which] for pair in readings] for which in (0, 1)]
    return min(columns, key=lambda times: (times.count(None), _turns(times)))


def _turns(times: list[int | None]) -> int:
    known = [time for time in times if time is not None]
    back = sum(later < time for time, later in pairwise(known))
    return min(back, len(known) - back)


def _is_number(value: bytes) -> bool:
    try:
        parse_ticks(value)
    except ValueError:
        return False
    return True


def _is_time(value: bytes) -> bool:
    """Whether a value is a time: a number of a few digits is none."""
    if value.isdigit() and len(value) < _FEWEST_DIGITS:
        return False
    (time,) = _nanoseconds([value])
    return time is not None and time in PLAUSIBLE
