"""SIGINT, SIGTERM and SIGHUP in mid-stream."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stream_signal import Interrupted
from stream_signal.stopping import StopSignals
from support.candle_csv import candle_csv
from support.commands import COMMAND, logged, run_script
from support.processes import ROWS, start, wait_until_read
from support.scripts import AT_CALL, AT_IMPORT

# Runs the command, and stops it when it is about to log that the job is done.
AT_THE_LAST_EVENT = """
import os, signal, sys
from stream_signal.__main__ import main
from stream_signal.outputs.log import Log
info = Log.info
def stop_and_info(self, event, **fields):
    if event == "job finished":
        os.kill(os.getpid(), signal.SIGTERM)
    info(self, event, **fields)
Log.info = stop_and_info
sys.exit(main())
"""

stop_signals = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda it: it.name)


def wait_until_opening(pid: int) -> None:
    """Return when the process waits in the opening of a named pipe; skip where the kernel does not tell."""
    deadline = time.monotonic() + 20
    while b"wait_for_partner" not in Path(f"/proc/{pid}/wchan").read_bytes():
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            pytest.skip("the kernel does not tell where a process waits")


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
        try:
            stdout, _ = process.communicate(timeout=30)
        finally:
            process.kill()  # or a job that does not stop would be fed for ever
        thread.join()
    assert process.returncode == 128 + number
    assert json.loads(stdout)["error_message"].startswith(f"interrupted by {number.name} after ")


@pytest.mark.parametrize("flag", ["--input", "--output", "--config"])
@stop_signals
def test_while_opening(flag: str, number: signal.Signals, tmp_path: Path) -> None:
    """A job that waits for somebody to open the other end of a named pipe can be stopped, whatever the pipe is for."""
    os.mkfifo(tmp_path / "fifo")
    data = candle_csv(["1"] * ROWS)
    with start(tmp_path, flag, "fifo") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(data)
        process.stdin.close()
        process.stdin = None
        wait_until_opening(process.pid)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    rows = ROWS if flag == "--output" else 0
    assert f"stream-signal: interrupted by {number.name} after {rows} rows\n".encode() in stderr


@pytest.mark.parametrize(
    ("moment", "call", "file", "output", "code"),
    [
        ("before", "open", ".stream-signal.", "m.json", 143),
        ("before", "replace", ".stream-signal.", "m.json", 0),
        ("after", "replace", ".stream-signal.", "m.json", 0),
        ("before", "write", "1", "-", 0),
        ("after", "write", "1", "-", 0),
    ],
)
def test_while_the_metrics_are_written(
    moment: str, call: str, file: str, output: str, code: int, tmp_path: Path
) -> None:
    """A signal at this moment leads to one outcome: the metrics and success, or the error record and its exit code."""
    done = run_script(AT_CALL, moment, call, file, "--output", output, cwd=tmp_path, stdin=candle_csv(["1"] * 5))
    record = json.loads(done.stdout if output == "-" else (tmp_path / output).read_bytes())
    assert (done.code, record["status"]) == (code, "error" if code else "success")
    assert done.stderr == ("stream-signal: interrupted by SIGTERM after 5 rows\n" if code else "")


def test_while_a_failure_is_written(tmp_path: Path) -> None:
    """A job that has failed and is then stopped has failed: its record is written."""
    arguments = ("--output", "m.json")
    done = run_script(AT_CALL, "before", "open", ".stream-signal.", *arguments, cwd=tmp_path, stdin=b"close\nx\n")
    message = "line 2: expected a decimal number in column 'close', found 'x'"
    assert (done.code, done.stderr.splitlines()[0]) == (1, f"stream-signal: {message}")
    assert json.loads((tmp_path / "m.json").read_text())["error_message"] == message
    assert os.listdir(tmp_path) == ["m.json"]


@pytest.mark.parametrize("module", ["argparse", "stream_signal.command.main", "stream_signal.job.run", "yaml"])
def test_before_the_job_begins(module: str, folder: Path) -> None:
    """A signal that comes while the command is still being imported stops the job: no old success is left behind."""
    (folder / "m.json").write_text('{"status": "success"}')
    (folder / "c.yaml").write_text("{seed: 42, window: 5, version: v1}")
    done = run_script(AT_IMPORT, module, "data.csv", "--config", "c.yaml", "--output", "m.json", cwd=folder)
    message = "interrupted by SIGTERM after 0 rows"
    assert (done.code, done.stderr) == (143, f"stream-signal: {message}\n")
    assert json.loads((folder / "m.json").read_text()) == {
        "version": "unknown",
        "status": "error",
        "error_message": message,
    }


@stop_signals
def test_before_there_is_a_job(number: signal.Signals) -> None:
    """A signal is held back from the first line on, before anything large is imported; without a job, it is obeyed."""
    script = (
        "import os, sys; before = {*sys.modules}; from stream_signal import early\n"
        "early.hold()\n"
        "os.kill(os.getpid(), int(sys.argv[1]))\n"
        "print(*{'contextlib', 'enum', 'typing'} & (sys.modules.keys() - before), 'held', flush=True)\n"
        "early.release()\n"
        "print('no longer', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(int(number))], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-number, b"held\n")


@pytest.mark.parametrize("command", ["formats", "candles", "verify"])
def test_before_another_command_begins(command: str, folder: Path) -> None:
    """The same holds for what is no job: it ends by the signal that came while it was being imported."""
    done = run_script(AT_IMPORT, "argparse", command, cwd=folder, stdin=b"close\n1\n")
    assert (done.code, done.stdout) == (143 if command == "verify" else -signal.SIGTERM, b"")


def test_when_the_job_is_done(tmp_path: Path) -> None:
    """A signal that comes after the metrics, while the log is written, does not turn success into a stop."""
    done = run_script(AT_THE_LAST_EVENT, "--log-file", "run.log", cwd=tmp_path, stdin=candle_csv(["1"] * 5))
    assert (done.code, done.record["status"], done.stderr) == (0, "success", "")
    assert len(logged(tmp_path, "job finished")) == 1


def test_when_the_end_of_a_followed_file_is_known(tmp_path: Path) -> None:
    """A signal that comes when silence has ended `--follow` stops nothing more."""
    (tmp_path / "data.csv").write_bytes(candle_csv(["1"] * 5))
    arguments = ("data.csv", "--follow", "--idle-timeout", "0.05", "--output", "m.json", "--quiet")
    done = run_script(AT_CALL, "before", "open", ".stream-signal.", *arguments, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert json.loads((tmp_path / "m.json").read_text())["status"] == "success"


def test_nohup(tmp_path: Path) -> None:
    """Under nohup, a job outlives its terminal: SIGHUP stays ignored, and SIGTERM is obeyed."""
    pipe = subprocess.PIPE
    command = ["nohup", COMMAND, "-v"]
    with subprocess.Popen(command, cwd=tmp_path, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        wait_until_read(process)
        process.send_signal(signal.SIGHUP)
        assert process.stdin
        process.stdin.write(candle_csv(["2"], header=False))
        process.terminate()
        stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert json.loads(stdout)["error_message"].startswith("interrupted by SIGTERM after ")


def test_a_signal_is_kept_while_a_piece_is_counted() -> None:
    """Within `held` a signal waits for the end, so that no row is counted by halves."""
    reached = []

    def count_two_pieces(stop: StopSignals) -> None:
        with stop.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("the end of the piece")
        reached.append("the next piece")

    with StopSignals() as stop, pytest.raises(Interrupted, match="interrupted by SIGTERM after 0 rows"):
        count_two_pieces(stop)
    assert reached == ["the end of the piece"]


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    """Who asks twice does not wait for the piece; twice in the same moment is once."""
    script = (
        "import os, signal, time; from stream_signal.stopping import StopSignals\n"
        "with StopSignals() as stop, stop.deferred():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still here', flush=True)\n"
        "    time.sleep(0.11)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('no longer', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, b"still here\n")


def test_candles_stop_quietly(tmp_path: Path) -> None:
    """Ctrl-C ends `stream-signal candles` without a word."""
    pipe = subprocess.PIPE
    with subprocess.Popen([COMMAND, "candles", "--rows", "1000000"], cwd=tmp_path, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        process.stdout.read(100)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, b"")


def test_the_record_goes_to_the_output(tmp_path: Path) -> None:
    """The record of a stopped job replaces the metrics file, whole."""
    (tmp_path / "m.json").write_text("old")
    with start(tmp_path, "--output", "m.json") as process:
        wait_until_read(process)
        process.terminate()
        process.communicate(timeout=30)
    assert json.loads((tmp_path / "m.json").read_text())["error_message"].startswith("interrupted by SIGTERM")
    assert os.listdir(tmp_path) == ["m.json"]
