"""TimeSequence: the timestamps of one series, each compared with the one before.

Nearly always they are whole numbers in ascending order, which a few calls show for a thousand of them; only if they are
anything else are the forms of timestamps imported. Where day and month could be either, both readings are compared for
as long as both are possible; only a difference between their orders is of interest.
"""

from __future__ import annotations

from math import gcd
from operator import lt
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import shown
from stream_signal.core.findings import BACKWARDS, EITHER, NOT_COMPARED, REPEATED, TIMES, Findings
from stream_signal.core.limits import FIRST_ROWS, bounded, natural
from stream_signal.core.period import FURTHEST, Period, Stride, Strides, strides_of
from stream_signal.core.steps import DATE_SIZES, unit_of
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.timestamps import Readings


class Step(NamedTuple):
    """From one row to the next, when the timestamps are not in order."""

    row: int
    """the number of the second row, from 1"""
    before: bytes
    time: bytes
    key: bytes | None = None
    """of both rows, if there are keys"""

    def moved(self, by: int, source: str | None) -> Step:  # noqa: ARG002 - a stream has one
        """Return the same step in a stream that has so many rows before."""
        return self._replace(row=by + self.row)

    def __str__(self) -> str:
        after = f" after {shown(self.before)}" if self.before else ""
        return f"{f'{shown(self.key)}, ' if self.key else ''}row {self.row}: {shown(self.time)}{after}"


class _Reading:
    """The order of the timestamps, as one way to read them gives it.

    `found` is what there is between rows that follow each other, `sampled` what there is between samples.
    """

    __slots__ = ("found", "last", "period", "sampled", "strides")

    def __init__(self) -> None:
        self.found, self.sampled = Findings(1), Findings(1)
        self.period: Period | None = Period()
        self.strides = Strides()
        self.last = 0  # nanoseconds

    def copy(self) -> _Reading:
        return self.from_json(self.as_json())

    def begin(self, nanoseconds: int) -> None:
        """Take the first time."""
        self.last = nanoseconds
        if self.period:
            self.period.begin(nanoseconds)

    def resume(self, nanoseconds: int) -> None:
        """Go on behind this time; what is between the last one and this one is not seen."""
        self.last = nanoseconds
        if self.period:
            self.period.resume(nanoseconds)

    def see(self, nanoseconds: int, step: Step, before: int, *, sampled: bool) -> int:
        """Take the next time, behind that of the row of number `before`; return by how much it is later."""
        later = nanoseconds - self.last
        if sampled:
            self.strides.add([Stride(later, step.row, self.last, step.row - before)])
        elif self.period:
            self.period.add_run(later, [step.row])
        self.last = nanoseconds
        if later <= 0:
            self.note(BACKWARDS if later else REPEATED, step, sampled=sampled)
        return later

    def note(self, kind: str, step: Step, count: int = 1, *, sampled: bool = False) -> None:
        (self.sampled if sampled else self.found).keep(kind, step, count)

    def as_json(self) -> list[Any]:
        period = self.period and self.period.as_json()
        return [_as_json(self.found), period, self.last, _as_json(self.sampled), self.strides.as_json()]

    @classmethod
    def from_json(cls, saved: Any) -> _Reading:
        reading = cls()
        found, period, last, sampled, *strides = saved
        reading.found, reading.sampled = _findings(found), _findings(sampled)
        reading.last = bounded(last, -FURTHEST, FURTHEST)
        reading.strides = Strides.from_json(*strides or ([],))
        if isinstance(period, list):  # of a version that counted steps by whether they are longer than the usual one
            reading.resume(reading.last)
        else:
            reading.period = None if period is None else Period.from_json(period)
        return reading


