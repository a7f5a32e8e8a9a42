"""Input that means harm, or might as well: refused in time, within memory, in words."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.candle_csv import HEADER, candle_csv
from support.commands import REPOSITORY, run_command, run_in_process
from support.memory import MEGABYTE, peak_memory

if TYPE_CHECKING:
    from pathlib import Path

TOO_LONG = "expected a line of at most 131072 bytes, found a longer one"


@pytest.mark.parametrize(
    ("head", "block", "times", "message"),
    [
        (b"close\n", b"9" * MEGABYTE, 1024, f"line 2: {TOO_LONG}"),
        (b"close", b",a" * (MEGABYTE // 2), 10, f"line 1: {TOO_LONG}"),
        (b"", b"close," * 170_000 + b"\n", 1, f"line 1: {TOO_LONG}"),
        (b"", b"\x00" * MEGABYTE, 100, f"line 1: {TOO_LONG}"),
        (HEADER.encode(), b'"' * MEGABYTE, 100, f"line 2: {TOO_LONG}"),
        (HEADER.encode(), b"1" + b"," * 100_000 + b"\n", 100, "line 2: expected 6 fields, found 100001"),
        (b"close\n", b"1e-400\n1e400\n" * 1000, 1, "a decimal number of at most 400 digits in column 'close', found"),
    ],
    ids=["a gigabyte line", "a header of 10 MB", "a million columns", "zeros", "quotes", "wide rows", "exponents"],
)
def test_within_memory(head: bytes, block: bytes, times: int, message: str, tmp_path: Path) -> None:
    """It is refused at the first bound that it meets, in 32 MB, and the rest is not read."""
    code, stdout, peak = peak_memory(tmp_path, head, block, times)
    assert code == 1
    assert message in stdout.decode()
    assert peak < 32 * MEGABYTE


def test_only_blank_lines(tmp_path: Path) -> None:
    """A stream of nothing but line ends is read in bounded memory, and is an error at its end."""
    code, stdout, peak = peak_memory(tmp_path, b"", b"\n" * MEGABYTE, 3)
    assert (code, peak < 32 * MEGABYTE) == (1, True)
    assert b"expected at least one row, found an empty input" in stdout


def test_a_checkpoint_of_the_wrong_size(tmp_path: Path) -> None:
    """What could be no checkpoint of this window is not read whole."""
    with (tmp_path / "state.json").open("wb") as file:
        file.truncate(2**36)
    done = run_command("--checkpoint", "state.json", stdin=b"close\n1\n", cwd=tmp_path)
    assert done.code == 1
    assert "it is too large to be one of window 5" in done.record["error_message"]


@pytest.mark.parametrize(
    "output",
    [
        *(["--output"], ["--metrics-format", "prometheus", "--output"], ["--report"], ["--manifest"]),
        *(["--keys-output"], ["--signals"], ["--checkpoint"], ["--log-file"]),
    ],
    ids=" ".join,
)
def test_names_that_are_no_utf_8(output: list[str], tmp_path: Path) -> None:
    """A file, a key and a version whose bytes are no UTF-8 are counted, and shown by every output in UTF-8."""
    if output == ["--report"]:
        pytest.importorskip("bokeh")
    name = os.fsdecode(b"\xff.csv")
    (tmp_path / name).write_bytes(candle_csv(["1", "2", "3"]))
    version = ("--version-tag", os.fsdecode(b"\xff"))
    keyed = () if output == ["--checkpoint"] else ("--key", "@file", "--key-pattern", "{key}.csv")
    done = run_in_process(name, "--window", "2", *version, *keyed, *output, "out", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert (tmp_path / "out").read_text(encoding="utf-8")
    if output == ["--checkpoint"]:
        described = run_in_process("checkpoint", "out", cwd=tmp_path)
        assert (described.code, described.stdout.decode().splitlines()[0]) == (0, r"input: '\udcff.csv', 124 bytes")


def test_fuzz(tmp_path: Path) -> None:
    """A few hundred runs of the fuzzer, each with its own seed, find nothing."""
    command = [sys.executable, str(REPOSITORY / "tests" / "fuzz.py"), "--runs", "400"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" 0 found\n")
