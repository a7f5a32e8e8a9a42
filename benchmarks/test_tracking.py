"""The comparison of runs, on runs that are made up: nothing here is timed."""

from __future__ import annotations

from typing import Any

from tracking import Slower, add_ratios, compare, is_busy


def run(median: float, calibration: float = 0.005, waited: float = 1.0, **fields: Any) -> dict[str, Any]:
    """Make a run of one benchmark, as pytest-benchmark saves it."""
    bench = {
        "fullname": "test_stream",
        "stats": {"median": median},
        "extra_info": {"calibration_seconds": calibration, "calibration_wall_over_cpu": waited},
    }
    made: dict[str, Any] = {"benchmarks": [bench], **fields}
    add_ratios(made)
    return made


def test_a_slower_benchmark_is_found() -> None:
    """More than the allowed ratio is reported, less is not."""
    assert compare(run(0.16), [run(0.10)], 1.5) == [Slower("test_stream", 20.0, 32.0)]
    assert compare(run(0.14), [run(0.10)], 1.5) == []


def test_a_slower_machine_is_not() -> None:
    """Where the fixed loop takes twice as long too, nothing has become slower."""
    assert compare(run(0.20, calibration=0.010), [run(0.10)], 1.5) == []


def test_the_last_good_run_counts() -> None:
    """Not the first, and not one that was found slower."""
    assert compare(run(0.16), [run(0.10), run(0.15)], 1.5) == []
    assert len(compare(run(0.16), [run(0.10), run(0.15, slower=["test_stream"])], 1.5)) == 1


def test_a_busy_machine_is_no_yardstick() -> None:
    """Where the fixed loop had to wait for a core, the run is passed over."""
    assert is_busy(run(0.10, waited=2.0))
    assert not is_busy(run(0.10))
    assert len(compare(run(0.16), [run(0.10), run(0.15, waited=2.0)], 1.5)) == 1


def test_what_is_new_has_nothing_to_compare() -> None:
    """The first run passes."""
    assert compare(run(0.16), [], 1.5) == []
