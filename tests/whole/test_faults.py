"""Faults of disk, file and pipe, each really made: what the user sees, and that nothing old is damaged."""

from __future__ import annotations

import bz2
import errno
import gzip
import json
import lzma
import os
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import SignalStream
from stream_signal.job.checkpoint import Checkpoint
from support.candle_csv import candle_csv
from support.commands import COMMAND, Done, check_metrics, run_command, run_in_process, run_script
from support.scripts import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLOSES = [f"{4 + number % 7}.{number % 5}" for number in range(20_000)]
DATA = candle_csv(CLOSES)
FIRST = len(candle_csv(CLOSES[:100]))  # bytes that were read before the fault
ARGUMENTS = ("data.csv", "--checkpoint", "state.json", "--output", "m.json")

# Runs the command, and does something to its input after it has read the first bytes of what is new.
MEANWHILE = """
import os, sys
from stream_signal.__main__ import main
act, most = sys.argv[1], int(sys.argv[2])
read, pieces = os.read, []
def read_and_act(descriptor, size):
    if len(pieces) == 1:
        exec(act)
    pieces.append(read(descriptor, min(size, most)))
    return pieces[-1]
os.read = read_and_act
sys.argv[1:] = sys.argv[3:]
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder where a job has run on the first rows, and more have come since."""
    (tmp_path / "data.csv").write_bytes(DATA[:FIRST])
    assert run_command(*ARGUMENTS, cwd=tmp_path).code == 0
    (tmp_path / "data.csv").write_bytes(DATA)
    return tmp_path


