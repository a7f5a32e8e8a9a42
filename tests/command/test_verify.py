"""`stream-signal verify` as a user meets it: the table, the exit codes, and what is left behind."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.cases import DATA
from support.commands import COMMAND, run_command, run_in_process

if TYPE_CHECKING:
    from pathlib import Path


def lines(stdout: bytes) -> list[list[str]]:
    """Split the table into the name of each way, and the other cells."""
    return [[cell for cell in line.split("  ") if cell] for line in stdout.decode().splitlines()]


def test_the_table(folder: Path) -> None:
    """Each way has a line with its rows, its signals and its seconds."""
    done = run_command("verify", "data.csv", cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    head, first, *others = lines(done.stdout)
    assert [cell.strip() for cell in head] == ["way", "rows", "signals", "seconds", "same"]
    counted = [row for row in [first, *others] if not row[-1].startswith("left out: ")]
    assert len(counted) == 3
    assert {(row[1].strip(), row[2].strip()) for row in counted} == {("7", "3")}
    assert [row[-1] for row in counted] == ["the reference", *["yes"] * (len(counted) - 1)]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["nope.csv"], b"", "cannot read 'nope.csv': No such file or directory"),
        ([], b"", "expected at least one row, found an empty input"),
        ([], b"close\n", "expected at least one row, found only a header"),
        ([], b"a,b\n1,2\n", "Missing required column: 'close'"),
    ],
)
def test_nothing_to_compare(arguments: list[str], stdin: bytes, message: str, folder: Path) -> None:
    """What is wrong with the input as a whole is said as a job says it, without a table of ways that count nothing."""
    done = run_in_process("verify", *arguments, stdin=stdin, cwd=folder)
    assert (done.code, done.stdout, done.stderr.splitlines()[0]) == (1, b"", f"stream-signal: {message}")


@pytest.mark.parametrize("data", [DATA, gzip.compress(DATA)], ids=["plain", "gzip"])
def test_a_pipe(data: bytes, folder: Path) -> None:
    """A pipe is read once and counted in every way; nothing is left behind."""
    environment = os.environ | {"TMPDIR": str(folder)}
    done = run_command("verify", stdin=data, cwd=folder, env=environment)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.count(b"yes\n") == 2
    assert os.listdir(folder) == ["data.csv"]


def test_the_arguments_of_a_job(folder: Path) -> None:
    """The flags of a job that do not decide its answer are taken, and nothing is written."""
    arguments = ["data.csv", "--output", "m.json", "--log-file", "run.log", "--signals", "s.csv", "--checkpoint", "c"]
    done = run_command("verify", *arguments, "--window", "2", "--every", "1", "-v", cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    assert os.listdir(folder) == ["data.csv"]


def test_an_error_of_the_input(folder: Path) -> None:
    """An input that is an error is the same error in every way; stderr has it as the job does."""
    (folder / "data.csv").write_bytes(DATA.replace(b"4.60", b"4,60"))
    done = run_command("verify", "data.csv", cwd=folder)
    assert (done.code, done.stderr) == (1, run_command("data.csv", cwd=folder).stderr)
    _, first, *others = lines(done.stdout)
    assert [first[1].strip(), *(row[-1] for row in others)] == [
        *("error", "yes", "yes"),
        "left out: the oracle knows only what is counted",
    ]


def test_an_error_of_the_whole_input(folder: Path) -> None:
    """Where there is nothing to compare, stderr says what to type, as the job does: for verify, and it works."""
    (folder / "data.csv").write_bytes(DATA.replace(b"close", b"Price"))
    done = run_in_process("verify", "data.csv", cwd=folder)
    assert (done.code, done.stdout, done.stderr.splitlines()[-1]) == (
        1,
        b"",
        "stream-signal: try stream-signal verify data.csv --column Price",
    )
    assert run_in_process("verify", "data.csv", "--column", "Price", cwd=folder).code == 0


@pytest.mark.parametrize("arguments", [(), ("data.csv", "-")], ids=["alone", "among others"])
def test_an_error_of_a_pipe(arguments: tuple[str, ...], folder: Path) -> None:
    """The errors of a pipe name stdin, and not the file that it is kept in."""
    bad = b"close\nx\n"
    (folder / "data.csv").write_bytes(bad.replace(b"x", b"1"))
    done = run_command("verify", *arguments, stdin=bad, cwd=folder)
    said = run_command(*arguments, stdin=bad, cwd=folder).stderr
    assert (done.code, done.stderr.replace("stream-signal verify", "stream-signal")) == (1, said)
    assert b"NO" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--follow", "data.csv"], "leave out --follow"),
        (["--sample", "0", "data.csv"], "expected an integer from 1"),
        (["--cut-seed", "7", "data.csv"], "unrecognized argument --cut-seed"),
        (["data.csv", "--input", "b.csv"], "not both"),
        (["--config", "c", "--no-config", "data.csv"], "leave it out"),
        (["--smple", "3"], "did you mean --sample?"),
    ],
)
def test_refused(arguments: list[str], complaint: str, folder: Path) -> None:
    """A wrong command line is one line and exit code 2."""
    done = run_command("verify", *arguments, cwd=folder)
    assert (done.code, done.stdout, done.stderr.count("\n")) == (2, b"", 1)
    assert complaint in done.stderr


def test_a_closed_stdout(folder: Path) -> None:
    """A reader that closes the pipe loses the table, not the exit code."""
    command = f"set -o pipefail; {{ '{COMMAND}' verify data.csv; echo $? > code; }} | true"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, check=False)
    assert (done.stderr, (folder / "code").read_text()) == (b"", "0\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(number: int, folder: Path) -> None:
    """A signal ends it in one line, with the exit code of a job, and no temporary file is left."""
    environment = os.environ | {"TMPDIR": str(folder)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [COMMAND, "verify"], cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdin
        process.stdin.write(DATA)
        process.stdin.flush()
        while not any(folder.glob("*/*/stdin")):
            pass
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    name = signal.Signals(number).name
    assert (process.returncode, stdout) == (128 + number, b"")
    assert stderr.decode() == f"stream-signal: interrupted by {name}\n"
    assert os.listdir(folder) == ["data.csv"]
