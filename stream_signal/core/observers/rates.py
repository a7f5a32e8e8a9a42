"""Rates: the observer that counts the rows and the signals of each day, week or month, of each key.

    2024-01-01 | BTC | 1440 rows, 702 signals, and those of each further window

A row counts in the period of its time, in UTC unless the time has a zone, whatever the order of the rows. Memory: a
period of each key.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import DataError
from stream_signal.core.layout.layout import find_time
from stream_signal.core.limits import bounded, natural
from stream_signal.core.observe import Observer
from stream_signal.core.observers.first_rows import FirstRows
from stream_signal.core.observers.time_sequence import readings_of
from stream_signal.core.period import FURTHEST
from stream_signal.core.rows import NO_SERIES
from stream_signal.core.steps import DAY_NANOSECONDS, FIRST_MONDAY
from stream_signal.core.timestamps import date_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.seam import OfWindow

    # The key, None without one, and the number of the period since 1970, None for rows whose time cannot be read.
    Place = tuple[bytes | None, int | None]
    # The rows, and the signals of each window.
    Table = dict[Place, list[int]]

DAY, WEEK, MONTH = PERIODS = ("day", "week", "month")


class Rates(Observer):
    r"""Counts by period. DataError if there is no timestamp column.

    >>> from stream_signal import Config, SignalStream
    >>> rates = Rates("day")
    >>> SignalStream(Config(window=2), [rates]).feed(b"time,close\n2024-01-01,1\n2024-01-02,2\n2024-01-02,1\n")
    >>> list(rates.counted())
    [(None, '2024-01-01', [1, 0]), (None, '2024-01-02', [2, 1])]
    """

    name = "rates"

    def __init__(self, by: str, column: TimeColumn = None) -> None:
        self._by = by
        self._column = column
        self._position: Position = 0
        self._table: Table = {}
        self._order: int | None = None  # of day and month, once a time can only be read in one way: 0 is day first
        self._either: tuple[Table, Table] = ({}, {})  # of times that could be either, until then
        self._first_rows: FirstRows | None = None  # of a part
        self._late: list[tuple[Any, Any, list[Place]]] = []  # rows of a part whose signals are not known yet
        self._settled: int | None = None  # the order with which a part began
        self._is_part = False

    def begin(self, header: Layout) -> None:
        """Find the column of the times."""
        position = find_time(header, self._column)
        if position is None:
            raise DataError(None, "a timestamp column for --rates", "none that is known")
        self._position = position

    def see(self, rows: Rows, seen: Seen) -> None:
        """Count rows."""
        if self._is_part:
            self._note_late(rows, seen)
        if rows.is_array and self._see_arrays(rows, seen):
            return
        numbers = rows.numbers()
        shown = [means.above.tolist() if rows.is_array else means.above for means in seen.windows]
        for at, text in enumerate(rows.texts(self._position)):
            key = _key_of(seen, numbers[at])
            counts = [1, *(int(above[at]) for above in shown)]
            for table, period in self._places(text.strip(b" ")):
                _add(table, (key, period), counts)

    def _places(self, text: bytes) -> Iterator[tuple[Table, int | None]]:
        """Yield in which table a time counts, and in which period of it."""
        times = readings_of(text)
        if times is None:
            yield self._table, None
            return
        if None in times and self._order is None:
            self._decide(times.index(None) ^ 1)
        if times[0] == times[1] or self._order is not None:
            time = times[self._order or 0]
            yield self._table, None if time is None else self._period_of(time)
            return
        for table, time in zip(self._either, times, strict=True):
            yield table, None if time is None else self._period_of(time)

    def _decide(self, order: int) -> None:
        """Take one of the two readings for all times."""
        self._order = order
        for place, counts in self._either[order].items():
            _add(self._table, place, counts)
        self._either = {}, {}

    def _period_of(self, nanoseconds: int) -> int:
        day = nanoseconds // DAY_NANOSECONDS
        if self._by == DAY:
            return day
        if self._by == WEEK:
            return (day + FIRST_MONDAY) // 7
        year, month, _ = date_of(day)
        return (year - 1970) * 12 + month - 1

    def _see_arrays(self, rows: Rows, seen: Seen) -> bool:
        """Count rows whose times are read at once; return False, with none counted, if they are not."""
        times = rows.times(self._position)
        if times is None:
            return False
        from stream_signal.core.blocks.periods import count_periods

        above = [means.above for means in seen.windows]
        for number, period, counts in count_periods(times, self._by, rows.series, above):
            key = _key_of(seen, number)
            _add(self._table, (key, period), counts)
        return True

    def part(self) -> Rates | None:
        """Return one for later rows; None while day and month could be either."""
        if any(self._either):
            return None
        part = Rates(self._by, self._column)
        part._position, part._order, part._settled, part._is_part = self._position, self._order, self._order, True
        return part

    @property
    def can_join(self) -> bool:  # type: ignore[override]
        """Whether the times were read as those before."""
        return self._order == self._settled and not any(self._either)

    def join(self, part: Rates, rows: int, seam: Sequence[OfWindow]) -> None:  # noqa: ARG002
        """Add what a part has counted."""
        for place, counts in part._table.items():
            _add(self._table, place, counts)
        for series, ranks, places in part._late:
            for at, of_window in enumerate(seam, start=1):
                for place in compress(places, of_window.above(series, ranks)):
                    self._table[place][at] += 1

    def _note_late(self, rows: Rows, seen: Seen) -> None:
        """Note where rows count whose windows begin before the part."""
        self._first_rows = self._first_rows or FirstRows(max(means.window for means in seen.windows))
        positions, series, ranks = self._first_rows.among(rows)
        if len(positions):
            texts = rows.texts_at(self._position, positions)
            periods = [next(self._places(text.strip(b" ")))[1] for text in texts]
            places = [(_key_of(seen, number), period) for number, period in zip(series, periods, strict=True)]
            self._late.append((series, ranks, places))

    def counted(self) -> Iterator[tuple[bytes | None, str, list[int]]]:
        """Yield each key and period, in the order of the times, with its rows and the signals of each window.

        The period of rows whose time cannot be read is empty. DataError if day and month could be either to the end,
        and it matters.
        """
        if self._either[0] != self._either[1]:
            raise DataError(None, "dates that can be read in one way", "day and month could be either")
        table = dict(self._table)
        for place, counts in self._either[0].items():
            table[place] = (
                [*counts] if place not in table else [sum(pair) for pair in zip(table[place], counts, strict=True)]
            )
        for (key, period), counts in sorted(table.items(), key=lambda item: _in_time(item[0])):
            yield key, "" if period is None else self._label(period), counts

    def _label(self, period: int) -> str:
        """Return the date of a day, that of the Monday of a week, or the month."""
        if self._by == MONTH:
            return f"{1970 + period // 12:04}-{period % 12 + 1:02}"
        year, month, day = date_of(period if self._by == DAY else period * 7 - FIRST_MONDAY)
        return f"{year:04}-{month:02}-{day:02}"

    def snapshot(self) -> list[Any]:
        """Return what `restore` needs."""
        return [self._order, *([_as_json(*item) for item in table.items()] for table in (self._table, *self._either))]

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one."""
        order, *tables = saved
        if order not in {None, 0, 1} or len(tables) != 3:
            raise ValueError("expected the counts of periods")
        self._order = order
        self._table, *either = (dict(map(_from_json, table)) for table in tables)
        self._either = either[0], either[1]


def _key_of(seen: Seen, number: int) -> bytes | None:
    return None if seen.names is None or number == NO_SERIES else seen.names[number]


def _add(table: Table, place: Place, counts: list[int]) -> None:
    before = table.get(place)
    table[place] = [*counts] if before is None else [one + other for one, other in zip(before, counts, strict=True)]


def _in_time(place: Place) -> tuple[bool, int, bytes]:
    key, period = place
    return period is None, period or 0, key or b""


def _as_json(place: Place, counts: list[int]) -> list[Any]:
    key, period = place
    return [None if key is None else key.decode("latin-1"), period, *counts]


def _from_json(saved: Any) -> tuple[Place, list[int]]:
    key, period, *counts = saved
    if not isinstance(key, str | None):
        raise ValueError("expected a key")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
    place = (
        None if key is None else key.encode("latin-1"),
        None if period is None else bounded(period, -FURTHEST, FURTHEST),
    )
    return place, [natural(count) for count in counts]
