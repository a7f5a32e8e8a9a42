"""Pauses: no market is doubted for its hours, and what is missing from one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_signal.core.pauses import Loss, gap_to_name, missing_time, span_of, stride_to_name
from stream_signal.core.period import DAY, HOUR, Gap, Period, Strides
from support.markets import FINE, MINUTE, MONDAY, damaged, period_of, samples_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Of six of each damage, those that are told by a window of 20 rows: of all rows, and by a plain job.
TOLD: dict[str, tuple[tuple[int, int], ...]] = {
    "minutes without a pause, a day": ((6, 6), (6, 6), (6, 6)),
    "minutes without a pause, a month": ((6, 6), (6, 6), (6, 6)),
    "hours without a pause": ((6, 6), (6, 6), (6, 6)),
    "days without a pause": ((6, 6), (6, 6), (6, 6)),
    "days of stocks": ((6, 6), (6, 6), (6, 6)),
    "days of stocks, a month": ((0, 0), (0, 0), (6, 6)),
    "months": ((0, 0), (6, 6), (0, 0)),
    "two sessions": ((0, 0), (6, 6), (6, 6)),
    "a week of sessions": ((6, 6), (6, 6), (6, 6)),
    "a year of sessions": ((6, 6), (6, 6), (6, 6)),
    "sessions with a lunch, two weeks": ((1, 1), (3, 3), (6, 6)),
    "sessions with a lunch, a year": ((6, 6), (6, 6), (6, 6)),
    "hours of sessions": ((6, 6), (6, 6), (6, 6)),
    "currencies, two weeks": ((5, 4), (6, 6), (6, 6)),
    "currencies, three months, by five minutes": ((6, 5), (6, 6), (6, 6)),
    "currencies, two years, by the hour": ((6, 6), (6, 6), (6, 6)),
    "futures with a daily break": ((6, 1), (6, 6), (6, 6)),
    "sparse minutes, a third": ((6, 5), (6, 6), (6, 6)),
    "sparse minutes, a twentieth": ((0, 0), (0, 0), (0, 0)),
}


@pytest.mark.parametrize("make", FINE.values(), ids=FINE)
def test_no_false_alarm(make: Callable[[], list[int]]) -> None:
    """A market that is fine is not doubted, by any window, nor by its first rows and samples, however few these are."""
    times = make()
    for window in (1, 5, 20, 60, 200):
        assert gap_to_name(period_of(times), window) is None
        for rows in (1000, 3000, 10_000):
            period, strides = samples_of(times, rows)
            assert gap_to_name(period, window) is None
            assert stride_to_name(period, strides, window) is None


@pytest.mark.parametrize("name", FINE)
def test_what_is_told(name: str) -> None:
    """Of each kind of damage, as many as are known are named: by all rows, and by the first ones and samples."""
    told: dict[str, list[int]] = {}
    for kind, times in damaged(FINE[name](), 6):
        period, strides = samples_of(times)
        hits = told.setdefault(kind, [0, 0])
        hits[0] += gap_to_name(period_of(times), 20) is not None
        hits[1] += (gap_to_name(period, 20) or stride_to_name(period, strides, 20)) is not None
    assert tuple(map(tuple, told.values())) == TOLD[name]


def test_two_januaries() -> None:
    """A year between two months is named with its row, and by samples about where it is."""
    january = range(MONDAY, MONDAY + 31 * DAY, MINUTE)
    times = [*january, *(time + 366 * DAY for time in january)]
    gap = Gap(335 * DAY + MINUTE, 44_641, MONDAY + 31 * DAY - MINUTE)
    assert gap_to_name(period_of(times), 20) == Loss(gap, 482_400)
    named = stride_to_name(*samples_of(times), 20)
    assert named is not None
    assert (named.is_sampled, 44_641 <= named.gap.row <= 44_641 + 70, named.rows) == (True, True, 482_400)


def test_missing_time() -> None:
    """Rows that are missing in hours that are open are counted as time; weekends are not."""
    times = FINE["currencies, two weeks"]()
    assert missing_time(period_of(times), len(times)) == 0
    fewer = times[:2000] + times[2300:]
    assert missing_time(period_of(fewer), len(fewer)) == 300 * MINUTE
    month = FINE["minutes without a pause, a month"]()
    rows = month[:20_000] + month[21_000:]
    period, strides = samples_of(rows)
    period.resume(rows[-1])
    span = span_of([(b"", period, strides)], len(rows))
    assert span is not None
    assert (span.first, span.last, span.usual, span.is_about) == (month[0], month[-1], MINUTE, True)
    assert span.missing == 1000 * MINUTE
    assert span.longest is not None
    assert span.longest.length == 1001 * MINUTE


def test_nothing_is_concluded_of_little() -> None:
    """Without steps, without a usual one, or in seconds of which a week was not seen, nothing is said."""
    period = Period()
    assert (gap_to_name(period, 1), stride_to_name(period, Strides(), 1), span_of([], 0)) == (None, None, None)
    period.begin(0)
    assert (gap_to_name(period, 1), missing_time(period, 1)) == (None, None)
    seconds = period_of(list(range(0, HOUR, HOUR // 3600)))
    assert (missing_time(seconds, 3600), missing_time(seconds, 10**6)) == (0, None)
