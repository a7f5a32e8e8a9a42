"""The comparison of runs, on invented runs: nothing here is timed."""

from __future__ import annotations

from typing import Any

from tracking import Loop, compare, is_busy, summary


def run(
    seconds: float, loop: float = 0.005, *, cpu: float | None = None, array_loop: float | None = None, **fields: Any
) -> dict[str, Any]:
    """Make a run of one benchmark of one round, as pytest-benchmark saves it."""
    loops = [Loop(loop, cpu or loop, array_loop or loop)] * 2
    return {"benchmarks": [{"fullname": "test_stream", "extra_info": summary([seconds], loops)}], **fields}


def test_a_round_counts_by_the_loops_around_it() -> None:
    """When the machine slows down halfway through, the ratio stays the same."""
    fast, slow = Loop(0.25, 0.25, 0.125), Loop(0.5, 0.5, 0.25)
    steady = summary([1.0] * 4, [fast] * 5)
    assert summary([1.0, 1.0, 2.0, 2.0, 2.0], [fast] * 3 + [slow] * 3)["ratio"] == steady["ratio"] == 4.0


def test_a_slower_benchmark_is_found() -> None:
    """More than the allowed ratio is reported, less is not."""
    [slower] = compare(run(0.16), [run(0.10)], 1.5)
    assert str(slower) == "test_stream: 1.60 times the good runs (20 -> 32)"
    assert compare(run(0.14), [run(0.10)], 1.5) == []


def test_a_slower_machine_is_not() -> None:
    """If the fixed loop takes twice as long too, nothing has become slower."""
    assert compare(run(0.20, loop=0.010), [run(0.10)], 1.5) == []


def test_slow_steps_add_up() -> None:
    """A benchmark that takes a third more with each run is found, though no step is too large."""
    runs = [run(0.10), run(0.13), run(0.17)]
    assert compare(runs[1], runs[:1], 1.5) == []
    assert compare(runs[2], runs[:2], 1.5) == []
    assert len(compare(run(0.22), runs, 1.5)) == 1


def test_the_last_good_run_counts() -> None:
    """It counts if it is faster than those before, and a run that was found slower does not."""
    assert len(compare(run(0.16), [run(0.20), run(0.20), run(0.10)], 1.5)) == 1
    assert len(compare(run(0.16), [run(0.10), run(0.15, slower=["test_stream"])], 1.5)) == 1


def test_a_busy_machine_is_no_yardstick() -> None:
    """If the fixed loop had to wait for a core, the run is ignored."""
    assert is_busy(run(0.10, cpu=0.002))
    assert not is_busy(run(0.10))
    assert len(compare(run(0.16), [run(0.10), run(0.30, cpu=0.002)], 1.5)) == 1


def test_what_is_new_has_nothing_to_compare() -> None:
    """The first run passes."""
    assert compare(run(0.16), [], 1.5) == []