def files_of(folder: Path) -> dict[str, bytes]:
    """Read what is there."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


BROKEN = [
    ("open", "EROFS", "the folder '.' is read-only"),
    ("write", "ENOSPC", "No space left on device"),
    ("fsync", "EIO", "Input/output error"),
    ("replace", "EACCES", "the folder '.' is read-only"),
]


@pytest.mark.parametrize(("call", "number", "words"), BROKEN)
def test_the_checkpoint_cannot_be_written(call: str, number: str, words: str, folder: Path) -> None:
    """The job fails and says so; the old checkpoint stands, and from it the next run ends right."""
    saved = files_of(folder)["state.json"]
    done = run_script(BREAK, call, ".state.json.tmp", number, *ARGUMENTS, cwd=folder)
    message = f"cannot write 'state.json': {words}"
    assert (done.code, done.stdout, done.stderr.splitlines()[0]) == (1, b"", f"stream-signal: {message}")
    files = files_of(folder)
    assert sorted(files) == ["data.csv", "m.json", "state.json"]
    assert files["state.json"] == saved
    assert json.loads(files["m.json"])["error_message"] == message
    assert run_command(*ARGUMENTS, cwd=folder).code == 0
    check_metrics(folder, CLOSES)


@pytest.mark.parametrize(("call", "number", "words"), BROKEN)
def test_the_metrics_cannot_be_written(call: str, number: str, words: str, folder: Path) -> None:
    """The old metrics stand; the rows are in the checkpoint, so the next run has only the metrics to write."""
    old = files_of(folder)["m.json"]
    done = run_script(BREAK, call, ".stream-signal.", number, *ARGUMENTS, cwd=folder)
    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr.splitlines()[0] == f"stream-signal: cannot write 'm.json': {words}"
    files = files_of(folder)
    assert sorted(files) == ["data.csv", "m.json", "state.json"]
    assert files["m.json"] == old
    assert run_command(*ARGUMENTS, cwd=folder).code == 0
    check_metrics(folder, CLOSES)


def test_neither_signals_nor_record(folder: Path) -> None:
    """A job that fails at one output says that the record could not be written to the other: an old answer is there."""
    old = files_of(folder)["m.json"]
    arguments = ("data.csv", "--output", "m.json", "--signals", "s.csv")
    done = run_script(BREAK, "write", "", "ENOSPC", *arguments, cwd=folder)
    told = [f"stream-signal: cannot write {name!r}: No space left on device" for name in ("s.csv", "m.json")]
    assert (done.code, done.stderr.splitlines(), files_of(folder)["m.json"]) == (1, told, old)


def test_no_room_for_the_checkpoint(folder: Path) -> None:
    """The same with a limit of the system itself: a checkpoint that the disk does not take leaves the old one."""
    saved = files_of(folder)["state.json"]
    command = [COMMAND, *ARGUMENTS]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *command], cwd=folder, capture_output=True, timeout=60, check=False
    )
    assert len(saved) > 512  # what the limit of one block lets through
    assert done.returncode == 1
    assert done.stderr == b"stream-signal: cannot write 'state.json': File too large\n"
    assert files_of(folder)["state.json"] == saved
    assert run_command(*ARGUMENTS, cwd=folder).code == 0
    check_metrics(folder, CLOSES)


def test_the_input_is_cut_short_while_it_is_read(folder: Path) -> None:
    """A file that loses bytes that were counted is an error; neither checkpoint nor metrics hold a mixture."""
    saved = files_of(folder)["state.json"]
    done = run_script(MEANWHILE, "os.truncate('data.csv', 5000)", "4096", *ARGUMENTS, cwd=folder)
    assert done.code == 1
    message, hint = done.stderr.splitlines()
    assert message == "stream-signal: cannot read 'data.csv': it was truncated while it was read"
    assert hint == "stream-signal: read a file that another program writes with --follow"
    assert files_of(folder)["state.json"] == saved


@pytest.mark.parametrize(
    "action",
    [
        "os.rename('other.csv', 'data.csv')",
        "os.unlink('data.csv')",
        "os.chmod('data.csv', 0)",
        "os.rename('data.csv', 'data.csv.1')",
    ],
)
def test_the_input_is_taken_away_while_it_is_read(action: str, folder: Path) -> None:
    """A file that is replaced, removed or locked is read to its end all the same: the answer is that of one file."""
    (folder / "other.csv").write_bytes(candle_csv(["9"] * 30_000))
    done = run_script(MEANWHILE, action, "4096", *ARGUMENTS, cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    check_metrics(folder, CLOSES)
    (folder / "data.csv").unlink(missing_ok=True)
    (folder / "data.csv").write_bytes(DATA + candle_csv(["9"], header=False))
    assert run_command(*ARGUMENTS, cwd=folder).code == 0
    check_metrics(folder, [*CLOSES, "9"])
    (folder / "other.csv").write_bytes(candle_csv(["9"] * 30_000))
    (folder / "other.csv").rename(folder / "data.csv")
    assert "no longer begins with the " in run_command(*ARGUMENTS, cwd=folder).stderr


def test_the_input_cannot_be_read_any_more(folder: Path) -> None:
    """A read that fails is an error with the words of the system, and the old checkpoint stands."""
    saved = files_of(folder)["state.json"]
    done = run_script(MEANWHILE, "raise OSError(5, os.strerror(5))", "4096", *ARGUMENTS, cwd=folder)
    assert (done.code, done.stderr) == (1, "stream-signal: cannot read 'data.csv': Input/output error\n")
    assert files_of(folder)["state.json"] == saved


def test_short_reads(tmp_path: Path) -> None:
    """A system that gives one byte at a time gives the same answer and the same checkpoint."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[:300]))
    assert run_script(MEANWHILE, "pass", "1", *ARGUMENTS, cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES[:300])
    saved = files_of(tmp_path)["state.json"]
    (tmp_path / "state.json").unlink()
    assert run_command(*ARGUMENTS, cwd=tmp_path).code == 0
    assert files_of(tmp_path)["state.json"] == saved


INTERRUPTED = """
import signal, sys
from stream_signal.command.main import main
rings = []
signal.signal(signal.SIGALRM, lambda *_: rings.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
code = main(sys.argv[1:])
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(rings) > 10
sys.exit(code)
"""


def test_interrupted_reads_and_writes(tmp_path: Path) -> None:
    """Signals that ask for nothing break reads off a thousand times a second, and change nothing."""
    reader, writer = os.pipe()

    def feed() -> None:
        with open(writer, "wb", buffering=0) as pipe:
            pipe.writelines(DATA[start : start + 4096] for start in range(0, len(DATA), 4096))

    thread = threading.Thread(target=feed)
    arguments = ["--checkpoint", "state.json", "--checkpoint-every", "0.002", "--output", "m.json"]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, *arguments], stdin=reader, cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        os.close(reader)
        thread.start()
        _, stderr = process.communicate(timeout=60)
        thread.join()
    assert (process.returncode, stderr) == (0, b"")
    check_metrics(tmp_path, CLOSES)


