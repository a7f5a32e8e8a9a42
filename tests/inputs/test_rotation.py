"""Rotations that a follower does not see: read exactly if --rotated names the old files, and otherwise refused."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from stream_signal import InputError
from stream_signal.inputs.fingerprint import Edges
from stream_signal.inputs.rotation import Rotations
from stream_signal.order import WRITTEN
from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import COMMAND, Done, check_metrics, logged, run_command, run_in_process, run_script
from support.oracle import count
from support.processes import append, follow, wait_until

if TYPE_CHECKING:
    from pathlib import Path

ARGUMENTS = ("data.csv", "--follow", "--signals", "s.csv", "--output", "m.json", "--checkpoint", "state.json")
NAMED = ("--rotated", "data.csv.*")
BOTH = pytest.mark.parametrize("named", [NAMED, ()], ids=["named", "not named"])

# Runs the command, in which pread returns a byte or two at a time, or nothing of the last 64 for a while.
SHORT_PREADS = """
import os, sys
from stream_signal.__main__ import main
pread, calls = os.pread, []
def short(descriptor, length, offset):
    calls.append(length)
    return b"" if len(calls) % 3 == 0 else pread(descriptor, min(length, 2), offset)
os.pread = short
sys.exit(main())
"""

# Runs the command until it has read bytes of data.csv, but counted no row.
KILLED_AT_THE_FIRST_BYTES = """
import os, signal, sys
from stream_signal.__main__ import main
read = os.read
def last(descriptor, length):
    data = read(descriptor, length)
    if data.startswith(b"timestamp"):
        os.kill(os.getpid(), signal.SIGKILL)
    return data
