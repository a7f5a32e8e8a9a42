"""Progress: what is drawn on a terminal, when, and that nothing of it remains."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import zipfile
from contextlib import ExitStack, redirect_stderr
from pathlib import Path

import pytest

from stream_signal import Config, SignalStream
from stream_signal.inputs.opening import bytes_in
from stream_signal.job.progress import Progress
from stream_signal.order import Order
from stream_signal.outputs.log import Log
from stream_signal.outputs.parts import Job
from stream_signal.stopping import StopSignals
from support.candle_csv import CLOSES, candle_csv
from support.cases import DATA, SUCCESS
from support.commands import COMMAND, metrics_of, run_command, run_script
from support.terminals import on_terminal, terminal

# Run the command as a process that is not the one in the foreground of its terminal.
BACKGROUND = """
import os, subprocess, sys
os.setsid()
terminal = os.open(sys.argv[2], os.O_RDWR)  # a session without a terminal gets this one
done = subprocess.run([sys.argv[1], "data.csv", "--progress"], stderr=terminal, stdin=terminal, process_group=0)
sys.exit(done.returncode)
"""


def write(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Write into the stdin of a process, and leave that open."""
    assert process.stdin
    process.stdin.write(data)


def test_a_slow_pipe(folder: Path) -> None:
    """A pipe that takes more than a second shows its bytes and its rows per second; at the end, nothing remains."""
    with on_terminal(folder) as (process, shown):
        write(process, DATA)
        shown.wait_for(rf"{len(DATA)}B \[00:01, [\d.]+ rows/s\]")
        assert process.communicate()[0].startswith(b'{"version": "v1", "rows_processed": 7,')
        assert process.returncode == 0
        assert shown.screen() == [""]


def test_a_short_job(folder: Path) -> None:
    """A job of less than a second draws nothing, and imports nothing to draw with."""
    script = (
        "import sys; from stream_signal.command.main import main; code = main(['data.csv']); "
        "print(code, 'tqdm' in sys.modules, sys.stderr.isatty())"
    )
    with terminal() as shown:
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=shown.end, check=True
        )
        assert done.stdout.splitlines()[1] == b"0 False True"
        assert shown.written == b""
        assert shown.screen() == [""]


def test_at_once(folder: Path) -> None:
    """--progress draws at once: for files the share of all their bytes, and then nothing remains."""
    (folder / "b.csv").write_bytes(DATA)
    with on_terminal(folder, "data.csv", "b.csv", "--progress", "--quiet") as (process, shown):
        assert process.communicate()[0].startswith(b'{"version": "v1", "rows_processed": 14,')
        assert shown.screen() == [""]
        shown.wait_for(rf"  0%\|[^|]+\| 0\.00/{2 * len(DATA)}B \[00:00, ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-progress",),
        ("--quiet",),
        ("--log-file", "-", "--progress"),
        ("--signals", "-", "--output", "m.json", "--progress"),
        ("--every", "9", "--progress"),
    ],
    ids=" ".join,
)
def test_nothing_is_drawn(arguments: tuple[str, ...], folder: Path) -> None:
    """Nothing is drawn where nobody wants it, or where other lines are written to the terminal as the job runs."""
    with on_terminal(folder, *arguments, on_stdout=True) as (process, shown):
        write(process, DATA)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        process.communicate()
        assert process.returncode == 0
        shown.screen()
        assert b"rows/s" not in shown.written


def test_no_terminal(folder: Path) -> None:
    """Where stderr is no terminal, nothing is drawn, not even with --progress."""
    done = run_command("--progress", stdin=DATA, cwd=folder)
    assert (done.code, done.stderr, metrics_of(done.stdout)) == (0, "", SUCCESS)


def test_in_the_background(folder: Path) -> None:
    """A job that another one keeps from the terminal, as with `&` in a shell, draws nothing on it."""
    with terminal() as shown:
        done = run_script(BACKGROUND, COMMAND, os.ttyname(shown.end), cwd=folder)
        assert metrics_of(done.stdout) == SUCCESS
        shown.screen()
        assert shown.written == b""


def test_signals_elsewhere(folder: Path) -> None:
    """With the signals on a pipe, the terminal shows the progress."""
    with on_terminal(folder, "--signals", "-", "--output", "m.json", "--progress") as (process, shown):
        write(process, DATA)
        shown.wait_for(f"{len(DATA)}B ")
        assert process.communicate()[0].count(b"\n") == 8
        assert shown.screen() == [""]


def test_ctrl_c(folder: Path) -> None:
    """Ctrl-C leaves the message on the terminal and nothing else: neither the bar nor the ^C that the terminal adds."""
    with on_terminal(folder, columns=40) as (process, shown):
        write(process, DATA)
        shown.wait_for("rows/s")
        shown.type(b"\x03")
        process.wait(30)
        assert process.returncode == 130
        assert shown.screen() == ["stream-signal: interrupted by SIGINT after 7 rows", ""]


def test_a_followed_file(folder: Path) -> None:
    """A followed file shows what has come and what it waits for; Ctrl-C is its normal end, and leaves nothing."""
    arguments = ("live.csv", "--follow", "--progress", "--quiet")
    with on_terminal(folder, *arguments) as (process, shown):
        shown.wait_for("0 rows; waiting for live.csv, which is not there")
        (folder / "live.csv").write_bytes(DATA)
        last = DATA.splitlines()[-1].split(b",")[0].decode()
        shown.wait_for(f"7 rows, rate 42.86 %, last {last}; waiting for new rows in live.csv")
        shown.type(b"\x03")
        assert metrics_of(process.communicate()[0]) == SUCCESS
        assert process.returncode == 0
        assert shown.screen() == [""]