def test_a_writer_that_dies_in_mid_row(tmp_path: Path) -> None:
    """Half a row at the end of a pipe is an error with its line, never a price; the checkpoint stays that of before."""
    arguments = ("--checkpoint", "state.json")
    assert run_command(*arguments, stdin=candle_csv(["1", "2"]), cwd=tmp_path).code == 0
    saved = files_of(tmp_path)["state.json"]
    done = run_command(*arguments, stdin=candle_csv(["3", "42004.66"])[:-9], cwd=tmp_path)
    assert done.code == 1
    assert done.record["error_message"] == "line 3: expected 6 fields, found 5"
    assert files_of(tmp_path) == {"state.json": saved}


def test_the_metrics_so_far_cannot_be_written(tmp_path: Path) -> None:
    """A pipe cannot be read again: what was counted of it is saved when the metrics so far meet a full disk."""
    arguments = ("--checkpoint", "state.json", "--output", "m.json")
    done = run_script(
        BREAK, "write", ".stream-signal.", "ENOSPC", *arguments, "--every", "0.000001", cwd=tmp_path, stdin=DATA
    )
    rows = json.loads((tmp_path / "state.json").read_text())["saved"]["state"]["rows"]
    first, second = done.stderr.splitlines()
    assert (done.code, first) == (1, "stream-signal: cannot write 'm.json': No space left on device")
    assert second.startswith(f"stream-signal: the next row to send is row {rows + 1}; ")
    assert run_command(*arguments, stdin=candle_csv(CLOSES[rows:]), cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES)


def test_neither_reader_nor_checkpoint(tmp_path: Path) -> None:
    """A job whose reader has gone ends quietly, but not where its checkpoint cannot be written either."""
    (tmp_path / "data.csv").write_bytes(DATA)
    gone = "reader, writer = os.pipe(); os.dup2(writer, 1); os.close(reader)"
    script = BREAK.replace("works = getattr", f"{gone}\nworks = getattr")
    arguments = ("data.csv", "--checkpoint", "state.json", "--every", "0.000001")
    done = run_script(script, "write", ".state.json.tmp", "ENOSPC", *arguments, cwd=tmp_path)
    failure, note = done.stderr.splitlines()
    assert (done.code, failure) == (1, "stream-signal: cannot write 'state.json': No space left on device")
    assert note == "stream-signal: cannot write to stdout: the reader closed the pipe"


