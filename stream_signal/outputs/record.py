"""The record that a job ends with, its metrics or its failure: a file that is replaced, or a line on stdout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal.outputs.files import FREELY, STDOUT, check_replaceable, replace_file, write_stdout
from stream_signal.outputs.metrics import PROMETHEUS, RUNNING, Metrics, render
from stream_signal.outputs.parts import Output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from stream_signal.order import Order
    from stream_signal.outputs.metrics import ErrorRecord
    from stream_signal.outputs.parts import Job, Result


def wanted(job: Job) -> Iterator[Output]:
    """Yield the output that every job has; its last step completes the job."""
    yield MetricsOutput(job)


class MetricsOutput(Output):
    """The metrics of a job: those so far say "running", so if it is killed, they do not say success."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.order.every)
        self._order = job.order
        self._last_step = job.stop.last_step

    def check(self) -> None:
        """Refuse an output that cannot be replaced."""
        if self._order.output != STDOUT:
            check_replaceable(self._order.output)

    def write(self, result: Result, *, final: bool) -> None:
        """Write the metrics, without the table of the keys if that has a file of its own."""
        metrics = result.metrics.without_table() if self._order.keys_output else result.metrics
        write_record(metrics, self._order, last=self._last_step() if final else FREELY)


def _who() -> dict[str, Any]:
    """Return which process writes, and when: of metrics that a killed job has left, both tell that nobody does."""
    from datetime import UTC, datetime

    return {"pid": os.getpid(), "written": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}


def write_record(
    record: Metrics | ErrorRecord,
    order: Order,
    *,
    wait: bool = True,
    last: AbstractContextManager[object] = FREELY,
) -> None:
    """Write the record where the order says, to a file or to stdout for `-`; raise OutputError if that fails.

    Without `wait`, a named pipe without a reader is an error. The step that puts the record in place, which waits for
    nobody, is taken within `last`.
    """
    if order.metrics_format == PROMETHEUS:
        from stream_signal.outputs.prometheus import last_success, text_of

        text = text_of(record, order.inputs, last_success(record, order.output))
    else:
        is_snapshot = order.output != STDOUT and isinstance(record, Metrics) and record.status == RUNNING
        text = render(record, indent=None if order.output == STDOUT else 4, **(_who() if is_snapshot else {}))
    if order.output == STDOUT:
        write_stdout(text, last)
    else:
        replace_file(order.output, text, wait=wait, last=last)
