"""Doubts: what makes an answer doubtful, said on stderr and in the log, or made an error; in Python, warnings.

Notes, which only say how the data was taken, are said on a terminal alone, and are never errors. A job without a doubt
imports nothing for it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from stream_signal.core.errors import DoubtWarning
from stream_signal.core.findings import BACKWARDS, BAD_ROW, COMMENT_LINE, EMPTY_LINE, FOOTER, MISSING_CLOSE, REPEATED
from stream_signal.core.layout.headers import surplus_of
from stream_signal.core.layout.layout import UTF_8
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.observers.thousands import Thousands
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.observers.time_sequence import time_of
from stream_signal.core.urls import is_url, shown_path
from stream_signal.inputs.events import TRUNCATED
from stream_signal.outputs.parts import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.errors import DoubtError, Hint
    from stream_signal.core.observe import Observer
    from stream_signal.core.stream import SignalStream
    from stream_signal.hints.doubts import Doubt, Reversal
    from stream_signal.outputs.parts import Job

# Of more inputs, the times of the first ones are compared.
_MOST_SPANS = 1000
# What is said of lines that were skipped, or that count without a close.
_TOLD = {BAD_ROW, EMPTY_LINE, COMMENT_LINE, FOOTER, MISSING_CLOSE}


def wanted(job: Job) -> Iterator[Sink]:
    """Yield what each job has."""
    yield Doubts(job)


class Doubts(Sink):
    """Says each doubt and each note about the stream of a job once: in the log, and as the order has it on stderr.

    `times` sees the timestamps: those of all rows, if the job is one that takes its time for each row.
    """

    def __init__(self, job: Job) -> None:
        order = job.order
        self._job = job
        sees_all = order.logs or bool(order.signals) or order.strict or job.config.is_ranged
        self.times = TimeOrder(job.config.time_column, rows=None if sees_all else FIRST_ROWS)
        self.observers: list[Observer] = [self.times]
        self.thousands = None if "decimal" in order.settings else thousands_of(job.config)
        if self.thousands:
            self.observers.append(self.thousands)
        self._said: set[str] = set()
        self._name = ""
        # Where nobody has said whether they are of one symbol.
        several = len(order.inputs) > 1 or any(name == "-" or is_url(name) for name in order.inputs)
        self._names = dict.fromkeys(order.inputs) if several and job.config.key is None else None
        self._spans: list[tuple[str, int, int]] = []  # names, first and last times

    def begin(self, name: str) -> None:
        """Remember the name of an input, perhaps of a member of an archive."""
        self._name = name
        if self._names is not None:
            self._names[name] = None

    def take(self, size: int, tail: bytes) -> None:  # noqa: ARG002 - they are counted by now
        """Say what was noticed in a followed file: it may not end for weeks."""
        if self._job.order.follow:
            self._say(self.current(so_far=True))

    def end(self, rotated: str | None) -> None:
        """Note the times of the input; warn if a followed file was truncated: what came right before cannot be read."""
        if self._names is not None and len(self._spans) < _MOST_SPANS:
            first, last = map(time_of, self.times.ends_of_input)
            if first is not None and last is not None:
                self._spans.append((self._name, first, last))
        if rotated != TRUNCATED:
            return
        self._job.log.warning("truncated", input=self._name)
        if not self._job.order.is_quiet:
            from stream_signal.outputs.stderr import say

            say(
                f"{shown_path(self._name)} was truncated: rows that were written just before that may be lost; "
                "rotate by renaming the file instead"
            )

    def current(self, *, so_far: bool = False) -> list[Doubt]:
        """Return all doubts and notes; `so_far` leaves out those that more rows may remove."""
        stream = self._job.stream
        members = [_of_members(left_out)] if (left_out := self._job.left_out) else []
        if not so_far and not stream.symbols and (apart := self._files_apart()):
            of_times = {BACKWARDS, REPEATED}  # within each of them, there may be none
            doubts = doubts_in(stream, self.times, self._reversal, self.thousands)
            return [*members, *(doubt for doubt in doubts if doubt.kind not in of_times), _of_files(apart)]
        return [*members, *doubts_in(stream, self.times, self._reversal, self.thousands, so_far=so_far)]

    def _files_apart(self) -> tuple[str, str, str] | None:
        """Return two inputs that seem to have two symbols, and the pattern of their names."""
        if not self._names or len(self._names) < 2:
            return None
        from stream_signal.core.names import look_alike, overlapping

        return look_alike(self._names) or overlapping(self._spans)

    def _reversal(self, head_lines: int | None) -> Hint:
        from stream_signal.job.sources import reversal_of

        return reversal_of(self._job.order, head_lines)

    def refuse(self) -> None:
        """Raise DoubtError if there is any doubt."""
        doubts = self.current()
        if any(not doubt.is_note for doubt in doubts):
            self._record(doubts)
            raise refusal_of(doubts)

    def say(self) -> None:
        """Say what was not said yet."""
        self._say(self.current())

    def texts(self, *, notes: bool, so_far: bool) -> list[str]:
        """Return the texts of all doubts, or those of all notes."""
        return [doubt.text for doubt in self.current(so_far=so_far) if doubt.is_note == notes]

    def _say(self, doubts: list[Doubt]) -> None:
        order = self._job.order
        for doubt in self._record(doubts):
            if not order.is_quiet and (order.tells_notes or not doubt.is_note):
                from stream_signal.outputs.stderr import say

                say(doubt.text, *(order.lines_of(doubt.hint) if order.lines_of else ()))

    def _record(self, doubts: list[Doubt]) -> list[Doubt]:
        """Log what was not said yet, and return it."""
        new = [doubt for doubt in doubts if doubt.kind not in self._said]
        log = self._job.log
        for doubt in new:
            self._said.add(doubt.kind)
            if doubt.is_note:
                log.info("note", kind=doubt.kind, text=doubt.text)
            else:
                log.warning("doubt", kind=doubt.kind, text=doubt.text)
        return new


def thousands_of(config: Config) -> Thousands | None:
    """Return what looks for points between thousands, if a point is the decimal mark and there is one series."""
    return Thousands() if config.decimal == "." and not config.thousands and config.key is None else None


def doubts_in(
    stream: SignalStream,
    times: TimeOrder,
    reversal: Reversal,
    thousands: Thousands | None = None,
    *,
    so_far: bool = False,
) -> list[Doubt]:
    """Return what `hints.doubts.doubts_of` finds; nothing is loaded where it would find nothing."""
    crossing = thousands.crossing if thousands and not so_far else None
    is_full = stream.rows_with_mean != 0 or so_far
    layout = stream.header
    is_as_written = layout is None or (layout.encoding == UTF_8 and layout.format is None and not surplus_of(layout))
    is_plain = is_as_written and stream.other_close is None and not stream.repairs.counts.keys() & _TOLD
    if is_full and is_plain and not crossing and times.is_in_order and (so_far or not times.gap(stream.window)):
        return []
    from stream_signal.hints.doubts import doubt_of_thousands, doubts_of

    of_points = [doubt_of_thousands(crossing)] if crossing else []
    return of_points + doubts_of(stream, times, reversal, so_far=so_far)


def refusal_of(doubts: Iterable[Doubt]) -> DoubtError:
    """Make one error of all doubts, with the hint of the first that has something to type."""
    from stream_signal.core.errors import DoubtError

    doubts = [doubt for doubt in doubts if not doubt.is_note]
    hint = next((doubt.hint for doubt in doubts if doubt.hint.ways), None)
    return DoubtError("; ".join(doubt.text for doubt in doubts)).with_hint(hint)


def warn(doubts: Iterable[Doubt], *, strict: bool) -> tuple[str, ...]:
    """Warn whoever called the caller of each doubt, and return their texts; raise DoubtError if it is `strict`.

    What a command line would be told to type is said as settings.
    """
    doubts = [_for_python(doubt) for doubt in doubts if not doubt.is_note]
    if doubts and strict:
        raise refusal_of(doubts)
    for doubt in doubts:
        warnings.warn(doubt.text, DoubtWarning, stacklevel=3)
    return tuple(doubt.text for doubt in doubts)


def _of_members(left_out: list[str]) -> Doubt:
    """Return a note about members of archives that are no tables."""
    from stream_signal.core.errors import shown
    from stream_signal.hints.doubts import LEFT_OUT, SHOWN_MEMBERS, Doubt

    listed = ", ".join(map(shown, left_out[:SHOWN_MEMBERS]))
    others = f" and {len(left_out) - SHOWN_MEMBERS} more" * (len(left_out) > SHOWN_MEMBERS)
    verb = "is no table and was" if len(left_out) == 1 else "are no tables and were"
    return Doubt(LEFT_OUT, f"{listed}{others} {verb} left out", is_note=True)


def _for_python(doubt: Doubt) -> Doubt:
    from stream_signal.core.config import settings_of

    ways = [settings_of(way.flags) for way in doubt.hint.ways if way.flags]
    texts = [", ".join(f"{name}={value!r}" for name, value in settings.items()) for settings in ways]
    return doubt._replace(text=f"{doubt.text}; set {' or '.join(texts)}") if texts else doubt


def _of_files(files: tuple[str, str, str]) -> Doubt:
    """Return a doubt about two inputs that seem to have two symbols, and the pattern of their names."""
    from stream_signal.core.errors import Hint, Way, shown
    from stream_signal.hints.doubts import SYMBOLS, Doubt
    from stream_signal.hints.shell import typed_all

    one, other, pattern = files
    what = f"{shown(one)} and {shown(other)} seem to have two symbols, and are counted as one series"
    by_name = "--key", "@file", "--key-pattern", pattern
    how = f"{typed_all(by_name)} for one mean each, --key none if one is meant"
    return Doubt(SYMBOLS, f"{what}; {how}", Hint("", (Way(by_name), Way(("--key", "none")))))
