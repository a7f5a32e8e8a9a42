"""The rates of days, weeks and months: the rows and the signals of each, and of each key."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stream_signal.command.candles import candles
from support.commands import run_command, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 60_000  # of minutes: from the first of January to the eleventh of February
DATA = b"".join(candles(ROWS, seed=3))
HEADER, *LINES = DATA.splitlines(keepends=True)
LABELS = {
    "day": lambda time: f"{time:%Y-%m-%d}",
    "week": lambda time: f"{time - timedelta(time.weekday()):%Y-%m-%d}",
    "month": lambda time: f"{time:%Y-%m}",
}


def expected(tmp_path: Path, by: str) -> list[list[str]]:
    """Return the lines of the table, from the signal of each row."""
    run_in_process("data.csv", "--signals", "signals.csv", cwd=tmp_path)
    rows: Counter[str] = Counter()
    signals: Counter[str] = Counter()
    with (tmp_path / "signals.csv").open(newline="") as file:
        for line in csv.DictReader(file):
            label = LABELS[by](datetime.fromtimestamp(int(line["time"]), UTC))
            rows[label] += 1
            signals[label] += line["signal"] == "1"
    return [[label, str(rows[label]), str(signals[label]), repr(signals[label] / rows[label])] for label in rows]


@pytest.mark.parametrize("by", LABELS)
def test_every_way_in(by: str, tmp_path: Path) -> None:
    """A file, a pipe, several processes, a newest-first file and a job in two parts give the one right table."""
    (tmp_path / "data.csv").write_bytes(DATA)
    (tmp_path / "newest.csv").write_bytes(HEADER + b"".join(LINES[::-1]))
    (tmp_path / "part.csv").write_bytes(HEADER + b"".join(LINES[:30_000]))
    flags = ("--rates", "r.csv", "--by", by, "--no-config", "--output", "m.json")
    wanted = [[by, "rows", "signals", "value"], *expected(tmp_path, by)]
    for arguments, stdin in (
        (("data.csv",), b""),
        (("-",), DATA),
        (("data.csv", "--jobs", "2"), b""),
        (("newest.csv", "--newest-first"), b""),
        (("part.csv", "--checkpoint", "s.json"), b""),
        (("part.csv", "--checkpoint", "s.json"), b""),
    ):
        run = run_command if "--jobs" in arguments else run_in_process
        done = run(*arguments, *flags, stdin=stdin, cwd=tmp_path)
        assert (done.code, done.stderr) == (0, "")
        if "--checkpoint" in arguments and (tmp_path / "part.csv").stat().st_size < len(DATA):
            (tmp_path / "part.csv").write_bytes(DATA)
            continue
        with (tmp_path / "r.csv").open(newline="") as file:
            assert list(csv.reader(file)) == wanted, arguments


def test_forms(tmp_path: Path) -> None:
    """The ending decides: CSV, JSON, JSON Lines or Parquet; with keys and further windows there are more columns."""
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = b"".join(b"%c,%b" % (b"AB"[number % 2], line) for number, line in enumerate(LINES[:4000]))
    (tmp_path / "data.csv").write_bytes(b"symbol," + HEADER + rows)
    flags = ("--key", "symbol", "--window", "5,20", "--no-config")
    tables = {}
    for ending in ("csv", "json", "jsonl", "parquet"):
        done = run_in_process("data.csv", *flags, "--rates", f"r.{ending}", cwd=tmp_path)
        assert (done.code, done.stderr) == (0, "")
        data = (tmp_path / f"r.{ending}").read_bytes()
        if ending == "csv":
            lines = list(csv.DictReader(io.StringIO(data.decode())))
            tables[ending] = [
                {name: text if name in {"day", "key"} else json.loads(text) for name, text in line.items()}
                for line in lines
            ]
        elif ending == "parquet":
            tables[ending] = parquet.read_table(tmp_path / "r.parquet").to_pylist()
        else:
            tables[ending] = json.loads(data) if ending == "json" else list(map(json.loads, data.splitlines()))
    first = tables["csv"][0]
    assert list(first) == ["day", "key", "rows", "signals", "value", "signals_20", "value_20"]
    assert (first["day"], first["key"], first["rows"]) == ("2024-01-01", "A", 720)
    assert all(table == tables["csv"] for table in tables.values())
    by_key = done.record["by_key"]
    for key in "AB":
        counted = [int(line["signals_20"]) for line in tables["csv"] if line["key"] == key]
        assert sum(counted) == by_key[key]["by_window"]["20"]["signals"]


def test_stdout(tmp_path: Path) -> None:
    """A table goes to stdout where `-` says so, and the metrics then to a file."""
    done = run_in_process("--rates", "-", "--by", "month", "--output", "m.json", stdin=DATA, cwd=tmp_path)
    assert done.stdout.decode().splitlines()[0] == "month,rows,signals,value"
    for flags in (("--rates", "-"), ("--rates", "-", "--signals", "-", "--output", "m.json"), ("--by", "day")):
        assert run_in_process(*flags, stdin=DATA, cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    ("data", "table", "message"),
    [
        ("a,close\n1,2\n", None, "expected a timestamp column for --rates, found none that is known"),
        ("time,close\n2024-01-02,1\nx,2\n2024-01-01,2\n", "2024-01-01,1,0,0.0\n2024-01-02,1,0,0.0\n,1,0,0.0\n", None),
        ("time,close\n03/04/2024,1\n13/04/2024,2\n", "2024-04-03,1,0,0.0\n2024-04-13,1,0,0.0\n", None),
        (
            "time,close\n03/04/2024,1\n04/04/2024,2\n",
            None,
            "expected dates that can be read in one way, found day and month",
        ),
    ],
)
def test_times(data: str, table: str | None, message: str | None, tmp_path: Path) -> None:
    """Rows without a time have a line of their own; dates of which nobody knows the day are an error."""
    done = run_in_process("--rates", "r.csv", "--window", "1", stdin=data.encode(), cwd=tmp_path)
    if message:
        assert done.code == 1
        assert message in done.record["error_message"]
    else:
        assert (tmp_path / "r.csv").read_text() == f"day,rows,signals,value\n{table}"
