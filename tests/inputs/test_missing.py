"""What a path that cannot be read is told to be: where it was looked for, and the nearest name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_signal.inputs.missing import hint_for
from support.commands import run_in_process, settings_yaml
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("prices.csv", "there is no such file in the folder {here}"),
        ("none/data.csv", "there is no folder 'none'"),
        ("../nope/data.csv", "there is no folder '../nope'"),
        ("/nope/data.csv", "there is no folder '/nope'"),
        ("./prices.csv", "there is no such file in the folder '.'"),
    ],
)
def test_an_input(path: str, hint: str, folder: Path) -> None:
    """The second line on stderr says where the file was looked for."""
    done = run_in_process(path, cwd=folder)
    found = hint.format(here=repr(str(folder)))
    assert (done.code, done.stderr.splitlines()[1:]) == (1, [f"stream-signal: {found}"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["dta.csv", "-q"], "stream-signal data.csv -q"),
        (["-q", "--", "./dta.csv"], "stream-signal -q ./data.csv"),
        (["data.csv", "--config", "confg.yaml"], "stream-signal data.csv --config config.yaml"),
        (["data.csv", "--config=confg.yaml"], "stream-signal data.csv --config=config.yaml"),
        (["verify", "dta.csv", "--jobs", "1"], "stream-signal verify data.csv --jobs 1"),
        (["--print-config", "--config", "confg.yaml"], "stream-signal --print-config --config config.yaml"),
        ([".", "-q"], "stream-signal ./*.csv -q"),
    ],
)
def test_the_nearest_name(arguments: list[str], line: str, folder: Path) -> None:
    """The command line that was given comes back with the nearest name in place of the wrong one, and it works."""
    (folder / "config.yaml").write_text(settings_yaml())
    done = run_in_process(*arguments, cwd=folder)
    assert proposed(done.stderr) == [line]
    assert type_line(line, folder).code == 0


def test_a_config_and_a_checkpoint(folder: Path) -> None:
    """So it is for the other files that are read."""
    for arguments in ["data.csv", "--config", "dat.csv"], ["checkpoint", "dat.csv"]:
        done = run_in_process(*arguments, cwd=folder)
        assert done.stderr.splitlines()[1] == "stream-signal: did you mean 'data.csv'?"
        assert done.stderr.splitlines()[2] == f"stream-signal: try stream-signal {' '.join(arguments[:-1])} data.csv"


def test_not_permitted() -> None:
    """Without permission, it says who can give it; of another error, nothing is known."""
    assert hint_for("data.csv", PermissionError(13, "")) == "its owner has to let you read it, as with chmod a+r"
    assert hint_for("data.csv", OSError(5, "")) is None


def test_no_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory that was deleted meanwhile is said, and does not hide the error."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert hint_for("data.csv", OSError(2, "")) == "the working directory was deleted"
