"""A stream that lives long: silences, readers that are stuck or gone, kills and signals at odd moments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.candle_csv import CLOSES, candle_csv, row
from support.commands import COMMAND, check_metrics, logged, run_command, run_script
from support.processes import append, follow, wait_until
from support.scripts import IN_FEED

if TYPE_CHECKING:
    from pathlib import Path

# Runs the command with a silence of as many seconds as its first argument says told as one.
STALLED = """
import sys
from stream_signal.job import journal
from stream_signal.__main__ import main
journal.STALLED_SECONDS = float(sys.argv.pop(1))
sys.exit(main())
"""

# Runs the command, and stops it when the stream is at its end.
AT_THE_END = """
import os, signal, sys
from stream_signal.__main__ import main
from stream_signal.core.stream import SignalStream
finish = SignalStream.finish
def finish_and_signal(self):
    counts = finish(self)
    os.kill(os.getpid(), signal.SIGTERM)
    return counts
SignalStream.finish = finish_and_signal
sys.exit(main())
"""

# Runs the command, and stops it when its output has been full for long.
AFTER_A_SECOND = """
import os, signal, sys, threading
from stream_signal.__main__ import main
from stream_signal.core.stream import SignalStream
feed = SignalStream.feed
def feed_and_wait(self, data):
    feed(self, data)
    threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()
SignalStream.feed = feed_and_wait
sys.exit(main())
"""

# Runs the command, and stops it while it imports structlog.
IN_IMPORT = """
import os, signal, sys
from stream_signal.__main__ import main
class Finder:
    def find_spec(self, name, *others):
        if name == "asyncio.events":  # structlog imports it, and it does not survive half an import
            os.kill(os.getpid(), signal.SIGTERM)
sys.meta_path.insert(0, Finder())
sys.exit(main())
"""

WITHOUT_STRUCTLOG = """
import sys
from stream_signal.__main__ import main
sys.modules["structlog"] = None
sys.exit(main())
"""


def lines_in(path: Path) -> int:
    """Count the lines that a file has by now."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def saved_rows(folder: Path) -> int | None:
    """Read how many rows the checkpoint has, if there is one."""
    path = folder / "state.json"
    return json.loads(path.read_text())["saved"]["state"]["rows"] if path.exists() else None


def rotate(folder: Path, kept: str, closes: list[str]) -> None:
    """Give data.csv another name, and put a new one in its place, whole."""
    (folder / "data.csv").rename(folder / kept)
    (folder / "new.csv").write_bytes(candle_csv(closes))
    (folder / "new.csv").rename(folder / "data.csv")


