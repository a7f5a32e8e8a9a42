"""A header that is not UTF-8 is read where one text of it has a known close, and otherwise its encodings are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, MissingColumnError, SignalStream, State
from stream_signal.core.layout.encodings import likely
from support.commands import logged, run_in_process
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = [
    ("gbk", "日期,开盘,收盘"),
    ("cp932", "日付,始値,終値"),
    ("big5", "日期,開盤,收盤"),
    ("cp949", "날짜,시가,종가"),
    ("cp1252", "Datum,Eröffnung,Schluß"),
    ("cp1251", "Дата,Открытие,Закрытие"),
    ("cp1252", "Date,Première,Clôture"),
    ("cp1254", "Tarih,Düşük,Kapaniş"),
]
ROWS = b"2024-01-02,1,%d\n2024-01-03,1,4\n"


@pytest.mark.parametrize(("encoding", "header"), KNOWN)
def test_a_known_close(encoding: str, header: str, tmp_path: Path) -> None:
    """A known name of a close is found in each encoding, as in UTF-8, with a note and no doubt."""
    for data in (header.encode(encoding), b"BTC\n" + header.encode(encoding)):
        (tmp_path / "a.csv").write_bytes(data + b"\n" + ROWS % 3)
        done = run_in_process("a.csv", "--window", "2", "--log-file", "run.log", "--strict", cwd=tmp_path)
        assert (done.code, done.stderr, done.record["value"]) == (0, "", 0.5)
        assert "encoding" in {note["kind"] for note in logged(tmp_path, "note")}
        (tmp_path / "run.log").unlink()


@pytest.mark.parametrize(("encoding", "header"), KNOWN)
def test_what_is_typed(encoding: str, header: str) -> None:
    """A column that is asked for is found by its name in each encoding; the state keeps it."""
    stream = SignalStream(Config(column=header.split(",")[1]))
    stream.feed(header.encode(encoding) + b"\n" + ROWS % 3)
    assert stream.header
    assert stream.header.position == 1
    again = State.from_json(stream.state().as_json(), 5)
    assert again.header == stream.header


@given(st.sampled_from(KNOWN), st.integers(1, 9))
def test_cut_invariant(known: tuple[str, str], size: int) -> None:
    """The header is the same wherever the bytes are cut."""
    encoding, header = known
    data, headers = header.encode(encoding) + b"\n" + ROWS % 3, []
    for step in (size, len(data)):
        stream = SignalStream(Config())
        for at in range(0, len(data), step):
            stream.feed(data[at : at + step])
        headers.append(stream.header)
    assert headers[0] == headers[1]


def test_one_close_and_no_other() -> None:
    """A line whose texts have a known close in different columns is no header."""
    stream = SignalStream(Config())
    with pytest.raises(MissingColumnError):  # noqa: PT012 - either may raise
        stream.feed("收盘".encode("gbk") + b"," + "종가".encode("cp949") + b"\n1,2\n")
        stream.finish()


def test_the_bar_may_be_half_a_character() -> None:
    """A bar within a character of two bytes does not cut it."""
    name = next(chr(at) for at in range(0x4E00, 0x9FFF) if chr(at).encode("gbk", "ignore")[1:] == b"|")
    stream = SignalStream(Config(window=1))
    stream.feed(f"{name},开盘,收盘\n1,2,3\n".encode("gbk"))
    assert stream.header
    assert (stream.header.delimiter, stream.header.names) == (",", (name, "开盘", "收盘"))


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("cp1251", "Дата;Цена моя"),
        ("gbk", "时间;我的价格"),
        ("cp932", "日付;わたしの値段"),
        ("cp1250", "Data;Moja wartość"),
    ],
)
def test_an_unknown_close(encoding: str, header: str, tmp_path: Path) -> None:
    """Without a known close, the likely encodings are named, and one of the commands shows the names as they are."""
    (tmp_path / "a.csv").write_bytes(header.encode(encoding) + b"\n1;2\n3;4\n")
    lines = proposed(run_in_process("a.csv", cwd=tmp_path).stderr)
    said = [type_line(line, tmp_path).stderr for line in lines]
    assert any(f"{name!r}" in text for name in header.split(";")[1:] for text in said)
    assert len(lines) < 4


def test_utf_8_is_not_looked_at() -> None:
    """A line that is UTF-8 has no other encoding."""
    assert likely("日期,終値".encode(), ",") == []


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "cp932", "big5"])
def test_dates_that_are_not_utf_8(encoding: str, tmp_path: Path) -> None:
    """Where the close is ASCII, no encoding is asked for, and the dates of the rows are found all the same."""
    rows = [f"2019年10月{day}日,{day % 7}\n" for day in range(22, 2, -1)]
    (tmp_path / "a.csv").write_bytes("時間,close\n".encode(encoding) + "".join(rows).encode(encoding))
    assert "newest first" in run_in_process("a.csv", cwd=tmp_path).stderr
