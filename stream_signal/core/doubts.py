"""Doubts: what makes an answer doubtful although every row was counted, each in one line.

They are put into words when they are asked for, from what the stream and the timestamps have found: a state keeps the
findings, so the stream that resumes has the doubts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.findings import BACKWARDS, BAD_ROW, EITHER, MISSING_CLOSE, NOT_COMPARED, REPEATED
from stream_signal.core.steps import FIRST_STEPS, NANOSECONDS, are_gaps

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.observers.key_times import KeyTimes
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.stream import SignalStream

SORT = "sort the rows by time"
OLDEST_FIRST = "the file is oldest first: leave out --newest-first, or give --no-newest-first"
NEVER_FULL, NEWEST_FIRST, GAPS = "never_full", "newest_first", "gaps"
# In the order in which they are told.
WORDS = {
    BAD_ROW: "{count} of {of} rows ({share}) could not be read and count without a close; first: {first}",
    NEVER_FULL: "no window was ever full, so no row could signal: a window has {of} rows, {more}",
    NEWEST_FIRST: "newest first: {count} of {of} ({share}) timestamps are earlier than the one before, "
    "so the mean uses future prices; {more}",
    BACKWARDS: "out of order: {count} of {of} ({share}) timestamps are earlier than the one before; first: {first}; "
    "sort the rows, or {more}",
    REPEATED: "the same timestamp twice: {count} of {of} ({share}) {more} the one before it; first: {first}",
    GAPS: "{count} of {of} steps are longer than {more}: a window is a number of rows, not a time",
    NOT_COMPARED: "{count} timestamps could not be compared; first: {first}",
    EITHER: "day and month could be either, and the order of the rows depends on which is first; first: {first}; "
    "write dates as 2024-12-31",
}


class Doubt(NamedTuple):
    """A reason not to trust the answer."""

    kind: str
    text: str
    """one line, for people"""


def doubts_of(
    stream: SignalStream,
    order: TimeOrder | KeyTimes,
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
    repairs, pairs, steps, from_the_end = stream.repairs, order.pairs, order.steps, stream.newest_first
    counts = repairs.counts | order.counts
    first: dict[str, object] = {**{kind: places[0] for kind, places in repairs.first.items()}, **order.first}
    of = {BAD_ROW: stream.rows, BACKWARDS: pairs, REPEATED: pairs}
    more = {
        BACKWARDS: "name the newest file first" if from_the_end else "name the files in the order of time",
        REPEATED: "equals" if counts.get(REPEATED) == 1 else "equal",
    }
    if order.newest_first:
        counts[NEWEST_FIRST], of[NEWEST_FIRST] = counts.pop(BACKWARDS), pairs
        more[NEWEST_FIRST] = OLDEST_FIRST if from_the_end else reversal()
    if stream.rows_with_mean == 0 and not so_far:
        counts[NEVER_FULL], of[NEVER_FULL], more[NEVER_FULL] = 1, stream.window, _why_never_full(stream)
    if steps.usual and are_gaps(steps.longer, steps.count) and not (so_far and steps.count < FIRST_STEPS):
        counts[GAPS], of[GAPS], more[GAPS] = steps.longer, steps.count, seconds(steps.usual) + order.or_else
    return [
        Doubt(
            BACKWARDS if kind == NEWEST_FIRST else kind,
            words.format(
                count=counts[kind],
                of=of.get(kind),
                share=_percent(counts[kind], of.get(kind, 1)),
                first=first.get(kind),
                more=more.get(kind),
            ),
        )
        for kind, words in WORDS.items()
        if counts.get(kind)
    ]


def _why_never_full(stream: SignalStream) -> str:
    rows, counts = stream.rows, stream.repairs.counts
    if stream.keys is not None and stream.longest < stream.window:
        return f"no key of {stream.keys} has more than {stream.longest}"
    if rows < stream.window:
        return f"the data has {rows}"
    return f"{counts.get(BAD_ROW, 0) + counts.get(MISSING_CLOSE, 0)} of {rows} rows have no close"


def seconds(nanoseconds: int) -> str:
    """Write a duration in seconds.

    >>> seconds(60 * 10**9), seconds(10**8)
    ('60 s', '0.1 s')
    """
    whole, part = divmod(nanoseconds, NANOSECONDS)
    return f"{whole}{f'.{part:09}'.rstrip('0') if part else ''} s"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %"
