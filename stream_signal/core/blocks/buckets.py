"""Rows that are arrays -> the buckets of `core.buckets`, and runs of equal closes, with no work for each row in Python.

Cost: some 10 ns a row, and 4 µs a bucket.
"""

from __future__ import annotations

from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stream_signal.core.buckets import DAY_BITS, FURTHEST, UNKNOWN, Bucket, times_in
from stream_signal.core.seam import mean_of
from stream_signal.core.steps import DAY_NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.array_types import Flags, Integers
    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.buckets import Buckets
    from stream_signal.core.layout.layout import Position
    from stream_signal.core.rows import Means


# To count flags one slice at a time is faster for fewer slices.
_MANY = 32
# A step of so many doublings, and each longer one, is a whole number of nanoseconds.
_WHOLE = 16
_WHOLE_NANOSECONDS = DAY_NANOSECONDS >> DAY_BITS - _WHOLE
# To look for the borders of fewer buckets takes less time than to divide all places.
_FEW = 64


class Slices(NamedTuple):
    """Rows of one series, cut into buckets of a series."""

    buckets: Buckets
    rows: int
    """how many they are"""
    starts: Integers
    """where each bucket begins, once the rows are in the order of the buckets"""
    least: Sequence[int]
    """the least place of each bucket"""
    order: Integers | None
    """that order; None if they stand in it"""
    where: Integers | None
    """the positions of the rows of the series; None if they are all rows"""

    def positions(self) -> Integers:
        """Return where the rows are, in the order of the buckets."""
        order = self.ranks()
        return order if self.where is None else self.where[order]

    def ranks(self) -> Integers:
        """Return how many rows of the series are before each, in that order."""
        return np.arange(self.rows) if self.order is None else self.order


def slices_of(buckets: Buckets, places: Any, count: int, where: Integers | None = None) -> Slices:
    """Cut the next `count` rows of a series into buckets, for which there is room then.

    `places` has the place of each row, None if that is its number, and `where` the positions of the rows among others.
    """
    order = None
    if places is None:
        places = np.arange(buckets.rows_seen, buckets.rows_seen + count)
    else:
        places = np.asarray(places, np.int64)
        places = places if where is None else places[where]
    starts, numbers = _cut(buckets, places)
    if not buckets.has_room(len(starts)) and buckets.make_room(numbers[numbers != UNKNOWN].tolist()):
        starts, numbers = _cut(buckets, places)
    if (np.diff(numbers) < 0).any():
        order = np.argsort(numbers_of(places, buckets), kind="stable")
        places = places[order]
        starts, _ = _cut(buckets, places)
    least = np.minimum.reduceat(places, starts).tolist()
    return Slices(buckets, count, starts, least, order, where)


def _cut(buckets: Buckets, places: Integers) -> tuple[Integers, Integers]:
    """Return where places belong to another bucket than those before, and the numbers of these buckets."""
    if places[0] != UNKNOWN and (places[1:] >= places[:-1]).all():
        first, last = (buckets.number(int(place)) for place in (places[0], places[-1]))
        if last - first < _FEW:
            borders = [buckets.place(number) for number in range(first + 1, last + 1)]
            ends = [*np.searchsorted(places, borders).tolist(), len(places)]
            found = [(start, first + at) for at, (start, end) in enumerate(pairwise([0, *ends])) if start < end]
            return tuple(np.array(found).T)
    numbers = numbers_of(places, buckets)
    starts = np.append(0, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1)
    return starts, numbers[starts]


def numbers_of(places: Integers, buckets: Buckets) -> Integers:
    """Return the numbers of the buckets that places belong to, as `Buckets.number`.

    >>> from stream_signal.core.buckets import Buckets
    >>> buckets = Buckets(1, 8, timed=True)
    >>> buckets.level = 32
    >>> numbers_of(np.array([-1, 0, 86_400]) * 10**9, buckets).tolist()
    [-1, 0, 1]
    """
    level = buckets.level
    if not buckets.timed:
        return places >> level
    if level >= _WHOLE:
        step = _WHOLE_NANOSECONDS << level - _WHOLE
        numbers = places // step if step <= FURTHEST else places >> 63
    else:
        days = places // DAY_NANOSECONDS
        numbers = (days << DAY_BITS) + ((places - days * DAY_NANOSECONDS) << _WHOLE) // _WHOLE_NANOSECONDS >> level
    if places[0] == UNKNOWN or places.min() == UNKNOWN:  # those are the first rows of a part
        numbers[places == UNKNOWN] = UNKNOWN
    return numbers


