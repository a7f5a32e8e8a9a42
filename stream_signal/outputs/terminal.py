"""What a person at a terminal is told once a job has ended: the metrics are on stdout, these lines on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.outputs.parts import Output
from stream_signal.outputs.stderr import say
from stream_signal.outputs.summary import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.outputs.parts import Job, Result


def wanted(job: Job) -> Iterator[Output]:
    """Yield what says them."""
    yield Told(job)


class Told(Output):
    """The summary, in a few lines."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._order = job.order

    def write(self, result: Result, *, final: bool) -> None:
        """Say it, once the job has ended."""
        if final:
            say(*lines(result, self._order))
