"""Period: what the times of a run of rows show: their steps by length, and the hours of the week in which rows are.

It counts, and concludes nothing: `pauses` does that, once somebody asks. It is integers alone, of which nothing depends
on a time zone, the window, or what is usual, so that the periods of two runs of rows add up exactly, wherever these are
cut. Rows whose steps are equal are one run of arithmetic, however many they are. Cost: 168 counts, ten or so classes of
steps, and a gap of three integers for each hour of the week in which a step of half an hour or more ends: 2 to 4 KB for
most series, 45 KB for those without any pattern.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from math import gcd
from operator import sub
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import bounded, natural
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR = 3600 * 10**9
DAY = 24 * HOUR
WEEK = 7 * DAY
# Hours of the week, from Thursday 00:00 UTC on, since 1970 began so.
SLOTS = 168
# A shorter step is no pause: its hour is not kept.
SHORTEST_PAUSE = HOUR // 2
# A gap that is shorter, or that misses fewer rows, is never a doubt.
LEAST_GAP, LEAST_ROWS = HOUR, 10
# No time is further from 1970, in nanoseconds, and no step longer: a timestamp has at most 128 digits.
FURTHEST = 10**140
# So many of the longest steps between samples are kept: if all are about as long, there is nothing to say of any.
MOST_STRIDES = 6
# Rows that are closer together, on average, are counted an hour at a time.
_DENSE = HOUR // 8


class Gap(NamedTuple):
    """A step from one row to the next."""

    length: int
    """in nanoseconds"""
    row: int
    """the number of the row after it, from 1"""
    start: int
    """the time of the row before it, in nanoseconds since 1970"""

    @property
    def end(self) -> int:
        """The time of the row after it."""
        return self.start + self.length


class Stride(NamedTuple):
    """From one sample to the next."""

    length: int
    row: int
    start: int
    rows: int
    """how many rows it is long, those of other keys included"""

    def excess(self, mean: int) -> int:
        """Return by how much it is longer than its rows are with a mean step."""
        return self.length - self.rows * mean


class Period:
    """The times of a run of rows.

    >>> period = Period()
    >>> period.begin(0)
    >>> period.add_run(60 * 10**9, range(2, 102))
    >>> period.add_run(3 * HOUR, [102])
    >>> period.rows, period.usual // 10**9, period.longest
    (102, 60, Gap(length=10800000000000, row=102, start=6000000000000))
    >>> period.seen[:6]
    [60, 41, 0, 0, 1, 0]
    """

    __slots__ = (
        "_classes",
        "_equal",
        "_gaps",
        "_rows",
        "_seen",
        "_step",
        "_weeks",
        "first",
        "last",
        "longest",
        "unseen",
    )

    def __init__(self) -> None:
        self.first: int | None = None
        self.last = 0
        self.longest: Gap | None = None
        self.unseen: dict[int, int] = {}
        """the time of which no rows were seen, by hour of the week"""
        self._rows = 0
        self._weeks = 0
        self._seen = [0] * SLOTS
        self._gaps: dict[int, Gap] = {}
        self._classes: dict[int, tuple[int, int]] = {}
        # So many equal steps lead to `last`, and are not counted yet.
        self._step, self._equal = 0, 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows + self._equal

    @property
    def time_seen(self) -> int:
        """How long it is from the first row to the last one, without what was not seen."""
        return self.last - (self.first or 0) - sum(self.unseen.values())

    @property
    def mean_step(self) -> int:
        """How long a step is on average."""
        return self.time_seen // max(self.rows - 1, 1) or 1

    @property
    def weeks(self) -> int:
        """How many whole weeks there are inside steps."""
        self._settle()
        return self._weeks

    @property
    def seen(self) -> list[int]:
        """How many rows there are in each hour of the week."""
        self._settle()
        return self._seen

    @property
    def gaps(self) -> list[Gap]:
        """The longest step of half an hour or more that ends in each hour of the week; of equals the first."""
        return [self._gaps[slot] for slot in sorted(self._gaps)]

    @property
    def longest_step(self) -> int:
        """How long the longest step is."""
        return self.longest.length if self.longest else 0

    @property
    def steps(self) -> int:
        """How many steps lead forward."""
        self._settle()
        return sum(number for number, _ in self._classes.values())

    @property
    def usual(self) -> int | None:
        """The usual step: the longest of the most common class of steps, if one in four is of it."""
        steps = self.steps
        number, longest = max(self._classes.values(), key=lambda steps: (steps[0], -steps[1]), default=(0, 0))
        return longest if steps and number * 4 >= steps else None

    def begin(self, time: int) -> None:
        """Begin with a row."""
        self.first = self.last = time
        self._rows = 1
        self._seen[time // HOUR % SLOTS] += 1

    def resume(self, time: int) -> None:
        """Go on behind a row that was counted elsewhere, or by nobody: what is between is not seen."""
        if self.first is None:
            self.first = time
        elif time > self.last:
            whole = (time - self.last) // WEEK * HOUR
            for slot, part in enumerate(spread(self.last, time)):
                if part or whole:
                    self.unseen[slot] = self.unseen.get(slot, 0) + part + whole
        self._settle()
        self.last = time

    def add_run(self, step: int, rows: Sequence[int]) -> None:
        """Count rows, each of which is one step behind the one before; `rows` are their numbers."""
        if step != self._step:
            self._settle()
            self._step = step
            if step > 0:
                self._see_gap(Gap(step, int(rows[0]), self.last))
        if step >= SHORTEST_PAUSE:
            around = WEEK // gcd(step, WEEK) - self._equal  # after which the hours of the week come again
            for at in range(min(around, len(rows))):
                self._see_gap(Gap(step, int(rows[at]), self.last + at * step))
        self._equal += len(rows)
        self.last += step * len(rows)

    def add_times(self, times: Sequence[int], rows: Sequence[int]) -> None:
        """Count rows whose times ascend, and of which the first was counted; `rows` are the numbers of the others."""
        steps = list(map(sub, times[1:], times))
        if steps.count(steps[0]) == len(steps):
            self.add_run(steps[0], rows)
            return
        self._settle()
        self._rows += len(steps)
        self._step, self.last = 0, times[-1]
        ranked = sorted(steps)
        at = 0
        while at < len(ranked):
            end = bisect_left(ranked, _end_of_class(ranked[at]), at)
            self._add_class(end - at, ranked[end - 1])
            at = end
        self._weeks += sum(step // WEEK for step in ranked[bisect_left(ranked, WEEK) :])
        gaps = [steps.index(ranked[-1])]
        if times[-1] - times[0] <= len(steps) * _DENSE:
            self._see_in_order(times)
            gaps += (
                [at for at, step in enumerate(steps) if step >= SHORTEST_PAUSE] if ranked[-1] >= SHORTEST_PAUSE else []
            )
        else:
            slots = [time // HOUR % SLOTS for time in times[1:]]
            for slot, number in Counter(slots).items():
                self._seen[slot] += number
            least = [self._gaps[slot].length if slot in self._gaps else SHORTEST_PAUSE - 1 for slot in range(SLOTS)]
            for at, slot in enumerate(slots):
                if steps[at] > least[slot]:
                    least[slot] = steps[at]
                    gaps.append(at)
        for at in gaps:
            self._see_gap(Gap(steps[at], int(rows[at]), times[at]))

    def _see_in_order(self, times: Sequence[int]) -> None:
        """Count rows behind the first by the hours of the week, of which each has many."""
        at = 1
        while at < len(times):
            hour = times[at] // HOUR
            end = bisect_left(times, (hour + 1) * HOUR, at)
            self._seen[hour % SLOTS] += end - at
            at = end

    def add(self, later: Period, shift: int = 0) -> None:
        """Count later rows, of which the first was counted here, too; their numbers begin behind `shift` rows."""
        if later.first is None:
            return
        self._settle()
        for slot, number in enumerate(later.seen):
            self._seen[slot] += number
        self._seen[later.first // HOUR % SLOTS] -= 1
        self._rows += later.rows - 1
        self._weeks += later.weeks
        self._step, self.last = 0, later.last
        for number, longest in later._classes.values():
            self._add_class(number, longest)
        for gap in [*later._gaps.values(), *filter(None, [later.longest])]:
            self._see_gap(gap._replace(row=shift + gap.row))
        for slot, part in later.unseen.items():
            self.unseen[slot] = self.unseen.get(slot, 0) + part

    @classmethod
    def of(
        cls,
        times: tuple[int, int],
        seen: Sequence[int],
        steps: Iterable[tuple[int, int]],
        gaps: Iterable[Gap],
        weeks: int = 0,
    ) -> Period:
        """Make one of what was counted in another way.

        That is the first and the last time, the rows in each hour of the week, how many steps there are of each class
        with the longest of them, and gaps, of which the longest is one.
        """
        period = cls()
        period.first, period.last = times
        period._seen, period._rows, period._weeks = list(seen), sum(seen), weeks
        for number, longest in steps:
            period._add_class(number, longest)
        for gap in gaps:
            period._see_gap(gap)
        return period

    def _settle(self) -> None:
        """Count the steps that wait."""
        number, step = self._equal, self._step
        self._equal = 0
        if not number:
            return
        self._rows += number
        self._see_steps(step, number)
        begin = self.last - number * step if step >= 0 else self.last + step  # backwards, from the last one on
        if number == 1 or not step:
            self._seen[self.last // HOUR % SLOTS] += number
        else:
            self._see_hours(begin, abs(step), number)

    def _see_hours(self, begin: int, step: int, number: int, times: int = 1) -> None:
        """Count so many rows behind `begin` by the hours of the week, each of them so many times."""
        if number * step > WEEK and WEEK % step == 0:
            in_week = WEEK // step
            self._see_hours(begin, step, in_week, number // in_week)
            number %= in_week
        at = 1
        while at <= number:
            hour = (begin + at * step) // HOUR
            until = min(((hour + 1) * HOUR - begin - 1) // step, number)
            self._seen[hour % SLOTS] += (until - at + 1) * times
            at = until + 1

    def _see_steps(self, step: int, number: int) -> None:
        if step > 0:
            self._add_class(number, step)
            self._weeks += step // WEEK * number

    def _add_class(self, number: int, longest: int) -> None:
        key = class_of(longest)
        known = self._classes.get(key, (0, 0))
        self._classes[key] = known[0] + number, max(known[1], longest)

    def _see_gap(self, gap: Gap) -> None:
        """Keep it if it is the longest, of all or of those that end in its hour of the week; of equals the first."""
        if self.longest is None or (gap.length, -gap.row) > (self.longest.length, -self.longest.row):
            self.longest = gap
        if gap.length >= SHORTEST_PAUSE:
            slot = gap.end // HOUR % SLOTS
            known = self._gaps.get(slot, gap)
            self._gaps[slot] = gap if (gap.length, -gap.row) > (known.length, -known.row) else known

    def as_json(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        return {
            "first": self.first,
            "last": self.last,
            "rows": self.rows,
            "weeks": self.weeks,
            "seen": [[slot, number] for slot, number in enumerate(self.seen) if number],
            "steps": [[*self._classes[key]] for key in sorted(self._classes)],
            "gaps": [list(gap) for gap in self.gaps],
            "longest": self.longest and list(self.longest),
            "unseen": [[slot, self.unseen[slot]] for slot in sorted(self.unseen)],
        }

    @classmethod
    def from_json(cls, saved: Any) -> Period:
        """Restore what `as_json` returned; raise ValueError if it is not valid."""
        try:
            first, last, unseen = saved["first"], saved["last"], saved["unseen"]
            seen = [0] * SLOTS
            for slot, number in saved["seen"]:
                seen[natural(slot, SLOTS - 1)] = natural(number)
            steps = [(natural(number), bounded(longest, 1, FURTHEST)) for number, longest in saved["steps"]]
            gaps = [_gap(gap) for gap in [*saved["gaps"], *filter(None, [saved["longest"]])]]
            period = cls.of(
                (0, bounded(last, -FURTHEST, FURTHEST)), seen, steps, gaps, natural(saved["weeks"], FURTHEST)
            )
            period.first = None if first is None else bounded(first, -FURTHEST, FURTHEST)
            period.unseen = {natural(slot, SLOTS - 1): natural(part, FURTHEST) for slot, part in unseen}
        except (KeyError, TypeError):
            raise ValueError("expected the period of some times") from None
        return period


class Strides:
    """The longest steps between samples, of which nobody knows what is between them.

    >>> strides = Strides()
    >>> strides.add(strides_of([0, 60, 180], [1, 70, 140]))
    >>> strides.longest
    [Stride(length=120, row=140, start=60, rows=70), Stride(length=60, row=70, start=0, rows=69)]
    """

    __slots__ = ("longest",)

    def __init__(self) -> None:
        self.longest: list[Stride] = []
        """the longest first, and of equals the first"""

    @property
    def least(self) -> int:
        """A step that is not longer is none of them."""
        return self.longest[-1].length if len(self.longest) == MOST_STRIDES else 0

    def longest_excess(self, mean: int) -> int:
        """Return by how much one of them is longer than its rows are with a mean step."""
        return max((stride.excess(mean) for stride in self.longest), default=0)

    def add(self, strides: Iterable[Stride]) -> None:
        """Take more of them, as they come."""
        least = self.least
        for stride in strides:
            if stride.length > least:
                self.longest = sorted([*self.longest, stride], key=lambda stride: (-stride.length, stride.row))
                del self.longest[MOST_STRIDES:]
                least = self.least

    def as_json(self) -> list[list[int]]:
        """Return them as values that JSON can hold."""
        return list(map(list, self.longest))

    @classmethod
    def from_json(cls, saved: Any) -> Strides:
        """Restore what `as_json` returned; raise ValueError if it is not valid."""
        strides = cls()
        try:
            strides.longest = [Stride(*_gap((length, row, start)), natural(rows)) for length, row, start, rows in saved]
        except (TypeError, ValueError):
            raise ValueError("expected steps between samples") from None
        if len(strides.longest) > MOST_STRIDES:
            raise ValueError("expected steps between samples")
        return strides


def strides_of(times: Sequence[int], rows: Sequence[int]) -> Iterable[Stride]:
    """Return the steps between samples; `rows` are the numbers of these."""
    for (start, before), (end, row) in pairwise(zip(times, rows, strict=True)):
        yield Stride(end - start, int(row), start, int(row) - int(before))


def class_of(step: int) -> int:
    """Return the class of a step forward, of which there are four to an octave; months of 28 to 31 days are one.

    >>> class_of(28 * DAY) == class_of(31 * DAY), class_of(DAY) == class_of(2 * DAY)
    (True, False)
    """
    size = step.bit_length()
    return 4 * size + ((step << 2 >> (size - 1)) & 3)


def _end_of_class(step: int) -> int:
    """Return the shortest step of the next class.

    >>> class_of(_end_of_class(DAY) - 1) == class_of(DAY), class_of(_end_of_class(DAY)) - class_of(DAY)
    (True, 1)
    """
    size = step.bit_length()
    return -(-(((step << 2 >> (size - 1)) + 1) << (size - 1)) >> 2)


def spread(begin: int, end: int) -> list[int]:
    """Return how long each hour of the week is between two times, without whole weeks.

    >>> spread(HOUR // 2, WEEK + 2 * HOUR)[:3] == [HOUR // 2, HOUR, 0]
    True
    """
    parts, end = [0] * SLOTS, begin + (end - begin) % WEEK
    while begin < end:
        until = min(begin - begin % HOUR + HOUR, end)
        parts[begin // HOUR % SLOTS] += until - begin
        begin = until
    return parts


def _gap(saved: Any) -> Gap:
    length, row, start = saved
    return Gap(bounded(length, 1, FURTHEST), natural(row), bounded(start, -FURTHEST, FURTHEST))
