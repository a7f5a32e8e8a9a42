"""What an input is: its kind, its format, its size, which file it is, and what it cannot be used for."""

from __future__ import annotations

import gzip
import os
import re
from typing import TYPE_CHECKING

import pytest

from stream_signal import InputError
from stream_signal.inputs.probe import probe, refuse
from support.archives import zipped
from support.cases import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from stream_signal.inputs.probe import Kind, Wish


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an input of each kind in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_bytes(DATA)
    (tmp_path / "a.gz").write_bytes(gzip.compress(DATA))
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "a.zip").write_bytes(zipped({"b/a.csv": DATA}))
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "form", "again"),
    [
        ("a.csv", "file", None, True),
        ("a.gz", "file", "gzip", True),
        ("a.parquet", "file", "Parquet", True),
        ("a.zip", "file", "zip", True),
        ("a.zip/b/a.csv", "member", None, True),
        ("a.csv/b.csv", "nothing", None, True),
        ("a.zip/", "nothing", None, True),
        ("none.csv", "nothing", None, True),
        ("none/a.csv", "nothing", None, True),
        ("a\0b", "nothing", None, True),
        ("folder", "folder", None, False),
        ("pipe", "pipe", None, False),
        ("/dev/null", "pipe", None, False),
        ("s3://candles/a.csv", "URL", None, True),
    ],
)
@pytest.mark.usefixtures("inputs")
def test_kinds(name: str, kind: Kind, form: str | None, again: bool) -> None:  # noqa: FBT001
    """A name says what stands behind it, and nothing but a file is opened: a pipe without a writer does not block."""
    found = probe(name)
    assert (found.kind, found.format, found.can_be_read_again) == (kind, form, again)
    assert found.size == (os.path.getsize(name) if kind == "file" else 0)
    assert found.archive == ("a.zip" if kind == "member" else None)


@pytest.mark.parametrize(("read", "kind", "form"), [(0, "file", "gzip"), (1, "stdin", None)])
def test_stdin(read: int, kind: Kind, form: str | None, inputs: Path) -> None:
    """A file on stdin is a file, unless somebody has read a part of it."""
    before = os.dup(0)
    with (inputs / "a.gz").open("rb", buffering=0) as file:
        file.read(read)
        os.dup2(file.fileno(), 0)
    try:
        found = probe("-")
        assert (found.kind, found.format, found.can_be_read_again) == (kind, form, kind == "file")
        assert found.identity == probe("a.gz").identity
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_the_same_file(inputs: Path) -> None:
    """A file is the same by any name, a member is its archive, and what is not there is known by where it would be."""
    os.link("a.csv", "b.csv")
    os.symlink("a.csv", "c.csv")
    assert probe("a.csv").identity == probe("b.csv").identity == probe("c.csv").identity != probe("a.gz").identity
    assert probe("a.zip/b/a.csv").identity == probe("a.zip").identity
    assert probe("none.csv").identity == probe(str(inputs / "none.csv")).identity
    before = probe("a.csv")
    (inputs / "a.csv").write_bytes(DATA + DATA)
    assert probe("a.csv").identity == before.identity
    assert probe("a.csv").version != before.version
    assert probe("none.csv").version is None


REFUSED: dict[Wish, set[str]] = {
    "follow": {"a.gz", "a.parquet", "a.zip", "a.zip/b/a.csv", "s3://candles/a.csv"},
    "newest first": {"a.gz", "a.parquet", "a.zip", "a.zip/b/a.csv", "s3://candles/a.csv", "folder", "pipe"},
    "checkpoint": {"a.parquet", "a.zip"},  # those of its members that could be named were expanded before
}


@pytest.mark.parametrize("wish", REFUSED)
@pytest.mark.usefixtures("inputs")
def test_refusals(wish: Wish) -> None:
    """What cannot be had is refused in words that name the input, with what to do; the rest is not."""
    names = {"a.csv", "none.csv"}.union(*REFUSED.values())
    for name in names - REFUSED[wish]:
        refuse(wish, name)
    for name in REFUSED[wish]:
        with pytest.raises(InputError, match=re.escape(repr(name))) as refused:
            refuse(wish, name)
        assert refused.value.hint