class TimeSequence:
    """Counts the timestamps of one series that are out of order, and keeps the first of each kind.

    `last` is the last one that could be read; `pairs` counts those compared with the one before. `watches` says whether
    they are still compared: not if 10,000 could not be, before any could. `is_next` says whether the next one is that
    of the next row of the series; otherwise it is compared as a sample. `is_timed` says whether it has a
    period.

    >>> sequence = TimeSequence()
    >>> sequence.take([b"60", b"120", b"60", b"60"], range(1, 5))
    >>> sequence.found.counts, sequence.found.in_words()["backwards"], sequence.pairs
    ({'backwards': 1, 'repeated': 1}, ["row 3: '60' after '120'"], 3)
    >>> sequence.take([b"50"], [90], sampled=True)
    >>> sequence.sampled.in_words()
    {'backwards': ["row 90: '50' after '60'"]}
    """

    def __init__(self, *, is_timed: bool = True) -> None:
        self.last = b""
        self.row = 0  # that of the last one, as far as it is known
        self.pairs = 0
        self.watches = True
        self.is_next = True
        self._left = FIRST_ROWS  # how many times it may fail before it gives up
        self._begins: tuple[bytes, int] | None = None  # the first timestamp that could be read, and its row
        self._readings = [_Reading()]  # two while day and month could be either: day first, month first
        self._order: int | None = None  # which of the two it is, once that is known
        self._settled: int | None = None  # that of the stream, for a part of it
        if not is_timed:
            self._readings[0].period = None

    @property
    def found(self) -> Findings:
        """What there is of each kind; what depends on the reading has a kind of its own."""
        return self._agreed(self._readings[0].found)

    @property
    def sampled(self) -> Findings:
        """What there is among rows that do not follow each other: between them is one or more."""
        return self._agreed(self._readings[0].sampled)

    def _agreed(self, found: Findings) -> Findings:
        """Return what all readings agree on: if their orders differ, nothing that is one."""
        if len(self._readings) == 1 or EITHER not in self._readings[0].found.counts:
            return found
        return found.without((BACKWARDS, REPEATED))

    @property
    def period(self) -> Period | None:
        """What its times show; of two readings, that whose longest step is the shorter one."""
        return self._best.period

    @property
    def strides(self) -> Strides:
        """The longest steps between samples, in the same reading."""
        return self._best.strides

    @property
    def _best(self) -> _Reading:
        return min(self._readings, key=lambda reading: reading.period.longest_step if reading.period else 0)

    @property
    def ascends(self) -> bool:
        """Whether each timestamp is later than the one before, whichever of day and month comes first."""
        return not self.found.counts and len(self._readings) == 1 and self._order is None

    def take(self, times: Any, rows: Sequence[int], *, sampled: bool = False) -> None:
        """Take the timestamps of the next rows, as a list or as an array, and the numbers of these, from 1.

        Those that are `sampled` are far apart: how many between them are out of order remains unknown.
        """
        if not self.is_next and not sampled and len(times):
            self.take(times[:1], rows[:1], sampled=True)
            self._go_on_behind_last()
            times, rows = times[1:], rows[1:]
        if not len(times) or not self.watches:
            return
        if not isinstance(times, list):
            if not self.last:
                self._see_one(bytes(times[0]).strip(b" "), int(rows[0]), sampled=sampled)
                times, rows = times[1:], rows[1:]
            if not len(times) or not self.watches:
                return
            if self._take_array(times, rows, sampled=sampled):
                return
            times = times.tolist()
        times = _stripped(times)
        if not self._take_ascending(times, rows, sampled=sampled):
            for time, row in zip(times, rows, strict=True):
                if not self._see_one(time, int(row), sampled=sampled):
                    break

    def _take_array(self, cells: Any, rows: Sequence[int], *, sampled: bool) -> bool:
        """Take timestamps of one form as an array; return False, with none taken, if it cannot hold them."""
        reading = self._readings[0]
        if not self.last or len(self._readings) > 1:
            return False
        from stream_signal.core.blocks.timestamps import add_to, longest_strides, nanoseconds_of, order_of

        nanoseconds = nanoseconds_of(cells)
        if nanoseconds is None:
            return False
        self._see_one(bytes(cells[0]), int(rows[0]), sampled=sampled)
        for kind, (count, at) in order_of(nanoseconds).items():
            step = Step(int(rows[at]), bytes(cells[at - 1]), bytes(cells[at]))
            reading.note(kind, step, count, sampled=sampled)
        if sampled:
            reading.strides.add(longest_strides(nanoseconds, rows, reading.strides.least))
        else:
            if reading.period:
                add_to(reading.period, nanoseconds, rows)
            self.pairs += len(cells) - 1
        reading.last, self.last, self.row = int(nanoseconds[-1]), bytes(cells[-1]), int(rows[-1])
        return True

    def follow(self, last: bytes) -> bool:
        """Compare the next timestamp with this one, instead of the last one seen; False if this one cannot be read."""
        times = readings_of(last)
        if times is None or not self._decide(times):
            return False
        self.last = last
        for reading, time in self._read(times):
            reading.resume(time)
        return True

    def _go_on_behind_last(self) -> None:
        """Take the next timestamp as that of the row behind the last one, which was compared as a sample."""
        self.is_next = True
        for reading in self._readings:
            reading.resume(reading.last)

    def _take_ascending(self, times: Sequence[bytes], rows: Sequence[int], *, sampled: bool) -> bool:
        """Take timestamps of one form that ascend, as nearly all do; return False, with none taken, if these do not."""
        if len(self._readings) > 1 or (sampled and not self.last):
            return False
        whole = [self.last, *times] if self.last else times
        joined, count = _joined(whole), len(whole) - 1
        step = int(whole[1]) - int(whole[0]) if joined and count and not sampled else 0
        found: list[int] | None = None
        if not (step and _are_equal_steps(whole, joined, step)):
            found = _nanoseconds_of(whole, joined)
            if not found or not all(map(lt, found, found[1:])):
                return False
        if not self.last and not self._goes_on():
            return True
        reading, unit = self._readings[0], unit_of(len(whole[0]))
        if not self.last:
            reading.begin(found[0] if found else int(whole[0]) * unit)
        behind = rows if self.last else rows[1:]
        if found and sampled:
            reading.strides.add(strides_of(found, [self.row, *rows]))
        elif reading.period and found is None:
            reading.period.add_run(step * unit, behind)
        elif reading.period and found and count:
            reading.period.add_times(found, behind)
        reading.last, self.row = found[-1] if found else int(whole[-1]) * unit, int(rows[-1])
        if not sampled:
            self.pairs += count
            self._begins = self._begins or (whole[0], rows[0])
        self.last = whole[-1]
        return True

    def _see_one(self, time: bytes, row: int, *, sampled: bool = False) -> bool:
        """Take one timestamp; return whether to keep comparing."""
        if not time:
            return self._goes_on()
        times = readings_of(time)
        if times is None or not self._decide(times):
            for reading in self._readings:
                reading.note(NOT_COMPARED, Step(row, b"", time), sampled=sampled)
            return self._goes_on()
        if not self.last:
            for reading, nanoseconds in self._read(times):
                reading.begin(nanoseconds)
            self._begins, self.last, self.row = (time, row), time, row
            return self._goes_on()
        step = Step(row, self.last, time)
        pairs = self._read(times)
        later = [reading.see(nanoseconds, step, self.row, sampled=sampled) for reading, nanoseconds in pairs]
        if len({(by > 0) - (by < 0) for by in later}) > 1:
            for reading in self._readings:
                reading.note(EITHER, step)
        self.pairs += not sampled
        self.last, self.row = time, row
        return True

    def _decide(self, times: Readings) -> bool:
        """Split the readings, or drop the impossible one; return False if these times have none of those left."""
        day_first, month_first = times
        if self._order is not None:
            return times[self._order] is not None
        if day_first is None or month_first is None:
            self._order = 1 if day_first is None else 0
            if len(self._readings) > 1:
                reading = self._readings[self._order]
                reading.found = reading.found.without((EITHER,))
                self._readings = [reading]
        elif day_first != month_first and len(self._readings) == 1:
            self._readings.append(self._readings[0].copy())
        return True

    def _read(self, times: Readings) -> Iterable[tuple[_Reading, int]]:
        """Return each reading with its time."""
        kept = times if len(self._readings) > 1 else (times[self._order or 0],)
        return [(reading, time) for reading, time in zip(self._readings, kept, strict=True) if time is not None]

    def _goes_on(self) -> bool:
        """Count a timestamp that cannot be compared with the last one; return whether to keep comparing."""
        if not self.pairs:
            self._left -= 1
            self.watches = self._left > 0
        return self.watches

    def part(self) -> TimeSequence | None:
        """Return one that compares later timestamps as this one does, once the way to read them is settled."""
        part = TimeSequence()
        part.watches, part._order = self.watches, self._order
        if self.watches and (not self.pairs or len(self._readings) > 1):
            return None
        part._left = 2**53  # more than rows: the stream has some that can be compared
        part._settled = self._order
        return part

    @property
    def can_join(self) -> bool:
        """Whether the timestamps of a part were all read in the way that was settled."""
        return len(self._readings) == 1 and self._order == self._settled

    @property
    def reads_in_one_way(self) -> bool:
        """Whether nothing is settled, as for a new key, and nothing has to be: each timestamp has had one reading."""
        return self.watches and len(self._readings) == 1 and self._order is None

    @property
    def depends_on_no_other(self) -> bool:
        """Whether a part of a key is as it would be behind other rows: each timestamp could be read, in one way."""
        return self.reads_in_one_way and self._left >= FIRST_ROWS - 1

    def join(self, part: TimeSequence, rows: int) -> None:
        """Add what a part has compared after `rows` rows, and compare its first timestamp with the last one here."""
        if part._begins:
            time, row = part._begins
            self._see_one(time, rows + row, sampled=not self.is_next)
            if not self.is_next:
                self._go_on_behind_last()
        reading, later = self._readings[0], part._readings[0]
        reading.found.add(later.found, rows)
        if reading.period and later.period:
            reading.period.add(later.period, rows)
        self.pairs += part.pairs
        if part.last:
            reading.last, self.last, self.row = later.last, part.last, rows + part.row

    def snapshot(self) -> dict[str, Any]:
        """Return what was found, and the last timestamp."""
        return {
            "last": self.last.decode("latin-1"),
            "row": self.row,
            "next": self.is_next,
            "pairs": self.pairs,
            "patience": self._left,
            "order": self._order,
            "readings": [reading.as_json() for reading in self._readings],
        }

    def restore(self, saved: Any) -> None:
        """Continue with what was found; ValueError if it is not valid."""
        try:
            if "readings" in saved:
                self._restore(saved)
            else:  # from a checkpoint of schema 2
                self.follow(saved["last"].encode("latin-1"))
        except (KeyError, TypeError, AttributeError):
            raise ValueError("expected the order of the timestamps") from None

    def _restore(self, saved: dict[str, Any]) -> None:
        is_old = "others" in saved
        readings = [_Reading.from_json(_newer(each, saved) if is_old else each) for each in saved["readings"]]
        order = saved["order"] if saved["order"] is None else natural(saved["order"], 1)
        if not 1 <= len(readings) <= (2 if order is None else 1):
            raise ValueError("expected one reading, or two")
        self.is_next = saved.get("next", True) is True
        self.last, self.row = saved["last"].encode("latin-1"), natural(saved.get("row", 0))
        self.pairs, self._left = natural(saved["pairs"]), natural(saved["patience"])
        self.watches = bool(self.pairs) or self._left > 0
        self._readings, self._order = readings, order


