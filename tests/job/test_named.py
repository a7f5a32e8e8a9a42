"""Inputs that a pattern or a folder names: all their files, in the order of time."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config
from stream_signal.core.errors import Interrupted
from stream_signal.job.named import files_of
from stream_signal.stopping import StopSignals
from support.commands import logged, run_command

if TYPE_CHECKING:
    from pathlib import Path

# The names do not sort as the times do.
MONTHS = {"apr": 3, "feb": 1, "jan": 0, "mar": 2}


def written(folder: Path, months: dict[str, int] = MONTHS) -> None:
    """Write a file for each month, whose closes go on from one to the next."""
    folder.mkdir(exist_ok=True)
    for name, month in months.items():
        rows = range(month * 30, month * 30 + 30)
        text = "".join(f"{1_700_000_000 + 86_400 * row},{row * row % 17}\n" for row in rows)
        (folder / f"{name}.csv").write_text(f"time,close\n{text}")


@pytest.mark.parametrize("named", ["data", "data/", "data/*.csv", "data/*[a-z].csv"])
def test_in_order_of_time(tmp_path: Path, named: str) -> None:
    """They are one stream in the order of their first times, and the log has their names."""
    written(tmp_path / "data")
    one = run_command("data/jan.csv", "data/feb.csv", "data/mar.csv", "data/apr.csv", "--strict", cwd=tmp_path)
    done = run_command(named, "--strict", "--log-file", "run.log", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert {**json.loads(done.stdout), "latency_ms": 0} == {**json.loads(one.stdout), "latency_ms": 0}
    (event,) = logged(tmp_path, "files found")
    assert event["inputs"] == [f"data/{name}.csv" for name in ("jan", "feb", "mar", "apr")]


def test_what_stands_by_itself_stays(tmp_path: Path) -> None:
    """A file that is named by itself is read in its place, before or behind those of a pattern."""
    written(tmp_path / "data", {"feb": 1, "mar": 2})
    written(tmp_path, {"jan": 0, "apr": 3})
    done = run_command("jan.csv", "data", "apr.csv", "--strict", "--log-file", "run.log", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert logged(tmp_path, "files found")[0]["inputs"] == ["jan.csv", "data/feb.csv", "data/mar.csv", "apr.csv"]


def test_without_times(tmp_path: Path) -> None:
    """Files of which one has no time that can be read are read in the order of their names."""
    written(tmp_path / "data")
    (tmp_path / "data" / "b.csv").write_text("time,close\nnever,1\n")
    run_command("data", "--log-file", "run.log", "--quiet", cwd=tmp_path)
    names = [f"data/{name}.csv" for name in ("apr", "b", "feb", "jan", "mar")]
    assert logged(tmp_path, "files found")[0]["inputs"] == names


def test_a_pattern_that_fits_nothing(tmp_path: Path) -> None:
    """It is an error, with the pattern."""
    done = run_command("data/*.csv", cwd=tmp_path)
    assert done.record["error_message"] == "cannot read 'data/*.csv': no file has such a name"


def test_a_file_with_the_name_of_a_pattern(tmp_path: Path) -> None:
    """A file whose name could be a pattern is that file."""
    (tmp_path / "a[1].csv").write_text("close\n1\n")
    (tmp_path / "a1.csv").write_text("close\n1\n2\n")
    assert run_command("a[1].csv", "--quiet", cwd=tmp_path).record["rows_processed"] == 1


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """An output that is one of the files is refused, and the file stays as it was."""
    written(tmp_path / "data")
    before = (tmp_path / "data" / "jan.csv").read_bytes()
    done = run_command("data/*.csv", "--output", "m.json", "--signals", "data/jan.csv", cwd=tmp_path)
    assert done.code == 1
    assert "signals data/jan.csv would overwrite an input" in done.stderr
    assert (tmp_path / "data" / "jan.csv").read_bytes() == before


def test_a_manifest(tmp_path: Path) -> None:
    """A manifest has each file, so that `verify` finds them again."""
    written(tmp_path / "data")
    assert run_command("data/*.csv", "--manifest", "m.json", cwd=tmp_path).code == 0
    inputs = json.loads((tmp_path / "m.json").read_text())["inputs"]
    assert [one["name"] for one in inputs] == [f"data/{name}.csv" for name in ("jan", "feb", "mar", "apr")]
    assert run_command("verify", "--manifest", "m.json", cwd=tmp_path).code == 0


def test_verify_and_sniff(tmp_path: Path) -> None:
    """They take the files of a folder and of a pattern in the order of their times, as a job does."""
    for name, day in (("a", 2), ("b", 1)):
        rows = "".join(f"2024-01-0{day} 00:0{at},{at}\n" for at in range(5))
        (tmp_path / f"{name}.csv").write_text(f"time,close\n{rows}")
    for named in (".", "*.csv"):
        verified = run_command("verify", named, cwd=tmp_path)
        assert (verified.code, verified.stderr) == (0, "")
        assert re.search(rb"row engine +10 +3 ", verified.stdout)
        sniffed = run_command("sniff", named, cwd=tmp_path)
        assert (sniffed.code, sniffed.stderr) == (0, "")
        assert b"2024-01-01 00:00" in sniffed.stdout


def test_a_stop_while_first_times_are_read(tmp_path: Path) -> None:
    """A signal that comes meanwhile stops the job: it is no error of a file whose turn will tell."""
    for name in "abc":
        (tmp_path / f"{name}.csv").write_bytes(b"time,close\n" + b"\n" * 3_000_000)
    with StopSignals():
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(Interrupted):
            files_of([str(tmp_path)], Config())
        timer.join()
