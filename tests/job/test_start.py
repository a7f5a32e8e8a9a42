"""What a job loads before its first row: the modules that it imports hold start-up, and no clock has to measure it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# A module of the package takes a fifth of a millisecond; the largest of others take 5 (csv) to 80 (NumPy).
PLAIN = {
    *("command", "command.flags", "command.main", "command.printing"),
    *(
        "core",
        "core.config",
        "core.errors",
        "core.findings",
        "core.foreign",
        "core.layout",
        "core.layout.headers",
        "core.layout.layout",
        "core.layout.names",
        "core.limits",
    ),
    *(
        "core.observe",
        "core.observers",
        "core.observers.thousands",
        "core.observers.time_order",
        "core.observers.time_sequence",
        "core.printable",
    ),
    *("core.period", "core.quotes", "core.rolling", "core.rows"),
    *("core.series", "core.series.grouping", "core.series.keys", "core.settings", "named_tuple"),
    *("core.series.panel", "early"),
    *("core.series.series", "core.steps", "core.stream", "core.text", "core.text.footer", "core.text.head"),
    *("core.text.reader", "core.text.lines", "core.ticks", "core.urls"),
    *("hints", "hints.paths"),
    *("inputs", "inputs.events", "inputs.files", "inputs.opening", "inputs.plain", "inputs.probe"),
    *("job", "job.assemble", "job.config", "job.doubts", "job.drive", "job.failure", "job.results", "job.run"),
    *("job.overwriting", "job.sources", "order", "stopping"),
    *(
        "outputs",
        "outputs.files",
        "outputs.lock",
        "outputs.log",
        "outputs.metrics",
        "outputs.parts",
        "outputs.record",
        "outputs.stderr",
        "system",
    ),
}
TIMES = {"hints.doubts", "core.timestamps"}
# What each kind of job loads beside that.
KINDS = {
    "plain": ((), set()),
    "keyed": (("--key", "symbol"), TIMES),
    "log": (("--log-file", "log.jsonl"), {"job.journal", "core.pauses", "hints.durations"} | TIMES),
}
HEAVY = {"asyncio", "csv", "dataclasses", "numpy", "structlog", "tqdm", "yaml"}
MOST_MODULES = 150  # of the package, and those that Python brings


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_job_loads(kind: str, tmp_path: Path) -> None:
    """A plain job, one with a key and one with a log load no module of the package that only another kind needs."""
    options, more = KINDS[kind]
    rows = "".join(f"{1704067200 + 60 * number},BTC,4.{number % 7}\n" for number in range(100))
    (tmp_path / "data.csv").write_text(f"time,symbol,close\n{rows}")
    script = (
        "import sys; from stream_signal.command.main import main; code = main(sys.argv[1:])\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, "data.csv", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    code, *loaded = done.stderr.split()
    assert code == "0"
    own = {name.removeprefix("stream_signal.") for name in loaded if name.startswith("stream_signal.")}
    assert own - more <= PLAIN
    if kind != "log":  # which structlog writes
        assert not HEAVY & set(loaded)
        assert len(loaded) <= MOST_MODULES


@pytest.mark.parametrize("options", [(), ("--key", "symbol")], ids=["plain", "keyed"])
def test_no_annotation_is_compiled(options: tuple[str, ...], tmp_path: Path) -> None:
    """A plain job and one with a key need no `typing.NamedTuple`, which compiles annotations: the first takes 1 ms."""
    (tmp_path / "data.csv").write_text("time,symbol,close\n1704067200,BTC,4.58\n1704067260,BTC,4.59\n")
    script = (
        "import sys, typing; del typing.NamedTuple\n"
        "from stream_signal.command.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "data.csv", "--window", "2", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
