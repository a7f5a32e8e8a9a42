"""How fast rows are counted: the ring buffer, the stream, and the whole command. Each benchmark asserts its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workloads import candle_file

from stream_signal import Config, RollingMean, SignalStream

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

ROWS = 10_000
RATE = 0.4923  # of these candles, window 5
COMMAND = str(Path(sys.executable).parent / "stream-signal")


def rows_per_second(benchmark: BenchmarkFixture, rows: int) -> None:
    """Report rows/s beside the time, where there is one."""
    if benchmark.stats:
        benchmark.extra_info["rows_per_second"] = round(rows / benchmark.stats["median"])


@pytest.mark.parametrize("window", [1, 5, 1000])
def test_rolling_mean_update(benchmark: BenchmarkFixture, window: int) -> None:
    """Time one update; it must not depend on the window."""
    mean = RollingMean(window)
    for value in range(2 * window):
        mean.update(value)
    benchmark(mean.update, 2 * window)
    assert mean.ready
    rows_per_second(benchmark, 1)


def test_stream(benchmark: BenchmarkFixture) -> None:
    """Time the stream over 10,000 candles in memory."""
    data = candle_file(ROWS).read_bytes()

    def count() -> float:
        stream = SignalStream(Config())
        stream.feed(data)
        return stream.finish().value

    assert benchmark(count) == RATE
    rows_per_second(benchmark, ROWS)


@pytest.mark.parametrize("door", ["file", "pipe"])
def test_command(benchmark: BenchmarkFixture, door: str, tmp_path: Path) -> None:
    """Time the whole command over 10,000 candles, from start to exit."""
    path = candle_file(ROWS)
    arguments, stdin = ([COMMAND, str(path)], None) if door == "file" else ([COMMAND], path.read_bytes())

    def run() -> float:
        done = subprocess.run(arguments, input=stdin, cwd=tmp_path, capture_output=True, check=True)
        return float(json.loads(done.stdout)["value"])

    assert benchmark(run) == RATE
    rows_per_second(benchmark, ROWS)
