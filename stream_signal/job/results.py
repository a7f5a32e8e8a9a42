"""Results: what there is to write, made in one place, and written as the job goes on and at its end."""

from __future__ import annotations

import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from stream_signal.core.urls import without_secrets
from stream_signal.job.doubts import Doubts
from stream_signal.outputs.metrics import RUNNING, Metrics
from stream_signal.outputs.parts import Output, Result, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.series.panel import Counts
    from stream_signal.outputs.parts import Job

# Their names are in the result.
MOST_INPUTS = 50


def wanted(job: Job) -> Iterator[Results]:
    """Yield what each job has."""
    yield Results(job)


class Results(Sink):
    """Has the outputs of a job written: each when it is due, and all of them at the end, in their order."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._outputs = job.parts(Output)
        (self._doubts,) = job.parts(Doubts)
        self._inputs: list[tuple[str, int]] = []
        self._inputs_left_out = 0
        self.due = self._next()

    def begin(self, name: str) -> None:
        """Remember the name of an input."""
        if len(self._inputs) < MOST_INPUTS:
            self._inputs.append((without_secrets(name), 0))
        else:
            self._inputs_left_out += 1

    def take(self, size: int, tail: bytes) -> None:  # noqa: ARG002 - only their number counts
        """Count the bytes of an input."""
        if not self._inputs_left_out:
            name, before = self._inputs[-1]
            self._inputs[-1] = name, before + size

    def turn(self) -> None:
        """Write what is due, once there is a row."""
        now = time.monotonic()
        if now < self.due:
            return
        due = [output for output in self._outputs if output.due <= now]
        if counts := self._job.stream.counts:
            result = self._result(counts, RUNNING)
            for output in due:
                output.write(result, final=False)
        for output in due:
            output.put_off(now)
        self.due = self._next()

    def write(self, counts: Counts) -> Metrics:
        """Write all of a job that has ended with these counts, and return its metrics; DoubtError if it is strict."""
        result = self._result(counts, "success")
        if self._job.order.strict:
            self._doubts.refuse()
        for output in self._outputs:
            output.write(result, final=True)
        return result.metrics

    def tell(self, metrics: Metrics) -> None:
        """Say what is doubtful, and log the end."""
        self._doubts.say()
        self._job.log.info("job finished", **metrics.without_table().to_dict())

    def _result(self, counts: Counts, status: str) -> Result:
        job, so_far = self._job, status == RUNNING
        metrics = Metrics.of(job.config, job.stream, counts, time.perf_counter() - job.started, status)

        doubts, notes = (partial(self._doubts.texts, notes=are_notes, so_far=so_far) for are_notes in (False, True))
        span = partial(self._doubts.times.span, job.stream.rows)
        return Result(metrics, job.stream, doubts, notes, span, self._inputs, self._inputs_left_out)

    def _next(self) -> float:
        return min((output.due for output in self._outputs), default=inf)
