"""TimeOrder: the observer that compares each timestamp with the one before.

It notices timestamps out of order, duplicates, gaps, and what cannot be compared. It never changes the answer: rows
count in the order in which they arrive. Where day and month could be either, both readings are compared for as long as
both are possible; only a difference between their orders is of interest.
"""

from __future__ import annotations

from operator import sub
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.doubts import BACKWARDS, EITHER, NOT_COMPARED, REPEATED
from stream_signal.core.errors import shown
from stream_signal.core.limits import MAX_COUNT
from stream_signal.core.observe import Observer
from stream_signal.core.steps import Steps
from stream_signal.core.time_column import find_time
from stream_signal.core.timestamps import NO_READING, are_of_one_form, form_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.blocks.timestamps import Integers
    from stream_signal.core.header import Header
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.time_column import Position, TimeColumn

KINDS = (BACKWARDS, REPEATED, NOT_COMPARED, EITHER)
# The column is ignored if this many timestamps cannot be compared before any can.
_PATIENCE_ROWS = 10_000
# Timestamps are compared in bulk, which takes a third of the time.
_BATCH_ROWS = 1000


class Step(NamedTuple):
    """From one row to the next, when the timestamps are not in order."""

    row: int
    """the number of the second row, from 1"""
    before: bytes
    time: bytes

    def after(self, rows: int) -> Step:
        """Return the same step in a stream that has so many rows before."""
        return self._replace(row=rows + self.row)

    def __str__(self) -> str:
        return f"row {self.row}: {shown(self.time)}" + (f" after {shown(self.before)}" if self.before else "")


