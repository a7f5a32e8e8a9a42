"""Times of markets that never were: what is fine, and how it may be damaged."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from stream_signal.core.period import DAY, HOUR, Period, Strides, strides_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE = HOUR // 60
MONDAY = 19_723 * DAY  # 2024-01-01
WEEKEND = (2, 3)  # of days since 1970
_HOLIDAYS = (0, 14, 88, 146, 184, 245, 331, 358)  # days behind a Monday: New Year, Good Friday, Christmas and so on


def _is_open(day: int) -> bool:
    return (MONDAY // DAY + day) % 7 not in WEEKEND and day % 365 not in _HOLIDAYS


def _sessions(days: int, hours: list[tuple[int, int]], step: int = MINUTE) -> list[int]:
    """Make days of these sessions, in minutes of the day, an hour later in summer."""
    times: list[int] = []
    for day in filter(_is_open, range(days)):
        summer = 60 * (90 < day % 365 < 300)
        for begin, end in hours:
            early = 180 if day % 365 == 357 else 0  # the half day before Christmas
            first = MONDAY + day * DAY + (begin + summer) * MINUTE
            times += range(first, first + max(end - begin - early, 0) * MINUTE, step)
    return times


def _currencies(days: int, step: int) -> list[int]:
    """Make a market that opens on Sunday at 22:00 and closes on Friday then."""
    times = range(MONDAY, MONDAY + days * DAY, step)
    return [
        time
        for time in times
        if not 118 * HOUR <= (time - MONDAY) % (7 * DAY) < 166 * HOUR and (time + 2 * HOUR) // DAY % 365
    ]


def _sparse(days: int, share: float) -> list[int]:
    """Make minutes without a pause, of which only a share has a trade."""
    rng = random.Random(days)
    return [time for time in range(MONDAY, MONDAY + days * DAY, MINUTE) if rng.random() < share]


FINE: dict[str, Callable[[], list[int]]] = {
    "minutes without a pause, a day": lambda: list(range(MONDAY, MONDAY + DAY, MINUTE)),
    "minutes without a pause, a month": lambda: list(range(MONDAY, MONDAY + 31 * DAY, MINUTE)),
    "hours without a pause": lambda: list(range(MONDAY, MONDAY + 400 * DAY, HOUR)),
    "days without a pause": lambda: list(range(MONDAY, MONDAY + 1500 * DAY, DAY)),
    "days of stocks": lambda: [MONDAY + day * DAY for day in filter(_is_open, range(2000))],
    "days of stocks, a month": lambda: [MONDAY + day * DAY for day in filter(_is_open, range(30))],
    "months": lambda: [MONDAY + int(month * 30.4375) * DAY for month in range(200)],
    "two sessions": lambda: _sessions(3, [(870, 1260)]),
    "a week of sessions": lambda: _sessions(7, [(870, 1260)]),
    "a year of sessions": lambda: _sessions(365, [(870, 1260)]),
    "sessions with a lunch, two weeks": lambda: _sessions(14, [(90, 210), (300, 420)]),
    "sessions with a lunch, a year": lambda: _sessions(365, [(90, 210), (300, 420)]),
    "hours of sessions": lambda: _sessions(365, [(900, 1260)], HOUR),
    "currencies, two weeks": lambda: _currencies(14, MINUTE),
    "currencies, three months, by five minutes": lambda: _currencies(90, 5 * MINUTE),
    "currencies, two years, by the hour": lambda: _currencies(730, HOUR),
    "futures with a daily break": lambda: [time for time in _currencies(60, MINUTE) if time % DAY // HOUR != 21],
    "sparse minutes, a third": lambda: _sparse(30, 0.33),
    "sparse minutes, a twentieth": lambda: _sparse(60, 0.05),
}
DAMAGES: dict[str, Callable[[list[int], random.Random], list[int]]] = {}


def _damage(name: str) -> Callable[[Callable[[list[int], random.Random], list[int]]], None]:
    def keep(damage: Callable[[list[int], random.Random], list[int]]) -> None:
        DAMAGES[name] = damage

    return keep


@_damage("a cut of 5 %")
def _cut_5(times: list[int], rng: random.Random) -> list[int]:
    return _without(times, rng, len(times) // 20)


@_damage("a cut of 40 %")
def _cut_40(times: list[int], rng: random.Random) -> list[int]:
    return _without(times, rng, len(times) * 2 // 5)


@_damage("joined, a year on")
def _joined(times: list[int], rng: random.Random) -> list[int]:
    later = (2 + (times[-1] - times[0]) // (364 * DAY)) * 364 * DAY
    return [*times, *(time + later for time in times)]


def _without(times: list[int], rng: random.Random, size: int) -> list[int]:
    at = rng.randrange(1, max(len(times) - size, 2))
    return times[:at] + times[at + size :]


def damaged(times: list[int], ways: int) -> Iterator[tuple[str, list[int]]]:
    """Damage times, each time in so many ways."""
    for name, damage in DAMAGES.items():
        for seed in range(ways):
            found = damage(times, random.Random(seed))
            if len(found) > 2:
                yield name, found


def samples_of(times: list[int], rows: int = 10_000, every: int = 70) -> tuple[Period, Strides]:
    """Give what a plain job knows: the period of the first rows, and the strides between samples of the others."""
    strides, positions = Strides(), [rows - 1, *range(rows, len(times), every)]
    if len(times) > rows:
        strides.add(strides_of([times[at] for at in positions], [at + 1 for at in positions]))
    return period_of(times[:rows]), strides


def period_of(times: list[int]) -> Period:
    """Give the period of some rows in order."""
    period = Period()
    period.begin(times[0])
    if len(times) > 1:
        period.add_times(times, range(2, len(times) + 1))
    return period