def _joined(whole: Sequence[bytes]) -> bytes:
    """Join whole numbers of one length, of seconds or parts of them, by commas; return nothing for other texts."""
    size, count, joined = len(whole[0]), len(whole), b",".join(whole)
    if size in DATE_SIZES or size > 19 or len(joined) != (size + 1) * count - 1:
        return b""
    if joined[size :: size + 1] != b"," * (count - 1) or not joined.replace(b",", b"").isdigit():
        return b""
    return joined


def _are_equal_steps(texts: Sequence[bytes], joined: bytes, step: int) -> bool:
    """Whether numbers of one length, joined by commas, have equal steps, without reading them all.

    The last digits of equal steps come again after a period: those of 60 after five rows. If they do, no step is
    shorter than `step` in a list that is sorted; and if on average none is longer, none is.

    >>> _are_equal_steps([b"100", b"160", b"220"], b"100,160,220", 60)
    True
    """
    size, first = len(texts[0]), int(texts[0])
    digits = len(str(step))
    if step <= 0 or digits > size or int(texts[-1]) - first != step * (len(texts) - 1):
        return False
    modulus: int = 10**digits
    period = modulus // gcd(step, modulus)
    for at in range(size - digits, size):
        column = joined[at :: size + 1]
        if column[period:] != column[:-period]:
            return False
    if any(int(text[-digits:]) != (first + at * step) % modulus for at, text in enumerate(texts[:period])):
        return False
    return list(texts) == sorted(texts)


