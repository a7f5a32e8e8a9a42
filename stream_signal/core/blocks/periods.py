"""The rows and signals of days, weeks and months, of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.steps import DAY_NANOSECONDS, FIRST_MONDAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.array_types import Flags, Integers


def count_periods(
    times: Integers, by: str, series: int | Sequence[int] | Integers, above: Sequence[Flags]
) -> Iterator[tuple[int, int, list[int]]]:
    """Yield each series and period, with its rows and the signals of each window; `times` are in nanoseconds.

    >>> days = np.array([0, 1, 1]) * 86_400 * 10**9
    >>> list(count_periods(days, "day", 0, [np.array([True, False, True])]))
    [(0, 0, [1, 1]), (0, 1, [2, 1])]
    """
    days = times // DAY_NANOSECONDS
    if by == "week":
        periods = (days + FIRST_MONDAY) // 7
    elif by == "month":
        periods = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    else:
        periods = days
    first = int(periods.min())
    span = int(periods.max()) - first + 1
    numbers = np.asarray(series, np.int64)
    least = int(numbers.min())
    places, inverse = np.unique((numbers - least) * span + (periods - first), return_inverse=True)
    counts = [np.bincount(inverse, minlength=len(places))]
    counts += [np.bincount(inverse[one], minlength=len(places)) for one in above]
    for place, *of_place in zip(places.tolist(), *(column.tolist() for column in counts), strict=True):
        yield place // span + least, place % span + first, of_place
