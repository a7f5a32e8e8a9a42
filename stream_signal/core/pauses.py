"""Pauses: what a period concludes about the steps in it: which are pauses of the market, and which one misses rows.

What a gap misses are the rows that its hours have in other weeks. A pause misses hardly any. One that comes daily, or
begins or ends when pauses do, as holidays and half days do, is no doubt either; nor is one of many of its size, as
where there is no row without a trade. The thresholds were found with 108 series of real files, of which none is
doubted, and 47 made of the hours of markets; of 2,763 damages, 2,106 were told. The reference says which cannot be.

Imported where a step is long enough for a doubt, or where somebody asks. Cost: 0.3 ms, up to 100 ms for a year without
any pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.period import DAY, HOUR, LEAST_GAP, LEAST_ROWS, SLOTS, WEEK, Gap, spread
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.period import Period, Strides

# Gaps of a size come again if so many others miss at least half as much.
_OFTEN = 5
# A pause takes at least so many steps, and misses at most one in so many of the rows that open hours would have.
_PAUSE_STEPS, _PAUSE_ONE_IN = 5, 10
# At the same time of day: a change to summer time moves it by an hour.
_NEAR, _SUMMER_TIME = HOUR // 4, (0, HOUR, -HOUR)
# A longer one that begins or ends when pauses do is no holiday: China's takes 11 days; where most of the week is open,
# as of currencies, Easter takes 5.
_HOLIDAY, _HOLIDAY_OF_OPEN = 11 * DAY, 5 * DAY
# With so many long gaps in the hours of the week, those at one time of day are there by chance.
_MANY_GAPS = SLOTS // 3
# While no other week and no other day is known: a break from one half hour to another, and a weekend.
_LUNCH, _SHORT_WEEKEND, _LONG_WEEKEND, _WEEKEND = 2 * HOUR, 40 * HOUR, 80 * HOUR, (2, 3)
# Rows of which so many in ten are there belong to a market that never closes; so many days have a part of a weekend.
_ALWAYS_OPEN, _WITH_A_WEEKEND = 9, 6 * DAY
# Of fractions of rows.
_SCALE = 10**6


class Loss(NamedTuple):
    """A gap, and the rows that it misses."""

    gap: Gap
    rows: int
    """how many its hours have in other weeks"""
    is_sampled: bool = False
    """whether it is somewhere between two samples, and `rows` an estimate"""


class Span(NamedTuple):
    """What is known of the times of a stream; times and durations are in nanoseconds."""

    first: int
    last: int
    usual: int | None
    """the usual step, of the first key if there are keys"""
    missing: int | None
    """how long the rows that are missing would take, of all keys together"""
    longest: Gap | None
    """the longest gap, if a step is longer than the usual one"""
    key: bytes
    """that of the longest gap"""
    is_about: bool
    """whether not all times were looked at, so that what is missing and the longest gap are estimates"""


def span_of(series: Sequence[tuple[bytes, Period, Strides]], rows: int) -> Span | None:
    """Return what is known of the series of some keys, or of a series without one, in a stream of so many rows."""
    if not series:
        return None
    seen_rows = sum(period.rows for _, period, _ in series)
    is_about = any(period.unseen or strides.longest for _, period, strides in series)
    of_all = [
        missing_time(period, rows * period.rows // max(seen_rows, 1) if is_about else period.rows)
        for _, period, _ in series
    ]
    gaps = [(gap, key) for key, period, strides in series if (gap := _longest(period, strides))]
    longest, key = max(gaps, key=lambda pair: (pair[0].length, -pair[0].row), default=(None, b""))
    starts = [(period.first or 0, period.last) for _, period, _ in series]
    return Span(
        starts[0][0] if len(series) == 1 else min(first for first, _ in starts),
        max(last for _, last in starts),
        next((usual for _, period, _ in series if (usual := period.usual)), None),
        None if None in of_all else sum(filter(None, of_all)),
        longest,
        key,
        is_about,
    )


def _longest(period: Period, strides: Strides) -> Gap | None:
    """Return the longest step that is longer than the usual one, perhaps about, between two samples."""
    usual = period.usual or 0
    gaps = [Gap(each.length - (each.rows - 1) * usual, each.row, each.start) for each in strides.longest if usual]
    gaps += filter(None, [period.longest])
    longest = max(gaps, key=lambda gap: (gap.length, -gap.row), default=None)
    return longest if longest and longest.length > usual else None


def gap_to_name(period: Period, window: int) -> Loss | None:
    """Return the gap that is a doubt, if there is one: that which misses most.

    >>> from stream_signal.core.period import Period
    >>> period, minute = Period(), 60 * 10**9
    >>> period.begin(0)
    >>> period.add_run(minute, range(2, 301))
    >>> period.add_run(401 * minute, [301])
    >>> period.add_run(minute, range(302, 602))
    >>> found = gap_to_name(period, 20)
    >>> found.gap.row, found.rows
    (301, 400)
    """
    usual = period.usual
    if usual is None:
        return None
    calendar = _Calendar(period, usual)
    daily, holidays, others = calendar.sort_out(period.gaps)
    named = max(others, key=lambda missing: (missing.rows, -missing.gap.row), default=None)
    if named is None or named.rows < max(window, LEAST_ROWS) or named.gap.length < LEAST_GAP:
        return None
    alike = sum(missing.rows * 2 >= named.rows for missing in (*daily, *holidays, *others))
    return named if alike <= _OFTEN else None


def stride_to_name(period: Period, strides: Strides, window: int) -> Loss | None:
    """Return the step between two samples in which there is a gap, if that is sure.

    What its rows would take is known, and what is between them is not: unless the market never closes, as far as
    `period` shows, the gap has to be longer than any holiday.
    """
    usual, mean = period.usual, period.mean_step
    if usual is None or period.rows < 2:
        return None
    excesses = [(stride.excess(mean), stride) for stride in strides.longest]
    excess, stride = max(excesses, key=lambda pair: (pair[0], -pair[1].row), default=(0, None))
    least = max(max(window, LEAST_ROWS) * mean, LEAST_GAP if _is_always_open(period, usual) else _HOLIDAY + DAY)
    if stride is None or excess < least:
        return None
    alike = sum(
        length * 2 >= excess for length in [*(pair[0] for pair in excesses), *(gap.length for gap in period.gaps)]
    )
    gap = Gap(stride.length, stride.row, stride.start)
    return Loss(gap, excess // mean, is_sampled=True) if alike <= _OFTEN else None


def missing_time(period: Period, rows: int) -> int | None:
    """Return how long the rows that are missing would take in hours of the week (or days) that are open.

    Those are at least half as full as the fullest. `rows` is how many there are in all, of which the period may have
    seen a part: then it is an estimate, and None while a week was not seen, or without a usual step.
    """
    usual = period.usual
    if usual is None or (rows > period.rows and period.time_seen < _WITH_A_WEEKEND):
        return None
    if usual > DAY or period.time_seen <= 0:
        return 0
    if _is_always_open(period, usual):
        return max((period.last - (period.first or 0)) // usual + 1 - rows, 0) * usual
    calendar = _Calendar(period, usual)
    rates = [seen * WEEK // max(there, 1) for seen, there in zip(calendar.seen, calendar.there, strict=True)]
    is_open = [rate * 2 > max(rates) for rate in rates]
    unseen = calendar.by_slot([period.unseen.get(slot, 0) for slot in range(SLOTS)])
    gone = period.weeks * (WEEK // len(rates))
    wanted = seen_rows = 0
    for slot, seen in enumerate(calendar.seen):
        if is_open[slot]:
            time = calendar.there[slot] + gone
            wanted += max(time // usual, seen) + unseen[slot] // usual
            seen_rows += seen
    # The hours of a gap that are in no other week count as closed above.
    longest = max((missing.rows for missing in calendar.sort_out(period.gaps)[2]), default=0)
    return max(wanted - seen_rows * rows // period.rows, longest, 0) * usual


def _is_always_open(period: Period, usual: int) -> bool:
    seen = period.time_seen
    return seen >= _WITH_A_WEEKEND and period.rows * usual * 10 >= seen * _ALWAYS_OPEN


class _Calendar:
    """The rows of each hour of the week, or of each day if steps are longer than an hour."""

    def __init__(self, period: Period, usual: int) -> None:
        self._period, self._usual = period, usual
        self._hours = 1 if usual <= HOUR else 24
        self.seen = self.by_slot(period.seen)
        self._there = self._time_there()
        self.there = self.by_slot(self._there)
        self._is_mostly_open = sum(map(bool, period.seen)) * 2 > SLOTS

    def by_slot(self, hours: Sequence[int]) -> list[int]:
        """Add up hours of the week to the slots in which rows are counted."""
        return [sum(hours[at : at + self._hours]) for at in range(0, SLOTS, self._hours)]

    def _time_there(self) -> list[int]:
        """Return how long each hour of the week is seen, without the whole weeks in which no row is."""
        period = self._period
        first, end = period.first or 0, period.last + self._usual
        weeks = ((end - first) // WEEK - period.weeks) * HOUR
        unseen = period.unseen
        return [part + weeks - unseen.get(slot, 0) for slot, part in enumerate(spread(first, end))]

    def sort_out(self, gaps: Iterable[Gap]) -> tuple[list[Loss], list[Loss], list[Loss]]:
        """Return the gaps that come daily, those beside pauses, which are holidays, and the others; pauses are none."""
        usual = self._usual
        pauses, long, rest = [], [], []
        for gap in gaps:
            if gap.length * 2 <= usual * 3:
                continue
            missing, open_rows = self._missed_by(gap)
            if gap.length < _PAUSE_STEPS * usual:
                rest.append(missing)
            elif missing.rows * _PAUSE_ONE_IN <= open_rows:
                pauses.append(gap)
            else:
                long.append(missing)
        all_long = [*pauses, *(missing.gap for missing in long)]
        is_crowded = len(all_long) > _MANY_GAPS
        daily = [missing for missing in long if not is_crowded and _comes_daily(missing.gap, all_long)]
        rest += [missing for missing in long if missing not in daily]
        known = [*pauses, *(missing.gap for missing in daily)]
        most = _HOLIDAY_OF_OPEN if self._is_mostly_open else _HOLIDAY
        holidays = [missing for missing in rest if missing.gap.length <= most and _is_beside(missing.gap, known)]
        return daily, holidays, [missing for missing in rest if missing not in holidays]

    def _missed_by(self, gap: Gap) -> tuple[Loss, int]:
        """Count the rows of its hours in other weeks, and those that it would take from hours that are open."""
        begin, usual = min(gap.start + self._usual, gap.end), self._usual
        if usual > DAY:  # no calendar
            return Loss(gap, (gap.end - begin) // usual), gap.length // usual
        parts, whole = spread(begin, gap.end), (gap.end - begin) // WEEK
        # Its own weeks are left out of what is there, as whole weeks in steps are.
        back = (gap.length // WEEK - whole) * HOUR
        there = self.by_slot([max(time + back - part, 0) for time, part in zip(self._there, parts, strict=True)])
        lost = self.by_slot(parts)
        width, days = WEEK // len(lost), len(lost) // 7
        open_time = max(sum(time for time, seen in zip(there, self.seen, strict=True) if seen), 1)
        mean = self._period.rows, open_time
        is_weekend = self._is_weekend(gap)
        is_closed = is_weekend or self._is_framed(gap) or self._is_lunch(gap, begin)
        rows = 0
        for slot, part in enumerate(lost):
            if not part and not whole:
                continue
            seen, time = self.seen[slot], there[slot]
            if time < width:  # no other week is known
                seen, time = sum(self.seen[slot % days :: days]), sum(there[slot % days :: days])
                if time < width or is_weekend:  # no other day either
                    seen, time = (0, 1) if is_closed else mean
            rows += _SCALE * (part + whole * width) * seen // time
        return Loss(gap, rows // _SCALE), gap.length * mean[0] // open_time

    def _is_weekend(self, gap: Gap) -> bool:
        middle = gap.start + gap.length // 2
        return middle // DAY % 7 in _WEEKEND and _SHORT_WEEKEND <= gap.length <= _LONG_WEEKEND

    def _is_framed(self, gap: Gap) -> bool:
        """Whether it ends when the first row is, or begins when the last one is: two sessions."""
        period = self._period
        is_beside = _is_near(gap.end, period.first or 0) or _is_near(gap.start, period.last)
        return gap.length <= _HOLIDAY_OF_OPEN and is_beside

    def _is_lunch(self, gap: Gap, begin: int) -> bool:
        return gap.length <= _LUNCH and begin % (HOUR // 2) == gap.end % (HOUR // 2) == 0


def _is_near(one: int, other: int) -> bool:
    """Whether two times are at the same time of day."""
    return (one - other + _NEAR) % DAY <= 2 * _NEAR


def _comes_daily(gap: Gap, gaps: Iterable[Gap]) -> bool:
    """Whether there is one between the same times of another day."""
    return any(
        max(other.length, gap.length) < DAY
        and abs(other.start - gap.start) >= DAY // 2
        and _is_near(other.start, gap.start)
        and _is_near(other.end, gap.end)
        for other in gaps
    )


def _is_beside(gap: Gap, pauses: Iterable[Gap]) -> bool:
    """Whether it begins or ends at a time of day at which pauses do."""
    return any(
        _is_near(gap.start, pause.start + shift) or _is_near(gap.end, pause.end + shift)
        for pause in pauses
        for shift in _SUMMER_TIME
    )