os.read = last
sys.exit(main())
"""


def rows(first: int, last: int) -> bytes:
    """Make the rows of data.csv, by their numbers from 0."""
    return "".join(row(number, CLOSES[number]) + "\n" for number in range(first, last)).encode()


def new(folder: Path, first: int = 0, last: int = 0) -> None:
    """Put a new data.csv in place, at once."""
    (folder / "new").write_bytes(HEADER.encode() + rows(first, last))
    (folder / "new").rename(folder / "data.csv")


def away(folder: Path, name: str) -> None:
    """Give data.csv another name."""
    (folder / "data.csv").rename(folder / name)


def has_rows(folder: Path, number: int) -> bool:
    """Whether the signals of so many rows are there."""
    return (folder / "s.csv").exists() and (folder / "s.csv").read_bytes().count(b"\n") > number


def saved_left(folder: Path) -> int:
    """Count the files that a checkpoint knows as left."""
    return len(json.loads((folder / "state.json").read_text())["saved"]["followed"]["left"])


def finish(folder: Path, *more: str, seconds: str = "0.4") -> Done:
    """Run a last job until nothing more comes."""
    return run_command(*ARGUMENTS, *more, "--idle-timeout", seconds, cwd=folder)


def check(folder: Path, done: Done, number: int) -> None:
    """Check that each of so many rows is counted, and in the signals once."""
    assert (done.code, done.stderr) == (0, "")
    check_metrics(folder, CLOSES[:number])
    lines = [line.split(",")[:3] for line in (folder / "s.csv").read_text().splitlines()[1:]]
    assert lines == [[str(n + 1), row(n, "").split(",")[0], CLOSES[n]] for n in range(number)]


def check_refused(folder: Path, done: Done, name: str) -> None:
    """Check that a missed rotation is refused, with the name of its file and what to type."""
    missed = f"stream-signal: 'data.csv' was rotated, and {name!r} has rows that were not read; "
    assert (done.code, done.stderr) == (1, f"{missed}name the old files with --rotated 'data.csv.*'\n")
    assert json.loads((folder / "m.json").read_text())["status"] == "error"


def check_end(folder: Path, done: Done, named: tuple[str, ...], number: int, missed: str) -> None:
    """Check that the rotation is exact if it is named; if not, that it is refused, and exact once it is named."""
    if not named:
        check_refused(folder, done, missed)
        done = finish(folder, *NAMED)
    check(folder, done, number)


def test_a_file_that_is_being_left(tmp_path: Path) -> None:
    """However short the time that may pass without new bytes, a job does not end at a file that another one follows."""
    new(tmp_path, 0, 10)
    finish(tmp_path, *NAMED, seconds="0.001")
    (tmp_path / "data.csv").write_bytes((tmp_path / "data.csv").read_bytes() + rows(10, 20))
    away(tmp_path, "data.csv.2")
    new(tmp_path, 20, 30)
    away(tmp_path, "data.csv.1")
    new(tmp_path, 30, 40)
    check(tmp_path, finish(tmp_path, *NAMED, seconds="0.001"), 40)


@BOTH
def test_rotated_twice_around_a_stop(named: tuple[str, ...], tmp_path: Path) -> None:
    """A file that had only its header at the stop, and was filled and rotated while no job ran."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *named) as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        away(tmp_path, "data.csv.1")
        new(tmp_path)
        wait_until(lambda: saved_left(tmp_path) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    append(tmp_path / "data.csv", rows(10, 20))
    away(tmp_path, "data.csv.2")
    new(tmp_path, 20, 30)
    check_end(tmp_path, finish(tmp_path, *named), named, 30, "data.csv.2")


@BOTH
def test_killed_before_the_new_file_has_a_row(named: tuple[str, ...], tmp_path: Path) -> None:
    """The end of the old file is saved before it is left, so a kill then loses nothing."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *named) as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        away(tmp_path, "data.csv.1")
        new(tmp_path)
        wait_until(lambda: saved_left(tmp_path) == 1)
        process.kill()
    append(tmp_path / "data.csv", rows(10, 20))
    check(tmp_path, finish(tmp_path, *named), 20)


def test_the_first_row_is_saved(tmp_path: Path) -> None:
    """The first checkpoint is there with the first row: a kill after it does not start the stream over."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS) as process:
        wait_until(lambda: has_rows(tmp_path, 10) and b'"rows": 10' in (tmp_path / "state.json").read_bytes())
        process.kill()
    away(tmp_path, "data.csv.1")
    new(tmp_path, 10, 20)
    check(tmp_path, finish(tmp_path), 20)


@BOTH
def test_rotated_before_the_first_row(named: tuple[str, ...], tmp_path: Path) -> None:
    """A job that has begun knows its file before that has a row."""
    new(tmp_path)
    with follow(tmp_path, *ARGUMENTS, *named) as process:
        wait_until((tmp_path / "state.json").exists)
        process.kill()
    append(tmp_path / "data.csv", rows(0, 10))
    away(tmp_path, "data.csv.1")
    new(tmp_path, 10, 20)
    check_end(tmp_path, finish(tmp_path, *named), named, 20, "data.csv.1")


@BOTH
def test_rotated_twice_between_two_looks(named: tuple[str, ...], tmp_path: Path) -> None:
    """A file that came and went while the job runs."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *named) as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        process.send_signal(signal.SIGSTOP)
        for number in (1, 2):
            away(tmp_path, f"data.csv.{number}")
            new(tmp_path, 10 * number, 10 * number + 10)
        process.send_signal(signal.SIGCONT)
        if named:
            wait_until(lambda: has_rows(tmp_path, 30))
            process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    check_end(tmp_path, Done(process.returncode, b"", stderr.decode()), named, 30, "data.csv.2")


@BOTH
def test_rotated_while_the_reader_is_blocked(named: tuple[str, ...], tmp_path: Path) -> None:
    """Two rotations while nobody reads the signals on stdout."""
    new(tmp_path, 0, 10)
    append(tmp_path / "data.csv", candle_csv(["4"] * 60_000, header=False))
    arguments = ("data.csv", "--follow", "--signals", "-", "--output", "m.json", *named)
    with follow(tmp_path, *arguments) as process:
        assert process.stdout
        process.stdout.readline()
        for number in (1, 2):
            away(tmp_path, f"data.csv.{number}")
            new(tmp_path, 10 * number, 10 * number + 10)
        read = 1
        while read < (60_031 if named else 60_011):
            read += process.stdout.read(1024 * 1024).count(b"\n")
        if named:
            process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == (0 if named else 1)
    if not named:
        check_refused(
            tmp_path, Done(process.returncode, b"", stderr.decode().splitlines(keepends=True)[-1]), "data.csv.2"
        )


def shift(folder: Path) -> None:
    """Rotate as logrotate does: data.csv.1 is always the newest."""
    for number in (3, 2, 1):
        if (folder / f"data.csv.{number}").exists():
            (folder / f"data.csv.{number}").rename(folder / f"data.csv.{number + 1}")
    away(folder, "data.csv.1")


def test_logrotate(tmp_path: Path) -> None:
    """The order is that of the last write, not of the numbers; older files than the first one followed are not read."""
    for number, start in ((9, 200), (8, 210)):
        (tmp_path / f"data.csv.{number}").write_bytes(HEADER.encode() + rows(start, start + 10))
    new(tmp_path, 0, 10)
    assert finish(tmp_path, *NAMED).code == 0
    for number in range(1, 4):
        shift(tmp_path)
        new(tmp_path, 10 * number, 10 * number + 10)
    check(tmp_path, finish(tmp_path, *NAMED), 40)
    shift(tmp_path)
    check(tmp_path, finish(tmp_path, *NAMED), 40)  # nothing has the name now
    new(tmp_path, 40, 50)
    check(tmp_path, finish(tmp_path, *NAMED), 50)


def test_one_missed_only_if_it_was(tmp_path: Path) -> None:
    """Without --rotated, the file read last is found under its new name; copies, other files and own ones are none."""
    new(tmp_path, 0, 10)
    (tmp_path / "config.yaml").write_text('{"seed": 1, "window": 5, "version": "1", "column": 5}')
    outputs = (
        "--signals",
        "data.signals",
        "--output",
        "data.json",
        "--checkpoint",
        "data.state",
        "--log-file",
        "data.log",
    )
    arguments = ("data.csv", "--follow", *outputs, "--idle-timeout", "0.4")
    assert run_command(*arguments, cwd=tmp_path).code == 0
    append(tmp_path / "data.csv", rows(10, 15))
    away(tmp_path, "data-old.csv")
    shutil.copy(tmp_path / "data-old.csv", tmp_path / "data-backup.csv")
    (tmp_path / "data.notes").write_text("time,close\n1,2\n")
    (tmp_path / "other.csv").write_bytes(HEADER.encode() + rows(50, 60))
    (tmp_path / "data-empty.csv").write_text(HEADER)
    (tmp_path / "data-folder").mkdir()
    new(tmp_path, 15, 20)
    done = run_command(*arguments, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    rows_read, signals = count(CLOSES[:20], 5)
    record = json.loads((tmp_path / "data.json").read_text())
    assert (record["rows_processed"], record["value"]) == (rows_read, signals / rows_read)


def test_one_without_the_header_is_missed(tmp_path: Path) -> None:
    """A missed file that begins with a row is refused as one that begins with the header is."""
    new(tmp_path, 0, 10)
    assert finish(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    (tmp_path / "data.csv.2").write_bytes(rows(10, 20))
    new(tmp_path, 20, 30)
    check_end(tmp_path, finish(tmp_path), (), 30, "data.csv.2")


def test_own_signals_are_no_rotated_file(tmp_path: Path) -> None:
    """What the job itself writes is not taken for a rotated file, whatever its name and header."""
    header = "row,time,close,mean,signal\n"
    (tmp_path / "data.csv").write_text(header + "1,60,4.5,,0\n")
    arguments = ("data.csv", "--follow", "--signals", "data.csv.s", "--output", "m.json", "--idle-timeout", "0.4")
    for named in (NAMED, ()):
        with follow(tmp_path, *arguments, *named) as process:
            wait_until(lambda: (tmp_path / "data.csv.s").exists() and (tmp_path / "data.csv.s").stat().st_size > 30)
            away(tmp_path, "data.csv.old")
            (tmp_path / "data.csv").write_text(header + "1,120,4.5,,0\n")
            _, stderr = process.communicate(timeout=30)
        assert process.returncode == 0
        assert b"rotated" not in stderr
        assert json.loads((tmp_path / "m.json").read_text())["rows_processed"] == 2
        (tmp_path / "data.csv.old").unlink()
        (tmp_path / "data.csv.s").unlink()


def test_own_files_are_no_rotated_files(tmp_path: Path) -> None:
    """Of all that a job writes, nothing is taken for a rotated file."""
    arguments = ["data.csv", "--no-config", "--key", "symbol", "--follow", "--idle-timeout", "0.5", *NAMED, "--quiet"]
    without = {"manifest"} if find_spec("bokeh") else {"manifest", "report"}  # a manifest is of inputs that end
    own = {name: f"data.csv.{name}" for name in WRITTEN if name not in without}
    for name, path in own.items():
        arguments += [f"--{name.replace('_', '-')}", path]
    (tmp_path / "data.csv").write_text("symbol,time,close\nA,60,1\nA,120,2\n")
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"data.csv", *own.values()}
    away(tmp_path, "data.csv.1")
    (tmp_path / "data.csv").write_text("symbol,time,close\nA,180,3\n")
    done = run_in_process(*arguments, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert json.loads((tmp_path / "data.csv.output").read_text())["rows_processed"] == 3


def test_without_a_header(tmp_path: Path) -> None:
    """Of files without a header, one counts if its first line has as many fields."""
    (tmp_path / "config.yaml").write_text('{"seed": 42, "window": 5, "version": "v1", "header": false, "column": 5}')
    (tmp_path / "data.csv").write_bytes(rows(0, 10))
    assert finish(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    (tmp_path / "data.csv.2").write_text("a note\n")
    (tmp_path / "data.csv.3").write_bytes(rows(10, 20))
    (tmp_path / "data.csv").write_bytes(rows(20, 30))
    check_refused(tmp_path, finish(tmp_path), "data.csv.3")
    (tmp_path / "data.csv.2").unlink()
    assert finish(tmp_path, *NAMED).code == 0
    check_metrics(tmp_path, CLOSES[:30])


def test_gone(tmp_path: Path) -> None:
    """If what was read is nowhere, the checkpoint is refused, with what to type if it was rotated."""
    new(tmp_path, 0, 10)
    assert finish(tmp_path).code == 0
    away(tmp_path, "elsewhere")
    new(tmp_path, 10, 30)
    done = finish(tmp_path)
    assert done.code == 1
    assert done.stderr == (
        "stream-signal: checkpoint 'state.json': "
        "'data.csv', of 660 bytes, no longer begins with the 348 bytes that were read from it; "
        "if it was rotated, name the old files with --rotated 'data.csv.*'; "
        "if not, bring the file back, or delete the checkpoint to start over\n"
    )
    done = finish(tmp_path, *NAMED)
    assert done.code == 1
    assert "nor does a file that --rotated 'data.csv.*' names; bring the file back" in done.stderr
    check(tmp_path, finish(tmp_path, "--rotated", "else*"), 30)


def test_compressed(tmp_path: Path) -> None:
    """A match that cannot be read is refused by its name; decompressed, it is read."""
    new(tmp_path, 0, 10)
    assert finish(tmp_path, *NAMED).code == 0
    away(tmp_path, "data.csv.1")
    (tmp_path / "data.csv.2.gz").write_bytes(gzip.compress(HEADER.encode() + rows(10, 20)))
    new(tmp_path, 20, 30)
    done = finish(tmp_path, *NAMED)
    message = "'data.csv.2.gz', a rotated file of 'data.csv': it is a gzip file, which has to be decompressed first"
    assert (done.code, done.stderr) == (1, f"stream-signal: cannot read {message}\n")
    subprocess.run(["gzip", "-d", "data.csv.2.gz"], cwd=tmp_path, check=True)
    check(tmp_path, finish(tmp_path, *NAMED), 30)


def test_compressed_without_a_line_end(tmp_path: Path) -> None:
    """A short compressed file, in which no byte is a line end, is not taken for one without rows."""
    new(tmp_path, 0, 10)
    assert run_on(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    forms = (gzip.compress(HEADER.encode() + rows(10, 11), mtime=second) for second in range(1000))
    (tmp_path / "data.csv.2.gz").write_bytes(next(form for form in forms if b"\n" not in form))
    new(tmp_path, 20, 30)
    done = run_on(tmp_path)
    assert done.code == 1
    assert "cannot read 'data.csv.2.gz', a rotated file of 'data.csv': it is a gzip file" in done.stderr


def test_what_was_read_and_then_compressed(tmp_path: Path) -> None:
    """The compressed form of the file that was just read is no successor; if it was not read, it is named."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *NAMED) as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        away(tmp_path, "data.csv.1")
        subprocess.run(["gzip", "data.csv.1"], cwd=tmp_path, check=True)
        new(tmp_path, 10, 20)
        wait_until(lambda: has_rows(tmp_path, 20))
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    check(tmp_path, Done(process.returncode, b"", stderr.decode()), 20)
    away(tmp_path, "data.csv.2")
    subprocess.run(["gzip", "data.csv.2"], cwd=tmp_path, check=True)
    new(tmp_path, 20, 30)
    done = finish(tmp_path, *NAMED)
    assert done.code == 1
    assert "'data.csv.2.gz' is a gzip file, which has to be decompressed first" in done.stderr


def test_while_it_is_compressed(tmp_path: Path) -> None:
    """A compressed form beside the plain file is not waited for, nor refused: its rows are in that file."""
    new(tmp_path, 0, 10)
    assert finish(tmp_path, *NAMED).code == 0
    append(tmp_path / "data.csv", rows(10, 15))
    away(tmp_path, "data.csv.1")
    new(tmp_path, 15, 20)
    away(tmp_path, "data.csv.2")
    for name in ("data.csv.1", "data.csv.2"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes())[:30])
    new(tmp_path, 20, 30)
    check(tmp_path, finish(tmp_path, *NAMED), 30)


