"""What is said of a path that cannot be read or written: one text for one cause, and what to try."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from stream_signal.core.errors import OutputError
from stream_signal.hints.paths import cannot_write, hint_to_read
from stream_signal.hints.shell import typed
from stream_signal.outputs.files import check_replaceable
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
    assert hint_to_read("data.csv", PermissionError(13, "")) == "its owner has to let you read it, as with chmod a+r"
    assert hint_to_read("data.csv", OSError(5, "")) is None


def test_no_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory that was deleted meanwhile is said, and does not hide the error."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert hint_to_read("data.csv", OSError(2, "")) == "the working directory was deleted"


def texts(error: OutputError) -> tuple[str, str | None]:
    """Return both lines of an error."""
    return str(error), error.hint.words if error.hint else None


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called read-only, whether that is found before the job, at a write or because of its mount."""
    monkeypatch.chdir(tmp_path)
    wanted = "cannot write 'm.json': the folder '.' is read-only", "name a file in a folder that you may write to"
    for number in (errno.EACCES, errno.EROFS):
        for in_place in (False, True):
            assert texts(cannot_write("m.json", OSError(number, ""), in_place=in_place)) == wanted
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError) as refused:
        check_replaceable("m.json")
    assert texts(refused.value) == wanted


def test_a_file_without_permission(tmp_path: Path) -> None:
    """A file that is written in place may be read-only by itself; one that is replaced depends on its folder."""
    path = str(tmp_path / "s.csv")
    (tmp_path / "s.csv").touch()
    error = cannot_write(path, OSError(errno.EACCES, ""), in_place=True)
    assert str(error) == f"cannot write {path!r}: the file is read-only"
    assert "the folder" in str(cannot_write(path, OSError(errno.EACCES, "")))


def test_a_working_directory_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written while the job runs may find none: the error names the file all the same."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    gone = OSError(errno.ENOENT, "No such file or directory")
    assert str(cannot_write("m.json", gone)) == "cannot write 'm.json': No such file or directory"


@pytest.mark.parametrize("folder", ["/no/such", "../no", "no//such", "./no"])
def test_a_path_is_the_one_that_was_typed(folder: str, tmp_path: Path) -> None:
    """The folder that is missing is named as it was typed, and so it is to be made."""
    done = run_in_process("data.csv", "--output", f"{folder}/m.json", cwd=tmp_path)
    assert done.stderr.splitlines() == [
        f"stream-signal: cannot write '{folder}/m.json': there is no folder '{folder}'",
        "stream-signal: make it",
        f"stream-signal: try mkdir -p {folder} && stream-signal data.csv --output {folder}/m.json",
    ]


@pytest.mark.parametrize("flag", ["--output", "--log-file", "--signals", "--checkpoint"])
def test_every_output_says_the_same(flag: str, folder: Path) -> None:
    """Each flag that names a file has the same words and the same hint; a link counts as the file it points to."""
    os.symlink("my results/file", folder / "link")
    for path in ("my results/file", "link"):
        done = run_in_process("data.csv", flag, path, cwd=folder)
        message, _, hint = done.stderr.splitlines()
        assert done.code == 1
        assert message.endswith(f"{path!r}: there is no folder 'my results'")
        line = hint.removeprefix("stream-signal: try ")
        assert line == f"mkdir -p 'my results' && stream-signal data.csv {flag} {typed(path)}"
    assert type_line(line, folder).code == 0
    assert (folder / "my results" / "file").stat().st_size


@pytest.mark.parametrize("url", ["https://example.com/m.csv", "s3://me:pw@candles/m.csv"])
@pytest.mark.parametrize("flag", ["--output", "--log-file", "--signals", "--checkpoint"])
def test_a_url_is_not_written(flag: str, url: str, folder: Path) -> None:
    """Nothing is written to a URL, and nobody is told to make a folder of its name."""
    done = run_in_process("data.csv", flag, url, cwd=folder)
    first, *others = done.stderr.splitlines()
    assert (done.code, others) == (1, ["stream-signal: name a file"])
    assert first.endswith("/m.csv': it is a URL")
