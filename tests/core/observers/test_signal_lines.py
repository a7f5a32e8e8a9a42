"""A line for each row: what stands in it, the same bytes by either engine and at any cut."""

from __future__ import annotations

import csv
import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from support.candle_csv import candle_csv
from support.cases import DATA
from support.commands import run_command
from support.oracle import wanted_rows
from support.strategies import Document, documents, windows
from support.streams import by_blocks, lines_of

if TYPE_CHECKING:
    from pathlib import Path


@given(documents(), windows)
def test_exact(document: Document, window: int) -> None:
    """Law 1: every line has the time and the close as they came, and the mean and the signal that fractions give."""
    text = lines_of([document.data], window=window).decode()
    header, *rows = csv.reader(text.splitlines())
    assert header == ["row", "time", "close", "mean", "signal"]
    assert rows == wanted_rows(document.closes, window)


@given(documents(), windows)
def test_json(document: Document, window: int) -> None:
    """JSON Lines tell the same: numbers as numbers, texts as texts, null for what is missing."""
    found = [json.loads(line) for line in lines_of([document.data], "jsonl", window=window).splitlines()]
    for record, (number, time, close, mean, above) in zip(found, wanted_rows(document.closes, window), strict=True):
        assert list(record) == ["row", "time", "close", "mean", "signal"]
        assert record["row"] == int(number)
        assert (record["time"], record["close"] or "") == (time, close)
        assert record["mean"] == (float(mean) if mean else None)
        assert record["signal"] == int(above)


@pytest.mark.parametrize(
    ("header", "flags", "time"),
    [
        ("timestamp,close", [], "a"),
        ("unix,date,close", [], "a"),
        ("x, <DATE> ,close", [], "b"),
        ("x,ts_event,close", [], "b"),
        ("open_time,close", [], "a"),
        ("timestamps,close", [], ""),
        ("timestamp,when,close", ["--time-column", "When"], "b"),
        ("timestamp,when,close", ["--time-column", "2"], "b"),
        ("close,time", [], "b"),
    ],
)
def test_the_column_of_the_times(header: str, flags: list[str], time: str, tmp_path: Path) -> None:
    """The first column of a known name, whole and case-folded, or the one that is asked for; else it is empty."""
    names = header.split(",")
    cells = ["5" if name == "close" else "ab"[number] for number, name in enumerate(names)]
    text = (header + "\r\n" + ",".join(cells) + "\r\n").encode()
    done = run_command("--signals", "-", "--output", "m.json", *flags, stdin=text, cwd=tmp_path)
    assert done.stdout.decode() == f"row,time,close,mean,signal\n1,{time},5,,0\n"


def test_a_long_time_among_short_ones() -> None:
    """One time of 100,000 characters does not make a table of all."""
    text = ("time,close\n" + "60,1\n" * 50_000 + "t" * 100_000 + ",2\n").encode()
    tracemalloc.start()
    told = lines_of([text], engine=by_blocks(1024 * 1024))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told.splitlines()[-1] == b"50001," + b"t" * 100_000 + b",2,1.2,1"
    assert peak < 100_000_000


def test_a_time_column_that_is_not_there(tmp_path: Path) -> None:
    """It is an error like that of a missing close."""
    done = run_command("--signals", "s.csv", "--time-column", "when", stdin=DATA, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "Missing required column: 'when'")


@pytest.mark.parametrize(
    ("closes", "mean", "as_csv"),
    [(["1e308", "9e308"], 5e308, "1e999"), (["-9e399", "-9e399"], float("-inf"), "-1e999"), (["1", "2"], 1.5, "1.5")],
)
def test_a_mean_beyond_the_floats(closes: list[str], mean: float, as_csv: str) -> None:
    """A mean that no float64 is near to is infinite to whoever reads the line, as CSV or JSON."""
    last = lines_of([candle_csv(closes)], window=2).splitlines()[-1].decode().split(",")
    assert (last[3], float(last[3])) == (as_csv, mean)
    assert json.loads(lines_of([candle_csv(closes)], "jsonl", window=2).splitlines()[-1])["mean"] == mean


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_times_that_need_quotes(form: str) -> None:
    """A time with a delimiter, a quote, or letters beyond ASCII comes out as it went in, by either engine."""
    times = ['a,"b"', "1,5", "\u6642\u9593", "x\\y", "plain"]
    text = "time;close\n" + "".join(
        f'"{time.replace(chr(34), chr(34) * 2)}";1\n{number};2\n' for number, time in enumerate(times)
    )
    text += "1,5;3\nx\\y;4\n\u6642;5\n" * 3
    wanted = lines_of([text.encode()], form)
    assert lines_of([text.encode()], form, by_blocks(65536)) == wanted
    if form == "csv":
        found = [cells[1] for cells in csv.reader(wanted.decode().splitlines()[1:])]
    else:
        found = [json.loads(line)["time"] for line in wanted.splitlines()]
    assert found[0:10:2] == times
    assert found[10:13] == ["1,5", "x\\y", "\u6642"]


@pytest.mark.parametrize("odd", ["15000 ", " 15000", "15000\r", "", '"1,5"', "x" * 100])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_one_odd_time_among_many(odd: str, form: str) -> None:
    """A time unlike the others, anywhere in a block, is told as the row engine tells it."""
    text = "time,close\n" + "".join(
        f"{odd if number == 500 else 14000 + number},{number % 5}\n" for number in range(1000)
    )
    wanted = lines_of([text.encode()], form)
    assert lines_of([text.encode()], form, by_blocks(65536)) == wanted
