"""Doubts: what makes an answer doubtful although every row was counted, each in one line.

A doubt is kept in the state of a stream, as its counts are: the stream that resumes has it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.repairs import BAD_ROW, MISSING_CLOSE
from stream_signal.core.steps import BACKWARDS, EITHER, FIRST_STEPS, NANOSECONDS, NOT_COMPARED, REPEATED, are_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.stream import SignalStream

SORT = "sort the rows by time"
NEVER_FULL, GAPS = "never_full", "gaps"


class Doubt(NamedTuple):
    """A reason not to trust the answer."""

    kind: str
    text: str
    """one line, for people"""


def doubts_of(
    stream: SignalStream,
    order: TimeOrder,
    reversal: Callable[[], str] = lambda: SORT,
    *,
    so_far: bool = False,
) -> list[Doubt]:
    r"""List the doubts about a stream whose timestamps `order` has seen.

    `reversal` says how its inputs can be read in order of time, should they be newest first. `so_far` leaves out the
    doubts that more rows may remove.

    >>> from stream_signal import Config, SignalStream, TimeOrder
    >>> order = TimeOrder()
    >>> stream = SignalStream(Config(window=2), [order])
    >>> stream.feed(b"time,close\n60,1\n60,2\n")
    >>> [doubt.text for doubt in doubts_of(stream, order)]
    ["the same timestamp twice: 1 of 1 (100 %) equals the one before it; first: row 2: '60' after '60'"]
    """
    if stream.newest_first:

        def reversal() -> str:
            return "the file is oldest first: leave out --newest-first, or give --no-newest-first"

    times = _of_times(order, reversal, so_far=so_far, from_the_end=stream.newest_first)
    found = [*_of_rows(stream, so_far=so_far), *times]
    return [*found, *(Doubt(kind, text) for kind, text in stream.doubts.items())]


def _of_rows(stream: SignalStream, *, so_far: bool) -> Iterator[Doubt]:
    rows, repairs = stream.rows, stream.repairs
    bad, missing = (repairs.counts.get(kind, 0) for kind in (BAD_ROW, MISSING_CLOSE))
    if bad:
        where = f"first: {repairs.first[BAD_ROW][0]}"
        text = f"{bad} of {rows} rows ({_percent(bad, rows)}) could not be read and count without a close; {where}"
        yield Doubt(BAD_ROW, text)
    if stream.rows_with_mean == 0 and not so_far:
        why = f"the data has {rows}" if rows < stream.window else f"{bad + missing} of {rows} rows have no close"
        if stream.keys is not None and stream.longest < stream.window:
            why = f"no key of {stream.keys} has more than {stream.longest}"
        yield Doubt(
            NEVER_FULL, f"no window was ever full, so no row could signal: a window has {stream.window} rows, {why}"
        )


def _of_times(order: TimeOrder, reversal: Callable[[], str], *, so_far: bool, from_the_end: bool) -> Iterator[Doubt]:
    pairs, counts, first = order.pairs, order.counts, order.first
    # Of rows that do not follow each other, only those of which there is nothing exact to say.
    sampled = {kind: step for kind, step in order.sampled.items() if kind not in counts}

    def share(kind: str) -> str:
        return f"{counts[kind]} of {pairs} ({_percent(counts[kind], pairs)})"

    if order.newest_first:
        how = f"{share(BACKWARDS)} timestamps are earlier than the one before, so the mean uses future prices"
        yield Doubt(BACKWARDS, f"newest first: {how}; {reversal()}")
    elif BACKWARDS in counts or BACKWARDS in sampled:
        if BACKWARDS in counts:
            how = f"{share(BACKWARDS)} timestamps are earlier than the one before; first: {first[BACKWARDS]}"
        else:
            how = f"at least 1 timestamp is earlier than the one before; seen at {sampled[BACKWARDS]}"
        files = "name the newest file first" if from_the_end else "name the files in the order of time"
        yield Doubt(BACKWARDS, f"out of order: {how}; sort the rows, or {files}")
    if counts.get(REPEATED):
        verb = "equals" if counts[REPEATED] == 1 else "equal"
        text = f"the same timestamp twice: {share(REPEATED)} {verb} the one before it; first: {first[REPEATED]}"
        yield Doubt(REPEATED, text)
    elif REPEATED in sampled:
        yield Doubt(REPEATED, f"the same timestamp twice: at least once; seen at {sampled[REPEATED]}")
    steps = order.steps
    if steps.usual and are_gaps(steps.longer, steps.count) and not (so_far and steps.count < FIRST_STEPS):
        longer = f"{steps.longer} of {steps.count} steps are longer than {seconds(steps.usual)}{order.or_else}"
        yield Doubt(GAPS, f"{longer}: a window is a number of rows, not a time")
    if counts.get(NOT_COMPARED):
        text = f"{counts[NOT_COMPARED]} timestamps could not be compared; first: {first[NOT_COMPARED]}"
        yield Doubt(NOT_COMPARED, text)
    elif NOT_COMPARED in sampled:
        text = f"at least 1 timestamp could not be compared; seen at {sampled[NOT_COMPARED]}"
        yield Doubt(NOT_COMPARED, text)
    if counts.get(EITHER):
        what = "day and month could be either, and the order of the rows depends on which is first"
        yield Doubt(EITHER, f"{what}; first: {first[EITHER]}; write dates as 2024-12-31")


def seconds(nanoseconds: int) -> str:
    """Write a duration in seconds.

    >>> seconds(60 * 10**9), seconds(10**8)
    ('60 s', '0.1 s')
    """
    whole, part = divmod(nanoseconds, NANOSECONDS)
    return f"{whole}{f'.{part:09}'.rstrip('0') if part else ''} s"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %"
