"""`stream-signal sniff`: what it prints of a file is how a job reads it, and what it proposes can be typed."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.candle_csv import CLOSES, candle_csv
from support.commands import run_in_process
from support.doubtful import NEWEST_FIRST, PLAIN
from support.oracle import count
from support.samples import SAMPLES
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Sample

ANSWER = count(CLOSES, 5)
BY_CONTENT = b"".join(
    [
        b"when;what;price\n",
        *(b"2024-01-%02d;%s;%d\n" % (day, name, day) for day in range(1, 20) for name in (b"A", b"B")),
    ]
)
CANDLES = b"".join(b"2024-01-%02d,%d,%d,%d,%d.5,9\n" % (day, 50, 60, 40, 50 + day % 3) for day in range(1, 20))


def sniffed(folder: Path, *arguments: str, stdin: bytes = b"", code: int = 0) -> dict[str, Any]:
    """Return what `sniff --json` prints."""
    done = run_in_process("sniff", "--json", *arguments, stdin=stdin, cwd=folder)
    assert (done.code, done.stdout.count(b"\n")) == (code, 1)
    found = done.record
    assert (found["error"] is None, proposed(done.stderr)) == (code == 0, found["commands"] if code else [])
    return found


def test_table(tmp_path: Path) -> None:
    """The table has each column with its role and why; the doubts and the command that reads the file follow it."""
    (tmp_path / "a b.csv").write_bytes(PLAIN.replace(b"volume", b"notes\x1b"))
    done = run_in_process("sniff", "a b.csv", "-w", "1000", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.decode() == (
        "encoding   UTF-8\n"
        "header     line 1\n"
        "delimiter  ,\n"
        "order      oldest first\n"
        "\n"
        "column  name       role   why    first values\n"
        "     1  timestamp  time   named  1700000000, 1700000060, 1700000120\n"
        "     2  open       open   named  1.0, 1.0, 1.0\n"
        "     3  high       high   named  2.0, 2.0, 2.0\n"
        "     4  low        low    named  0.5, 0.5, 0.5\n"
        "     5  close      close  named  4.0, 5.1, 6.2\n"
        "     6  notes\\x1b  other         1.5, 1.5, 1.5\n"
        "\n"
        "no window was ever full, so no row could signal: a window has 1000 rows, the data has 300\n"
        "\n"
        "stream-signal 'a b.csv' -w 1000\n"
    )


def test_json(tmp_path: Path) -> None:
    """`--json` has the same on one line, under names of its own."""
    assert sniffed(tmp_path, "--column", "2", stdin=b"some title\nday\tprice\n2024-01-02\t42\n2024-01-03\t43\n") == {
        "encoding": "utf-8",
        "header": True,
        "header_line": 2,
        "delimiter": "\t",
        "order": "oldest first",
        "columns": [
            {"number": 1, "name": "day", "role": "time", "why": "dates", "values": ["2024-01-02", "2024-01-03"]},
            {"number": 2, "name": "price", "role": "close", "why": "--column", "values": ["42", "43"]},
        ],
        "doubts": ["no window was ever full, so no row could signal: a window has 5 rows, the data has 2"],
        "error": None,
        "commands": ["stream-signal --column 2"],
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_known_formats(sample: Sample, tmp_path: Path) -> None:
    """With --format, the columns of a file without a header have the roles of the format, and the command is right."""
    (tmp_path / "a.csv").write_bytes(sample.file(CLOSES))
    found = sniffed(tmp_path, "a.csv", "--format", sample.format)
    roles = [column["role"] for column in found["columns"]]
    candles = {"open", "high", "low"} if sample.name != "influx" else set()  # which has the close alone
    assert (roles.count("close"), "time" in roles, candles <= {*roles}) == (1, True, True)
    (command,) = found["commands"]
    done = type_line(command, tmp_path)
    assert (done.record["rows_processed"], done.record["value"]) == (len(CLOSES), ANSWER[1] / len(CLOSES))


@pytest.mark.parametrize(
    ("data", "order"),
    [
        (PLAIN, "oldest first"),
        (NEWEST_FIRST, "newest first"),
        (PLAIN.replace(b"close", "收盘".encode("gbk")), "oldest first"),
        (PLAIN.replace(b"timestamp", b"at noon").replace(b",", b"\t"), "oldest first"),
        (PLAIN.replace(b"close", b"last"), "unknown"),
        (PLAIN.replace(b",open", b',"open"'), "oldest first"),
        (gzip.compress(PLAIN), "oldest first"),
    ],
    ids=["plain", "newest first", "GBK", "by content", "last", "quoted", "gzip"],
)
def test_typed(data: bytes, order: str, tmp_path: Path) -> None:
    """The command that it prints gives the right answer when it is typed, also where the file alone is not read."""
    (tmp_path / "a.csv").write_bytes(data)
    found = sniffed(tmp_path, "a.csv", code=int(order == "unknown"))
    assert found["order"] == order
    done = type_line(found["commands"][0], tmp_path)
    assert (done.code, done.record["rows_processed"], done.record["value"]) == (0, 300, ANSWER[1] / 300)


def test_symbols(tmp_path: Path) -> None:
    """A column that tells symbols apart has their role, and what to do about them is two commands."""
    (tmp_path / "a.csv").write_bytes(BY_CONTENT)
    found = sniffed(tmp_path, "a.csv", "--column", "price")
    assert [(column["role"], column["why"]) for column in found["columns"]] == [
        ("time", "dates"),
        ("symbol", "times only rise for each"),
        ("close", "named"),
    ]
    base = "stream-signal a.csv --column price"
    assert found["commands"] == [f"{base} --key what", f"{base} --key none"]
    (key,) = (column for column in sniffed(tmp_path, "a.csv", "--column", "price", "--key", "what")["columns"][1:2])
    assert (key["role"], key["why"]) == ("symbol", "--key")


def test_refused(tmp_path: Path) -> None:
    """Of a file that is refused, what is known and what may be the close is printed; the error follows."""
    (tmp_path / "a.csv").write_bytes(PLAIN.replace(b"close", b"last").replace(b"volume", b"settle"))
    done = run_in_process("sniff", "a.csv", cwd=tmp_path)
    lines = [f"stream-signal a.csv --column {name}" for name in ("last", "settle")]
    assert (done.code, proposed(done.stderr)) == (1, lines)
    assert [line.split()[:4] for line in done.stdout.decode().splitlines()[-6:]] == [
        ["1", "timestamp", "time", "named"],
        ["2", "open", "open", "named"],
        ["3", "high", "high", "named"],
        ["4", "low", "low", "named"],
        ["5", "last", "close?", "named"],
        ["6", "settle", "close?", "named"],
    ]
    assert done.stderr.startswith("stream-signal: Missing required column: 'close'\n")


def test_refused_rows(tmp_path: Path) -> None:
    """Rows without a header that do not tell the open from the close have both as candidates."""
    (tmp_path / "a.csv").write_bytes(CANDLES)
    roles = [column["role"] for column in sniffed(tmp_path, "a.csv", code=1)["columns"]]
    assert roles == ["time", "close?", "other", "other", "close?", "other"]


def test_a_later_row(tmp_path: Path) -> None:
    """If a row is refused, the layout that it was read by is there; without an input, the error alone is."""
    (tmp_path / "a.csv").write_bytes(PLAIN + b"1,2,3\n")
    assert [column["role"] for column in sniffed(tmp_path, "a.csv", code=1)["columns"]][4] == "close"
    assert sniffed(tmp_path, "none.csv", code=1)["columns"] == []


def test_first_rows(tmp_path: Path) -> None:
    """Of a long file the first rows are read, so that what follows is neither waited for nor judged."""
    (tmp_path / "a.csv").write_bytes(candle_csv(["4"] * 400_000) + b"torn\n")
    assert sniffed(tmp_path, "a.csv")["doubts"] == []


def test_columnar(tmp_path: Path) -> None:
    """A Parquet file has a layout, too."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"day": ["2024-01-02", "2024-01-03"], "close": [4.5, 5.0]}), tmp_path / "a.parquet")
    columns = sniffed(tmp_path, "a.parquet")["columns"]
    assert [(column["name"], column["role"]) for column in columns] == [("day", "time"), ("close", "close")]
    assert json.dumps(columns[1]["values"]) == '["4.5", "5"]'
