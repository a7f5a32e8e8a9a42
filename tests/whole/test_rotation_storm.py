"""kill -9 at random moments over a file that grows and is rotated: exact, or refused if a rotation was missed.

STREAM_SIGNAL_ROTATION_KILLS=2000 python -m pytest tests/whole/test_rotation_storm.py -s    (50 unless set)
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.candle_csv import HEADER, row
from support.commands import COMMAND, run_command
from support.oracle import count
from support.processes import append

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("STREAM_SIGNAL_ROTATION_KILLS", "50"))
KILLS_A_SERIES = 10
ARGUMENTS = ["live.csv", "--follow", "--signals", "s.csv", "--output", "m.json", "--checkpoint", "state.json"]
NAMED = ["--rotated", "live.csv.*"]


class Writer:
    """Writes live.csv and rotates it; knows which rows went into which file."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.path = folder / "live.csv"
        self.closes: list[str] = []
        self.files = [0]  # the number of the first row of each
        self.rotations = 0
        self._rng = rng
        self._shifts = rng.random() < 0.5  # as logrotate numbers: live.csv.1 is the newest
        self._create()

    def write(self) -> None:
        """Append a few rows, cut anywhere, and no row is left unfinished."""
        closes = [f"{self._rng.randrange(400, 409) / 100:.2f}" for _ in range(self._rng.randrange(1, 9))]
        text = "".join(row(len(self.closes) + number, close) + "\n" for number, close in enumerate(closes))
        cut = self._rng.randrange(len(text))
        append(self.path, text[:cut])
        append(self.path, text[cut:])
        self.closes += closes

    def rotate(self) -> None:
        """Rename the file, perhaps write a last time to it, and create a new one."""
        self.rotations += 1
        old = self.path.with_name(f"live.csv.{1 if self._shifts else self.rotations}")
        if self._shifts:
            for number in range(self.rotations - 1, 0, -1):
                self.path.with_name(f"live.csv.{number}").rename(self.path.with_name(f"live.csv.{number + 1}"))
        self.path.rename(old)
        if self._rng.random() < 0.3:
            last = self._rng.choice(("4.01", "4.08"))
            append(old, row(len(self.closes), last) + "\n")
            self.closes.append(last)
        self.files.append(len(self.closes))
        self._create()

    def missed(self, rows: int) -> bool:
        """Whether files came and went after the one that has the last of so many rows, with rows in them."""
        file = max(number for number, first in enumerate(self.files) if first < max(rows, 1))
        return self.files[-1] > [*self.files, len(self.closes)][file + 1]

    def _create(self) -> None:
        if self._rng.random() < 0.5:
            append(self.path, HEADER)
        else:
            new = self.path.with_name("new")
            new.write_text(HEADER)
            new.rename(self.path)


def run_and_kill(folder: Path, writer: Writer, rng: random.Random, arguments: list[str], rotate_at: int) -> bool:
    """Run a job while the file is written, and kill it; rotate at one step of six, if any. Return whether it lived."""
    with subprocess.Popen(
        [COMMAND, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while not (folder / "state.json").exists():  # before the first checkpoint, no job has begun
            time.sleep(0.01)
        for step in range(5):
            time.sleep(rng.uniform(0, 0.12))
            if rng.random() < 0.5:
                writer.write()
            if step == rotate_at:
                writer.rotate()
                if rng.random() < 0.2:
                    writer.write()
                    writer.rotate()
        process.send_signal(signal.SIGTERM if rng.random() < 0.1 else signal.SIGKILL)
        _, stderr = process.communicate(timeout=60)
    assert b"Traceback" not in stderr
    if rotate_at == 5:
        writer.rotate()
    if rng.random() < 0.5:
        writer.write()
    return process.returncode in {0, -signal.SIGKILL, 143}


def check(folder: Path, writer: Writer) -> None:
    """Check metrics and signals: each row once, in order."""
    rows, signals = count(writer.closes, 5)
    record = json.loads((folder / "m.json").read_text())
    assert (record["rows_processed"], record["value"]) == (rows, signals / rows)
    lines = [line.split(",") for line in (folder / "s.csv").read_text().splitlines()[1:]]
    times = [row(number, "").split(",")[0] for number in range(rows)]
    assert [line[:3] for line in lines] == [list(map(str, (n + 1, times[n], writer.closes[n]))) for n in range(rows)]


def series(folder: Path, rng: random.Random, named: list[str]) -> tuple[str, int]:
    """Kill a job ten times, with a rotation on average; return how the last run ended, and the rotations."""
    folder.mkdir()
    writer = Writer(folder, rng)
    writer.write()
    for _ in range(KILLS_A_SERIES):
        rotate_at = rng.randrange(6) if rng.random() < 1 / KILLS_A_SERIES else -1
        if not run_and_kill(folder, writer, rng, [*ARGUMENTS, *named], rotate_at):
            break  # refused
    writer.write()
    last = ["--idle-timeout", "1"]
    done = run_command(*ARGUMENTS, *named, *last, cwd=folder)
    if done.code == 0:
        check(folder, writer)
        return "exact", writer.rotations
    assert not named, done.stderr
    assert "--rotated 'live.csv.*'" in done.stderr
    saved = json.loads((folder / "state.json").read_text())["saved"]["state"]["rows"]
    assert writer.missed(saved), done.stderr
    done = run_command(*ARGUMENTS, *NAMED, *last, cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    check(folder, writer)
    return "refused", writer.rotations


@pytest.mark.parametrize("named", [NAMED, []], ids=["with --rotated", "without"])
def test_rotation_storm(named: list[str], tmp_path: Path) -> None:
    """Named, every rotation is exact; otherwise a missed one is refused, and only that, and naming it then is exact."""
    rng = random.Random(7)
    ends: Counter[str] = Counter()
    rotations = 0
    for number in range(KILLS // KILLS_A_SERIES):
        end, rotated = series(tmp_path / str(number), rng, named)
        ends[end] += 1
        rotations += rotated
    assert ends["exact"] > 0
    print(f"{KILLS} kills, {rotations} rotations: {dict(ends)}")  # noqa: T201
