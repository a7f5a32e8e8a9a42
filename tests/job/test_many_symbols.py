"""Jobs with keys: the metrics, the table, the signals, names as keys, checkpoints, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config, run
from support.candle_csv import CLOSES, candle_csv
from support.commands import logged, run_command, run_in_process
from support.keyed_files import market
from support.oracle import count

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [(["BTC", "ETH", "SOL"][number * 7 % 3], CLOSES[number]) for number in range(200)]


def entries(rows: list[tuple[str, str]], window: int = 5) -> dict[str, dict[str, float]]:
    """Give what the metrics should have by key."""
    found = {}
    for key in dict.fromkeys(key for key, _ in rows):
        number, signals = count([close for own, close in rows if own == key], window)
        found[key] = {"rows": number, "signals": signals, "value": signals / number}
    return found


def test_the_metrics(tmp_path: Path) -> None:
    """The table follows the seven keys; over all rows, these are as ever; stderr is silent."""
    done = run_in_process("--key", "symbol", stdin=market(ROWS), cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert list(done.record)[6:] == ["status", "by_key"]
    assert done.record["by_key"] == entries(ROWS)
    assert list(done.record["by_key"]) == list(entries(ROWS))
    assert done.record["rows_processed"] == len(ROWS)
    assert done.record["value"] == sum(each["signals"] for each in entries(ROWS).values()) / len(ROWS)


def test_the_table(tmp_path: Path) -> None:
    """--keys-output takes the table out of the metrics and of the log, as CSV, as JSON or as JSON Lines."""
    rows = [("a,b" if key == "BTC" else key, close) for key, close in ROWS]
    data = b"time,symbol,close\n" + market(rows).partition(b"\n")[2].replace(b"a,b", b'"a,b"')
    wanted = [{"key": key, **entry} for key, entry in entries(rows).items()]
    for name in ("keys.csv", "keys.json", "keys.jsonl"):
        flags = ("--key", "2", "--keys-output", name, "--log-file", "run.log")
        done = run_in_process(*flags, stdin=data, cwd=tmp_path)
        assert (list(done.record)[6:], done.record["keys"]) == (["status", "keys"], 3)
        text = (tmp_path / name).read_text()
        if name == "keys.csv":
            table = [
                {
                    "key": row["key"],
                    "rows": int(row["rows"]),
                    "signals": int(row["signals"]),
                    "value": float(row["value"]),
                }
                for row in csv.DictReader(io.StringIO(text))
            ]
        elif name == "keys.json":
            table = [{"key": key, **entry} for key, entry in json.loads(text).items()]
        else:
            table = list(map(json.loads, text.splitlines()))
        assert table == wanted
    assert logged(tmp_path, "job finished")[0]["keys"] == 3


def test_metrics_so_far(tmp_path: Path) -> None:
    """--every writes the table, too: a job that fails late leaves the last one, until its error record."""
    (tmp_path / "market.csv").write_bytes(market(ROWS))
    flags = ("--follow", "--idle-timeout", "0.5", "--every", "0.05", "--key", "symbol", "--output", "m.json")
    assert run_in_process("market.csv", *flags, cwd=tmp_path).code == 0
    assert json.loads((tmp_path / "m.json").read_text())["by_key"] == entries(ROWS)


def test_from_python() -> None:
    """`run` returns the counts of each key; the name of a path can be the key."""
    metrics = run([b"symbol,close\nA,1\nB,1\nA,2\n"], Config(key="symbol", window=2))
    assert metrics.by_key == {
        "A": {"rows": 2, "signals": 1, "value": 0.5},
        "B": {"rows": 1, "signals": 0, "value": 0.0},
    }
    assert run([b"close\n1\n2\n"], Config(window=2)).by_key is None


@pytest.mark.parametrize("archive", [False, True])
def test_keys_in_names(tmp_path: Path, archive: bool) -> None:  # noqa: FBT001 - a case
    """With @file, each file or member is of the symbol in its name; those of one symbol are one stream."""
    files = {"BTC-1m-1.csv": CLOSES[:40], "ETH-1m-1.csv": CLOSES[40:60], "BTC-1m-2.csv": CLOSES[60:100]}
    names = list(files)
    if archive:
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as zipped:
            for name, closes in files.items():
                zipped.writestr(name, candle_csv(closes))
        names = ["all.zip"]
    else:
        for name, closes in files.items():
            (tmp_path / name).write_bytes(candle_csv(closes))
    flags = ("--key", "@file", "--key-pattern", "{key}-1m-*.csv", "--quiet")
    done = run_in_process(*names, *flags, cwd=tmp_path)
    rows = [("BTC", close) for close in CLOSES[:40]] + [("ETH", close) for close in CLOSES[40:60]]
    rows += [("BTC", close) for close in CLOSES[60:100]]
    assert done.record["by_key"] == entries(rows)
    grouped = run_in_process(*names, *flags, "--grouped", cwd=tmp_path)
    assert grouped.code == 1
    assert "'BTC' again, after 'ETH'" in grouped.stderr


def test_a_name_without_a_key(tmp_path: Path) -> None:
    """It is refused before anything is read; so is stdin."""
    (tmp_path / "BTC-1m-1.csv").write_bytes(candle_csv(CLOSES))
    for names in (("BTC-1m-1.csv", "other.csv"), ()):
        done = run_in_process(*names, "--key", "@file", "--key-pattern", "{key}-1m-*.csv", cwd=tmp_path)
        assert done.code == 1
        assert done.record["error_message"].startswith("cannot tell the key of ")


def test_names_of_several_symbols(tmp_path: Path) -> None:
    """Without a key, names that differ only in a symbol are a doubt; with a key or `none`, they are not."""
    for name in ("BTCUSDT-1m.csv", "ETHUSDT-1m.csv"):
        (tmp_path / name).write_bytes(b"close\n1\n2\n")
    names = ("BTCUSDT-1m.csv", "ETHUSDT-1m.csv")
    assert run_in_process(*names, "--window", "1", "--log-file", "run.log", cwd=tmp_path).code == 0
    assert [doubt["kind"] for doubt in logged(tmp_path, "doubt")] == ["symbols"]
    assert run_in_process(*names, "--window", "1", "--strict", cwd=tmp_path).code == 1
    for flags in (("--key", "none"), ("--key", "@file", "--key-pattern", "{key}-1m.csv")):
        assert run_in_process(*names, "--window", "1", *flags, cwd=tmp_path).stderr == ""
    for name in names:
        (tmp_path / name).write_bytes(b"symbol,close\nX,1\nX,2\n")
    assert run_in_process(*names, "--window", "1", cwd=tmp_path).stderr == ""


@pytest.mark.parametrize("stop", [1, 25, 300, 1500, 2500])
def test_a_checkpoint(tmp_path: Path, stop: int) -> None:
    """A file that grows is read on, with the window of each key and the signals of the rows before."""
    data = market(ROWS)
    flags = ("market.csv", "--key", "symbol", "--checkpoint", "c.json", "--signals", "s.csv", "--quiet")
    for size in (stop, len(data)):
        (tmp_path / "market.csv").write_bytes(data[: data.rfind(b"\n", 0, size) + 1])
        done = run_in_process(*flags, cwd=tmp_path)
    assert done.record["by_key"] == entries(ROWS)
    lines = (tmp_path / "s.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [[str(at), key] for at, (key, _) in enumerate(ROWS, 1)]


def test_another_key_than_the_checkpoint(tmp_path: Path) -> None:
    """A checkpoint belongs to one key; whether none is said aloud makes no difference."""
    data = market([("BTC", "1")] * 9)
    for then, now, message in (
        ((), ("--key", "symbol"), "with no key, and this job has key 'symbol'; give --key none, or"),
        (("--key", "symbol"), (), "with key 'symbol', and this job has no key; give --key symbol, or"),
        (
            ("--key", "2"),
            ("--key", "2", "--grouped"),
            "with grouped false, and this job has grouped true; give --no-gr",
        ),
    ):
        (tmp_path / "c.json").unlink(missing_ok=True)
        assert run_in_process("--checkpoint", "c.json", *then, stdin=data, cwd=tmp_path).code == 0
        done = run_in_process("--checkpoint", "c.json", *now, stdin=data, cwd=tmp_path)
        assert (done.code, message in done.record["error_message"]) == (1, True)
    (tmp_path / "c.json").unlink()
    for flags in ((), ("--key", "none"), ()):
        assert run_in_process("--checkpoint", "c.json", *flags, stdin=data, cwd=tmp_path).code == 0


def test_a_second_symbol_after_a_checkpoint(tmp_path: Path) -> None:
    """The symbol of the rows before is in the checkpoint."""
    assert run_in_process("--checkpoint", "c.json", stdin=market([("BTC", "1")] * 3), cwd=tmp_path).code == 0
    done = run_in_process("--checkpoint", "c.json", stdin=market([("ETH", "1")] * 3), cwd=tmp_path)
    assert done.record["error_message"] == ("line 2: expected one symbol in column 'symbol', found 'ETH' after 'BTC'")


def test_what_is_refused(tmp_path: Path) -> None:
    """A table without a key, and rows that are told apart by their time alone."""
    for flags, message in (
        (("--keys-output", "k.csv"), "key: expected one, since --keys-output writes a line for each key, found none"),
        (
            ("--key", "symbol", "--checkpoint", "c.json", "--resume-by", "time"),
            "key: --resume-by time tells rows apart by their time alone, and each key has its own times",
        ),
    ):
        done = run_in_process(*flags, stdin=market(ROWS), cwd=tmp_path)
        assert (done.code, done.record["error_message"]) == (1, message)
    done = run_in_process("--key", "symbol", "--keys-output", "config.yaml", stdin=market(ROWS), cwd=tmp_path)
    assert done.code == 2


def test_one_process(tmp_path: Path) -> None:
    """Where one process has to count, the log says why."""
    (tmp_path / "market.csv").write_bytes(market(ROWS[:1]))
    flags = ("--key", "symbol", "--grouped", "--jobs", "2", "--log-file", "run.log")
    run_command("market.csv", *flags, cwd=tmp_path)
    assert logged(tmp_path, "one process") == [{"event": "one process", "why": "the keys are grouped"}]


@pytest.mark.parametrize(
    "key", [("--key", "symbol"), ("--key", "@file", "--key-pattern", "{key}.csv")], ids=["column", "file"]
)
def test_several_processes(tmp_path: Path, key: tuple[str, ...]) -> None:
    """Several processes give each key and each window, and the log of their times, what one process gives."""
    written = run_in_process("candles", "--symbols", "30", "--rows", "120000", "--seed", "7", cwd=tmp_path)
    lines = written.stdout.splitlines(keepends=True)
    (tmp_path / "market.csv").write_bytes(b"".join([*lines, lines[-40]]))
    (tmp_path / "other.csv").write_bytes(b"".join(lines[:90_000]))
    flags = ("market.csv", "other.csv", *key, "--window", "5,20", "--quiet", "--log-file", "run.log")
    found = []
    for jobs in ("1", "2"):
        answer = json.loads(run_command(*flags, "--jobs", jobs, cwd=tmp_path).stdout)
        found.append(({**answer, "latency_ms": 0}, logged(tmp_path, "doubt", "period")))
        assert logged(tmp_path, "one process", "range read here") == []
        (tmp_path / "run.log").unlink()
    assert found[0] == found[1]


def test_no_key_has_a_full_window(tmp_path: Path) -> None:
    """It is one doubt about all keys; one full window of any key is enough."""
    most = max(entry["rows"] for entry in entries(ROWS).values())
    flags = ("--key", "symbol", "--log-file", "run.log")
    assert run_in_process(*flags, "--window", "150", stdin=market(ROWS), cwd=tmp_path).code == 0
    assert [doubt["kind"] for doubt in logged(tmp_path, "doubt")] == ["never_full"]
    assert run_in_process("--key", "symbol", "--window", str(most), stdin=market(ROWS), cwd=tmp_path).stderr == ""


def test_many_bad_rows(tmp_path: Path) -> None:
    """`max_bad` is over all rows."""
    flags = ("--key", "symbol", "--bad-rows", "missing", "--quiet")
    data = b"symbol,close\nA,x\nA,x\nB,1\nB,2\n,5\n"
    done = run_in_process(*flags, "--window", "2", stdin=data, cwd=tmp_path)
    assert done.record["error_message"].startswith(
        "expected at most 0.5 of the rows bad (`max_bad`), found 3 of 5 rows"
    )
    done = run_in_process(*flags, "--window", "2", "--max-bad", "0.6", stdin=data, cwd=tmp_path)
    assert done.record["by_key"] == {
        "A": {"rows": 2, "signals": 0, "value": 0.0},
        "B": {"rows": 2, "signals": 1, "value": 0.5},
    }


def test_parquet(tmp_path: Path) -> None:
    """The column of the keys is read from a Parquet file, and a second symbol in it is refused without a key."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    keys, closes = zip(*ROWS, strict=True)
    table = pa.table({"symbol": pa.array(keys).dictionary_encode(), "open": closes, "close": list(map(float, closes))})
    parquet.write_table(table, tmp_path / "m.parquet")
    done = run_in_process("m.parquet", "--key", "symbol", cwd=tmp_path)
    assert done.record["by_key"] == entries(ROWS)
    assert run_in_process("m.parquet", "--key", "none", cwd=tmp_path).code == 0
    message = f"line 3: expected one symbol in column 'symbol', found '{keys[1]}' after '{keys[0]}'"
    assert run_in_process("m.parquet", cwd=tmp_path).record["error_message"] == message
