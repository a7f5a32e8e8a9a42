"""Headers that name the close in other words: read where one column alone can be meant, and told; refused otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.candle_csv import CLOSES
from support.commands import run_in_process
from support.oracle import count

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = [
    (
        "Date,Open,High,Low,Closing Price,Volume",
        "column 5, 'Closing Price', is read as the close; --column 'Closing Price'",
    ),
    (
        "Date,PREV_CLOSE,HIGH_PRICE,LAST_PRICE,CLOSE_PRICE,X",
        "column 5, 'CLOSE_PRICE', is read as the close; --column CLOSE_PRICE",
    ),
    ("Date;Open;High;Low;ClsPric;PrvsClsgPric", "column 5, 'ClsPric', is read as the close; --column ClsPric"),
    ("日期\t开盘\t最高\t前收盘\t收盘\t成交量", "column 5, '收盘', is read as the close; --column '收盘'"),
    (
        "Data,Otwarcie,Najwyzszy,Adj Close,Zamkniecie,Wolumen",
        "column 5, 'Zamkniecie', is read as the close; --column Zamkniecie",
    ),
]


def file_of(header: str) -> bytes:
    """Return candles below a header with six names, the fifth of which is the close."""
    mark = next(mark for mark in ",;\t" if mark in header)
    rows = [mark.join(("2024-01-02", "7", "7", "7", close, "7")) for close in CLOSES]
    return "\n".join(["some title", header, *rows, ""]).encode()


def events(path: Path) -> list[dict[str, str]]:
    """Return the notes and doubts in a log."""
    return [event for event in map(json.loads, path.read_text().splitlines()) if event["event"] in {"note", "doubt"}]


@pytest.mark.parametrize(("header", "text"), HEADERS)
def test_another_name(header: str, text: str, tmp_path: Path) -> None:
    """The column is read as the close, which a note says; what the note proposes gives the same without it."""
    (tmp_path / "a.csv").write_bytes(file_of(header))
    rows, signals = count(CLOSES, 5)
    flag = text.rpartition("--column ")[2].strip("'")
    for flags, notes in (((), [f"{text} says so"]), (("--column", flag), [])):
        log = f"{len(flags)}.log"
        done = run_in_process("a.csv", *flags, "--log-file", log, cwd=tmp_path)
        assert (done.code, done.record["rows_processed"], done.record["value"]) == (0, rows, signals / rows)
        assert [event["text"] for event in events(tmp_path / log) if event["event"] == "note"] == notes
        assert "is read as the close" not in done.stderr


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Closing Price,Close/Last",
        "Date,Open,High,Low,Adj Close,Volume",
        "Date,Open,High,Low,Price,Volume",
        "Date,Open,High,Low,PREV_CLOSE,Volume",
        "Date,Open,High,Low,Close (prev),Volume",
    ],
)
def test_no_name_or_two(header: str, tmp_path: Path) -> None:
    """Two known names, an adjusted close, the close of the day before, or a name that is none: refused."""
    done = run_in_process(stdin=file_of(header), cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "Missing required column: 'close'")


def test_close_comes_first(tmp_path: Path) -> None:
    """A column called close is the close, whatever other known name there is."""
    data = b"Close/Last,close\n" + b"".join(b"1,%d\n" % at for at in range(9))
    done = run_in_process("--window", "2", "--log-file", "run.log", stdin=data, cwd=tmp_path)
    assert done.record["value"] == 8 / 9
    assert events(tmp_path / "run.log") == []


def test_another_name_was_asked_for(tmp_path: Path) -> None:
    """Where the settings name the column, no other name is taken."""
    done = run_in_process("--column", "last", stdin=file_of(HEADERS[0][0]), cwd=tmp_path)
    assert done.record["error_message"] == "Missing required column: 'last'"


def test_a_title_is_no_header(tmp_path: Path) -> None:
    """A line of one cell above the header may have the name of a close."""
    data = b"Closing Price\ntime,close\n" + b"".join(b"%d,%d\n" % (at, at) for at in range(9))
    done = run_in_process("--window", "2", stdin=data, cwd=tmp_path)
    assert (done.record["rows_processed"], done.record["value"]) == (9, 8 / 9)
