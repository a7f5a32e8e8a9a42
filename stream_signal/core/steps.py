"""Epochs: numbers that are times, in seconds, or parts of them by their digits, since 1970.

Light, because every job imports it: the forms of timestamps are in `timestamps`.
"""

from __future__ import annotations

NANOSECONDS = 10**9  # of a second
DAY_NANOSECONDS = 86_400 * NANOSECONDS
FIRST_MONDAY = 3  # so many days a week begins before the Thursday that 1970 began with
# Numbers of so many digits may be dates: 20240310, 202403101700, 20240310170000, 20240310170000000.
DATE_SIZES = frozenset({8, 12, 14, 17})
# From 1980 to 2100, in nanoseconds: a number outside of them is no time, unless its column is named so.
PLAUSIBLE = range(315_532_800 * NANOSECONDS, 4_102_444_800 * NANOSECONDS)


def unit_of(size: int) -> int:
    """Return the nanoseconds in the unit of a number of so many digits since 1970: s, ms, us or ns.

    >>> unit_of(10), unit_of(13), unit_of(16), unit_of(19)
    (1000000000, 1000000, 1000, 1)
    """
    return NANOSECONDS if size < 12 else 10**6 if size < 15 else 10**3 if size < 18 else 1
