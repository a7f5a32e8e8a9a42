"""Where the metrics and the error record go, and in what form."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.cases import DATA, SUCCESS
from support.commands import COMMAND, metrics_of, run_in_process

if TYPE_CHECKING:
    from pathlib import Path


def test_output_file(folder: Path) -> None:
    """--output writes the metrics indented by four, says nothing on stdout, and leaves nothing else behind."""
    done = run_in_process("data.csv", "--output", "m.json", cwd=folder)
    assert (done.code, done.stdout, done.stderr) == (0, b"", "")
    text = (folder / "m.json").read_bytes()
    assert metrics_of(text) == SUCCESS
    assert text.decode() == json.dumps(json.loads(text), indent=4) + "\n"
    assert sorted(os.listdir(folder)) == ["data.csv", "m.json"]


def test_the_error_record_replaces_the_metrics(folder: Path) -> None:
    """A failure goes where the metrics would have gone, so that no old success is left to be believed."""
    (folder / "m.json").write_text("old")
    done = run_in_process("--input", "none.csv", "--output", "m.json", cwd=folder)
    message = "cannot read 'none.csv': No such file or directory"
    assert (done.code, done.stdout) == (1, b"")
    hint = f"there is no such file in the folder {str(folder)!r}"
    assert done.stderr == f"stream-signal: {message}\nstream-signal: {hint}\n"
    text = (folder / "m.json").read_text()
    assert json.loads(text) == {"version": "v1", "status": "error", "error_message": message}
    assert list(json.loads(text)) == ["version", "status", "error_message"]
    assert text.startswith('{\n    "version"')


@pytest.mark.parametrize("output", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
def test_an_output_that_is_a_pipe(output: str, folder: Path) -> None:
    """A pipe by its name in the file system is written like any other device, indented like a file."""
    done = run_in_process("data.csv", "--output", output, cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(b'{\n    "version"')
    assert metrics_of(done.stdout) == SUCCESS


def test_output_is_full(folder: Path) -> None:
    """A device is written, not replaced; where it is full, exit 1."""
    done = run_in_process("data.csv", "--output", "/dev/full", cwd=folder)
    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr == "stream-signal: cannot write '/dev/full': No space left on device\n"


def test_output_cannot_be_written(folder: Path) -> None:
    """An output that cannot be written is found before any row is read: the pipe is left as it was."""
    reader, writer = os.pipe()
    os.write(writer, DATA)
    done = subprocess.run(
        [COMMAND, "--output", "no/such/m.json"], stdin=reader, cwd=folder, capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")
    message, _, hint = done.stderr.decode().splitlines()
    assert message == "stream-signal: cannot write 'no/such/m.json': there is no folder 'no/such'"
    assert hint == "stream-signal: try mkdir -p no/such && stream-signal --output no/such/m.json"
    assert os.read(reader, 65536) == DATA
    os.close(reader)
    os.close(writer)