def add_rows(some: Sequence[Slices], rows: ArrayRows, windows: Sequence[Means], time: Position | None) -> None:
    """Add rows to the buckets that they were cut into, those of several series all at once."""
    firsts = [each.buckets.rows_seen + 1 for each in some]
    numbers: Any
    if len(some) == 1 and some[0].order is None and some[0].where is None:
        at, starts, numbers = None, some[0].starts, firsts[0]
    else:
        seams = np.cumsum([0, *(each.rows for each in some[:-1])]).tolist()
        at = np.concatenate([each.positions() for each in some])
        numbers = np.concatenate([each.ranks() + first for each, first in zip(some, firsts, strict=True)])
        starts = np.concatenate([each.starts + seam for each, seam in zip(some, seams, strict=True)])
    least = chain.from_iterable(each.least for each in some)
    times = times_in(rows, time, starts if at is None else at[starts])  # type: ignore[arg-type]
    made = map(Bucket, least, times, *_columns(rows, windows, starts, at, numbers, keyed=some[0].buckets.keyed))
    for each in some:
        each.buckets.add(list(islice(made, len(each.starts))), each.rows, rows.places)


def _columns(
    rows: ArrayRows,
    windows: Sequence[Means],
    starts: Integers,
    at: Integers | None,
    numbers: Any,
    *,
    keyed: bool,
) -> Iterator[Sequence[Any]]:
    """Yield the fields of buckets behind their timestamps, as columns.

    `at` are the positions of the rows, None for all of them; `numbers` the number of each, or of the first of all.
    """
    where: Any = slice(None) if at is None else at
    ends = np.append(starts[1:], len(rows) if at is None else len(at))
    first, last = (starts + numbers, ends - 1 + numbers) if at is None else (numbers[starts], numbers[ends - 1])
    yield first.tolist()
    yield last.tolist()
    yield (ends - starts).tolist()
    if rows.missing:
        gone, closes = _known_closes(rows, at, numbers, starts, ends)
        yield gone
        yield [None] * len(starts) if keyed else closes
    else:
        yield [0] * len(starts)
        yield [None] * len(starts) if keyed else _closes_of(rows.ticks[where], first, last, starts, ends)
    positions = ends - 1 if at is None else at[ends - 1]
    yield _in_buckets([[None] * len(starts) if keyed else _means_at(means, positions) for means in windows])
    yield _in_buckets([_counts_of(means.above[where], starts, ends) for means in windows])


