"""Doubts: what makes an answer doubtful although every row was counted, each in one line, and what to type about it.

A state keeps what was found, and words are made of it when they are asked for: a stream that resumes has its doubts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import Hint, Way
from stream_signal.core.findings import (
    BACKWARDS,
    BAD_ROW,
    BLANK_LINE,
    EITHER,
    MISSING_CLOSE,
    NOT_COMPARED,
    PREAMBLE_LINE,
    REPEATED,
)
from stream_signal.core.steps import FIRST_STEPS, NANOSECONDS, are_gaps

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.stream import SignalStream

_LEAVE_OUT = Hint(
    "the file is oldest first: leave out --newest-first, or give --no-newest-first", (Way(("--no-newest-first",)),)
)
_SORT = Hint("sort the rows by time")
NEVER_FULL, NEWEST_FIRST, GAPS = "never_full", "newest_first", "gaps"
# In the order in which they are told.
WORDS = {
    BAD_ROW: "{count} of {of} rows ({share}) could not be read and count without a close; first: {first}",
    NEVER_FULL: "no window was ever full, so no row could signal: a window has {of} rows, {how}",
    NEWEST_FIRST: "newest first: {count} of {of} ({share}) timestamps are earlier than the one before, "
    "so the mean uses future prices; {how}",
    BACKWARDS: "out of order: {count} of {of} ({share}) timestamps are earlier than the one before; first: {first}; "
    "sort the rows, or {how}",
    REPEATED: "the same timestamp twice: {count} of {of} ({share}) {how} the one before it; first: {first}",
    GAPS: "{count} of {of} steps are longer than {how}: a window is a number of rows, not a time",
    NOT_COMPARED: "{count} timestamps could not be compared; first: {first}",
    EITHER: "day and month could be either, and the order of the rows depends on which is first; first: {first}; "
    "write dates as 2024-12-31",
}
# Of rows that do not follow each other, where there is nothing exact to say.
SAMPLED = {
    BACKWARDS: "out of order: at least 1 timestamp is earlier than the one before; seen at {first}; "
    "sort the rows, or {how}",
    REPEATED: "the same timestamp twice: at least once; seen at {first}",
    NOT_COMPARED: "at least 1 timestamp could not be compared; seen at {first}",
}


class Doubt(NamedTuple):
    """A reason not to trust the answer."""

    kind: str
    text: str
    """one line, for people"""
    hint: Hint = Hint("")
    """what to type, if that is known, without words, which are in the text"""


def doubts_of(
    stream: SignalStream,
    order: TimeOrder,
    reversal: Callable[[int | None], Hint] = lambda _: _SORT,
    *,
    so_far: bool = False,
) -> list[Doubt]:
    r"""List the doubts about a stream whose timestamps `order` has seen.

    `reversal` says how its inputs can be read in order of time, should they be newest first; it is given the number of
    lines above the rows, None if that is unknown. `so_far` leaves out the doubts that more rows may remove.

    >>> from stream_signal import Config, SignalStream, TimeOrder
    >>> order = TimeOrder()
    >>> stream = SignalStream(Config(window=2), [order])
    >>> stream.feed(b"time,close\n60,1\n60,2\n")
    >>> [doubt.text for doubt in doubts_of(stream, order)]
    ["the same timestamp twice: 1 of 1 (100 %) equals the one before it; first: row 2: '60' after '60'"]
    """
    repairs, pairs, steps = stream.repairs, order.pairs, order.steps
    counts = repairs.counts | order.counts
    first: dict[str, object] = {kind: places[0] for kind, places in repairs.first.items()}
    first |= order.sampled | order.first
    sampled = order.sampled.keys() - order.counts.keys()
    counts |= dict.fromkeys(sampled, 1)
    files = "name the newest file first" if stream.newest_first else "name the files in the order of time"
    equal = "equals" if counts.get(REPEATED) == 1 else "equal"
    more = {BAD_ROW: (stream.rows, ""), BACKWARDS: (pairs, files), REPEATED: (pairs, equal)}
    hints: dict[str, Hint] = {}
    if order.newest_first:
        counts[NEWEST_FIRST] = counts.pop(BACKWARDS)
        hint = hints[NEWEST_FIRST] = _LEAVE_OUT if stream.newest_first else reversal(_head_lines(stream))
        more[NEWEST_FIRST] = pairs, hint.words
    if stream.rows_with_mean == 0 and not so_far:
        counts[NEVER_FULL], more[NEVER_FULL] = 1, (stream.window, _why_never_full(stream))
    if steps.usual and are_gaps(steps.longer, steps.count) and not (so_far and steps.count < FIRST_STEPS):
        counts[GAPS], more[GAPS] = steps.longer, (steps.count, seconds(steps.usual) + order.or_else)
    doubts = []
    for kind, words in WORDS.items():
        if count := counts.get(kind):
            of, how = more.get(kind, (count, ""))
            text = (SAMPLED[kind] if kind in sampled else words).format(
                count=count, of=of, share=f"{100 * count / (of or 1):.3g} %", first=first.get(kind), how=how
            )
            doubts.append(
                Doubt(BACKWARDS if kind == NEWEST_FIRST else kind, text, hints.get(kind, Hint(""))._replace(words=""))
            )
    return doubts


def _head_lines(stream: SignalStream) -> int | None:
    """Return how many lines are above the rows of an input; None if blank ones may be among them."""
    counts, header = stream.repairs.counts, stream.header
    if BLANK_LINE in counts:
        return None
    return counts.get(PREAMBLE_LINE, 0) + bool(header and header.line)


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
