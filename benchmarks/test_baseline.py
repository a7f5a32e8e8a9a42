"""The comparison with the committed baseline, on runs that are made up; and that the baseline has every benchmark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from baseline import BASELINE, NUMPY_LOOP, all_ratios, changes, lowest, read, report, write
from test_tracking import run

HERE = Path(__file__).resolve().parent
BEFORE = all_ratios(run(0.10))


def verdict(seconds: float, loop: float = 0.005, array_loop: float | None = None) -> str:
    """Say how a run of one benchmark compares with one of 0.10 s and loops of 5 ms, where the tolerance is 1.5."""
    (change,) = changes(BEFORE, all_ratios(run(seconds, loop, array_loop=array_loop)))
    return change.verdict(1.5)


def test_slower_and_faster() -> None:
    """More than the tolerance is reported, either way; less is not."""
    assert [verdict(seconds) for seconds in (0.06, 0.07, 0.14, 0.16)] == ["faster", "", "", "slower"]


def test_a_slower_machine_is_not() -> None:
    """Where both loops take twice as long too, nothing has become slower."""
    assert verdict(0.20, loop=0.010) == ""


def test_a_machine_with_another_balance_is_not() -> None:
    """Where one of the loops takes twice as long too, it may be the machine, whichever loop it is."""
    assert verdict(0.20, loop=0.010, array_loop=0.005) == ""
    assert verdict(0.20, loop=0.005, array_loop=0.010) == ""


def test_the_lower_of_two_timings_counts() -> None:
    """What was slow once and not the second time is not slower."""
    assert lowest(all_ratios(run(0.30)), {"test_stream": 24.0}) == all_ratios(run(0.12))
    assert lowest(all_ratios(run(0.10)), {"test_stream": 24.0}) == all_ratios(run(0.10))


def test_the_table() -> None:
    """There is a line for each benchmark, with what it was, what it is, and the verdict."""
    text = report(changes(BEFORE, all_ratios(run(0.16, array_loop=0.004))), 1.5)
    assert text.splitlines()[-1] == "| test_stream | 20.0 | 32.0 | 1.60 | 2.00 | slower |"


def test_the_medians_are_written(tmp_path: Path) -> None:
    """What is read is the median of the runs that were written; a part that runs alone leaves the rest in place."""
    path = tmp_path / "baseline.csv"
    path.write_text("# made up\nbenchmark,ratio\ntest_mean[5],1.5\n")
    write(path, [run(seconds, array_loop=0.002) for seconds in (0.10, 0.30, 0.20)], keep=True)
    assert read(path) == {NUMPY_LOOP: 0.4, "test_mean[5]": 1.5, "test_stream": 40.0}
    write(path, [run(0.10)], keep=False)
    assert read(path) == {NUMPY_LOOP: 1.0, "test_stream": 20.0}


def test_a_busy_machine_writes_nothing(tmp_path: Path) -> None:
    """A run in which the fixed loop had to wait for a core is left out; where all had to, the baseline stays."""
    path = tmp_path / "baseline.csv"
    write(path, [run(0.10), run(0.30, cpu=0.002)], keep=False)
    assert read(path)["test_stream"] == 20.0
    with pytest.raises(SystemExit, match="busy"):
        write(path, [run(0.30, cpu=0.002)], keep=False)
    assert read(path)["test_stream"] == 20.0


def test_every_benchmark_has_a_baseline() -> None:
    """The committed baseline has the benchmarks that `make bench-compare` runs, no more and no less."""
    command = [sys.executable, "-m", "pytest", "benchmarks", "-m", "timed", "--collect-only", "--quiet"]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    assert read(BASELINE).keys() - {NUMPY_LOOP} == {line for line in done.stdout.splitlines() if "::" in line}


def test_the_script(tmp_path: Path) -> None:
    """What is far above its baseline is timed twice, and fails the comparison, unless the machine is busy."""
    path = tmp_path / "baseline.csv"
    name = "benchmarks/test_speed.py::test_rolling_mean[5]"
    path.write_text(f"# made up\nbenchmark,ratio\n{NUMPY_LOOP},0.3\n{name},1e-6\n")
    command = [sys.executable, str(HERE / "baseline.py"), "--baseline", str(path)]
    command += ["-k", "test_rolling_mean and 5", "--benchmark-max-time=0.01"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.count(" 1 passed") == 2
    (line,) = (line for line in done.stdout.splitlines() if "test_rolling_mean" in line)
    assert line.endswith("| slower |")
    assert done.returncode == (0 if "busy: " in done.stdout else 1)
