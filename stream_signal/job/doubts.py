"""Doubts: what makes an answer doubtful, said on stderr and in the log, or made an error.

A job without a doubt imports nothing for it. The other parts of a job may add a doubt of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.findings import BAD_ROW
from stream_signal.outputs.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.doubts import Doubt
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.stream import SignalStream
    from stream_signal.job.log import Log


class Doubts(Sink):
    """Says each doubt about `stream` once: in the log and, unless `quiet`, on stderr.

    `times` has seen its timestamps. `reversal` says how to read inputs that are newest first. As a sink, it says the
    doubts as soon as they are noticed.
    """

    def __init__(
        self,
        stream: SignalStream,
        times: TimeOrder,
        log: Log,
        reversal: Callable[[], str],
        *,
        quiet: bool,
    ) -> None:
        self._reversal = reversal
        self._stream = stream
        self._times = times
        self._log = log
        self._quiet = quiet
        self._said: set[str] = set()
        self._added: list[tuple[str, str]] = []

    def take(self, data: bytes) -> None:  # noqa: ARG002 - they are counted by now
        """Say what was noticed: a live stream may not end for weeks."""
        self._say(self.found(so_far=True))

    def skip(self, size: int, tail: bytes) -> None:  # noqa: ARG002 - they are counted, too
        """Say what was noticed, as after bytes."""
        self.take(b"")

    def add(self, kind: str, text: str) -> None:
        """Add a doubt that the stream and its timestamps know nothing of."""
        self._added.append((kind, text))

    def found(self, *, so_far: bool = False) -> list[Doubt]:
        """Return all doubts; `so_far` leaves out those that more rows may remove."""
        stream = self._stream
        is_fine = stream.rows_with_mean != 0 or so_far
        if is_fine and not self._added and BAD_ROW not in stream.repairs.counts and self._times.is_in_order:
            return []
        from stream_signal.core.doubts import Doubt, doubts_of

        found = doubts_of(stream, self._times, self._reversal, so_far=so_far)
        return [*found, *(Doubt(*each) for each in self._added)]

    def refuse(self) -> None:
        """Raise DoubtError if there is any doubt."""
        found = self.found()
        if found:
            from stream_signal.core.errors import DoubtError

            self._record(found)
            raise DoubtError("; ".join(doubt.text for doubt in found))

    def say(self) -> None:
        """Say the doubts that were not said yet."""
        self._say(self.found())

    def _say(self, found: list[Doubt]) -> None:
        new = self._record(found)
        if new and not self._quiet:
            from stream_signal.outputs.stderr import say

            for doubt in new:
                say(doubt.text)

    def _record(self, found: list[Doubt]) -> list[Doubt]:
        """Log the doubts that were not said yet, and return them."""
        new = [doubt for doubt in found if doubt.kind not in self._said]
        for doubt in new:
            self._said.add(doubt.kind)
            self._log.warning("doubt", kind=doubt.kind, text=doubt.text)
        return new
