"""The times of many rows at once -> what is to be noticed of their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.blocks.columns import fits
from stream_signal.core.observers.time_order import BACKWARDS, REPEATED, are_of_one_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_signal.core.blocks.columns import Cells, Columns
    from stream_signal.core.observers.time_order import TimeOrder


def see_block(time_order: TimeOrder, columns: Columns, position: int, row: int, odd: Mapping[int, list[bytes]]) -> None:
    """Show `time_order` the times of a block: those of `columns` at `position`, and among them those of odd lines.

    `row` is the number of its first row; `odd` maps the number of each odd line in the block, from 0, ascending, to the
    times of the rows in it.
    """
    if not time_order.watches:
        return
    cells = columns.cut(position)
    if cells is None or not all(fits(time) for times in odd.values() for time in times):
        time_order.see(_merged(columns.texts(position), odd), row)
    else:
        see_times(time_order, _inserted(cells, odd), row)


def see_times(time_order: TimeOrder, times: Cells, row: int) -> None:
    """Show the times of the rows from number `row` on to `time_order`, as its `see` would take them.

    >>> from stream_signal.core.observers.time_order import TimeOrder
    >>> time_order = TimeOrder()
    >>> see_times(time_order, np.array([b"60", b"90", b"60", b"60"]), 1)
    >>> time_order.counts, time_order.first["backwards"]
    ({'backwards': 1, 'repeated': 1}, "row 3: '60' after '90'")
    """
    if not len(times) or not are_of_one_form(times.tobytes(), times[0], len(times)):
        time_order.see(times.tolist(), row)
        return
    time_order.see([times[0]], row)
    if not time_order.watches:
        return
    before, after = times[:-1], times[1:]
    if not (after > before).all():
        for kind, found in ((BACKWARDS, after < before), (REPEATED, after == before)):
            (places,) = found.nonzero()
            if places.size:
                first = int(places[0])
                time_order.note(kind, places.size, row + first + 1, before[first], after[first])
    time_order.see_of_one_form(len(times) - 1, bytes(times[-1]))


def _inserted(times: Cells, odd: Mapping[int, list[bytes]]) -> Cells:
    if not any(odd.values()):
        return times
    places = [line - passed for passed, (line, rows) in enumerate(odd.items()) for _ in rows]
    rows = np.array([time for rows in odd.values() for time in rows], np.bytes_)
    return np.insert(times.astype(np.promote_types(times.dtype, rows.dtype)), places, rows)


def _merged(times: list[bytes], odd: Mapping[int, list[bytes]]) -> list[bytes]:
    for passed, (line, rows) in reversed(list(enumerate(odd.items()))):
        times[line - passed : line - passed] = rows
    return times
