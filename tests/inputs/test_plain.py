"""Files and stdin, as the system gives them."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.cases import DATA, SUCCESS
from support.commands import COMMAND, metrics_of, run_command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "reason"), [("none.csv", "No such file"), ("/", "Is a directory"), ("a/b", "No such file")]
)
def test_unreadable_input(path: str, reason: str, folder: Path) -> None:
    """An input that cannot be read is named, with the reason of the system."""
    done = run_command("--input", path, cwd=folder)
    assert done.code == 1
    assert done.record["error_message"].startswith(f"cannot read {path!r}: {reason}")


def test_stdin_is_closed(folder: Path) -> None:
    """A closed stdin is an error, and no other file is read in its stead."""
    done = subprocess.run(f'exec "{COMMAND}" <&-', shell=True, cwd=folder, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error_message"] == "cannot read stdin: it is closed"


def test_a_non_blocking_pipe(folder: Path) -> None:
    """A pipe that was made non-blocking is waited for all the same."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with subprocess.Popen([COMMAND], stdin=reader, cwd=folder, stdout=subprocess.PIPE) as process:
        os.close(reader)
        for at in range(0, len(DATA), 50):
            os.write(writer, DATA[at : at + 50])
        os.close(writer)
        assert process.stdout
        assert metrics_of(process.stdout.read()) == SUCCESS


def test_a_path_that_is_no_text(folder: Path) -> None:
    """A path whose bytes are no UTF-8 can be read, and named in an error."""
    name = os.fsdecode(b"\xff.csv")
    done = run_command(name, cwd=folder)
    assert done.code == 1
    assert "\\udcff.csv" in done.record["error_message"]
    (folder / name).write_bytes(DATA)
    assert metrics_of(run_command(name, cwd=folder).stdout) == SUCCESS
