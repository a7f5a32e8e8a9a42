"""kill -9 at random moments over a growing file: nothing is lost, nothing counts twice.

STREAM_SIGNAL_KILLS=1000 python -m pytest tests/whole/test_kills.py      (20 unless set; 1,000 take three minutes)
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config, DoubtWarning, run
from support.candle_csv import HEADER, candle_csv
from support.commands import run_command

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("STREAM_SIGNAL_KILLS", "20"))
ROWS_A_KILL = 5_000
ARGUMENTS = ["data.csv", "--window", "300", "--checkpoint", "state.json", "--output", "m.json"]
# A run that takes its time: it reads a page at a time, and so often saves that many a kill meets a write.
SLOWLY = """
import os, sys
from stream_signal.__main__ import main
read = os.read
os.read = lambda descriptor, size: read(descriptor, min(size, 4096))
sys.exit(main())
"""
OFTEN = ["--checkpoint-every", "0.001", "--every", "0.001"]


def version(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is replaced; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def test_kills(tmp_path: Path) -> None:
    """Killed again and again as its file grows by odd bytes, the job ends as one that was never stopped."""
    rng = random.Random(5)
    path, state, lock = (tmp_path / name for name in ("data.csv", "state.json", ".state.json.lock"))
    offsets, killed = set(), 0
    unwritten = HEADER.encode()
    while killed < KILLS:
        closes = (f"{rng.randrange(4_200_000, 4_200_090) / 100:.2f}" for _ in range(rng.randrange(2 * ROWS_A_KILL)))
        unwritten += candle_csv(closes, header=False)
        end = rng.randrange(len(unwritten))
        with path.open("ab") as file:
            file.write(unwritten[:end])
        unwritten = unwritten[end:]
        command, before = [sys.executable, "-c", SLOWLY, *ARGUMENTS, *OFTEN], version(state)
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
            # A kill in ten comes while it starts, the others after some saves, however slow the machine is.
            saves = rng.randrange(1, 12) if rng.random() > 0.1 else 0
            while saves and process.poll() is None:
                time.sleep(0.0005)
                now = version(state)
                saves, before = saves - (now != before), now
            try:
                _, stderr = process.communicate(timeout=rng.uniform(0, 0.06))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                killed += 1
            else:  # through with what there was, of which the last row may not be whole yet
                assert stderr == b"" or b"expected" in stderr
            lock.unlink(missing_ok=True)
        for name in {"m.json", "state.json"} & set(os.listdir(tmp_path)):
            found = json.loads((tmp_path / name).read_text())
            if name == "state.json":
                offsets.add(found["saved"]["parts"][-1][0])
    with path.open("ab") as file:
        file.write(unwritten)
    assert run_command(*ARGUMENTS, cwd=tmp_path).code == 0
    with pytest.warns(DoubtWarning, match="out of order"):
        wanted = run(path, Config(window=300))
    record = json.loads((tmp_path / "m.json").read_text())
    assert (record["rows_processed"], record["value"]) == (wanted.rows_processed, wanted.value)
    assert len(offsets) > KILLS / 4  # it did go on from many places
