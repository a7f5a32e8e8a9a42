"""--signals s.parquet: the values of the CSV with their types, in a file that is there whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from math import inf
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyarrow")
from pyarrow import parquet

from stream_signal import Config, SignalLines, SignalStream, run
from stream_signal.outputs.parquet import ParquetSignals
from support.candle_csv import CLOSES, candle_csv, written_files
from support.commands import COMMAND, run_in_process, run_script
from support.processes import start, wait_until_read
from support.scripts import BREAK

if TYPE_CHECKING:
    from pathlib import Path

DATA = candle_csv(CLOSES)
# Texts that are no plain words, a key that cannot be read, closes that are missing, exact or beyond every number type.
ODD = [
    ("A", "2024-01-01 00:00", "4.50"),
    ('B "b", c', " 1704067200 ", '"1,000.5"'),
    ("NA", "", "NaN"),
    ("null", '"x, y"', "-0.000000000000000000001"),
    ("\u6771\u4eac", "1e999", "9" * 350),
    ("\u6771\u4eac", "1", "1" + "0" * 399),
    ("\u6771\u4eac", "2", "-" + "9" * 399),
    ("A", "nan", ""),
    ("A", "true", "+.5"),
    ("", "0", "5."),
]
HEAD = "symbol,time,close\n"


def odd_csv() -> bytes:
    """Write rows that are no plain ones, and one that is not even UTF-8."""
    rows = [f'"{key.replace(chr(34), chr(34) * 2)}",{time},{close}\n' for key, time, close in ODD * 3]
    return (HEAD + "".join(rows)).encode() + b"\xff\xfe,\xe9,4\n"


def plain_csv() -> bytes:
    """Write plain rows of many keys, as they are counted in arrays."""
    closes = enumerate(CLOSES * 30)
    rows = [f"{'ABCDE'[at * at % 5]},{60 * at},{close if at % 97 else ''}\n" for at, close in closes]
    return (HEAD + "".join(rows)).encode()


KINDS: dict[str, Any] = {"row": int, "mean": float, "signal": lambda text: text == "1"}


def values_of(path: Path) -> list[dict[str, Any]]:
    """Read signals as CSV, and give each text the type that Parquet has."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        lines = list(csv.DictReader(file))
    return [
        {name: KINDS.get(name.partition("_")[0], str)(text) if text else None for name, text in line.items()}
        for line in lines
    ]


@pytest.mark.parametrize("data", [odd_csv(), plain_csv()], ids=["odd", "plain"])
@pytest.mark.parametrize("flags", [("--key", "symbol", "--window", "2,5,1"), ("--key", "none", "--window", "3")])
def test_the_values_of_the_csv(data: bytes, flags: tuple[str, ...], tmp_path: Path) -> None:
    """Each value is that of the CSV; what is empty there is null."""
    (tmp_path / "data.csv").write_bytes(data)
    flags = (*flags, "--thousands", ",", "--bad-rows", "missing", "--quiet", "--no-config")
    done = run_in_process("data.csv", *flags, "--signals", "s.csv", cwd=tmp_path)
    wanted = values_of(tmp_path / "s.csv")
    assert (done.code, len(wanted)) == (0, done.record["rows_processed"])
    assert run_in_process("data.csv", *flags, "--signals", "s.parquet", cwd=tmp_path).code == 0
    assert parquet.read_table(tmp_path / "s.parquet").to_pylist() == wanted
    assert sorted(os.listdir(tmp_path)) == ["data.csv", "s.csv", "s.parquet"]


def test_types(tmp_path: Path) -> None:
    """The columns have the same types whatever is in them; a mean beyond the floats is infinite."""
    (tmp_path / "data.csv").write_bytes(b"symbol,close\nA," + b"9" * 400 + b"\n")
    assert run_in_process("data.csv", "--key", "symbol", "-w", "1,2", "--signals", "s.parquet", cwd=tmp_path).code == 0
    table = parquet.read_table(tmp_path / "s.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "row": "int64",
        "key": "string",
        "time": "string",
        "close": "string",
        "mean": "double",
        "signal": "bool",
        "mean_2": "double",
        "signal_2": "bool",
    }
    assert table.to_pylist() == [
        {"row": 1, "key": "A", "time": None, "close": "9" * 400, "mean": inf, "signal": False}
        | {"mean_2": None, "signal_2": False}
    ]


def test_row_groups(tmp_path: Path) -> None:
    """Rows are written as they are counted, a row group once there are enough; the table is the same."""
    config, path, lines = Config(), tmp_path / "s.parquet", DATA.splitlines(keepends=True)
    run(written_files(tmp_path, [DATA]), config, signals=path)
    table = parquet.read_table(path)
    signals = SignalLines()
    stream = SignalStream(config, [signals])
    with ParquetSignals(str(path), signals, group_bytes=500) as sink:
        for line in lines:
            stream.feed(line)
            sink.take()
        assert parquet.read_table(path) == table
        stream.finish()
        sink.finish()
    metadata = parquet.read_metadata(path)
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert (parquet.read_table(path), sum(groups), max(groups) < 25) == (table, len(lines) - 1, True)


