"""What a checkpoint holds: every older schema is read for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from stream_signal import Config, SignalStream, TimeOrder
from stream_signal.hints.doubts import doubts_of
from stream_signal.inputs.fingerprint import hashed
from stream_signal.job.saved import SCHEMA, checked, decode
from support.commands import logged, run_in_process, settings_yaml

CHECKPOINTS = Path(__file__).parent / "checkpoints"


def test_schema_2_with_signals(tmp_path: Path) -> None:
    """A checkpoint that 0.1.0 wrote is resumed: rows, repairs, the last timestamp and each line of signals once."""
    shutil.copy(CHECKPOINTS / "schema-2-signals.json", tmp_path / "state.json")
    text = "# BTC\ntime,close\n60,4.58\n120,\n180,4.6\n240,4.59\n240,4.61\n300,"
    (tmp_path / "data.csv").write_text(text + "4.62\n300,4.7\n")
    lines = "row,time,close,mean,signal\n1,60,4.58,,0\n2,120,,,0\n3,180,4.6,,0\n4,240,4.59,4.595,0\n5,240,4.61,4.6,1\n"
    (tmp_path / "s.csv").write_text(lines + "6,300,,,0\n")
    arguments = ("--window", "2", "--signals", "s.csv", "--checkpoint", "state.json", "--log-file", "run.log")
    done = run_in_process("data.csv", *arguments, cwd=tmp_path)
    assert (done.code, done.record["rows_processed"], done.record["value"]) == (0, 7, 3 / 7)
    assert (tmp_path / "s.csv").read_text() == lines + "6,300,4.62,4.615,1\n7,300,4.7,4.66,1\n"
    repairs, times = logged(tmp_path, "repairs", "times")
    assert repairs == {
        "event": "repairs",
        "preamble_lines": 1,
        "missing_closes": 1,
        "first": {"preamble_lines": ["line 1: '# BTC'"], "missing_closes": ["line 4"]},
    }
    assert times["first"] == {"repeated": "row 7: '300' after '300'"}
    assert logged(tmp_path, "rolling mean") == [{"event": "rolling mean", "window": 2, "rows_with_mean": None}]
    assert json.loads((tmp_path / "state.json").read_bytes())["schema"] == SCHEMA


def test_schema_2_with_a_place_in_one_of_several_files(tmp_path: Path) -> None:
    """A place that 0.1.0 wrote in words is the same place afterwards."""
    shutil.copy(CHECKPOINTS / "schema-2-repairs.json", tmp_path / "state.json")
    (tmp_path / "config.yaml").write_text(settings_yaml(window=2, bad_rows="missing"))
    (tmp_path / "a.csv").write_text("time,close\n50,x\n")
    (tmp_path / "b.csv").write_text("60,1.5\n70,1.6\n")
    done = run_in_process("a.csv", "b.csv", "--checkpoint", "state.json", "--log-file", "run.log", cwd=tmp_path)
    assert (done.record["rows_processed"], done.record["value"]) == (3, 1 / 3)
    (repairs,) = logged(tmp_path, "repairs")
    assert repairs["first"] == {"bad_rows": ["a.csv: line 2: expected a decimal number in column 'close', found 'x'"]}
    saved = json.loads((tmp_path / "state.json").read_bytes())["saved"]
    place = [2, "expected a decimal number in column 'close', found 'x'", "a.csv"]
    assert saved["state"]["repairs"] == {"bad_rows": [1, [place]]}


def test_schema_2_without_a_full_window() -> None:
    """What a checkpoint of 0.1.0 does not say is derived from its rows: with fewer than a window, none was full."""
    content = json.loads((CHECKPOINTS / "schema-2-repairs.json").read_bytes())["saved"]
    content["state"] |= {"rows": 1, "signals": 0, "ring": [15], "repairs": {"counts": {}, "first": {}}}
    text = json.dumps({"schema": 2, "sha256": hashed(json.dumps(content).encode()), "saved": content})
    stream = SignalStream.from_state(Config(window=2), checked(decode(text.encode()), 2).state)
    assert (stream.rows_with_mean, [doubt.kind for doubt in doubts_of(stream, TimeOrder())]) == (0, ["never_full"])
    stream.feed(b"70,1.6\n")
    assert (stream.rows_with_mean, doubts_of(stream, TimeOrder())) == (1, [])


def test_schema_3_with_findings(tmp_path: Path) -> None:
    """What a checkpoint of schema 3 had found goes on: repairs, timestamps and doubts, each with its first place."""
    shutil.copy(CHECKPOINTS / "schema-3-repairs.json", tmp_path / "state.json")
    (tmp_path / "config.yaml").write_text(settings_yaml(window=2, bad_rows="missing"))
    (tmp_path / "a.csv").write_text("BTC/USD\ntime,close\n10,1\n20,\n30,\n40,\n50,\n60,x\n60,2\n")
    (tmp_path / "b.csv").write_text("time,close\n70,1.5\n80,1.6\n90,1.7\n100,\n")
    done = run_in_process("a.csv", "b.csv", "--checkpoint", "state.json", "--log-file", "run.log", cwd=tmp_path)
    assert (done.code, done.record["rows_processed"], done.record["value"]) == (0, 11, 2 / 11)
    repairs, times, *doubts = logged(tmp_path, "repairs", "times", "doubt", "note")
    bad = "a.csv: line 8: expected a decimal number in column 'close', found 'x'"
    assert repairs == {
        "event": "repairs",
        "preamble_lines": 1,
        "missing_closes": 5,
        "bad_rows": 1,
        "first": {
            "preamble_lines": ["a.csv: line 1: 'BTC/USD'"],
            "missing_closes": ["a.csv: line 4", "a.csv: line 5", "a.csv: line 6"],
            "bad_rows": [bad],
        },
    }
    assert times == {"event": "times", "repeated": 1, "first": {"repeated": "row 7: '60' after '60'"}}
    kinds = [(told["event"], told["kind"]) for told in doubts]
    assert kinds == [("doubt", "bad_rows"), ("doubt", "missing_closes"), ("note", "repeated")]


def test_a_followed_file_of_before_first_timestamps(tmp_path: Path) -> None:
    """A checkpoint that does not say when the file before begins is resumed: the last writes decide."""
    follow = ("d.csv", "--no-config", "--follow", "--idle-timeout", "0.5", "--rotated", "d.csv.*")
    arguments = (*follow, "--checkpoint", "state.json", "--quiet")
    (tmp_path / "d.csv").write_text("time,close\n60,1\n")
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    content = json.loads((tmp_path / "state.json").read_bytes())["saved"]
    assert content["followed"].pop("begun_ns") == 60 * 10**9 - 1  # what begins earlier is older than d.csv
    text = json.dumps({"schema": SCHEMA, "sha256": hashed(json.dumps(content).encode()), "saved": content})
    (tmp_path / "state.json").write_text(text)
    (tmp_path / "d.csv").rename(tmp_path / "d.csv.1")
    (tmp_path / "d.csv.2").write_text("time,close\n120,2\n")
    (tmp_path / "d.csv").write_text("time,close\n180,3\n")
    assert run_in_process(*arguments, cwd=tmp_path).record["rows_processed"] == 3
