"""Doubts and notes in words, which stand once, in `doubts.txt`; `pytest --golden` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.hints.doubts import NOTES, SAMPLED, WORDS
from support.commands import run_in_process
from support.doubtful import BAD, DOUBTFUL, NEWEST_FIRST, PLAIN, TWICE, candles_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

GOLDEN = Path(__file__).parent / "doubts.txt"
NOON = b"noon,1,2,3,4.5,6\n"
FAR = [*range(15_000), *range(15_000, 14_000, -1), *range(15_001, 16_000)]


class Said(NamedTuple):
    """Some files, the first of which may be a pipe, and the flags that they are read with."""

    name: str
    files: Mapping[str, bytes]
    flags: str = ""
    inputs: str = ""
    """those that are named; none: the one file as a pipe"""


def keyed(*rows: str) -> bytes:
    """Make a file of rows with a symbol, a time and a close."""
    return ("symbol,time,close\n" + "".join(f"{line}\n" for line in rows)).encode()


BELOW = keyed(*(f"{name},{at * 60},{at}" for name in "AB" for at in range(10))).replace(b"symbol", b"Name")
IN_TURN = keyed(*(f"{name},{at * 60},{at},{ord(name)}" for at in range(20) for name in "WXYZ")).replace(
    b"symbol,time,close", b"Name,time,close,code"
)
REPEATED = keyed(*(f"{key},{at * 60},1,2" for at in range(9) for key in "AB"), "A,120,1,2", "B,480,1,2", "B,480,1,2")
KLINES = "".join(f"{60_000 * at + 1_700_000_000_000},{at},{at + 2},{at - 1},{at + 1},9,9\n" for at in range(1, 21))
TURNED = "".join(reversed(KLINES.splitlines(keepends=True)))
MORE = [
    Said("no header, oldest first", {"a.csv": KLINES.encode()}, "", "a.csv"),
    Said("no header, newest first", {"a.csv": TURNED.encode()}, "", "a.csv"),
    Said("no header, newest first, from a pipe", {"a.csv": TURNED.encode()}),
    Said(
        "no header, and no format that says newest first", {"a.csv": TURNED.replace("000,", ",").encode()}, "", "a.csv"
    ),
    Said("no header, but a format", {"a.csv": KLINES.encode()}, "--format bybit --no-newest-first", "a.csv"),
    Said("newest first from a pipe", {"a.csv": NEWEST_FIRST}),
    Said("oldest first, read from the end", {"a.csv": PLAIN}, "--newest-first", "a.csv"),
    Said("newest first with a checkpoint", {"a.csv": NEWEST_FIRST}, "--checkpoint c.json", "a.csv"),
    Said("lines between rows", {"a.csv": b"time,close\n60,1\n,\n# late\n120,2\n,\n(2 rows)\n"}, "--window 1", "a.csv"),
    Said("bad rows", {"a.csv": BAD}, "--bad-rows missing", "a.csv"),
    Said("a patch turned round behind the first rows", {"a.csv": candles_at(*FAR)}, "", "a.csv"),
    Said("rows again behind the first ones", {"a.csv": candles_at(*FAR[:14_000], *[14_000] * 400)}, "", "a.csv"),
    Said("words behind the first rows", {"a.csv": candles_at(*FAR[:14_000]) + NOON * 400}, "", "a.csv"),
    Said("a year between two weeks", {"a.csv": candles_at(*range(15_000), *range(525_600, 530_000))}, "", "a.csv"),
    Said("the last row again, with a log", {"a.csv": TWICE}, "--log-file run.log", "a.csv"),
    Said("two names", {f"{name}USDT-1m.csv": b"close\n1\n2\n" for name in ("BTC", "ETH")}, "--window 1", "*"),
    Said("one file after the other", {"b.csv": candles_at(*range(9)), "a.csv": candles_at(*range(9))}, "", "*"),
    Said("symbols below each other", {"a.csv": BELOW}, "", "a.csv"),
    Said("symbols in turn, with a code", {"a.csv": IN_TURN}, "", "a.csv"),
    Said("few rows of each key", {"a.csv": keyed("A,60,1", "B,60,2", "A,120,1")}, "--key symbol", "a.csv"),
    Said(
        "times of the keys",
        {"a.csv": REPEATED.replace(b"close", b"close,high")},
        "--key symbol",
        "a.csv",
    ),
]
CASES = [Said(name, {"a.csv": data}, "", "a.csv") for name, _, data in DOUBTFUL] + MORE


def test_texts(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each case says on stderr what the golden file has, in words and in whole command lines."""
    found = []
    for number, case in enumerate(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in case.files.items():
            (folder / name).write_bytes(data)
        inputs = list(case.files) if case.inputs == "*" else case.inputs.split()
        stdin = b"" if inputs else next(iter(case.files.values()))
        done = run_in_process(*inputs, *case.flags.split(), stdin=stdin, cwd=folder)
        found.append("\n    ".join([f"{case.name} {case.flags}".rstrip(), *done.stderr.splitlines()]) + "\n")
    if request.config.getoption("--golden"):
        GOLDEN.write_text("".join(found))
    assert "".join(found) == GOLDEN.read_text()


def test_every_kind_is_said() -> None:
    """The words of each doubt, and of each that samples may show, are among the texts; a note is for a terminal."""
    text = GOLDEN.read_text()
    for words in (*(words for kind, words in WORDS.items() if kind not in NOTES), *SAMPLED.values()):
        assert re.search("stream-signal: " + re.sub(r"\\{[a-z]+\\}", ".*", re.escape(words)), text), words