class _Reading:
    """The order of the timestamps, as one way to read them gives it."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.first: dict[str, Step] = {}
        self.steps = Steps()
        self.last = 0  # nanoseconds

    def copy(self) -> _Reading:
        copied = _Reading()
        copied.counts, copied.first = dict(self.counts), dict(self.first)
        copied.steps, copied.last = self.steps.copy(), self.last
        return copied

    def see(self, nanoseconds: int, step: Step) -> int:
        """Take the next time; return by how much it is later."""
        later = nanoseconds - self.last
        self.steps.add((later,))
        self.last = nanoseconds
        if later <= 0:
            self.note(BACKWARDS if later else REPEATED, 1, step)
        return later

    def note(self, kind: str, count: int, step: Step) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + count
        self.first.setdefault(kind, step)

    def as_json(self) -> list[Any]:
        first = {kind: _step_as_json(step) for kind, step in self.first.items()}
        return [self.counts, first, self.steps.as_json(), self.last]

    @classmethod
    def from_json(cls, saved: Any) -> _Reading:
        counts, first, steps, last = saved
        reading = cls()
        reading.counts, reading.first = _counts(counts), {kind: _step_from(step) for kind, step in first.items()}
        reading.steps, reading.last = Steps.from_json(steps), _integer(last)
        if reading.counts.keys() != reading.first.keys():
            raise ValueError("expected the first of each kind")
        return reading


class TimeOrder(Observer):
    """Counts timestamps out of order (`backwards`) and duplicates (`repeated`), and keeps the `first` of each kind.

    So it does with those that cannot be compared (`not_compared`), and with pairs whose order depends on whether the
    day or the month comes first (`day_or_month`). `time_column` is the name of the timestamp column, or its number from
    1, or two of those; None: the first with a known name. `last` is the timestamp of the last row that had one that
    could be read; `pairs` counts those compared with the one before. `watches` says whether the column is still
    compared.

    >>> order = TimeOrder()
    >>> order.take([b"60", b"120", b"60", b"60"], 1)
    >>> order.counts, str(order.first["backwards"])
    ({'backwards': 1, 'repeated': 1}, "row 3: '60' after '120'")
    """

    name = "time_order"
    or_else = ""
    """what else the usual step may be"""

    def __init__(self, time_column: TimeColumn | None = None) -> None:
        self.time_column = time_column
        self._position: Position = 0
        self._waiting: list[bytes] = []  # timestamps that are not compared yet
        self._row = 1  # of the first of them
        self._watches = True
        self._left = _PATIENCE_ROWS
        self._last = b""
        self._pairs = 0
        self._begins: tuple[bytes, int] | None = None  # the first timestamp that could be read, and its row
        self._readings = [_Reading()]  # two while day and month could be either: day first, month first
        self._order: int | None = None  # which of the two it is, once that is known
        self._settled: int | None = None  # that of the stream, for a part of it
        self._others: dict[str, int] = {}  # the counts that are not those of a reading
        self._first_others: dict[str, Step] = {}

    @property
    def counts(self) -> dict[str, int]:
        """How many there were of each kind; those whose order depends on the reading have a kind of their own."""
        self._compare()
        return self._others | self._agreed.counts

    @property
    def first(self) -> dict[str, Step]:
        """The first of each kind."""
        self._compare()
        return self._first_others | self._agreed.first

    @property
    def last(self) -> bytes:
        """The last timestamp that could be read."""
        self._compare()
        return self._last

    @property
    def pairs(self) -> int:
        """How many timestamps were compared with the one before."""
        self._compare()
        return self._pairs

    @property
    def steps(self) -> Steps:
        """The steps from each timestamp to the next."""
        self._compare()
        return min((reading.steps for reading in self._readings), key=lambda steps: steps.longer)

    @property
    def watches(self) -> bool:
        """Whether the column is still compared."""
        self._compare()
        return self._watches

    @property
    def newest_first(self) -> bool:
        """Whether most rows are earlier than the row before them, so that a rolling mean uses future prices."""
        return self.counts.get(BACKWARDS, 0) > self._pairs / 2

    @property
    def is_in_order(self) -> bool:
        """Whether there is nothing to say: no counts, and hardly any gaps."""
        return not self.counts and not self.steps.have_gaps

    @property
    def order(self) -> TimeOrder:
        """All that was seen."""
        return self

    def begin(self, header: Header) -> None:
        """Find the timestamp column."""
        position = find_time(header, self.time_column)
        if position is None:
            self._watches = False
        else:
            self._position = position

    def see(self, rows: Rows, seen: Seen) -> None:
        """Compare the timestamps of rows, each with that of the row before; few of them later, together with others."""
        if not rows.is_array:
            if not self._waiting:
                self._row = seen.first
            self._waiting += rows.texts(self._position)
            if len(self._waiting) >= _BATCH_ROWS:
                self._compare()
            return
        self._compare()
        if not self._watches:
            return
        cells = rows.cells(self._position)
        if cells is None or not self._see_array(cells, seen.first):
            self.take(rows.texts(self._position), seen.first)

    def take(self, times: Sequence[bytes], row: int) -> None:
        """Take the timestamps of the next rows; `row` is the number of the first of them, from 1."""
        self._compare()
        if self._watches:
            self._see([time.strip(b" ") for time in times], row)

    def start(self, last: bytes, pairs: int, steps: Steps) -> None:
        """Continue after timestamps that were in order, and all of the form of `last`."""
        form = form_of(last)
        reading = self._readings[0]
        self._pairs, reading.steps = pairs, steps
        if form:
            self.follow(last)

    def follow(self, last: bytes) -> None:
        """Compare the next timestamp with this one, instead of the last one seen."""
        self._compare()
        form = form_of(last)
        times = form.readings(last) if form else NO_READING
        if times == NO_READING or not self._decide(times):
            return
        self._last = last
        for reading, time in self._read(times):
            reading.last = time

    def forget(self) -> None:
        """Compare the next timestamp with none: there were rows that were not seen."""
        self._compare()
        self._last = b""

    def number(self, numbers: Sequence[int]) -> None:
        """Give the rows of the last call of `take` their numbers, if it was told that the first is -len(numbers)."""
        for steps in (self._first_others, *(reading.first for reading in self._readings)):
            for kind, step in steps.items():
                if step.row < 0:
                    steps[kind] = step._replace(row=numbers[step.row])

    def _compare(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self.take(waiting, self._row)

    @property
    def _agreed(self) -> _Reading:
        """The reading, or what all readings agree on: nothing, if their orders differ."""
        if len(self._readings) > 1 and EITHER in self._others:
            return _Reading()
        return self._readings[0]

    def _see(self, times: list[bytes], row: int) -> None:
        whole = [self._last, *times] if self._last else times
        if self._see_in_order(whole, row):
            return
        for number, time in enumerate(times, start=row):
            if not self._see_one(time, number):
                break

    def _see_in_order(self, whole: list[bytes], row: int) -> bool:
        """Take timestamps of one form that are in order, as nearly all are; return False if they are not."""
        form = form_of(whole[0]) if whole else None
        if not form or not form.sorts or len(self._readings) > 1:
            return False
        if set(map(len, whole)) != {len(form.zeros)} or not are_of_one_form(
            b"".join(whole), form, whole[0], len(whole)
        ):
            return False
        nanoseconds = form.all_of(whole)
        if nanoseconds is None:
            return False
        steps = list(map(sub, nanoseconds[1:], nanoseconds))
        if steps and min(steps) <= 0:
            return False
        if self._last or self._goes_on():
            reading = self._readings[0]
            reading.steps.add(steps)
            reading.last = nanoseconds[-1]
            self._pairs += len(steps)
            self._begins = self._begins or (whole[0], row)
            self._last = whole[-1]
        return True

    def _see_one(self, time: bytes, number: int) -> bool:
        """Take one timestamp; return whether to keep comparing."""
        if not time:
            return self._goes_on()
        form = form_of(time)
        times = form.readings(time) if form else NO_READING
        if times == NO_READING or not self._decide(times):
            self._note(NOT_COMPARED, Step(number, b"", time))
            return self._goes_on()
        if not self._last:
            for reading, nanoseconds in self._read(times):
                reading.last = nanoseconds
            self._begins, self._last = (time, number), time
            return self._goes_on()
        step = Step(number, self._last, time)
        later = [reading.see(nanoseconds, step) for reading, nanoseconds in self._read(times)]
        if len({(by > 0) - (by < 0) for by in later}) > 1:
            self._note(EITHER, step)
        self._pairs += 1
        self._last = time
        return True

    def _decide(self, times: tuple[int | None, int | None]) -> bool:
        """Split the readings, or drop the impossible one; return False if these times have none of those left."""
        day_first, month_first = times
        if self._order is not None:
            return times[self._order] is not None
        if day_first is None or month_first is None:
            self._order = 1 if day_first is None else 0
            if len(self._readings) > 1:
                self._readings = [self._readings[self._order]]
                self._others.pop(EITHER, None)
                self._first_others.pop(EITHER, None)
        elif day_first != month_first and len(self._readings) == 1:
            self._readings.append(self._readings[0].copy())
        return True

    def _read(self, times: tuple[int | None, int | None]) -> Iterable[tuple[_Reading, int]]:
        """Return each reading with its time."""
        kept = times if len(self._readings) > 1 else (times[self._order or 0],)
        return [(reading, time) for reading, time in zip(self._readings, kept, strict=True) if time is not None]

    def _see_array(self, cells: Any, row: int) -> bool:
        """Take timestamps of one form as an array; return False, with none taken, if it cannot hold them."""
        from stream_signal.core.blocks.timestamps import nanoseconds_of, order_of

        reading = self._readings[0]
        usual = reading.steps.decided
        if not self._last or usual is None or len(self._readings) > 1:
            return False
        nanoseconds: Integers | None = nanoseconds_of(cells)
        if nanoseconds is None:
            return False
        self._see_one(bytes(cells[0]), row)
        found = order_of(nanoseconds, usual)
        for kind, count, at in ((BACKWARDS, *found.backwards), (REPEATED, *found.repeated)):
            if count:
                reading.note(kind, count, Step(row + at + 1, bytes(cells[at]), bytes(cells[at + 1])))
        reading.steps.add_counted(len(cells) - 1, found.longer)
        reading.last = int(nanoseconds[-1])
        self._pairs += len(cells) - 1
        self._last = bytes(cells[-1])
        return True

    def _goes_on(self) -> bool:
        """Count a timestamp that cannot be compared with the last one; return whether to keep comparing."""
        if not self._pairs:
            self._left -= 1
            self._watches = self._left > 0
        return self._watches

    def _note(self, kind: str, step: Step, count: int = 1) -> None:
        self._others[kind] = self._others.get(kind, 0) + count
        self._first_others.setdefault(kind, step)

    def part(self) -> TimeOrder | None:
        """Return one that compares later timestamps as this one does, once the way to read them is settled."""
        self._compare()
        part = TimeOrder(self.time_column)
        part._watches, part._order = self._watches, self._order
        usual = self._readings[0].steps.decided
        if self._watches and (not self._last or usual is None or len(self._readings) > 1):
            return None
        part._left = MAX_COUNT  # the stream has some that can be compared
        part._readings[0].steps = Steps(usual)
        part._settled = self._order
        return part

    @property
    def can_join(self) -> bool:  # type: ignore[override]
        """Whether the timestamps were all read in the way that was settled."""
        self._compare()
        return len(self._readings) == 1 and self._order == self._settled

    def join(self, part: TimeOrder, rows: int) -> None:
        """Add what a part has compared, and compare its first timestamp with the last one here."""
        self._compare()
        if part._begins:
            time, row = part._begins
            self._see_one(time, rows + row)
        reading, later = self._readings[0], part._readings[0]
        for kind, count in later.counts.items():
            reading.note(kind, count, later.first[kind].after(rows))
        for kind, count in part._others.items():
            self._note(kind, part._first_others[kind].after(rows), count)
        reading.steps.add_counted(later.steps.count, later.steps.longer)
        self._pairs += part._pairs
        if part._last:
            reading.last, self._last = later.last, part._last

    def snapshot(self) -> dict[str, Any]:
        """Return what was found, and the last timestamp and its column."""
        self._compare()
        return {
            "column": self._column_as_json,
            "last": self._last.decode("latin-1"),
            "pairs": self._pairs,
            "patience": self._left,
            "order": self._order,
            "readings": [reading.as_json() for reading in self._readings],
            "others": self._others,
            "first": {kind: _step_as_json(step) for kind, step in self._first_others.items()},
        }

    def restore(self, saved: Any) -> None:
        """Continue with what was found in the same timestamp column; of another column, nothing counts."""
        if not isinstance(saved, dict) or not isinstance(saved.get("last"), str) or "column" not in saved:
            raise ValueError("expected the last timestamp and its column")
        if saved["column"] != self._column_as_json:
            return
        if saved.keys() == {"last", "column"}:  # from a checkpoint of schema 2
            self.follow(saved["last"].encode("latin-1"))
            return
        try:
            self._restore(saved)
        except (KeyError, TypeError, AttributeError):
            raise ValueError("expected the order of the timestamps") from None

    def _restore(self, saved: dict[str, Any]) -> None:
        readings = [_Reading.from_json(reading) for reading in saved["readings"]]
        order = saved["order"]
        if order not in {None, 0, 1} or not 1 <= len(readings) <= (2 if order is None else 1):
            raise ValueError("expected one reading, or two")
        self._others = _counts(saved["others"])
        self._first_others = {kind: _step_from(step) for kind, step in saved["first"].items()}
        if self._others.keys() != self._first_others.keys():
            raise ValueError("expected the first of each kind")
        self._last = saved["last"].encode("latin-1")
        self._pairs, self._left = _natural(saved["pairs"]), _natural(saved["patience"])
        self._watches = bool(self._pairs) or self._left > 0
        self._readings, self._order = readings, order

    @property
    def _column_as_json(self) -> Any:
        return list(self.time_column) if isinstance(self.time_column, tuple) else self.time_column


def _step_as_json(step: Step) -> list[Any]:
    return [step.row, step.before.decode("latin-1"), step.time.decode("latin-1")]


def _step_from(saved: Any) -> Step:
    row, before, time = saved
    return Step(_natural(row), before.encode("latin-1"), time.encode("latin-1"))


def _counts(saved: Any) -> dict[str, int]:
    if not set(saved) <= set(KINDS):
        raise ValueError("expected counts")
    return {kind: _natural(count) for kind, count in saved.items()}


def _natural(found: Any) -> int:
    if _integer(found) < 0:
        raise ValueError("expected a count")
    return int(found)


def _integer(found: Any) -> int:
    if type(found) is not int:
        raise ValueError("expected an integer")
    return found
