"""Durations and times, as people read them and as the log and the manifest have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import shown
from stream_signal.core.period import DAY, HOUR

if TYPE_CHECKING:
    from stream_signal.core.pauses import Span

_SECOND = 10**9
_UNITS = {"d": DAY, "h": HOUR, "min": 60 * _SECOND, "s": _SECOND}
# The days from 0000-03-01 to 1970-01-01, and in 400 years.
_BEFORE_1970, _ERA = 719_468, 146_097


def lasting(nanoseconds: int) -> str:
    """Write a duration.

    >>> lasting(24_060 * 10**9), lasting(335 * DAY + 60 * 10**9), lasting(1_500_000_000), lasting(0)
    ('6 h 41 min', '335 d 1 min', '1.5 s', '0 s')
    """
    parts, rest = [], nanoseconds
    for name, unit in _UNITS.items():
        whole, rest = divmod(rest, unit)
        part = f".{rest:09}".rstrip("0") if name == "s" and rest else ""
        if whole or part:
            parts.append(f"{whole}{part} {name}")
    return " ".join(parts) or "0 s"


def clock(nanoseconds: int) -> str:
    """Write a time since 1970, in UTC, as short as it is exact.

    >>> clock(1_735_689_600 * 10**9), clock(1_706_745_540 * 10**9), clock(1_500_000_000), clock(-DAY)
    ('2025-01-01 00:00', '2024-01-31 23:59', '1970-01-01 00:00:01.5', '1969-12-31 00:00')
    """
    days, rest = divmod(nanoseconds, DAY)
    # By Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, and end with a leap day.
    era, day = divmod(days + _BEFORE_1970, _ERA)
    year = (day - day // 1460 + day // 36524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    date = f"{era * 400 + year + (month > 9):04}-{(month + 2) % 12 + 1:02}-{day - (153 * month + 2) // 5 + 1:02}"
    minutes, rest = divmod(rest, 60 * _SECOND)
    second, part = divmod(rest, _SECOND)
    seconds = f":{second:02}{f'.{part:09}'.rstrip('0') if part else ''}" if rest else ""
    return f"{date} {minutes // 60:02}:{minutes % 60:02}{seconds}"


def between(start: int, end: int) -> str:
    """Write a time and the one before it: as dates, if both are midnights.

    >>> between(0, DAY), between(0, DAY + HOUR)
    ('1970-01-02 after 1970-01-01', '1970-01-02 01:00 after 1970-01-01 00:00')
    """
    times = clock(end), clock(start)
    if not (start % DAY or end % DAY):
        times = times[0].partition(" ")[0], times[1].partition(" ")[0]
    return " after ".join(times)


def lines_of(span: Span) -> list[str]:
    """Write what is known of the times of a stream, a fact a line.

    >>> from stream_signal.core.pauses import Span
    >>> from stream_signal.core.period import Gap
    >>> lines = lines_of(Span(0, DAY, 60 * 10**9, 3 * HOUR, Gap(3 * HOUR, 7000, 0), b"", is_about=True))
    >>> lines[1:4]
    ['last time: 1970-01-02 00:00 UTC', 'usual step: 1 min', 'missing: about 3 h']
    >>> lines[4]
    'longest gap: about 3 h, before row 7,000 (1970-01-01 03:00)'
    """
    about, longest = "about " * span.is_about, span.longest
    where = f"{shown(span.key)}, row" if span.key else "row"
    return [
        f"first time: {clock(span.first)} UTC",
        f"last time: {clock(span.last)} UTC",
        f"usual step: {'none' if span.usual is None else lasting(span.usual)}",
        f"missing: {'unknown' if span.missing is None else about + lasting(span.missing)}",
        f"longest gap: {about}{lasting(longest.length)}, before {where} {longest.row:,} ({clock(longest.end)})"
        if longest
        else "longest gap: none",
    ]


def fields_of(span: Span) -> dict[str, Any]:
    """Return what is known of the times of a stream, for machines; durations are in seconds."""
    longest = span.longest
    return {
        "first": clock(span.first),
        "last": clock(span.last),
        "usual_seconds": None if span.usual is None else span.usual / _SECOND,
        "missing_seconds": None if span.missing is None else span.missing / _SECOND,
        "longest_gap_seconds": None if longest is None else longest.length / _SECOND,
        "longest_gap_row": None if longest is None else longest.row,
        "is_about": span.is_about,
    }
