"""What works on every system: the job, the pipe and the arrays. CI runs these tests on Linux, macOS and Windows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = (REPOSITORY / "data.csv").read_bytes()
METRICS = {
    "version": "v1",
    "rows_processed": 10000,
    "metric": "signal_rate",
    "value": 0.4923,
    "seed": 42,
    "status": "success",
}

COMMAND = "import runpy; runpy.run_module('stream_signal', run_name='__main__', alter_sys=True)"
ARRAYS = """
import sys
from stream_signal import SignalStream
data = sys.stdin.buffer.read()
whole, pieces = SignalStream(), SignalStream()
for at in range(0, len(data), 4096):
    pieces.feed(data[at : at + 4096])
before = "numpy" in sys.modules
whole.feed(data)
counts = whole.finish()
print(before, "numpy" in sys.modules, counts == pieces.finish(), counts.rows)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay out the folder of a newcomer."""
    for name in ("data.csv", "config.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    return tmp_path


def run(folder: Path, program: str, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run a program of Python to its good end, silent on stderr; return its stdout."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, input=stdin, cwd=folder, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def metrics_of(text: bytes) -> dict[str, Any]:
    """Read the metrics but for the latency, which differs from run to run."""
    record = json.loads(text)
    assert isinstance(record, dict)
    del record["latency_ms"]
    return record


def test_the_job(folder: Path) -> None:
    """From a file to a file, with a config and a log, as `make run` does."""
    job = ["--input", "data.csv", "--config", "config.yaml", "--output", "metrics.json", "--log-file", "run.log"]
    assert run(folder, COMMAND, *job) == b""
    assert metrics_of((folder / "metrics.json").read_bytes()) == METRICS
    events = [json.loads(line)["event"] for line in (folder / "run.log").read_text().splitlines()]
    assert events[-1] == "job finished"


def test_the_pipe(folder: Path) -> None:
    """From stdin to stdout, the same metrics."""
    assert metrics_of(run(folder, COMMAND, stdin=DATA)) == METRICS


def test_the_signals(folder: Path) -> None:
    """A line for each row, and as many signals as the metrics have."""
    assert metrics_of(run(folder, COMMAND, "data.csv", "--signals", "signals.csv")) == METRICS
    header, *lines = (folder / "signals.csv").read_text().splitlines()
    assert (header, len(lines)) == ("row,time,close,mean,signal", 10000)
    assert sum(line.endswith(",1") for line in lines) == 4923


def test_the_arrays(folder: Path) -> None:
    """A large piece goes through NumPy, small ones do not, and the counts are the same."""
    header, rows = DATA.splitlines(keepends=True)[0], DATA.partition(b"\n")[2]
    assert run(folder, ARRAYS, stdin=header + rows * 8).split() == [b"False", b"True", b"True", b"80000"]
