"""Rows as arrays -> the counts of their series, and what each window shows of them.

Rows of one series are pushed into its window (`core.blocks.rolling`), rows of several into the rings of all
(`core.blocks.rings`). The sums have to fit into int64, for every window; otherwise nothing is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stream_signal.core.blocks.rings import Rings
from stream_signal.core.blocks.rolling import has_mean, make_ready, push_scaled
from stream_signal.core.rows import NO_SERIES, Means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.rings import Signals
    from stream_signal.core.blocks.rolling import Flags, Integers
    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.series.window import WindowSeries


def push_arrays(windows: Sequence[WindowSeries], rows: ArrayRows, *, shown: bool) -> list[Means] | None:
    """Count rows, and return for each window what it shows, if that is wanted; None if they have to come as lists."""
    series: Any = rows.series
    if isinstance(series, int):
        return _push_one_series(windows, rows, series, shown=shown)
    if not len(rows):
        return []
    number = int(series[0])
    if number != NO_SERIES and (series == number).all():
        return _push_one_series(windows, rows, number, shown=shown)
    return _push_many_series(windows, rows, series, shown=shown)


def _push_one_series(
    windows: Sequence[WindowSeries], rows: ArrayRows, number: int, *, shown: bool
) -> list[Means] | None:
    all_series = [window.ready(number) for window in windows]
    factor = make_ready([series.open() for series in all_series], rows.largest, rows.places)
    if factor is None:
        return None
    ticks = rows.ticks if factor == 1 or not rows.largest else rows.ticks * factor
    means = []
    for series in all_series:
        if series.joins:
            first = rows.ticks[: min([*rows.missing[:1], series.window])].tolist()
            series.note_first([(tick, rows.places) for tick in first])
        pushed = push_scaled(series.open(), ticks, rows.missing)
        series.rows += len(rows)
        runs, filling = np.diff(rows.missing, prepend=-1 - pushed.held, append=len(rows)) - 1, series.window - 1
        series.without += len(rows) - int(np.maximum(runs - filling, 0).sum()) + (pushed.held > filling)
        series.signals += int(np.count_nonzero(pushed.above))
        if rows.missing:
            series.broken = True
        if shown:
            full = has_mean(pushed, series.window)
            means.append(Means(series.window, pushed.above, pushed.sums, full, series.open().places))
    return means


def _push_many_series(
    windows: Sequence[WindowSeries], rows: ArrayRows, numbers: Integers, *, shown: bool
) -> list[Means] | None:
    rings = [_rings_of(window) for window in windows]
    if not all(each.prepare(numbers, rows.largest, rows.places) for each in rings):
        return None
    missing = _flags(rows.missing, len(rows))
    means = []
    for each in rings:
        signals = each.push(numbers, rows.ticks, rows.places, missing)
        if shown:
            means.append(Means(each.window, *_by_row(signals, len(rows)), each.places))
    return means


def _rings_of(window: WindowSeries) -> Rings:
    if not isinstance(window.rings, Rings):
        window.rings = Rings(window)
    return window.rings


def _flags(positions: list[int], count: int) -> Flags | None:
    if not positions:
        return None
    flags = np.zeros(count, np.bool_)
    flags[positions] = True
    return flags


def _by_row(signals: Signals, count: int) -> tuple[Flags, Integers, Flags]:
    """Bring what was pushed in the order of the keys into that of the rows: signals, sums, which windows are full."""
    at = signals.positions
    sums, above, full = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    sums[at], above[at] = signals.sums, signals.above
    full[at] = True if signals.full is None else signals.full
    return above, sums, full
