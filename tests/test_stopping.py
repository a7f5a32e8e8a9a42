"""SIGINT and SIGTERM in mid-stream."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from candle_csv import candle_csv
from commands import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 200
stop_signals = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command on a pipe, with the log on stderr to see how far it is."""
    pipe = subprocess.PIPE
    return subprocess.Popen([COMMAND, "-v", *arguments], cwd=folder, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe)


def wait_until_read(process: subprocess.Popen[bytes]) -> None:
    """Feed rows and return when they are counted: the log has told of the header, and the pipe is empty."""
    assert process.stdin
    assert process.stderr
    process.stdin.write(candle_csv(["1"] * ROWS))
    while b"header read" not in process.stderr.readline():
        pass


@stop_signals
def test_while_waiting_for_bytes(number: signal.Signals, tmp_path: Path) -> None:
    """A job that waits on its pipe stops at once: the error record says after how many rows, the exit code by what."""
    with start(tmp_path) as process:
        wait_until_read(process)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    message = f"interrupted by {number.name} after {ROWS} rows"
    assert json.loads(stdout) == {"version": "v1", "status": "error", "error_message": message}
    assert stderr.endswith(f"stream-signal: {message}\n".encode())


@stop_signals
def test_while_counting(number: signal.Signals, tmp_path: Path) -> None:
    """A job that is fed without end stops after the piece it is counting, with every row of it counted once."""
    block = candle_csv(["1"] * 1000, header=False)

    def feed(pipe: int) -> None:
        try:
            os.write(pipe, candle_csv([]))
            while True:
                os.write(pipe, block)
        except BrokenPipeError:
            os.close(pipe)

    reader, writer = os.pipe()
    thread = threading.Thread(target=feed, args=(writer,))
    pipe = subprocess.PIPE
    with subprocess.Popen([COMMAND, "-v"], cwd=tmp_path, bufsize=0, stdin=reader, stdout=pipe, stderr=pipe) as process:
        os.close(reader)
        thread.start()
        assert process.stderr
        while b"header read" not in process.stderr.readline():
            pass
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=30)
        thread.join()
    assert process.returncode == 128 + number
    assert json.loads(stdout)["error_message"].startswith(f"interrupted by {number.name} after ")


@stop_signals
def test_while_opening(number: signal.Signals, tmp_path: Path) -> None:
    """A job that waits for somebody to open the other end of a named pipe can be stopped."""
    os.mkfifo(tmp_path / "candles")
    with start(tmp_path, "--input", "candles") as process:
        assert process.stderr
        while b"job started" not in process.stderr.readline():
            pass
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert json.loads(stdout)["error_message"] == f"interrupted by {number.name} after 0 rows"


def test_the_record_goes_to_the_output(tmp_path: Path) -> None:
    """The record of a stopped job replaces the metrics file, whole."""
    (tmp_path / "m.json").write_text("old")
    with start(tmp_path, "--output", "m.json") as process:
        wait_until_read(process)
        process.terminate()
        process.communicate(timeout=30)
    assert json.loads((tmp_path / "m.json").read_text())["error_message"].startswith("interrupted by SIGTERM")
    assert os.listdir(tmp_path) == ["m.json"]