def test_a_silent_pipe(tmp_path: Path) -> None:
    """A pipe may be silent for as long as it likes: the log says so, and the job goes on."""
    command = [sys.executable, "-c", STALLED, "0.05", "--log-file", "run.log", "--quiet"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        process.stdin.write(candle_csv(CLOSES[:10]))
        wait_until(lambda: lines_in(tmp_path / "run.log") >= 3)
        time.sleep(0.2)
        stdout, stderr = process.communicate(candle_csv(CLOSES[10:20], header=False), timeout=30)
    assert (stderr, process.returncode, json.loads(stdout)["rows_processed"]) == (b"", 0, 20)
    assert [stalled["rows"] for stalled in logged(tmp_path, "stalled")] == [10]


def test_a_slow_reader_is_no_silence(tmp_path: Path) -> None:
    """That whoever reads the signals takes its time is not told of as a silence of the source."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES * 200))
    arguments = ["0.2", "data.csv", "--signals", "-", "--output", "m.json", "--log-file", "run.log"]
    with subprocess.Popen([sys.executable, "-c", STALLED, *arguments], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout
        time.sleep(0.5)
        assert process.stdout.read().count(b"\n") == 60_001
    assert logged(tmp_path, "stalled") == []


def test_killed_after_a_rotation(tmp_path: Path) -> None:
    """The checkpoint is of the new file as soon as that is read: a kill then loses nothing."""
    path, signals = tmp_path / "data.csv", tmp_path / "s.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    arguments = ("data.csv", "--follow", "--signals", "s.csv", "--output", "m.json", "--checkpoint", "state.json")
    with follow(tmp_path, *arguments) as process:
        wait_until(lambda: lines_in(signals) >= 11)
        rotate(tmp_path, "old.csv", CLOSES[10:20])
        wait_until(lambda: saved_rows(tmp_path) == 20)
        process.kill()
    append(path, candle_csv(CLOSES[20:30], header=False))
    assert run_command(*arguments, "--idle-timeout", "0.1", cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES[:30])
    assert [line.split(",")[0] for line in signals.read_text().splitlines()[1:]] == list(map(str, range(1, 31)))


def test_rotated_while_no_job_ran(tmp_path: Path) -> None:
    """A file that came and went after the kill is missed by no run in silence: the checkpoint is refused."""
    path, signals = tmp_path / "data.csv", tmp_path / "s.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    arguments = ("data.csv", "--follow", "--signals", "s.csv", "--output", "m.json", "--checkpoint", "state.json")
    with follow(tmp_path, *arguments) as process:
        wait_until(lambda: lines_in(signals) >= 11)
        rotate(tmp_path, "old1.csv", CLOSES[10:20])
        wait_until(lambda: saved_rows(tmp_path) == 20)
        process.kill()
        process.wait()
    rotate(tmp_path, "old2.csv", CLOSES[20:30])
    before = signals.read_bytes()
    done = run_command(*arguments, "--idle-timeout", "0.1", cwd=tmp_path)
    assert (done.code, "bytes, no longer begins with the " in done.stderr) == (1, True)
    assert signals.read_bytes() == before


def test_taken_up_before_the_file_is_there(tmp_path: Path) -> None:
    """A checkpoint of a file that has not come yet waits for it, like a first run."""
    arguments = ("data.csv", "--follow", "--output", "m.json", "--checkpoint", "state.json")
    first = ("--checkpoint-every", "0.01", "--idle-timeout", "0.1")
    assert run_command(*arguments, *first, cwd=tmp_path).code == 1
    assert (tmp_path / "state.json").exists()
    with follow(tmp_path, *arguments, "--idle-timeout", "1") as process:
        time.sleep(0.5)  # until it is up and waits
        (tmp_path / "data.tmp").write_bytes(candle_csv(CLOSES[:10]))
        (tmp_path / "data.tmp").rename(tmp_path / "data.csv")
        process.communicate(timeout=30)
    check_metrics(tmp_path, CLOSES[:10])


def test_stopped_while_it_imports(tmp_path: Path) -> None:
    """A signal in the middle of an import waits for its end: the record and the log are written."""
    done = run_script(IN_IMPORT, "--log-file", "run.log", cwd=tmp_path, stdin=candle_csv(["1"]))
    assert (done.code, done.record["error_message"]) == (143, "interrupted by SIGTERM after 0 rows")
    assert len(logged(tmp_path, "job failed")) == 1


def test_a_log_that_nobody_can_write(tmp_path: Path) -> None:
    """Whatever is wrong with the log, the record of the failure is written."""
    done = run_script(WITHOUT_STRUCTLOG, "--log-file", "run.log", cwd=tmp_path, stdin=candle_csv(["1"]))
    assert (done.code, done.record["status"]) == (1, "error")
    assert "structlog" in done.record["error_message"]


@pytest.mark.parametrize("script", [IN_FEED, AFTER_A_SECOND], ids=["while it counts", "while it waits"])
@pytest.mark.parametrize(("flags", "code"), [(["--follow"], 0), ([], 143)])
def test_stopped_while_the_reader_is_stuck(flags: list[str], code: int, script: str, tmp_path: Path) -> None:
    """A stuck reader cannot keep a job from stopping: what it was not sent is told, and sent by the next run."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[:10]))
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    arguments = ["data.csv", "--signals", "fifo", "--output", "m.json", "--checkpoint", "state.json"]
    try:
        assert run_command(*arguments, cwd=tmp_path).code == 0
        saved = (tmp_path / "state.json").read_bytes()
        (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES * 20))
        done = run_script(script, *arguments, "--log-file", "run.log", *flags, cwd=tmp_path)
        taken = os.read(reader, 1024 * 1024).count(b"\n")
    finally:
        os.close(reader)
    [unsent] = logged(tmp_path, "signals unsent")
    assert (done.code, taken + unsent["lines"]) == (code, 6001)
    told = f"stream-signal: signal lines that were not sent, because nobody read them: {unsent['lines']}"
    assert told in done.stderr.splitlines()
    assert (tmp_path / "state.json").read_bytes() == saved
    with subprocess.Popen([COMMAND, *arguments], cwd=tmp_path, stderr=subprocess.DEVNULL):
        rows = [line.split(b",")[0] for line in (tmp_path / "fifo").read_bytes().splitlines()]
    assert rows == [b"%d" % number for number in range(11, 6001)]