def test_somebody_removed_the_lock(tmp_path: Path) -> None:
    """A job whose lock file has gone ends as it should."""
    (tmp_path / "data.csv").write_bytes(DATA)
    done = run_script(MEANWHILE, "os.unlink('.state.json.lock')", "4096", *ARGUMENTS, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    check_metrics(tmp_path, CLOSES)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_no_more_files(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of the system that is met in the middle of the work, as by an import, is no defect of the program."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(SignalStream, "feed", fail)
    done = run_in_process("--output", "m.json", stdin=DATA[:FIRST], cwd=tmp_path)
    message = f"the system opens no more files: {os.strerror(number)}"
    told = [f"stream-signal: {line}" for line in (message, "allow more of them: ulimit -n 4096")]
    assert (done.code, done.stderr.splitlines()) == (1, told)
    assert json.loads((tmp_path / "m.json").read_text())["error_message"] == message


@pytest.mark.parametrize("name", [".s.csv.lock (deleted)", ".state.json.lock (deleted)", "/s.csv", "/out"])
def test_what_cannot_be_closed(name: str, tmp_path: Path) -> None:
    """A lock, signals or a folder that cannot be closed have nothing left to lose: the job has succeeded."""
    (tmp_path / "out").mkdir()
    script = BREAK.replace("target in what", "what.endswith(target)")
    arguments = ("--checkpoint", "out/state.json", "--signals", "out/s.csv", "--output", "out/m.json")
    done = run_script(script, "close", name, "EIO", *arguments, cwd=tmp_path, stdin=DATA[:FIRST])
    assert (done.code, done.stderr) == (0, "")
    check_metrics(tmp_path / "out", CLOSES[:100])
    assert sorted(files_of(tmp_path / "out")) == ["m.json", "s.csv", "state.json"]


def test_a_temporary_file_that_cannot_be_closed(folder: Path) -> None:
    """It may not be whole, so it does not become the metrics: the old ones stand."""
    old = files_of(folder)["m.json"]
    done = run_script(BREAK, "close", ".stream-signal.", "EIO", *ARGUMENTS, cwd=folder)
    assert (done.code, done.stderr) == (1, "stream-signal: cannot write 'm.json': Input/output error\n")
    assert sorted(files_of(folder)) == ["data.csv", "m.json", "state.json"]
    assert files_of(folder)["m.json"] == old


@pytest.mark.parametrize(("data", "code", "status"), [(DATA[:FIRST], 0, "success"), (b"close\nx\n", 1, "error")])
def test_what_does_not_end(
    data: bytes, code: int, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails behind the record, such as workers that do not end, is told, and changes no outcome."""

    def fail(*_: object) -> None:
        raise RuntimeError("it hangs")

    monkeypatch.setattr(Checkpoint, "__exit__", fail)
    done = run_in_process("--checkpoint", "state.json", "--output", "m.json", stdin=data, cwd=tmp_path)
    told = "stream-signal: cannot close what the job used: RuntimeError: it hangs"
    assert (done.code, told in done.stderr.splitlines()) == (code, True)
    assert json.loads((tmp_path / "m.json").read_text())["status"] == status


BETWEEN = """
import os, signal, sys
from stream_signal.__main__ import main
from stream_signal.core.stream import SignalStream
end_input = SignalStream.end_input
def end_and_stop(self):
    end_input(self)
    os.kill(os.getpid(), signal.SIGTERM)
SignalStream.end_input = end_and_stop
sys.exit(main())
"""


@pytest.mark.parametrize("inputs", [["1.csv", "2.csv"], ["2.csv"]])
def test_a_stop_between_two_inputs(inputs: list[str], tmp_path: Path) -> None:
    """A signal that comes when an input has ended is no exception: what was counted is saved."""
    (tmp_path / "1.csv").write_bytes(DATA[:FIRST])
    (tmp_path / "2.csv").write_bytes(DATA[:FIRST])
    arguments = (*inputs, "--checkpoint", "state.json", "--output", "m.json")
    done = run_script(BETWEEN, *arguments, cwd=tmp_path)
    assert (done.code, done.stderr) == (143, "stream-signal: interrupted by SIGTERM after 100 rows\n")
    assert json.loads((tmp_path / "state.json").read_text())["saved"]["state"]["rows"] == 100
    assert run_command(*arguments, cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES[:100] * len(inputs))


AS_IT_CLOSES = """
import os, signal, sys, threading
from stream_signal.__main__ import main
join = threading.Thread.join
def stop_and_join(self, timeout=None):
    if self.name == "reading ahead":
        os.kill(os.getpid(), signal.SIGTERM)
    join(self, timeout)
threading.Thread.join = stop_and_join
sys.exit(main())
"""


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gz", "bz2", "xz"])
def test_a_stop_as_a_compressed_input_is_closed(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A signal that comes when a resumed job has found its place stops it there, without a traceback or a loss."""
    name = "data.csv.packed"
    arguments = (name, "--checkpoint", "state.json", "--output", "m.json")
    (tmp_path / name).write_bytes(pack(DATA[:FIRST]))
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    (tmp_path / name).write_bytes(pack(DATA))
    done = run_script(AS_IT_CLOSES, *arguments, cwd=tmp_path)
    assert (done.code, done.stderr) == (143, "stream-signal: interrupted by SIGTERM after 0 rows\n")
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES)


def test_a_stop_as_a_compressed_pipe_is_closed(tmp_path: Path) -> None:
    """So it is with a pipe whose repeated rows are skipped, where a bad row is what ends the reading."""
    arguments = ("--checkpoint", "state.json", "--resume-by", "time", "--output", "m.json")
    assert run_in_process(*arguments, stdin=DATA[:FIRST], cwd=tmp_path).code == 0
    bad = gzip.compress(DATA[: 2 * FIRST] + b"x\n" + DATA[FIRST:])
    done = run_script(AS_IT_CLOSES, *arguments, stdin=bad, cwd=tmp_path)
    assert (done.code, "Exception ignored" in done.stderr) == (143, False)


# No file of the job has as much but a log that was filled.
ROOM = 1024 * 1024


def run_with_full_log(log: bytes, number: int, *arguments: str, cwd: Path, stdin: bytes = b"") -> Done:
    """Run a job whose log has no room for line `number`, from 0, if its lines are as long as those of `log`."""
    lines = log.splitlines(keepends=True)
    with (cwd / "run.log").open("wb") as file:
        file.truncate(ROOM - sum(map(len, lines[:number])) - len(lines[number]) // 2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, limits[1]))
    try:
        return run_in_process(*arguments, "--log-file", "run.log", stdin=stdin, cwd=cwd)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("signals", [(), ("--signals", "s.csv")], ids=["", "signals"])
@pytest.mark.parametrize("inputs", [["1.csv"], ["1.csv", "2.csv"], ["-"]], ids=["a file", "files", "a pipe"])
def test_a_log_that_becomes_full(inputs: list[str], signals: tuple[str, ...], tmp_path: Path) -> None:
    """Wherever the log is full, the next job takes up what the failed one leaves, and ends as if it had not failed."""
    arguments = (*inputs, "--no-config", *signals, "--checkpoint", "state.json", "--output", "m.json")
    closes = CLOSES[:50]
    torn = candle_csv(closes).removesuffix(b"\n")
    lines = torn.split(b"\n")
    for name in ("1.csv", "2.csv"):
        (tmp_path / name).write_bytes(torn)
    assert run_in_process(*arguments, "--log-file", "whole.log", stdin=torn, cwd=tmp_path).code == 0
    wanted, log = files_of(tmp_path), (tmp_path / "whole.log").read_bytes()
    codes = []
    for number in range(len(log.splitlines())):
        for name in ("state.json", "s.csv"):
            (tmp_path / name).unlink(missing_ok=True)
        codes.append(run_with_full_log(log, number, *arguments, stdin=torn, cwd=tmp_path).code)
        saved = tmp_path / "state.json"
        counted = json.loads(saved.read_text())["saved"]["state"]["rows"] if saved.exists() else 0
        rest = b"\n".join([lines[0], *lines[counted + 1 :]])  # what the sender of a pipe sends then
        done = run_in_process(*arguments, stdin=rest, cwd=tmp_path)
        assert done.code == 0
        check_metrics(tmp_path, closes * len(inputs))
        assert files_of(tmp_path).get("s.csv") == wanted.get("s.csv")
    assert (codes[0], codes[-1]) == (1, 0)  # the last line comes after the metrics


def test_a_log_that_becomes_full_at_a_rotation(tmp_path: Path) -> None:
    """Wherever the log is full, the next job goes on after the rows of a file that was truncated meanwhile."""
    follow = ("data.csv", "--no-config", "--follow", "--idle-timeout", "0.3")
    arguments = (*follow, "--checkpoint", "state.json", "--output", "m.json", "--quiet")
    state = tmp_path / "state.json"

    def truncate() -> None:
        while not (state.exists() and b'"rows": 20,' in state.read_bytes()):
            time.sleep(0.01)
        (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[20:25]))

    def run(*log: Any) -> int:
        state.unlink(missing_ok=True)
        (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[:20]))
        with ThreadPoolExecutor() as threads:
            threads.submit(truncate)
            if log:
                return run_with_full_log(*log, *arguments, cwd=tmp_path).code
            return run_in_process(*arguments, "--log-file", "whole.log", cwd=tmp_path).code

    assert run() == 0
    log = (tmp_path / "whole.log").read_bytes()
    events = [json.loads(line)["event"] for line in log.splitlines()]
    for number in range(events.index("truncated"), events.index("next file") + 1):
        assert run(log, number) == 1
        assert run_in_process(*arguments, cwd=tmp_path).code == 0
        check_metrics(tmp_path, CLOSES[:25])
