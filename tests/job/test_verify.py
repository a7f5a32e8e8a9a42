"""Every way counts the same, and a way that does not is found."""

from __future__ import annotations

import re
from gzip import compress
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import Config, SignalStream
from stream_signal.core.blocks.reader import BlockReader
from stream_signal.job import oracle
from stream_signal.job.verify import Outcome, verify
from stream_signal.stopping import StopSignals
from support.archives import zipped
from support.candle_csv import CLOSES, candle_csv
from support.cases import CASES, Case

if TYPE_CHECKING:
    from pathlib import Path

    from stream_signal.core.state import Stretch

WAYS = ["row engine", "block engine", "jobs", "fractions"]
DATA = candle_csv(["4.58", "4.58", *CLOSES[2:], *CLOSES * 9])  # with a tie in it


def outcomes(*names: object, **settings: Any) -> dict[str, Outcome]:
    with StopSignals() as stop:
        found, _ = verify(tuple(map(str, names)), Config(**settings), jobs=2, sample=None, stop=stop)
    assert [outcome.way for outcome in found] == WAYS
    return {outcome.way: outcome for outcome in found}


def differing(found: dict[str, Outcome]) -> list[str]:
    return [way for way, outcome in found.items() if outcome.differs]


def left_out(found: dict[str, Outcome]) -> list[str]:
    return [way for way, outcome in found.items() if outcome.is_left_out]


def test_all_ways(tmp_path: Path) -> None:
    """A file of some size is counted in every way, with several ranges in it, and with one answer."""
    (tmp_path / "data.csv").write_bytes(DATA)
    found = outcomes(tmp_path / "data.csv", window=5)
    assert (differing(found), left_out(found)) == ([], [])
    answers = [outcome.answer[:2] for outcome in found.values() if outcome.answer]
    assert answers == [answers[0]] * len(WAYS)
    answer = found["jobs"].answer
    assert answer
    assert int(re.findall(r"\d+", answer.detail)[-1]) >= 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Case, tmp_path: Path) -> None:
    """Every case of CSV has one answer, or one error, in all ways."""
    (tmp_path / "data.csv").write_bytes(case.data)
    assert differing(outcomes(tmp_path / "data.csv", **case.settings)) == []


def test_several_inputs(tmp_path: Path) -> None:
    """Files, a compressed one and an archive are one stream in all ways."""
    (tmp_path / "a.csv").write_bytes(DATA)
    (tmp_path / "b.csv").write_bytes(b"a line above\n" + DATA.removesuffix(b"\n"))
    (tmp_path / "c.gz").write_bytes(compress(DATA))
    (tmp_path / "d.zip").write_bytes(zipped({"x.csv": DATA, "y.csv": DATA}))
    found = outcomes(*(tmp_path / name for name in ("a.csv", "b.csv", "c.gz", "d.zip", "d.zip/y.csv")), window=3)
    assert (differing(found), left_out(found)) == ([], [])
    answer = found["jobs"].answer
    assert answer
    assert answer.rows == 6 * 10 * len(CLOSES)


def test_keys_of_names(tmp_path: Path) -> None:
    """Keys in the names of files and of members of archives are the same in all ways."""
    (tmp_path / "A-1m.csv").write_bytes(DATA)
    (tmp_path / "k.zip").write_bytes(zipped({"B-1m.csv": DATA, "A-1m.csv": DATA}))
    found = outcomes(tmp_path / "A-1m.csv", tmp_path / "k.zip", key="@file", key_pattern="{key}-*.csv")
    assert (differing(found), left_out(found)) == ([], [])
    answer = found["block engine"].answer
    assert answer
    assert list(answer.by_key or ()) == ["A", "B"]


def test_keys_of_a_column(tmp_path: Path) -> None:
    """The counts of each key are the same in all ways."""
    lines = DATA.decode().splitlines()
    text = "".join(f"{'ABC'[number % 3]},{line}\n" for number, line in enumerate(lines[1:]))
    (tmp_path / "data.csv").write_text(f"symbol,{lines[0]}\n{text}")
    found = outcomes(tmp_path / "data.csv", key="symbol", windows=(2, 9))
    assert (differing(found), left_out(found)) == ([], [])
    answer = found["jobs"].answer
    assert answer
    assert list((answer.by_key or {})["B"]["by_window"]) == ["5", "2", "9"]


def test_several_windows(tmp_path: Path) -> None:
    """The counts of each window are the same in all ways."""
    (tmp_path / "data.csv").write_bytes(DATA)
    found = outcomes(tmp_path / "data.csv", window=5, windows=(1, 20, 60))
    assert (differing(found), left_out(found)) == ([], [])


def test_newest_first(tmp_path: Path) -> None:
    """A file that is read from its end has no ranges; the other ways agree."""
    header, *rows = DATA.splitlines(keepends=True)
    (tmp_path / "data.csv").write_bytes(header + b"".join(reversed(rows)))
    found = outcomes(tmp_path / "data.csv", newest_first=True)
    assert (differing(found), left_out(found)) == ([], ["jobs"])


def plant(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one way count wrongly."""
    if fault == "jobs":
        add, lost = SignalStream.add, set[SignalStream]()

        def all_but_the_first(self: SignalStream, stretch: Stretch, tail: bytes) -> None:
            if self in lost:
                add(self, stretch, tail)
            lost.add(self)

        monkeypatch.setattr(SignalStream, "add", all_but_the_first)
    elif fault == "fractions":
        push = oracle.Window.push

        def at_least(self: Any, close: Any) -> oracle.Judged:
            row = push(self, close)
            return row._replace(above=row.mean is not None and row.close is not None and row.close >= row.mean)

        monkeypatch.setattr(oracle.Window, "push", at_least)
    else:
        rows = BlockReader.rows

        def misread(self: BlockReader, data: bytes) -> Any:
            return rows(self, data.replace(b",4.58,", b",4.50,", 1))

        monkeypatch.setattr(BlockReader, "rows", misread)


@pytest.mark.parametrize(
    ("fault", "where", "how"),
    [
        ("jobs", ["jobs"], r"^rows: \d+, and the row engine: \d+$"),
        ("fractions", ["fractions"], r"^row \d+ does not signal for window 2, and the close is (\S+) and the mean \1$"),
        ("blocks", ["block engine", "fractions"], r"and the row engine: |^row \d+ signals for window 2, "),
    ],
)
def test_a_fault_is_found(
    fault: str, where: list[str], how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way that counts wrongly is named, with how it differs; the oracle says the row and the exact numbers."""
    (tmp_path / "data.csv").write_bytes(DATA)
    plant(fault, monkeypatch)
    found = outcomes(tmp_path / "data.csv", window=2)
    assert differing(found) == where
    assert all(re.search(how, found[way].differs) for way in where)


def test_another_error_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ways that fail have to fail with the same error; a crash of one is its answer."""
    (tmp_path / "data.csv").write_bytes(DATA.replace(b"4.0", b"x"))
    assert differing(outcomes(tmp_path / "data.csv")) == []

    def crash(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(SignalStream, "add", crash)
    found = outcomes(tmp_path / "data.csv", bad_rows="missing")
    assert (differing(found), found["jobs"].why) == (["jobs"], "ZeroDivisionError: planted")
