"""The outputs of a job: one more is a file, and a line in the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_signal.job.assemble import OUTPUTS
from support.cases import SUCCESS
from support.commands import metrics_of, run_in_process
from support.toys.last_close import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def _toy() -> Iterator[None]:
    """Add an output to the list."""
    part = (None, "support.toys.last_close")
    OUTPUTS.insert(0, part)
    yield
    OUTPUTS.remove(part)


@pytest.mark.usefixtures("_toy")
def test_a_new_output(folder: Path) -> None:
    """It sees the rows, and is written at the end as the others are; one that cannot be written ends the job first."""
    done = run_in_process("data.csv", cwd=folder)
    assert (done.code, metrics_of(done.stdout)) == (0, SUCCESS)
    *_, last = (folder / "data.csv").read_text().splitlines()
    assert (folder / FILE).read_text() == f"{last.split(',')[4]} after 7 rows, success, True\n"
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    done = run_in_process("data.csv", "--signals", "s.csv", cwd=folder)
    assert (done.code, done.record["error_message"]) == (1, f"cannot write {FILE!r}: it is a folder")
    assert not (folder / "s.csv").exists()


@pytest.mark.usefixtures("_toy")
def test_a_new_output_so_far(folder: Path) -> None:
    """With --every it is written as the job goes on, too, with the counts so far."""
    run_in_process("data.csv", "--every", "0.000001", "--output", "m.json", cwd=folder)
    lines = (folder / FILE).read_text().splitlines()
    assert lines[-1].endswith("rows, success, True")
    assert {line.rpartition("rows, ")[2] for line in lines[:-1]} == {"running, False"}


@pytest.mark.parametrize("flag", ["--output", "--keys-output", "--report", "--manifest"])
def test_each_output_is_checked_first(flag: str, folder: Path) -> None:
    """What cannot be written ends the job before it looks at its input, and is told as such."""
    (folder / "out").mkdir()
    done = run_in_process("none.csv", flag, "out", cwd=folder)
    assert (done.code, done.stderr.splitlines()[0]) == (1, "stream-signal: cannot write 'out': it is a folder")
