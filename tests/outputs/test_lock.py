"""FileLock: one writer at a time, whenever the other one ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import OutputError
from stream_signal.core.errors import Hint
from stream_signal.outputs.lock import FileLock, lock_of
from support.commands import run_in_process

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("look", [1, 2])
def test_removed_while_it_is_taken(look: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ends between two steps of the next one takes its lock file with it: the next makes a new one."""
    lstat, looks = os.lstat, []

    def remove_and_stat(path: Any, **named: Any) -> os.stat_result:
        looks.append(path)
        if len(looks) == look:
            os.unlink(tmp_path / ".s.csv.lock")
        return lstat(path, **named)

    monkeypatch.setattr(os, "lstat", remove_and_stat)
    with FileLock(str(tmp_path / "s.csv")):
        monkeypatch.undo()
        with pytest.raises(BlockingIOError):
            FileLock(str(tmp_path / "s.csv")).__enter__()
    assert os.listdir(tmp_path) == []


def test_a_lock_that_was_left_behind(tmp_path: Path) -> None:
    """What a killed process has left, whole or cut off, is taken up and removed; one that is empty stays."""
    with FileLock(str(tmp_path / "s.csv")):
        left = (tmp_path / ".s.csv.lock").read_bytes()
    for data, stays in ((left, False), (left[:5], False), (b"", True)):
        (tmp_path / ".s.csv.lock").write_bytes(data)
        with FileLock(str(tmp_path / "s.csv")), pytest.raises(BlockingIOError):
            FileLock(str(tmp_path / "s.csv")).__enter__()
        assert (tmp_path / ".s.csv.lock").exists() == stays


def make_file(path: Path) -> None:
    """Make a file of the user, which begins as a lock does."""
    path.write_bytes(b"stream-signal locks the file beside this one as long as a job writes it.\nclose\n1\n")


def make_link(path: Path) -> None:
    """Make a link to a file that is not there."""
    path.symlink_to(path.parent / "victim")


def make_pipe(path: Path) -> None:
    """Make a named pipe, which nobody reads."""
    os.mkfifo(path)


@pytest.mark.parametrize("make", [make_file, make_link, make_pipe, Path.mkdir])
def test_what_is_no_lock(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A file of the user that has the name of a lock is no lock: it is not followed, not removed, not locked."""
    make(tmp_path / ".s.csv.lock")
    message = "its lock would be '.*s.csv.lock', which is another file"
    with pytest.raises(OutputError, match=message) as raised:
        FileLock(str(tmp_path / "s.csv")).__enter__()
    assert raised.value.hint == Hint("move that file away, or name another output")
    assert os.listdir(tmp_path) == [".s.csv.lock"]


def test_a_file_that_takes_the_name(tmp_path: Path) -> None:
    """A file that gets the name of the lock while the job runs is not removed with it."""
    (tmp_path / "mine").write_bytes(b"precious")
    with FileLock(str(tmp_path / "s.csv")):
        (tmp_path / "mine").rename(lock_of(str(tmp_path / "s.csv")))
    assert (tmp_path / ".s.csv.lock").read_bytes() == b"precious"


@pytest.mark.parametrize("flag", ["--signals", "--checkpoint"])
def test_a_job_whose_lock_is_another_file(flag: str, folder: Path) -> None:
    """The job says so, writes nothing else, and leaves the file as it was."""
    make_link(folder / ".out.lock")
    done = run_in_process("data.csv", flag, "out", "--no-config", cwd=folder)
    message = f"cannot write 'out': its lock would be {str(folder / '.out.lock')!r}, which is another file"
    assert (done.code, done.record["error_message"]) == (1, message)
    assert not (folder / "victim").exists()
    assert os.readlink(folder / ".out.lock") == str(folder / "victim")