def test_it_can_be_read_again(tmp_path: Path) -> None:
    """What was written is an input of the same rows, and Python writes the same file."""
    (tmp_path / "data.csv").write_bytes(DATA)
    metrics = run(tmp_path / "data.csv", window=3, signals=tmp_path / "s.parquet", manifest=tmp_path / "m.json")
    again = run(tmp_path / "s.parquet", window=3)
    assert (again.value, again.rows_processed) == (metrics.value, metrics.rows_processed)
    table = parquet.read_table(tmp_path / "s.parquet")
    assert sum(table["signal"].to_pylist()) == json.loads((tmp_path / "m.json").read_text())["signals"]
    flags = ("--window", "3", "--no-config", "--summary", "s.md", "--log-file", "run.log", "--signals", "c.parquet")
    assert run_in_process("data.csv", *flags, cwd=tmp_path).code == 0
    assert parquet.read_table(tmp_path / "c.parquet") == table


FAULTS = [
    ("open", "EROFS", "the folder '.' is read-only"),
    ("write", "ENOSPC", "No space left on device"),
    ("fsync", "EIO", "Input/output error"),
    ("replace", "EACCES", "the folder '.' is read-only"),
]


@pytest.mark.parametrize(("call", "number", "words"), FAULTS)
def test_it_cannot_be_written(call: str, number: str, words: str, tmp_path: Path) -> None:
    """The job fails with the reason; the signals of an earlier one stand, and nothing else is left."""
    (tmp_path / "s.parquet").write_bytes(b"old")
    arguments = ("--signals", "s.parquet", "--no-config")
    done = run_script(BREAK, call, ".stream-signal.", number, *arguments, cwd=tmp_path, stdin=DATA)
    message = f"cannot write 's.parquet': {words}"
    assert (done.code, done.record["error_message"]) == (1, message)
    assert done.stderr.splitlines()[0] == f"stream-signal: {message}"
    assert ([*tmp_path.iterdir()], (tmp_path / "s.parquet").read_bytes()) == ([tmp_path / "s.parquet"], b"old")


def test_a_disk_that_becomes_full(tmp_path: Path) -> None:
    """So it is with a limit of the system that is reached after a part of the file: the record has the space again."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES * 1000))
    (tmp_path / "s.parquet").write_bytes(b"old")
    command = [COMMAND, "data.csv", "--signals", "s.parquet", "--output", "m.json", "--no-config"]
    limited = ["sh", "-c", 'ulimit -f 2000; exec "$@"', "sh", *command]
    done = subprocess.run(limited, cwd=tmp_path, capture_output=True, check=False)
    told = "cannot write 's.parquet': File too large"
    assert (done.returncode, done.stderr.decode()) == (1, f"stream-signal: {told}\n")
    assert json.loads((tmp_path / "m.json").read_text())["error_message"] == told
    assert (tmp_path / "s.parquet").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["data.csv", "m.json", "s.parquet"]


@pytest.mark.parametrize("data", [candle_csv([*CLOSES, "x", "1"]), b"no header\n", b""])
def test_a_failure_leaves_the_old_file(data: bytes, tmp_path: Path) -> None:
    """A job that fails, before its first row or after some, changes nothing."""
    (tmp_path / "s.parquet").write_bytes(b"old")
    assert run_in_process("--signals", "s.parquet", stdin=data, cwd=tmp_path).code == 1
    assert run_in_process("none.csv", "--signals", "s.parquet", cwd=tmp_path).code == 1
    assert ([*tmp_path.iterdir()], (tmp_path / "s.parquet").read_bytes()) == ([tmp_path / "s.parquet"], b"old")


def test_a_stop_leaves_the_old_file(tmp_path: Path) -> None:
    """So does one that is stopped."""
    (tmp_path / "s.parquet").write_bytes(b"old")
    with start(tmp_path, "--signals", "s.parquet") as process:
        wait_until_read(process)
        assert len(os.listdir(tmp_path)) == 2
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 143
    assert ([*tmp_path.iterdir()], (tmp_path / "s.parquet").read_bytes()) == ([tmp_path / "s.parquet"], b"old")


def test_no_file(tmp_path: Path) -> None:
    """What cannot be replaced, or is in no folder, is refused before anything is read."""
    os.mkfifo(tmp_path / "pipe.parquet")
    (tmp_path / "folder.parquet").mkdir()
    for name, why in (
        ("pipe.parquet", "Parquet takes a file, not a pipe or a device"),
        ("folder.parquet", "it is a folder"),
        ("none/s.parquet", "there is no folder 'none'"),
    ):
        done = run_in_process("none.csv", "--signals", name, cwd=tmp_path)
        assert (done.code, done.record["error_message"]) == (1, f"cannot write '{name}': {why}")
    assert sorted(os.listdir(tmp_path)) == ["folder.parquet", "pipe.parquet"]


def test_lines_in_a_file_of_that_name(tmp_path: Path) -> None:
    """Where the format is set, the ending says nothing, and the lines may be continued."""
    flags = ("--signals", "s.parquet", "--signals-format", "csv", "--checkpoint", "state.json")
    assert run_in_process(*flags, stdin=DATA, cwd=tmp_path).code == 0
    assert (tmp_path / "s.parquet").read_bytes().startswith(b"row,time,close,mean,signal\n1,")