@pytest.mark.parametrize(("flags", "code"), [(["--follow"], 0), ([], 143)])
def test_unsent_lines_of_a_first_run(flags: list[str], code: int, tmp_path: Path) -> None:
    """A first run that is stopped while the reader is stuck leaves no checkpoint, or one at the start."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES * 20))
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    arguments = ["data.csv", "--signals", "fifo", "--output", "m.json", "--checkpoint", "state.json", "--log-file", "-"]
    try:
        done = run_script(IN_FEED, *arguments, *flags, cwd=tmp_path)
    finally:
        os.close(reader)
    assert done.code == code
    assert "checkpoint saved" not in {json.loads(line)["event"] for line in done.stderr.splitlines()}
    with subprocess.Popen([COMMAND, *arguments], cwd=tmp_path, stderr=subprocess.DEVNULL):
        rows = [line.split(b",")[0] for line in (tmp_path / "fifo").read_bytes().splitlines()]
    assert rows == [b"row", *(b"%d" % number for number in range(1, 6001))]


def test_stopped_at_the_end_of_what_is_followed(tmp_path: Path) -> None:
    """A signal that comes when the silence has ended it already asks for the same."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[:10]))
    arguments = ("data.csv", "--follow", "--idle-timeout", "0.05", "--output", "m.json")
    assert run_script(AT_THE_END, *arguments, cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES[:10])


def test_a_log_that_fails_at_the_header(tmp_path: Path) -> None:
    """A log that is full where the header comes does not hide a bad row that comes with it."""
    header = ",".join(f"column{number}" for number in range(300)) + ",close\n"
    command = ["sh", "-c", 'ulimit -f 2; exec "$@"', "sh", COMMAND, "--log-file", "run.log"]
    data = (header + "1," * 300 + "x\n").encode()
    done = subprocess.run(command, input=data, cwd=tmp_path, capture_output=True, check=False)
    assert json.loads(done.stdout)["error_message"] == "line 2: expected a decimal number in column 'close', found 'x'"
    assert b"cannot write the log 'run.log'" in done.stderr


def test_a_log_that_fails_after_a_bad_row(tmp_path: Path) -> None:
    """A log whose reader has gone does not hide which row was bad."""
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    pipe = subprocess.PIPE
    command = [COMMAND, "--log-file", "log"]
    with subprocess.Popen(command, cwd=tmp_path, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        process.stdin.write(candle_csv(CLOSES[:10]) + f"{row(5, '1')}\n".encode())
        told, deadline = b"", time.monotonic() + 30
        while b"noticed" not in told and time.monotonic() < deadline:
            try:
                told += os.read(reader, 65536)
            except BlockingIOError:
                time.sleep(0.01)
        os.close(reader)
        stdout, stderr = process.communicate(b"7\n", timeout=30)
    assert json.loads(stdout)["error_message"] == "line 13: expected 6 fields, found 1"
    assert b"cannot write the log 'log': Broken pipe" in stderr
