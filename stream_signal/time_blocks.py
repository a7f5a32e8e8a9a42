"""The times of many rows at once -> what is to be noticed of their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.times import BACKWARDS, REPEATED, are_of_one_form

if TYPE_CHECKING:
    from stream_signal.columns import Cells
    from stream_signal.times import TimeOrder


def see_block(order: TimeOrder, times: Cells, row: int) -> None:
    """Show the times of the rows from number `row` on to `order`, as its `see` would take them.

    >>> from stream_signal.times import TimeOrder
    >>> order = TimeOrder()
    >>> see_block(order, np.array([b"60", b"90", b"60", b"60"]), 1)
    >>> order.counts, order.first["backwards"]
    ({'backwards': 1, 'repeated': 1}, "row 3: '60' after '90'")
    """
    order.see(times[:1].tolist(), row)
    if len(times) < 2:
        return
    if not are_of_one_form(times.tobytes(), times[0], len(times)):
        order.see(times[1:].tolist(), row + 1)
        return
    before, after = times[:-1], times[1:]
    if not (after > before).all():
        for kind, found in ((BACKWARDS, after < before), (REPEATED, after == before)):
            (places,) = found.nonzero()
            if places.size:
                first = int(places[0])
                order.note(kind, places.size, row + first + 1, bytes(before[first]), bytes(after[first]))
    order.see_of_one_form(len(times) - 1, bytes(times[-1]))


def with_odd(times: Cells, odd: dict[int, list[bytes]]) -> Cells:
    """Put between the times of plain lines those of odd ones: `odd` maps the number of each line, from 0, to its rows.

    >>> with_odd(np.array([b"17", b"19"]), {0: [], 2: [b"18x"]}).tolist()
    [b'17', b'18x', b'19']
    """
    if not odd:
        return times
    places = [line - passed for passed, (line, rows) in enumerate(odd.items()) for _ in rows]
    rows = np.array([time for rows in odd.values() for time in rows], np.bytes_)
    return np.insert(times.astype(np.promote_types(times.dtype, rows.dtype)), places, rows)


def merged(times: list[bytes], odd: dict[int, list[bytes]]) -> list[bytes]:
    """Do the same with a list: one long time would have all the others of an array filled up with zeros.

    >>> merged([b"17", b"19"], {0: [], 2: [b"18x"]})
    [b'17', b'18x', b'19']
    """
    whole: list[bytes] = []
    taken = 0
    for passed, (line, rows) in enumerate(odd.items()):
        whole += [*times[taken : line - passed], *rows]
        taken = line - passed
    return whole + times[taken:]
