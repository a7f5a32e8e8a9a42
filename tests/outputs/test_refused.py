"""Why a file cannot be written: one text for one cause, whichever call found it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from stream_signal.core.errors import OutputError
from stream_signal.hints.shell import typed
from stream_signal.outputs.files import check_replaceable
from stream_signal.outputs.refused import cannot_write
from support.commands import run_in_process
from support.typing import type_line

if TYPE_CHECKING:
    from pathlib import Path


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
