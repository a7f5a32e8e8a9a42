"""Rows as arrays -> the counts of their series, and what each window shows of them.

Rows of one series are pushed into its window (`core.blocks.rolling`), rows of several into the `Rings` of all. The sums
have to fit into int64, for every window; otherwise nothing is pushed, and the panel counts the rows as Python integers.

Those of several are brought into the order of their keys, so that those of one key stand together as a run, in the
order in which they came. One cumulative sum then serves all runs: it starts from the total of each key where its run
begins.

    rows     B9  A1  C4  A2  B8  A3
    order    A1  A2  A3 | B9  B8 | C4
    leaves   what each of them replaces: the row `window` places before in its run, or one in the ring of its key

The rings are the rows of one array, and so are the heads, the totals and the lengths. A missing close ends a run; the
next one of that key starts from an empty window. All ticks have one scale.

Cost: some 20 ns a row, more for thousands of keys, because their rings do not fit into the cache; for any window.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import proxy

import numpy as np

from stream_signal.core.blocks.rolling import Pushed, make_ready, push_scaled, times
from stream_signal.core.blocks.seam import ArraySeam
from stream_signal.core.rows import NO_SERIES, Means

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.array_types import AnyArray, Flags, Integers
    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.series.segment import Segment
    from stream_signal.core.series.series import Series, WindowSeries


_FIRST_CAPACITY = 64


class _Gaps(NamedTuple):
    """What ends runs in a block, for each row whose key is known."""

    missing: Flags
    """whether it has no close"""
    cleared: Integers
    """how many rows of the block before it have emptied all windows"""


class _Runs(NamedTuple):
    """Rows of one key that follow each other in the order of the keys, without a gap between them."""

    owners: Integers
    """the number of the key of each run"""
    starts: Integers
    lengths: Integers
    fresh: Flags | None = None
    """which runs start from an empty window; None for none of them"""
    last: Flags | None = None
    """which are the last of their key; None if each key has one run"""

    @property
    def lasts(self) -> Flags | slice:
        """An index for the last run of each key."""
        return slice(None) if self.last is None else self.last


def push_arrays(windows: Sequence[WindowSeries], rows: ArrayRows, *, shown: bool) -> list[Means] | None:
    """Count rows, and return for each window what it shows, if that is wanted; None if they have to come as lists."""
    if not len(rows):
        return []
    series: Any = rows.series
    number = series if isinstance(series, int) else int(series[0])
    targets: list[Any]
    if isinstance(series, int) or (number != NO_SERIES and (series == number).all()):
        of_one = [window.ready(number) for window in windows]
        rings, targets = [], [one.open() for one in of_one]
    else:
        for window in windows:
            window.rings = window.rings or Rings(window)
        of_one, rings = [], [window.rings for window in windows]
        targets = rings
        if not all(ring.prepare(series) for ring in rings):
            return None
    factor = make_ready(targets, rows.largest, rows.places)
    if factor is None:
        return None
    ticks = times(rows.ticks, factor)
    if rings:
        missing = _flags(rows.missing, len(rows))
        pushed = [ring.push(series, ticks, missing) for ring in rings]
    else:
        pushed = [_push_into(one, rows, ticks) for one in of_one]
    if not shown:
        return []
    shows = zip(targets, pushed, strict=True)
    return [Means(target.window, by_row.above, by_row.sums, by_row.full, target.places) for target, by_row in shows]


def _push_into(series: Series, rows: ArrayRows, ticks: Integers) -> Pushed:
    """Count rows of one series, whose window is ready for these ticks."""
    if series.joins:
        first = rows.ticks[: min([*rows.missing[:1], series.window])].tolist()
        series.note_first([(tick, rows.places) for tick in first])
    pushed = push_scaled(series.open(), ticks, rows.missing)
    series.rows += len(rows)
    series.signals += int(np.count_nonzero(pushed.above))
    series.without += len(rows) - pushed.count_full()
    series.broken |= bool(rows.missing)
    return pushed


def _flags(positions: list[int], count: int) -> Flags | None:
    if not positions:
        return None
    flags = np.zeros(count, np.bool_)
    flags[positions] = True
    return flags


class WindowColumns(NamedTuple):
    """The segments of one window, one for each key; the fields are those of `Segment`."""

    window: int
    rows: Integers
    full: Integers
    signals: Integers
    first: Integers
    """the head of each, in a row of its own, with zeros behind it"""
    kept: Integers
    """how many closes that are"""
    last: Integers
    """the tail of each, in a row as long as the longest, with zeros before it"""
    filled: Integers
    """how many closes that are"""
    broken: Flags
    places: int
    largest: int
    """no close is further from 0"""

    def segment(self, at: int) -> Segment:
        """Return the segment of a key as an object."""
        from stream_signal.core.series.segment import Segment

        counts = int(self.rows[at]), int(self.full[at]), int(self.signals[at])
        first = tuple(self.first[at, : self.kept[at]].tolist())
        last = tuple(self.last[at, self.last.shape[1] - self.filled[at] :].tolist())
        return Segment(self.window, *counts, first, last, self.places, bool(self.broken[at]))


class Rings:
    """The windows of the series of one window as arrays, by the numbers of their keys, and what was pushed here."""

    def __init__(self, of: WindowSeries) -> None:
        self._of = cast("WindowSeries", proxy(of))  # it has these rings: without a cycle, both are freed at once
        self._keys = of.keys
        self.window = of.window
        self.places = 0
        self.largest = 0  # no value in the rings, or among the first closes, is further from 0 than this
        self._is_here = np.zeros(0, np.bool_)  # for each key: is its window here
        self._columns = np.zeros((9, 0), np.int64)
        self._rings = np.zeros((0, self.window), np.int64)
        self._first = np.zeros((0, self.window - 1 if of.joins else 0), np.int64)  # the first closes of each key
        self._grow(_FIRST_CAPACITY)

    def _grow(self, capacity: int) -> None:
        self._is_here = _longer(self._is_here, capacity)
        self._columns = np.array([_longer(column, capacity) for column in self._columns])
        self._rings = _longer(self._rings, 1 if self._keys.grouped else capacity)
        self._first = _longer(self._first, capacity)
        # For each key: where is the oldest value of a full window, how many does it hold, their sum, how often had all
        # windows been emptied at its last row; its rows, full windows and signals; how many first closes it has, and
        # whether they have come to an end.
        self._head, self._filled, self._total, self._cleared = self._columns[:4]
        self._rows, self._full, self._signals, self._kept, self._broken = self._columns[4:]

    def prepare(self, numbers: Integers) -> bool:
        """Have the windows of the series of these rows here; False if one is too large for int64."""
        if len(self._keys) > len(self._is_here):
            self._grow(2 * len(self._keys))
        known = numbers[numbers != NO_SERIES] if NO_SERIES in numbers else numbers
        if self._keys.grouped:
            known = known[:1]
            if known.size and not self._is_here[known[0]]:
                self._is_here[:] = False
                self._rings[:] = 0
        absent = np.unique(known[~self._is_here[known]])
        if not absent.size:
            return True
        series = self._of.series
        moved = [number for number in absent.tolist() if number in series]
        if not all(map(self._move_in, moved)):
            return False
        self._is_here[absent] = True
        new = np.setdiff1d(absent, moved, assume_unique=True)
        self._cleared[new] = self._of.cleared
        self._broken[new] = self._of.cleared > 0
        return True

    def align(self, ticks: int, places: int) -> int:
        """Scale the rings to a larger number of places, as `RollingSum.align`."""
        if self.largest:
            scale = 10 ** (places - self.places)
            self._rings *= scale
            self._first *= scale
            self._total *= scale
            self.largest *= scale
        self.places = places
        return ticks

    def admit(self, largest: int) -> None:
        """Note that values as far from 0 as this come."""
        self.largest = largest

    def tighten(self) -> None:
        """Recompute how large the values are."""
        self.largest = max(int(np.abs(values).max(initial=0)) for values in (self._rings, self._first))

    def push(self, numbers: Integers, ticks: Integers, missing: Flags | None = None) -> Pushed:
        """Count a row of the key with each of `numbers`, whose close is the tick beside it, at the scale of the rings.

        If closes are `missing`, their ticks are 0; a row of NO_SERIES has none, and empties all windows. The rows have
        been prepared for.
        """
        keys, at, gaps, cleared, count = self._keys, None, None, 0, len(numbers)
        if missing is not None:
            unknown = numbers == NO_SERIES
            gaps = _Gaps(missing, np.cumsum(unknown))
            cleared = int(gaps.cleared[-1])
            if cleared:
                at = np.flatnonzero(~unknown)
                numbers, ticks, gaps = numbers[at], ticks[at], _Gaps(missing[at], gaps.cleared[at])
        order = _order_of(numbers, len(keys))
        if order is not None:
            numbers, ticks = numbers[order], ticks[order]
            gaps = gaps and _Gaps(gaps.missing[order], gaps.cleared[order])
            at = order if at is None else at[order]
        by_row = Pushed(np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_))
        if len(numbers):
            runs = _runs_of(numbers, gaps)
            if keys.grouped:
                runs = self._of_one_ring(runs)
            self._empty_stale(runs.owners[:1] if keys.grouped else runs.owners[runs.lasts])
            pushed = self._push_runs(runs, numbers, ticks, gaps)
            if at is None:
                by_row = pushed
            else:
                by_row.sums[at], by_row.above[at] = pushed.sums, pushed.above
                cast("Flags", by_row.full)[at] = True if pushed.full is None else pushed.full
        self._of.cleared += cleared
        return by_row

    def _push_runs(self, runs: _Runs, numbers: Integers, ticks: Integers, gaps: _Gaps | None) -> Pushed:
        window, lengths = self.window, runs.lengths
        head, filled, total = self._head[runs.owners], self._filled[runs.owners], self._total[runs.owners]
        if runs.fresh is not None:
            for column in (head, filled, total):
                column[runs.fresh] = 0
        if runs.fresh is None and len(ticks) < 2 * window * len(lengths):
            leaves = self._replace(runs, numbers, ticks, head)
        else:
            leaves = self._leave(runs, ticks, head)
            self._store(runs, ticks, head)

        # One cumulative sum over all runs, and for each run what brings it to the total of its key.
        sums = np.subtract(ticks, leaves, out=leaves)
        np.cumsum(sums, out=sums)
        ends = runs.starts + lengths - 1
        at_end = sums[ends]
        total[1:] -= at_end[:-1]
        at_end += total
        sums += np.repeat(total, lengths)
        above = ticks * window > sums
        full = None
        if gaps or int(filled.min()) < window - 1:
            full = np.arange(len(ticks)) >= np.repeat(runs.starts + (window - 1 - filled), lengths)
            if gaps:
                full &= ~gaps.missing
            above &= full
        self._count(runs, above, full)
        if self._of.joins:
            self._note_first(runs, ticks, gaps)

        last = runs.lasts
        owners, ends = runs.owners[last], ends[last]
        self._head[owners] = (head[last] + lengths[last]) % window
        self._filled[owners] = np.minimum(filled[last] + lengths[last], window)
        self._total[owners] = at_end[last]
        if gaps:
            self._cleared[owners] += gaps.cleared[ends]
            self._empty(owners[gaps.missing[ends]])
        if self._keys.grouped:
            self._is_here[runs.owners[0]] = False
            self._is_here[runs.owners[-1]] = True
        return Pushed(sums, above, full)

    def _replace(self, runs: _Runs, numbers: Integers, ticks: Integers, head: Integers) -> Integers:
        """Return what leaves the window with each close, and put that in its place: for short runs, row by row."""
        window, rings = self.window, self._rings.ravel()
        at = np.arange(len(ticks))
        at += np.repeat(head - runs.starts, runs.lengths)
        at = _wrapped(at, window)
        long = runs.lengths > window
        starts, deeper = runs.starts[long], runs.lengths[long] - window
        deep = _ranges(starts + window, deeper)  # these replace closes of this block
        at[deep] = 0
        at += numbers * window
        leaves = rings[at]
        leaves[deep] = ticks[deep - window]
        rings[at] = ticks
        tails = _ranges(starts + deeper, np.full(len(deeper), window))
        turn = (tails - np.repeat(starts - head[long], window)) % window
        rings[numbers[tails] * window + turn] = ticks[tails]
        return leaves

    def _leave(self, runs: _Runs, ticks: Integers, head: Integers) -> Integers:
        """Return what leaves the window with each close: the one `window` places before, or one in the ring."""
        window, firsts = self.window, np.minimum(runs.lengths, self.window)
        rows = _ranges(runs.starts, firsts)
        at = _wrapped(rows - np.repeat(runs.starts - head, firsts), window)
        in_ring = self._rings.ravel()[at + np.repeat(self._rings_of(runs.owners) * window, firsts)]
        if runs.fresh is not None:
            in_ring[np.repeat(runs.fresh, firsts)] = 0
        leaves = np.empty_like(ticks)
        leaves[window:] = ticks[:-window]
        leaves[rows] = in_ring
        return leaves

    def _store(self, runs: _Runs, ticks: Integers, head: Integers) -> None:
        """Put the last closes of the last run of each key into its ring, where the oldest ones were."""
        window, last = self.window, runs.lasts
        owners, starts, lengths = runs.owners[last], runs.starts[last], runs.lengths[last]
        if runs.fresh is not None:
            self._empty(owners[runs.fresh[last]])
        lasts = np.minimum(lengths, window)
        rows = _ranges(starts + lengths - lasts, lasts)
        at = (rows - np.repeat(starts - head[last], lasts)) % window
        self._rings.ravel()[at + np.repeat(self._rings_of(owners) * window, lasts)] = ticks[rows]

    def _count(self, runs: _Runs, above: Flags, full: Flags | None) -> None:
        ends = runs.starts + runs.lengths - 1
        signals = np.diff(np.cumsum(above)[ends], prepend=0)
        fulls = runs.lengths if full is None else np.diff(np.cumsum(full)[ends], prepend=0)
        counts = ((self._rows, runs.lengths), (self._full, fulls), (self._signals, signals))
        for total, counted in counts:
            if runs.last is None:
                total[runs.owners] += counted
            else:
                np.add.at(total, runs.owners, counted)

    def _note_first(self, runs: _Runs, ticks: Integers, gaps: _Gaps | None) -> None:
        """Keep the first closes of each series, up to a missing one: the windows of rows before reach into them."""
        owners, lengths, wanted = runs.owners, runs.lengths, self.window - 1
        is_open = (self._broken[owners] == 0) & (self._kept[owners] < wanted)
        if self._of.cleared:
            is_open[:] = False
        missing = gaps.missing[runs.starts + lengths - 1] if gaps else None
        if runs.fresh is not None:
            is_open &= ~runs.fresh
            self._broken[owners[runs.fresh]] = 1
        if is_open.any():  # one run of a key at most: the later ones are fresh
            opened, kept = owners[is_open], self._kept[owners[is_open]]
            here = lengths[is_open] if missing is None else lengths[is_open] - missing[is_open]
            added = np.minimum(here, wanted - kept)
            self._first.ravel()[_ranges(opened * wanted + kept, added)] = ticks[_ranges(runs.starts[is_open], added)]
            self._kept[opened] += added
        if missing is not None:
            self._broken[owners[missing]] = 1

    def counts(self) -> Iterator[tuple[int, int, int]]:
        """Yield the rows, the full windows and the signals that were pushed here of each key, and of all later ones."""
        return chain(zip(*self._columns[4:7].tolist(), strict=True), repeat((0, 0, 0)))

    def move_out(self, number: int, series: Series) -> None:
        """Move the window of a series, if it is here, into it; there it is empty."""
        if number < len(self._is_here) and self._is_here[number]:
            self.copy_out(number, series)
            self._empty(np.array([number]))
            self._is_here[number] = False

    def copy_out(self, number: int, series: Series) -> None:
        """Copy the window and the first closes of a series, if they are here, into it; there they are empty."""
        if number >= len(self._is_here) or not self._is_here[number]:
            return
        ring = self._rings[0 if self._keys.grouped else number].tolist()
        head, filled = int(self._head[number]), int(self._filled[number])
        begin = (head - filled) % self.window
        series.open().restore((ring[begin:] + ring[:begin])[:filled], self.places)
        series.cleared = int(self._cleared[number])
        if self._of.joins:
            series.head = [(tick, self.places) for tick in self._first[number, : self._kept[number]].tolist()]
            series.broken = bool(self._broken[number])

    def _move_in(self, number: int) -> bool:
        """Move the window of a series here, and its first closes; False if it is too large for int64."""
        series = self._of.series[number]
        mean = series.mean
        self._cleared[number] = series.cleared if mean else self._of.cleared
        self._broken[number] = series.broken
        if mean:
            places = max([mean.places, *(places for _, places in series.head)])
            values = [value * 10 ** (places - mean.places) for value in mean.values()]
            first = [tick * 10 ** (places - of_tick) for tick, of_tick in series.head]
            factor = make_ready([self], max(map(abs, values + first), default=0), places)
            if factor is None:
                return False
            values = [value * factor for value in values]
            self._rings[0 if self._keys.grouped else number, : len(values)] = values
            self._first[number, : len(first)] = [tick * factor for tick in first]
            self._kept[number] = len(first)
            self._head[number] = len(values) % self.window
            self._filled[number] = len(values)
            self._total[number] = sum(values)
        series.mean = None
        self._is_here[number] = True
        return True

    def columns(self) -> WindowColumns | None:
        """Return what was counted of all keys, here or in their series; None if a window is too large for int64.

        All windows are here afterwards.
        """
        of, count = self._of, len(self._keys)
        numbers = np.arange(count)
        if not self.prepare(numbers):
            return None
        counts = self._columns[4:7, :count].copy()
        for number, series in of.series.items():
            counts[:, number] += series.rows, series.full, series.signals
        kept, broken = self._kept[:count], (self._broken[:count] > 0) | (of.cleared > 0)
        filled = np.where(self._cleared[:count] == of.cleared, self._filled[:count], 0)
        last = np.empty((count, int(filled.max(initial=0))), np.int64)
        for part in _slices(count, self.window):
            last[part] = self._oldest_first(numbers[part], last.shape[1])
        last[filled == 0] = 0
        first = self._first[:count, : int(kept.max(initial=0))]
        rows, full, signals = counts
        return WindowColumns(
            self.window, rows, full, signals, first, kept, last, filled, broken, self.places, self.largest
        )

    def add(self, numbers: Integers, columns: WindowColumns, cleared: int, *, shown: bool) -> ArraySeam | None:
        """Count the rows of segments of these keys, which come next; None, with none counted, if one is too large.

        `cleared` is how often all windows were emptied within them. What is across the seam is only `shown` if asked.
        """
        if not self.prepare(numbers) or (factor := make_ready([self], columns.largest, columns.places)) is None:
            return None
        self._empty_stale(numbers)
        count, width = len(numbers) if shown else 0, columns.first.shape[1]
        flags = np.zeros((2, count, width), np.bool_)
        seam = ArraySeam(self.window, self.places, np.zeros((count, width), np.int64), *flags)
        for part in _slices(len(numbers), self.window):
            across = self._add(numbers[part], columns, part, factor)
            if shown:
                seam.sums[part], seam.full[part], seam.is_above[part] = across
        self._cleared[numbers] += cleared  # the last closes of the segments come after the last time
        return seam

    def _add(
        self, numbers: Integers, columns: WindowColumns, part: slice, factor: int
    ) -> tuple[Integers, Flags, Flags]:
        window = self.window
        first, last = times(columns.first[part], factor), times(columns.last[part], factor)
        kept, filled_by, broken = columns.kept[part], columns.filled[part], columns.broken[part]
        before, filled = self._oldest_first(numbers, window), self._filled[numbers]

        # The windows across the seam: those of the first closes, as far as they are full.
        at = np.arange(first.shape[1])
        sums = np.cumsum(first - before[:, : len(at)], axis=1)
        sums += self._total[numbers][:, None]
        without = window - 1 - np.minimum(filled, window - 1)
        full = (at >= without[:, None]) & (at < kept[:, None])
        above = first * window > sums
        above &= full
        self._rows[numbers] += columns.rows[part]
        self._full[numbers] += columns.full[part] + np.maximum(kept - without, 0)
        self._signals[numbers] += columns.signals[part] + np.count_nonzero(above, axis=1)

        # Segments shorter than the window, without a gap, leave the newest closes that were here before them.
        rings, own = np.zeros_like(before), last.shape[1]
        rings[:, window - own :] = last
        (short,) = np.nonzero(~broken & (filled_by < window))
        if short.size:
            stays = np.arange(window) + filled_by[short, None]
            older = np.take_along_axis(before[short], np.minimum(stays, window - 1), axis=1)
            rings[short] += older * (stays < window)
            filled_by = filled_by.copy()
            filled_by[short] = np.minimum(filled_by[short] + filled[short], window)
        self._rings[numbers] = rings
        self._head[numbers], self._filled[numbers], self._total[numbers] = 0, filled_by, rings.sum(axis=1)
        return sums, full, above

    def _oldest_first(self, numbers: Integers, count: int) -> Integers:
        """Return the newest `count` places of the windows of these keys, with zeros before the oldest close."""
        turns = (self._head[numbers][:, None] + np.arange(self.window - count, self.window)) % self.window
        windows: Integers = self._rings[numbers[:, None], turns]
        return windows

    def _empty_stale(self, numbers: Integers) -> None:
        """Empty the windows of these keys that were to be emptied since their last row."""
        stale = numbers[self._cleared[numbers] != self._of.cleared]
        if stale.size:
            self._empty(stale)
            self._cleared[stale] = self._of.cleared

    def _empty(self, numbers: Integers) -> None:
        self._rings[self._rings_of(numbers)] = 0
        self._head[numbers] = self._filled[numbers] = self._total[numbers] = 0

    def _of_one_ring(self, runs: _Runs) -> _Runs:
        """Let only the first key go on with the ring, and only the last one leave its closes in it."""
        first = runs.owners[0]
        self._cleared[runs.owners] = np.where(runs.owners == first, self._cleared[first], self._of.cleared)
        fresh, last = runs.owners != first, np.zeros(len(runs.owners), np.bool_)
        last[-1] = True
        return runs._replace(fresh=fresh if runs.fresh is None else runs.fresh | fresh, last=last)

    def _rings_of(self, numbers: Integers) -> Integers:
        """Return which ring each of these keys has."""
        return np.zeros_like(numbers) if self._keys.grouped else numbers


def _slices(count: int, width: int) -> Iterator[slice]:
    """Yield slices of so many rows, each of whose arrays stays in the processor's cache.

    >>> list(_slices(5, 1 << 16))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max((1 << 17) // max(width, 1), 1)
    for begin in range(0, count, step):
        yield slice(begin, min(begin + step, count))


def _order_of(numbers: Integers, count: int) -> Integers | None:
    """Return the order that brings rows of one key together; None if they are in it.

    NumPy sorts 16 bits in linear time. The larger numbers of many keys are sorted by their low half, and then, keeping
    that order, by their high half.

    >>> _order_of(np.array([70_000, 1, 65_537, 1]), 70_001).tolist()
    [1, 3, 2, 0]
    """
    if (numbers[1:] >= numbers[:-1]).all():
        return None
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    if count > 1 << 16:
        order = order[np.argsort((numbers[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def _runs_of(numbers: Integers, gaps: _Gaps | None) -> _Runs:
    """Cut rows in the order of their keys into runs."""
    is_start = np.empty(len(numbers), np.bool_)
    is_start[0] = True
    np.not_equal(numbers[1:], numbers[:-1], out=is_start[1:])
    if gaps:
        is_start[1:] |= gaps.missing[:-1]
        is_start[1:] |= gaps.cleared[1:] != gaps.cleared[:-1]
    (starts,) = is_start.nonzero()
    owners, lengths = numbers[starts], np.diff(starts, append=len(numbers))
    if not gaps:
        return _Runs(owners, starts, lengths)
    is_new_key = owners[1:] != owners[:-1]
    first, last = np.append(np.True_, is_new_key), np.append(is_new_key, np.True_)
    return _Runs(owners, starts, lengths, ~first | (gaps.cleared[starts] > 0), last)


def _ranges(starts: Integers, lengths: Integers) -> Integers:
    """Return the numbers of ranges of these lengths, one range after another.

    >>> _ranges(np.array([5, 9]), np.array([2, 3])).tolist()
    [5, 6, 9, 10, 11]
    """
    ends = np.cumsum(lengths)
    numbers = np.arange(ends[-1] if len(ends) else 0)
    numbers += np.repeat(starts - ends + lengths, lengths)
    return numbers


def _wrapped(places: Integers, window: int) -> Integers:
    """Return places in a ring, given places before its end or in one more turn."""
    places -= window * (places >= window)
    return places


def _longer(array: AnyArray, length: int) -> AnyArray:
    longer = np.zeros((length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
