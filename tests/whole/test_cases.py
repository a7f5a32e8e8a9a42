"""Every case of the table, through every door and at every cut: one answer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config, DataError, SignalStream
from support.cases import CASES, Case
from support.commands import Done, run_command, run_in_process, settings_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


# What stands in the way between a shell and the stream: bytes of every kind, lines of every end, refusals in mid-pipe.
PROCESSES = [
    "plain",
    "byte order mark",
    "CRLF in quotes",
    "bytes that are no UTF-8 elsewhere",
    "two files concatenated",
    "no header, semicolon",
    "bad rows as missing",
    "empty",
    "lz4",
    "an endless quote",
    "close '\u0661'",
]


def check(run: Callable[..., Done], case: Case, folder: Path) -> None:
    """Run the command on a file and on a pipe, and compare with the table."""
    (folder / "config.yaml").write_text(settings_yaml(**case.settings))
    (folder / "data.csv").write_bytes(case.data)
    for done in (run("data.csv", "-q", cwd=folder), run("-q", stdin=case.data, cwd=folder)):
        if isinstance(case.answer, str):
            assert done.code == 1
            assert done.record == {"version": "v1", "status": "error", "error_message": case.answer}
            message, *hint = done.stderr.splitlines()
            assert message == f"stream-signal: {case.answer}"
            assert hint
            assert [line for line in hint if not line.startswith("stream-signal: ")] == []
        else:
            rows, signals = case.answer
            assert (done.code, done.stderr) == (0, "")
            assert done.record["rows_processed"] == rows
            assert done.record["value"] == signals / rows


def answer(case: Case, pieces: Iterable[bytes]) -> tuple[int, int] | str:
    """Feed the pieces; return what the table gives."""
    stream = SignalStream(Config(**case.settings))
    try:
        for piece in pieces:
            stream.feed(piece)
        counts = stream.finish()
    except DataError as error:
        return str(error)
    return counts.rows, counts.signals


@every_case
def test_whole(case: Case) -> None:
    """Fed in one piece, a case gives its answer."""
    assert answer(case, [case.data]) == case.answer


@every_case
def test_one_byte_at_a_time(case: Case) -> None:
    """Fed byte by byte, a case gives the same answer."""
    assert answer(case, (case.data[at : at + 1] for at in range(len(case.data)))) == case.answer


@every_case
def test_random_cuts(case: Case) -> None:
    """Fed in pieces cut at random, a case gives the same answer."""
    for seed in range(20):
        rng = random.Random(seed)
        places = sorted(rng.randrange(len(case.data) + 1) for _ in range(rng.randrange(1, 9)))
        pieces = [case.data[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
        assert answer(case, pieces) == case.answer


@every_case
def test_command(case: Case, tmp_path: Path) -> None:
    """By file and by pipe, the command gives the same answer and the same exit code."""
    check(run_in_process, case, tmp_path)


@pytest.mark.parametrize("name", PROCESSES)
def test_processes(name: str, tmp_path: Path) -> None:
    """Cases of every kind give their answer in processes of their own, too."""
    (case,) = (case for case in CASES if case.name == name)
    check(run_command, case, tmp_path)