@BOTH
def test_copied_and_truncated(named: tuple[str, ...], tmp_path: Path) -> None:
    """A truncation is a warning; the rows of the copy that had not been read are read if --rotated names it."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *named, "--log-file", "run.log") as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        process.send_signal(signal.SIGSTOP)
        append(tmp_path / "data.csv", rows(10, 15))
        shutil.copy(tmp_path / "data.csv", tmp_path / "data.csv.1")
        os.truncate(tmp_path / "data.csv", 0)
        append(tmp_path / "data.csv", HEADER.encode() + rows(15, 20))
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: has_rows(tmp_path, 20 if named else 15))
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    warning = "stream-signal: 'data.csv' was truncated: rows that were written just before that may be lost; "
    assert stderr.decode().startswith(f"{warning}rotate by renaming the file instead\n")
    assert process.returncode == 0
    assert logged(tmp_path, "truncated") == [{"event": "truncated", "input": "data.csv"}]
    check_metrics(tmp_path, CLOSES[:20] if named else CLOSES[:10] + CLOSES[15:20])


@BOTH
def test_truncated_and_stopped(named: tuple[str, ...], tmp_path: Path) -> None:
    """A job that is stopped when the file is empty continues in it; one rotated after that is known to be missed."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *named, "-v") as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        os.truncate(tmp_path / "data.csv", 0)
        assert process.stderr
        while b"next file" not in process.stderr.readline():
            pass
        process.kill()
    append(tmp_path / "data.csv", rows(10, 20))
    check(tmp_path, finish(tmp_path, *named), 20)
    away(tmp_path, "data.csv.1")
    new(tmp_path, 20, 30)
    check(tmp_path, finish(tmp_path, *named), 30)


