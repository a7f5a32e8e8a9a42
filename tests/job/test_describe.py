"""`stream-signal checkpoint`: what a checkpoint holds, and the next row that a sender has to send."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

from support.candle_csv import CLOSES, candle_csv, row
from support.commands import run_in_process, run_script, settings_yaml
from support.oracle import count
from support.processes import start, wait_until_read
from support.scripts import BREAK

CHECKPOINTS = Path(__file__).parent / "checkpoints"
NEXT = "the next row to send is row {}; the last timestamp counted is '{}'"
SETTINGS = """\
window: 5
column: close
header: true
delimiter: not set
bad rows: error
newest first: false
decimal: .
thousands: not set
negative: sign
key: not set
key pattern: not set
grouped: false
since: not set
until: not set
windows: []
signals format: not set
time column: not set
"""


def time_of(number: int) -> str:
    """Give the timestamp of a row, by its number from 0."""
    return row(number, "").split(",")[0]


def test_of_a_pipe(tmp_path: Path) -> None:
    """The next row and the last timestamp are there for a sender, in words and as JSON."""
    run_in_process("--checkpoint", "state.json", stdin=candle_csv(CLOSES[:20]), cwd=tmp_path)
    done = run_in_process("checkpoint", "state.json", cwd=tmp_path)
    signals = count(CLOSES[:20], 5)[1]
    lines = f"input: a pipe\nrows: 20\nsignals: {signals}\nnext row: 21\nlast time: {time_of(19)}\n{SETTINGS}"
    assert (done.code, done.stdout.decode(), done.stderr) == (0, lines, "")
    found = run_in_process("checkpoint", "--json", "state.json", cwd=tmp_path).record
    assert (found["next_row"], found["last_time"], found["settings"]["window"]) == (21, time_of(19), 5)


def test_of_files(tmp_path: Path) -> None:
    """The inputs are listed, each with the bytes that were read."""
    (tmp_path / "a.csv").write_bytes(candle_csv(CLOSES[:20]))
    (tmp_path / "b.csv").write_bytes(candle_csv(CLOSES[20:30]))
    run_in_process("a.csv", "b.csv", "--checkpoint", "state.json", cwd=tmp_path)
    lines = run_in_process("checkpoint", "state.json", cwd=tmp_path).stdout.decode().splitlines()
    sizes = [(tmp_path / name).stat().st_size for name in ("a.csv", "b.csv")]
    assert lines[:3] == [f"input: 'a.csv', {sizes[0]} bytes", f"input: 'b.csv', {sizes[1]} bytes", "rows: 30"]
    assert lines[4:6] == ["next row: 31", "last time: 1700000540"]


def test_of_an_older_schema(tmp_path: Path) -> None:
    """A checkpoint that 0.1.0 wrote is described as well; it has no names."""
    shutil.copy(CHECKPOINTS / "schema-2-signals.json", tmp_path / "state.json")
    lines = run_in_process("checkpoint", "state.json", cwd=tmp_path).stdout.decode().splitlines()
    assert lines[0].startswith("input: 'file 1', ")
    assert {"rows: 5", "next row: 6", "last time: 240", "window: 2", "signals format: csv"} <= set(lines)


def test_damaged(tmp_path: Path) -> None:
    """What is damaged, is no checkpoint, or does not exist is refused in words."""
    run_in_process("--checkpoint", "state.json", stdin=candle_csv(CLOSES[:20]), cwd=tmp_path)
    whole = (tmp_path / "state.json").read_bytes()
    for damaged in (whole[:300], whole.replace(b'"rows": 20', b'"rows": 21'), b"", b"[1]", b'{"schema": 3}'):
        (tmp_path / "state.json").write_bytes(damaged)
        done = run_in_process("checkpoint", "state.json", cwd=tmp_path)
        assert (done.code, done.stdout) == (1, b"")
        assert done.stderr.startswith("stream-signal: checkpoint 'state.json': it is damaged")
        assert done.stderr.endswith("; delete the checkpoint to start over\n")
    done = run_in_process("checkpoint", "none.json", cwd=tmp_path)
    assert (done.code, done.stderr.splitlines()[0]) == (
        1,
        "stream-signal: cannot read 'none.json': No such file or directory",
    )


def test_a_file_of_that_name(tmp_path: Path) -> None:
    """./checkpoint is a file like any other."""
    (tmp_path / "checkpoint").write_bytes(candle_csv(CLOSES))
    assert run_in_process("./checkpoint", cwd=tmp_path).record["rows_processed"] == 300


def test_the_same_next_row_everywhere(tmp_path: Path) -> None:
    """A stopped job on a pipe, one that fails, the checkpoint and the next job name the same row."""
    with start(tmp_path, "--checkpoint", "state.json") as process:
        wait_until_read(process)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    told = "stream-signal: " + NEXT.format(201, time_of(199))
    assert stderr.decode().splitlines()[-2:] == ["stream-signal: interrupted by SIGTERM after 200 rows", told]
    assert b"next row: 201\n" in run_in_process("checkpoint", "state.json", cwd=tmp_path).stdout
    done = run_in_process("--checkpoint", "state.json", stdin=candle_csv(["1", "x"]), cwd=tmp_path)
    message = "stream-signal: line 3: expected a decimal number in column 'close', found 'x'"
    first, failed, again, *_hint = done.stderr.splitlines()
    assert (done.code, first, failed, again) == (1, told, message, told)


def test_a_log_that_fails_hides_no_next_row(tmp_path: Path) -> None:
    """A sender is told the next row although the log, whose reader has gone, cannot say that it was saved."""
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    with start(tmp_path, "--checkpoint", "state.json", "--log-file", "log") as process:
        wait_until_read(process)
        os.close(reader)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    told = [line for line in stderr.decode().splitlines() if line.startswith("stream-signal: ")]
    assert told == [
        "stream-signal: interrupted by SIGTERM after 200 rows",
        "stream-signal: " + NEXT.format(201, time_of(199)),
        "stream-signal: cannot write the log 'log': Broken pipe",
    ]


def test_a_checkpoint_that_fails_hides_no_next_row(tmp_path: Path) -> None:
    """A sender is told the next row after the old checkpoint where a new one cannot be written."""
    arguments = ("--checkpoint", "state.json", "--quiet")
    run_in_process(*arguments, stdin=candle_csv(CLOSES[:20]), cwd=tmp_path)
    broken = ("write", ".state.json.tmp", "ENOSPC", *arguments[:2])
    done = run_script(BREAK, *broken, stdin=candle_csv(CLOSES[20:30], header=False), cwd=tmp_path)
    told = "stream-signal: " + NEXT.format(21, time_of(19))
    assert done.stderr.splitlines() == [told, "stream-signal: cannot write 'state.json': No space left on device", told]


def test_a_file_needs_no_sender(tmp_path: Path) -> None:
    """A job on a file says nothing about a next row: it finds that itself."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    for _ in range(2):
        assert run_in_process("data.csv", "--checkpoint", "state.json", cwd=tmp_path).stderr == ""


def test_not_in_order(tmp_path: Path) -> None:
    """The last timestamp is shown whatever the order; another engine and other cuts know the same."""
    data = b"time,close\n" + b"".join(b"%d,1.5\n" % (60 * number) for number in range(200_000)) + b"60,1.5\n"
    for window in ("5", "6"):
        (tmp_path / "config.yaml").write_text(settings_yaml(window=int(window)))
        run_in_process("--checkpoint", f"{window}.json", stdin=data, cwd=tmp_path)
        found = json.loads((tmp_path / f"{window}.json").read_text())["saved"]["state"]["observed"]["last_time"]
        assert (found["last"], found["complete"]) == ("60", True)


def test_a_pipe_is_no_checkpoint(tmp_path: Path) -> None:
    """A pipe in the place of a checkpoint is refused at once, instead of being waited for."""
    os.mkfifo(tmp_path / "state.json")
    done = run_in_process("checkpoint", "state.json", cwd=tmp_path)
    assert (done.code, "it is not a file" in done.stderr) == (1, True)
