"""How fast rows are counted: the ring buffer, the two engines, and the whole command. Each asserts its answer.

The row engine and the stream run on every kind of file (`kinds.KINDS`); sizes come from --rows.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from contenders import COMMAND
from kinds import KINDS
from processes import clean_environment, measure
from truth import signals_of
from workloads import WINDOW, WINDOWS, Workload, ticks_of, workload

from stream_signal import Config, RollingMean, Segment, SignalStream
from stream_signal.core.limits import Tuning
from stream_signal.inputs.files import read_chunks

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Timed
    from pytest_benchmark.fixture import BenchmarkFixture

    from stream_signal.core.limits import Engine


@pytest.mark.parametrize("window", WINDOWS)
def test_rolling_mean(timed: Timed, benchmark: BenchmarkFixture, window: int) -> None:
    """Time RollingMean.update, ten thousand at a time; it must not depend on the window."""
    mean = RollingMean(window)
    values = [*range(10)] * 1000  # ten values over and over: after each round the window holds the same again
    for _ in range(-(-window // len(values))):
        for value in values:
            mean.update(value)

    def update() -> float | None:
        for value in values:
            mean.update(value)
        return mean.get()

    expected = {1: 9.0, WINDOW: 7.0}.get(window, 4.5)
    assert timed(update) == expected
    report(benchmark, len(values))


@pytest.mark.most_rows(1_000_000)
@pytest.mark.parametrize("kind", KINDS)
def test_row_engine(timed: Timed, benchmark: BenchmarkFixture, kind: str, rows: int) -> None:
    """Time the reference: the reader of rows, and the ring."""
    work = workload(kind, rows)

    def count() -> tuple[int, int]:
        return stream(work, WINDOW, engine="rows")

    assert timed(count) == (rows, work.signals[WINDOW])
    report(benchmark, rows, work)


def stream(work: Workload, window: int, engine: Engine = "auto") -> tuple[int, int]:
    """Read a file through SignalStream, in the chunks that the command reads."""
    signals = SignalStream(Config(window=window), tuning=Tuning(engine))
    signals.begin_input(size=work.path.stat().st_size)
    for chunk in read_chunks(str(work.path)):
        signals.feed(chunk)
    counts = signals.finish()
    return counts.rows, counts.signals


@pytest.mark.most_rows(1_000_000)
@pytest.mark.parametrize("kind", KINDS)
def test_stream(timed: Timed, benchmark: BenchmarkFixture, kind: str, rows: int) -> None:
    """Time the stream, which chooses its engine."""
    work = workload(kind, rows)
    assert timed(stream, work, WINDOW) == (rows, work.signals[WINDOW])
    report(benchmark, rows, work)


@pytest.mark.parametrize("window", WINDOWS)
def test_stream_windows(timed: Timed, benchmark: BenchmarkFixture, window: int, rows: int) -> None:
    """Time the stream at each window; the cost of a row must not grow with it."""
    work = workload("plain", rows)
    assert timed(stream, work, window) == (rows, work.signals[window])
    report(benchmark, rows, work)


def test_join_segments(timed: Timed, benchmark: BenchmarkFixture) -> None:
    """Time the joining of 10,000 segments as long as their window of 1,000, from first to last, as a job does it."""
    window, runs, times = 1_000, 10, 1_000
    ticks = ticks_of(workload("plain", window * runs))
    closes = [(close, 2) for close in ticks.tolist()]
    segments = [Segment.of(closes[start : start + window], window) for start in range(0, len(closes), window)]

    def join() -> Segment:
        return sum(segments * times, Segment.empty(window))

    whole = np.tile(ticks, times)
    joined = timed(join)
    assert joined.signals == np.count_nonzero(signals_of(whole, np.zeros(len(whole), np.bool_), window))
    report(benchmark, joined.rows)


@pytest.mark.parametrize("input_name", ["file", "pipe"])
def test_command(timed: Timed, benchmark: BenchmarkFixture, input_name: str, rows: int, tmp_path: Path) -> None:
    """Time the whole command, from start to exit; then measure its CPU time and peak memory."""
    work = workload("plain", rows)
    program, piped = ([COMMAND, str(work.path)], None) if input_name == "file" else ([COMMAND], work.path)
    environment = clean_environment()

    def run() -> bytes:
        if piped is None:
            return subprocess.run(program, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, check=True).stdout
        with subprocess.Popen(["cat", str(piped)], stdout=subprocess.PIPE) as cat:
            return subprocess.run(
                program, cwd=tmp_path, env=environment, stdin=cat.stdout, stdout=subprocess.PIPE, check=True
            ).stdout

    metrics = json.loads(timed(run))
    assert (metrics["rows_processed"], metrics["value"]) == (rows, work.signals[WINDOW] / rows)
    cost = measure(program, piped=piped, folder=tmp_path)
    benchmark.extra_info |= {"wall_seconds": cost.wall, "cpu_seconds": cost.cpu, "peak_megabytes": cost.peak}
    report(benchmark, rows, work)


def report(benchmark: BenchmarkFixture, rows: int, work: Workload | None = None) -> None:
    """Report rows/s and MB/s beside the time, if there is one."""
    if benchmark.stats:
        seconds = benchmark.stats["median"]
        benchmark.extra_info["rows_per_second"] = round(rows / seconds)
        if work:
            benchmark.extra_info["megabytes_per_second"] = round(work.path.stat().st_size / 1e6 / seconds, 1)
