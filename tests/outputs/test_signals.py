"""--signals: a line for each row, the same bytes through every door, each of them once."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import COMMAND, run_in_process, run_script, settings_yaml
from support.oracle import count, wanted_rows
from support.processes import ROWS, start, unread, wait_until, wait_until_read
from support.scripts import BREAK
from support.strategies import close_lists, windows

DATA = candle_csv(CLOSES)


def test_the_folder_is_synced_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a checkpoint covers signals, their file is on disk, and so is its name in its folder."""
    synced: list[tuple[int, int]] = []

    def fsync_and_note(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(identity(os.fstat(descriptor)))

    def identity(status: os.stat_result) -> tuple[int, int]:
        return status.st_dev, status.st_ino

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", fsync_and_note)
    for name in ("signals", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "data.csv").write_bytes(DATA)
    arguments = ("--signals", "signals/s.csv", "--checkpoint", "state/state.json", "--output", "m.json")
    assert run_in_process("data.csv", *arguments, cwd=tmp_path).code == 0
    paths = [tmp_path / name for name in ("signals/s.csv", "signals", "state/state.json", "state")]
    wanted = [identity(path.stat()) for path in paths]
    assert [synced.index(each) for each in wanted] == sorted(map(synced.index, wanted))


@given(close_lists, windows, st.data())
def test_every_door(closes: list[str], window: int, data: st.DataObject) -> None:
    """Law 6: by file, by pipe, and with a checkpoint over a file that grows by odd bytes: the same bytes."""
    text = candle_csv(closes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(settings_yaml(window=window, bad_rows="missing"))
        (folder / "data.csv").write_bytes(text)
        assert run_in_process("data.csv", "--signals", "s.csv", cwd=folder).code == 0
        wanted = (folder / "s.csv").read_bytes()
        assert list(csv.reader(wanted.decode().splitlines()))[1:] == wanted_rows(closes, window)
        piped = run_in_process("--signals", "-", "--output", "m.json", stdin=text, cwd=folder)
        assert (piped.code, piped.stdout) == (0, wanted)
        for end in sorted(data.draw(st.lists(st.integers(len(HEADER) + 1, len(text)), max_size=3))):
            (folder / "data.csv").write_bytes(text[:end])
            run_in_process("data.csv", "--signals", "r.csv", "--checkpoint", "state.json", cwd=folder)
        (folder / "data.csv").write_bytes(text)
        done = run_in_process("data.csv", "--signals", "r.csv", "--checkpoint", "state.json", cwd=folder)
        assert done.record["rows_processed"] == len(closes)
        assert (folder / "r.csv").read_bytes() == wanted


def test_the_name_tells_the_format(tmp_path: Path) -> None:
    """JSON Lines where the name ends so, unless the format is set."""
    for name, flags, first in (
        ("s.jsonl", [], b"{"),
        ("s.ndjson", [], b"{"),
        ("s.txt", ["--signals-format", "jsonl"], b"{"),
        ("x.jsonl", ["--signals-format", "csv"], b"r"),
    ):
        assert run_in_process("--signals", name, *flags, stdin=DATA, cwd=tmp_path).code == 0
        assert (tmp_path / name).read_bytes()[:1] == first


def test_a_bad_row_ends_it_after_those_before(tmp_path: Path) -> None:
    """The rows before a bad one are told, whole."""
    done = run_in_process("--signals", "s.csv", stdin=candle_csv(["1", "2", "x"]), cwd=tmp_path)
    assert done.code == 1
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("data", [candle_csv(["x", "2"]), candle_csv([]), b"no header\n", b""])
def test_a_failure_without_a_row_empties_it(data: bytes, tmp_path: Path) -> None:
    """A job that fails before its first row leaves no old signals beside its error."""
    run_in_process("--signals", "s.csv", stdin=DATA, cwd=tmp_path)
    assert run_in_process("--signals", "s.csv", stdin=data, cwd=tmp_path).code == 1
    assert (tmp_path / "s.csv").read_bytes() == b""


def test_stopped_before_a_row(tmp_path: Path) -> None:
    """So does a job that is stopped while it waits for its first row."""
    run_in_process("--signals", "s.csv", stdin=DATA, cwd=tmp_path)
    with start(tmp_path, "--signals", "s.csv") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(HEADER.encode())
        wait_until(lambda: unread(process) == 0)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert (process.returncode, (tmp_path / "s.csv").read_bytes()) == (143, b"")


def test_one_writer(tmp_path: Path) -> None:
    """While one job writes the signals, a second is refused and the file stays whole; a dead job's lock is none."""
    with start(tmp_path, "--signals", "s.csv") as process:
        wait_until_read(process)
        (tmp_path / "link.csv").symlink_to("s.csv")
        (tmp_path / "hard.csv").hardlink_to(tmp_path / "s.csv")
        for name in ("s.csv", "link.csv", "hard.csv"):
            second = run_in_process("--signals", name, stdin=DATA, cwd=tmp_path)
            message = f"cannot write {name!r}: another job is writing it; wait for that, or name another file"
            assert (second.code, second.record["error_message"]) == (1, message)
        assert run_in_process("--signals", "other.csv", stdin=DATA, cwd=tmp_path).code == 0
        process.kill()
        process.wait()
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 1 + ROWS
    assert ".s.csv.lock" in os.listdir(tmp_path)
    assert run_in_process("--signals", "s.csv", stdin=DATA, cwd=tmp_path).code == 0
    assert sorted(os.listdir(tmp_path)) == ["hard.csv", "link.csv", "other.csv", "s.csv"]
    assert (tmp_path / "s.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_one_writer_where_the_folder_takes_no_lock_file(tmp_path: Path) -> None:
    """A file that can be written in a folder that cannot, as in a container, is locked itself."""
    (tmp_path / "s.csv").touch()
    arguments = ("open", ".s.csv.lock", "EROFS", "--signals", "s.csv")
    with (tmp_path / "s.csv").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = run_script(BREAK, *arguments, cwd=tmp_path, stdin=DATA)
        assert (done.code, "another job is writing it" in done.stderr) == (1, True)
    assert run_script(BREAK, *arguments, cwd=tmp_path, stdin=DATA).code == 0


def test_no_lock(tmp_path: Path) -> None:
    """Where the lock cannot be taken for any other reason, the job fails: another may have it."""
    done = run_script(BREAK, "open", ".s.csv.lock", "ENOSPC", "--signals", "s.csv", cwd=tmp_path, stdin=DATA)
    assert (done.code, done.record["error_message"]) == (1, "cannot write 's.csv': No space left on device")


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`| head` ends the run quietly."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES * 100))
    command = f"{COMMAND} data.csv --signals - --output m.json; echo $? >&2"
    done = subprocess.run(f"({command}) | head -n 2", shell=True, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.splitlines()[0] == b"row,time,close,mean,signal"
    assert done.stderr == b"0\n"


def test_stdout_by_another_name(tmp_path: Path) -> None:
    """/dev/stdout is stdout: what stands in the file that it goes to is not cut back."""
    (tmp_path / "out").write_bytes(b"precious\n")
    with (tmp_path / "out").open("ab") as out:
        command = [COMMAND, "--signals", "/dev/stdout", "--output", "m.json"]
        subprocess.run(command, input=DATA, stdout=out, cwd=tmp_path, check=True)
    text = (tmp_path / "out").read_bytes()
    assert text.startswith(b"precious\nrow,time,close,mean,signal\n")
    assert text.count(b"\n") == 302
    done = run_in_process("--signals", "/dev/stdout", stdin=DATA, cwd=tmp_path)
    assert (done.code, "the metrics need --output FILE" in done.stderr) == (2, True)


def test_a_full_disk(tmp_path: Path) -> None:
    """A line that the disk does not take is not left there by half, and no checkpoint says that it was."""
    (tmp_path / "data.csv").write_bytes(DATA)
    arguments = ("data.csv", "--signals", "s.csv", "--checkpoint", "state.json")
    done = run_script(BREAK, "write", "/s.csv", "ENOSPC", *arguments, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "cannot write 's.csv': No space left on device")
    assert (tmp_path / "s.csv").read_bytes() == b""
    assert not (tmp_path / "state.json").exists()
    command = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", COMMAND, *arguments]
    limited = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert limited.returncode == 1
    assert (tmp_path / "s.csv").read_bytes()[-1:] in {b"", b"\n"}


@pytest.mark.parametrize("name", ["s.csv", "s.jsonl"])
def test_exactly_once(name: str, tmp_path: Path) -> None:
    """What was written after the last checkpoint is cut off when it is taken up, and written again, once."""
    arguments = ("data.csv", "--signals", name, "--checkpoint", "state.json")
    (tmp_path / "data.csv").write_bytes(DATA[:5000])
    run_in_process(*arguments, cwd=tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(b"999,torn by a ki")
    (tmp_path / "data.csv").write_bytes(DATA)
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    run_in_process("data.csv", "--signals", f"plain-{name}", cwd=tmp_path)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"plain-{name}").read_bytes()


def test_other_signals(tmp_path: Path) -> None:
    """Signals that are not those that the checkpoint wrote, or none, or in another format, are refused."""
    (tmp_path / "data.csv").write_bytes(DATA)
    arguments = ("data.csv", "--checkpoint", "state.json")
    assert run_in_process(*arguments, "--signals", "s.csv", cwd=tmp_path).code == 0
    done = run_in_process(*arguments, cwd=tmp_path)
    assert (
        "it was saved with signals 'csv', and this job has no signals; give --signals FILE --signals-format csv"
        in done.record["error_message"]
    )
    done = run_in_process(*arguments, "--signals", "s.jsonl", cwd=tmp_path)
    assert (
        "it was saved with signals 'csv', and this job has signals 'jsonl'; give --signals FILE --signals-format csv"
        in done.record["error_message"]
    )
    (tmp_path / "s.csv").write_bytes((tmp_path / "s.csv").read_bytes()[:-1])
    done = run_in_process(*arguments, "--signals", "s.csv", cwd=tmp_path)
    assert "'s.csv', of " in done.record["error_message"]
    (tmp_path / "s.csv").write_bytes(b"x" * 100_000)
    done = run_in_process(*arguments, "--signals", "s.csv", cwd=tmp_path)
    assert "bytes that were written to it" in done.record["error_message"]
    assert (tmp_path / "s.csv").read_bytes() == b"x" * 100_000


def test_told_as_they_come(tmp_path: Path) -> None:
    """A row that comes through a pipe is told before the next one comes."""
    with start(tmp_path, "--signals", "-", "--output", "m.json") as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(HEADER.encode())
        for number, close in enumerate(CLOSES[:20]):
            process.stdin.write((row(number, close) + "\n").encode())
            if number == 0:
                process.stdout.readline()
            assert process.stdout.readline().startswith(b"%d," % (number + 1))
        process.communicate(timeout=30)
    rows, signals = count(CLOSES[:20], 5)
    assert json.loads((tmp_path / "m.json").read_text())["value"] == signals / rows


def test_stopped_by_a_signal(tmp_path: Path) -> None:
    """With a checkpoint, a stop loses no line of a file."""
    arguments = ("--signals", "s.csv", "--checkpoint", "state.json")
    with start(tmp_path, *arguments) as process:
        wait_until_read(process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 201
    assert run_in_process(*arguments, stdin=DATA, cwd=tmp_path).code == 0
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 501


def test_a_tail_and_a_consumer(tmp_path: Path) -> None:
    """`tail -f growing.csv | stream-signal --signals - --output m.json | consumer`, with real processes."""
    growing = tmp_path / "growing.csv"
    growing.write_bytes(candle_csv(CLOSES[:10]))
    tail = "tail -n +1 -f growing.csv & echo $! > tail.pid; wait $!"
    command = f"({tail}) | {COMMAND} --signals - --output m.json | sed -u 's/,.*//'"
    with subprocess.Popen(command, shell=True, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"row\n"
        for number in range(10):
            assert process.stdout.readline() == b"%d\n" % (number + 1)
        for number, close in enumerate(CLOSES[10:30], start=10):
            with growing.open("a") as file:
                file.write(row(number, close) + "\n")
            assert process.stdout.readline() == b"%d\n" % (number + 1)
        os.kill(int((tmp_path / "tail.pid").read_text()), signal.SIGTERM)
        assert process.stdout.read() == b""
    rows, signals = count(CLOSES[:30], 5)
    record = json.loads((tmp_path / "m.json").read_text())
    assert (record["rows_processed"], record["value"]) == (rows, signals / rows)