def test_short_reads(tmp_path: Path) -> None:
    """A pread that returns less than was asked for, or nothing, as over NFS, is not a truncated file."""
    new(tmp_path, 0, 200)
    done = run_script(SHORT_PREADS, "data.csv", "--follow", "--idle-timeout", "0.5", "--output", "m.json", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    check_metrics(tmp_path, CLOSES[:200])
    arguments = ("data.csv", "--follow", "--signals", "-", "--output", "m.json")
    with subprocess.Popen(
        [COMMAND.replace("stream-signal", "python"), "-c", SHORT_PREADS, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        for _ in range(201):
            process.stdout.readline()
        for number in range(200, 220):
            append(tmp_path / "data.csv", rows(number, number + 1))
            assert process.stdout.readline().startswith(f"{number + 1},".encode())
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30) == (b"", b"")
    check_metrics(tmp_path, CLOSES[:220])


def written_at(path: Path, data: bytes, seconds: int) -> None:
    """Write a file whose last write is at a time."""
    path.write_bytes(data)
    os.utime(path, (seconds, seconds))


def run_on(folder: Path, *more: str) -> Done:
    """Read what is there, in this process."""
    return run_in_process(*ARGUMENTS, *NAMED, *more, "--idle-timeout", "0.5", cwd=folder)


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    """The order is that of the first timestamps, whatever the times of the last writes."""
    header = HEADER.encode()
    written_at(tmp_path / "data.csv.0", header + rows(0, 5), 3_000)  # older than the first file that is followed
    written_at(tmp_path / "data.csv", header + rows(5, 15), 4_000)
    assert run_on(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    for number, seconds in ((2, 900), (3, 5_000), (4, 800), (5, 700)):
        written_at(tmp_path / f"data.csv.{number}", header + rows(10 * number - 5, 10 * number + 5), seconds)
    written_at(tmp_path / "data.csv.6", header, 600)
    written_at(tmp_path / "data.csv", header + rows(55, 60), 500)
    done = run_on(tmp_path)
    assert (done.code, done.stderr) == (0, "")
    check_metrics(tmp_path, CLOSES[5:60])
    assert run_on(tmp_path).code == 0
    check_metrics(tmp_path, CLOSES[5:60])


def test_a_clock_that_was_set_back_while_it_is_followed(tmp_path: Path) -> None:
    """A file that came and went is read, though its last write is before that of the file before it."""
    header = HEADER.encode()
    written_at(tmp_path / "data.csv.0", header + rows(0, 5), 3_000)
    written_at(tmp_path / "data.csv", header + rows(5, 15), 4_000)
    with follow(tmp_path, *ARGUMENTS, *NAMED) as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        process.send_signal(signal.SIGSTOP)
        away(tmp_path, "data.csv.1")
        written_at(tmp_path / "data.csv.2", header + rows(15, 25), 2_000)
        written_at(tmp_path / "data.csv", header + rows(25, 30), 1_000)
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: has_rows(tmp_path, 25))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    check_metrics(tmp_path, CLOSES[5:30])


def test_the_same_first_timestamp(tmp_path: Path) -> None:
    """Of two rotated files that begin at the same time, neither is read, nor is one that begins with what was read."""
    new(tmp_path, 0, 10)
    assert run_on(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    for number, last in ((2, 20), (3, 21)):
        written_at(tmp_path / f"data.csv.{number}", HEADER.encode() + rows(10, last), 2_000_000_000 + number)
    done = run_on(tmp_path)
    together = "'data.csv.2' and 'data.csv.3' begin with the same timestamp"
    advice = "move away the one that is a copy, or give another --rotated"
    assert (done.code, done.stderr) == (1, f"stream-signal: {together}; {advice}\n")
    (tmp_path / "data.csv.2").unlink()
    written_at(tmp_path / "data.csv.4", HEADER.encode() + rows(0, 5), 2_000_000_000)
    done = run_on(tmp_path)
    early = "'data.csv.4' was written after what was read of 'data.csv', and begins no later"
    assert (done.code, done.stderr) == (1, f"stream-signal: {early}; move it away, or give another --rotated\n")
    (tmp_path / "data.csv.4").unlink()
    check(tmp_path, run_on(tmp_path), 21)


def begun(folder: Path) -> Rotations:
    """Begin with data.csv and its ten rows, of which none is read."""
    written_at(folder / "data.csv.0", HEADER.encode() + rows(0, 5), 3_000)
    written_at(folder / "data.csv", HEADER.encode() + rows(5, 15), 4_000)
    rotations = Rotations(str(folder / "data.csv"), str(folder / "data.csv.*"))
    rotations.begin()
    return rotations


def taken_up(folder: Path, rotations: Rotations) -> Rotations:
    """Take up a job that had read nothing."""
    again = Rotations(rotations.path, rotations.pattern)
    again.resume(Edges().whole(), rotations.snapshot())
    return again


def order_of(rotations: Rotations) -> list[str]:
    """Name the files that come, each read to its end."""
    names: list[str] = []
    found = rotations.first()
    while found:
        names.append(os.path.basename(found.path))
        rotations.opened(found.status)
        if found.path == rotations.path:
            break
        read = Edges()
        with open(found.path, "rb") as file:
            read.add(file.read())
        following = rotations.after(found.status, read)
        rotations.left(read, found.status)
        found = following
    return names


@BOTH
@pytest.mark.parametrize("last", [b"", rows(10, 11)], ids=["as it was", "written to"])
def test_killed_before_a_row_was_read(last: bytes, named: tuple[str, ...], tmp_path: Path) -> None:
    """A file that had rows at the kill, and was rotated and perhaps written to after it, is read first."""
    new(tmp_path, 0, 10)
    assert run_script(KILLED_AT_THE_FIRST_BYTES, *ARGUMENTS, *named, cwd=tmp_path).code == -signal.SIGKILL
    away(tmp_path, "data.csv.1")
    append(tmp_path / "data.csv.1", last)
    new(tmp_path, 11 if last else 10, 20)
    check_end(tmp_path, finish(tmp_path, *named), named, 20, "data.csv.1")


@pytest.mark.parametrize("is_killed", [False, True], ids=["", "killed"])
@pytest.mark.parametrize("is_opened", [False, True], ids=["not opened", "opened"])
@pytest.mark.parametrize("last", [rows(15, 16), b""], ids=["written to", "as it was"])
def test_rotated_before_a_row_was_read(last: bytes, is_opened: bool, is_killed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """A file with rows, of which none was read before it was rotated, is read first, and is not refused."""
    rotations = begun(tmp_path)
    if is_opened:
        rotations.opened(os.stat(rotations.path))
    away(tmp_path, "data.csv.1")
    append(tmp_path / "data.csv.1", last)
    new(tmp_path, 16, 20)
    away(tmp_path, "data.csv.2")
    new(tmp_path, 20, 30)
    again = taken_up(tmp_path, rotations) if is_killed else rotations
    assert order_of(again) == ["data.csv.1", "data.csv.2", "data.csv"]


@pytest.mark.parametrize("is_killed", [False, True], ids=["", "killed"])
def test_truncated_before_a_row_was_read(is_killed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """The copy of a file with rows is read first if none was read before that was truncated, but not if it was not."""
    rotations = begun(tmp_path)
    shutil.copy2(tmp_path / "data.csv", tmp_path / "data.csv.1")
    append(tmp_path / "data.csv.1", rows(15, 16))
    again = taken_up(tmp_path, rotations) if is_killed else rotations
    assert order_of(again) == ["data.csv"]
    (tmp_path / "data.csv").write_bytes(HEADER.encode() + rows(16, 20))
    again = taken_up(tmp_path, rotations) if is_killed else rotations
    assert order_of(again) == ["data.csv.1", "data.csv"]


def test_a_copy_of_another_file_under_its_name(tmp_path: Path) -> None:
    """A file that has the name now and begins as a rotated one is not read after that in silence."""
    rotations = begun(tmp_path)
    away(tmp_path, "data.csv.1")
    shutil.copy(tmp_path / "data.csv.1", tmp_path / "data.csv")
    with pytest.raises(InputError, match=r"data\.csv' begin with the same timestamp; move away the one that is a copy"):
        rotations.first()


@pytest.mark.parametrize("header", ["close\n", "time,close\n"])
def test_without_timestamps_the_last_write_decides(header: str, tmp_path: Path) -> None:
    """Where a file with rows has no timestamp that can be read, the last writes tell the order, or nothing does."""
    before = header.count(",") * "?,"
    (tmp_path / "data.csv").write_text(f"{header}{before}4.5\n")
    assert run_on(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    text = f"{header}{before}4.6\n{before}4.7\n"
    for number, seconds in ((3, 1), (2, 2)):
        written_at(tmp_path / f"data.csv.{number}", text.replace("4.7", f"{number}").encode(), 2_000_000_000 + seconds)
    assert run_on(tmp_path).code == 0
    closes = [line.split(",")[2] for line in (tmp_path / "s.csv").read_text().splitlines()[1:]]
    assert closes == ["4.5", "4.6", "3", "4.6", "2"]


def test_written_at_the_same_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two rotated files whose order nothing tells are refused."""
    monkeypatch.setattr("stream_signal.inputs.rotation._key", lambda status: (status.st_mtime_ns, 0))
    (tmp_path / "data.csv").write_text("close\n4.5\n")
    assert run_on(tmp_path).code == 0
    away(tmp_path, "data.csv.1")
    for number in (2, 3):
        written_at(tmp_path / f"data.csv.{number}", f"close\n4.{number}\n".encode(), 2_000_000_000)
    done = run_on(tmp_path)
    assert done.code == 1
    assert "'data.csv.2' and 'data.csv.3' were rotated and written at the same time; `touch` the one" in done.stderr
    os.utime(tmp_path / "data.csv.3", (2_000_000_001, 2_000_000_001))
    assert run_on(tmp_path).code == 0
    assert json.loads((tmp_path / "m.json").read_text())["rows_processed"] == 3


@pytest.mark.parametrize("begins", [HEADER, "", HEADER[:9]], ids=["header", "nothing", "half a header"])
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed"])
def test_truncated_before_the_first_row(begins: str, killed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """The copy of a file of which no row had been counted is read first, though the same bytes are there again."""
    written_at(tmp_path / "data.csv.0", HEADER.encode() + rows(30, 40), 1_000)
    (tmp_path / "data.csv").write_text(begins)
    with follow(tmp_path, *ARGUMENTS, *NAMED) as process:
        wait_until((tmp_path / "state.json").exists)
        time.sleep(0.3)  # it has read what is there
        process.send_signal(signal.SIGSTOP)
        append(tmp_path / "data.csv", HEADER[len(begins) :].encode() + rows(40, 60))
        shutil.copy2(tmp_path / "data.csv", tmp_path / "data.csv.1")
        os.truncate(tmp_path / "data.csv", 0)
        append(tmp_path / "data.csv", HEADER.encode() + rows(60, 70))
        if killed:
            process.kill()
        else:
            process.send_signal(signal.SIGCONT)
            wait_until(lambda: has_rows(tmp_path, 30))
            process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    if killed:
        assert run_on(tmp_path).code == 0
    else:
        assert (process.returncode, b"was truncated" in stderr) == (0, True)
    check_metrics(tmp_path, CLOSES[40:70])


def test_the_same_bytes_without_timestamps(tmp_path: Path) -> None:
    """Where rows have no timestamps, equal bytes in another file are not taken for a copy in silence."""
    (tmp_path / "data.csv").write_text("close\n4.5\n")
    assert finish(tmp_path, *NAMED).code == 0
    away(tmp_path, "data.csv.1")
    for name in ("data.csv.2", "data.csv"):
        (tmp_path / name).write_text("close\n4.5\n")
    done = finish(tmp_path, *NAMED)
    assert done.code == 1
    assert "'data.csv.2' holds the same bytes as a rotated file that was read" in done.stderr
    done = finish(tmp_path)
    assert "'data.csv.2' has rows that were not read" in done.stderr


def test_a_copy_is_not_read_again(tmp_path: Path) -> None:
    """A copy of the file that was read is known by its bytes, and none of its rows counts twice."""
    new(tmp_path, 0, 10)
    assert finish(tmp_path, *NAMED).code == 0
    away(tmp_path, "data.csv.1")
    shutil.copy(tmp_path / "data.csv.1", tmp_path / "data.csv.copy")
    new(tmp_path, 10, 20)
    check(tmp_path, finish(tmp_path, *NAMED), 20)
    away(tmp_path, "data.csv.2")
    shutil.copy(tmp_path / "data.csv.1", tmp_path / "data.csv.another")
    new(tmp_path, 20, 30)
    check(tmp_path, finish(tmp_path, *NAMED), 30)


def test_a_file_that_grows_after_it_was_left(tmp_path: Path) -> None:
    """Rows that come to a rotated file when the next one is read already are not lost in silence."""
    new(tmp_path, 0, 10)
    with follow(tmp_path, *ARGUMENTS, *NAMED) as process:
        wait_until(lambda: has_rows(tmp_path, 10))
        away(tmp_path, "data.csv.1")
        new(tmp_path, 11, 20)
        wait_until(lambda: has_rows(tmp_path, 19))
        append(tmp_path / "data.csv.1", rows(10, 11))
        away(tmp_path, "data.csv.2")
        new(tmp_path, 20, 30)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"'data.csv.1' has grown by 31 bytes since it was rotated and left for the next file" in stderr


def test_an_error_in_a_rotated_file(tmp_path: Path) -> None:
    """An unreadable row of a rotated file is named with that file."""
    new(tmp_path, 0, 10)
    assert finish(tmp_path, *NAMED).code == 0
    away(tmp_path, "data.csv.1")
    new(tmp_path, 10, 11)
    append(tmp_path / "data.csv", "torn\n")
    away(tmp_path, "data.csv.2")
    new(tmp_path, 20, 30)
    done = finish(tmp_path, *NAMED)
    assert done.code == 1
    assert "stream-signal: data.csv.2: line 3: expected 6 fields, found 1" in done.stderr.splitlines()