def _in_buckets(of_windows: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Return for each bucket what there is of each window."""
    return list(zip(*of_windows, strict=True))


def _closes_of(ticks: Integers, first: Integers, last: Integers, starts: Integers, ends: Integers) -> list[Any]:
    """Return the closes of buckets as these have them; none is missing."""
    lows, highs = np.minimum.reduceat(ticks, starts), np.maximum.reduceat(ticks, starts)
    columns = first, ticks[starts], last, ticks[ends - 1], lows, highs
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _known_closes(
    rows: ArrayRows, at: Integers | None, numbers: Any, starts: Integers, ends: Integers
) -> tuple[list[int], list[Any]]:
    """Return how many closes are missing in each bucket, and the others as `_closes_of`, None if there are none."""
    flags = np.ones(len(rows), np.bool_)
    flags[rows.missing] = False
    is_known = flags if at is None else flags[at]
    ticks = rows.ticks[is_known] if at is None else rows.ticks[at][is_known]
    of_rows = (np.arange(len(rows)) + numbers if at is None else numbers)[is_known]
    before: Integers = np.append(0, np.cumsum(is_known))
    known = before[ends] - before[starts]
    has_any = known > 0
    ends_of = np.cumsum(known[has_any])
    starts_of = ends_of - known[has_any]
    found = iter(
        _closes_of(ticks, of_rows[starts_of], of_rows[ends_of - 1], starts_of, ends_of) if len(starts_of) else ()
    )
    closes = [next(found) if has else None for has in has_any.tolist()]
    return (ends - starts - known).tolist(), closes


def _counts_of(flags: Flags, starts: Integers, ends: Integers) -> list[int]:
    """Return how many flags are set from each start to its end."""
    if len(starts) > _MANY:
        counts: list[int] = np.add.reduceat(flags, starts, dtype=np.int64).tolist()
        return counts
    bounds = zip(starts.tolist(), ends.tolist(), strict=True)
    return [int(np.count_nonzero(flags[start:end])) for start, end in bounds]


def _means_at(means: Means, places: Integers) -> list[float | None]:
    """Return the means of the windows that end at some positions, None for those that are not full."""
    values = [mean_of(total, means.window, means.places) for total in means.sums[places].tolist()]
    if means.full is None:
        return values
    return [mean if is_full else None for mean, is_full in zip(values, means.full[places].tolist(), strict=True)]


def positions_of(rows: ArrayRows, wanted: Sequence[int]) -> Iterator[tuple[int, Integers]]:
    """Yield where the rows of some series are, whose numbers ascend; those that have none are left out."""
    series: Any = rows.series
    numbers = np.full(len(rows), series) if isinstance(series, int) else series
    ranks = np.full(max(int(numbers.max()), *wanted, 0) + 2, -1, np.int16)  # that of NO_SERIES is the last one
    ranks[list(wanted)] = np.arange(len(wanted))
    of_rows = ranks[numbers]
    at = np.flatnonzero(of_rows >= 0)
    order = at[np.argsort(of_rows[at], kind="stable")]
    bounds = np.searchsorted(of_rows[order], np.arange(len(wanted) + 1)).tolist()
    for number, begin, end in zip(wanted, bounds, bounds[1:], strict=False):
        if begin < end:
            yield number, order[begin:end]


def runs_of(rows: ArrayRows, least: int) -> list[tuple[int, int, int | None]]:
    """Return the runs of equal closes in order: the first, the last, and those of at least `least` rows.

    Each is the position of its first row, its length, and the ticks, None for missing closes. All other rows are in
    shorter runs, between these.
    """
    ticks = rows.ticks
    if not rows.missing and len(ticks) > 2 * least and not _may_have_runs(ticks, least):
        head, tail = _equal_at_head(ticks[:least]), _equal_at_head(ticks[-least:][::-1])
        return [(0, head, int(ticks[0])), (len(ticks) - tail, tail, int(ticks[-1]))]
    changes = np.empty(len(ticks), np.bool_)
    changes[0] = True
    np.not_equal(ticks[1:], ticks[:-1], out=changes[1:])
    gone = np.array(rows.missing, np.int64)
    changes[gone] = True
    changes[np.minimum(gone + 1, len(ticks) - 1)] |= gone + 1 < len(ticks)
    heads = np.flatnonzero(changes)
    lengths = np.diff(heads, append=len(ticks))
    kept = lengths >= least
    kept[0] = kept[-1] = True
    is_gone = np.isin(heads, gone)
    # A missing close ends the run before it, so one of a row is kept where that is the run of the rows before.
    runs = zip(heads[kept].tolist(), lengths[kept].tolist(), is_gone[kept].tolist(), strict=True)
    return [(at, count, None if nothing else int(ticks[at])) for at, count, nothing in runs]


def _may_have_runs(ticks: Integers, least: int) -> bool:
    """Whether any run may be as long: then two closes at half that distance are equal, and those between them."""
    step = least // 2
    sample = ticks[::step]
    same = np.flatnonzero(sample[1:] == sample[:-1])
    if len(same) * 4 > len(sample):
        return True
    between = ticks[same[:, None] * step + np.arange(step)]
    return bool((between == between[:, :1]).all(axis=1).any())


def _equal_at_head(ticks: Integers) -> int:
    """Return how many of the first values are equal; not all values are."""
    return int((ticks != ticks[0]).argmax())
