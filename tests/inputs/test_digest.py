"""The digest of an input: of the bytes that the job has read, or an error."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from stream_signal import InputError
from stream_signal.inputs.digest import Digests
from stream_signal.inputs.files import FilesSource
from support.cases import DATA

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("change", ["grown", "replaced", "removed"])
def test_a_file_that_changes(change: str, tmp_path: Path) -> None:
    """A file that is written, replaced or removed between the job and its digest is an error, never a digest."""
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    digests = Digests((str(path),))
    if change == "grown":
        path.write_bytes(DATA + b"\n")
    elif change == "replaced":
        (tmp_path / "new").write_bytes(DATA)
        os.replace(tmp_path / "new", path)
    else:
        path.unlink()
    with pytest.raises(InputError, match="No such file" if change == "removed" else "it was changed while it was read"):
        digests.find()


def test_a_named_pipe(tmp_path: Path) -> None:
    """The bytes of a named pipe are hashed as they are read, those of a file are not."""
    pipe, path = str(tmp_path / "pipe"), str(tmp_path / "data.csv")
    os.mkfifo(pipe)
    (tmp_path / "data.csv").write_bytes(DATA)
    digests = Digests((pipe, path))
    writer = Thread(target=(tmp_path / "pipe").write_bytes, args=(DATA,))
    writer.start()
    read = [event for event in FilesSource((pipe, path), tap=digests.tap).events(0, 0, None) if type(event) is bytes]
    writer.join()
    assert b"".join(read) == DATA + DATA
    first, second = digests.find()
    assert (first.bytes, first.sha256) == (len(DATA), second.sha256)
