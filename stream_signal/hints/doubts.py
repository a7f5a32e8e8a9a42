"""Doubts: what makes an answer doubtful although every row was counted, each in one line, and what to type about it.

A note is the lighter kind: it says what was taken, and nothing is wrong with it. It never fails a job, and is no mail.

A state keeps what was found, and words are made of it when they are asked for: a stream that resumes has its doubts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.config import NO_KEY
from stream_signal.core.errors import Hint, Way, shown
from stream_signal.core.findings import (
    BACKWARDS,
    BAD_ROW,
    BLANK_LINE,
    COMMENT_LINE,
    EITHER,
    EMPTY_LINE,
    FOOTER,
    HEADER_LINE,
    MISSING_CLOSE,
    NOT_COMPARED,
    PREAMBLE_LINE,
    REPEATED,
    REPEATED_HEADER,
)
from stream_signal.core.formats import FORMATS
from stream_signal.core.layout.encodings import shown_encoding
from stream_signal.core.layout.headers import surplus_of
from stream_signal.core.layout.layout import UTF_8
from stream_signal.hints.durations import between, lasting
from stream_signal.hints.shell import typed_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.blocks.array_like import Missing
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.pauses import Loss
    from stream_signal.core.stream import SignalStream

    Reversal = Callable[[int | None], Hint]

_LEAVE_OUT = Hint("the file is oldest first, and `newest_first` reads it from its end", (Way(("--no-newest-first",)),))
_SORT = Hint("sort the rows by time")
NEVER_FULL, NEWEST_FIRST, GAP, SYMBOLS = "never_full", "newest_first", "gap", "symbols"
CLOSE_NAME, ENCODING, FORMAT, HEADER_FIT = "close_name", "encoding", "format", "header_fit"
LEFT_OUT, THOUSANDS = "members_left_out", "thousands"
NOTES = frozenset({CLOSE_NAME, ENCODING, FOOTER, HEADER_FIT})
# If one row in so many has no close, that is no rare one without a trade.
FEWEST_WITHOUT_CLOSE = 10
# Of the symbols in one column, so many are named.
SHOWN_SYMBOLS = 3
# Of the members of archives that are no tables.
SHOWN_MEMBERS = 3
# In the order in which they are told.
WORDS = {
    ENCODING: "the header is not UTF-8, and was read as {how}",
    HEADER_FIT: "the header {how}",
    CLOSE_NAME: "column {count}, {first}, is read as the close; {how} says so",
    FORMAT: "read as {first}, no header: close is column {count}; {how} says so",
    BAD_ROW: "{count} of {of} rows ({share}) could not be read and count without a close; first: {first}",
    MISSING_CLOSE: "{count} of {of} rows ({share}) have no close, and no window with one of them has a mean; "
    "first: {first}",
    THOUSANDS: "a point may stand between thousands: the closes go from {first} to {how}; say which it is",
    EMPTY_LINE: "lines of nothing but delimiters or dashes between rows were skipped: {count}; first: {first}",
    COMMENT_LINE: "lines that begin with # between rows were skipped: {count}; first: {first}",
    FOOTER: "last lines without a time and a close were left out, as a footer: {count}; first: {first}",
    NEVER_FULL: "no window was ever full, so no row could signal: a window has {of} rows, {how}",
    SYMBOLS: "{first} {how}, which are counted as one series: times come again or go back in the whole, and only rise "
    "for each of them",
    NEWEST_FIRST: "newest first: {count} of {of} ({share}) timestamps are earlier than the one before, "
    "so the mean uses future prices; {how}",
    BACKWARDS: "out of order: {count} of {of} ({share}) timestamps are earlier than the one before; first: {first}; "
    "sort the rows, or {how}",
    REPEATED: "the same timestamp twice: {count} of {of} ({share}) {how} the one before it; first: {first}",
    GAP: "a gap: {first}, {how}: no such pause comes again, and a window of {of} rows runs across it",
    NOT_COMPARED: "{count} timestamps could not be compared; first: {first}",
    EITHER: "day and month could be either, and the order of the rows depends on which is first; first: {first}; "
    "write dates as 2024-12-31",
}
# What was skipped, which is told at once.
_SKIPPED = (BAD_ROW, EMPTY_LINE, COMMENT_LINE, FOOTER)
# Of rows that do not follow each other, where there is nothing exact to say.
SAMPLED = {
    BACKWARDS: "out of order: at least 1 timestamp is earlier than the one before; seen at {first}; "
    "sort the rows, or {how}",
    REPEATED: "the same timestamp twice: at least once; seen at {first}",
    GAP: "a gap: seen at {first}, {how}: no such pause comes again, and a window of {of} rows runs across it",
    NOT_COMPARED: "at least 1 timestamp could not be compared; seen at {first}",
}


class Doubt(NamedTuple):
    """A reason not to trust the answer; or a note, which only says how the data was taken."""

    kind: str
    text: str
    """one line, for people"""
    hint: Hint = Hint("")
    """what to type, if that is known, without words, which are in the text"""
    is_note: bool = False


class Fact(NamedTuple):
    """What a doubt says, in numbers: so many of so many, the first place, and how it came or what to do about it."""

    number: int
    of: int = 0
    first: object = None
    how: str = ""
    hint: Hint = Hint("")
    is_sampled: bool = False
    """whether it was seen among rows that do not follow each other"""
    is_note: bool = False
    """whether there is nothing wrong with it in such rows"""


def doubts_of(
    stream: SignalStream,
    order: TimeOrder,
    reversal: Reversal = lambda _: _SORT,
    *,
    so_far: bool = False,
) -> list[Doubt]:
    r"""List the doubts and the notes about a stream whose timestamps `order` has seen.

    `reversal` says how its inputs can be read in order of time, should they be newest first; it is given the number of
    lines above the rows, None if that is unknown. `so_far` leaves out the doubts that more rows may remove.

    >>> from stream_signal import Config, SignalStream, TimeOrder
    >>> order = TimeOrder()
    >>> stream = SignalStream(Config(window=2), [order])
    >>> stream.feed(b"time,close\n60,1\n60,2\n")
    >>> [doubt.text for doubt in doubts_of(stream, order)]
    ["the same timestamp twice: 1 of 1 (100 %) equals the one before it; first: row 2: '60' after '60'"]
    """
    repairs = stream.repairs
    facts = {kind: Fact(repairs.counts[kind], stream.rows) for kind in _SKIPPED if kind in repairs.counts}
    if not so_far:
        if stream.rows_with_mean == 0:
            facts[NEVER_FULL] = Fact(1, stream.window, how=_why_never_full(stream))
        elif are_many_missing(missing := repairs.counts.get(MISSING_CLOSE, 0), stream.rows):
            facts[MISSING_CLOSE] = Fact(missing, stream.rows)
    name, layout = stream.other_close, stream.header
    facts = {kind: fact._replace(first=next(iter(repairs.first.get(kind, [])), None)) for kind, fact in facts.items()}

    if name is not None and layout is not None:
        facts[CLOSE_NAME] = Fact(layout.position + 1, 1, shown(name), typed_all(("--column", name)))
    if layout is not None and layout.encoding != UTF_8:
        facts[ENCODING] = Fact(1, how=shown_encoding(layout.encoding))
    if layout is not None and (surplus := surplus_of(layout)):
        facts[HEADER_FIT] = Fact(1, how=_SPARE_NAME if surplus > 0 else _nameless(layout))

    def sorting() -> Hint:
        return _LEAVE_OUT if stream.newest_first else reversal(head_lines(stream))

    if layout is not None and layout.format is not None:
        facts[FORMAT] = fact_of_format(layout, layout.format)

    of_symbols = fact_of_symbols(order, stream.header) if stream.may_mix_symbols else None
    if of_symbols:
        return in_words(facts | {SYMBOLS: of_symbols})
    times = facts_of_times(order, stream.window, sorting, newest_first=stream.newest_first, so_far=so_far)
    if REPEATED in times and layout is not None:
        from stream_signal.core.layout.roles import may_have_candles

        times[REPEATED] = times[REPEATED]._replace(is_note=not may_have_candles(layout))
    return in_words(_read_once(facts | times))


def doubt_of_thousands(crossing: tuple[str, str]) -> Doubt:
    """Return the doubt about two closes that follow each other, of which one has a point.

    >>> doubt_of_thousands(("998", "1.000")).text
    "a point may stand between thousands: the closes go from '998' to '1.000'; say which it is"
    """
    ways = Way(("--thousands", ".", "--decimal", ",")), Way(("--decimal", "."))
    return in_words({THOUSANDS: Fact(1, 1, shown(crossing[0]), shown(crossing[1]), Hint("", ways))})[0]


def doubts_of_array(rows: int, window: int, missing: Missing, order: TimeOrder) -> list[Doubt]:
    """List the doubts about closes in memory, of which some are missing, and about the times of their rows.

    >>> from stream_signal import TimeOrder
    >>> from stream_signal.core.blocks.array_like import Missing
    >>> [doubt.text for doubt in doubts_of_array(3, 5, Missing(0, 0, 3), TimeOrder())]
    ['no window was ever full, so no row could signal: a window has 5 rows, the data has 3']
    """
    facts = {}
    if rows and missing.longest_run < window:
        how = f"{missing.number} of {rows} rows have no close" if rows >= window else f"the data has {rows}"
        facts[NEVER_FULL] = Fact(1, window, how=how)
    elif are_many_missing(missing.number, rows):
        facts[MISSING_CLOSE] = Fact(missing.number, rows, f"row {missing.first + 1}")
    return in_words(facts | facts_of_times(order, window, lambda: _SORT))


def facts_of_times(
    order: TimeOrder, window: int, reversal: Callable[[], Hint], *, newest_first: bool = False, so_far: bool = False
) -> dict[str, Fact]:
    """Return what the timestamps show to a window; `newest_first` says that the rows were read from their end."""
    pairs, counts, sampled = order.pairs, order.counts, order.sampled
    facts = {kind: Fact(1, 1, first, is_sampled=True) for kind, first in sampled.items() if kind not in counts}
    facts |= {kind: Fact(count, pairs, order.first[kind]) for kind, count in counts.items()}
    if order.newest_first:
        hint = reversal()
        facts[NEWEST_FIRST] = facts.pop(BACKWARDS)._replace(how=hint.words, hint=hint._replace(words=""))
    elif BACKWARDS in facts:
        files = "name the newest file first" if newest_first else "name the files in the order of time"
        facts[BACKWARDS] = facts[BACKWARDS]._replace(how=files)
    if REPEATED in facts:
        facts[REPEATED] = facts[REPEATED]._replace(how="equals" if facts[REPEATED].number == 1 else "equal")
    if not so_far and (gap := order.gap(window)):
        facts[GAP] = Fact(1, window, _where(*gap), _what_is_missing(gap[1]), is_sampled=gap[1].is_sampled)
    return facts


def fact_of_symbols(order: TimeOrder, header: Layout | None) -> Fact | None:
    """Return which columns tell symbols, if some do: what else times show, they may not show within each of them."""
    telling = order.symbols
    if not telling or not header:
        return None
    names = [header.names[at] if header.names else str(at + 1) for at in telling]
    columns = f"column{'s' * (len(names) > 1)} {' and '.join(shown(name) if header.names else name for name in names)}"
    values = next(iter(telling.values()))
    listed = ", ".join(map(shown, values[:SHOWN_SYMBOLS])) + ", ..." * (len(values) > SHOWN_SYMBOLS)
    verb = "tell" if len(names) > 1 else "tells"
    hint = Hint("", (Way(("--key", names[0])), Way(("--key", NO_KEY))))
    return Fact(len(values), 0, columns, f"{verb} {len(values)} symbols apart ({listed})", hint)


def fact_of_format(layout: Layout, name: str) -> Fact:
    """Return by which known format rows without a header are read, and what says so."""
    known = FORMATS[name]
    flags = ("--format", name, *(["--no-newest-first"] if known.newest_first else []))
    how = typed_all(flags[:2])
    return Fact(layout.position + 1, 1, known.words_of(layout.width), how, Hint("", (Way(flags),)))


def _read_once(facts: dict[str, Fact]) -> dict[str, Fact]:
    """Have one command say the format of rows that are newest first, and how they are read in order of time."""
    if FORMAT not in facts or NEWEST_FIRST not in facts or not facts[NEWEST_FIRST].hint.ways:
        return facts
    hint, named = facts[NEWEST_FIRST].hint, facts[FORMAT].hint.ways[0].flags
    brings = len(named) > 2  # that the rows are newest first
    ways = (
        way._replace(flags=named if not way.flags else (*named[:2], *(() if brings else way.flags)))
        for way in hint.ways
    )
    alone = facts[NEWEST_FIRST]._replace(hint=Hint(""))
    return facts | {FORMAT: facts[FORMAT]._replace(hint=hint._replace(ways=tuple(ways))), NEWEST_FIRST: alone}


def are_many_missing(missing: int, rows: int) -> bool:
    """Whether so many rows have no close that the means are those of the rest."""
    return missing * FEWEST_WITHOUT_CLOSE > rows


def in_words(facts: dict[str, Fact]) -> list[Doubt]:
    """Make a doubt of each fact, in their order."""
    doubts = []
    for kind, words in WORDS.items():
        if kind in facts:
            count, of, first, how, hint, is_sampled, is_note = facts[kind]
            text = (SAMPLED[kind] if is_sampled else words).format(
                count=count, of=of, share=f"{100 * count / (of or 1):.3g} %", first=first, how=how
            )
            doubts.append(Doubt(BACKWARDS if kind == NEWEST_FIRST else kind, text, hint, is_note or kind in NOTES))
    return doubts


_SPARE_NAME = "ends with a delimiter that the rows do not have, and the empty name behind it is left out"


def _nameless(layout: Layout) -> str:
    return f"has a name too few, and column {layout.names.index('') + 1} is read as the one without a name"


def head_lines(stream: SignalStream) -> int | None:
    """Return how many lines are above the rows of an input; None if others may be among them."""
    counts, header = stream.repairs.counts, stream.header
    if BLANK_LINE in counts or {HEADER_LINE, REPEATED_HEADER} <= counts.keys():
        return None
    return counts.get(PREAMBLE_LINE, 0) + counts.get(HEADER_LINE, 0) + bool(header and header.line)


def _why_never_full(stream: SignalStream) -> str:
    rows, counts = stream.rows, stream.repairs.counts
    if stream.keys is not None and stream.longest < stream.window:
        return f"no key of {stream.keys} has more than {stream.longest}"
    if rows < stream.window:
        return f"the data has {rows}"
    return f"{counts.get(BAD_ROW, 0) + counts.get(MISSING_CLOSE, 0)} of {rows} rows have no close"


def _where(key: bytes, loss: Loss) -> str:
    """Say between which rows a gap is."""
    gap = loss.gap
    return f"{f'{shown(key)}, ' if key else ''}row {gap.row}: {between(gap.start, gap.end)}"


def _what_is_missing(loss: Loss) -> str:
    rows = f"about {loss.rows} more rows" if loss.is_sampled else f"{loss.rows} rows"
    return f"{lasting(loss.gap.length)}, in which {rows} are usual"
