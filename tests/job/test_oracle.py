"""The oracle: what it knows by itself, and that it agrees with the answers that were worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, StreamSignalError
from stream_signal.inputs.files import FilesSource
from stream_signal.job.oracle import Puzzled, judge, reader_of
from stream_signal.job.verify import LeftOut, Subject, by_engine, by_fractions
from support.candle_csv import written_files
from support.cases import CASES, Case
from support.strategies import candle_files, windows

if TYPE_CHECKING:
    from pathlib import Path

COUNTED = [case for case in CASES if isinstance(case.answer, tuple)]


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.name)
def test_cases(case: Case, tmp_path: Path) -> None:
    """It counts in each case of CSV what is counted there."""
    path = tmp_path / "data.csv"
    path.write_bytes(case.data)
    rows = list(judge(Config(**case.settings), FilesSource((str(path),))))
    assert (len(rows), sum(row.above for row in rows)) == case.answer


@given(st.lists(candle_files(), min_size=1, max_size=2), windows, st.sampled_from(["error", "missing"]))
def test_it_agrees_row_by_row(
    tmp_path_factory: pytest.TempPathFactory, files: list[bytes], window: int, bad_rows: str
) -> None:
    """Any files that are counted are counted by it, with the same signal for each row, or it says that it cannot."""
    names = written_files(tmp_path_factory.mktemp("files"), files)
    subject = Subject(names, Config(window=window, bad_rows=bad_rows))
    try:
        answer = by_engine(subject, "rows")
    except StreamSignalError:
        return
    try:
        found = by_fractions(subject, sample=1000)
    except LeftOut:
        return
    assert found[:2] == answer[:2]


@pytest.mark.parametrize("row", ['2,"a"b', '2,"a" ', '"2"5,b', '"2"x,"a"', '2,"a\nb"c'])
def test_text_after_a_quote(row: str, tmp_path: Path) -> None:
    """A row that no strict reader of CSV reads is a bad row to it, too."""
    (tmp_path / "data.csv").write_text(f"close,note\n1,x\n{row}\n3,x\n4,x\n5,x\n")
    config = Config(window=2, bad_rows="missing")
    rows = list(judge(config, FilesSource((str(tmp_path / "data.csv"),))))
    assert [row.close for row in rows] == [1, None, 3, 4, 5]


@given(st.lists(st.text('12",a \n', max_size=9), max_size=5), st.sampled_from(["error", "missing"]))
def test_any_quotes(tmp_path_factory: pytest.TempPathFactory, rows: list[str], bad_rows: str) -> None:
    """Wherever quotes stand, it counts what the engines count, or says that it cannot."""
    names = written_files(tmp_path_factory.mktemp("files"), ["\n".join(["close,x", *rows, "3,y", ""]).encode()])
    subject = Subject(names, Config(window=2, bad_rows=bad_rows, max_bad=1))
    try:
        answer = by_engine(subject, "rows")
        found = by_fractions(subject, sample=1000)
    except (StreamSignalError, LeftOut):
        return
    assert found[:2] == answer[:2]


def test_a_sample(tmp_path: Path) -> None:
    """It judges as many rows as it is asked for, and no more."""
    path = tmp_path / "data.csv"
    path.write_text("close\n" + "1\n2\n3\n" * 100)
    found = by_fractions(Subject((str(path),), Config(window=2)), sample=50)
    assert (found.rows, found.signals, found.detail) == (50, 33, "the first 50 rows")


@pytest.mark.parametrize("engine_reads", ["key", "@file"])
def test_keys(engine_reads: str, tmp_path: Path) -> None:
    """Each key has its own window; a row whose key cannot be read may be of any key, so all windows begin anew."""
    lines = [f"{'AB'[number % 2]},{number % 7}.{number % 5}" for number in range(200)]
    lines[100] = ",1"
    (tmp_path / "A-x.csv").write_text("key,close\n" + "\n".join(lines))
    (tmp_path / "B-x.csv").write_text("key,close\nA,1\nB,2\n" + "\n".join(lines[:50]))
    names = (str(tmp_path / "A-x.csv"), str(tmp_path / "B-x.csv"))
    subject = Subject(names, Config(window=3, key=engine_reads, key_pattern="{key}-*.csv", bad_rows="missing"))
    assert by_fractions(subject, sample=1000)[:2] == by_engine(subject, "rows")[:2]


@pytest.mark.parametrize(
    ("settings", "text", "close"),
    [
        ({}, " -.5 ", Fraction(-1, 2)),
        ({}, "5.", Fraction(5)),
        ({}, "+1e-3", Fraction(1, 1000)),
        ({}, "None", None),
        ({"decimal": ","}, "1,5", Fraction(3, 2)),
        ({"decimal": ",", "thousands": "."}, "1.234.567,5", Fraction(2469135, 2)),
        ({"thousands": " "}, "1\u202f234", Fraction(1234)),
        ({}, "$101.50", Fraction(203, 2)),
        ({}, "101.50 USD", Fraction(203, 2)),
        ({}, "1,30,102.5", Fraction(260205, 2)),
        ({"negative": "parentheses"}, "($1.50)", Fraction(-3, 2)),
    ],
)
def test_closes(settings: dict[str, str], text: str, close: Fraction | None) -> None:
    """It reads a close by itself."""
    assert reader_of(Config(**settings))(text) == close  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["1_000", "0x10", "inf", "1/2", "\u0661", "1,5", "1e999999999", "1" * 900, "."])
def test_no_closes(text: str) -> None:
    """It reads nothing else, and not what Fraction would."""
    with pytest.raises(ValueError, match=r"^$"):
        reader_of(Config())(text)


@pytest.mark.parametrize("data", ["a,b\n1,2\n", "close,x\n1\n", "close\nabc\n", "close,close\n1,2\n"])
def test_puzzled(data: str, tmp_path: Path) -> None:
    """It says so if it cannot read an input, and guesses nothing."""
    (tmp_path / "data.csv").write_text(data)
    with pytest.raises(Puzzled):
        list(judge(Config(), FilesSource((str(tmp_path / "data.csv"),))))


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        ("日期,收盘,股票代码\n2024-01-02,1.5,中国\n2024-01-03,2.5,中国\n".encode("gbk"), {"key": "股票代码"}),
        ("日付,終値\n2024-01-02,1.5\n2024-01-03,2.5\n".encode("cp932"), {}),
        (b"day,close,\n2024-01-02,1.5\n2024-01-03,2.5\n", {}),
        (b"day,close\n(2 rows)\nTotal,\n2024-01-03,1.5\n2024-01-02,2.5\n", {"newest_first": True}),
        (b"symbol,day,close\nX,2024-01-02,1.5\nX,2024-01-03,2.5\nTotal,,\n", {"key": "symbol"}),
    ],
)
def test_layouts(data: bytes, settings: dict[str, Any], tmp_path: Path) -> None:
    """It reads a header in another encoding or with a delimiter too many, and leaves footers out, as the engines do."""
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    config = Config(window=2, **settings)
    assert [row.above for row in judge(config, FilesSource((str(path),)))] == [False, True]