def _nanoseconds_of(texts: Sequence[bytes], joined: bytes) -> list[int] | None:
    """Return the times of texts of one form, which sorts; None if they are not, or if one is no time."""
    if joined:
        unit = unit_of(len(texts[0]))
        return [int(text) * unit for text in texts]
    from stream_signal.core.timestamps import are_of_one_form, form_of

    form = form_of(texts[0])
    if not form or not form.sorts or set(map(len, texts)) != {len(form.zeros)}:
        return None
    return form.all_of(texts) if are_of_one_form(b"".join(texts), form, texts[0], len(texts)) else None


def _stripped(texts: Sequence[bytes]) -> Sequence[bytes]:
    return [text.strip(b" ") for text in texts] if b" " in b"".join(texts) else texts


def readings_of(text: bytes) -> Readings | None:
    """Return the time of a text, day first and month first; None if it has neither."""
    if text.isdigit() and len(text) not in DATE_SIZES and len(text) <= 19:
        return (number := int(text) * unit_of(len(text))), number
    from stream_signal.core.timestamps import NO_READING, form_of

    form = form_of(text)
    times = form.readings(text) if form else NO_READING
    return None if times == NO_READING else times


def times_of(texts: Sequence[bytes]) -> list[int] | None:
    """Return the times of texts of one form, which sorts; None if they are not, or if one is no time."""
    whole = _stripped(texts)
    return _nanoseconds_of(whole, _joined(whole))


def time_of(text: bytes) -> int | None:
    """Return the time of a text, month first if either could be, for which a few days do not matter."""
    day_first, month_first = readings_of(text.strip(b" ")) or (None, None)
    return day_first if month_first is None else month_first


def _as_json(found: Findings) -> dict[str, Any]:
    return {
        kind: [count, [[row, before.decode("latin-1"), time.decode("latin-1")] for row, before, time, _ in steps]]
        for (kind, count), steps in zip(found.counts.items(), found.first.values(), strict=True)
    }


def _findings(saved: Any) -> Findings:
    def step(row: int, before: str, time: str) -> Step:
        return Step(row, before.encode("latin-1"), time.encode("latin-1"))

    return Findings.from_json(saved, TIMES, 1, step)


def _newer(reading: Any, saved: dict[str, Any]) -> list[Any]:
    """Return a reading of schema 3 in the form of today: it had counts and first steps apart, and few kinds."""
    counts, first, steps, last, *_ = reading
    counts, first = saved["others"] | counts, saved["first"] | first
    return [{kind: [count, [first[kind]]] for kind, count in counts.items()}, steps, last, {}]
