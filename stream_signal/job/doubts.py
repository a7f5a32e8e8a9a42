"""Doubts: what makes an answer doubtful, said on stderr and in the log, or made an error.

A job without a doubt imports nothing for it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stream_signal.core.findings import BAD_ROW
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.urls import is_url, shown_path
from stream_signal.inputs.events import TRUNCATED
from stream_signal.outputs.parts import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_signal.hints.doubts import Doubt
    from stream_signal.outputs.parts import Job

SYMBOLS = "symbols"


def wanted(job: Job) -> Iterator[Sink]:
    """Yield what each job has."""
    yield Doubts(job)


class Doubts(Sink):
    """Says each doubt about the stream of a job once: in the log and, unless it is quiet, on stderr.

    `times` sees the timestamps: those of all rows, if the job is one that takes its time for each row.
    """

    def __init__(self, job: Job) -> None:
        order = job.order
        self._job = job
        sees_all = order.logs or bool(order.signals) or order.strict
        self.times = TimeOrder(job.config.time_column, rows=None if sees_all else FIRST_ROWS)
        self.observers = [self.times]
        self._said: set[str] = set()
        self._name = ""
        # Where nobody has said whether they are of one symbol.
        several = len(order.inputs) > 1 or any(name == "-" or is_url(name) for name in order.inputs)
        self._names = dict.fromkeys(order.inputs) if several and job.config.key is None else None

    def begin(self, name: str) -> None:
        """Remember the name of an input, perhaps of a member of an archive."""
        self._name = name
        if self._names is not None:
            self._names[name] = None

    def take(self, size: int, tail: bytes) -> None:  # noqa: ARG002 - they are counted by now
        """Say what was noticed in a followed file: it may not end for weeks."""
        if self._job.order.follow:
            self._say(self.found(so_far=True))

    def end(self, rotated: str | None) -> None:
        """Warn if a followed file was truncated: what was written right before that cannot be read."""
        if rotated != TRUNCATED:
            return
        self._job.log.warning("truncated", input=self._name)
        if not self._job.order.is_quiet:
            from stream_signal.outputs.stderr import say

            say(
                f"{shown_path(self._name)} was truncated: rows that were written just before that may be lost; "
                "rotate by renaming the file instead"
            )

    def found(self, *, so_far: bool = False) -> list[Doubt]:
        """Return all doubts; `so_far` leaves out those that more rows may remove."""
        stream = self._job.stream
        alike = [] if so_far or stream.symbols or not self._names or len(self._names) < 2 else _alike(self._names)
        is_fine = stream.rows_with_mean != 0 or so_far
        if is_fine and not alike and BAD_ROW not in stream.repairs.counts and self.times.is_in_order:
            return []
        from stream_signal.hints.doubts import doubts_of
        from stream_signal.job.sources import reversal_of

        return [*doubts_of(stream, self.times, partial(reversal_of, self._job.order), so_far=so_far), *alike]

    def refuse(self) -> None:
        """Raise DoubtError if there is any doubt."""
        found = self.found()
        if found:
            from stream_signal.core.errors import DoubtError

            self._record(found)
            hint = next((doubt.hint for doubt in found if doubt.hint.ways), None)
            raise DoubtError("; ".join(doubt.text for doubt in found)).with_hint(hint)

    def say(self) -> None:
        """Say the doubts that were not said yet."""
        self._say(self.found())

    def _say(self, found: list[Doubt]) -> None:
        new = self._record(found)
        if new and not self._job.order.is_quiet:
            from stream_signal.outputs.stderr import say

            lines_of = self._job.order.lines_of
            for doubt in new:
                say(doubt.text, *(lines_of(doubt.hint) if lines_of else ()))

    def _record(self, found: list[Doubt]) -> list[Doubt]:
        """Log the doubts that were not said yet, and return them."""
        new = [doubt for doubt in found if doubt.kind not in self._said]
        for doubt in new:
            self._said.add(doubt.kind)
            self._job.log.warning("doubt", kind=doubt.kind, text=doubt.text)
        return new


def _alike(names: Iterable[str]) -> list[Doubt]:
    """Return a doubt if the names of the inputs differ only in a symbol, and nothing in their rows tells more."""
    from stream_signal.core.errors import Hint, Way, shown
    from stream_signal.core.names import look_alike
    from stream_signal.hints.doubts import Doubt
    from stream_signal.hints.shell import typed_all

    found = look_alike(names)
    if not found:
        return []
    one, other, pattern = found
    what = f"{shown(one)} and {shown(other)} seem to have two symbols, and are counted as one series"
    each = "--key", "@file", "--key-pattern", pattern
    how = f"{typed_all(each)} for one mean each, --key none if one is meant"
    return [Doubt(SYMBOLS, f"{what}; {how}", Hint("", (Way(each), Way(("--key", "none")))))]
