"""No false alarm: what is right is not doubted; the samples that are doubted or refused are listed with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from stream_signal.core.formats import FORMATS
from stream_signal.core.steps import NANOSECONDS
from support.cases import CASES
from support.commands import REPOSITORY, run_in_process, settings_yaml
from support.markets import FINE
from support.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from pathlib import Path

OUT_OF_ORDER, NO_CLOSE, BAD = "timestamps are earlier", "have no close", "could not be read"
# Of the cases that give an answer, those that are doubted, and what is said.
DOUBTED = {
    "two files concatenated": OUT_OF_ORDER,
    "two files concatenated, each with a byte order mark": OUT_OF_ORDER,
    "auto, a header, then rows without": OUT_OF_ORDER,
    "close in the last column, CRLF": NO_CLOSE,
    "close alone, missing in quotes": NO_CLOSE,
    "missing closes": NO_CLOSE,
    "decimal comma, missing closes": NO_CLOSE,
    "auto, a row without a close": NO_CLOSE,
    "window longer than the data": "no window was ever full",
    "only missing closes": "no window was ever full",
    "bad rows as missing": BAD,
    "a wrong quote as missing": BAD,
    "decimal comma, bad rows as missing": BAD,
}
# Columns as people have them, and how a row is written: `m` is its time, `n` its number and `c` its close.
ROWS = {
    "t,o,h,l,close,v": "{m:%Y-%m-%dT%H:%M:%SZ},1,2,1,{c},7",
    "t,close": "{ms},{c}",
    "T,Close": "{s},{c}",
    "index,close": "{n},{c}",
    "index,open,close": "{m:%Y-%m-%d %H:%M:%S},1,{c}",
    "index,Date,Close": "{n},{m:%Y-%m-%d},{c}",
    "index,snapped,close": "{n},{m:%Y-%m-%d},{c}",
    "Unnamed: 0,Date,Close": "{n},{m:%Y-%m-%d},{c}",
    ",open,close": "{m:%Y-%m-%d},1,{c}",
    ",date,close": "{n},{m:%Y-%m-%d},{c}",
    "day,close": "{m:%Y-%m-%d},{c}",
    "Day,Close": "{m:%Y%m%d},{c}",
    "day,close,": "Monday,{c},",
    "year,month,day,close": "{m:%Y,%m,%d},{c}",
    "week,day,close": "{m:%W},{m:%Y-%m-%d},{c}",
    "quarter,date,close": "1,{m:%Y-%m-%d},{c}",
    "month,close": "{m:%Y-%m-%d},{c}",
    "period,close": "{m:%Y-%m-%d %H:%M},{c}",
    "period,date,close": "1m,{m:%Y-%m-%d %H:%M},{c}",
    "minute,close": "{m:%Y-%m-%d %H:%M},{c}",
    "minute,close,x": "{n},{c},7",
    "trade_date,close": "{m:%Y%m%d},{c}",
    "ts_code,trade_date,close": "000001.SZ,{m:%Y%m%d},{c}",
    "begin,open,close,end": "{m:%Y-%m-%d %H:%M:%S},1,{c},{until:%Y-%m-%d %H:%M:%S}",
    "start,end,close": "{m:%Y-%m-%d %H:%M},{until:%Y-%m-%d %H:%M},{c}",
    "from,to,close": "{s},{s},{c}",
    "open_time,close,close_time": "{ms},{c},{ms}",
    "at,close": "{m:%d-%b-%y %H:%M},{c}",
    "id,timestamp,close": "{n},{s},{c}",
    "n,ts,close": "{n},{ms},{c}",
    "row,time,close": "{n},{m:%Y-%m-%d %H:%M},{c}",
    "seq,time,close": "{n},{ns},{c}",
    "bar,date,close": "{n},{m:%Y-%m-%d},{c}",
    "time,trades,close": "{s},{n},{c}",
    "time,close": "{n},{c}",
    "timestamp,date,close": "{s},{m:%Y-%m-%d},{c}",
    "date,unix,close": "{m:%Y-%m-%d},{s},{c}",
    "timestamp,local_timestamp,close": "{us},{us},{c}",
    "created_at,updated_at,close": "{m:%Y-%m-%d %H:%M},2024-12-31 00:00,{c}",
    "date,close,last_updated": "{m:%Y-%m-%d},{c},2024-12-31",
    "date,close,expiry": "{m:%Y-%m-%d},{c},2024-12-20",
    "contract,date,close": "ESZ4,{m:%Y-%m-%d},{c}",
    "session,date,close": "regular,{m:%Y-%m-%d},{c}",
    "Date,Time,Close": "{m:%Y-%m-%d},{m:%H:%M:%S},{c}",
    "Date,Time,Close,": "{m:%Y-%m-%d},16:00,{c},",
    "date,hour,close": "{m:%Y-%m-%d},{m:%H:%M},{c}",
    "d,t,close": "{m:%Y-%m-%d},{m:%H:%M},{c}",
    "<DATE>,<TIME>,<CLOSE>": "{m:%Y%m%d},{m:%H%M%S},{c}",
    "<TICKER>,<PER>,<DATE>,<TIME>,<CLOSE>": "SBER,1,{m:%Y%m%d},{m:%H%M},{c}",
    "Date,Close,Adj Close": "{m:%Y-%m-%d},{c},{c}",
    "日期,收盘": "{m:%Y-%m-%d},{c}",
    "交易日期,收盘价": "{m:%Y%m%d},{c}",
    "时间,close": "{m:%Y/%m/%d %H:%M},{c}",
    "日付,終値": "{m:%Y/%m/%d},{c}",
    "날짜,종가": "{m:%Y-%m-%d},{c}",
    "Дата,Закрытие": "{m:%d.%m.%Y},{c}",
    "Datum,Schluss": "{m:%d.%m.%Y},{c}",
    "Fecha,Cierre": "{m:%d/%m/%Y},{c}",
    "Data,Fechamento": "{m:%d/%m/%Y},{c}",
    "Tarih,close": "{m:%d.%m.%Y %H:%M},{c}",
    "price day,close": "{m:%d %B %Y},{c}",
}


def closes(count: int) -> list[str]:
    """Draw closes that go up and down."""
    rng, cents, drawn = Random(count), 10_000, []
    for _ in range(count):
        cents += rng.randrange(-50, 51)
        drawn.append(f"{cents / 100:.2f}")
    return drawn


def said(data: bytes, folder: Path, *arguments: str) -> tuple[int, str]:
    """Give a file to the command; return its exit code and its first line on stderr."""
    (folder / "data.csv").write_bytes(data)
    done = run_in_process("data.csv", "--no-config", *arguments, cwd=folder)
    return done.code, done.stderr.partition("\n")[0]


def series(times: list[int], unit: int = 0) -> bytes:
    """Write times, in nanoseconds, as dates with a clock, or as numbers of that unit."""
    rows = zip(times, closes(len(times)), strict=True)
    if unit:
        return b"timestamp,close\n" + "".join(f"{time // unit},{close}\n" for time, close in rows).encode()
    moments = ((datetime.fromtimestamp(time // NANOSECONDS, UTC), close) for time, close in rows)
    return b"Date,Close\n" + "".join(f"{moment:%Y-%m-%d %H:%M:%S},{close}\n" for moment, close in moments).encode()


@pytest.mark.parametrize("name", FINE)
def test_fine_series(name: str, tmp_path: Path) -> None:
    """Minutes, hours, days and months, with the pauses of markets or with few trades, are not doubted."""
    times = FINE[name]()
    for data in (series(times), series(times, NANOSECONDS), series(times, 10**6)):
        assert said(data, tmp_path, "--strict") == (0, "")
    assert said(series(times[::-1]), tmp_path, "--strict", "--newest-first") == (0, "")


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_samples(sample: Sample, tmp_path: Path) -> None:
    """With its format, none is doubted; without, those newest first are, and those without a header are refused."""
    data = sample.file(closes(400))
    assert said(data, tmp_path, "--format", sample.format, "--strict") == (0, "")
    code, line = said(data, tmp_path)
    if not sample.head:
        assert (code, line) == (1, "stream-signal: Missing required column: 'close'")
    elif FORMATS[sample.format].newest_first:
        assert (code, line.partition(": 399")[0]) == (0, "stream-signal: newest first")
    else:
        assert (code, line) == (0, "")


@pytest.mark.parametrize("header", ROWS)
@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta(days=1)])
def test_columns_of_times(header: str, step: timedelta, tmp_path: Path) -> None:
    """A column with the name of a time, with times in it or with something else, raises no doubt."""
    row = ROWS[header]
    if "%H" not in row and "{" + "s}" not in row:
        step = timedelta(days=1)
    rows = [header]
    for number, close in enumerate(closes(60)):
        moment = datetime(2024, 1, 2, 9, tzinfo=UTC) + number * step
        second, until = int(moment.timestamp()), moment + timedelta(seconds=59)
        units = {"s": second, "ms": second * 10**3, "us": second * 10**6, "ns": second * 10**9}
        rows.append(row.format(m=moment, n=number, c=close, until=until, **units))
    assert said("\n".join(rows).encode(), tmp_path, "--strict") == (0, "")


def test_cases(tmp_path: Path) -> None:
    """Of all cases that have an answer, these are doubted, and no others."""
    doubted = {}
    for case in CASES:
        if not isinstance(case.answer, str):
            (tmp_path / "config.yaml").write_text(settings_yaml(**case.settings))
            (tmp_path / "data.csv").write_bytes(case.data)
            done = run_in_process("data.csv", cwd=tmp_path)
            if done.stderr:
                doubted[case.name] = done.stderr
    assert doubted.keys() == DOUBTED.keys()
    assert [name for name, why in DOUBTED.items() if why not in doubted[name]] == []


def test_the_file_of_the_readme(tmp_path: Path) -> None:
    """The data that come with the project are not doubted."""
    assert said((REPOSITORY / "data.csv").read_bytes(), tmp_path, "--strict") == (0, "")
