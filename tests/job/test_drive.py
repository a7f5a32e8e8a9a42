"""What is written while the stream goes on."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from typing import TYPE_CHECKING

from support.candle_csv import candle_csv
from support.processes import start, wait_until_read

if TYPE_CHECKING:
    from pathlib import Path


def test_metrics_as_it_goes(tmp_path: Path) -> None:
    """--every: each snapshot on stdout is a line with the metrics so far, and the last line has the last ones."""
    with start(tmp_path, "--every", "0.01") as process:
        wait_until_read(process)
        assert process.stdin
        assert process.stdout
        record = json.loads(process.stdout.readline())
        while record["rows_processed"] < 200:
            record = json.loads(process.stdout.readline())
        assert list(record.items())[-1] == ("status", "running")
        process.stdin.write(candle_csv(["2"], header=False))
        while record["rows_processed"] < 201:
            record = json.loads(process.stdout.readline())
        stdout, _ = process.communicate(timeout=30)
    *running, last = [json.loads(line) for line in stdout.splitlines()]
    assert {record["status"] for record in running} <= {"running"}
    assert (last["value"], last["status"]) == (1 / 201, "success")


def test_a_metrics_file_as_it_goes(tmp_path: Path) -> None:
    """--every: a watcher of the metrics file sees it move, and never half of it."""
    with start(tmp_path, "--every", "0.01", "--output", "m.json") as process:
        wait_until_read(process)
        while not (tmp_path / "m.json").exists():
            assert process.poll() is None
        record = json.loads((tmp_path / "m.json").read_text())
        assert (record["rows_processed"], record["status"]) == (200, "running")
        assert list(record)[7:] == ["pid", "written"]
        assert record["pid"] == process.pid
        assert 0 <= time.time() - datetime.fromisoformat(record["written"]).timestamp() < 60
        process.communicate(timeout=30)
    record = json.loads((tmp_path / "m.json").read_text())
    assert (record["status"], len(record)) == ("success", 7)
    assert os.listdir(tmp_path) == ["m.json"]
