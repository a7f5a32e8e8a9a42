"""The job as Python calls it: `run` takes any source."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from stream_signal import Config, InputError, Metrics, SignalStream, run
from stream_signal.job import assemble, drive, failure, results, sources
from stream_signal.job import run as run_module
from support.cases import DATA


def test_run_takes_any_source(tmp_path: Path) -> None:
    """A path, a binary file and any iterable of bytes give the same metrics."""
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    pieces = [DATA[at : at + 7] for at in range(0, len(DATA), 7)]
    with open(path, "rb") as file:
        sources = (path, str(path), file, io.BytesIO(DATA), DATA, bytearray(DATA), pieces, iter(pieces))
        found = [run(source, Config()) for source in sources]
    wanted = Metrics("v1", 7, "signal_rate", 3 / 7, 0, 42, "success")
    assert {metrics._replace(latency_ms=0) for metrics in found} == {wanted}


def test_the_story_of_a_job() -> None:
    """`run` and `execute` can be read at once, and so can each function of what they call in the job."""
    for module in (run_module, assemble, sources, results, drive, failure):
        tree = ast.parse(Path(str(module.__file__)).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                most = 40 if node.name in {"run", "execute"} else 60
                assert node.end_lineno - node.lineno + 1 <= most, node.name


def test_no_source() -> None:
    """What is no bytes is a TypeError, and a path that cannot be one an InputError."""
    with pytest.raises(TypeError):
        SignalStream().feed(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="embedded null byte"):
        run("a\0b", Config())


def test_an_unforeseen_error(folder: Path) -> None:
    """A defect of our own is one line, an error record and exit 1; its traceback goes to the log with -vv."""
    script = (
        "import sys; from stream_signal.inputs import files; from stream_signal.command.main import main\n"
        "def fail(*_): raise RuntimeError('out of cheese')\n"
        "files.FilesSource.events = fail\n"
        "sys.exit(main(['data.csv', '--log-file', 'run.log', '-vv']))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 1
    message = "internal error: RuntimeError: out of cheese"
    assert json.loads(done.stdout)["error_message"] == message
    *_, last, hint = done.stderr.decode().splitlines()
    assert last == f"stream-signal: {message}"
    assert "-vv --log-file FILE" in hint
    assert b"Traceback" not in done.stderr
    assert "RuntimeError: out of cheese" in json.loads((folder / "run.log").read_text().splitlines()[-1])["exception"]
