"""MetricsSoFar: the metrics of a job that has not ended yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stream_signal.outputs.metrics import Metrics
from stream_signal.outputs.sink import Every

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.config import Config
    from stream_signal.core.stream import SignalStream


class MetricsSoFar(Every):
    """Writes the metrics of the rows counted so far, with the status "running", every `seconds`.

    A job that is killed leaves them behind: only the end of a job may say success.
    """

    def __init__(
        self, seconds: float, config: Config, stream: SignalStream, started: float, write: Callable[[Metrics], None]
    ) -> None:
        super().__init__(seconds)
        self._write = write
        self._config = config
        self._stream = stream
        self._started = started

    def do(self) -> None:
        """Write them, once there is a row."""
        counts = self._stream.counts
        if counts:
            seconds = time.perf_counter() - self._started
            metrics = Metrics.of(self._config, self._stream, counts, seconds, "running")
            self._write(metrics)
