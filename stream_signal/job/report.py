"""ReportWriter: the sink that writes the page of a job, at its end and, with --every, as it runs."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.urls import without_secrets
from stream_signal.outputs.metrics import Metrics
from stream_signal.outputs.report import Report, write_report
from stream_signal.outputs.sink import Every

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.observers.key_charts import KeyCharts
    from stream_signal.core.observers.overview import Overview
    from stream_signal.core.stream import SignalStream
    from stream_signal.job.doubts import Doubts

# Their names are on the page.
MOST_INPUTS = 50


class Page(NamedTuple):
    """What a page shows."""

    config: Config
    stream: SignalStream
    overview: Overview
    """what it has seen of the stream"""
    charts: KeyCharts | None
    """those of the keys, None if there are no keys"""
    doubts: Doubts
    started: float
    """on the clock of `time.perf_counter`"""


class ReportWriter(Every):
    """Writes the page at `path`; every `seconds`, if not None, as it runs."""

    def __init__(self, path: str, page: Page, seconds: float | None) -> None:
        super().__init__(seconds or inf)
        self._path = path
        self._config, self._stream, self._overview, self._charts, self._doubts, self._started = page
        self._every = seconds
        self._inputs: list[tuple[str, int]] = []
        self._left_out = 0

    def begin(self, name: str) -> None:
        """Remember the name of an input."""
        if len(self._inputs) < MOST_INPUTS:
            self._inputs.append((without_secrets(name), 0))
        else:
            self._left_out += 1

    def take(self, data: bytes) -> None:
        """Count the bytes of an input."""
        if not self._left_out:
            name, size = self._inputs[-1]
            self._inputs[-1] = name, size + len(data)

    def do(self) -> None:
        """Write the page so far, once there is a row."""
        counts = self._stream.counts
        if counts:
            seconds = time.perf_counter() - self._started
            self._write(Metrics.of(self._config, self._stream, counts, seconds, "running"), self._every)

    def write(self, metrics: Metrics) -> None:
        """Write the page of a job that has ended with these metrics."""
        self._write(metrics, None)

    def _write(self, metrics: Metrics, reload_seconds: float | None) -> None:
        stream, config = self._stream, self._config
        found = self._doubts.found(so_far=reload_seconds is not None)
        report = Report(
            metrics,
            self._overview,
            self._charts,
            (config.window, *config.windows),
            stream.signals,
            stream.repairs,
            [doubt.text for doubt in found],
            config._asdict(),
            self._inputs,
            self._left_out,
            reload_seconds,
        )
        write_report(report, self._path)
