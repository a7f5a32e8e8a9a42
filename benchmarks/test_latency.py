"""Rows one by one through a real pipe: the time for all of them, and how long each one waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latency import PERCENTILES, SATURATION, Waits, measure_waits, microseconds

if TYPE_CHECKING:
    from conftest import Timed
    from pytest_benchmark.fixture import BenchmarkFixture

ROWS = 10_000
PACE = 2_000  # rows/s


def check(waits: Waits, rows: int) -> None:
    """Assert what holds on any machine: every row was counted, and none before it was written."""
    assert waits.due.size == rows
    assert waits.written.min() > 0
    assert (waits.due >= waits.written).all()


def test_latency(timed: Timed, benchmark: BenchmarkFixture) -> None:
    """Time 10,000 rows written as fast as the pipe accepts them; then note the percentiles at a steady pace."""
    check(timed(measure_waits, SATURATION, ROWS), ROWS)
    rows = PACE if benchmark.enabled else PACE // 10
    waits = measure_waits(PACE, rows)
    check(waits, rows)
    for percentile, value in zip(PERCENTILES, microseconds(waits.due), strict=True):
        benchmark.extra_info[f"p{percentile}_microseconds_at_{PACE}_rows_per_second"] = value
