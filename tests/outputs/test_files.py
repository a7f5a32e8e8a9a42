"""A file is replaced whole, or stays as it was."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from stream_signal import Interrupted, OutputError
from stream_signal.outputs.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def test_replaced_whole(tmp_path: Path) -> None:
    """The new file has the data and the permissions of the old one, and nothing else is left in the folder."""
    path = tmp_path / "m.json"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_file(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    """A file that was not there gets the permissions that the user's umask gives."""
    before = os.umask(0o027)
    try:
        replace_file(str(tmp_path / "m.json"), b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m.json").stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file that a link points to is replaced, and the link stays one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "m.json").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real/m.json")
    replace_file(str(tmp_path / "link"), b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "m.json").read_bytes() == b"new"


def test_a_signal_right_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is stopped when the new file is in place is stopped, and no more: that is no failure of the write."""
    replace = os.replace

    def replace_and_stop(source: str, target: str) -> None:
        replace(source, target)
        raise Interrupted(15, "SIGTERM")

    monkeypatch.setattr(os, "replace", replace_and_stop)
    with pytest.raises(Interrupted):
        replace_file(str(tmp_path / "m.json"), b"new")
    assert (tmp_path / "m.json").read_bytes() == b"new"


def test_a_temporary_file_that_was_left_behind(tmp_path: Path) -> None:
    """What a killed process has left, whole or cut off, is removed."""
    data = b'{"schema": 3, "sha256": "1"}'
    for left in (data, b'{"schema": 3, "sha256": "0"', b'{"s'):
        (tmp_path / ".m.tmp").write_bytes(left)
        replace_file(str(tmp_path / "m.json"), data, temporary=str(tmp_path / ".m.tmp"))
        assert (os.listdir(tmp_path), (tmp_path / "m.json").read_bytes()) == (["m.json"], data)


def test_a_temporary_name_that_is_taken(tmp_path: Path) -> None:
    """A file of the user that has the name of the temporary one stays as it was; a link there is not followed."""
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".1.tmp").symlink_to("precious")
    (tmp_path / ".2.tmp").write_bytes(b"precious")
    (tmp_path / ".3.tmp").touch()
    (tmp_path / ".4.tmp").mkdir()
    os.mkfifo(tmp_path / ".5.tmp")
    before = sorted(os.listdir(tmp_path))
    for number in range(1, 6):
        replace_file(str(tmp_path / "m.json"), b"%d" % number, temporary=str(tmp_path / f".{number}.tmp"))
        assert (tmp_path / "m.json").read_bytes() == b"%d" % number
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "m.json"])
    assert os.readlink(tmp_path / ".1.tmp") == "precious"
    for name in ("precious", ".2.tmp"):
        assert (tmp_path / name).read_bytes() == b"precious"


def test_a_folder_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails to make the rename last is an error."""
    fsync = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="Input/output error"):
        replace_file(str(tmp_path / "m.json"), b"new")


def test_a_folder_that_may_not_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is synced after the rename; where that is not allowed, the file is in place all the same."""
    synced = []
    fsync = os.fsync

    def refuse(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        if synced[-1]:
            raise PermissionError(13, "Permission denied")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    replace_file(str(tmp_path / "m.json"), b"new")
    assert synced == [False, True]
    assert (tmp_path / "m.json").read_bytes() == b"new"


def test_a_long_name(tmp_path: Path) -> None:
    """The longest name that a file can have is no trouble."""
    name = "\u6f22" * 85
    replace_file(str(tmp_path / name), b"new")
    assert (tmp_path / name).read_bytes() == b"new"


def test_a_device_is_not_replaced() -> None:
    """/dev/null is written to, and stays a device."""
    replace_file("/dev/null", b"new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("name", ["replace", "fsync", "write"])
def test_a_failure_leaves_the_old_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the write, the fsync or the rename fails, the old file stands and no temporary one is left."""
    (tmp_path / "m.json").write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(OutputError, match="No space left on device"):
        replace_file(str(tmp_path / "m.json"), b"new")
    monkeypatch.undo()
    assert (tmp_path / "m.json").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.json"]