def test_messages(folder: Path) -> None:
    """Doubts, errors and the log each stand on a line of their own, whatever is drawn before and after."""
    text = candle_csv(CLOSES)
    with on_terminal(folder, "--progress", "--strict") as (process, shown):
        write(process, text.replace(b"\n", b"\nx\n", 1))
        process.communicate()
        assert process.returncode == 1
        (line, hint, command, end) = shown.screen()
        assert line.startswith("stream-signal: line 2: expected 6 fields, found 1")
        assert hint.startswith("stream-signal: ")
        assert command.startswith("stream-signal: try stream-signal ")
        assert end == ""
    with on_terminal(folder, "-v", "--window", "500", "--progress") as (process, shown):
        write(process, text)
        shown.wait_for("header read(.|\n)*rows/s")
        process.communicate()
        lines = shown.screen()
        assert all(re.match(r"\d\d:\d\d:\d\d |stream-signal: ", line) for line in lines[:-1])
        assert sum(line.startswith("stream-signal: no window was ever full") for line in lines) == 1
        assert lines[-1] == ""


def test_a_narrow_terminal(folder: Path) -> None:
    """The line never reaches the edge of the terminal, however narrow that is."""
    with on_terminal(folder, "--progress", columns=20) as (process, shown):
        write(process, DATA)
        shown.wait_for(f"{len(DATA)}B")
        process.communicate()
        drawn = re.split("[\r\n]", shown.written.decode())
        assert max(map(len, drawn)) < 20
        assert shown.screen() == [""]


def test_resumed(tmp_path: Path) -> None:
    """The share is that of all bytes, read by this job or by an earlier one."""
    (tmp_path / "a.csv").write_bytes(DATA)
    arguments = ("--checkpoint", "state.json", "--progress", "--window", "5")
    with on_terminal(tmp_path, "a.csv", *arguments) as (process, _):
        process.communicate()
    (tmp_path / "a.csv").write_bytes(DATA + DATA.partition(b"\n")[2])
    total = len(DATA) + len(DATA.partition(b"\n")[2])
    with on_terminal(tmp_path, "a.csv", *arguments) as (process, shown):
        assert json.loads(process.communicate()[0])["rows_processed"] == 14
        shown.screen()
        shown.wait_for(rf" {100 * len(DATA) / total:.0f}%\|[^|]+\| {len(DATA)}\.?0?/{total}B ")


def test_with_jobs(tmp_path: Path) -> None:
    """The share is that of all bytes, also of those that other processes have read."""
    (tmp_path / "big.csv").write_bytes(candle_csv(CLOSES * 20000))
    with on_terminal(tmp_path, "big.csv", "--jobs", "2", "--progress") as (process, shown):
        assert json.loads(process.communicate()[0])["status"] == "success"
        assert shown.screen() == [""]
        shares = [int(share) for share in re.findall(r"(\d+)%\|", shown.written.decode())]
        assert shares == sorted(shares)
        assert shares[-1] > 0


def test_the_figures(tmp_path: Path) -> None:
    """Bytes of the whole, rows per second of late, and the time that is left at this rate."""
    inputs = tuple(str(tmp_path / name) for name in ("a.csv", "b.csv"))
    for name, size in zip(inputs, (1000, 4000), strict=True):
        Path(name).write_bytes(b"c" * size)
    job = Job(Order(inputs, progress=True), Config(window=1), Log(None, 0), StopSignals(), ExitStack(), 0.0)
    with terminal() as shown, open(shown.end, "w", encoding="utf-8", closefd=False) as stderr, redirect_stderr(stderr):
        stream = SignalStream(job.config)
        job.begin(stream, first=1)
        progress = Progress(job)
        progress.start()
        try:
            stream.feed(b"close\n" + b"1\n" * 497)
            progress.take(1000, b"")
            progress.turn()
            assert shown.wait_for(r"40%.*left\]").startswith("40%|")
            stretch = shown.wait_for(r"2\.00k/5\.00kB \[00:00, [\d.]+[kM] rows/s, 00:00 left")
            progress.take(4000, b"")
            progress.due = 0
            progress.turn()
            shown.wait_for(r"6\.00kB \[00:00, [\d.]+[kM] rows/s\]")  # more than there were: it has grown
            assert stretch
        finally:
            progress.finish()
            assert shown.screen() == [""]


def test_the_bytes_of_the_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain files and the members of zip files tell how many bytes they have; others do not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_bytes(DATA)
    (tmp_path / "b.csv").write_bytes(DATA * 2)
    (tmp_path / "a.gz").write_bytes(gzip.compress(DATA))
    with zipfile.ZipFile("k.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c.csv", DATA * 3)
        archive.writestr("c.gz", gzip.compress(DATA))
    os.mkfifo("pipe")
    assert bytes_in(("a.csv", "b.csv", "k.zip/c.csv")) == [len(DATA), 2 * len(DATA), 3 * len(DATA)]
    for unknown in ("a.gz", "k.zip/c.gz", "pipe", "none.csv", "none/a.csv", "s3://candles/a.csv"):
        assert bytes_in(("a.csv", unknown)) is None
